//! Put-if-absent, and what to do when its answer is lost.

use bytes::Bytes;
use object_store::{PutMode, PutOptions, PutPayload};

use crate::error::Class;
use crate::retry::Attempts;
use crate::unsettled::Settling;
use crate::{Error, Key, Result, Store};

/// How a put-if-absent ended. Both are answers, neither is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a put that lost its race wrote nothing"]
pub enum Put {
    /// The name was free, and now holds what was given.
    Written,
    /// The name was taken; this is what it holds, and it is durable. Nothing was written.
    Exists(Bytes),
}

impl Put {
    /// Whether this call created the object.
    pub fn is_written(&self) -> bool {
        matches!(self, Self::Written)
    }
}

/// What a read-back found, seen from the writer.
enum Found {
    Mine,
    Other(Bytes),
    Nothing,
}

impl Store {
    /// Creates the object if no object has this name.
    ///
    /// A lost answer is settled inside: the object is read back and compared. **The caller guarantees that the content
    /// is unique to this write**, for instance because it carries an operation id; otherwise somebody else's equal
    /// object would be taken for this one. Uncontended success costs exactly one request.
    ///
    /// # Errors
    /// [`Error::Unknown`] when the store failed until the attempts were used up and the object could not be seen: it
    /// may be there, or may yet appear. Every other error means that nothing was written.
    pub async fn put_if_absent(&self, key: &Key, content: Bytes) -> Result<Put> {
        self.create(key, content, &Settling::Now).await
    }

    pub(crate) async fn create(&self, key: &Key, content: Bytes, settling: &Settling) -> Result<Put> {
        self.check_object(key)?;
        let mut attempts = Attempts::new(self.retry(), self.ambient());
        // Set once an attempt may have been applied without our hearing of it.
        let mut doubt = false;
        loop {
            let options =
                PutOptions { mode: PutMode::Create, extensions: settling.extensions(), ..PutOptions::default() };
            let payload = PutPayload::from_bytes(content.clone());
            let Err(error) = self.raw().put_opts(&key.to_path(), payload, options).await else {
                return Ok(Put::Written);
            };
            let class = Class::of(&error);
            if settling.is_spoilt() && !doubt {
                // What it rests on is lost, so it has not got its name, and trying again would not bring it back.
                return Err(Error::after_attempts("create", self.at(key), attempts.made(), error));
            }
            doubt |= class == Class::Transient;
            if class != Class::Conflict && !doubt {
                return Err(Error::after_attempts("create", self.at(key), attempts.made(), error));
            }
            // Also after "already exists": a transport that repeated the request by itself may have met our own object.
            match self.read_back(key, &content).await {
                Ok(Found::Mine) => return self.confirm(key).await.map(|()| Put::Written),
                // Its writer may not have synced it yet, and the caller may answer for it.
                Ok(Found::Other(theirs)) => return self.confirm(key).await.map(|()| Put::Exists(theirs)),
                Ok(Found::Nothing) if attempts.again().await => {}
                Ok(Found::Nothing) => return Err(Error::Unknown { at: self.at(key), source: Box::new(error) }),
                Err(unseen) => return Err(Error::Unknown { at: self.at(key), source: Box::new(unseen) }),
            }
        }
    }

    async fn read_back(&self, key: &Key, mine: &Bytes) -> Result<Found> {
        Ok(match self.read(key).await? {
            None => Found::Nothing,
            Some(found) if found == *mine => Found::Mine,
            Some(found) => Found::Other(found),
        })
    }

    /// Proves that this store keeps its word on put-if-absent, with a throw-away object below `prefix`. A store that
    /// ignores the condition would let two writers win one name, and nothing would ever say so: ask before the first
    /// object of a graph is made. Costs four requests.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the second writer of a name was let in, and whatever a write can fail with.
    pub async fn prove_put_if_absent(&self, prefix: &Key) -> Result<()> {
        let key = prefix.join(&format!("probe-{}", self.ambient().ulid()))?;
        let first = Bytes::from(format!("first {}", self.ambient().ulid()));
        let second = Bytes::from(format!("second {}", self.ambient().ulid()));
        let kept = match self.put_if_absent(&key, first.clone()).await? {
            Put::Written => self.put_if_absent(&key, second).await? == Put::Exists(first),
            Put::Exists(_) => false,
        };
        self.delete(&key).await?;
        if kept {
            return Ok(());
        }
        let source = "it let two writers create the same object".into();
        Err(Error::Unsupported { action: "create objects conditionally in", at: self.root_display(), source })
    }

    /// Writes the object, whatever was there. For hints and derived data: of two racers either may prevail.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store kept failing; the old or the new content may be there then.
    pub async fn put(&self, key: &Key, content: Bytes) -> Result<()> {
        self.write(key, content, &Settling::Now).await
    }

    pub(crate) async fn write(&self, key: &Key, content: Bytes, settling: &Settling) -> Result<()> {
        self.check_object(key)?;
        let mut attempts = Attempts::new(self.retry(), self.ambient());
        loop {
            let options = PutOptions { extensions: settling.extensions(), ..PutOptions::default() };
            let payload = PutPayload::from_bytes(content.clone());
            let Err(error) = self.raw().put_opts(&key.to_path(), payload, options).await else { return Ok(()) };
            if !attempts.again_after(&error).await {
                return Err(Error::after_attempts("write", self.at(key), attempts.made(), error));
            }
        }
    }
}
