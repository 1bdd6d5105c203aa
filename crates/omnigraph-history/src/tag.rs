//! Tags: names of single commits, one small object each. A tag never moves.

use std::sync::Arc;

use omnigraph_storage::{Key, PutOutcome};

use crate::branch::name_problem;
use crate::ids::CommitId;
use crate::named_object::{self, NamedObject};
use crate::record::CommitRef;
use crate::{Error, GraphLog, Result, codec, invariants, layout};

/// The format of the tag object.
pub const TAG_FORMAT: u32 = 1;

/// A tag object.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagRecord {
    /// [`TAG_FORMAT`].
    pub format: u32,
    /// The name.
    pub name: String,
    /// The commit.
    pub commit: CommitRef,
    /// The time of creation, in Unix microseconds.
    pub created_at: i64,
    /// The actor that created the tag.
    pub created_by: Option<String>,
}

/// Returns the reason why `name` is not a valid tag name; none if it is valid.
#[must_use]
pub fn tag_name_problem(name: &str) -> Option<&'static str> {
    // A tag can replace a commit id in every command, so it must not look like one.
    if name.parse::<CommitId>().is_ok() {
        return Some("it has the form of a commit id");
    }
    name_problem(name)
}

/// A request for a new tag.
#[derive(Clone, Debug)]
pub struct CreateTag {
    /// The name.
    pub name: String,
    /// The commit.
    pub commit: CommitRef,
    /// The actor, for the tag object.
    pub actor: Option<String>,
}

impl GraphLog {
    /// Creates a tag: one put, and one read if this handle has not read the commit.
    ///
    /// # Errors
    ///
    /// [`Error::TagExists`], [`Error::InvalidTagName`]; [`Error::Damaged`] if the commit is missing or another.
    pub async fn create_tag(&self, request: CreateTag) -> Result<Arc<TagRecord>> {
        require_valid_name(&request.name)?;
        self.commit_by_ref(request.commit).await?;
        let record = TagRecord {
            format: TAG_FORMAT,
            name: request.name,
            commit: request.commit,
            created_at: self.store.env().now_micros(),
            created_by: request.actor,
        };
        let key = layout::tag(&record.name)?;
        // Two calls may write the same bytes. Both then succeed, and both are right about the tag.
        match self.store.put_if_absent(&key, codec::encode(key.as_str(), &record)?).await? {
            PutOutcome::Written => Ok(Arc::new(record)),
            PutOutcome::Exists(_) => Err(Error::TagExists { name: record.name }),
        }
    }

    /// Finds a tag by name: one read.
    ///
    /// # Errors
    ///
    /// [`Error::TagNotFound`], [`Error::InvalidTagName`].
    pub async fn tag(&self, name: &str) -> Result<Arc<TagRecord>> {
        require_valid_name(name)?;
        let key = layout::tag(name)?;
        let bytes = self.store.read(&key).await?.ok_or_else(|| Error::TagNotFound { name: name.to_owned() })?;
        named_object::decode(key.as_str(), &bytes).map(Arc::new)
    }

    /// Returns every tag, sorted by name.
    ///
    /// # Errors
    ///
    /// If the store fails or a tag object is damaged.
    pub async fn tags(&self) -> Result<Vec<Arc<TagRecord>>> {
        let mut tags: Vec<Arc<TagRecord>> = self.named_objects(layout::TAGS).await?.into_iter().map(Arc::new).collect();
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tags)
    }

    /// Deletes a tag. The commit stays.
    ///
    /// # Errors
    ///
    /// [`Error::TagNotFound`].
    pub async fn delete_tag(&self, name: &str) -> Result<Arc<TagRecord>> {
        let record = self.tag(name).await?;
        self.store.delete(&layout::tag(name)?).await?;
        Ok(record)
    }
}

fn require_valid_name(name: &str) -> Result<()> {
    match tag_name_problem(name) {
        Some(problem) => Err(Error::InvalidTagName { name: name.to_owned(), problem }),
        None => Ok(()),
    }
}

impl NamedObject for TagRecord {
    fn name(&self) -> &str {
        &self.name
    }

    fn key(name: &str) -> Result<Key> {
        layout::tag(name)
    }

    fn check(&self) -> Result<(), String> {
        invariants::check_tag_record(self)
    }
}
