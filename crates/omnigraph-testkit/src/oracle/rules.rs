//! Constraints of a schema, checked on whole graphs in this order: values, uniqueness, endpoints, cardinality.
//!
//! Only cardinality needs the state before: it is checked for endpoints whose edges changed.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::catalog::{
    Cardinality, Catalog, CheckConstraint, EdgeType, NodeType, NumberLiteral, OnDelete, Property, RangeConstraint,
    UniqueConstraint,
};
use regex::Regex;

use super::arithmetic::compare_numbers;
use super::graph::{EdgeRow, OracleGraph, PropertyValues};
use super::identity::canonical;
use super::value::{EntityRef, OracleValue};

/// The kind of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// A required value.
    Null,
    /// The values of an enum.
    Enum,
    /// `@range`.
    Range,
    /// `@check`.
    Check,
    /// A component of a key that cannot be part of an id.
    Key,
    /// `@unique`.
    Unique,
    /// Both endpoints of an edge exist.
    End,
    /// `@on_delete(restrict)`.
    Restrict,
    /// `@card` and `@card_in`.
    Cardinality,
}

/// A constraint that a graph violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BrokenConstraint {
    pub(super) rule: ConstraintKind,
    pub(super) message: String,
}

fn broken(rule: ConstraintKind, message: String) -> Result<(), BrokenConstraint> {
    Err(BrokenConstraint { rule, message })
}

/// Checks `after`, which a write makes of `before`.
pub(super) fn check_constraints(
    catalog: &Catalog,
    before: &OracleGraph,
    after: &OracleGraph,
) -> Result<(), BrokenConstraint> {
    for node in catalog.nodes.values() {
        rows(&after.nodes, &node.name).try_for_each(|(_, row)| check_node_values(node, row))?;
    }
    for edge in catalog.edges.values() {
        rows(&after.edges, &edge.name).try_for_each(|(_, row)| check_edge_values(edge, &row.properties))?;
    }
    for node in catalog.nodes.values() {
        let of = |row: &PropertyValues, name: &str| row.get(name).and_then(canonical);
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

/// Yields the rows of a type.
fn rows<'a, R>(
    types: &'a BTreeMap<String, BTreeMap<String, R>>,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a R)> + use<'a, R> {
    types.get(name).into_iter().flatten()
}

/// Checks the values of a node.
pub(super) fn check_node_values(node: &NodeType, row: &PropertyValues) -> Result<(), BrokenConstraint> {
    values(&node.name, &node.properties, (&node.ranges, &node.checks), row)
}

/// Checks the values of an edge.
pub(super) fn check_edge_values(edge: &EdgeType, row: &PropertyValues) -> Result<(), BrokenConstraint> {
    values(&edge.name, &edge.properties, (&edge.ranges, &edge.checks), row)
}

fn values(
    ty: &str,
    properties: &[Property],
    (ranges, checks): (&[RangeConstraint], &[CheckConstraint]),
    row: &PropertyValues,
) -> Result<(), BrokenConstraint> {
    let value = |name: &str| row.get(name).unwrap_or(&OracleValue::Null);
    for Property { name, ty: declared, .. } in properties {
        if value(name).is_null() && !declared.nullable {
            return broken(ConstraintKind::Null, format!("{ty}.{name} is non-nullable and cannot be null"));
        }
        let words = declared.enum_values.as_deref().unwrap_or_default();
        let given = match value(name) {
            OracleValue::List(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for word in given {
            if let OracleValue::Text(word) = word
                && !words.is_empty()
                && !words.contains(word)
            {
                let expected = words.join(", ");
                let message = format!("invalid enum value '{word}' for {ty}.{name} (expected: {expected})");
                return broken(ConstraintKind::Enum, message);
            }
        }
    }
    for RangeConstraint { property, min, max, .. } in ranges {
        let number = value(property);
        let outside = |bound: &NumberLiteral, wrong: std::cmp::Ordering| {
            compare_numbers(number, &bound_of(*bound)).is_none_or(|order| order == wrong)
        };
        let below = min.is_some_and(|min| outside(&min, std::cmp::Ordering::Less));
        let above = max.is_some_and(|max| outside(&max, std::cmp::Ordering::Greater));
        if !number.is_null() && (below || above) {
            return broken(ConstraintKind::Range, format!("@range violation on {ty}.{property}"));
        }
    }
    for CheckConstraint { property, pattern, .. } in checks {
        // The catalog has checked the pattern.
        if let (OracleValue::Text(text), Ok(regex)) = (value(property), Regex::new(pattern))
            && !regex.is_match(text)
        {
            return broken(
                ConstraintKind::Check,
                format!("@check violation on {ty}.{property}: \"{text}\" and {pattern}"),
            );
        }
    }
    Ok(())
}

const fn bound_of(bound: NumberLiteral) -> OracleValue {
    match bound {
        NumberLiteral::Integer(value) => OracleValue::Integer(value as i128),
        NumberLiteral::Float(value) => OracleValue::F64(value),
    }
}

/// Checks that no two rows share the tuple. A tuple with a null is never shared.
fn unique<'a, R: 'a>(
    ty: &str,
    rule: &UniqueConstraint,
    rows: impl Iterator<Item = (&'a String, &'a R)>,
    text: impl Fn(&R, &str) -> Option<String>,
) -> Result<(), BrokenConstraint> {
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
            return broken(ConstraintKind::Unique, message);
        }
    }
    Ok(())
}

fn ends(edge: &EdgeType, before: &OracleGraph, after: &OracleGraph) -> Result<(), BrokenConstraint> {
    for (id, row) in rows(&after.edges, &edge.name) {
        for (end, ty, node) in [("src", &edge.from, &row.src), ("dst", &edge.to, &row.dst)] {
            let node = EntityRef { id: node.clone(), ty: ty.clone() };
            if after.node(&node).is_some() {
                continue;
            }
            if edge.on_delete == OnDelete::Restrict && before.node(&node).is_some() {
                let edge = &edge.name;
                let message =
                    format!("{ty} '{}' cannot go: {end} of {edge} '{id}', which says @on_delete(restrict)", node.id);
                return broken(ConstraintKind::Restrict, message);
            }
            return broken(ConstraintKind::End, format!("{end} '{}' not found in {ty}", node.id));
        }
    }
    Ok(())
}

/// Checks the number of edges of every existing endpoint with an inserted, deleted or changed edge.
fn cardinalities(edge: &EdgeType, before: &OracleGraph, after: &OracleGraph) -> Result<(), BrokenConstraint> {
    let of = |graph: &OracleGraph| graph.edges.get(&edge.name).cloned().unwrap_or_default();
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
            if after.node(&EntityRef { id: id.clone(), ty: ty.clone() }).is_none() {
                continue;
            }
            let count = new.values().filter(|row| end(row) == id).count();
            let wrong = match max {
                Some(max) if count > max as usize => format!("max {max}"),
                _ if count < min as usize => format!("min {min}"),
                _ => continue,
            };
            let message = format!("{rule} violation on edge {}: {name} '{id}' has {count} edges ({wrong})", edge.name);
            return broken(ConstraintKind::Cardinality, message);
        }
    }
    Ok(())
}
