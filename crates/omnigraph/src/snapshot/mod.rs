//! A snapshot: one commit, its schema, and its tables as they were. Nothing that happens later changes it.
//!
//! - `shared` what all work on one graph shares

mod shared;

pub(crate) use shared::Shared;

use std::sync::Arc;

use omnigraph_compiler::catalog::{Accepted, Catalog, EdgeType};
use omnigraph_log::{CommitRecord, TablePath};
use omnigraph_walk::{Adjacency, Side};

use crate::adjacency::Hops;
use crate::error::{Error, Result};
use crate::table::Table;

/// What a snapshot was asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The newest commit of a branch.
    Branch(String),
    /// A commit, by its id or by the name of a tag.
    Commit(String),
    /// The commit that was the newest of a branch at a time, in Unix microseconds by the clocks of the writers.
    Time {
        /// The branch as it is now, whose history is searched.
        branch: String,
        /// The time.
        micros: i64,
    },
}

impl Target {
    /// The branch's name or the commit's id.
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
    pub(crate) shared: Shared,
    target: Target,
    record: Arc<CommitRecord>,
    schema: Arc<Accepted>,
}

impl Snapshot {
    /// The state that `record` pins.
    pub(crate) async fn of(shared: &Shared, target: Target, record: Arc<CommitRecord>) -> Result<Self> {
        let schema = shared.schemas.get(&shared.log, &record.schema).await?;
        Ok(Self { shared: shared.clone(), target, record, schema })
    }

    /// What it was asked for by.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> &Arc<CommitRecord> {
        &self.record
    }

    /// The schema's text as it was accepted.
    #[must_use]
    pub fn schema_source(&self) -> &str {
        &self.schema.source
    }

    /// The schema's meaning.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.schema.catalog
    }

    /// Opens a table.
    pub(crate) async fn table(&self, path: &TablePath) -> Result<Arc<Table>> {
        let pin = self.record.tables.get(path);
        let pin = pin.ok_or_else(|| Error::internal(format!("commit {} pins no table {path}", self.record.commit)))?;
        self.shared.tables.open(path, *pin).await
    }

    /// Who is adjacent to whom over the edges of a type.
    pub(crate) async fn adjacency(&self, edge: &EdgeType) -> Result<Adjacency> {
        let (from, to) = self.ends(edge).await?;
        let table = self.table(&TablePath::edge(edge.table)).await?;
        self.shared.topology.edges(&table, &from, &to).await
    }

    /// Who is adjacent over the edges of a type to nodes of these ids, on these sides of the edges.
    pub(crate) async fn adjacency_at(&self, edge: &EdgeType, sides: &[Side], ids: &[String]) -> Result<Hops> {
        let (from, to) = self.ends(edge).await?;
        let table = self.table(&TablePath::edge(edge.table)).await?;
        self.shared.topology.edges_at(&table, (&from, &to), (sides, ids)).await
    }

    /// The tables at both ends of a type of edges, whose nodes are numbered.
    async fn ends(&self, edge: &EdgeType) -> Result<(TablePath, TablePath)> {
        let topology = &self.shared.topology;
        let path = |node: &str| self.catalog().nodes.get(node).map(|node| TablePath::node(node.table));
        let ends = path(&edge.from).zip(path(&edge.to));
        let (from, to) =
            ends.ok_or_else(|| Error::internal(format!("edge type '{}' connects types that are none", edge.name)))?;
        // Nodes first, in the order of their rows: so all processes give the same numbers, and what one of them has stored
        // another can use as it is.
        for end in [&from, &to] {
            topology.nodes(&self.table(end).await?).await?;
        }
        Ok((from, to))
    }
}

/// One table of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSummary {
    /// The type.
    pub name: String,
    /// Whether it is an edge type.
    pub edge: bool,
    /// Its folder, relative to the graph's root.
    pub path: TablePath,
    /// Its version and rows.
    pub pin: omnigraph_log::TablePin,
}

impl Snapshot {
    /// Every table, by name of its type.
    #[must_use]
    pub fn tables(&self) -> Vec<TableSummary> {
        let catalog = self.catalog();
        let nodes = catalog.nodes.values().map(|node| (node.name.clone(), false, TablePath::node(node.table)));
        let edges = catalog.edges.values().map(|edge| (edge.name.clone(), true, TablePath::edge(edge.table)));
        let pinned = nodes.chain(edges).filter_map(|(name, edge, path)| {
            let pin = *self.record.tables.get(&path)?;
            Some(TableSummary { name, edge, path, pin })
        });
        let mut tables: Vec<_> = pinned.collect();
        tables.sort_by(|a, b| a.name.cmp(&b.name).then(a.edge.cmp(&b.edge)));
        tables
    }
}
