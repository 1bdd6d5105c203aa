//! Random constraints for random types: composite keys, missing keys, required values, defaults, uniqueness, bounds,
//! cardinality, restricted deletion.

use rand::Rng;
use rand::rngs::StdRng;

use super::model::{NodeKey, PropertyKind, RandomEdgeType, RandomNodeType, RandomProperty, RandomSchema};

/// A property that no row sets.
const TOKEN: RandomProperty =
    RandomProperty { name: "token", kind: PropertyKind::Token, nullable: true, default: Some("uuid()") };

/// Adds constraints to a schema without any.
pub(super) fn add(rng: &mut StdRng, schema: &mut RandomSchema) {
    for node in &mut schema.nodes {
        add_node_rules(rng, node);
    }
    for edge in &mut schema.edges {
        add_edge_rules(rng, edge);
    }
}

fn add_node_rules(rng: &mut StdRng, node: &mut RandomNodeType) {
    node.key = match rng.random_range(0..6) {
        0 => NodeKey::Composite,
        1 => NodeKey::None,
        _ => NodeKey::Single,
    };
    for property in &mut node.properties {
        // Properties of the interface keep their declaration.
        if !matches!(property.name, "label" | "score") {
            harden(rng, property);
        }
    }
    if rng.random_bool(0.3) {
        node.properties.push(TOKEN);
    }
    let has = |name: &str| node.properties.iter().any(|property| property.name == name);
    let candidates = [
        ("score", "@range(score, -2..5)"),
        ("score", "@unique(score)"),
        ("label", "@check(label, \"^[A-Za-zé ]*$\")"),
        ("day", "@unique(day)"),
        ("ratio", "@range(ratio, 0.25..)"),
        ("weight", "@range(weight, ..4.5)"),
        ("big", "@unique(big)"),
    ];
    let chosen = candidates.into_iter().filter(|(name, _)| has(name) && rng.random_bool(0.25)).map(|(_, rule)| rule);
    let mut rules: Vec<String> = chosen.map(str::to_owned).collect();
    if has("label") && has("flag") && rng.random_bool(0.3) {
        rules.push("@unique(label, flag)".to_owned());
    }
    node.rules = rules;
}

fn add_edge_rules(rng: &mut StdRng, edge: &mut RandomEdgeType) {
    for property in edge.properties.iter_mut().filter(|property| property.name != "cost") {
        harden(rng, property);
    }
    edge.keyed = rng.random_bool(0.4);
    if edge.properties.iter().any(|property| property.name == "cost") {
        // The cheapest path adds up costs, and they may not be negative.
        edge.rules.push("@range(cost, 0..)".to_owned());
    }
    if edge.keyed {
        edge.rules.push(if edge.has_level() { "@key(@src, @dst, level)" } else { "@key(@src, @dst)" }.to_owned());
    } else if rng.random_bool(0.2) {
        edge.rules.push("@unique(src, dst)".to_owned());
    }
    edge.header = match rng.random_range(0..10) {
        0 => vec!["@card(0..2)"],
        1 => vec!["@card(1..)"],
        2 => vec!["@card_in(0..2)"],
        3 => vec!["@card(0..3)", "@card_in(1..3)"],
        _ => Vec::new(),
    };
    if rng.random_bool(0.2) {
        edge.header.push("@on_delete(restrict)");
    }
}

/// Forbids null or adds a default, at random.
fn harden(rng: &mut StdRng, property: &mut RandomProperty) {
    property.nullable = rng.random_bool(0.7);
    let default = match property.kind {
        PropertyKind::Text => "\"usual\"",
        PropertyKind::Color => "\"green\"",
        PropertyKind::I32 | PropertyKind::I64 => "2",
        PropertyKind::F32 | PropertyKind::F64 => "1.5",
        PropertyKind::Bool => "true",
        PropertyKind::Date => "date(\"2024-02-02\")",
        PropertyKind::DateTime => "now()",
        PropertyKind::Tags | PropertyKind::Token => return,
    };
    property.default = rng.random_bool(0.3).then_some(default);
}

impl RandomEdgeType {
    /// Returns true if it has a `level` that is never null.
    pub(super) fn has_level(&self) -> bool {
        self.properties.iter().any(|property| property.name == "level" && !property.nullable)
    }
}
