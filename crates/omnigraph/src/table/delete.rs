//! Rows to deletion files.

use std::collections::BTreeMap;

use lance_core::utils::deletion::DeletionVector;
use lance_table::format::Fragment;
use lance_table::io::deletion::write_deletion_file;
use object_store::path::Path;
use roaring::RoaringBitmap;

use super::{RowAddress, Table, Tables, failure::failed};
use crate::error::{Error, Result};

/// Addresses by fragment.
pub(super) fn by_fragment(addresses: &[RowAddress]) -> BTreeMap<u32, RoaringBitmap> {
    let mut fragments: BTreeMap<u32, RoaringBitmap> = BTreeMap::new();
    for address in addresses {
        fragments.entry(address.fragment()).or_default().insert(address.offset());
    }
    fragments
}

impl Tables {
    /// `fragment` of `table` without the rows at `gone`; `None` when no row is left. One put, unless none is left.
    pub(super) async fn delete_rows(
        &self,
        table: &Table,
        fragment: &Fragment,
        gone: RoaringBitmap,
    ) -> Result<Option<Fragment>> {
        let action = "delete rows of";
        let mut deleted = match &fragment.deletion_file {
            None => RoaringBitmap::new(),
            Some(_) => deleted_rows(table, fragment).await?,
        };
        deleted |= gone;
        let physical =
            fragment.physical_rows.ok_or_else(|| Error::internal("a fragment of unknown rows".to_owned()))?;
        if deleted.len() >= physical as u64 {
            return Ok(None);
        }
        let folder = Path::from(table.path.as_str());
        let vector = DeletionVector::from(deleted);
        let written = write_deletion_file(&folder, fragment.id, table.pin.version, &vector, &self.shared.lance).await;
        let file = written.map_err(failed(action, table.path.as_str()))?;
        Ok(Some(Fragment { deletion_file: file, ..fragment.clone() }))
    }
}

/// The offsets of `fragment` that are deleted in `table`'s version.
pub(super) async fn deleted_rows(table: &Table, fragment: &Fragment) -> Result<RoaringBitmap> {
    let id = usize::try_from(fragment.id).map_err(|error| Error::internal(error.to_string()))?;
    let missing = || Error::internal(format!("fragment {id} is not part of the version that names it"));
    let fragment = table.dataset.get_fragment(id).ok_or_else(missing)?;
    let vector = fragment.get_deletion_vector().await.map_err(failed("read deleted rows of", table.path.as_str()))?;
    Ok(vector.map(|vector| vector.iter().collect()).unwrap_or_default())
}
