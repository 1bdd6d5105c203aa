//! Maintenance: flushing background work, the Lance mirror, persisted indexes.

use omnigraph_history::{GraphLog, TablePath};
use omnigraph_storage::{Location, Store};

use super::{Omnigraph, OpenOptions};
use crate::error::{Error, Result};
use crate::mirror::recovery::{self, AuditEntry, RepairMode, RepairReport, SweepReport};
use crate::snapshot::Target;

impl Omnigraph {
    /// Closes the handle: waits until the Lance mirror shows every commit that this handle made on `main`, and until
    /// background writes of persisted indexes are finished.
    ///
    /// A process that ends without it loses no commit. The next process that opens the graph for writing publishes the mirror.
    ///
    /// # Errors
    ///
    /// The error that keeps the mirror from being published. All commits are durable.
    pub async fn close(self) -> Result<()> {
        self.flush_indexes().await;
        self.flush_mirror().await
    }

    /// Waits until the Lance mirror shows every commit that this handle made on `main`.
    ///
    /// # Errors
    ///
    /// As [`Self::close`].
    pub async fn flush_mirror(&self) -> Result<()> {
        let failed =
            |error: Error| Error::Table { action: "publish", table: "heads/main".into(), problem: error.to_string() };
        self.mirror.flush().await.map_err(failed)
    }

    /// Finishes the publications of processes that ended, as opening for writing does. For long-lived handles.
    ///
    /// # Errors
    ///
    /// [`crate::RecoveryError`] if an intent is not understood or cannot be proved.
    pub async fn sweep(&self) -> Result<SweepReport> {
        self.require_write("sweeping")?;
        recovery::sweep(&self.mirror).await
    }

    /// Returns the audit entries of sweeps and repairs, oldest first.
    ///
    /// # Errors
    ///
    /// If the store fails or an entry is damaged.
    pub async fn audit(&self) -> Result<Vec<AuditEntry>> {
        recovery::list_audit(self.engine.log.store()).await
    }

    /// Compares each dataset of the Lance mirror with the newest commit of `main`. Nothing is written.
    ///
    /// # Errors
    ///
    /// If the graph does not exist, or has no mirror.
    pub async fn check_mirror(location: &str, options: OpenOptions) -> Result<RepairReport> {
        Self::open_for_repair(location, options, RepairMode::Preview).await
    }

    /// Publishes each dataset of the Lance mirror again that differs from the newest commit of `main`. No file that a commit
    /// pins is touched. Also completes an intent whose outcome could not be proved: calling this confirms it.
    ///
    /// # Errors
    ///
    /// As [`Self::check_mirror`], and if an intent is not understood.
    pub async fn repair_mirror(location: &str, options: OpenOptions) -> Result<RepairReport> {
        Self::open_for_repair(location, options, RepairMode::Apply).await
    }

    async fn open_for_repair(location: &str, options: OpenOptions, mode: RepairMode) -> Result<RepairReport> {
        let store = Store::open(&Location::parse(location)?, options.store.clone())?;
        // Without the sweep of an ordinary open, which may be what fails.
        let graph = Self::from_log(GraphLog::open(store).await?, options.mode, &options)?;
        recovery::repair(&graph.mirror, mode).await
    }

    /// Builds and stores the indexes that queries of `target` need, for later processes. A long-lived handle stores them in
    /// the background.
    ///
    /// # Errors
    ///
    /// If the graph cannot be read, or the handle is read-only. A failure to store an index is not reported.
    pub async fn build_indexes(&self, target: &Target) -> Result<()> {
        self.require_write("storing indexes")?;
        let snapshot = self.snapshot(target.clone()).await?;
        let topology = &self.engine.topology;
        for node in snapshot.catalog().nodes.values() {
            let table = snapshot.table(&TablePath::node(node.table)).await?;
            if topology.needs_persisted_nodes(&table).await {
                topology.nodes(&table).await?;
            }
        }
        for edge in snapshot.catalog().edges.values() {
            let table = snapshot.table(&TablePath::edge(edge.table)).await?;
            if topology.needs_persisted_edges(&table).await {
                snapshot.adjacency(edge).await?;
                // One after the other: each is in memory as a whole until it is stored.
                self.flush_indexes().await;
            }
        }
        self.flush_indexes().await;
        Ok(())
    }

    /// Waits until background writes of persisted indexes are finished.
    pub async fn flush_indexes(&self) {
        self.engine.topology.flush().await;
    }
}
