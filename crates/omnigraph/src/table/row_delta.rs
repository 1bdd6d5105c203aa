//! Row deltas: the rows of one version that another lacks, computed from manifests and deletion files alone.

use std::collections::BTreeSet;

use lance_table::format::Fragment;

use super::deletions::deleted_rows;
use super::{RowAddress, Table, fragment_id};
use crate::error::Result;

/// Rows of one version that another version lacks at their address.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowDelta {
    /// Fragments that the other version does not have: all their live rows.
    pub(crate) fragments: BTreeSet<u32>,
    /// Live rows of fragments that both have, which the other has deleted.
    pub(crate) rows: Vec<RowAddress>,
}

impl Table {
    /// Returns the rows of this version that `other` lacks at their address. Reads the deletion files of fragments that both have with
    /// other deleted rows, and nothing else: one deleted row of a large fragment is one row here.
    pub(crate) async fn rows_missing_in(&self, other: &Self) -> Result<RowDelta> {
        let mut delta = RowDelta::default();
        for fragment in self.manifest.fragments.iter() {
            let id = fragment_id(fragment);
            let Some(counterpart) = other.fragment(id) else {
                delta.fragments.insert(id);
                continue;
            };
            if deletion(fragment) == deletion(counterpart) || counterpart.deletion_file.is_none() {
                continue;
            }
            let deleted_there = deleted_rows(&other.files, counterpart).await?;
            let deleted = deleted_there.as_ref() - deleted_rows(&self.files, fragment).await?.as_ref();
            delta.rows.extend(deleted.into_iter().map(|offset| RowAddress::new(id, offset)));
        }
        Ok(delta)
    }

    /// Returns all live rows as a delta.
    pub(crate) fn all_rows(&self) -> RowDelta {
        RowDelta { fragments: self.manifest.fragments.iter().map(fragment_id).collect(), rows: Vec::new() }
    }
}

fn deletion(fragment: &Fragment) -> Option<(u64, u64)> {
    fragment.deletion_file.as_ref().map(|file| (file.read_version, file.id))
}
