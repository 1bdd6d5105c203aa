//! Clauses.

use std::collections::BTreeSet;

use super::expr::{ends_in_name, expr, filter};
use crate::gq::ast::{BlockKind, EdgeSelector, HopBounds, PathKeyword, PatternClause, PropertyMatch, TraversalClause};

/// Formats a clause on one line.
pub(super) fn simple_clause(clause: &PatternClause, params: &BTreeSet<String>) -> String {
    match clause {
        PatternClause::Binding(binding) => {
            let mut out = format!("${}: {}", binding.var.text, binding.ty.text);
            if !binding.properties.is_empty() {
                out.push(' ');
                properties(&mut out, &binding.properties);
            }
            out
        }
        PatternClause::Traversal(traversal) => traversal_text(traversal),
        PatternClause::Path(path) => {
            let mode = match path.mode {
                PathKeyword::Shortest => "shortest",
                PathKeyword::AllShortest => "all_shortest",
                PathKeyword::Cheapest => "cheapest",
            };
            let by =
                path.cost
                    .as_ref()
                    .map(|cost| {
                        if ends_in_name(cost) { format!(" by ({})", expr(cost)) } else { format!(" by {}", expr(cost)) }
                    })
                    .unwrap_or_default();
            format!("path ${} = {mode} {}{by}", path.var.text, traversal_text(&path.traversal))
        }
        PatternClause::Filter(condition) => filter(condition, params),
        PatternClause::Block(_) => {
            let mut out = String::new();
            inline_clause(&mut out, clause);
            out
        }
    }
}

/// Writes any clause on one line, as in blocks within expressions.
pub(super) fn inline_clause(out: &mut String, clause: &PatternClause) {
    let PatternClause::Block(block) = clause else {
        // Parameters are not known here. Without them a clause may get more parentheses, and keeps its meaning.
        out.push_str(&simple_clause(clause, &BTreeSet::new()));
        return;
    };
    out.push_str(block_word(block.kind));
    out.push_str(" { ");
    for (index, clause) in block.clauses.iter().enumerate() {
        if index > 0 {
            out.push_str("  ");
        }
        inline_clause(out, clause);
    }
    out.push_str(" }");
}

pub(super) const fn block_word(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Not => "not",
        BlockKind::Exists => "exists",
        BlockKind::Optional => "optional",
    }
}

/// Writes `{ name: value, … }`
pub(super) fn properties(out: &mut String, properties: &[PropertyMatch]) {
    let items: Vec<_> = properties.iter().map(|item| format!("{}: {}", item.name.text, expr(&item.value))).collect();
    out.push_str(&format!("{{ {} }}", items.join(", ")));
}

fn traversal_text(traversal: &TraversalClause) -> String {
    let mut out = format!("${} ", traversal.left.text);
    if let Some(name) = &traversal.edge_var {
        out.push_str(&format!("${}:", name.text));
    }
    if let Some(name) = &traversal.hop_var {
        out.push_str(&format!("${}@", name.text));
    }
    let names = match &traversal.edges {
        EdgeSelector::Named(names) => names.iter().map(|name| name.text.as_str()).collect(),
        EdgeSelector::Any(_) => vec!["*"],
    };
    let joined = names.join(" | ");
    out.push_str(&match (traversal.undirected, names.len()) {
        (true, _) => format!("<{joined}>"),
        (false, 1) => joined,
        (false, _) => format!("({joined})"),
    });
    if let Some(bounds) = &traversal.bounds {
        out.push_str(&bounds_text(*bounds));
    }
    if !traversal.properties.is_empty() {
        out.push(' ');
        properties(&mut out, &traversal.properties);
    }
    if let Some(condition) = &traversal.filter {
        out.push_str(&format!(" where {}", expr(condition)));
    }
    out.push_str(&format!(" ${}", traversal.right.text));
    out
}

fn bounds_text(bounds: HopBounds) -> String {
    match bounds.max {
        Some(max) if max == bounds.min => format!("{{{max}}}"),
        Some(max) => format!("{{{},{max}}}", bounds.min),
        None => format!("{{{},}}", bounds.min),
    }
}
