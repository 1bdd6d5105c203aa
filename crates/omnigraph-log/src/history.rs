//! The past: commits by id, and first-parent history.

use std::sync::Arc;

use futures::Stream;
use omnigraph_objects::Key;

use crate::ids::{BranchId, CommitId};
use crate::record::CommitRecord;
use crate::{Error, Log, Result, layout};

impl Log {
    /// Finds a commit by its id, also on a branch that was deleted.
    ///
    /// The id carries its place, so this is one read once the branch is known; the branches are listed only when the
    /// commit is not on `main`.
    ///
    /// # Errors
    ///
    /// [`Error::NoCommit`].
    pub async fn commit(&self, id: CommitId) -> Result<Arc<CommitRecord>> {
        if let Some(record) = self.commit_on(self.stamp.main.id, id).await? {
            return Ok(record);
        }
        for branch in self.branch_ids().await? {
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
        Ok(record.filter(|record| record.commit == id))
    }

    /// Every branch id that has commits, whether its branch still has a name or not.
    async fn branch_ids(&self) -> Result<Vec<BranchId>> {
        let folders = self.store.list_shallow(&Key::parse(layout::LOG)?).await?;
        Ok(folders.folders.iter().filter_map(|folder| folder.name().parse().ok()).collect())
    }

    /// `from` and its first parents, newest first, down to the graph's first commit.
    pub fn history(&self, from: Arc<CommitRecord>) -> impl Stream<Item = Result<Arc<CommitRecord>>> + '_ {
        futures::stream::try_unfold(Some(from), move |next| async move {
            let Some(record) = next else { return Ok(None) };
            let parent = match record.parents.first() {
                Some(parent) => Some(self.must_have(parent.branch, parent.sequence).await?),
                None => None,
            };
            Ok(Some((record, parent)))
        })
    }
}
