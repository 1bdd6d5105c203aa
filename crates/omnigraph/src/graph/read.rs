//! Snapshots.

use super::Omnigraph;
use crate::error::Result;
use crate::snapshot::{Snapshot, Target};

impl Omnigraph {
    /// The state that `target` names now. It stays as it is, whatever is written later.
    ///
    /// # Errors
    ///
    /// If there is no such branch or commit.
    pub async fn snapshot(&self, target: Target) -> Result<Snapshot> {
        let record = self.commit_of(&target).await?;
        Snapshot::of(&self.shared, target, record).await
    }
}
