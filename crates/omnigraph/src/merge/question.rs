//! The three states of a merge, and how they are found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use omnigraph_log::{CommitRecord, TablePath};

use super::plan::Plan;
use super::{Choices, MergePolicy};
use crate::error::{Error, Result};
use crate::snapshot::{Shared, Snapshot, Target};
use crate::write::Writer;

/// Ids by table.
pub(super) type Contested = BTreeMap<TablePath, BTreeSet<Box<str>>>;

/// What is to be done with a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// What it did is undone.
    Revert,
    /// What it did is done again.
    Repeat,
}

/// Three states: what the one side and the other made of the base.
#[derive(Debug)]
pub(super) struct States {
    pub(super) base: Snapshot,
    pub(super) ours: Snapshot,
    pub(super) theirs: Snapshot,
    /// Entities about which several bases disagree: the base has none of them.
    pub(super) contested: Contested,
}

impl States {
    /// Whether several bases disagree about an entity.
    pub(super) fn is_contested(&self, table: &TablePath, id: &str) -> bool {
        self.contested.get(table).is_some_and(|ids| ids.contains(id))
    }

    /// For a merge of two states with these common ancestors.
    pub(super) async fn of_merge(
        writer: &Writer,
        ours: Snapshot,
        theirs: Snapshot,
        bases: &[Arc<CommitRecord>],
    ) -> Result<Self> {
        let (base, contested) = common(writer, &ours.shared, bases).await?;
        Ok(Self { base, ours, theirs, contested })
    }

    /// For undoing or repeating `commit`.
    pub(super) async fn of_pick(ours: Snapshot, commit: &Arc<CommitRecord>, pick: Pick) -> Result<Self> {
        let parent = ours.shared.log.parent(commit).await?;
        let parent = parent.ok_or(Error::Parentless { commit: commit.commit })?;
        let (before, after) = (at(&ours.shared, &parent).await?, at(&ours.shared, commit).await?);
        let (base, theirs) = match pick {
            Pick::Revert => (after, before),
            Pick::Repeat => (before, after),
        };
        Ok(Self { base, ours, theirs, contested: Contested::new() })
    }
}

async fn at(shared: &Shared, record: &Arc<CommitRecord>) -> Result<Snapshot> {
    Snapshot::of(shared, Target::Commit(record.commit.to_string()), Arc::clone(record)).await
}

/// The state that `bases` have in common. Several of them come from merges that crossed: then it is their merge, whose rows
/// are written like any others and which no commit refers to. An entity about which they disagree is in none of it.
async fn common(writer: &Writer, shared: &Shared, bases: &[Arc<CommitRecord>]) -> Result<(Snapshot, Contested)> {
    let (first, more) = bases.split_first().ok_or_else(|| Error::internal("two commits without a common ancestor"))?;
    let mut whole = at(shared, first).await?;
    let (mut joined, mut contested) = (vec![Arc::clone(first)], Contested::new());
    for next in more {
        let below = shared.log.kinship(&joined, std::slice::from_ref(next)).await?.bases;
        let (base, disputed) = Box::pin(common(writer, shared, &below)).await?;
        let states = States { base, ours: whole, theirs: at(shared, next).await?, contested: disputed };
        let mut plan = Plan::make(&states, MergePolicy::Field, &Choices::default()).await?;
        for (table, ids) in plan.drop_contested() {
            contested.entry(table).or_default().extend(ids);
        }
        let written = plan.written(&BTreeSet::new()).await?;
        let ground = written.adoption.onto(&states.ours).await?;
        whole = writer.preview(&ground, &written.tables).await?;
        joined.push(Arc::clone(next));
    }
    Ok((whole, contested))
}
