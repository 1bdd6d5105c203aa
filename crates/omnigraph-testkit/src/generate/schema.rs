//! Random types.

use rand::Rng;
use rand::rngs::StdRng;

use super::model::{EDGE_PROPERTIES, EdgeType, NODE_PROPERTIES, NodeKey, NodeType, Property, Schema};

const NODES: [&str; 4] = ["Alpha", "Beta", "Gamma", "Delta"];
const EDGES: [(&str, &str); 5] =
    [("Knows", "knows"), ("Likes", "likes"), ("Owns", "owns"), ("NextTo", "nextTo"), ("Feeds", "feeds")];

/// Two to four node types, at least one of them `Named`, and two to five edge types, the first from a type to itself.
pub(super) fn schema(rng: &mut StdRng) -> Schema {
    let count = rng.random_range(2..=NODES.len());
    let nodes: Vec<NodeType> =
        NODES.iter().take(count).enumerate().map(|(index, name)| node(rng, index, name)).collect();
    let edge_count = rng.random_range(2..=EDGES.len());
    let edges = EDGES.iter().take(edge_count).enumerate().map(|(index, (name, traversal))| {
        let from = rng.random_range(0..count);
        let to = if index == 0 || rng.random_bool(0.4) { from } else { rng.random_range(0..count) };
        let properties = some(rng, &EDGE_PROPERTIES, 0.6);
        EdgeType { name, traversal, from, to, properties, keyed: false, header: Vec::new(), rules: Vec::new() }
    });
    let edges = edges.collect();
    Schema { nodes, edges }
}

fn node(rng: &mut StdRng, index: usize, name: &'static str) -> NodeType {
    let named = index == 0 || rng.random_bool(0.5);
    let mut properties = some(rng, &NODE_PROPERTIES, 0.6);
    if named {
        properties.retain(|property| !matches!(property.name, "label" | "score"));
        properties.extend(NODE_PROPERTIES.iter().take(2));
    }
    NodeType { name, named, key: NodeKey::Single, properties, rules: Vec::new() }
}

fn some(rng: &mut StdRng, all: &[Property], share: f64) -> Vec<Property> {
    all.iter().filter(|_| rng.random_bool(share)).copied().collect()
}
