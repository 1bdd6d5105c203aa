//! How two commits are related: their best common ancestors, and what each has that the other lacks.
//!
//! Commits are visited from the greatest generation down. A parent's generation is smaller than its child's, so whatever is
//! known of a commit when its turn comes is all there is to know, and the walk ends where everything left is common.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::future::try_join_all;

use crate::ids::{BranchId, CommitId};
use crate::record::{CommitRecord, CommitRef};
use crate::{Error, Log, Result, layout};

/// The most records read ahead at once. The number doubles from one, so a short walk reads little that it does not need.
const MOST_AHEAD: u64 = 32;

/// How many commits one side has that the other lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distance {
    /// Commits that only the first has.
    pub ahead: u64,
    /// Commits that only the second has.
    pub behind: u64,
}

/// How two sets of commits are related.
#[derive(Clone, Debug, Default)]
pub struct Kinship {
    /// The common ancestors that are no ancestor of another common one: one in a simple history, several after merges that
    /// crossed. Newest generation first.
    pub bases: Vec<Arc<CommitRecord>>,
    /// What only one of the two reaches.
    pub distance: Distance,
}

/// Who reaches a commit.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    by_one: bool,
    by_other: bool,
    /// It lies below a common ancestor.
    below_base: bool,
}

impl Reached {
    const ONE: Self = Self { by_one: true, by_other: false, below_base: false };
    const OTHER: Self = Self { by_one: false, by_other: true, below_base: false };

    fn join(self, more: Self) -> Self {
        Self {
            by_one: self.by_one || more.by_one,
            by_other: self.by_other || more.by_other,
            below_base: self.below_base || more.below_base,
        }
    }

    fn is_common(self) -> bool {
        self.by_one && self.by_other
    }
}

impl Log {
    /// How `one` is related to `other`. Reads each commit that lies between them and their common ancestors once.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if a commit is missing or does not fit its child.
    pub async fn kinship(&self, one: &[Arc<CommitRecord>], other: &[Arc<CommitRecord>]) -> Result<Kinship> {
        let mut frontier = Frontier::new(self);
        one.iter().for_each(|commit| frontier.meet(commit, Reached::ONE));
        other.iter().for_each(|commit| frontier.meet(commit, Reached::OTHER));
        let mut kinship = Kinship::default();
        while frontier.fresh > 0 {
            let Some((commit, reached)) = frontier.pop() else { break };
            let mut below = reached;
            match (reached.by_one, reached.by_other) {
                (true, false) => kinship.distance.ahead += 1,
                (false, true) => kinship.distance.behind += 1,
                _ => below.below_base = true,
            }
            if reached.is_common() && !reached.below_base {
                kinship.bases.push(Arc::clone(&commit));
            }
            for parent in &commit.parents {
                let parent = frontier.read(*parent).await?;
                if parent.generation >= commit.generation {
                    let problem = format!("generation {} after {}", commit.generation, parent.generation);
                    let object = layout::commit(commit.branch, commit.sequence);
                    return Err(Error::Damaged { object, problem });
                }
                frontier.meet(&parent, below);
            }
        }
        Ok(kinship)
    }

    /// Whether `ancestor` is `commit` or comes before it, along any parents.
    ///
    /// # Errors
    ///
    /// As [`Self::kinship`].
    pub async fn is_ancestor(&self, ancestor: &CommitRecord, commit: &Arc<CommitRecord>) -> Result<bool> {
        let mut frontier = Frontier::new(self);
        frontier.meet(commit, Reached::ONE);
        while let Some((commit, _)) = frontier.pop() {
            // The commits before one on its branch are all its ancestors.
            if commit.branch == ancestor.branch && commit.sequence >= ancestor.sequence {
                return Ok(true);
            }
            for parent in &commit.parents {
                let parent = frontier.read(*parent).await?;
                if parent.generation >= ancestor.generation {
                    frontier.meet(&parent, Reached::ONE);
                }
            }
        }
        Ok(false)
    }
}

/// Commits that were met and not yet visited, by generation.
struct Frontier<'a> {
    log: &'a Log,
    met: BTreeMap<(u64, CommitId), (Arc<CommitRecord>, Reached)>,
    /// How many of them may still lead to something that is not below a common ancestor.
    fresh: usize,
    read_ahead: HashMap<(BranchId, u64), Arc<CommitRecord>>,
    ahead: u64,
}

impl<'a> Frontier<'a> {
    fn new(log: &'a Log) -> Self {
        Self { log, met: BTreeMap::new(), fresh: 0, read_ahead: HashMap::new(), ahead: 1 }
    }

    fn meet(&mut self, commit: &Arc<CommitRecord>, reached: Reached) {
        let fresh = |reached: Reached| usize::from(!reached.below_base);
        let entry = self.met.entry((commit.generation, commit.commit));
        let (_, known) = entry.or_insert_with(|| {
            self.fresh += fresh(reached);
            (Arc::clone(commit), reached)
        });
        let joined = known.join(reached);
        self.fresh -= fresh(*known) - fresh(joined);
        *known = joined;
    }

    fn pop(&mut self) -> Option<(Arc<CommitRecord>, Reached)> {
        let (_, (commit, reached)) = self.met.pop_last()?;
        self.fresh -= usize::from(!reached.below_base);
        Some((commit, reached))
    }

    /// The commit at `at`, and more and more of those before it, which a long walk needs next.
    async fn read(&mut self, at: CommitRef) -> Result<Arc<CommitRecord>> {
        if let Some(record) = self.read_ahead.remove(&(at.branch, at.sequence)).filter(|it| it.commit == at.commit) {
            return Ok(record);
        }
        if self.log.cache.get(at.branch, at.sequence).is_none() {
            let before = at.sequence.saturating_sub(self.ahead)..at.sequence;
            let records = try_join_all(before.map(|sequence| self.log.must_have(at.branch, sequence))).await?;
            self.read_ahead.extend(records.into_iter().map(|record| ((record.branch, record.sequence), record)));
            self.ahead = (self.ahead * 2).min(MOST_AHEAD);
        }
        self.log.referred(at).await
    }
}
