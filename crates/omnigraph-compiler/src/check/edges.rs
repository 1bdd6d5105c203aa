//! Edge types of traversals, and their directions.

use super::TypeChecker;
use super::scope::{edge_ref, node_ref};
use crate::catalog::EdgeType;
use crate::diagnostic::Code;
use crate::gq::ast::{AstName, EdgeSelector, TraversalClause};
use crate::ir::{ExpandStep, StepDirection, TypeRef};
use crate::span::Span;
use crate::suggest::{lower_first, quoted};

/// Most edge types in advice.
const MAX_LISTED: usize = 4;

/// The steps of a traversal and the node types at its endpoints.
pub(super) struct ResolvedSteps {
    pub(super) steps: Vec<ExpandStep>,
    pub(super) left: Vec<TypeRef>,
    pub(super) right: Vec<TypeRef>,
}

/// Node types that the endpoints of a traversal are already bound to.
pub(super) struct BoundEnds {
    pub(super) left: Option<Vec<TypeRef>>,
    pub(super) right: Option<Vec<TypeRef>>,
}

impl<'a> TypeChecker<'a> {
    /// Returns the named edge types, or all of them.
    fn selected(&mut self, selector: &EdgeSelector) -> Option<Vec<(&'a EdgeType, Span)>> {
        let catalog = self.catalog;
        let names = match selector {
            EdgeSelector::Any(at) => return Some(catalog.edges.values().map(|edge| (edge, at.0)).collect()),
            EdgeSelector::Named(names) => names,
        };
        let mut edges: Vec<(&EdgeType, Span)> = Vec::new();
        let mut sound = true;
        for name in names {
            match catalog.edge_by_traversal_name(&name.text) {
                Some(edge) if edges.iter().any(|(known, _)| known.id == edge.id) => {}
                Some(edge) => edges.push((edge, name.span())),
                None => {
                    sound = false;
                    self.unknown_edge(name);
                }
            }
        }
        edges.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        sound.then_some(edges)
    }

    fn unknown_edge(&mut self, name: &AstName) {
        self.error(Code::T4, name.span(), format!("edge type `{}` not found", name.text));
        // A traversal names an edge type with a lower-case first letter; names are compared and suggested in that form.
        let mut written = name.text.clone();
        if let Some(first) = written.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let catalog = self.catalog;
        let near = self.suggestions.near(&written, || catalog.edges.keys().map(String::as_str));
        self.advise(near.map(|near| format!("did you mean `{}`?", lower_first(near))));
    }

    /// Resolves the edges of a traversal against the types of its endpoints.
    pub(super) fn steps(&mut self, traversal: &TraversalClause, ends: &BoundEnds) -> Option<ResolvedSteps> {
        let edges = self.selected(&traversal.edges)?;
        let any = matches!(traversal.edges, EdgeSelector::Any(_));
        let (min, max) = traversal.bounds.map_or((1, Some(1)), |bounds| (bounds.min, bounds.max));
        let walks = max.is_none_or(|max| max > 1);
        let mut steps = Vec::new();
        let mut sound = true;
        let directions = if traversal.undirected {
            edges.iter().map(|(edge, span)| self.undirected(edge, *span, any, ends)).collect()
        } else {
            orient(&edges, ends, walks && edges.len() > 1)
        };
        for ((edge, span), direction) in edges.iter().zip(directions) {
            match direction {
                Some(direction) => steps.push((*edge, direction)),
                None if any => {}
                None => {
                    sound = false;
                    self.unfitting(edge, *span, traversal, ends);
                }
            }
        }
        if any && steps.is_empty() {
            self.error(Code::T5, traversal.at.0, "no edge type fits between these variables");
            return None;
        }
        sound.then(|| self.finish(&steps, min, walks, ends))
    }

    fn undirected(&mut self, edge: &EdgeType, span: Span, any: bool, ends: &BoundEnds) -> Option<StepDirection> {
        if edge.from != edge.to {
            if !any && self.diagnostics.last().is_none_or(|last| last.span != span) {
                let message = format!(
                    "`{}` leads from `{}` to `{}`; only an edge between nodes of one type can be walked undirected",
                    edge.name, edge.from, edge.to
                );
                self.error(Code::T22, span, message);
            }
            return None;
        }
        let fits = |bound: &Option<Vec<TypeRef>>| bound.as_ref().is_none_or(|types| has(types, &edge.from));
        (fits(&ends.left) && fits(&ends.right)).then_some(StepDirection::Both)
    }

    fn unfitting(&mut self, edge: &EdgeType, span: Span, traversal: &TraversalClause, ends: &BoundEnds) {
        if traversal.undirected && edge.from != edge.to {
            return;
        }
        let describe = |name: &AstName, bound: &Option<Vec<TypeRef>>| {
            let types = quoted(bound.as_ref()?.iter().map(|ty| &ty.name), " or ");
            Some(format!("`${}` is {types}", name.text))
        };
        let bound: Vec<_> = [describe(&traversal.left, &ends.left), describe(&traversal.right, &ends.right)]
            .into_iter()
            .flatten()
            .collect();
        let message =
            format!("`{}` leads from `{}` to `{}`, but {}", edge.name, edge.from, edge.to, bound.join(" and "));
        self.error(Code::T5, span, message);
        if let Some(types) = &ends.left {
            self.advise(self.edges_at(&traversal.left, types));
        }
    }

    /// Returns advice: the edge types that can be followed from a variable.
    fn edges_at(&self, name: &AstName, types: &[TypeRef]) -> Option<String> {
        let touches = |edge: &&EdgeType| has(types, &edge.from) || has(types, &edge.to);
        let fitting = self.catalog.edges.values().filter(touches).take(MAX_LISTED + 1);
        let mut names: Vec<String> = fitting.map(|edge| format!("`{}`", lower_first(&edge.name))).collect();
        if names.len() > MAX_LISTED {
            names[MAX_LISTED] = "others".to_owned();
        }
        let (last, rest) = names.split_last()?;
        let listed = if rest.is_empty() { last.clone() } else { format!("{} and {last}", rest.join(", ")) };
        Some(format!("edges that lead from or to `${}`: {listed}", name.text))
    }

    /// Computes the types at both endpoints.
    fn finish(&self, steps: &[(&EdgeType, StepDirection)], min: u32, walks: bool, ends: &BoundEnds) -> ResolvedSteps {
        let mut left: Vec<TypeRef> = Vec::new();
        let mut right: Vec<TypeRef> = Vec::new();
        for (edge, direction) in steps {
            let (start, end) =
                if *direction == StepDirection::In { (&edge.to, &edge.from) } else { (&edge.from, &edge.to) };
            left.extend(self.catalog.nodes.get(start).map(node_ref));
            right.extend(self.catalog.nodes.get(end).map(node_ref));
        }
        if let Some(bound) = &ends.left {
            // A walk goes through types that it does not start from.
            if walks || min == 0 {
                left.clone_from(bound);
            } else {
                left.retain(|ty| bound.contains(ty));
            }
        }
        if min == 0 {
            right.extend(left.iter().cloned());
        }
        if let Some(bound) = &ends.right {
            right.retain(|ty| bound.contains(ty));
        }
        for types in [&mut left, &mut right] {
            types.sort();
            types.dedup();
        }
        let steps =
            steps.iter().map(|(edge, direction)| ExpandStep { edge: edge_ref(edge), direction: *direction }).collect();
        ResolvedSteps { steps, left, right }
    }
}

fn has(types: &[TypeRef], name: &str) -> bool {
    types.iter().any(|ty| ty.name == name)
}

/// Returns a direction for each edge type, or none where it does not fit.
fn orient(edges: &[(&EdgeType, Span)], ends: &BoundEnds, alternating: bool) -> Vec<Option<StepDirection>> {
    if alternating {
        return orient_walk(edges, ends);
    }
    edges.iter().map(|(edge, _)| orient_one(edge, ends)).collect()
}

/// Orients one edge between the endpoints: forward if it fits, otherwise backward if that fits.
fn orient_one(edge: &EdgeType, ends: &BoundEnds) -> Option<StepDirection> {
    let fits = |start: &str, end: &str| {
        ends.left.as_ref().is_none_or(|types| has(types, start))
            && ends.right.as_ref().is_none_or(|types| has(types, end))
    };
    if fits(&edge.from, &edge.to) {
        return Some(StepDirection::Out);
    }
    // With both endpoints unbound the edge fits forward, above.
    fits(&edge.to, &edge.from).then_some(StepDirection::In)
}

/// Orients a walk over several edge types: forward from the reached types, and backward for the remaining edge types.
fn orient_walk(edges: &[(&EdgeType, Span)], ends: &BoundEnds) -> Vec<Option<StepDirection>> {
    let mut directions = vec![None; edges.len()];
    let (seed, from_left) = match (&ends.left, &ends.right) {
        (Some(left), _) => (left, true),
        (None, Some(right)) => (right, false),
        (None, None) => return vec![Some(StepDirection::Out); edges.len()],
    };
    let mut reached: Vec<&str> = seed.iter().map(|ty| ty.name.as_str()).collect();
    for direction in [StepDirection::Out, StepDirection::In] {
        loop {
            let before = directions.iter().flatten().count();
            for (index, (edge, _)) in edges.iter().enumerate() {
                let forward = (direction == StepDirection::Out) == from_left;
                let (near, far) = if forward { (&edge.from, &edge.to) } else { (&edge.to, &edge.from) };
                if directions[index].is_none() && reached.contains(&near.as_str()) {
                    directions[index] = Some(direction);
                    reached.push(far);
                }
            }
            if directions.iter().flatten().count() == before {
                break;
            }
        }
    }
    directions
}
