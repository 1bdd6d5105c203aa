//! The services behind all handles of one graph: its history, tables, indexes and caches.

use omnigraph_history::GraphLog;
use omnigraph_storage::Env;

use crate::error::Result;
use crate::index::key::KeyIndexCache;
use crate::index::topology::{TopologyIndex, TraversalMethod};
use crate::index::{ColumnIndexCache, PersistMode};
use crate::snapshot::schema::{CompiledQueries, SchemaCache};
use crate::table::Tables;

/// The history, tables, indexes and caches of a graph. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) log: GraphLog,
    pub(crate) tables: Tables,
    pub(crate) keys: KeyIndexCache,
    pub(crate) schemas: SchemaCache,
    pub(crate) topology: TopologyIndex,
    pub(crate) indexes: ColumnIndexCache,
    pub(crate) queries: CompiledQueries,
}

impl Engine {
    /// Returns the engine of an opened history.
    pub(crate) fn new(
        log: GraphLog,
        storing: PersistMode,
        column_cache_bytes: u64,
        traversal: TraversalMethod,
    ) -> Result<Self> {
        let tables = Tables::new(log.store(), column_cache_bytes)?;
        let topology = TopologyIndex::new(log.store(), &tables, storing, traversal);
        Ok(Self {
            log,
            tables,
            keys: KeyIndexCache::default(),
            schemas: SchemaCache::default(),
            topology,
            indexes: ColumnIndexCache::new(column_cache_bytes),
            queries: CompiledQueries::default(),
        })
    }

    /// Returns the source of time, randomness and ids.
    pub(crate) fn env(&self) -> &Env {
        self.log.store().env()
    }
}
