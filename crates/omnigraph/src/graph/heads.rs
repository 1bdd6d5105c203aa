//! Heads for outside readers: wait for them, look at them, bring them in order.

use omnigraph_objects::{Location, Store};

use super::{Omnigraph, OpenOptions};
use crate::error::{Error, Result};
use crate::recovery::{self, AuditEntry, Consent, RepairReport, SweepReport};

impl Omnigraph {
    /// Waits until heads for outside readers show every commit that this handle made on `main`. To be called before a process
    /// ends; if it is not, the next one that opens the graph for writing does what is due.
    ///
    /// # Errors
    ///
    /// What keeps the heads from being published. The commits are safe; the next write or open tries again.
    pub async fn settle(&self) -> Result<()> {
        self.heads.settle().await.map_err(|problem| Error::Table {
            action: "publish",
            table: "heads/main".into(),
            problem,
        })
    }

    /// Finishes what processes that ended left undone, as opening for writing does: for handles that live long.
    ///
    /// # Errors
    ///
    /// [`crate::RecoveryError`] if an intent cannot be understood or proved.
    pub async fn sweep(&self) -> Result<SweepReport> {
        self.may_write("sweeping")?;
        recovery::sweep(&self.heads).await
    }

    /// What sweeps and repairs found and did, oldest first.
    ///
    /// # Errors
    ///
    /// If the store fails or an entry is damaged.
    pub async fn audit(&self) -> Result<Vec<AuditEntry>> {
        recovery::list_audit(self.shared.log.store()).await
    }

    /// Compares each head with what the newest commit of `main` calls for. Nothing is written.
    ///
    /// # Errors
    ///
    /// If there is no graph, or it publishes no heads.
    pub async fn inspect_heads(location: &str, options: OpenOptions) -> Result<RepairReport> {
        Self::repair(location, options, Consent::Preview).await
    }

    /// Publishes each head again that does not show what it must. No file that a commit pins is touched. Also does what an
    /// intent calls for of which opening could prove nothing: calling this is the confirmation it asks for.
    ///
    /// # Errors
    ///
    /// As [`Self::inspect_heads`], and if an intent is not understood.
    pub async fn repair_heads(location: &str, options: OpenOptions) -> Result<RepairReport> {
        Self::repair(location, options, Consent::Confirmed).await
    }

    async fn repair(location: &str, options: OpenOptions, consent: Consent) -> Result<RepairReport> {
        let store = Store::open(&Location::parse(location)?, options.store.clone())?;
        // Without the sweep of an ordinary open, which may be what stands in the way.
        let graph = Self::around(omnigraph_log::Log::open(store).await?, options.mode, &options)?;
        recovery::repair(&graph.heads, consent).await
    }
}
