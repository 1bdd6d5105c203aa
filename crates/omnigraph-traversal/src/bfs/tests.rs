//! Model-based tests: searches against plain searches over lists of edges.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Adjacency, Edge, EdgeDirection, EdgeSet, NodeRef};

const TYPES: u16 = 2;
const SIZE: u32 = 9;

/// A graph and the edge list that it was built from.
#[derive(Clone, Debug)]
pub(crate) struct GraphModel {
    pub(crate) graph: TraversalGraph,
    /// From, to, step and address of the edges that may be followed.
    pub(crate) edges: Vec<(NodeRef, NodeRef, usize, u64)>,
}

#[derive(Clone, Debug)]
struct StepModel {
    endpoints: Vec<(u32, u32)>,
    later: Vec<(u32, u32)>,
    inverted: bool,
    types: (u16, u16),
    /// One in so many edges may not be followed.
    forbid: Option<u64>,
    skip_loops: bool,
}

fn step_model(size: u32) -> impl Strategy<Value = StepModel> {
    let endpoints = |most| prop::collection::vec((0..size, prop_oneof![1 => 0..2u32, 2 => 0..size]), 0..most);
    let types = (prop_oneof![3 => Just(0u16), 1 => Just(1)], prop_oneof![3 => Just(0u16), 1 => Just(1)]);
    let forbid = prop_oneof![2 => Just(None), 1 => (2u64..4).prop_map(Some)];
    (endpoints(24), endpoints(3), any::<bool>(), types, forbid, any::<bool>()).prop_map(
        |(endpoints, later, inverted, types, forbid, skip_loops)| StepModel {
            endpoints,
            later,
            inverted,
            types,
            forbid,
            skip_loops,
        },
    )
}

fn model() -> impl Strategy<Value = GraphModel> {
    model_with(SIZE)
}

/// Generates a graph whose edges connect the first `size` nodes of each type.
pub(crate) fn model_with(size: u32) -> impl Strategy<Value = GraphModel> {
    prop::collection::vec(step_model(size), 1..4).prop_map(|steps| {
        let mut edges = Vec::new();
        let steps = steps.into_iter().enumerate().map(|(number, step)| build_step(number, step, &mut edges)).collect();
        GraphModel { graph: TraversalGraph::new(vec![SIZE; usize::from(TYPES)], steps), edges }
    })
}

fn build_step(number: usize, model: StepModel, followed: &mut Vec<(NodeRef, NodeRef, usize, u64)>) -> TraversalStep {
    let list = |endpoints: &[(u32, u32)], first: u64| -> Vec<Edge> {
        endpoints.iter().zip(first..).map(|(&(from, to), address)| Edge { from, to, address: address << 30 }).collect()
    };
    let (first, later) = (list(&model.endpoints, 0), list(&model.later, 1000));
    let all: Vec<Edge> = first.iter().chain(&later).copied().collect();
    let may = |edge: &&Edge| model.forbid.is_none_or(|forbid| !(edge.address >> 30).is_multiple_of(forbid));
    for edge in all.iter().filter(may) {
        let (from, to) = if model.inverted { (edge.to, edge.from) } else { (edge.from, edge.to) };
        let (source, target) = (NodeRef::pack(model.types.0, from), NodeRef::pack(model.types.1, to));
        if !(model.skip_loops && source == target) {
            followed.push((source, target, number, edge.address));
        }
    }
    TraversalStep {
        adjacency: Adjacency::build(first).with_changes([], later),
        direction: if model.inverted { EdgeDirection::In } else { EdgeDirection::Out },
        from_type: model.types.0,
        to_type: model.types.1,
        allowed: model.forbid.map(|_| Arc::new(all.iter().filter(may).map(|edge| edge.address).collect::<EdgeSet>())),
        skip_loops: model.skip_loops,
    }
}

impl GraphModel {
    /// Returns the shortest distances from a node.
    pub(crate) fn distances(&self, start: NodeRef) -> BTreeMap<NodeRef, u32> {
        let mut distances = BTreeMap::from([(start, 0)]);
        for distance in 0.. {
            let level: Vec<NodeRef> =
                distances.iter().filter(|(_, d)| **d == distance).map(|(node, _)| *node).collect();
            if level.is_empty() {
                break;
            }
            for (_, to, _, _) in self.edges.iter().filter(|edge| level.contains(&edge.0)) {
                distances.entry(*to).or_insert(distance + 1);
            }
        }
        distances
    }

    /// Returns the nodes reached within bounds, by the documented definition of `reach`.
    pub(crate) fn reached(&self, start: NodeRef, min: u32, max: Option<u32>) -> BTreeMap<NodeRef, u32> {
        let admitted = |distance: u32| min <= distance && max.is_none_or(|max| distance <= max);
        let mut reached = BTreeMap::new();
        for (node, distance) in self.distances(start) {
            if admitted(distance) {
                reached.insert(node, distance);
            } else if admitted(distance + 1) && self.edges.iter().any(|edge| (edge.0, edge.1) == (node, node)) {
                reached.insert(node, distance + 1);
            }
        }
        reached
    }

    pub(crate) fn nodes() -> impl Iterator<Item = NodeRef> {
        (0..TYPES).flat_map(|node_type| (0..SIZE).map(move |ordinal| NodeRef::pack(node_type, ordinal)))
    }
}

pub(crate) fn node() -> impl Strategy<Value = NodeRef> {
    (prop_oneof![4 => Just(0u16), 1 => Just(1)], 0..SIZE)
        .prop_map(|(node_type, ordinal)| NodeRef::pack(node_type, ordinal))
}

pub(crate) fn bounds() -> impl Strategy<Value = (u32, Option<u32>)> {
    (prop_oneof![0u32..2, 0u32..4], prop::option::of(0u32..5))
}

/// Collects the visited nodes. Asserts that distances ascend and that each node is visited once.
fn collect(ascending: bool, run: impl FnOnce(&mut VisitFn<'_>) -> ControlFlow<()>) -> BTreeMap<NodeRef, u32> {
    let mut reached = BTreeMap::new();
    let mut last = 0;
    let outcome = run(&mut |node, distance| {
        assert!(!ascending || last <= distance);
        last = distance;
        assert_eq!(reached.insert(node, distance), None, "{node:?} twice");
        ControlFlow::Continue(())
    });
    assert!(outcome.is_continue());
    reached
}

fn free() -> impl FnMut(u64) -> ControlFlow<()> {
    |_| ControlFlow::Continue(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn reach_matches_its_definition(models in prop::collection::vec(model(), 1..3), (min, max) in bounds()) {
        let mut buffers = SearchBuffers::default();
        for (model, start) in models.iter().flat_map(|model| GraphModel::nodes().map(move |start| (model, start))) {
            let reached = collect(true, |visit| model.graph.reach(start, min, max, &mut buffers, &mut free(), visit));
            prop_assert_eq!(reached, model.reached(start, min, max), "from {:?}", start);
        }
    }

    #[test]
    fn reach_from_any_is_the_union(
        models in prop::collection::vec(model(), 1..3),
        starts in prop::collection::vec(node(), 0..6),
        (min, max) in bounds(),
    ) {
        let mut buffers = SearchBuffers::default();
        for model in &models {
            let mut expected: BTreeMap<NodeRef, u32> = BTreeMap::new();
            for (node, distance) in starts.iter().flat_map(|start| model.reached(*start, min, max)) {
                let least = expected.entry(node).or_insert(distance);
                *least = distance.min(*least);
            }
            let reached = collect(min <= 1, |visit| {
                model.graph.reach_from_any(&starts, min, max, &mut buffers, &mut free(), visit)
            });
            prop_assert_eq!(reached, expected);
        }
    }

    #[test]
    fn distance_matches_reach(model in model(), (min, max) in bounds()) {
        let mut buffers = SearchBuffers::default();
        for start in GraphModel::nodes() {
            let reached = model.reached(start, min, max);
            for target in GraphModel::nodes() {
                let distance = model.graph.distance(start, target, min, max, &mut buffers, &mut free());
                prop_assert_eq!(distance, ControlFlow::Continue(reached.get(&target).copied()), "{:?} to {:?}", start, target);
            }
        }
    }

    #[test]
    fn a_canceled_search_leaves_clean_buffers(model in model(), start in node(), stop_after in 0usize..4) {
        let mut buffers = SearchBuffers::default();
        let mut left = stop_after;
        let stopped = model.graph.reach(start, 0, None, &mut buffers, &mut free(), &mut |_, _| match left.checked_sub(1) {
            Some(fewer) => { left = fewer; ControlFlow::Continue(()) },
            None => ControlFlow::Break(()),
        });
        let expected = model.reached(start, 0, None);
        prop_assert_eq!(stopped.is_break(), expected.len() > stop_after);
        let reached = collect(true, |visit| model.graph.reach(start, 0, None, &mut buffers, &mut free(), visit));
        prop_assert_eq!(reached, expected);
    }

    #[test]
    fn a_closure_scans_each_edge_once(model in model(), start in node()) {
        let mut scanned = 0;
        let mut progress = |edges| { scanned += edges; ControlFlow::Continue(()) };
        let reached: BTreeSet<NodeRef> =
            collect(true, |visit| model.graph.reach(start, 0, None, &mut SearchBuffers::default(), &mut progress, visit)).into_keys().collect();
        let mut expected = 0;
        for (node, step) in reached.iter().flat_map(|node| model.graph.steps().iter().map(move |step| (node, step))) {
            if step.from_type == node.node_type() {
                expected += step.adjacency.degree(node.ordinal(), step.direction) as u64;
            }
        }
        prop_assert_eq!(scanned, expected);
    }
}

/// Returns a graph of one node type and one step. The addresses of edges are their positions.
pub(crate) fn single_step_graph(endpoints: &[(u32, u32)]) -> TraversalGraph {
    let edges = endpoints.iter().zip(0..).map(|(&(from, to), address)| Edge { from, to, address }).collect();
    let (adjacency, direction) = (Adjacency::build(edges), EdgeDirection::Out);
    let step = TraversalStep { adjacency, direction, from_type: 0, to_type: 0, allowed: None, skip_loops: false };
    TraversalGraph::new(vec![], vec![step])
}

/// Returns a cycle over the first `nodes` nodes.
fn ring(nodes: u32) -> TraversalGraph {
    single_step_graph(&(0..nodes).map(|from| (from, (from + 1) % nodes)).collect::<Vec<_>>())
}

fn type0(ordinal: u32) -> NodeRef {
    NodeRef::pack(0, ordinal)
}

#[test]
fn progress_cancels_a_long_search_soon() {
    let ring = ring(100_000);
    let mut scanned = 0;
    let mut progress = |edges| {
        scanned += edges;
        ControlFlow::Break(())
    };
    let mut visited = 0;
    let outcome = ring.reach(type0(0), 1, None, &mut SearchBuffers::default(), &mut progress, &mut |_, _| {
        visited += 1;
        ControlFlow::Continue(())
    });
    assert!(outcome.is_break());
    assert!(visited < 10_000 && scanned < 10_000, "{visited} visited, {scanned} scanned");
    let outcome =
        ring.distance(type0(0), type0(50_000), 1, None, &mut SearchBuffers::default(), &mut |_| ControlFlow::Break(()));
    assert_eq!(outcome, ControlFlow::Break(()));
}

#[test]
fn a_cycle_does_not_lead_back_to_the_start() {
    let ring = ring(3);
    let reached =
        collect(true, |visit| ring.reach(type0(0), 1, Some(5), &mut SearchBuffers::default(), &mut free(), visit));
    assert_eq!(reached, BTreeMap::from([(type0(1), 1), (type0(2), 2)]));
    let reached = collect(true, |visit| {
        ring.reach_from_any(&[type0(0), type0(2)], 1, Some(5), &mut SearchBuffers::default(), &mut free(), visit)
    });
    assert_eq!(reached, BTreeMap::from([(type0(0), 1), (type0(1), 1), (type0(2), 2)]));
}

#[test]
fn a_node_outside_the_graph_reaches_nothing() {
    let ring = ring(3);
    for start in [type0(3), NodeRef::pack(4, 0)] {
        let reached =
            collect(true, |visit| ring.reach(start, 0, None, &mut SearchBuffers::default(), &mut free(), visit));
        assert_eq!(reached, BTreeMap::new());
        let distance = ring.distance(start, start, 0, None, &mut SearchBuffers::default(), &mut free());
        assert_eq!(distance, ControlFlow::Continue(None));
    }
}

/// Runs a filtered search with batches of `limit` edges, and returns the admitted edges by address.
fn run_filtered(
    model: &GraphModel,
    sources: &[NodeRef],
    max: Option<u32>,
    limit: usize,
    predicate: &dyn Fn(u64) -> bool,
) -> Vec<EdgeSet> {
    let mut bfs = FilteredBfs::new(max);
    for &source in sources {
        let search = bfs.add_search();
        bfs.add_source(search, source);
    }
    while let Some(batch) = bfs.next_candidates(model.graph.steps(), limit) {
        assert!(!batch.is_empty() && batch.searches.len() == batch.len() && batch.targets.len() == batch.len());
        for position in (0..batch.len()).filter(|&position| predicate(batch.addresses[position])) {
            bfs.admit(&batch, position);
        }
    }
    bfs.into_admitted()
}

proptest! {
    #[test]
    fn a_filtered_search_admits_the_edges_within_its_depth(
        model in model(),
        sources in prop::collection::vec(node(), 0..4),
        max in prop::option::of(0u32..5),
        limit in 0usize..6,
    ) {
        let predicate = |address: u64| (address >> 30) % 3 != 1;
        let kept = GraphModel { edges: model.edges.iter().copied().filter(|edge| predicate(edge.3)).collect(), ..model.clone() };
        for (source, admitted) in sources.iter().zip(run_filtered(&model, &sources, max, limit, &predicate)) {
            let distances = kept.distances(*source);
            let in_depth = |node: &NodeRef| distances.get(node).is_some_and(|distance| max.is_none_or(|max| *distance < max));
            let expected: EdgeSet = kept.edges.iter().filter(|edge| in_depth(&edge.0)).map(|edge| edge.3).collect();
            prop_assert_eq!(admitted.len(), expected.len());
            prop_assert!(kept.edges.iter().all(|edge| admitted.contains(edge.3) == expected.contains(edge.3)));
        }
    }

    #[test]
    fn cursors_agree_with_the_edge_list(model in model(), node in node(), target in node()) {
        for (number, step) in model.graph.steps().iter().enumerate() {
            let cursor = step.cursor();
            let followed = |edge: &&(NodeRef, NodeRef, usize, u64)| edge.0 == node && edge.2 == number;
            let mut expected: Vec<_> = model.edges.iter().filter(followed).map(|edge| (edge.1, edge.3)).collect();
            expected.sort_unstable();
            let mut found = Vec::new();
            let _ = cursor.try_for_each::<()>(node, |neighbor, address| {
                found.push((neighbor, address));
                ControlFlow::Continue(())
            });
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(cursor.degree(node), expected.len());
            prop_assert_eq!(cursor.has_loop(node), expected.iter().any(|edge| edge.0 == node));
            let mut addresses = Vec::new();
            let _ = cursor.try_for_each_to::<()>(node, target, |address| {
                addresses.push(address);
                ControlFlow::Continue(())
            });
            let parallel = expected.iter().filter(|edge| edge.0 == target).map(|edge| edge.1);
            prop_assert_eq!(addresses, parallel.collect::<Vec<_>>());
        }
    }
}

#[test]
fn node_references_pack_and_sort_by_type_then_ordinal() {
    let node = NodeRef::pack(3, u32::MAX);
    assert_eq!((node.node_type(), node.ordinal(), node.0), (3, u32::MAX, 0x3_ffff_ffff));
    assert!(node < NodeRef::pack(4, 0) && NodeRef::pack(3, 0) < node);
    assert_eq!(NodeRef(u64::MAX).node_type(), u16::MAX);
    assert_eq!(format!("{node:?}"), "3:4294967295");
}

#[test]
fn a_step_between_different_types_has_no_loops_to_skip() {
    let adjacency = Adjacency::build(vec![Edge { from: 1, to: 1, address: 0 }]);
    let direction = EdgeDirection::Out;
    let step = TraversalStep { adjacency, direction, from_type: 0, to_type: 1, allowed: None, skip_loops: true };
    assert_eq!(step.cursor().degree(type0(1)), 1);
    assert!(!step.cursor().has_loop(type0(1)));
}
