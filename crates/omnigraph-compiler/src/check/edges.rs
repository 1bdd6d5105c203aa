//! Which edge types a traversal walks, and in which direction.

use super::Checker;
use super::scope::{edge_ref, node_ref};
use crate::catalog::EdgeType;
use crate::diagnostic::Code;
use crate::gq::ast::{EdgeSelector, Name, Traversal};
use crate::ir::{Direction, EdgeStep, TypeRef};
use crate::span::Span;

/// Edge types that advice names at most.
const LISTED: usize = 4;

/// The steps of a traversal and the node types at its ends.
pub(super) struct Steps {
    pub(super) steps: Vec<EdgeStep>,
    pub(super) left: Vec<TypeRef>,
    pub(super) right: Vec<TypeRef>,
}

/// Node types that the ends of a traversal are bound to already.
pub(super) struct Ends {
    pub(super) left: Option<Vec<TypeRef>>,
    pub(super) right: Option<Vec<TypeRef>>,
}

impl<'a> Checker<'a> {
    /// The edge types named, or all of them.
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

    fn unknown_edge(&mut self, name: &Name) {
        self.error(Code::T4, name.span(), format!("there is no edge type for `{}`", name.text));
        // A traversal names an edge type with a lower-case letter first, so that is how names are compared and advised.
        let mut written = name.text.clone();
        if let Some(first) = written.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let catalog = self.catalog;
        let near = self.suggestions.near(&written, || catalog.edges.keys().map(String::as_str));
        self.advise(near.map(|near| format!("did you mean `{}`?", lower_first(near))));
    }

    /// Resolves the edges of a traversal against what its ends are bound to.
    pub(super) fn steps(&mut self, traversal: &Traversal, ends: &Ends) -> Option<Steps> {
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

    fn undirected(&mut self, edge: &EdgeType, span: Span, any: bool, ends: &Ends) -> Option<Direction> {
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
        (fits(&ends.left) && fits(&ends.right)).then_some(Direction::Both)
    }

    fn unfitting(&mut self, edge: &EdgeType, span: Span, traversal: &Traversal, ends: &Ends) {
        if traversal.undirected && edge.from != edge.to {
            return;
        }
        let describe = |name: &Name, bound: &Option<Vec<TypeRef>>| {
            let types = bound.as_ref()?.iter().map(|ty| format!("`{}`", ty.name)).collect::<Vec<_>>().join(" or ");
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

    /// Advice: the edge types that could be walked from a variable instead.
    fn edges_at(&self, name: &Name, types: &[TypeRef]) -> Option<String> {
        let touches = |edge: &&EdgeType| has(types, &edge.from) || has(types, &edge.to);
        let fitting = self.catalog.edges.values().filter(touches).take(LISTED + 1);
        let mut names: Vec<String> = fitting.map(|edge| format!("`{}`", lower_first(&edge.name))).collect();
        if names.len() > LISTED {
            names[LISTED] = "others".to_owned();
        }
        let (last, rest) = names.split_last()?;
        let listed = if rest.is_empty() { last.clone() } else { format!("{} and {last}", rest.join(", ")) };
        Some(format!("edges that lead from or to `${}`: {listed}", name.text))
    }

    /// The types at both ends.
    fn finish(&self, steps: &[(&EdgeType, Direction)], min: u32, walks: bool, ends: &Ends) -> Steps {
        let mut left: Vec<TypeRef> = Vec::new();
        let mut right: Vec<TypeRef> = Vec::new();
        for (edge, direction) in steps {
            let (start, end) =
                if *direction == Direction::In { (&edge.to, &edge.from) } else { (&edge.from, &edge.to) };
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
            steps.iter().map(|(edge, direction)| EdgeStep { edge: edge_ref(edge), direction: *direction }).collect();
        Steps { steps, left, right }
    }
}

fn has(types: &[TypeRef], name: &str) -> bool {
    types.iter().any(|ty| ty.name == name)
}

/// A direction for each edge type, or none where it does not fit.
fn orient(edges: &[(&EdgeType, Span)], ends: &Ends, alternating: bool) -> Vec<Option<Direction>> {
    if alternating {
        return orient_walk(edges, ends);
    }
    edges.iter().map(|(edge, _)| orient_one(edge, ends)).collect()
}

/// One edge between the ends: forward if it fits, otherwise backward if that fits.
fn orient_one(edge: &EdgeType, ends: &Ends) -> Option<Direction> {
    let fits = |start: &str, end: &str| {
        ends.left.as_ref().is_none_or(|types| has(types, start))
            && ends.right.as_ref().is_none_or(|types| has(types, end))
    };
    if fits(&edge.from, &edge.to) {
        return Some(Direction::Out);
    }
    // With both ends free an edge goes forward, and then it has fitted above.
    fits(&edge.to, &edge.from).then_some(Direction::In)
}

/// A walk over several edge types: forward from whatever has been reached; what cannot be reached so, backward.
fn orient_walk(edges: &[(&EdgeType, Span)], ends: &Ends) -> Vec<Option<Direction>> {
    let mut directions = vec![None; edges.len()];
    let (seed, from_left) = match (&ends.left, &ends.right) {
        (Some(left), _) => (left, true),
        (None, Some(right)) => (right, false),
        (None, None) => return vec![Some(Direction::Out); edges.len()],
    };
    let mut reached: Vec<&str> = seed.iter().map(|ty| ty.name.as_str()).collect();
    for direction in [Direction::Out, Direction::In] {
        loop {
            let before = directions.iter().flatten().count();
            for (index, (edge, _)) in edges.iter().enumerate() {
                let forward = (direction == Direction::Out) == from_left;
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

fn lower_first(name: &str) -> String {
    let mut lower = name.to_owned();
    if let Some(first) = lower.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    lower
}
