//! Edits: a base version and an edit make the next version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::try_join;
use futures::{StreamExt, TryStreamExt};
use lance_table::format::Fragment;
use omnigraph_storage::SyncBatch;

use super::pending_object::{FragmentPart, PendingObject};
use super::{RowAddress, Table, Tables, WrittenFile, deletions, fragment_id, manifest};
use crate::error::{Error, Result};

/// Deletion files that are read at the same time.
const DELETION_CONCURRENCY: usize = 8;

/// The changes between a version and the next.
#[derive(Debug, Default)]
pub(crate) struct VersionEdit {
    /// Removes all fragments of the base.
    pub(crate) replace: bool,
    /// Fragments to remove: those that compaction rewrote.
    pub(crate) drop: BTreeSet<u32>,
    /// Rows to delete.
    pub(crate) delete: Vec<RowAddress>,
    /// Data files to add, each with the id of its fragment.
    pub(crate) add: Vec<(u32, WrittenFile)>,
    /// The data files that are not yet put.
    pub(crate) objects: Vec<PendingObject>,
    /// Fragments of another version to reuse, without some of their rows.
    pub(crate) reuse: Vec<ReusedFragment>,
}

/// A fragment of another version of the same table. Its data files are shared. Its deletion file is new if rows are left out.
#[derive(Clone, Debug)]
pub(crate) struct ReusedFragment {
    /// A version that has the fragment.
    pub(crate) table: Arc<Table>,
    /// The id of the fragment, unique in the graph.
    pub(crate) fragment: u32,
    /// Live rows that are left out.
    pub(crate) without: Vec<RowAddress>,
}

impl Tables {
    /// Writes the version that `edit` makes of `base` and returns it opened.
    ///
    /// Readers do not see it before a commit record pins it. The record is put after the objects of `sync_batch`.
    pub(crate) async fn edit(&self, base: &Table, edit: VersionEdit, sync_batch: &SyncBatch) -> Result<Arc<Table>> {
        let mut parts = if edit.replace { Vec::new() } else { keep_fragments(base, &edit).await? };
        for (id, file) in edit.add {
            parts.extend(new_fragment(base, id, file).await?);
        }
        for reused in &edit.reuse {
            parts.extend(reuse_fragment(reused).await?);
        }
        parts.sort_by_key(|part| part.fragment.id);
        let (fragments, deletions): (Vec<_>, Vec<_>) =
            parts.into_iter().map(|part| (part.fragment, part.object)).unzip();
        let objects = edit.objects.into_iter().chain(deletions.into_iter().flatten()).collect();
        let next = manifest::next_version(&base.manifest, fragments);
        let written = manifest::write(&self.inner.store, &base.path, Some(base.pin.version), next, Some(sync_batch));
        let (written, ()) = try_join(written, self.put_objects(objects, sync_batch)).await?;
        Ok(self.open_written(&base.path, written.pin, written.manifest))
    }
}

async fn keep_fragments(base: &Table, edit: &VersionEdit) -> Result<Vec<FragmentPart>> {
    let mut deleted = deletions::group_by_fragment(&edit.delete);
    let kept = base.manifest.fragments.iter().filter(|fragment| !edit.drop.contains(&fragment_id(fragment)));
    let changes: Vec<_> = kept.map(|fragment| (fragment.clone(), deleted.remove(&fragment_id(fragment)))).collect();
    let changed = futures::stream::iter(changes).map(|(fragment, offsets)| async move {
        match offsets {
            Some(offsets) => base.delete_offsets(&fragment, offsets).await,
            None => Ok(Some(fragment.into())),
        }
    });
    changed.buffered(DELETION_CONCURRENCY).try_filter_map(|kept| async move { Ok(kept) }).try_collect().await
}

async fn reuse_fragment(reused: &ReusedFragment) -> Result<Option<FragmentPart>> {
    let ReusedFragment { table, fragment, without } = reused;
    let missing = || Error::internal(format!("fragment {fragment} is not part of the version to reuse it from"));
    let stored = table.fragment(*fragment).ok_or_else(missing)?;
    match deletions::group_by_fragment(without).remove(fragment) {
        Some(offsets) => table.delete_offsets(stored, offsets).await,
        None => Ok(Some(stored.clone().into())),
    }
}

async fn new_fragment(base: &Table, id: u32, file: WrittenFile) -> Result<Option<FragmentPart>> {
    let deleted = file.deleted_offsets().clone();
    let fragment = file.into_fragment(id);
    if deleted.is_empty() { Ok(Some(fragment.into())) } else { base.delete_offsets(&fragment, deleted).await }
}

/// Fragments that two versions of a table do not share.
#[derive(Debug, Default)]
pub(crate) struct FragmentDelta {
    /// Fragments of the first that the second lacks or has with other deleted rows.
    pub(crate) only_here: BTreeSet<u32>,
    /// Fragments of the second that the first lacks or has with other deleted rows.
    pub(crate) only_there: BTreeSet<u32>,
}

impl Table {
    /// Returns the fragments by which this version differs from another of the same table. Reads nothing.
    pub(crate) fn difference(&self, there: &Self) -> FragmentDelta {
        let (here, there) = (self.states(), there.states());
        let missing = |from: &BTreeMap<u32, Option<(u64, u64)>>, other: &BTreeMap<u32, Option<(u64, u64)>>| {
            from.iter().filter(|(id, state)| other.get(*id) != Some(*state)).map(|(id, _)| *id).collect()
        };
        FragmentDelta { only_here: missing(&here, &there), only_there: missing(&there, &here) }
    }

    /// Returns the number of rows in fragments that both versions have.
    pub(crate) fn shared_rows(&self, there: &Self) -> u64 {
        let there = there.states();
        let shared = self.manifest.fragments.iter().filter(|fragment| there.contains_key(&fragment_id(fragment)));
        shared.map(|fragment| fragment.num_rows().unwrap_or_default() as u64).sum()
    }

    /// Returns each fragment with the identity of its deletion file. Fragment ids are unique in the graph, so the rows depend
    /// on nothing else.
    fn states(&self) -> BTreeMap<u32, Option<(u64, u64)>> {
        let state = |fragment: &Fragment| fragment.deletion_file.as_ref().map(|file| (file.read_version, file.id));
        self.manifest.fragments.iter().map(|fragment| (fragment_id(fragment), state(fragment))).collect()
    }
}
