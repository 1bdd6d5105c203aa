//! Loads and mutations.

use omnigraph_log::branch::MAIN;

use super::Omnigraph;
use crate::access::Action;
use crate::error::Result;
use crate::load::{self, LoadReceipt, LoadRequest};
use crate::mutate::{self, MutateRequest, MutationReceipt};
use crate::snapshot::{Snapshot, Target};

impl Omnigraph {
    /// Loads rows in one atomic commit: either all of them are there afterwards, or none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] names the file and line of a row that cannot be taken; nothing is changed then.
    pub async fn load(&self, request: LoadRequest) -> Result<LoadReceipt> {
        self.may_write("load")?;
        self.allow(&Action::Write { branch: &request.branch }, request.actor.as_deref())?;
        let branch = self.shared.log.branch(&request.branch).await?;
        let head = self.shared.log.known_or_head(&branch).await?;
        let base = Snapshot::of(&self.shared, Target::Branch(branch.name.clone()), head.record).await?;
        load::run(&self.shared, &self.writer, &branch, &base, request).await
    }

    /// Runs a mutation in one atomic commit, or none if it changes nothing. Mutations that run at the same time on one handle
    /// share commits.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Compile`] with every finding when the query is wrong, [`crate::Error::Rule`] when the rows break a
    /// rule of the schema, [`crate::Error::KeyConflict`] when a row that must be new is not,
    /// [`crate::Error::Precondition`] when the condition does not hold. Nothing is changed then.
    pub async fn mutate(&self, request: MutateRequest) -> Result<MutationReceipt> {
        self.may_write("a mutation")?;
        self.allow(&Action::Write { branch: &request.branch }, request.actor.as_deref())?;
        let branch = self.shared.log.branch(&request.branch).await?;
        mutate::mutate(&self.shared, &self.writer, &branch, request).await
    }

    /// The branch that commands mean when they name none.
    #[must_use]
    pub const fn default_branch() -> &'static str {
        MAIN
    }
}
