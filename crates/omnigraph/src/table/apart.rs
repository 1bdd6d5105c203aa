//! The rows that one of two versions may have and the other lacks, found from the manifests and deletion files alone.

use std::collections::BTreeSet;

use lance_table::format::Fragment;

use super::delete::deleted_rows;
use super::edit::id_of;
use super::{RowAddress, Table};
use crate::error::Result;

/// Rows of one version that need a look.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowsApart {
    /// Fragments that the other version does not have: all their live rows.
    pub(crate) fragments: BTreeSet<u32>,
    /// Live rows of fragments that both have, which the other has deleted.
    pub(crate) rows: Vec<RowAddress>,
}

impl Table {
    /// The rows of this version that `there` lacks at their place. Reads the deletion files of fragments that both have with
    /// other deleted rows, and nothing else: one deleted row of a large fragment is one row here.
    pub(crate) async fn apart_from(&self, there: &Self) -> Result<RowsApart> {
        let mut apart = RowsApart::default();
        for fragment in self.dataset.manifest.fragments.iter() {
            let id = id_of(fragment);
            let Some(other) = there.fragment(id) else {
                apart.fragments.insert(id);
                continue;
            };
            if deletion(fragment) == deletion(other) || other.deletion_file.is_none() {
                continue;
            }
            let gone = deleted_rows(there, other).await?.as_ref() - deleted_rows(self, fragment).await?.as_ref();
            apart.rows.extend(gone.into_iter().map(|offset| RowAddress::new(id, offset)));
        }
        Ok(apart)
    }

    /// Every live row needs a look.
    pub(crate) fn all_apart(&self) -> RowsApart {
        RowsApart { fragments: self.dataset.manifest.fragments.iter().map(id_of).collect(), rows: Vec::new() }
    }

    pub(super) fn fragment(&self, id: u32) -> Option<&Fragment> {
        let fragments = &self.dataset.manifest.fragments;
        let place = fragments.binary_search_by_key(&u64::from(id), |fragment| fragment.id).ok()?;
        fragments.get(place)
    }
}

fn deletion(fragment: &Fragment) -> Option<(u64, u64)> {
    fragment.deletion_file.as_ref().map(|file| (file.read_version, file.id))
}
