//! Nodes and edges in memory.

use std::collections::BTreeMap;

use super::value::{Entity, Value};

/// Values by property name; what is null may be left out.
pub type Properties = BTreeMap<String, Value>;

/// An edge.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeRow {
    /// Id of the source.
    pub src: String,
    /// Id of the target.
    pub dst: String,
    /// Values.
    pub properties: Properties,
}

/// A graph: rows by type and id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Nodes by type, then by id.
    pub nodes: BTreeMap<String, BTreeMap<String, Properties>>,
    /// Edges by type, then by id.
    pub edges: BTreeMap<String, BTreeMap<String, EdgeRow>>,
    /// How many ids have been made up, so that the next is another.
    pub(super) minted: u64,
}

impl Graph {
    /// A graph without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All nodes of a type, by id.
    pub(super) fn nodes_of<'a>(&'a self, ty: &'a str) -> impl Iterator<Item = Entity> + 'a {
        let ids = self.nodes.get(ty).into_iter().flatten();
        ids.map(move |(id, _)| Entity { id: id.clone(), ty: ty.to_owned() })
    }

    /// The values of a node.
    pub(super) fn node(&self, node: &Entity) -> Option<&Properties> {
        self.nodes.get(&node.ty)?.get(&node.id)
    }

    /// An edge.
    pub(super) fn edge(&self, edge: &Entity) -> Option<&EdgeRow> {
        self.edges.get(&edge.ty)?.get(&edge.id)
    }
}
