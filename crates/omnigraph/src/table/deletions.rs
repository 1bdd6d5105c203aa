//! Deletion files: the deleted rows of a fragment as a roaring bitmap, written and read.

use std::collections::BTreeMap;
use std::sync::Arc;

use lance_table::format::{DeletionFile, DeletionFileType, Fragment};
use lance_table::io::deletion::{deletion_file_path, read_deletion_file};
use object_store::path::Path;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use roaring::RoaringBitmap;

use super::data_reader::physical_rows;
use super::lance_store::failed;
use super::open::TableFiles;
use super::pending_object::{FragmentPart, PendingObject};
use super::{RowAddress, Table, weighed_cache};
use crate::error::{Error, Result};

/// Bytes of the cache of deleted rows.
const CACHE_BYTES: u64 = 64 << 20;
/// Expected number of cached deletion files.
const CACHE_ITEMS: usize = 4096;

/// The identity of a deletion file: fragment id, version it was made against, random number.
type DeletionFileId = (u64, u64, u64);

/// A cache of deletion files. No file is ever replaced, so no entry is stale.
#[derive(Debug)]
pub(super) struct DeletionCache {
    cache: Cache<DeletionFileId, Arc<RoaringBitmap>, BitmapWeight>,
}

/// The size of a bitmap in bytes.
#[derive(Clone, Debug)]
struct BitmapWeight;

impl Weighter<DeletionFileId, Arc<RoaringBitmap>> for BitmapWeight {
    fn weight(&self, _: &DeletionFileId, rows: &Arc<RoaringBitmap>) -> u64 {
        rows.serialized_size() as u64
    }
}

impl Default for DeletionCache {
    fn default() -> Self {
        Self { cache: weighed_cache(CACHE_ITEMS, CACHE_BYTES, BitmapWeight) }
    }
}

const fn file_id(fragment: u64, file: &DeletionFile) -> DeletionFileId {
    (fragment, file.read_version, file.id)
}

/// Groups the offsets of addresses by fragment.
pub(super) fn group_by_fragment(addresses: &[RowAddress]) -> BTreeMap<u32, RoaringBitmap> {
    let mut fragments: BTreeMap<u32, RoaringBitmap> = BTreeMap::new();
    for address in addresses {
        fragments.entry(address.fragment()).or_default().insert(address.offset());
    }
    fragments
}

impl Table {
    /// Returns `fragment` without the rows at `offsets`, or `None` when no row is left.
    pub(super) async fn delete_offsets(
        &self,
        fragment: &Fragment,
        offsets: RoaringBitmap,
    ) -> Result<Option<FragmentPart>> {
        let deleted = offsets | deleted_rows(&self.files, fragment).await?.as_ref();
        if deleted.len() >= u64::from(physical_rows(fragment)?) {
            return Ok(None);
        }
        let file = DeletionFile {
            read_version: self.pin.version,
            id: self.files.store.env().random_u64(),
            file_type: DeletionFileType::Bitmap,
            num_deleted_rows: usize::try_from(deleted.len()).ok(),
            base_id: None,
        };
        let mut content = Vec::with_capacity(deleted.serialized_size());
        deleted.serialize_into(&mut content).map_err(|error| Error::internal(error.to_string()))?;
        let path = deletion_file_path(&Path::from(self.path.as_str()), fragment.id, &file);
        let object = Some(PendingObject::new(&path, content)?);
        self.files.deletions.cache.insert(file_id(fragment.id, &file), Arc::new(deleted));
        Ok(Some(FragmentPart { fragment: Fragment { deletion_file: Some(file), ..fragment.clone() }, object }))
    }
}

/// Returns the offsets of the deleted rows of `fragment`. Reads its deletion file unless it is cached.
pub(super) async fn deleted_rows(files: &TableFiles, fragment: &Fragment) -> Result<Arc<RoaringBitmap>> {
    let Some(file) = &fragment.deletion_file else { return Ok(Arc::default()) };
    let id = file_id(fragment.id, file);
    if let Some(cached) = files.deletions.cache.get(&id) {
        return Ok(cached);
    }
    let folder = Path::from(files.path.as_str());
    let vector = read_deletion_file(fragment.id, file, &folder, files.data.object_store()).await;
    let vector = vector.map_err(failed("read deleted rows of", files.path.as_str()))?;
    let deleted: Arc<RoaringBitmap> = Arc::new(vector.iter().collect());
    files.deletions.cache.insert(id, Arc::clone(&deleted));
    Ok(deleted)
}
