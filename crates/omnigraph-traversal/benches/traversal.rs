//! Benchmark of adjacency and traversals on a random graph: a million nodes and ten million edges, or the numbers of two
//! arguments.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]

use std::ops::ControlFlow;
use std::time::Instant;

use omnigraph_traversal::{Adjacency, Edge, EdgeDirection, NodeRef, SearchBuffers, TraversalGraph, TraversalStep};

/// Runs of a repeatable measurement; the fastest counts.
const RUNS: usize = 3;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let nodes: u32 = numbers.next().unwrap_or(1_000_000);
    let count: u32 = numbers.next().unwrap_or(10_000_000);
    let edges = edges(nodes, count);
    println!("{nodes} nodes, {count} edges");

    let adjacency = versions(edges, nodes);
    let out = graph(&adjacency, EdgeDirection::Out);
    let seeds: Vec<NodeRef> = (0..1000u32).map(|seed| type0(seed.wrapping_mul(2_654_435_761) % nodes)).collect();
    searches("", &out, &seeds);

    let layered = (0..20u32).fold(adjacency, |version, i| version.with_changes([], vec![new_edge(i, nodes)]));
    searches(" with layers", &graph(&layered, EdgeDirection::Out), &seeds);
}

fn versions(edges: Vec<Edge>, nodes: u32) -> Adjacency {
    let mut built = None;
    measure("build", 1, || built = Some(Adjacency::build(edges.clone())));
    let adjacency = built.unwrap_or_else(|| Adjacency::build(Vec::new()));
    println!("{:>40} {:>10.1} MB", "memory", adjacency.memory_bytes() as f64 / 1e6);
    measure("build of sorted edges", 1, || {
        let mut sorted = Vec::with_capacity(adjacency.len());
        adjacency.for_each_edge(|from, to, address| sorted.push(Edge { from, to, address }));
        std::hint::black_box(Adjacency::build(sorted));
    });
    measure("with_changes, one edge", RUNS, || {
        std::hint::black_box(adjacency.with_changes([], vec![new_edge(1, nodes)]));
    });
    measure("1,000 times with_changes, one edge", 1, || {
        let last =
            (0..1000u32).fold(adjacency.clone(), |version, i| version.with_changes([], vec![new_edge(i, nodes)]));
        std::hint::black_box(last);
    });
    adjacency
}

fn searches(which: &str, graph: &TraversalGraph, seeds: &[NodeRef]) {
    let mut buffers = SearchBuffers::default();
    let mut reached = 0u64;
    for (name, max) in [("two hops from 1,000 seeds", Some(2)), ("three hops from 1,000 seeds", Some(3))] {
        measure(&format!("{name}{which}"), RUNS, || {
            reached = 0;
            for &seed in seeds {
                reach(graph, seed, max, &mut buffers, &mut reached);
            }
        });
        println!("{:>40} {reached:>10} reached", "");
    }
    measure(&format!("closure of one seed{which}"), RUNS, || {
        reached = 0;
        reach(graph, seeds[0], None, &mut buffers, &mut reached);
    });
    println!("{:>40} {reached:>10} reached", "");
    measure(&format!("two hops from any of the seeds{which}"), RUNS, || {
        let _ = graph.reach_from_any(seeds, 1, Some(2), &mut buffers, &mut |_| go_on(), &mut |_, _| go_on());
    });
    measure(&format!("distances of 500 pairs{which}"), RUNS, || {
        for pair in seeds.chunks_exact(2) {
            let _ = std::hint::black_box(graph.distance(pair[0], pair[1], 1, None, &mut buffers, &mut |_| go_on()));
        }
    });
}

fn reach(graph: &TraversalGraph, seed: NodeRef, max: Option<u32>, buffers: &mut SearchBuffers, reached: &mut u64) {
    let _ = graph.reach(seed, 1, max, buffers, &mut |_| go_on(), &mut |_, _| {
        *reached += 1;
        go_on()
    });
}

fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn type0(ordinal: u32) -> NodeRef {
    NodeRef::pack(0, ordinal)
}

fn graph(adjacency: &Adjacency, direction: EdgeDirection) -> TraversalGraph {
    let step = TraversalStep {
        adjacency: adjacency.clone(),
        direction,
        from_type: 0,
        to_type: 0,
        allowed: None,
        skip_loops: false,
    };
    TraversalGraph::new(vec![], vec![step])
}

/// Returns edges between random nodes, in the order of their addresses.
fn edges(nodes: u32, count: u32) -> Vec<Edge> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        // xorshift64*: repeatable and uniform enough.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (((state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) * u64::from(nodes)) >> 32) as u32
    };
    (0..u64::from(count)).map(|address| Edge { from: random(), to: random(), address }).collect()
}

fn new_edge(number: u32, nodes: u32) -> Edge {
    Edge { from: number * 7919 % nodes, to: number * 104_729 % nodes, address: (1 << 40) + u64::from(number) }
}

/// Prints the time of the fastest run.
fn measure(name: &str, runs: usize, mut run: impl FnMut()) {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    let fastest = times.min().unwrap_or_default();
    println!("{name:>40} {:>10.3} ms", fastest.as_secs_f64() * 1e3);
}
