//! What all work on one graph shares.

use omnigraph_log::Log;
use omnigraph_objects::Ambient;

use crate::adjacency::{HopMethod, Storing, Topology};
use crate::error::Result;
use crate::keys::KeyIndexes;
use crate::schema::{CompiledQueries, Schemas};
use crate::search::ColumnIndexes;
use crate::table::Tables;

/// The graph's log, tables and caches. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) log: Log,
    pub(crate) tables: Tables,
    pub(crate) keys: KeyIndexes,
    pub(crate) schemas: Schemas,
    pub(crate) topology: Topology,
    pub(crate) indexes: ColumnIndexes,
    pub(crate) queries: CompiledQueries,
}

impl Shared {
    /// Around an opened log.
    pub(crate) fn new(log: Log, storing: Storing, column_cache_bytes: u64, hops: HopMethod) -> Result<Self> {
        let tables = Tables::new(log.store(), column_cache_bytes)?;
        let topology = Topology::new(log.store(), &tables, storing, hops);
        Ok(Self {
            log,
            tables,
            keys: KeyIndexes::default(),
            schemas: Schemas::default(),
            topology,
            indexes: ColumnIndexes::new(column_cache_bytes),
            queries: CompiledQueries::default(),
        })
    }

    /// Where clock, randomness and ids come from.
    pub(crate) fn ambient(&self) -> &Ambient {
        self.log.store().ambient()
    }
}
