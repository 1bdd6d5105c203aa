//! Model-based tests: path searches against an enumeration of all paths.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;
use crate::bfs::tests::single_step_graph;
use crate::bfs::tests::{GraphModel, bounds, model_with, node};
use crate::{NodeRef, SearchBuffers, TraversalGraph};

/// Nodes of each type that have edges: few, because all paths between them are enumerated.
const NODES: u32 = 4;

/// Returns a sort key of nodes that differs from the order of references.
fn node_key(node: NodeRef) -> (u32, u16) {
    (node.ordinal() * 3 % 4, node.node_type())
}

/// Returns a sort key of edges that differs from the order of addresses.
fn edge_key((step, address): (usize, u64)) -> (std::cmp::Reverse<u64>, usize) {
    (std::cmp::Reverse(address), step)
}

fn order() -> PathOrder<'static> {
    PathOrder { node: &|a, b| node_key(a).cmp(&node_key(b)), edge: &|a, b| edge_key(a).cmp(&edge_key(b)) }
}

/// Returns small integers including 0, so that sums are exact and often equal.
fn cost(step: usize, address: u64) -> f64 {
    ((address >> 30) * 7 % 3 + step as u64 % 2) as f64
}

/// Compares by cost, then by the documented order of ties.
fn compare(a: &GraphPath, b: &GraphPath) -> Ordering {
    let nodes = |path: &GraphPath| path.nodes.iter().map(|node| node_key(*node)).collect::<Vec<_>>();
    let edges = |path: &GraphPath| path.edges.iter().map(|edge| edge_key(*edge)).collect::<Vec<_>>();
    let sizes = a.cost.total_cmp(&b.cost).then(a.edges.len().cmp(&b.edges.len()));
    sizes.then_with(|| nodes(a).cmp(&nodes(b))).then_with(|| edges(a).cmp(&edges(b)))
}

/// Enumerates all paths from a node that visit no node twice, of at most `max` edges.
fn simple_paths(
    model: &GraphModel,
    start: NodeRef,
    max: Option<u32>,
    cost: &dyn Fn(usize, u64) -> f64,
) -> Vec<GraphPath> {
    let mut paths = vec![GraphPath { nodes: vec![start], edges: Vec::new(), cost: 0.0 }];
    let mut at = 0;
    while at < paths.len() {
        let path = paths[at].clone();
        at += 1;
        if max.is_some_and(|max| path.edges.len() as u32 >= max) {
            continue;
        }
        for (from, to, step, address) in &model.edges {
            if path.nodes.last() == Some(from) && !path.nodes.contains(to) {
                paths.push(longer(&path, *to, (*step, *address), cost));
            }
        }
    }
    paths
}

fn longer(path: &GraphPath, to: NodeRef, edge: (usize, u64), cost: &dyn Fn(usize, u64) -> f64) -> GraphPath {
    let mut path = path.clone();
    path.nodes.push(to);
    path.edges.push(edge);
    path.cost += cost(edge.0, edge.1);
    path
}

/// Enumerates all paths to each target, by the documented definition of targets and endings.
fn candidates(
    model: &GraphModel,
    start: NodeRef,
    (min, max): (u32, Option<u32>),
    cost: &dyn Fn(usize, u64) -> f64,
) -> BTreeMap<NodeRef, Vec<GraphPath>> {
    let distances = model.distances(start);
    let mut candidates: BTreeMap<NodeRef, Vec<GraphPath>> = BTreeMap::new();
    for path in simple_paths(model, start, max, cost) {
        let target = *path.nodes.last().unwrap();
        let distance = distances[&target];
        let found = candidates.entry(target).or_default();
        if min <= distance {
            found.push(path);
        } else if distance + 1 == min && max.is_none_or(|max| (path.edges.len() as u32) < max) {
            let loops = model.edges.iter().filter(|edge| (edge.0, edge.1) == (target, target));
            found.extend(loops.map(|edge| longer(&path, target, (edge.2, edge.3), cost)));
        }
    }
    candidates.retain(|_, paths| !paths.is_empty());
    candidates.values_mut().for_each(|paths| paths.sort_by(compare));
    candidates
}

#[derive(Clone, Copy, Debug)]
enum SearchKind {
    Shortest,
    AllShortest,
    Cheapest,
}

fn cost_of(kind: SearchKind) -> &'static dyn Fn(usize, u64) -> f64 {
    match kind {
        SearchKind::Cheapest => &cost,
        _ => &|_, _| 1.0,
    }
}

/// Returns the found paths by target.
fn run(
    graph: &TraversalGraph,
    kind: SearchKind,
    request: &PathRequest<'_>,
    buffers: &mut SearchBuffers,
) -> BTreeMap<NodeRef, Vec<GraphPath>> {
    let mut found: BTreeMap<NodeRef, Vec<GraphPath>> = BTreeMap::new();
    let mut progress = |_| ControlFlow::Continue(());
    let mut found_path = |path: GraphPath| {
        found.entry(*path.nodes.last().unwrap()).or_default().push(path);
        ControlFlow::Continue(())
    };
    let outcome = match kind {
        SearchKind::Shortest => graph.shortest(request, buffers, &mut progress, &mut found_path),
        SearchKind::AllShortest => graph.all_shortest(request, buffers, &mut progress, &mut found_path),
        SearchKind::Cheapest => graph.cheapest(request, cost_of(kind), buffers, &mut progress, &mut found_path),
    };
    assert!(outcome.is_continue());
    found
}

fn expected(
    model: &GraphModel,
    kind: SearchKind,
    start: NodeRef,
    bounds: (u32, Option<u32>),
    wanted: impl Fn(NodeRef) -> bool,
) -> BTreeMap<NodeRef, Vec<GraphPath>> {
    let mut candidates = candidates(model, start, bounds, cost_of(kind));
    candidates.retain(|target, _| wanted(*target));
    for paths in candidates.values_mut() {
        let fewest = paths[0].edges.len();
        match kind {
            SearchKind::AllShortest => paths.retain(|path| path.edges.len() == fewest),
            _ => paths.truncate(1),
        }
    }
    candidates
}

/// Returns a path as the sequence of its nodes and edges.
fn edge_sequence(path: &GraphPath) -> Vec<(impl Ord + use<>, impl Ord + use<>)> {
    path.nodes[1..].iter().zip(&path.edges).map(|(node, edge)| (node_key(*node), edge_key(*edge))).collect()
}

fn check(
    model: &GraphModel,
    start: NodeRef,
    set: &[NodeRef],
    (min, max): (u32, Option<u32>),
    kind: SearchKind,
    buffers: &mut SearchBuffers,
) {
    let request = |targets| PathRequest { start, targets, min, max, order: order() };
    for target in GraphModel::nodes() {
        let found = run(&model.graph, kind, &request(PathTargets::One(target)), buffers);
        let sorted = |path: &&[GraphPath]| edge_sequence(&path[0]) < edge_sequence(&path[1]);
        assert!(found.values().all(|paths| paths.windows(2).all(|pair| sorted(&pair))));
        let mut found = found;
        found.values_mut().for_each(|paths| paths.sort_by(compare));
        assert_eq!(found, expected(model, kind, start, (min, max), |node| node == target), "{kind:?} to {target:?}");
    }
    for (targets, wanted) in [
        (PathTargets::Set(set), &(|node| set.contains(&node)) as &dyn Fn(NodeRef) -> bool),
        (PathTargets::All, &|_| true),
    ] {
        let mut found = run(&model.graph, kind, &request(targets), buffers);
        found.values_mut().for_each(|paths| paths.sort_by(compare));
        assert_eq!(found, expected(model, kind, start, (min, max), wanted), "{kind:?} to {targets:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn found_paths_are_the_best_of_all_paths(
        models in prop::collection::vec(model_with(NODES), 1..3),
        start in node().prop_map(|node| NodeRef::pack(node.node_type(), node.ordinal() % (NODES + 1))),
        set in prop::collection::vec(node(), 0..4),
        bounds in bounds(),
    ) {
        let mut buffers = SearchBuffers::default();
        for model in &models {
            for kind in [SearchKind::Shortest, SearchKind::AllShortest, SearchKind::Cheapest] {
                check(model, start, &set, bounds, kind, &mut buffers);
            }
        }
    }
}

fn type0(ordinal: u32) -> NodeRef {
    NodeRef::pack(0, ordinal)
}

fn by_number() -> PathOrder<'static> {
    PathOrder { node: &|a, b| a.cmp(&b), edge: &|a, b| a.cmp(&b) }
}

#[test]
fn a_bound_on_edges_excludes_the_cheapest_path() {
    // From 0 to 3: through 1 and 2 at cost 3, through 4 at cost 9, directly at cost 20.
    let graph = single_step_graph(&[(0, 1), (1, 2), (2, 3), (0, 4), (4, 3), (0, 3)]);
    let costs = [1.0, 1.0, 1.0, 4.0, 5.0, 20.0];
    for (max, cost) in [(None, 3.0), (Some(3), 3.0), (Some(2), 9.0), (Some(1), 20.0)] {
        let request =
            PathRequest { start: type0(0), targets: PathTargets::One(type0(3)), min: 1, max, order: by_number() };
        let mut found = Vec::new();
        let _ = graph.cheapest(
            &request,
            &|_, address| costs[address as usize],
            &mut SearchBuffers::default(),
            &mut |_| ControlFlow::Continue(()),
            &mut |path| {
                found.push(path.cost);
                ControlFlow::Continue(())
            },
        );
        assert_eq!(found, [cost], "at most {max:?} edges");
    }
}

#[test]
fn many_shortest_paths_can_be_stopped_and_long_ones_found() {
    // Forty diamonds in a row have 2^40 shortest paths.
    let diamond = |i: u32| [(3 * i, 3 * i + 1), (3 * i, 3 * i + 2), (3 * i + 1, 3 * i + 3), (3 * i + 2, 3 * i + 3)];
    let graph = single_step_graph(&(0..40).flat_map(diamond).collect::<Vec<_>>());
    let request =
        PathRequest { start: type0(0), targets: PathTargets::One(type0(120)), min: 1, max: None, order: by_number() };
    let mut left = 1000;
    let mut buffers = SearchBuffers::default();
    let outcome = graph.all_shortest(&request, &mut buffers, &mut |_| ControlFlow::Continue(()), &mut |path| {
        assert_eq!(path.edges.len(), 80);
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((outcome, left), (ControlFlow::Break(()), 0));

    let chain = single_step_graph(&(0..50_000).map(|i| (i, i + 1)).collect::<Vec<_>>());
    let request = PathRequest { targets: PathTargets::One(type0(50_000)), ..request };
    for kind in [SearchKind::Shortest, SearchKind::AllShortest, SearchKind::Cheapest] {
        let found = run(&chain, kind, &request, &mut buffers);
        assert_eq!(found[&type0(50_000)][0].edges.len(), 50_000, "{kind:?}");
    }
}

#[test]
fn progress_cancels_a_search() {
    let chain = single_step_graph(&(0..50_000).map(|i| (i, i + 1)).collect::<Vec<_>>());
    for targets in [PathTargets::One(type0(50_000)), PathTargets::All] {
        let request = PathRequest { start: type0(0), targets, min: 1, max: None, order: by_number() };
        let mut buffers = SearchBuffers::default();
        let mut stop = |_| ControlFlow::Break(());
        let mut found = 0;
        let mut found_path = |_| {
            found += 1;
            ControlFlow::Continue(())
        };
        assert!(chain.shortest(&request, &mut buffers, &mut stop, &mut found_path).is_break());
        assert!(chain.all_shortest(&request, &mut buffers, &mut stop, &mut found_path).is_break());
        assert!(chain.cheapest(&request, &|_, _| 1.0, &mut buffers, &mut stop, &mut found_path).is_break());
        assert!(found < 20_000, "{found}");
    }
}
