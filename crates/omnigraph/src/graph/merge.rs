//! Merges, reverts and cherry-picks.

use super::Omnigraph;
use crate::access::Action;
use crate::error::{Error, Result};
use crate::merge::{self, MergeReceipt, MergeRequest, Pick, PickRequest};
use crate::snapshot::Target;

impl Omnigraph {
    /// Takes everything that a branch has into another, in one atomic commit with both as its parents. Done twice, the second
    /// time does nothing.
    ///
    /// # Errors
    ///
    /// [`Error::MergeConflict`] with everything that stands against it; nothing is changed then.
    pub async fn merge(&self, request: MergeRequest) -> Result<MergeReceipt> {
        self.may_write("a merge")?;
        self.allow(&Action::Merge { source: &request.source, target: &request.target }, request.actor.as_deref())?;
        distinct(&request)?;
        let branch = self.shared.log.branch(&request.target).await?;
        let theirs = self.commit_of(&Target::Branch(request.source.clone())).await?;
        merge::merge(&self.shared, &self.writer, &branch, &theirs, request).await
    }

    /// What [`Self::merge`] would do now: no branch changes, and conflicts are part of the answer.
    ///
    /// # Errors
    ///
    /// If there is no such branch. [`Error::ReadOnly`] if earlier merges crossed and the handle may not write: the state that
    /// several common ancestors come to is written before it is read, though nothing ever refers to it. So it is with what a
    /// mutation is to resolve.
    pub async fn preview_merge(&self, request: MergeRequest) -> Result<MergeReceipt> {
        distinct(&request)?;
        let branch = self.shared.log.branch(&request.target).await?;
        let theirs = self.commit_of(&Target::Branch(request.source.clone())).await?;
        let ours = self.shared.log.head(&branch).await?.record;
        if request.resolution.is_some() {
            self.may_write("a preview of a merge that a mutation resolves")?;
        }
        if self.shared.log.kinship(&[ours], std::slice::from_ref(&theirs)).await?.bases.len() > 1 {
            self.may_write("a preview of a merge after merges that crossed")?;
        }
        merge::preview(&self.shared, &self.writer, &branch, &theirs, request).await
    }

    /// Undoes what a commit did, as one new commit: a merge from that commit to the one before it.
    ///
    /// # Errors
    ///
    /// As [`Self::merge`]; [`Error::Parentless`] for the first commit of a graph.
    pub async fn revert(&self, request: PickRequest) -> Result<MergeReceipt> {
        self.pick(Pick::Revert, request).await
    }

    /// Does what a commit did elsewhere, as one new commit: a merge from the one before it to that commit.
    ///
    /// # Errors
    ///
    /// As [`Self::revert`].
    pub async fn cherry_pick(&self, request: PickRequest) -> Result<MergeReceipt> {
        self.pick(Pick::Repeat, request).await
    }

    async fn pick(&self, pick: Pick, request: PickRequest) -> Result<MergeReceipt> {
        self.may_write("a commit")?;
        self.allow(&Action::Merge { source: &request.commit, target: &request.target }, request.actor.as_deref())?;
        let branch = self.shared.log.branch(&request.target).await?;
        let commit = self.commit_of(&Target::Commit(request.commit.clone())).await?;
        merge::pick(&self.shared, &self.writer, &branch, (pick, &commit), request).await
    }
}

fn distinct(request: &MergeRequest) -> Result<()> {
    if request.source == request.target {
        return Err(Error::request(format!(
            "a merge needs distinct source and target branches, and both are '{}'",
            request.source
        )));
    }
    Ok(())
}
