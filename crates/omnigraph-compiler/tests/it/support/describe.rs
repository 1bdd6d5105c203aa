//! Short text forms of diagnostics and catalogs.

use omnigraph_compiler::catalog::{
    Annotation, Cardinality, CheckConstraint, IndexSpec, OnDelete, Property, RangeConstraint, UniqueConstraint,
};
use omnigraph_compiler::span::{LineColumn, LineIndex};
use omnigraph_compiler::{Catalog, Diagnostic, Severity};

/// Formats each diagnostic on one line, with its advice on another.
pub(crate) fn diagnostics(source: &str, diagnostics: &[Diagnostic]) -> String {
    let lines = LineIndex::new(source);
    let mut out = String::new();
    for diagnostic in diagnostics {
        let LineColumn { line, column } = lines.line_column(source, diagnostic.span.start);
        let severity = match diagnostic.severity {
            Severity::Error => "",
            Severity::Warning => "warning ",
            Severity::Info => "info ",
        };
        out.push_str(&format!("{severity}{} {line}:{column} {}\n", diagnostic.code, diagnostic.message));
        if let Some(help) = &diagnostic.help {
            out.push_str(&format!("  help: {help}\n"));
        }
    }
    out
}

/// Formats a catalog without its ids.
pub(crate) fn catalog(catalog: &Catalog) -> String {
    let mut out = String::new();
    for ty in catalog.interfaces.values() {
        out.push_str(&format!("interface {}{}\n", ty.name, annotations(&ty.annotations)));
        properties(&mut out, &ty.properties);
    }
    for ty in catalog.nodes.values() {
        let implements = match ty.implements.as_slice() {
            [] => String::new(),
            names => format!(" implements {}", names.join(", ")),
        };
        out.push_str(&format!("node {}{implements}{}\n", ty.name, annotations(&ty.annotations)));
        properties(&mut out, &ty.properties);
        rules(&mut out, &ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks);
    }
    for ty in catalog.edges.values() {
        let (card, card_in) = (cardinality("card", ty.card), cardinality("card_in", ty.card_in));
        let on_delete = if ty.on_delete == OnDelete::Restrict { " on_delete restrict" } else { "" };
        let annotations = annotations(&ty.annotations);
        out.push_str(&format!("edge {}: {} -> {}{card}{card_in}{on_delete}{annotations}\n", ty.name, ty.from, ty.to));
        properties(&mut out, &ty.properties);
        rules(&mut out, &ty.key, &ty.uniques, &ty.indexes, &ty.ranges, &ty.checks);
    }
    out
}

fn cardinality(word: &str, card: Cardinality) -> String {
    if card == Cardinality::default() {
        return String::new();
    }
    format!(" {word} {}..{}", card.min, card.max.map(|max| max.to_string()).unwrap_or_default())
}

fn properties(out: &mut String, properties: &[Property]) {
    for property in properties {
        out.push_str(&format!("  {}: {}", property.name, property.ty));
        if let Some(default) = &property.default {
            out.push_str(&format!(" default {}", serde_json::to_string(default).unwrap()));
        }
        if let Some(embed) = &property.embed {
            out.push_str(&format!(" embed {} {:?}", embed.source, embed.model));
        }
        out.push_str(&annotations(&property.annotations));
        out.push('\n');
    }
}

fn annotations(annotations: &[Annotation]) -> String {
    annotations
        .iter()
        .map(|annotation| {
            let value = annotation.value.as_ref().map(|value| format!("({value:?})")).unwrap_or_default();
            let named: String = annotation.kwargs.iter().map(|(name, value)| format!(" {name}={value:?}")).collect();
            format!(" @{}{value}{named}", annotation.name)
        })
        .collect()
}

fn rules(
    out: &mut String,
    key: &Option<Vec<String>>,
    uniques: &[UniqueConstraint],
    indexes: &[IndexSpec],
    ranges: &[RangeConstraint],
    checks: &[CheckConstraint],
) {
    if let Some(key) = key {
        out.push_str(&format!("  key {}\n", key.join(", ")));
    }
    for unique in uniques {
        out.push_str(&format!("  unique {}\n", unique.properties.join(", ")));
    }
    for index in indexes {
        let metric = index.metric.map(|metric| format!(" metric {}", metric.word())).unwrap_or_default();
        let analyzer = index.analyzer.as_ref().map(|analyzer| format!(" analyzer {}", analyzer.0)).unwrap_or_default();
        out.push_str(&format!("  index {}{metric}{analyzer}\n", index.properties.join(", ")));
    }
    for range in ranges {
        out.push_str(&format!("  range {} {:?}..{:?}{}\n", range.property, range.min, range.max, said(&range.message)));
    }
    for check in checks {
        out.push_str(&format!("  check {} {:?}{}\n", check.property, check.pattern, said(&check.message)));
    }
}

fn said(message: &Option<String>) -> String {
    message.as_ref().map(|message| format!(" says {message:?}")).unwrap_or_default()
}
