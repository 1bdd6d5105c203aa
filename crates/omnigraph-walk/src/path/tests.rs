//! Paths against a list of all paths there are.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;
use crate::walk::tests::{Model, bounds, model_of, place};
use crate::{Adjacency, Edge, Place, Scratch, Side, Step, WalkGraph};

/// Nodes of each space that have edges: few, as all paths between them are listed.
const NODES: u32 = 4;

/// An order of nodes that is not that of places.
fn node_key(place: Place) -> (u32, u16) {
    (place.ordinal * 3 % 4, place.space)
}

/// An order of edges that is not that of addresses.
fn edge_key((step, address): (usize, u64)) -> (std::cmp::Reverse<u64>, usize) {
    (std::cmp::Reverse(address), step)
}

fn order() -> Order<'static> {
    Order { node: &|a, b| node_key(a).cmp(&node_key(b)), edge: &|a, b| edge_key(a).cmp(&edge_key(b)) }
}

/// Small whole numbers, nought among them, so that sums are exact and often equal.
fn cost(step: usize, address: u64) -> f64 {
    ((address >> 30) * 7 % 3 + step as u64 % 2) as f64
}

/// By cost, then as the ties are written down.
fn compare(a: &Path, b: &Path) -> Ordering {
    let nodes = |path: &Path| path.nodes.iter().map(|place| node_key(*place)).collect::<Vec<_>>();
    let edges = |path: &Path| path.edges.iter().map(|edge| edge_key(*edge)).collect::<Vec<_>>();
    let sizes = a.cost.total_cmp(&b.cost).then(a.edges.len().cmp(&b.edges.len()));
    sizes.then_with(|| nodes(a).cmp(&nodes(b))).then_with(|| edges(a).cmp(&edges(b)))
}

/// All paths from a place that visit no node twice, of at most so many edges.
fn simple_paths(model: &Model, start: Place, max: Option<u32>, cost: &dyn Fn(usize, u64) -> f64) -> Vec<Path> {
    let mut paths = vec![Path { nodes: vec![start], edges: Vec::new(), cost: 0.0 }];
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

fn longer(path: &Path, to: Place, edge: (usize, u64), cost: &dyn Fn(usize, u64) -> f64) -> Path {
    let mut path = path.clone();
    path.nodes.push(to);
    path.edges.push(edge);
    path.cost += cost(edge.0, edge.1);
    path
}

/// All paths to each target, as it is written down which targets there are and how they are arrived at.
fn candidates(
    model: &Model,
    start: Place,
    (min, max): (u32, Option<u32>),
    cost: &dyn Fn(usize, u64) -> f64,
) -> BTreeMap<Place, Vec<Path>> {
    let distances = model.distances(start);
    let mut candidates: BTreeMap<Place, Vec<Path>> = BTreeMap::new();
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
enum Kind {
    Shortest,
    AllShortest,
    Cheapest,
}

fn cost_of(kind: Kind) -> &'static dyn Fn(usize, u64) -> f64 {
    match kind {
        Kind::Cheapest => &cost,
        _ => &|_, _| 1.0,
    }
}

/// What is found, by target.
fn run(graph: &WalkGraph, kind: Kind, search: &PathSearch<'_>, scratch: &mut Scratch) -> BTreeMap<Place, Vec<Path>> {
    let mut found: BTreeMap<Place, Vec<Path>> = BTreeMap::new();
    let mut work = |_| ControlFlow::Continue(());
    let mut emit = |path: Path| {
        found.entry(*path.nodes.last().unwrap()).or_default().push(path);
        ControlFlow::Continue(())
    };
    let outcome = match kind {
        Kind::Shortest => graph.shortest(search, scratch, &mut work, &mut emit),
        Kind::AllShortest => graph.all_shortest(search, scratch, &mut work, &mut emit),
        Kind::Cheapest => graph.cheapest(search, cost_of(kind), scratch, &mut work, &mut emit),
    };
    assert!(outcome.is_continue());
    found
}

fn expected(
    model: &Model,
    kind: Kind,
    start: Place,
    bounds: (u32, Option<u32>),
    wanted: impl Fn(Place) -> bool,
) -> BTreeMap<Place, Vec<Path>> {
    let mut candidates = candidates(model, start, bounds, cost_of(kind));
    candidates.retain(|target, _| wanted(*target));
    for paths in candidates.values_mut() {
        let fewest = paths[0].edges.len();
        match kind {
            Kind::AllShortest => paths.retain(|path| path.edges.len() == fewest),
            _ => paths.truncate(1),
        }
    }
    candidates
}

/// A path as one would say it: how it goes on at each node.
fn hop_by_hop(path: &Path) -> Vec<(impl Ord + use<>, impl Ord + use<>)> {
    path.nodes[1..].iter().zip(&path.edges).map(|(node, edge)| (node_key(*node), edge_key(*edge))).collect()
}

fn check(
    model: &Model,
    start: Place,
    set: &[Place],
    (min, max): (u32, Option<u32>),
    kind: Kind,
    scratch: &mut Scratch,
) {
    let search = |targets| PathSearch { start, targets, min, max, order: order() };
    for target in Model::places() {
        let found = run(&model.graph, kind, &search(Targets::One(target)), scratch);
        let sorted = |path: &&[Path]| hop_by_hop(&path[0]) < hop_by_hop(&path[1]);
        assert!(found.values().all(|paths| paths.windows(2).all(|pair| sorted(&pair))));
        let mut found = found;
        found.values_mut().for_each(|paths| paths.sort_by(compare));
        assert_eq!(found, expected(model, kind, start, (min, max), |place| place == target), "{kind:?} to {target:?}");
    }
    for (targets, wanted) in
        [(Targets::Set(set), &(|place| set.contains(&place)) as &dyn Fn(Place) -> bool), (Targets::All, &|_| true)]
    {
        let mut found = run(&model.graph, kind, &search(targets), scratch);
        found.values_mut().for_each(|paths| paths.sort_by(compare));
        assert_eq!(found, expected(model, kind, start, (min, max), wanted), "{kind:?} to {targets:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn paths_are_the_best_of_all_there_are(
        models in prop::collection::vec(model_of(NODES), 1..3),
        start in place().prop_map(|place| Place { ordinal: place.ordinal % (NODES + 1), ..place }),
        set in prop::collection::vec(place(), 0..4),
        bounds in bounds(),
    ) {
        let mut scratch = Scratch::default();
        for model in &models {
            for kind in [Kind::Shortest, Kind::AllShortest, Kind::Cheapest] {
                check(model, start, &set, bounds, kind, &mut scratch);
            }
        }
    }
}

fn at(ordinal: u32) -> Place {
    Place { space: 0, ordinal }
}

/// Addresses are positions.
fn graph(ends: &[(u32, u32)]) -> WalkGraph {
    let edges = ends.iter().zip(0..).map(|(&(from, to), address)| Edge { from, to, address }).collect();
    let adjacency = Adjacency::build(edges);
    let step = Step { adjacency, side: Side::Out, from_space: 0, to_space: 0, allow: None, skip_loops: false };
    WalkGraph::new(vec![], vec![step])
}

fn by_number() -> Order<'static> {
    Order { node: &|a, b| a.cmp(&b), edge: &|a, b| a.cmp(&b) }
}

#[test]
fn a_bound_on_edges_rules_out_the_cheapest_way() {
    // 0 to 3 by 1 and 2 for three, by 4 for nine, at once for twenty.
    let graph = graph(&[(0, 1), (1, 2), (2, 3), (0, 4), (4, 3), (0, 3)]);
    let costs = [1.0, 1.0, 1.0, 4.0, 5.0, 20.0];
    for (max, cost) in [(None, 3.0), (Some(3), 3.0), (Some(2), 9.0), (Some(1), 20.0)] {
        let search = PathSearch { start: at(0), targets: Targets::One(at(3)), min: 1, max, order: by_number() };
        let mut found = Vec::new();
        let _ = graph.cheapest(
            &search,
            &|_, address| costs[address as usize],
            &mut Scratch::default(),
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
    // Forty diamonds in a row have more shortest paths than anyone can wait for.
    let diamond = |i: u32| [(3 * i, 3 * i + 1), (3 * i, 3 * i + 2), (3 * i + 1, 3 * i + 3), (3 * i + 2, 3 * i + 3)];
    let graph = graph(&(0..40).flat_map(diamond).collect::<Vec<_>>());
    let search = PathSearch { start: at(0), targets: Targets::One(at(120)), min: 1, max: None, order: by_number() };
    let mut left = 1000;
    let mut scratch = Scratch::default();
    let outcome = graph.all_shortest(&search, &mut scratch, &mut |_| ControlFlow::Continue(()), &mut |path| {
        assert_eq!(path.edges.len(), 80);
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((outcome, left), (ControlFlow::Break(()), 0));

    let chain = super::tests::graph(&(0..50_000).map(|i| (i, i + 1)).collect::<Vec<_>>());
    let search = PathSearch { targets: Targets::One(at(50_000)), ..search };
    for kind in [Kind::Shortest, Kind::AllShortest, Kind::Cheapest] {
        let found = run(&chain, kind, &search, &mut scratch);
        assert_eq!(found[&at(50_000)][0].edges.len(), 50_000, "{kind:?}");
    }
}

#[test]
fn work_stops_a_search() {
    let chain = graph(&(0..50_000).map(|i| (i, i + 1)).collect::<Vec<_>>());
    for targets in [Targets::One(at(50_000)), Targets::All] {
        let search = PathSearch { start: at(0), targets, min: 1, max: None, order: by_number() };
        let mut scratch = Scratch::default();
        let mut stop = |_| ControlFlow::Break(());
        let mut found = 0;
        let mut emit = |_| {
            found += 1;
            ControlFlow::Continue(())
        };
        assert!(chain.shortest(&search, &mut scratch, &mut stop, &mut emit).is_break());
        assert!(chain.all_shortest(&search, &mut scratch, &mut stop, &mut emit).is_break());
        assert!(chain.cheapest(&search, &|_, _| 1.0, &mut scratch, &mut stop, &mut emit).is_break());
        assert!(found < 20_000, "{found}");
    }
}
