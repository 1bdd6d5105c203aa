//! Options of a store: durability, retries, credentials and injected parts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;

use crate::{Disk, Env, S3Config, SystemDisk};

/// A wrapper around the backend of a store, which sees every request. It passes on the options of a put, or removes all their
/// extensions. Without them every put syncs immediately.
pub type StoreLayer = Arc<dyn Fn(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync>;

/// The durability of acknowledged writes to a folder. Other stores ignore it: object stores are durable by design.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// The file and every folder on its path are synced with `fsync`: the write survives power loss.
    #[default]
    Full,
    /// The operating system has the data: the write survives the end of the process, not power loss.
    Os,
}

/// The policy for retries of transient failures: exponential backoff with full jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The maximum number of attempts, the first one included. Zero means one.
    pub max_attempts: u32,
    /// The longest wait before the first retry. It doubles with each further retry; the wait itself is random.
    pub base_backoff: Duration,
    /// The longest wait before any retry.
    pub max_backoff: Duration,
}

impl Default for RetryPolicy {
    /// Returns a policy of four attempts, which wait for at most 0.7 s.
    fn default() -> Self {
        Self { max_attempts: 4, base_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2) }
    }
}

/// Options of a store.
#[derive(Clone)]
pub struct StoreOptions {
    /// The durability of acknowledged writes to a folder.
    pub durability: Durability,
    /// Clock, randomness, ids and sleep.
    pub env: Env,
    /// The endpoint and the credentials of a location on S3.
    pub s3: S3Config,
    /// The policy for retries.
    pub retry: RetryPolicy,
    /// A wrapper around the backend, below the counting layer.
    pub layer: Option<StoreLayer>,
    /// The system calls of a folder. Tests observe them and inject failures.
    pub disk: Arc<dyn Disk>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            env: Env::default(),
            s3: S3Config::default(),
            retry: RetryPolicy::default(),
            layer: None,
            disk: Arc::new(SystemDisk),
        }
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("durability", &self.durability)
            .field("env", &self.env)
            .field("s3", &self.s3)
            .field("retry", &self.retry)
            .field("layer", &self.layer.is_some())
            .field("disk", &self.disk)
            .finish()
    }
}
