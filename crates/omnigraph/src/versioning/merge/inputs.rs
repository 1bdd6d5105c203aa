//! The inputs of a three-way merge: base, target and source.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use omnigraph_history::{CommitRecord, TablePath};

use super::plan::MergePlan;
use super::strategy::{ConflictStrategy, MergePolicy};
use crate::error::{Error, Result};
use crate::snapshot::{Engine, Snapshot, Target};
use crate::write::commit::GraphWriter;

/// Ids of entities, by table.
pub(super) type EntityIds = BTreeMap<TablePath, BTreeSet<Box<str>>>;

/// The source of a merge.
#[derive(Clone, Debug)]
pub(crate) enum MergeSource {
    /// All changes of a branch up to a commit.
    Branch(Arc<CommitRecord>),
    /// The changes of one commit.
    CherryPick(Arc<CommitRecord>),
    /// The inverse of the changes of one commit.
    Revert(Arc<CommitRecord>),
}

/// Three states. `ours` and `theirs` are changes of `base`.
#[derive(Debug)]
pub(super) struct MergeInputs {
    pub(super) base: Snapshot,
    pub(super) ours: Snapshot,
    pub(super) theirs: Snapshot,
    /// Entities about which several merge bases conflict. `base` contains none of them.
    pub(super) base_conflicts: EntityIds,
}

impl MergeInputs {
    /// Reports if several merge bases conflict about an entity.
    pub(super) fn is_base_conflict(&self, table: &TablePath, id: &str) -> bool {
        self.base_conflicts.get(table).is_some_and(|ids| ids.contains(id))
    }

    /// Returns the inputs of a merge of two states with these merge bases.
    pub(super) async fn for_branch(
        writer: &GraphWriter,
        ours: Snapshot,
        theirs: &Arc<CommitRecord>,
        bases: &[Arc<CommitRecord>],
    ) -> Result<Self> {
        let theirs = open_commit(&ours.engine, theirs).await?;
        let (base, base_conflicts) = merge_bases(writer, &ours.engine, bases).await?;
        Ok(Self { base, ours, theirs, base_conflicts })
    }

    /// Returns the inputs of a cherry-pick of `commit`.
    pub(super) async fn for_cherry_pick(ours: Snapshot, commit: &Arc<CommitRecord>) -> Result<Self> {
        let parent = ours.engine.log.parent(commit).await?;
        let parent = parent.ok_or(Error::NoParent { commit: commit.commit })?;
        let (base, theirs) = (open_commit(&ours.engine, &parent).await?, open_commit(&ours.engine, commit).await?);
        Ok(Self { base, ours, theirs, base_conflicts: EntityIds::new() })
    }

    /// Returns the inputs of a revert of `commit`: those of a cherry-pick in the other direction.
    pub(super) async fn for_revert(ours: Snapshot, commit: &Arc<CommitRecord>) -> Result<Self> {
        let Self { base, ours, theirs, base_conflicts } = Self::for_cherry_pick(ours, commit).await?;
        Ok(Self { base: theirs, ours, theirs: base, base_conflicts })
    }
}

async fn open_commit(engine: &Engine, record: &Arc<CommitRecord>) -> Result<Snapshot> {
    Snapshot::open(engine, Target::Commit(record.commit.to_string()), Arc::clone(record)).await
}

/// Returns the merge of `bases`, and the entities about which they conflict. A criss-cross merge has several bases. Their merge
/// is written as table versions that no commit refers to; it contains no conflicting entity.
async fn merge_bases(
    writer: &GraphWriter,
    engine: &Engine,
    bases: &[Arc<CommitRecord>],
) -> Result<(Snapshot, EntityIds)> {
    let (first, more) = bases.split_first().ok_or_else(|| Error::internal("two commits without a common ancestor"))?;
    let mut merged = open_commit(engine, first).await?;
    let (mut merged_commits, mut conflicts) = (vec![Arc::clone(first)], EntityIds::new());
    for next in more {
        let inner_bases = engine.log.commit_relation(&merged_commits, std::slice::from_ref(next)).await?.merge_bases;
        let (base, base_conflicts) = Box::pin(merge_bases(writer, engine, &inner_bases)).await?;
        let inputs = MergeInputs { base, ours: merged, theirs: open_commit(engine, next).await?, base_conflicts };
        let mut plan = MergePlan::new(&inputs, MergePolicy::Field, &ConflictStrategy::default()).await?;
        for (table, ids) in plan.delete_conflicting() {
            conflicts.entry(table).or_default().extend(ids);
        }
        let rows = plan.materialize(&BTreeSet::new()).await?;
        merged = writer.overlay(&rows.swap.apply_to(&inputs.ours).await?, &rows.tables).await?;
        merged_commits.push(Arc::clone(next));
    }
    Ok((merged, conflicts))
}
