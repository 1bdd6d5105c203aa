//! The past: commits by id, and first-parent history.

use std::sync::Arc;

use futures::Stream;
use omnigraph_objects::Key;

use crate::ids::{BranchId, CommitId};
use crate::record::{CommitKind, CommitRecord, CommitRef};
use crate::{Error, Log, Result, invariants, layout};

impl Log {
    /// The commit of that id, or the one that a tag of that name keeps.
    ///
    /// # Errors
    ///
    /// [`Error::NoCommit`] if it is neither.
    pub async fn commit_named(&self, text: &str) -> Result<Arc<CommitRecord>> {
        if let Ok(id) = text.parse::<CommitId>() {
            return self.commit(id).await;
        }
        match self.tag(text).await {
            Ok(tag) => self.commit(tag.commit.commit).await,
            Err(Error::NoTag { .. } | Error::TagName { .. }) => Err(Error::NoCommit { commit: text.to_owned() }),
            Err(other) => Err(other),
        }
    }

    /// Finds a commit by its id, also on a branch that was deleted.
    ///
    /// The id carries its place, so this is one read once the branch is known; the branches are listed only when the
    /// commit is not on `main` and on no branch that this handle has met.
    ///
    /// # Errors
    ///
    /// [`Error::NoCommit`].
    pub async fn commit(&self, id: CommitId) -> Result<Arc<CommitRecord>> {
        let mut tried = vec![self.stamp.main.id];
        tried.extend(self.cache.branches());
        for branch in &tried {
            if let Some(record) = self.commit_on(*branch, id).await? {
                return Ok(record);
            }
        }
        for branch in self.branch_ids().await? {
            if tried.contains(&branch) {
                continue;
            }
            if let Some(record) = self.commit_on(branch, id).await? {
                return Ok(record);
            }
        }
        Err(Error::NoCommit { commit: id.to_string() })
    }

    async fn commit_on(&self, branch: BranchId, id: CommitId) -> Result<Option<Arc<CommitRecord>>> {
        if !id.may_belong_to(branch) {
            return Ok(None);
        }
        let record = self.record(branch, id.sequence()).await?;
        // A `create` that failed or lost its race leaves the first commit of a graph that never was.
        let ours = |record: &CommitRecord| record.kind != CommitKind::Init || branch == self.stamp.main.id;
        Ok(record.filter(|record| record.commit == id && ours(record)))
    }

    /// Every branch id that has commits, whether its branch still has a name or not.
    async fn branch_ids(&self) -> Result<Vec<BranchId>> {
        let folders = self.store.list_shallow(&Key::parse(layout::LOG)?).await?.folders;
        let id_of = |folder: &Key| {
            let id: BranchId = folder.name().parse().ok()?;
            (id.to_string() == folder.name()).then_some(id)
        };
        Ok(folders.iter().filter_map(id_of).collect())
    }

    /// `from` and its first parents, newest first, down to the graph's first commit. A commit is read when it is asked
    /// for, not before.
    pub fn history(&self, from: Arc<CommitRecord>) -> impl Stream<Item = Result<Arc<CommitRecord>>> + '_ {
        futures::stream::try_unfold(Walk::From(from), move |walk| async move {
            let record = match walk {
                Walk::From(record) => record,
                Walk::Before(child) => match self.parent(&child).await? {
                    Some(parent) => parent,
                    None => return Ok(None),
                },
            };
            Ok(Some((Arc::clone(&record), Walk::Before(record))))
        })
    }

    /// The commit that `at` refers to: one read.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if it is missing or another.
    pub async fn commit_at_place(&self, at: CommitRef) -> Result<Arc<CommitRecord>> {
        self.referred(at).await
    }

    /// The first parent of `child`, if it has one. Checked against it, so that no damage can make a history run in circles.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] if the parent is missing or does not fit.
    pub async fn parent(&self, child: &CommitRecord) -> Result<Option<Arc<CommitRecord>>> {
        let Some(parent) = child.parents.first() else { return Ok(None) };
        let parent = self.referred(*parent).await?;
        match invariants::follows(child, &parent) {
            Ok(()) => Ok(Some(parent)),
            Err(problem) => Err(Error::Damaged { object: layout::commit(child.branch, child.sequence), problem }),
        }
    }
}

/// What a walk through history gives next.
enum Walk {
    From(Arc<CommitRecord>),
    Before(Arc<CommitRecord>),
}
