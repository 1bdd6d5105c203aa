//! Branches: create, find, list, delete. One small object each, whatever the size of the graph or its history.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use omnigraph_objects::{Key, Put};

use crate::branch::{BRANCH_FORMAT, BranchRecord, MAIN, name_problem};
use crate::ids::BranchId;
use crate::record::CommitRef;
use crate::{Error, Log, Result, codec, invariants, layout};

/// Branch objects read at the same time while listing.
const READS_AT_ONCE: usize = 16;

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
        };
        let key = layout::branch(&record.name)?;
        invariants::branch_record(&record)
            .map_err(|problem| Error::Invariant { object: key.as_str().to_owned(), problem })?;
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
        let folder = Key::parse(layout::BRANCHES)?;
        let listed = self.store.list(&folder).await?;
        // What has no name that a branch object can have is not ours, such as what a file manager leaves.
        let ours = listed.into_iter().filter(|entry| is_branch_object(&folder, &entry.key));
        let mut branches: Vec<_> = futures::stream::iter(ours)
            .map(|entry| async move {
                // A branch that is deleted between the listing and the read is simply no longer there.
                let bytes = self.store.read(&entry.key).await?;
                bytes.map(|bytes| self.accept_branch(entry.key.as_str(), &bytes).map(Arc::new)).transpose()
            })
            .buffer_unordered(READS_AT_ONCE)
            .try_filter_map(|branch| async move { Ok(branch) })
            .try_collect()
            .await?;
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

fn is_branch_object(folder: &Key, key: &Key) -> bool {
    let encoded = key.name().strip_suffix(".json");
    key.parent().as_ref() == Some(folder) && encoded.is_some_and(|name| Key::decode_segment(name).is_ok())
}
