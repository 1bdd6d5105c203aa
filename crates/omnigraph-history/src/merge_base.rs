//! Merge bases of two commits, and their divergence.
//!
//! A walk visits commits from the greatest generation down. The generation of a parent is less than that of its child. When a
//! commit is visited, all its descendants were visited before, so its reachability is final. The walk ends when every remaining
//! commit is below a merge base.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::future::try_join_all;

use crate::ids::{BranchId, CommitId};
use crate::record::{CommitRecord, CommitRef};
use crate::{Error, GraphLog, Result, layout};

/// Maximum of records that are read ahead. The number doubles from one, so a short walk reads few records that it does not need.
const MAX_READ_AHEAD: u64 = 32;

/// The commits that one side has and the other lacks, counted as git does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AheadBehind {
    /// Commits that only the first side has.
    pub ahead: u64,
    /// Commits that only the second side has.
    pub behind: u64,
}

/// The relation of two sets of commits.
#[derive(Clone, Debug, Default)]
pub struct CommitRelation {
    /// The best common ancestors: those that are not an ancestor of another common ancestor. There is one in a simple history,
    /// and several after a criss-cross merge. Greatest generation first.
    pub merge_bases: Vec<Arc<CommitRecord>>,
    /// The commits that only one side reaches.
    pub divergence: AheadBehind,
}

/// The sides that reach a commit.
#[derive(Clone, Copy, Debug, Default)]
struct ReachedFrom {
    one: bool,
    other: bool,
    /// True for ancestors of a merge base.
    below_base: bool,
}

impl ReachedFrom {
    const ONE: Self = Self { one: true, other: false, below_base: false };
    const OTHER: Self = Self { one: false, other: true, below_base: false };

    fn union(self, more: Self) -> Self {
        Self {
            one: self.one || more.one,
            other: self.other || more.other,
            below_base: self.below_base || more.below_base,
        }
    }

    fn is_common(self) -> bool {
        self.one && self.other
    }
}

impl GraphLog {
    /// Returns the merge bases and the divergence of two sets of commits. Reads each commit between them and the bases once.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if a commit is missing or does not fit its child.
    pub async fn commit_relation(
        &self,
        one: &[Arc<CommitRecord>],
        other: &[Arc<CommitRecord>],
    ) -> Result<CommitRelation> {
        let mut frontier = CommitFrontier::new(self);
        one.iter().for_each(|commit| frontier.add(commit, ReachedFrom::ONE));
        other.iter().for_each(|commit| frontier.add(commit, ReachedFrom::OTHER));
        let mut relation = CommitRelation::default();
        while frontier.open > 0 {
            let Some((commit, reached)) = frontier.pop() else { break };
            let mut below = reached;
            match (reached.one, reached.other) {
                (true, false) => relation.divergence.ahead += 1,
                (false, true) => relation.divergence.behind += 1,
                _ => below.below_base = true,
            }
            if reached.is_common() && !reached.below_base {
                relation.merge_bases.push(Arc::clone(&commit));
            }
            for parent in &commit.parents {
                let parent = frontier.read(*parent).await?;
                if parent.generation >= commit.generation {
                    let problem = format!("generation {} after {}", commit.generation, parent.generation);
                    let object = layout::commit(commit.branch, commit.sequence);
                    return Err(Error::Damaged { object, problem });
                }
                frontier.add(&parent, below);
            }
        }
        Ok(relation)
    }

    /// Returns true if `ancestor` is `commit`, or one of its ancestors along any parents.
    ///
    /// # Errors
    ///
    /// As [`Self::commit_relation`].
    pub async fn is_ancestor(&self, ancestor: &CommitRecord, commit: &Arc<CommitRecord>) -> Result<bool> {
        let mut frontier = CommitFrontier::new(self);
        frontier.add(commit, ReachedFrom::ONE);
        while let Some((commit, _)) = frontier.pop() {
            // All earlier commits of a branch are ancestors of the later ones.
            if commit.branch == ancestor.branch && commit.sequence >= ancestor.sequence {
                return Ok(true);
            }
            for parent in &commit.parents {
                let parent = frontier.read(*parent).await?;
                if parent.generation >= ancestor.generation {
                    frontier.add(&parent, ReachedFrom::ONE);
                }
            }
        }
        Ok(false)
    }
}

/// Commits that were reached and not yet visited, by generation.
struct CommitFrontier<'a> {
    log: &'a GraphLog,
    commits: BTreeMap<(u64, CommitId), (Arc<CommitRecord>, ReachedFrom)>,
    /// The number of commits that are not below a merge base.
    open: usize,
    read_ahead: HashMap<(BranchId, u64), Arc<CommitRecord>>,
    next_read_ahead: u64,
}

impl<'a> CommitFrontier<'a> {
    fn new(log: &'a GraphLog) -> Self {
        Self { log, commits: BTreeMap::new(), open: 0, read_ahead: HashMap::new(), next_read_ahead: 1 }
    }

    fn add(&mut self, commit: &Arc<CommitRecord>, reached: ReachedFrom) {
        let open = |reached: ReachedFrom| usize::from(!reached.below_base);
        let entry = self.commits.entry((commit.generation, commit.commit));
        let (_, known) = entry.or_insert_with(|| {
            self.open += open(reached);
            (Arc::clone(commit), reached)
        });
        let union = known.union(reached);
        self.open -= open(*known) - open(union);
        *known = union;
    }

    fn pop(&mut self) -> Option<(Arc<CommitRecord>, ReachedFrom)> {
        let (_, (commit, reached)) = self.commits.pop_last()?;
        self.open -= usize::from(!reached.below_base);
        Some((commit, reached))
    }

    /// Reads a commit, and an increasing number of its predecessors on the branch, which a long walk needs next.
    async fn read(&mut self, at: CommitRef) -> Result<Arc<CommitRecord>> {
        if let Some(record) = self.read_ahead.remove(&(at.branch, at.sequence)).filter(|it| it.commit == at.commit) {
            return Ok(record);
        }
        if self.log.cache.get(at.branch, at.sequence).is_none() {
            let before = at.sequence.saturating_sub(self.next_read_ahead)..at.sequence;
            let records = try_join_all(before.map(|sequence| self.log.require_record(at.branch, sequence))).await?;
            self.read_ahead.extend(records.into_iter().map(|record| ((record.branch, record.sequence), record)));
            self.next_read_ahead = (self.next_read_ahead * 2).min(MAX_READ_AHEAD);
        }
        self.log.commit_by_ref(at).await
    }
}
