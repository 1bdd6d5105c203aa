//! The rules of a schema, judged on whole graphs: values, uniqueness, ends of edges, cardinality, in this order.
//!
//! Only cardinality needs to know what was there before: it is judged for the ends whose edges changed.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::catalog::{
    Cardinality, Catalog, Check, EdgeType, NodeType, Number, OnDelete, Property, Range, Unique,
};
use regex::Regex;

use super::arithmetic::compare_numbers;
use super::graph::{EdgeRow, Graph, Properties};
use super::identity::canonical;
use super::value::{Entity, Value};

/// What kind of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A value that must be there.
    Null,
    /// The words of an enum.
    Enum,
    /// `@range`.
    Range,
    /// `@check`.
    Check,
    /// A part of a key that no id can be made of.
    Key,
    /// `@unique`.
    Unique,
    /// An edge has both its ends.
    End,
    /// `@on_delete(restrict)`.
    Restrict,
    /// `@card` and `@card_in`.
    Cardinality,
}

/// A rule that a graph breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) rule: Rule,
    pub(super) message: String,
}

fn broken(rule: Rule, message: String) -> Result<(), Broken> {
    Err(Broken { rule, message })
}

/// Judges `after`, which a write makes of `before`.
pub(super) fn judge(catalog: &Catalog, before: &Graph, after: &Graph) -> Result<(), Broken> {
    for node in catalog.nodes.values() {
        rows(&after.nodes, &node.name).try_for_each(|(_, row)| of_node(node, row))?;
    }
    for edge in catalog.edges.values() {
        rows(&after.edges, &edge.name).try_for_each(|(_, row)| of_edge(edge, &row.properties))?;
    }
    for node in catalog.nodes.values() {
        let of = |row: &Properties, name: &str| row.get(name).and_then(canonical);
        node.uniques.iter().try_for_each(|rule| unique(&node.name, rule, rows(&after.nodes, &node.name), of))?;
    }
    for edge in catalog.edges.values() {
        let of = |row: &EdgeRow, name: &str| match name {
            "src" => Some(row.src.clone()),
            "dst" => Some(row.dst.clone()),
            name => row.properties.get(name).and_then(canonical),
        };
        edge.uniques.iter().try_for_each(|rule| unique(&edge.name, rule, rows(&after.edges, &edge.name), of))?;
    }
    catalog.edges.values().try_for_each(|edge| ends(edge, before, after))?;
    catalog.edges.values().try_for_each(|edge| cardinalities(edge, before, after))
}

/// The rows of a type.
fn rows<'a, R>(
    types: &'a BTreeMap<String, BTreeMap<String, R>>,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a R)> + use<'a, R> {
    types.get(name).into_iter().flatten()
}

/// Judges the values of a node.
pub(super) fn of_node(node: &NodeType, row: &Properties) -> Result<(), Broken> {
    values(&node.name, &node.properties, (&node.ranges, &node.checks), row)
}

/// Judges the values of an edge.
pub(super) fn of_edge(edge: &EdgeType, row: &Properties) -> Result<(), Broken> {
    values(&edge.name, &edge.properties, (&edge.ranges, &edge.checks), row)
}

fn values(
    ty: &str,
    properties: &[Property],
    (ranges, checks): (&[Range], &[Check]),
    row: &Properties,
) -> Result<(), Broken> {
    let value = |name: &str| row.get(name).unwrap_or(&Value::Null);
    for Property { name, ty: declared, .. } in properties {
        if value(name).is_null() && !declared.nullable {
            return broken(Rule::Null, format!("{ty}.{name} is non-nullable and cannot be null"));
        }
        let words = declared.enum_values.as_deref().unwrap_or_default();
        let given = match value(name) {
            Value::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for word in given {
            if let Value::Text(word) = word
                && !words.is_empty()
                && !words.contains(word)
            {
                let expected = words.join(", ");
                let message = format!("invalid enum value '{word}' for {ty}.{name} (expected: {expected})");
                return broken(Rule::Enum, message);
            }
        }
    }
    for Range { property, min, max, .. } in ranges {
        let number = value(property);
        let outside = |bound: &Number, wrong: std::cmp::Ordering| {
            compare_numbers(number, &bound_of(*bound)).is_none_or(|order| order == wrong)
        };
        let below = min.is_some_and(|min| outside(&min, std::cmp::Ordering::Less));
        let above = max.is_some_and(|max| outside(&max, std::cmp::Ordering::Greater));
        if !number.is_null() && (below || above) {
            return broken(Rule::Range, format!("@range violation on {ty}.{property}"));
        }
    }
    for Check { property, pattern, .. } in checks {
        // The catalogue has judged the pattern.
        if let (Value::Text(text), Ok(regex)) = (value(property), Regex::new(pattern))
            && !regex.is_match(text)
        {
            return broken(Rule::Check, format!("@check violation on {ty}.{property}: \"{text}\" and {pattern}"));
        }
    }
    Ok(())
}

const fn bound_of(bound: Number) -> Value {
    match bound {
        Number::Integer(value) => Value::Integer(value as i128),
        Number::Float(value) => Value::F64(value),
    }
}

/// No two rows share the tuple; one with a null in it shares none.
fn unique<'a, R: 'a>(
    ty: &str,
    rule: &Unique,
    rows: impl Iterator<Item = (&'a String, &'a R)>,
    text: impl Fn(&R, &str) -> Option<String>,
) -> Result<(), Broken> {
    let mut names = rule.properties.clone();
    names.sort();
    let mut seen: BTreeMap<Vec<String>, &String> = BTreeMap::new();
    for (id, row) in rows {
        let Some(tuple) = names.iter().map(|name| text(row, name)).collect::<Option<Vec<_>>>() else { continue };
        if let Some(first) = seen.insert(tuple.clone(), id) {
            let several = |parts: &[String]| match parts {
                [single] => single.clone(),
                parts => format!("({})", parts.join(", ")),
            };
            let (column, value) = (several(&names), several(&tuple));
            let message = format!("@unique violation on {ty}.{column}: value '{value}' held by '{first}' and '{id}'");
            return broken(Rule::Unique, message);
        }
    }
    Ok(())
}

fn ends(edge: &EdgeType, before: &Graph, after: &Graph) -> Result<(), Broken> {
    for (id, row) in rows(&after.edges, &edge.name) {
        for (end, ty, node) in [("src", &edge.from, &row.src), ("dst", &edge.to, &row.dst)] {
            let node = Entity { id: node.clone(), ty: ty.clone() };
            if after.node(&node).is_some() {
                continue;
            }
            if edge.on_delete == OnDelete::Restrict && before.node(&node).is_some() {
                let edge = &edge.name;
                let message =
                    format!("{ty} '{}' cannot go: {end} of {edge} '{id}', which says @on_delete(restrict)", node.id);
                return broken(Rule::Restrict, message);
            }
            return broken(Rule::End, format!("{end} '{}' not found in {ty}", node.id));
        }
    }
    Ok(())
}

/// The number of edges of every end that gained, lost or kept a changed one, if it still exists.
fn cardinalities(edge: &EdgeType, before: &Graph, after: &Graph) -> Result<(), Broken> {
    let of = |graph: &Graph| graph.edges.get(&edge.name).cloned().unwrap_or_default();
    let (old, new) = (of(before), of(after));
    let changed = |one: &BTreeMap<String, EdgeRow>, other: &BTreeMap<String, EdgeRow>| {
        one.iter().filter(|(id, row)| other.get(*id) != Some(row)).map(|(_, row)| row.clone()).collect::<Vec<_>>()
    };
    let touched: Vec<EdgeRow> = changed(&old, &new).into_iter().chain(changed(&new, &old)).collect();
    let source: fn(&EdgeRow) -> &String = |row| &row.src;
    let target: fn(&EdgeRow) -> &String = |row| &row.dst;
    for (rule, card, end, ty, name) in
        [("@card", edge.card, source, &edge.from, "source"), ("@card_in", edge.card_in, target, &edge.to, "target")]
    {
        let Cardinality { min, max } = card;
        for id in touched.iter().map(end).collect::<BTreeSet<_>>() {
            if after.node(&Entity { id: id.clone(), ty: ty.clone() }).is_none() {
                continue;
            }
            let count = new.values().filter(|row| end(row) == id).count();
            let wrong = match max {
                Some(max) if count > max as usize => format!("max {max}"),
                _ if count < min as usize => format!("min {min}"),
                _ => continue,
            };
            let message = format!("{rule} violation on edge {}: {name} '{id}' has {count} edges ({wrong})", edge.name);
            return broken(Rule::Cardinality, message);
        }
    }
    Ok(())
}
