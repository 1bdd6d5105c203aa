//! A hash of a schema's meaning, independent of its spelling.
//!
//! It covers names, types, rules and annotations. It leaves out comments, white space, the order of declarations, properties,
//! enum words and rules, the spelling of a constraint, `@rename_from`, and every id: two graphs made from the same schema have
//! different ids and the same fingerprint. Two accepted schemas also agree on ids if their encoded bytes are equal.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{
    Annotation, Catalog, CheckConstraint, DistanceMetric, IndexSpec, NumberLiteral, Property, RangeConstraint,
    TextAnalyzer, UniqueConstraint,
};
use crate::lex::escape;

/// Returns the SHA-256 of the schema's shape, in 64 lower-case hexadecimal digits.
#[must_use]
pub fn fingerprint(catalog: &Catalog) -> String {
    let digest = Sha256::digest(shape(catalog).as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Writes one line per fact, in an order that depends on the facts only. The text is hashed and never stored; a change of it
/// changes every fingerprint, so it carries a version.
fn shape(catalog: &Catalog) -> String {
    let mut lines = vec!["shape 1".to_owned()];
    for ty in catalog.interfaces.values() {
        lines.push(format!("interface {}", ty.name));
        sorted(&mut lines, ty.properties.iter().map(property).chain(ty.annotations.iter().map(annotation)));
    }
    for ty in catalog.nodes.values() {
        lines.push(format!("node {}", ty.name));
        let rules = rules(&ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks);
        let implements = ty.implements.iter().map(|name| format!("implements {name}"));
        let annotations = ty.annotations.iter().map(annotation);
        sorted(&mut lines, ty.properties.iter().map(property).chain(rules).chain(implements).chain(annotations));
    }
    for ty in catalog.edges.values() {
        lines.push(format!("edge {}: {} -> {}", ty.name, ty.from, ty.to));
        lines.push(format!("card {:?} in {:?} on_delete {:?}", bounds(ty.card), bounds(ty.card_in), ty.on_delete));
        let rules = rules(&ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks);
        sorted(
            &mut lines,
            ty.properties.iter().map(property).chain(rules).chain(ty.annotations.iter().map(annotation)),
        );
    }
    lines.join("\n")
}

fn sorted(lines: &mut Vec<String>, facts: impl Iterator<Item = String>) {
    let mut facts: Vec<String> = facts.collect();
    facts.sort_unstable();
    lines.append(&mut facts);
}

fn bounds(card: super::Cardinality) -> (u32, Option<u32>) {
    (card.min, card.max)
}

fn property(property: &Property) -> String {
    let mut line = format!("property {}: {}", property.name, property.ty);
    match &property.default {
        Some(super::DefaultValue::Literal(value)) => line.push_str(&format!(" default {value}")),
        Some(super::DefaultValue::Now) => line.push_str(" default now()"),
        Some(super::DefaultValue::Uuid) => line.push_str(" default uuid()"),
        None => {}
    }
    if let Some(embed) = &property.embed {
        line.push_str(&format!(" embed {} {}", escape(&embed.source), text(embed.model.as_deref())));
    }
    let mut annotations: Vec<String> = property.annotations.iter().map(annotation).collect();
    annotations.sort_unstable();
    for annotation in annotations {
        line.push(' ');
        line.push_str(&annotation);
    }
    line
}

fn annotation(annotation: &Annotation) -> String {
    let mut line = format!("@{} {}", annotation.name, text(annotation.value.as_deref()));
    let mut kwargs: Vec<&(String, String)> = annotation.kwargs.iter().collect();
    kwargs.sort_unstable();
    for (name, value) in kwargs {
        line.push_str(&format!(" {name}={}", escape(value)));
    }
    line
}

fn rules(
    key: &Option<Vec<String>>,
    uniques: &[UniqueConstraint],
    indexes: &[IndexSpec],
    ranges: &[RangeConstraint],
    checks: &[CheckConstraint],
) -> Vec<String> {
    let mut lines: Vec<String> = key.iter().map(|names| format!("key {}", set(names))).collect();
    lines.extend(uniques.iter().map(|unique| format!("unique {}", set(&unique.properties))));
    lines.extend(indexes.iter().map(|index| {
        // An explicit default does not make a different index.
        let metric = index.metric.filter(|metric| *metric != DistanceMetric::default()).map(DistanceMetric::word);
        let usual = TextAnalyzer::default();
        let analyzer =
            index.analyzer.as_ref().filter(|analyzer| **analyzer != usual).map(|analyzer| analyzer.0.as_str());
        format!("index {} {} {}", set(&index.properties), text(metric), text(analyzer))
    }));
    lines.extend(ranges.iter().map(|range| {
        let (min, max) = (bound(range.min), bound(range.max));
        format!("range {} {min}..{max} {}", range.property, text(range.message.as_deref()))
    }));
    lines.extend(checks.iter().map(|check| {
        format!("check {} {} {}", check.property, escape(&check.pattern), text(check.message.as_deref()))
    }));
    lines
}

fn set(names: &[String]) -> String {
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.join(",")
}

fn bound(number: Option<NumberLiteral>) -> String {
    number.map(NumberLiteral::canonical_text).unwrap_or_default()
}

fn text(value: Option<&str>) -> String {
    value.map_or_else(|| "-".to_owned(), escape)
}
