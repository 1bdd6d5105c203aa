//! Branches: create, find, list, delete. One small object each, whatever the size of the graph or its history.

use std::sync::Arc;

use omnigraph_objects::Put;

use crate::branch::{BRANCH_FORMAT, BranchRecord, MAIN, name_problem};
use crate::ids::BranchId;
use crate::record::CommitRef;
use crate::{Error, Log, Result, codec, invariants, layout};

/// What is asked of a new branch.
#[derive(Clone, Debug)]
pub struct CreateBranch {
    /// Its name.
    pub name: String,
    /// The commit it starts from.
    pub from: CommitRef,
    /// Who asks.
    pub actor: Option<String>,
}

/// How creating a branch ended.
#[derive(Clone, Debug)]
#[must_use]
pub enum NewBranch {
    /// It is there, made by this call.
    Created(Arc<BranchRecord>),
    /// The name was taken.
    Taken,
}

impl Log {
    /// Creates a branch: one put.
    ///
    /// # Errors
    ///
    /// [`Error::BranchName`] if the name cannot name a branch.
    pub async fn create_branch(&self, request: CreateBranch) -> Result<NewBranch> {
        if let Some(problem) = name_problem(&request.name) {
            return Err(Error::BranchName { name: request.name, problem });
        }
        if request.name == MAIN {
            return Ok(NewBranch::Taken);
        }
        let record = BranchRecord {
            format: BRANCH_FORMAT,
            id: BranchId::new(self.store.ambient().ulid()),
            name: request.name,
            forked_from: Some(request.from),
            created_at: self.store.ambient().now_micros(),
            created_by: request.actor,
        };
        let key = layout::branch(&record.name)?;
        let bytes = codec::encode(key.as_str(), &record)?;
        match self.store.put_if_absent(&key, bytes).await? {
            Put::Written => Ok(NewBranch::Created(Arc::new(record))),
            Put::Exists(_) => Ok(NewBranch::Taken),
        }
    }

    /// Finds a branch by name: one read, none for `main`.
    ///
    /// # Errors
    ///
    /// [`Error::NoBranch`], [`Error::BranchName`].
    pub async fn branch(&self, name: &str) -> Result<Arc<BranchRecord>> {
        if name == MAIN {
            return Ok(Arc::new(self.stamp.main.clone()));
        }
        if let Some(problem) = name_problem(name) {
            return Err(Error::BranchName { name: name.to_owned(), problem });
        }
        let key = layout::branch(name)?;
        let bytes = self.store.read(&key).await?.ok_or_else(|| Error::NoBranch { name: name.to_owned() })?;
        self.accept_branch(key.as_str(), &bytes).map(Arc::new)
    }

    /// Every branch, sorted by name.
    ///
    /// # Errors
    ///
    /// If the store fails or a branch object is damaged.
    pub async fn branches(&self) -> Result<Vec<Arc<BranchRecord>>> {
        let mut branches = vec![Arc::new(self.stamp.main.clone())];
        for entry in self.store.list(&omnigraph_objects::Key::parse(layout::BRANCHES)?).await? {
            // A branch that is deleted between the listing and the read is simply no longer there.
            if let Some(bytes) = self.store.read(&entry.key).await? {
                branches.push(Arc::new(self.accept_branch(entry.key.as_str(), &bytes)?));
            }
        }
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(branches)
    }

    /// Deletes a branch: its name is free again, its commits stay where they are.
    ///
    /// # Errors
    ///
    /// [`Error::MainStays`], [`Error::NoBranch`].
    pub async fn delete_branch(&self, name: &str) -> Result<Arc<BranchRecord>> {
        if name == MAIN {
            return Err(Error::MainStays);
        }
        let record = self.branch(name).await?;
        self.store.delete(&layout::branch(name)?).await?;
        Ok(record)
    }

    fn accept_branch(&self, object: &str, bytes: &[u8]) -> Result<BranchRecord> {
        let record: BranchRecord = codec::decode(object, bytes)?;
        let damaged = |problem| Error::Damaged { object: object.to_owned(), problem };
        invariants::branch_record(&record).map_err(damaged)?;
        let place = layout::branch(&record.name)?;
        if place.as_str() != object {
            return Err(damaged(format!("it is the branch '{}', whose place is {}", record.name, place.as_str())));
        }
        Ok(record)
    }
}
