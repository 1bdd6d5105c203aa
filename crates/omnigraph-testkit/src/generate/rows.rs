//! Random rows: cycles, hubs, self-edges, parallel edges, nulls, empty tables, one id in several types.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value as Json, json};

use super::CaseSize;
use super::model::{COLORS, PropertyKind, RandomProperty, RandomSchema};

const TEXTS: [&str; 7] = ["ana", "ben", "Cyd", "", "a b", "été", "10"];

/// Generates lines of the load format.
pub(super) fn rows(rng: &mut StdRng, schema: &RandomSchema, size: CaseSize) -> String {
    let mut lines = Vec::new();
    let mut counts = Vec::new();
    for node in &schema.nodes {
        let count = if rng.random_bool(0.1) { 0 } else { rng.random_range(0..=size.nodes) };
        counts.push(count);
        for index in 0..count {
            let mut data = values(rng, &node.properties);
            data.insert("key".to_owned(), format!("n{index}").into());
            lines.push(json!({ "type": node.name, "data": data }).to_string());
        }
    }
    for edge in &schema.edges {
        let sources = counts.get(edge.from).copied().unwrap_or(0);
        let targets = counts.get(edge.to).copied().unwrap_or(0);
        if sources == 0 || targets == 0 || rng.random_bool(0.1) {
            continue;
        }
        for index in 0..rng.random_range(0..=size.edges) {
            let from = format!("n{}", end(rng, sources));
            // A repeated end makes self-edges and parallel edges likely.
            let to = if rng.random_bool(0.15) { from.clone() } else { format!("n{}", end(rng, targets)) };
            let to = if to[1..].parse::<usize>().is_ok_and(|index| index < targets) { to } else { "n0".to_owned() };
            let mut data = values(rng, &edge.properties);
            data.insert("id".to_owned(), format!("e{index}").into());
            lines.push(json!({ "edge": edge.name, "from": from, "to": to, "data": data }).to_string());
        }
    }
    lines.join("\n") + "\n"
}

/// Returns one of `count` nodes; the first is a hub.
fn end(rng: &mut StdRng, count: usize) -> usize {
    if rng.random_bool(0.3) { 0 } else { rng.random_range(0..count) }
}

pub(super) fn values(rng: &mut StdRng, properties: &[RandomProperty]) -> Map<String, Json> {
    let mut data = Map::new();
    for property in properties {
        if property.nullable && rng.random_bool(0.2) {
            if rng.random_bool(0.5) {
                data.insert(property.name.to_owned(), Json::Null);
            }
            continue;
        }
        data.insert(property.name.to_owned(), value(rng, property.kind));
    }
    data
}

pub(super) fn value(rng: &mut StdRng, kind: PropertyKind) -> Json {
    match kind {
        PropertyKind::Text => text(rng).into(),
        PropertyKind::Color => COLORS.choose(rng).copied().unwrap_or("red").into(),
        PropertyKind::I32 => rng.random_range(-3..=6).into(),
        // Doubles cannot represent all integers above 2^53.
        PropertyKind::I64 if rng.random_bool(0.3) => (9_007_199_254_740_991i64 + rng.random_range(0..4)).into(),
        PropertyKind::I64 => rng.random_range(-3i64..=6).into(),
        // Costs are values of this kind too, and those must not be negative.
        PropertyKind::F32 | PropertyKind::F64 => (f64::from(rng.random_range(0..=20)) / 4.0).into(),
        PropertyKind::Bool => rng.random_bool(0.5).into(),
        PropertyKind::Date => format!("2024-0{}-{:02}", rng.random_range(1..=3), rng.random_range(27..=29)).into(),
        PropertyKind::DateTime => {
            let (day, hour, milli) = (rng.random_range(1..=3), rng.random_range(0..=23), rng.random_range(0..=1) * 250);
            format!("2024-05-0{day}T{hour:02}:00:00.{milli:03}Z").into()
        }
        PropertyKind::Token => format!("token {}", rng.random_range(0..3)).into(),
        PropertyKind::Tags => (0..rng.random_range(0..=3)).map(|_| Json::from(text(rng))).collect(),
    }
}

/// Returns a text that other rows have too.
pub(super) fn text(rng: &mut StdRng) -> &'static str {
    TEXTS.choose(rng).copied().unwrap_or_default()
}
