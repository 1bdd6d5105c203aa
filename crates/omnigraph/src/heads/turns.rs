//! One at a time on each head, within a process: a race would only make a put in vain. Between processes put-if-absent
//! settles it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// Queues, one per head.
#[derive(Debug, Default)]
pub(super) struct Turns {
    queues: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Turns {
    /// Waits until nobody else of this handle works on `head`.
    pub(super) async fn of(&self, head: &str) -> OwnedMutexGuard<()> {
        let queue = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(queues.entry(head.to_owned()).or_default())
        };
        queue.lock_owned().await
    }
}
