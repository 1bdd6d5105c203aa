//! The tables that a query reads, opened once each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::ir::TypeRef;
use omnigraph_compiler::types::Scalar;
use omnigraph_log::TablePath;
use omnigraph_walk::Side;

use crate::adjacency::{Hops, NodeRows, Ordinals};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::table::{RowAddress, Table};

/// The nodes of a type.
#[derive(Debug)]
pub(super) struct Nodes {
    /// The index of the type among the node types of the catalogue.
    pub(super) space: u16,
    /// The type's name.
    pub(super) name: String,
    /// The table.
    pub(super) table: Arc<Table>,
    /// Where the rows are.
    pub(super) rows: Arc<NodeRows>,
    /// The numbers of ids.
    pub(super) ordinals: Arc<Ordinals>,
    /// What a whole node shows.
    pub(super) shown: Vec<Shown>,
}

/// The rows of a type, known by their addresses: edges, or nodes that nothing connects.
#[derive(Debug)]
pub(super) struct Rows {
    /// The type's name.
    pub(super) name: String,
    /// Whether they are edges.
    pub(super) edge: bool,
    /// The table.
    pub(super) table: Arc<Table>,
    /// What a whole node or edge shows.
    pub(super) shown: Vec<Shown>,
}

/// A property that a whole node or edge shows.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// Its name.
    pub(super) name: String,
    /// Whether its text is JSON.
    pub(super) json: bool,
}

/// Nodes or edges of one or several types.
#[derive(Clone, Debug)]
pub(super) enum Entities {
    /// Nodes by number, ascending by space.
    Nodes(Vec<Arc<Nodes>>),
    /// Edges, or nodes that nothing connects, by the addresses of their rows.
    Rows(Vec<Arc<Rows>>),
}

impl Entities {
    /// The columns of the first type's table.
    pub(super) fn schema(&self) -> Option<&arrow::datatypes::SchemaRef> {
        match self {
            Self::Nodes(nodes) => nodes.first().map(|nodes| nodes.table.schema()),
            Self::Rows(rows) => rows.first().map(|rows| rows.table.schema()),
        }
    }
}

/// The number of a node.
pub(super) const fn node_ref(space: u16, ordinal: u32) -> u64 {
    ((space as u64) << 32) | ordinal as u64
}

/// The index of a node's type.
pub(super) fn space_of(node: u64) -> u16 {
    u16::try_from(node >> 32).unwrap_or(u16::MAX)
}

/// The ordinal of a node.
pub(super) fn ordinal_of(node: u64) -> u32 {
    u32::try_from(node & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

impl Nodes {
    /// The node of that id, if it is there.
    pub(super) fn find(&self, id: &str) -> Option<u64> {
        let ordinal = self.ordinals.get(id)?;
        (self.rows.address(ordinal) != RowAddress::NONE).then(|| node_ref(self.space, ordinal))
    }
}

/// What a query reads of a snapshot.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) snapshot: Snapshot,
    nodes: BTreeMap<String, Arc<Nodes>>,
    edges: BTreeMap<String, Arc<Rows>>,
}

impl Graph {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        Self { snapshot, nodes: BTreeMap::new(), edges: BTreeMap::new() }
    }

    /// The index of a node type.
    pub(super) fn space(&self, name: &str) -> Result<u16> {
        let index = self.snapshot.catalog().nodes.keys().position(|known| known == name);
        index.and_then(|index| u16::try_from(index).ok()).ok_or_else(|| unknown(name))
    }

    /// The number of node types.
    pub(super) fn spaces(&self) -> usize {
        self.snapshot.catalog().nodes.len()
    }

    /// The rows of a type, from the pin.
    pub(super) fn count(&self, name: &str) -> u64 {
        let catalog = self.snapshot.catalog();
        let node = catalog.nodes.get(name).map(|node| TablePath::node(node.table));
        let path = node.or_else(|| catalog.edges.get(name).map(|edge| TablePath::edge(edge.table)));
        path.and_then(|path| self.snapshot.commit().tables.get(&path).map(|pin| pin.rows)).unwrap_or_default()
    }

    /// The nodes of a type.
    pub(super) async fn nodes(&mut self, name: &str) -> Result<Arc<Nodes>> {
        if let Some(nodes) = self.nodes.get(name) {
            return Ok(Arc::clone(nodes));
        }
        let ty = self.snapshot.catalog().nodes.get(name).ok_or_else(|| unknown(name))?;
        let table = self.snapshot.table(&TablePath::node(ty.table)).await?;
        let topology = &self.snapshot.shared.topology;
        let nodes = Arc::new(Nodes {
            space: self.space(name)?,
            name: name.to_owned(),
            rows: topology.nodes(&table).await?,
            ordinals: topology.ordinals(table.path()),
            table,
            shown: shown(&ty.properties),
        });
        self.nodes.insert(name.to_owned(), Arc::clone(&nodes));
        Ok(nodes)
    }

    /// The edges of a type.
    pub(super) async fn edges(&mut self, name: &str) -> Result<Arc<Rows>> {
        if let Some(edges) = self.edges.get(name) {
            return Ok(Arc::clone(edges));
        }
        let ty = self.snapshot.catalog().edges.get(name).ok_or_else(|| unknown(name))?;
        let table = self.snapshot.table(&TablePath::edge(ty.table)).await?;
        let edges = Arc::new(Rows { name: name.to_owned(), edge: true, table, shown: shown(&ty.properties) });
        self.edges.insert(name.to_owned(), Arc::clone(&edges));
        Ok(edges)
    }

    /// Nodes of several types.
    pub(super) async fn node_entities(&mut self, types: &[TypeRef]) -> Result<Entities> {
        let mut nodes = Vec::with_capacity(types.len());
        for ty in types {
            nodes.push(self.nodes(&ty.name).await?);
        }
        nodes.sort_by_key(|nodes| nodes.space);
        Ok(Entities::Nodes(nodes))
    }

    /// Nodes of several types that nothing connects: their tables are all that is needed.
    pub(super) async fn plain_nodes(&mut self, types: &[TypeRef]) -> Result<Entities> {
        let mut rows = Vec::with_capacity(types.len());
        for TypeRef { name, .. } in types {
            let ty = self.snapshot.catalog().nodes.get(name).ok_or_else(|| unknown(name))?;
            let table = self.snapshot.table(&TablePath::node(ty.table)).await?;
            rows.push(Arc::new(Rows { name: name.clone(), edge: false, table, shown: shown(&ty.properties) }));
        }
        Ok(Entities::Rows(rows))
    }

    /// Nodes of the types at these indexes.
    pub(super) async fn all_nodes(&mut self, spaces: impl IntoIterator<Item = u16>) -> Result<Entities> {
        let spaces: BTreeSet<u16> = spaces.into_iter().collect();
        let names: Vec<String> = self
            .snapshot
            .catalog()
            .nodes
            .keys()
            .enumerate()
            .filter(|(index, _)| u16::try_from(*index).is_ok_and(|index| spaces.contains(&index)))
            .map(|(_, name)| name.clone())
            .collect();
        let mut nodes = Vec::with_capacity(names.len());
        for name in names {
            nodes.push(self.nodes(&name).await?);
        }
        Ok(Entities::Nodes(nodes))
    }

    /// Edges of several types.
    pub(super) async fn edge_entities(&mut self, types: &[TypeRef]) -> Result<Entities> {
        let mut edges = Vec::with_capacity(types.len());
        for ty in types {
            edges.push(self.edges(&ty.name).await?);
        }
        Ok(Entities::Rows(edges))
    }

    /// The types at both ends of a type of edges.
    pub(super) fn ends(&self, name: &str) -> Result<(u16, u16)> {
        let ty = self.snapshot.catalog().edges.get(name).ok_or_else(|| unknown(name))?;
        Ok((self.space(&ty.from)?, self.space(&ty.to)?))
    }

    /// Who is adjacent to whom over the edges of a type; `at` are sides, and the ids of the only nodes on them that
    /// matter.
    pub(super) async fn adjacency(&self, name: &str, at: Option<(&[Side], &[String])>) -> Result<Hops> {
        let ty = self.snapshot.catalog().edges.get(name).ok_or_else(|| unknown(name))?;
        match at {
            Some((sides, ids)) => self.snapshot.adjacency_at(ty, sides, ids).await,
            None => Ok(Hops { adjacency: self.snapshot.adjacency(ty).await?, by_ends: false }),
        }
    }
}

/// The properties that a whole node or edge shows: all but blobs and vectors.
pub(super) fn shown(properties: &[Property]) -> Vec<Shown> {
    let plain = properties.iter().filter(|property| !matches!(property.ty.scalar, Scalar::Blob | Scalar::Vector(_)));
    plain.map(|property| Shown { name: property.name.clone(), json: property.ty.scalar == Scalar::Json }).collect()
}

fn unknown(name: &str) -> Error {
    Error::internal(format!("type '{name}' is not in the catalogue"))
}
