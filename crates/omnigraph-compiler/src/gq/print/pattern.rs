//! Clauses.

use std::collections::BTreeSet;

use super::expr::{ends_in_name, expr, filter};
use crate::gq::ast::{BlockKind, Bounds, Clause, EdgeSelector, PathMode, PropertyMatch, Traversal};

/// A clause that is not a block, on one line.
pub(super) fn simple_clause(clause: &Clause, params: &BTreeSet<String>) -> String {
    match clause {
        Clause::Binding(binding) => {
            let mut out = format!("${}: {}", binding.var.text, binding.ty.text);
            if !binding.properties.is_empty() {
                out.push(' ');
                properties(&mut out, &binding.properties);
            }
            out
        }
        Clause::Traversal(traversal) => traversal_text(traversal),
        Clause::Path(path) => {
            let mode = match path.mode {
                PathMode::Shortest => "shortest",
                PathMode::AllShortest => "all_shortest",
                PathMode::Cheapest => "cheapest",
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
        Clause::Filter(condition) => filter(condition, params),
        Clause::Block(_) => {
            let mut out = String::new();
            inline_clause(&mut out, clause);
            out
        }
    }
}

/// Any clause on one line, as blocks within expressions have it.
pub(super) fn inline_clause(out: &mut String, clause: &Clause) {
    let Clause::Block(block) = clause else {
        // Which variables are parameters is not known here: no parameter is taken for one, which only adds parentheses.
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

/// `{ name: value, … }`
pub(super) fn properties(out: &mut String, properties: &[PropertyMatch]) {
    let items: Vec<_> = properties.iter().map(|item| format!("{}: {}", item.name.text, expr(&item.value))).collect();
    out.push_str(&format!("{{ {} }}", items.join(", ")));
}

fn traversal_text(traversal: &Traversal) -> String {
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

fn bounds_text(bounds: Bounds) -> String {
    match bounds.max {
        Some(max) if max == bounds.min => format!("{{{max}}}"),
        Some(max) => format!("{{{},{max}}}", bounds.min),
        None => format!("{{{},}}", bounds.min),
    }
}
