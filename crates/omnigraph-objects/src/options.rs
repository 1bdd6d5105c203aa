//! How a store is opened.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;

use crate::{Ambient, Disk, S3Config, SystemDisk};

/// Wraps the backend of a store; everything that the store does goes through the wrapper. It passes on the options of a put, or
/// takes all extensions from them: then every put is durable by itself.
pub type Layer = Arc<dyn Fn(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync>;

/// When a write to a folder counts as done. Object stores are durable by themselves and ignore it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Durability {
    /// After the file and every folder that names it are on the disk: survives a power failure.
    #[default]
    Full,
    /// After the operating system has it: survives the end of the process, not of the power.
    Os,
}

/// How often and how patiently a request is repeated that failed for a reason that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is made at most, the first time included. Zero counts as one.
    pub attempts: u32,
    /// The longest wait before the first repetition; it doubles with each further one. The wait itself is random.
    pub base: Duration,
    /// The longest wait there is.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    /// Four attempts, which spend at most 0.7 s waiting.
    fn default() -> Self {
        Self { attempts: 4, base: Duration::from_millis(100), cap: Duration::from_secs(2) }
    }
}

/// Everything about a store that is not its location.
#[derive(Clone)]
pub struct StoreOptions {
    /// When a write to a folder counts as done.
    pub durability: Durability,
    /// Clock, randomness and ids.
    pub ambient: Ambient,
    /// Endpoint and credentials, used when the location is on S3.
    pub s3: S3Config,
    /// How requests are repeated.
    pub retry: RetryPolicy,
    /// A wrapper around the backend, below the counting.
    pub layer: Option<Layer>,
    /// The system calls under a folder; tests watch them and make them fail.
    pub disk: Arc<dyn Disk>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            durability: Durability::default(),
            ambient: Ambient::default(),
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
            .field("ambient", &self.ambient)
            .field("s3", &self.s3)
            .field("retry", &self.retry)
            .field("layer", &self.layer.is_some())
            .field("disk", &self.disk)
            .finish()
    }
}
