//! Tags: create, find, list, delete.

use std::sync::Arc;

use omnigraph_objects::{Key, Put};

use crate::named::{self, Named};
use crate::record::CommitRef;
use crate::tag::{TAG_FORMAT, TagRecord, tag_name_problem};
use crate::{Error, Log, Result, codec, invariants, layout};

/// What is asked of a new tag.
#[derive(Clone, Debug)]
pub struct CreateTag {
    /// Its name.
    pub name: String,
    /// The commit that it is to name.
    pub commit: CommitRef,
    /// Who asks.
    pub actor: Option<String>,
}

/// How creating a tag ended.
#[derive(Clone, Debug)]
#[must_use]
pub enum NewTag {
    /// It is there, made by this call.
    Created(Arc<TagRecord>),
    /// The name was taken.
    Taken,
}

impl Named for TagRecord {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(name: &str) -> Result<Key> {
        layout::tag(name)
    }

    fn check(&self) -> Result<(), String> {
        invariants::tag_record(self)
    }
}

impl Log {
    /// Creates a tag: one put, and one read if this handle has not met the commit.
    ///
    /// # Errors
    ///
    /// [`Error::TagName`] if the name cannot name a tag; [`Error::Damaged`] if the commit is missing or another.
    pub async fn create_tag(&self, request: CreateTag) -> Result<NewTag> {
        named_well(&request.name)?;
        self.referred(request.commit).await?;
        let record = TagRecord {
            format: TAG_FORMAT,
            name: request.name,
            commit: request.commit,
            created_at: self.store.ambient().now_micros(),
            created_by: request.actor,
        };
        let key = layout::tag(&record.name)?;
        // Two calls may write the same bytes; if both are then told that they made the tag, both are right about what it says.
        match self.store.put_if_absent(&key, codec::encode(key.as_str(), &record)?).await? {
            Put::Written => Ok(NewTag::Created(Arc::new(record))),
            Put::Exists(_) => Ok(NewTag::Taken),
        }
    }

    /// Finds a tag by name: one read.
    ///
    /// # Errors
    ///
    /// [`Error::NoTag`], [`Error::TagName`].
    pub async fn tag(&self, name: &str) -> Result<Arc<TagRecord>> {
        named_well(name)?;
        let key = layout::tag(name)?;
        let bytes = self.store.read(&key).await?.ok_or_else(|| Error::NoTag { name: name.to_owned() })?;
        named::accept(key.as_str(), &bytes).map(Arc::new)
    }

    /// Every tag, sorted by name.
    ///
    /// # Errors
    ///
    /// If the store fails or a tag object is damaged.
    pub async fn tags(&self) -> Result<Vec<Arc<TagRecord>>> {
        let mut tags: Vec<Arc<TagRecord>> = self.named(layout::TAGS).await?.into_iter().map(Arc::new).collect();
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tags)
    }

    /// Deletes a tag. The commit stays.
    ///
    /// # Errors
    ///
    /// [`Error::NoTag`].
    pub async fn delete_tag(&self, name: &str) -> Result<Arc<TagRecord>> {
        let record = self.tag(name).await?;
        self.store.delete(&layout::tag(name)?).await?;
        Ok(record)
    }
}

fn named_well(name: &str) -> Result<()> {
    match tag_name_problem(name) {
        Some(problem) => Err(Error::TagName { name: name.to_owned(), problem }),
        None => Ok(()),
    }
}
