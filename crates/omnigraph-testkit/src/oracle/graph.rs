//! Nodes and edges in memory.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::ir::ObjectKind;

use super::value::{EntityRef, OracleValue};

/// Values by property name; nulls may be left out.
pub type PropertyValues = BTreeMap<String, OracleValue>;

/// An edge.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeRow {
    /// Id of the source.
    pub src: String,
    /// Id of the target.
    pub dst: String,
    /// Values.
    pub properties: PropertyValues,
}

/// A graph: rows by type and id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OracleGraph {
    /// Nodes by type, then by id.
    pub nodes: BTreeMap<String, BTreeMap<String, PropertyValues>>,
    /// Edges by type, then by id.
    pub edges: BTreeMap<String, BTreeMap<String, EdgeRow>>,
    /// Number of generated ids, so that the next one differs.
    pub(super) minted: u64,
}

impl OracleGraph {
    /// Creates a graph without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Yields all nodes of a type, by id.
    pub(super) fn nodes_of<'a>(&'a self, ty: &'a str) -> impl Iterator<Item = EntityRef> + 'a {
        let ids = self.nodes.get(ty).into_iter().flatten();
        ids.map(move |(id, _)| EntityRef { id: id.clone(), ty: ty.to_owned() })
    }

    /// Returns the values of a node.
    pub(super) fn node(&self, node: &EntityRef) -> Option<&PropertyValues> {
        self.nodes.get(&node.ty)?.get(&node.id)
    }

    /// Returns an edge.
    pub(super) fn edge(&self, edge: &EntityRef) -> Option<&EdgeRow> {
        self.edges.get(&edge.ty)?.get(&edge.id)
    }
}

/// Returns the entities in which two graphs differ.
#[must_use]
pub fn changed(before: &OracleGraph, after: &OracleGraph) -> BTreeSet<(ObjectKind, EntityRef)> {
    let nodes = differing(&before.nodes, &after.nodes).into_iter().map(|entity| (ObjectKind::Node, entity));
    let edges = differing(&before.edges, &after.edges).into_iter().map(|entity| (ObjectKind::Edge, entity));
    nodes.chain(edges).collect()
}

fn differing<R: PartialEq>(
    before: &BTreeMap<String, BTreeMap<String, R>>,
    after: &BTreeMap<String, BTreeMap<String, R>>,
) -> Vec<EntityRef> {
    let mut found = Vec::new();
    for (one, other) in [(before, after), (after, before)] {
        for (ty, rows) in one {
            let others = other.get(ty);
            let differs = |(id, row): &(&String, &R)| others.and_then(|rows| rows.get(*id)) != Some(*row);
            found.extend(rows.iter().filter(differs).map(|(id, _)| EntityRef { id: id.clone(), ty: ty.clone() }));
        }
    }
    found
}
