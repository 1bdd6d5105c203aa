//! Loads and mutations.

use std::sync::Arc;

use omnigraph_log::branch::MAIN;
use omnigraph_log::{BranchRecord, CreateBranch, NewBranch};

use super::Omnigraph;
use crate::access::Action;
use crate::error::{Error, ErrorKind, Result};
use crate::load::{self, LoadReceipt, LoadRequest};
use crate::mutate::{self, MutateRequest, MutationReceipt};
use crate::snapshot::{Snapshot, Target};

impl Omnigraph {
    /// Loads rows in one atomic commit: either all of them are there afterwards, or none.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] and [`crate::Error::Faults`] name the files and lines of rows that cannot be taken; nothing is
    /// changed then.
    pub async fn load(&self, request: LoadRequest) -> Result<LoadReceipt> {
        self.may_write("load")?;
        self.allow(&Action::Write { branch: &request.branch }, request.actor.as_deref())?;
        let (name, actor) = (request.branch.clone(), request.actor.clone());
        let existing = match (self.shared.log.branch(&name).await.map_err(Error::from), &request.base) {
            (Ok(branch), _) => Some(branch),
            (Err(error), Some(_)) if error.kind() == ErrorKind::NotFound => {
                self.allow(&Action::CreateBranch { branch: &name }, actor.as_deref())?;
                None
            }
            (Err(error), _) => return Err(error),
        };
        let base = match (&existing, &request.base) {
            (Some(branch), _) => {
                let head = self.shared.log.known_or_head(branch).await?;
                Snapshot::of(&self.shared, Target::Branch(name.clone()), head.record).await?
            }
            (None, base) => self.snapshot(Target::Branch(base.clone().unwrap_or_default())).await?,
        };
        let staging = load::stage(&self.shared, &base, request).await?;
        // The branch is created as late as can be, so that a load that fails has hardly ever one to take back.
        let (branch, branch_created) = match existing {
            Some(branch) => (branch, false),
            None => self.branch_for_load(&name, &base, actor).await?,
        };
        let loaded = staging.publish(&self.shared, &self.writer, &branch).await;
        if let Err(error) = &loaded
            && branch_created
            && !error.outcome_unknown()
        {
            self.take_back(&branch).await;
        }
        Ok(LoadReceipt { branch_created, ..loaded? })
    }

    /// Creates the branch where `base` is, and says whether it did; somebody else may have made it meanwhile, which is as good.
    async fn branch_for_load(
        &self,
        name: &str,
        base: &Snapshot,
        actor: Option<String>,
    ) -> Result<(Arc<BranchRecord>, bool)> {
        let request = CreateBranch { name: name.to_owned(), from: base.commit().reference(), actor };
        match self.shared.log.create_branch(request).await? {
            NewBranch::Created(record) => Ok((record, true)),
            NewBranch::Taken => Ok((self.shared.log.branch(name).await?, false)),
        }
    }

    /// Deletes the branch of a load that failed, unless somebody has begun to use it.
    async fn take_back(&self, branch: &Arc<BranchRecord>) {
        let unused = async {
            let head = self.shared.log.head(branch).await?;
            let same = self.shared.log.branch(&branch.name).await?.id == branch.id;
            Ok::<_, Error>(same && head.record.branch != branch.id)
        };
        if unused.await.unwrap_or(false) {
            // The error of the load is the one to tell. An empty branch that stays can be deleted, and loaded into.
            let _ = self.shared.log.delete_branch(&branch.name).await;
        }
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
