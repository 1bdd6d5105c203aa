//! Branches: create, find, list, delete. One small object each, whatever the size of the graph or its history.

use std::collections::HashMap;
use std::sync::Arc;

use omnigraph_objects::{Key, Put};

use crate::branch::{BRANCH_FORMAT, BranchRecord, MAIN, name_problem};
use crate::ids::BranchId;
use crate::named::{self, Named};
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
    /// Creates a branch: one put, and one read if this handle has not met the commit it starts from.
    ///
    /// # Errors
    ///
    /// [`Error::BranchName`] if the name cannot name a branch; [`Error::Damaged`] if the commit it is to start from is
    /// missing or another.
    pub async fn create_branch(&self, request: CreateBranch) -> Result<NewBranch> {
        if let Some(problem) = name_problem(&request.name) {
            return Err(Error::BranchName { name: request.name, problem });
        }
        if request.name == MAIN {
            return Ok(NewBranch::Taken);
        }
        self.referred(request.from).await?;
        let record = BranchRecord {
            format: BRANCH_FORMAT,
            id: BranchId::new(self.store.ambient().ulid()),
            name: request.name,
            forked_from: Some(request.from),
            created_at: self.store.ambient().now_micros(),
            created_by: request.actor,
            renames: 0,
        };
        let key = layout::branch(&record.name)?;
        invariants::branch_record(&record)
            .map_err(|problem| Error::Invariant { object: key.as_str().to_owned(), problem })?;
        let bytes = codec::encode(key.as_str(), &record)?;
        while let Put::Exists(taken) = self.store.put_if_absent(&key, bytes.clone()).await? {
            if !self.is_leftover(key.as_str(), &taken).await? {
                return Ok(NewBranch::Taken);
            }
            self.store.delete(&key).await?;
        }
        Ok(NewBranch::Created(Arc::new(record)))
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
        named::accept(key.as_str(), &bytes).map(Arc::new)
    }

    /// Every branch, sorted by name.
    ///
    /// # Errors
    ///
    /// If the store fails or a branch object is damaged.
    pub async fn branches(&self) -> Result<Vec<Arc<BranchRecord>>> {
        let mut by_id: HashMap<BranchId, BranchRecord> = HashMap::new();
        for record in self.named::<BranchRecord>(layout::BRANCHES).await? {
            match by_id.get(&record.id) {
                Some(other) if other.supersedes(&record) => {}
                _ => drop(by_id.insert(record.id, record)),
            }
        }
        let mut branches: Vec<_> = by_id.into_values().map(Arc::new).collect();
        branches.push(Arc::new(self.stamp.main.clone()));
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(branches)
    }

    /// Deletes a branch: its name is free again, its commits stay where they are.
    ///
    /// It is the name that is deleted, for no store deletes under a condition: if others delete the name and create it
    /// again while this call runs, the branch they made may be the one that goes. Who needs more must not share names.
    ///
    /// # Errors
    ///
    /// [`Error::MainStays`], [`Error::NoBranch`].
    pub async fn delete_branch(&self, name: &str) -> Result<Arc<BranchRecord>> {
        if name == MAIN {
            return Err(Error::MainStays { action: "delete" });
        }
        let record = self.branch(name).await?;
        if record.renames > 0 {
            // An older name that a rename left behind must not bring the branch back.
            self.delete_leftovers(&record).await?;
        }
        self.store.delete(&layout::branch(name)?).await?;
        Ok(record)
    }
}

impl Named for BranchRecord {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(name: &str) -> Result<Key> {
        layout::branch(name)
    }

    fn check(&self) -> Result<(), String> {
        invariants::branch_record(self)
    }
}
