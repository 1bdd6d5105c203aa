//! Rows to deletion files.

use std::collections::BTreeMap;
use std::sync::Arc;

use lance_table::format::{DeletionFile, DeletionFileType, Fragment};
use lance_table::io::deletion::deletion_file_path;
use object_store::path::Path;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use roaring::RoaringBitmap;

use super::object::{NewObject, Part};
use super::{RowAddress, Table, Tables, failure::failed, weighed_cache};
use crate::error::{Error, Result};

/// Deleted rows of as many bytes are kept in memory.
const KEPT_BYTES: u64 = 64 << 20;
/// Deletion files that the cache is laid out for.
const CACHE_ITEMS: usize = 4096;

/// What names a deletion file: the fragment, the version it was made against, a number.
type Name = (u64, u64, u64);

/// Deleted rows by the files that say so. No file is ever replaced, so nothing that is kept is stale.
#[derive(Debug)]
pub(super) struct Deletions {
    cache: Cache<Name, Arc<RoaringBitmap>, Bytes>,
}

/// What deleted rows weigh.
#[derive(Clone, Debug)]
struct Bytes;

impl Weighter<Name, Arc<RoaringBitmap>> for Bytes {
    fn weight(&self, _: &Name, rows: &Arc<RoaringBitmap>) -> u64 {
        rows.serialized_size() as u64
    }
}

impl Default for Deletions {
    fn default() -> Self {
        Self { cache: weighed_cache(CACHE_ITEMS, KEPT_BYTES, Bytes) }
    }
}

const fn name(fragment: u64, file: &DeletionFile) -> Name {
    (fragment, file.read_version, file.id)
}

/// Addresses by fragment.
pub(super) fn by_fragment(addresses: &[RowAddress]) -> BTreeMap<u32, RoaringBitmap> {
    let mut fragments: BTreeMap<u32, RoaringBitmap> = BTreeMap::new();
    for address in addresses {
        fragments.entry(address.fragment()).or_default().insert(address.offset());
    }
    fragments
}

impl Tables {
    /// `fragment` of `table` without the rows at `gone`; `None` when no row is left.
    pub(super) async fn delete_rows(
        &self,
        table: &Table,
        fragment: &Fragment,
        gone: RoaringBitmap,
    ) -> Result<Option<Part>> {
        let deleted = gone | deleted_rows(table, fragment).await?.as_ref();
        let physical =
            fragment.physical_rows.ok_or_else(|| Error::internal("a fragment of unknown rows".to_owned()))?;
        if deleted.len() >= physical as u64 {
            return Ok(None);
        }
        let file = DeletionFile {
            read_version: table.pin.version,
            id: self.shared.store.ambient().random_u64(),
            file_type: DeletionFileType::Bitmap,
            num_deleted_rows: usize::try_from(deleted.len()).ok(),
            base_id: None,
        };
        let mut content = Vec::with_capacity(deleted.serialized_size());
        deleted.serialize_into(&mut content).map_err(|error| Error::internal(error.to_string()))?;
        let path = deletion_file_path(&Path::from(table.path.as_str()), fragment.id, &file);
        let object = Some(NewObject::new(&path, content)?);
        table.deletions.cache.insert(name(fragment.id, &file), Arc::new(deleted));
        Ok(Some(Part { fragment: Fragment { deletion_file: Some(file), ..fragment.clone() }, object }))
    }
}

/// The offsets of `fragment` that are deleted in `table`'s version.
pub(super) async fn deleted_rows(table: &Table, fragment: &Fragment) -> Result<Arc<RoaringBitmap>> {
    let Some(file) = &fragment.deletion_file else { return Ok(Arc::default()) };
    let name = name(fragment.id, file);
    if let Some(known) = table.deletions.cache.get(&name) {
        return Ok(known);
    }
    let id = usize::try_from(fragment.id).map_err(|error| Error::internal(error.to_string()))?;
    let missing = || Error::internal(format!("fragment {id} is not part of the version that names it"));
    let fragment = table.dataset.get_fragment(id).ok_or_else(missing)?;
    let vector = fragment.get_deletion_vector().await.map_err(failed("read deleted rows of", table.path.as_str()))?;
    let deleted: Arc<RoaringBitmap> = Arc::new(vector.iter().flat_map(|vector| vector.iter()).collect());
    table.deletions.cache.insert(name, Arc::clone(&deleted));
    Ok(deleted)
}
