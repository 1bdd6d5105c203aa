//! Branches: one small object each, at any size of the graph and its history.
//!
//! A branch has a name, which is the name of its object, and an id, which is the folder of its commits. A name that is deleted
//! and created again gets a new id.
//!
//! # Renames
//!
//! No store moves an object under a condition. A rename therefore creates the object of the new name, then deletes the old one. A
//! crash between the two leaves two objects with one id. Both lead to the same log, so no write through either is lost. Listings
//! show the object that supersedes the other. The next rename, creation or deletion that finds the stale object deletes it.

use std::collections::HashMap;
use std::sync::Arc;

use omnigraph_storage::{Key, PutOutcome};

use crate::ids::BranchId;
use crate::named_object::{self, NamedObject};
use crate::record::CommitRef;
use crate::{Error, GraphLog, Result, codec, invariants, layout};

/// The format of the branch object.
pub const BRANCH_FORMAT: u32 = 1;

/// The name of the branch that every graph has.
pub const MAIN: &str = "main";

const MAX_NAME_BYTES: usize = 200;

/// A branch object. The commits of the branch are in the log of its id.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchRecord {
    /// [`BRANCH_FORMAT`].
    pub format: u32,
    /// The id of this incarnation of the name.
    pub id: BranchId,
    /// The name. Slashes have no meaning, so `a` and `a/b` can both exist.
    pub name: String,
    /// The commit where the branch starts; none for `main`.
    pub forked_from: Option<CommitRef>,
    /// The time of creation, in Unix microseconds.
    pub created_at: i64,
    /// The actor that created the branch.
    pub created_by: Option<String>,
    /// The number of renames. Of several objects with one id the one with the most renames is the branch.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub renames: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes every field by reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl BranchRecord {
    /// Returns true if this object is the branch rather than `other`, which has the same id. Concurrent renames can make equal
    /// numbers of renames. The lesser name then wins for every reader.
    #[must_use]
    pub fn supersedes(&self, other: &Self) -> bool {
        (self.renames, std::cmp::Reverse(&self.name)) > (other.renames, std::cmp::Reverse(&other.name))
    }
}

/// Returns the reason why `name` is not a valid branch name; none if it is valid.
#[must_use]
pub fn name_problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("empty name");
    }
    if name.len() > MAX_NAME_BYTES {
        return Some("longer than 200 bytes");
    }
    if name.chars().any(|c| c.is_control() || c == '\\') {
        return Some("control character or backslash");
    }
    if name.trim() != name {
        return Some("white space at the begin or end");
    }
    if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Some("empty path segment, `.` or `..`");
    }
    if Key::encode_segment(name).is_err() {
        return Some(
            "too long: at most 240 bytes, and characters other than a-z, 0-9, `-`, `_` and `.` take three bytes or more",
        );
    }
    None
}

/// A request for a new branch.
#[derive(Clone, Debug)]
pub struct CreateBranch {
    /// The name.
    pub name: String,
    /// The commit where the branch starts.
    pub from: CommitRef,
    /// The actor, for the branch object.
    pub actor: Option<String>,
}

impl GraphLog {
    /// Creates a branch: one put, and one read if this handle has not read the commit where it starts.
    ///
    /// # Errors
    ///
    /// [`Error::BranchExists`], [`Error::InvalidBranchName`]; [`Error::Damaged`] if the commit where it starts is missing or
    /// another.
    pub async fn create_branch(&self, request: CreateBranch) -> Result<Arc<BranchRecord>> {
        require_valid_name(&request.name)?;
        let exists = || Error::BranchExists { name: request.name.clone() };
        if request.name == MAIN {
            return Err(exists());
        }
        self.commit_by_ref(request.from).await?;
        let record = BranchRecord {
            format: BRANCH_FORMAT,
            id: BranchId::new(self.store.env().ulid()),
            name: request.name.clone(),
            forked_from: Some(request.from),
            created_at: self.store.env().now_micros(),
            created_by: request.actor.clone(),
            renames: 0,
        };
        let key = layout::branch(&record.name)?;
        invariants::check_branch_record(&record)
            .map_err(|problem| Error::Invariant { object: key.as_str().to_owned(), problem })?;
        let bytes = codec::encode(key.as_str(), &record)?;
        while let PutOutcome::Exists(found) = self.store.put_if_absent(&key, bytes.clone()).await? {
            if !self.is_stale_name(key.as_str(), &found).await? {
                return Err(exists());
            }
            self.store.delete(&key).await?;
        }
        Ok(Arc::new(record))
    }

    /// Finds a branch by name: one read, none for `main`.
    ///
    /// # Errors
    ///
    /// [`Error::BranchNotFound`], [`Error::InvalidBranchName`].
    pub async fn branch(&self, name: &str) -> Result<Arc<BranchRecord>> {
        if name == MAIN {
            return Ok(Arc::new(self.metadata.main.clone()));
        }
        require_valid_name(name)?;
        let key = layout::branch(name)?;
        let bytes = self.store.read(&key).await?.ok_or_else(|| Error::BranchNotFound { name: name.to_owned() })?;
        named_object::decode(key.as_str(), &bytes).map(Arc::new)
    }

    /// Returns every branch, sorted by name.
    ///
    /// # Errors
    ///
    /// If the store fails or a branch object is damaged.
    pub async fn branches(&self) -> Result<Vec<Arc<BranchRecord>>> {
        let mut by_id: HashMap<BranchId, BranchRecord> = HashMap::new();
        for record in self.named_objects::<BranchRecord>(layout::BRANCHES).await? {
            match by_id.get(&record.id) {
                Some(other) if other.supersedes(&record) => {}
                _ => drop(by_id.insert(record.id, record)),
            }
        }
        let mut branches: Vec<_> = by_id.into_values().map(Arc::new).collect();
        branches.push(Arc::new(self.metadata.main.clone()));
        branches.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(branches)
    }

    /// Deletes a branch. Its name is free again, its commits stay.
    ///
    /// The call deletes the name, because no store deletes under a condition. If another process deletes and creates the name
    /// again during the call, the new branch may be deleted. Processes that cannot accept that must not share names.
    ///
    /// # Errors
    ///
    /// [`Error::ProtectedBranch`], [`Error::BranchNotFound`].
    pub async fn delete_branch(&self, name: &str) -> Result<Arc<BranchRecord>> {
        if name == MAIN {
            return Err(Error::ProtectedBranch { action: "delete" });
        }
        let record = self.branch(name).await?;
        if record.renames > 0 {
            // A stale name of an interrupted rename would restore the branch.
            self.delete_stale_names(&record).await?;
        }
        self.store.delete(&layout::branch(name)?).await?;
        Ok(record)
    }

    /// Renames the branch `from` to `to`. Its id and its commits stay.
    ///
    /// Of two concurrent renames of one branch the one to the lesser name wins. The other fails with [`Error::BranchNotFound`],
    /// or is superseded at once. A branch never keeps two names.
    ///
    /// # Errors
    ///
    /// [`Error::ProtectedBranch`], [`Error::BranchNotFound`], [`Error::BranchExists`], [`Error::InvalidBranchName`].
    pub async fn rename_branch(&self, from: &str, to: &str) -> Result<Arc<BranchRecord>> {
        if from == MAIN {
            return Err(Error::ProtectedBranch { action: "rename" });
        }
        require_valid_name(to)?;
        let old = self.branch(from).await?;
        let exists = || Error::BranchExists { name: to.to_owned() };
        if to == MAIN || to == from {
            return Err(exists());
        }
        let renamed = BranchRecord { name: to.to_owned(), renames: old.renames.saturating_add(1), ..(*old).clone() };
        let key = layout::branch(to)?;
        let bytes = codec::encode(key.as_str(), &renamed)?;
        while let PutOutcome::Exists(found) = self.store.put_if_absent(&key, bytes.clone()).await? {
            // An interrupted run of the same rename.
            if found == bytes {
                break;
            }
            if !self.is_stale_name(key.as_str(), &found).await? {
                return Err(exists());
            }
            self.store.delete(&key).await?;
        }
        let is_branch = self.delete_stale_names(&renamed).await?;
        if is_branch { Ok(Arc::new(renamed)) } else { Err(Error::BranchNotFound { name: from.to_owned() }) }
    }

    /// Returns true if the branch object read at `object` is left from an interrupted rename.
    async fn is_stale_name(&self, object: &str, bytes: &[u8]) -> Result<bool> {
        let record: BranchRecord = named_object::decode(object, bytes)?;
        let all = self.named_objects::<BranchRecord>(layout::BRANCHES).await?;
        Ok(all.iter().any(|other| other.id == record.id && other.supersedes(&record)))
    }

    /// Deletes every superseded object of the branch of `record`. Returns true if `record` is the branch.
    async fn delete_stale_names(&self, record: &BranchRecord) -> Result<bool> {
        let all = self.named_objects::<BranchRecord>(layout::BRANCHES).await?;
        let same = || all.iter().filter(|other| other.id == record.id);
        for stale in same().filter(|stale| same().any(|other| other.supersedes(stale))) {
            self.store.delete(&layout::branch(&stale.name)?).await?;
        }
        Ok(!same().any(|other| other.supersedes(record)))
    }
}

fn require_valid_name(name: &str) -> Result<()> {
    match name_problem(name) {
        Some(problem) => Err(Error::InvalidBranchName { name: name.to_owned(), problem }),
        None => Ok(()),
    }
}

impl NamedObject for BranchRecord {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(name: &str) -> Result<Key> {
        layout::branch(name)
    }

    fn check(&self) -> Result<(), String> {
        invariants::check_branch_record(self)
    }
}

#[cfg(test)]
mod tests {
    use super::name_problem;

    #[test]
    fn names_are_data() {
        for good in ["main", "a", "a/b", "agent-7/run 3", "Äpfel", "A", "x".repeat(200).as_str()] {
            assert_eq!(name_problem(good), None, "{good}");
        }
        let long = ["x".repeat(201), "X".repeat(81), "Ä".repeat(41)];
        assert_eq!(name_problem(&"X".repeat(80)), None);
        let bad = ["", " a", "a ", "a//b", "/a", "a/", "..", "a/../b", "a\\b", "a\nb"];
        for bad in bad.into_iter().chain(long.iter().map(String::as_str)) {
            assert!(name_problem(bad).is_some(), "{bad:?}");
        }
    }
}
