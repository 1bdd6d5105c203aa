//! What the next process need not derive again.

use omnigraph_log::TablePath;

use super::Omnigraph;
use crate::error::Result;
use crate::snapshot::Target;

impl Omnigraph {
    /// Derives what questions to `target` would, as far as it is worth being stored, and stores it for processes to come. A
    /// handle that stays open does so by and by, in the background.
    ///
    /// # Errors
    ///
    /// If the graph cannot be read, or is open for reading only. That something could not be stored is no error: nobody relies
    /// on it.
    pub async fn store_derived(&self, target: &Target) -> Result<()> {
        self.may_write("storing what is derived")?;
        let snapshot = self.snapshot(target.clone()).await?;
        let topology = &self.shared.topology;
        for node in snapshot.catalog().nodes.values() {
            let table = snapshot.table(&TablePath::node(node.table)).await?;
            if topology.wants_nodes(&table).await {
                topology.nodes(&table).await?;
            }
        }
        for edge in snapshot.catalog().edges.values() {
            let table = snapshot.table(&TablePath::edge(edge.table)).await?;
            if topology.wants_edges(&table).await {
                snapshot.adjacency(edge).await?;
                // One after the other: each is in memory as a whole until it is stored.
                self.settle_derived().await;
            }
        }
        self.settle_derived().await;
        Ok(())
    }

    /// Waits until nothing is being stored in the background.
    pub async fn settle_derived(&self) {
        self.shared.topology.settle().await;
    }
}
