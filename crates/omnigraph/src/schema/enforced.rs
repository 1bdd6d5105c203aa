//! Which rules of a schema this build can keep. A rule that is declared and not kept would be a lie, so a schema that
//! declares one is refused.

use omnigraph_compiler::catalog::{Cardinality, Catalog, EdgeType, NodeType};

use crate::error::{Error, Result};

/// Refuses a schema with a rule that writes are not checked against.
pub(crate) fn refuse_unenforced(catalog: &Catalog) -> Result<()> {
    let nodes = catalog.nodes.values().filter_map(of_node);
    let edges = catalog.edges.values().filter_map(of_edge);
    match nodes.chain(edges).next() {
        None => Ok(()),
        Some(rule) => Err(Error::Unsupported { what: format!("a schema that declares {rule}") }),
    }
}

fn of_node(node: &NodeType) -> Option<String> {
    let unique = node.uniques.iter().find(|unique| node.key.as_ref() != Some(&unique.properties))?;
    Some(format!("@unique({}) on node type '{}'", unique.properties.join(", "), node.name))
}

fn of_edge(edge: &EdgeType) -> Option<String> {
    let name = &edge.name;
    if let Some(unique) = edge.uniques.first() {
        return Some(format!("@unique({}) on edge type '{name}'", unique.properties.join(", ")));
    }
    if edge.key.is_some() {
        return Some(format!("@key on edge type '{name}'"));
    }
    let counted = |card: Cardinality| card.min > 0 || card.max.is_some();
    if counted(edge.card) {
        return Some(format!("@card on edge type '{name}'"));
    }
    counted(edge.card_in).then(|| format!("@card_in on edge type '{name}'"))
}
