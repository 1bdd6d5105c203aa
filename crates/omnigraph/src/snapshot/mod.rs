//! Snapshots: one commit, its schema, and its tables at their pinned versions. Later writes do not change a snapshot.
//!
//! - `commit` commits as callers see them
//! - `engine` the services behind all handles of one graph
//! - `schema` accepted schemas and compiled queries, cached

mod commit;
mod engine;
pub(crate) mod schema;

pub use commit::Commit;
pub(crate) use engine::Engine;

use std::sync::Arc;

use omnigraph_compiler::catalog::{AcceptedSchema, Catalog, EdgeType};
use omnigraph_history::{CommitId, CommitRecord, TablePath};
use omnigraph_traversal::Adjacency;

use self::schema::{PreparedQuery, QueryText};
use crate::error::{Error, Result};
use crate::index::ColumnIndexCache;
use crate::index::topology::{AdjacencyLookup, EndpointFilter, NodeOrdinals, NodeRows};
use crate::table::Table;

/// The name of a state of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The newest commit of a branch.
    Branch(String),
    /// A commit, by its id or by the name of a tag.
    Commit(String),
    /// The newest commit of a branch at a time, in Unix microseconds by the clocks of the writers.
    Time {
        /// The branch, whose history is searched.
        branch: String,
        /// The time.
        micros: i64,
    },
}

impl Target {
    /// Returns the name of the branch, or the id or tag of the commit.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Branch(name) | Self::Time { branch: name, .. } => name,
            Self::Commit(id) => id,
        }
    }
}

/// One state of a graph. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) engine: Engine,
    target: Target,
    record: Arc<CommitRecord>,
    schema: Arc<AcceptedSchema>,
}

impl Snapshot {
    /// Opens the state that `record` pins.
    pub(crate) async fn open(engine: &Engine, target: Target, record: Arc<CommitRecord>) -> Result<Self> {
        let schema = engine.schemas.get(&engine.log, &record.schema).await?;
        Ok(Self { engine: engine.clone(), target, record, schema })
    }

    /// Returns the target it was opened by.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns the commit.
    #[must_use]
    pub fn commit(&self) -> Commit {
        Arc::clone(&self.record).into()
    }

    /// Returns the record of the commit.
    pub(crate) fn record(&self) -> &Arc<CommitRecord> {
        &self.record
    }

    /// Returns the text of the schema as it was accepted.
    #[must_use]
    pub fn schema_source(&self) -> &str {
        &self.schema.source
    }

    /// Returns the catalog of the schema.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.schema.catalog
    }

    /// Opens a table.
    pub(crate) async fn table(&self, path: &TablePath) -> Result<Arc<Table>> {
        let pin = self.record.tables.get(path);
        let pin = pin.ok_or_else(|| Error::internal(format!("commit {} pins no table {path}", self.record.commit)))?;
        self.engine.tables.open(path, *pin).await
    }

    /// Opens the state of a commit.
    pub(crate) async fn at_commit(&self, id: CommitId) -> Result<Self> {
        let record = self.engine.log.commit_by_id(id).await?;
        Self::open(&self.engine, Target::Commit(id.to_string()), record).await
    }

    /// Compiles a query against the schema, or returns it from the cache.
    pub(crate) fn compile_query(&self, query: QueryText<'_>) -> Result<Arc<PreparedQuery>> {
        self.engine.queries.get(&self.record.schema, self.catalog(), query)
    }

    /// Returns the current time in Unix milliseconds.
    pub(crate) fn now_millis(&self) -> i64 {
        self.engine.env().now_millis()
    }

    /// Returns the indexes of text and vector columns.
    pub(crate) fn column_indexes(&self) -> &ColumnIndexCache {
        &self.engine.indexes
    }

    /// Returns the ordinals of the ids of a node table.
    pub(crate) fn node_ordinals(&self, table: &TablePath) -> Arc<NodeOrdinals> {
        self.engine.topology.ordinals(table)
    }

    /// Returns the row addresses of the nodes of a table, by ordinal.
    pub(crate) async fn node_rows(&self, table: &Arc<Table>) -> Result<Arc<NodeRows>> {
        self.engine.topology.nodes(table).await
    }

    /// Returns the adjacency of all edges of a type.
    pub(crate) async fn adjacency(&self, edge: &EdgeType) -> Result<Adjacency> {
        let (from, to) = self.ends(edge).await?;
        let table = self.table(&TablePath::edge(edge.table)).await?;
        self.engine.topology.adjacency(&table, &from, &to).await
    }

    /// Returns the adjacency of an edge type, or at least its edges at some endpoints.
    pub(crate) async fn adjacency_at(&self, edge: &EdgeType, filter: EndpointFilter<'_>) -> Result<AdjacencyLookup> {
        let (from, to) = self.ends(edge).await?;
        let table = self.table(&TablePath::edge(edge.table)).await?;
        self.engine.topology.adjacency_at(&table, &from, &to, filter).await
    }

    /// Returns the tables of both endpoint types. Their nodes have ordinals afterwards.
    async fn ends(&self, edge: &EdgeType) -> Result<(TablePath, TablePath)> {
        let topology = &self.engine.topology;
        let path = |node: &str| self.catalog().nodes.get(node).map(|node| TablePath::node(node.table));
        let ends = path(&edge.from).zip(path(&edge.to));
        let (from, to) =
            ends.ok_or_else(|| Error::internal(format!("edge type '{}' connects types that do not exist", edge.name)))?;
        // Nodes first, in row order: all processes assign the same ordinals, and each can use what another has stored.
        for end in [&from, &to] {
            topology.nodes(&self.table(end).await?).await?;
        }
        Ok((from, to))
    }
}

/// One table of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSummary {
    /// The name of the type.
    pub name: String,
    /// Reports an edge type.
    pub edge: bool,
    /// The folder of its Lance dataset, relative to the root of the graph.
    pub path: String,
    /// The pinned Lance version.
    pub version: u64,
    /// Live rows.
    pub rows: u64,
}

impl Snapshot {
    /// Returns every table, by name of its type.
    #[must_use]
    pub fn tables(&self) -> Vec<TableSummary> {
        let catalog = self.catalog();
        let nodes = catalog.nodes.values().map(|node| (node.name.clone(), false, TablePath::node(node.table)));
        let edges = catalog.edges.values().map(|edge| (edge.name.clone(), true, TablePath::edge(edge.table)));
        let pinned = nodes.chain(edges).filter_map(|(name, edge, path)| {
            let pin = *self.record.tables.get(&path)?;
            let path = path.as_str().to_owned();
            Some(TableSummary { name, edge, path, version: pin.version, rows: pin.rows })
        });
        let mut tables: Vec<_> = pinned.collect();
        tables.sort_by(|a, b| a.name.cmp(&b.name).then(a.edge.cmp(&b.edge)));
        tables
    }
}

/// Rows of one type that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSummary {
    /// The name of the type.
    pub name: String,
    /// Reports an edge type.
    pub edge: bool,
    /// Inserted rows.
    pub inserted: u64,
    /// Replaced rows.
    pub updated: u64,
    /// Deleted rows.
    pub deleted: u64,
}

impl Snapshot {
    /// Returns the number of rows that the commit changed, by type. Types without a change are left out.
    #[must_use]
    pub fn change_summary(&self) -> Vec<ChangeSummary> {
        let changed = self.tables().into_iter().filter_map(|table| {
            let path = TablePath::try_from(table.path).ok()?;
            let change = self.record.changes.get(&path)?;
            let (inserted, updated, deleted) = (change.inserted, change.updated, change.deleted);
            Some(ChangeSummary { name: table.name, edge: table.edge, inserted, updated, deleted })
        });
        changed.collect()
    }
}
