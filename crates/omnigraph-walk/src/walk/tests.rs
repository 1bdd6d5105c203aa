//! Walks against plain searches over lists of edges.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Adjacency, Edge, EdgeSet, Side};

const SPACES: u16 = 2;
const SIZE: u32 = 9;

/// A graph, and what its steps lead from and to according to the lists it was made from.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) graph: WalkGraph,
    /// From, to, step, address; only what may be walked.
    pub(crate) edges: Vec<(Place, Place, usize, u64)>,
}

#[derive(Clone, Debug)]
struct StepModel {
    ends: Vec<(u32, u32)>,
    later: Vec<(u32, u32)>,
    inverted: bool,
    spaces: (u16, u16),
    /// One in so many edges may not be walked.
    forbid: Option<u64>,
    skip_loops: bool,
}

fn step_model(size: u32) -> impl Strategy<Value = StepModel> {
    let ends = |most| prop::collection::vec((0..size, prop_oneof![1 => 0..2u32, 2 => 0..size]), 0..most);
    let spaces = (prop_oneof![3 => Just(0u16), 1 => Just(1)], prop_oneof![3 => Just(0u16), 1 => Just(1)]);
    let forbid = prop_oneof![2 => Just(None), 1 => (2u64..4).prop_map(Some)];
    (ends(24), ends(3), any::<bool>(), spaces, forbid, any::<bool>()).prop_map(
        |(ends, later, inverted, spaces, forbid, skip_loops)| StepModel {
            ends,
            later,
            inverted,
            spaces,
            forbid,
            skip_loops,
        },
    )
}

fn model() -> impl Strategy<Value = Model> {
    model_of(SIZE)
}

/// A random graph whose edges join so many nodes of each space.
pub(crate) fn model_of(size: u32) -> impl Strategy<Value = Model> {
    prop::collection::vec(step_model(size), 1..4).prop_map(|steps| {
        let mut edges = Vec::new();
        let steps = steps.into_iter().enumerate().map(|(number, step)| make_step(number, step, &mut edges)).collect();
        Model { graph: WalkGraph::new(vec![SIZE; usize::from(SPACES)], steps), edges }
    })
}

fn make_step(number: usize, model: StepModel, walked: &mut Vec<(Place, Place, usize, u64)>) -> Step {
    let list = |ends: &[(u32, u32)], first: u64| -> Vec<Edge> {
        ends.iter().zip(first..).map(|(&(from, to), address)| Edge { from, to, address: address << 30 }).collect()
    };
    let (first, later) = (list(&model.ends, 0), list(&model.later, 1000));
    let all: Vec<Edge> = first.iter().chain(&later).copied().collect();
    let may = |edge: &&Edge| model.forbid.is_none_or(|forbid| !(edge.address >> 30).is_multiple_of(forbid));
    for edge in all.iter().filter(may) {
        let (from, to) = if model.inverted { (edge.to, edge.from) } else { (edge.from, edge.to) };
        let ends = (Place { space: model.spaces.0, ordinal: from }, Place { space: model.spaces.1, ordinal: to });
        if !(model.skip_loops && ends.0 == ends.1) {
            walked.push((ends.0, ends.1, number, edge.address));
        }
    }
    Step {
        adjacency: Adjacency::build(first).next([], later),
        side: if model.inverted { Side::In } else { Side::Out },
        from_space: model.spaces.0,
        to_space: model.spaces.1,
        allow: model.forbid.map(|_| Arc::new(all.iter().filter(may).map(|edge| edge.address).collect::<EdgeSet>())),
        skip_loops: model.skip_loops,
    }
}

impl Model {
    /// Shortest distances from a place.
    pub(crate) fn distances(&self, start: Place) -> BTreeMap<Place, u32> {
        let mut distances = BTreeMap::from([(start, 0)]);
        for distance in 0.. {
            let level: Vec<Place> =
                distances.iter().filter(|(_, d)| **d == distance).map(|(place, _)| *place).collect();
            if level.is_empty() {
                break;
            }
            for (_, to, _, _) in self.edges.iter().filter(|edge| level.contains(&edge.0)) {
                distances.entry(*to).or_insert(distance + 1);
            }
        }
        distances
    }

    /// What is reached within bounds, word for word as the meaning of a walk is written down.
    pub(crate) fn reached(&self, start: Place, min: u32, max: Option<u32>) -> BTreeMap<Place, u32> {
        let admitted = |distance: u32| min <= distance && max.is_none_or(|max| distance <= max);
        let mut reached = BTreeMap::new();
        for (place, distance) in self.distances(start) {
            if admitted(distance) {
                reached.insert(place, distance);
            } else if admitted(distance + 1) && self.edges.iter().any(|edge| (edge.0, edge.1) == (place, place)) {
                reached.insert(place, distance + 1);
            }
        }
        reached
    }

    pub(crate) fn places() -> impl Iterator<Item = Place> {
        (0..SPACES).flat_map(|space| (0..SIZE).map(move |ordinal| Place { space, ordinal }))
    }
}

pub(crate) fn place() -> impl Strategy<Value = Place> {
    (prop_oneof![4 => Just(0u16), 1 => Just(1)], 0..SIZE).prop_map(|(space, ordinal)| Place { space, ordinal })
}

pub(crate) fn bounds() -> impl Strategy<Value = (u32, Option<u32>)> {
    (prop_oneof![0u32..2, 0u32..4], prop::option::of(0u32..5))
}

/// Collects what is emitted, and requires distances to ascend and every place to come once.
fn collect(ascending: bool, run: impl FnOnce(&mut Emit<'_>) -> ControlFlow<()>) -> BTreeMap<Place, u32> {
    let mut reached = BTreeMap::new();
    let mut last = 0;
    let outcome = run(&mut |place, distance| {
        assert!(!ascending || last <= distance);
        last = distance;
        assert_eq!(reached.insert(place, distance), None, "{place:?} twice");
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
    fn reach_is_the_meaning_of_a_walk(models in prop::collection::vec(model(), 1..3), (min, max) in bounds()) {
        let mut scratch = Scratch::default();
        for (model, start) in models.iter().flat_map(|model| Model::places().map(move |start| (model, start))) {
            let reached = collect(true, |emit| model.graph.reach(start, min, max, &mut scratch, &mut free(), emit));
            prop_assert_eq!(reached, model.reached(start, min, max), "from {:?}", start);
        }
    }

    #[test]
    fn reach_from_any_is_the_union(
        models in prop::collection::vec(model(), 1..3),
        starts in prop::collection::vec(place(), 0..6),
        (min, max) in bounds(),
    ) {
        let mut scratch = Scratch::default();
        for model in &models {
            let mut expected: BTreeMap<Place, u32> = BTreeMap::new();
            for (place, distance) in starts.iter().flat_map(|start| model.reached(*start, min, max)) {
                let least = expected.entry(place).or_insert(distance);
                *least = distance.min(*least);
            }
            let reached = collect(min <= 1, |emit| {
                model.graph.reach_from_any(&starts, min, max, &mut scratch, &mut free(), emit)
            });
            prop_assert_eq!(reached, expected);
        }
    }

    #[test]
    fn within_is_the_distance_that_reach_emits(model in model(), (min, max) in bounds()) {
        let mut scratch = Scratch::default();
        for start in Model::places() {
            let reached = model.reached(start, min, max);
            for target in Model::places() {
                let within = model.graph.within(start, target, min, max, &mut scratch, &mut free());
                prop_assert_eq!(within, ControlFlow::Continue(reached.get(&target).copied()), "{:?} to {:?}", start, target);
            }
        }
    }

    #[test]
    fn a_walk_that_was_stopped_leaves_nothing_behind(model in model(), start in place(), stop_after in 0usize..4) {
        let mut scratch = Scratch::default();
        let mut left = stop_after;
        let stopped = model.graph.reach(start, 0, None, &mut scratch, &mut free(), &mut |_, _| match left.checked_sub(1) {
            Some(fewer) => { left = fewer; ControlFlow::Continue(()) },
            None => ControlFlow::Break(()),
        });
        let expected = model.reached(start, 0, None);
        prop_assert_eq!(stopped.is_break(), expected.len() > stop_after);
        let reached = collect(true, |emit| model.graph.reach(start, 0, None, &mut scratch, &mut free(), emit));
        prop_assert_eq!(reached, expected);
    }

    #[test]
    fn a_closure_looks_at_each_edge_of_what_it_reaches_once(model in model(), start in place()) {
        let mut looked = 0;
        let mut work = |edges| { looked += edges; ControlFlow::Continue(()) };
        let reached: BTreeSet<Place> =
            collect(true, |emit| model.graph.reach(start, 0, None, &mut Scratch::default(), &mut work, emit)).into_keys().collect();
        let mut expected = 0;
        for (place, step) in reached.iter().flat_map(|place| model.graph.steps().iter().map(move |step| (place, step))) {
            if step.from_space == place.space {
                expected += step.adjacency.degree(place.ordinal, step.side) as u64;
            }
        }
        prop_assert_eq!(looked, expected);
    }
}

/// A ring of so many nodes, each with an edge to the next.
fn ring(nodes: u32) -> WalkGraph {
    let edges = (0..nodes).map(|from| Edge { from, to: (from + 1) % nodes, address: u64::from(from) }).collect();
    let adjacency = Adjacency::build(edges);
    let step = Step { adjacency, side: Side::Out, from_space: 0, to_space: 0, allow: None, skip_loops: false };
    WalkGraph::new(vec![], vec![step])
}

fn at(ordinal: u32) -> Place {
    Place { space: 0, ordinal }
}

#[test]
fn work_stops_a_long_walk_soon() {
    let ring = ring(100_000);
    let mut looked = 0;
    let mut work = |edges| {
        looked += edges;
        ControlFlow::Break(())
    };
    let mut emitted = 0;
    let outcome = ring.reach(at(0), 1, None, &mut Scratch::default(), &mut work, &mut |_, _| {
        emitted += 1;
        ControlFlow::Continue(())
    });
    assert!(outcome.is_break());
    assert!(emitted < 10_000 && looked < 10_000, "{emitted} emitted, {looked} looked at");
    let outcome = ring.within(at(0), at(50_000), 1, None, &mut Scratch::default(), &mut |_| ControlFlow::Break(()));
    assert_eq!(outcome, ControlFlow::Break(()));
}

#[test]
fn a_cycle_does_not_lead_back_to_the_start() {
    let ring = ring(3);
    let reached = collect(true, |emit| ring.reach(at(0), 1, Some(5), &mut Scratch::default(), &mut free(), emit));
    assert_eq!(reached, BTreeMap::from([(at(1), 1), (at(2), 2)]));
    let reached = collect(true, |emit| {
        ring.reach_from_any(&[at(0), at(2)], 1, Some(5), &mut Scratch::default(), &mut free(), emit)
    });
    assert_eq!(reached, BTreeMap::from([(at(0), 1), (at(1), 1), (at(2), 2)]));
}

#[test]
fn a_place_outside_the_graph_reaches_nothing() {
    let ring = ring(3);
    for start in [at(3), Place { space: 4, ordinal: 0 }] {
        let reached = collect(true, |emit| ring.reach(start, 0, None, &mut Scratch::default(), &mut free(), emit));
        assert_eq!(reached, BTreeMap::new());
        let within = ring.within(start, start, 0, None, &mut Scratch::default(), &mut free());
        assert_eq!(within, ControlFlow::Continue(None));
    }
}
