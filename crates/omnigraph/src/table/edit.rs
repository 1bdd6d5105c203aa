//! A base version and an edit make the next version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::try_join;
use futures::{StreamExt, TryStreamExt};
use lance::index::DatasetIndexExt;
use lance_table::format::Fragment;
use omnigraph_objects::Unsettled;

use super::object::{NewObject, Part};
use super::{RowAddress, Table, Tables, WrittenFile, delete, failure::failed, manifest};
use crate::error::{Error, Result};

/// Deletion files read at the same time.
const DELETES_AT_ONCE: usize = 8;

/// What changes between a version and the next.
#[derive(Debug, Default)]
pub(crate) struct Edit {
    /// Whether everything that is there goes first.
    pub(crate) replace: bool,
    /// Fragments that go whole: folded ones.
    pub(crate) drop: BTreeSet<u32>,
    /// Rows that go.
    pub(crate) delete: Vec<RowAddress>,
    /// Data files that come, each with the fragment id it takes.
    pub(crate) add: Vec<(u32, WrittenFile)>,
    /// Those of them that are not put yet.
    pub(crate) objects: Vec<NewObject>,
    /// Fragments that come from another version of the table, without some of their rows.
    pub(crate) carry: Vec<CarriedFragment>,
}

/// A fragment of another version of the same table. Its data files are shared; what is new is its deletion file, if rows are
/// left out.
#[derive(Clone, Debug)]
pub(crate) struct CarriedFragment {
    /// A version that has it.
    pub(crate) table: Arc<Table>,
    /// Its id, which no other fragment of the graph has.
    pub(crate) fragment: u32,
    /// Live rows of it that do not come along.
    pub(crate) without: Vec<RowAddress>,
}

/// The next version.
#[derive(Debug)]
pub(crate) struct Edited {
    /// Opened, so that nobody needs to read what was just written.
    pub(crate) table: Arc<Table>,
}

impl Tables {
    /// Writes the version that `edit` makes of `base`. Nobody sees it before a commit record pins it, which is put after
    /// `unsettled`.
    pub(crate) async fn edit(&self, base: &Table, edit: Edit, unsettled: &Unsettled) -> Result<Edited> {
        let replace = edit.replace;
        let mut parts = if replace { Vec::new() } else { self.keep_fragments(base, &edit).await? };
        for (id, file) in edit.add {
            parts.extend(self.new_fragment(base, id, file).await?);
        }
        for carried in &edit.carry {
            parts.extend(self.carry(carried).await?);
        }
        parts.sort_by_key(|part| part.fragment.id);
        let (fragments, deletions): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|part| (part.fragment, part.object)).unzip();
        let objects = edit.objects.into_iter().chain(deletions.into_iter().flatten()).collect();
        let next = manifest::next(&base.dataset.manifest, fragments);
        // A table without indexes costs no look at them.
        let indexes = if replace || base.dataset.manifest.index_section.is_none() {
            Vec::new()
        } else {
            let indexes = base.dataset.load_indices().await;
            indexes.map_err(failed("read indexes of", base.path.as_str()))?.as_ref().clone()
        };
        let store = &self.shared.store;
        let written = manifest::write(store, &base.path, Some(base.pin.version), next, indexes, Some(unsettled));
        let (written, ()) = try_join(written, self.put_all(objects, unsettled)).await?;
        let table = self.open_written(&base.path, written.pin, &written.manifest).await?;
        Ok(Edited { table })
    }

    async fn carry(&self, carried: &CarriedFragment) -> Result<Option<Part>> {
        let CarriedFragment { table, fragment, without } = carried;
        let missing = || Error::internal(format!("fragment {fragment} is not part of the version that is to lend it"));
        let stored = table.fragment(*fragment).ok_or_else(missing)?;
        match delete::by_fragment(without).remove(fragment) {
            Some(gone) => self.delete_rows(table, stored, gone).await,
            None => Ok(Some(stored.clone().into())),
        }
    }

    async fn new_fragment(&self, base: &Table, id: u32, file: WrittenFile) -> Result<Option<Part>> {
        let hidden = file.hidden().clone();
        let fragment = file.into_fragment(id);
        if hidden.is_empty() { Ok(Some(fragment.into())) } else { self.delete_rows(base, &fragment, hidden).await }
    }

    async fn keep_fragments(&self, base: &Table, edit: &Edit) -> Result<Vec<Part>> {
        let mut gone = delete::by_fragment(&edit.delete);
        let kept = base.dataset.manifest.fragments.iter().filter(|fragment| !edit.drop.contains(&id_of(fragment)));
        let changes: Vec<_> = kept.map(|fragment| (fragment.clone(), gone.remove(&id_of(fragment)))).collect();
        let changed = futures::stream::iter(changes).map(|(fragment, gone)| async move {
            match gone {
                Some(gone) => self.delete_rows(base, &fragment, gone).await,
                None => Ok(Some(fragment.into())),
            }
        });
        changed.buffered(DELETES_AT_ONCE).try_filter_map(|kept| async move { Ok(kept) }).try_collect().await
    }
}

/// Fragments that two versions of a table do not share.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// In the first, and not or not with the same rows in the second.
    pub(crate) only_here: BTreeSet<u32>,
    /// In the second, and not or not with the same rows in the first.
    pub(crate) only_there: BTreeSet<u32>,
}

impl Table {
    /// How this version differs from another of the same table, by fragments. Reads nothing.
    pub(crate) fn difference(&self, there: &Self) -> Difference {
        let (here, there) = (self.states(), there.states());
        let missing = |from: &BTreeMap<u32, Option<(u64, u64)>>, other: &BTreeMap<u32, Option<(u64, u64)>>| {
            from.iter().filter(|(id, state)| other.get(*id) != Some(*state)).map(|(id, _)| *id).collect()
        };
        Difference { only_here: missing(&here, &there), only_there: missing(&there, &here) }
    }

    /// Rows in fragments that both versions have.
    pub(crate) fn shared_rows(&self, there: &Self) -> u64 {
        let there = there.states();
        let shared = self.dataset.manifest.fragments.iter().filter(|fragment| there.contains_key(&id_of(fragment)));
        shared.map(|fragment| fragment.num_rows().unwrap_or_default() as u64).sum()
    }

    /// Each fragment with the identity of its deletion file. Fragment ids are unique in the graph, so that is all its rows
    /// depend on.
    fn states(&self) -> BTreeMap<u32, Option<(u64, u64)>> {
        let state = |fragment: &Fragment| fragment.deletion_file.as_ref().map(|file| (file.read_version, file.id));
        self.dataset.manifest.fragments.iter().map(|fragment| (id_of(fragment), state(fragment))).collect()
    }
}

pub(super) fn id_of(fragment: &Fragment) -> u32 {
    // Ids come from blocks of 32-bit numbers.
    u32::try_from(fragment.id).unwrap_or(u32::MAX)
}
