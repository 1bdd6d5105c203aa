//! Past commits: by id, by reference, by time, and first-parent history.

use std::sync::Arc;

use futures::Stream;
use omnigraph_storage::Key;

use crate::ids::{BranchId, CommitId};
use crate::record::{CommitKind, CommitRecord, CommitRef};
use crate::{Error, GraphLog, Result, invariants, layout};

impl GraphLog {
    /// Finds the commit of an id or of a tag.
    ///
    /// # Errors
    ///
    /// [`Error::CommitNotFound`] if neither exists.
    pub async fn resolve_commit(&self, text: &str) -> Result<Arc<CommitRecord>> {
        if let Ok(id) = text.parse::<CommitId>() {
            return self.commit_by_id(id).await;
        }
        match self.tag(text).await {
            Ok(tag) => self.commit_by_id(tag.commit.commit).await,
            Err(Error::TagNotFound { .. } | Error::InvalidTagName { .. }) => {
                Err(Error::CommitNotFound { commit: text.to_owned() })
            }
            Err(other) => Err(other),
        }
    }

    /// Finds a commit by its id, also on a deleted branch.
    ///
    /// An id contains the sequence of its commit, so a known branch needs one read. The branches are listed only if the commit is
    /// not on `main` and not on a branch that this handle has read.
    ///
    /// # Errors
    ///
    /// [`Error::CommitNotFound`].
    pub async fn commit_by_id(&self, id: CommitId) -> Result<Arc<CommitRecord>> {
        let mut tried = vec![self.metadata.main.id];
        tried.extend(self.cache.branches());
        for branch in &tried {
            if let Some(record) = self.commit_on_branch(*branch, id).await? {
                return Ok(record);
            }
        }
        for branch in self.branch_ids().await? {
            if tried.contains(&branch) {
                continue;
            }
            if let Some(record) = self.commit_on_branch(branch, id).await? {
                return Ok(record);
            }
        }
        Err(Error::CommitNotFound { commit: id.to_string() })
    }

    async fn commit_on_branch(&self, branch: BranchId, id: CommitId) -> Result<Option<Arc<CommitRecord>>> {
        if !id.may_belong_to(branch) {
            return Ok(None);
        }
        let record = self.record(branch, id.sequence()).await?;
        // A `create` that failed or lost its race leaves the first commit of a graph that does not exist.
        let is_reachable = |record: &CommitRecord| record.kind != CommitKind::Init || branch == self.metadata.main.id;
        Ok(record.filter(|record| record.commit == id && is_reachable(record)))
    }

    /// Returns every branch id with commits, also of deleted branches.
    async fn branch_ids(&self) -> Result<Vec<BranchId>> {
        let folders = self.store.list_shallow(&Key::parse(layout::LOG)?).await?.folders;
        let branch_id = |folder: &Key| {
            let id: BranchId = folder.name().parse().ok()?;
            (id.to_string() == folder.name()).then_some(id)
        };
        Ok(folders.iter().filter_map(branch_id).collect())
    }

    /// Reads the commit of a reference: one read.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if the commit is missing or another.
    pub async fn commit_by_ref(&self, at: CommitRef) -> Result<Arc<CommitRecord>> {
        let record = self.require_record(at.branch, at.sequence).await?;
        if record.commit == at.commit {
            return Ok(record);
        }
        let problem = format!("it is commit {}, expected {}", record.commit, at.commit);
        Err(Error::Damaged { object: layout::commit(at.branch, at.sequence), problem })
    }

    /// Reads the first parent of `child`, if it has one. Checks it against the child, so damage cannot make a history cyclic.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if the parent is missing or does not fit.
    pub async fn parent(&self, child: &CommitRecord) -> Result<Option<Arc<CommitRecord>>> {
        let Some(parent) = child.parents.first() else { return Ok(None) };
        let parent = self.commit_by_ref(*parent).await?;
        match invariants::check_parent(child, &parent) {
            Ok(()) => Ok(Some(parent)),
            Err(problem) => Err(Error::Damaged { object: layout::commit(child.branch, child.sequence), problem }),
        }
    }

    /// Streams `from` and its first parents, newest first, down to the first commit of the graph. Reads each commit on demand.
    pub fn history(&self, from: Arc<CommitRecord>) -> impl Stream<Item = Result<Arc<CommitRecord>>> + '_ {
        futures::stream::try_unfold(HistoryStep::Start(from), move |step| async move {
            let record = match step {
                HistoryStep::Start(record) => record,
                HistoryStep::Parent(child) => match self.parent(&child).await? {
                    Some(parent) => parent,
                    None => return Ok(None),
                },
            };
            Ok(Some((Arc::clone(&record), HistoryStep::Parent(record))))
        })
    }

    /// Finds the newest commit at or before `micros` (Unix microseconds) among `head` and its first parents, by binary search.
    ///
    /// The times are those of the writers' clocks. If clocks differ by more than the time between two commits, the result is a
    /// commit of about that time. It is the same for every reader of the same head.
    ///
    /// # Errors
    ///
    /// [`Error::TimeBeforeHistory`] if the graph is younger.
    pub async fn commit_at_time(&self, head: Arc<CommitRecord>, micros: i64) -> Result<Arc<CommitRecord>> {
        let mut newest = head;
        loop {
            if newest.authored_at <= micros {
                return Ok(newest);
            }
            let first = self.require_record(newest.branch, 0).await?;
            if first.authored_at <= micros {
                return self.search_branch(first, newest, micros).await;
            }
            // The time is before this branch: continue where it forked.
            newest = match self.parent(&first).await? {
                Some(parent) => parent,
                None => return Err(Error::TimeBeforeHistory { asked: micros, first: first.authored_at }),
            };
        }
    }

    /// Finds the last commit at or before `micros` on one branch. `low` is at or before it, `high` is after it.
    async fn search_branch(
        &self,
        mut low: Arc<CommitRecord>,
        high: Arc<CommitRecord>,
        micros: i64,
    ) -> Result<Arc<CommitRecord>> {
        let mut end = high.sequence;
        while end - low.sequence > 1 {
            let middle = self.require_record(low.branch, low.sequence + (end - low.sequence) / 2).await?;
            if middle.authored_at <= micros {
                low = middle;
            } else {
                end = middle.sequence;
            }
        }
        Ok(low)
    }
}

/// The next step of a history stream.
enum HistoryStep {
    Start(Arc<CommitRecord>),
    Parent(Arc<CommitRecord>),
}
