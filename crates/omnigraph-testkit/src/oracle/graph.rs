//! Nodes and edges in memory.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::ir::ObjectKind;

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

/// What differs between two graphs.
#[must_use]
pub fn changed(before: &Graph, after: &Graph) -> BTreeSet<(ObjectKind, Entity)> {
    let nodes = differing(&before.nodes, &after.nodes).into_iter().map(|entity| (ObjectKind::Node, entity));
    let edges = differing(&before.edges, &after.edges).into_iter().map(|entity| (ObjectKind::Edge, entity));
    nodes.chain(edges).collect()
}

fn differing<R: PartialEq>(
    before: &BTreeMap<String, BTreeMap<String, R>>,
    after: &BTreeMap<String, BTreeMap<String, R>>,
) -> Vec<Entity> {
    let mut found = Vec::new();
    for (one, other) in [(before, after), (after, before)] {
        for (ty, rows) in one {
            let others = other.get(ty);
            let differs = |(id, row): &(&String, &R)| others.and_then(|rows| rows.get(*id)) != Some(*row);
            found.extend(rows.iter().filter(differs).map(|(id, _)| Entity { id: id.clone(), ty: ty.clone() }));
        }
    }
    found
}
