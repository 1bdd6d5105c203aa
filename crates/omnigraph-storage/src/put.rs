//! Puts: put-if-absent, and the resolution of lost responses by reading back.
//!
//! ```text
//! put-if-absent ── acknowledged ─────────────────────────► Written
//!       │ "exists", or no response
//!       ▼
//!    read back ── own content ─► sync, Written
//!       │     └── other content ► sync, Exists(content)
//!       │ nothing                                          no attempt left, or not readable ► Error::Unknown
//!       └─► retry
//! ```

use bytes::Bytes;
use object_store::{PutMode, PutOptions, PutPayload};

use crate::error::ErrorClass;
use crate::retry::RetryState;
use crate::sync_batch::SyncMode;
use crate::{Error, Key, Result, Store};

/// The outcome of a put-if-absent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a put that lost its race wrote nothing"]
pub enum PutOutcome {
    /// The object was created.
    Written,
    /// An object of this name existed. This is its content, and it is durable. Nothing was written.
    Exists(Bytes),
}

impl PutOutcome {
    /// Returns true if this call created the object.
    pub fn is_written(&self) -> bool {
        matches!(self, Self::Written)
    }
}

/// The result of a read-back.
enum ReadBack {
    Own,
    Other(Bytes),
    Missing,
}

impl Store {
    /// Creates the object unless an object of this name exists.
    ///
    /// Resolves a lost response: reads the object back and compares its content. **The caller guarantees that the content is
    /// unique to this write**, for instance with an operation id. Otherwise an equal object of another writer would count as this
    /// one. A success without contention makes exactly one request.
    ///
    /// # Errors
    /// [`Error::Unknown`] if no attempt is left and the object cannot be read. It may exist, or may still appear. After any other
    /// error nothing was written.
    pub async fn put_if_absent(&self, key: &Key, content: Bytes) -> Result<PutOutcome> {
        self.create(key, content, &SyncMode::Immediate).await
    }

    pub(crate) async fn create(&self, key: &Key, content: Bytes, sync: &SyncMode) -> Result<PutOutcome> {
        self.require_object_key(key)?;
        let mut state = RetryState::new(self.retry(), self.env());
        // An earlier attempt may have been applied although its response was lost.
        let mut in_doubt = false;
        loop {
            let options = PutOptions { mode: PutMode::Create, extensions: sync.extensions(), ..PutOptions::default() };
            let payload = PutPayload::from_bytes(content.clone());
            let Err(error) = self.backend().put_opts(&key.to_path(), payload, options).await else {
                return Ok(PutOutcome::Written);
            };
            let class = ErrorClass::new(&error);
            if sync.is_poisoned() && !in_doubt {
                // The sync of the batch failed before the object got its name. A retry cannot succeed.
                return Err(Error::from_attempts("create", self.display_key(key), state.attempts(), error));
            }
            in_doubt |= class == ErrorClass::Transient;
            if class != ErrorClass::Conflict && !in_doubt {
                return Err(Error::from_attempts("create", self.display_key(key), state.attempts(), error));
            }
            // "Already exists" needs the read-back too: a transport that retried by itself may have found our own object.
            match self.read_back(key, &content).await {
                Ok(ReadBack::Own) => return self.ensure_durable(key).await.map(|()| PutOutcome::Written),
                // The other writer may not have synced it yet, and the caller may rely on it.
                Ok(ReadBack::Other(theirs)) => {
                    return self.ensure_durable(key).await.map(|()| PutOutcome::Exists(theirs));
                }
                Ok(ReadBack::Missing) if state.retry().await => {}
                Ok(ReadBack::Missing) => {
                    return Err(Error::Unknown { object: self.display_key(key), source: Box::new(error) });
                }
                Err(unreadable) => {
                    return Err(Error::Unknown { object: self.display_key(key), source: Box::new(unreadable) });
                }
            }
        }
    }

    async fn read_back(&self, key: &Key, own: &Bytes) -> Result<ReadBack> {
        Ok(match self.read(key).await? {
            None => ReadBack::Missing,
            Some(found) if found == *own => ReadBack::Own,
            Some(found) => ReadBack::Other(found),
        })
    }

    /// Verifies that the store supports put-if-absent, with a temporary object below `prefix`. Makes four requests.
    ///
    /// A store that ignores the condition would let two writers win one name without an error. Call this before the first object
    /// of a graph is created.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the second writer of a name succeeded, or another error of a write.
    pub async fn verify_put_if_absent(&self, prefix: &Key) -> Result<()> {
        let key = prefix.join(&format!("probe-{}", self.env().ulid()))?;
        let first = Bytes::from(format!("first {}", self.env().ulid()));
        let second = Bytes::from(format!("second {}", self.env().ulid()));
        let supported = match self.put_if_absent(&key, first.clone()).await? {
            PutOutcome::Written => self.put_if_absent(&key, second).await? == PutOutcome::Exists(first),
            PutOutcome::Exists(_) => false,
        };
        self.delete(&key).await?;
        if supported {
            return Ok(());
        }
        let source = "two writers created the same object".into();
        Err(Error::Unsupported { action: "create objects conditionally in", object: self.root_display(), source })
    }

    /// Writes the object unconditionally. For hints and caches: of two concurrent writers either may win.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if every attempt failed. The object then has its old or its new content.
    pub async fn put(&self, key: &Key, content: Bytes) -> Result<()> {
        self.overwrite(key, content, &SyncMode::Immediate).await
    }

    pub(crate) async fn overwrite(&self, key: &Key, content: Bytes, sync: &SyncMode) -> Result<()> {
        self.require_object_key(key)?;
        let (objects, path, content) = (self.backend(), &key.to_path(), &content);
        let request = || async move {
            let options = PutOptions { extensions: sync.extensions(), ..PutOptions::default() };
            objects.put_opts(path, PutPayload::from_bytes(content.clone()), options).await.map(|_| ())
        };
        self.with_retries("write", key, request).await
    }
}
