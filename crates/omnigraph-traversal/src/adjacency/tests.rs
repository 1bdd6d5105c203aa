//! Model-based tests: every operation against an ordered set of edges.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::delta::MAX_REWRITTEN_DEGREE;
use super::*;

type EdgeModel = BTreeSet<Edge>;

/// Generates ordinals that favor a few nodes, so that there are hubs, parallel edges and self-loops.
fn ordinal() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0u32..3, 3 => 0u32..24, 1 => 20u32..60, 1 => Just(700)]
}

/// Generates the endpoints of edges.
fn endpoints(most: usize) -> impl Strategy<Value = Vec<(u32, u32)>> {
    prop::collection::vec((ordinal(), ordinal()), 0..most)
}

/// Generates a commit: edges to delete, a flag that re-inserts them under other addresses, and edges to insert.
fn commit() -> impl Strategy<Value = (Vec<prop::sample::Index>, bool, Vec<(u32, u32)>)> {
    (prop::collection::vec(any::<prop::sample::Index>(), 0..4), any::<bool>(), endpoints(4))
}

/// Returns edges with unique addresses in random order.
fn edges(ends: &[(u32, u32)], counter: &mut u64) -> Vec<Edge> {
    let edge = |&(from, to): &(u32, u32)| {
        *counter += 1;
        Edge { from, to, address: (*counter).wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    };
    ends.iter().map(edge).collect()
}

fn expected_row(model: &EdgeModel, node: u32, direction: EdgeDirection) -> Vec<(u32, u64)> {
    let mut row: Vec<_> = model
        .iter()
        .map(|edge| crate::edge::HalfEdge::new(edge, direction))
        .filter(|half| half.node == node)
        .map(|half| (half.neighbor, half.address))
        .collect();
    row.sort_unstable();
    row
}

fn check(adjacency: &Adjacency, model: &EdgeModel) {
    assert_eq!((adjacency.len(), adjacency.is_empty()), (model.len(), model.is_empty()));
    let mut seen = Vec::new();
    adjacency.for_each_edge(|from, to, address| seen.push(Edge { from, to, address }));
    assert_eq!(seen, model.iter().copied().collect::<Vec<_>>());
    for direction in [EdgeDirection::Out, EdgeDirection::In] {
        for node in (0..62).chain([699, 700, 701, u32::MAX]) {
            check_row(adjacency, model, node, direction);
        }
        let greatest = model.iter().map(|edge| crate::edge::HalfEdge::new(edge, direction).node).max();
        assert!(greatest.is_none_or(|greatest| greatest < adjacency.node_bound(direction)));
    }
    let pairs: BTreeSet<(u32, u32)> = model.iter().map(|edge| (edge.from, edge.to)).collect();
    for pair in (0..26).flat_map(|from| (0..26).map(move |to| (from, to))) {
        assert_eq!(adjacency.has_edge(pair.0, pair.1), pairs.contains(&pair), "{pair:?}");
    }
}

fn check_row(adjacency: &Adjacency, model: &EdgeModel, node: u32, direction: EdgeDirection) {
    let expected = expected_row(model, node, direction);
    let mut row = Vec::new();
    adjacency.for_each(node, direction, |other, address| row.push((other, address)));
    assert_eq!(row, expected, "{node} {direction:?}");
    assert_eq!(adjacency.degree(node, direction), expected.len());
    assert_eq!(adjacency.rows(direction).row(node).is_empty(), expected.is_empty());

    let others: Vec<u32> = expected.iter().map(|&(other, _)| other).collect();
    let mut extended = vec![7];
    adjacency.extend_neighbors(node, direction, &mut extended);
    assert_eq!(extended[1..], others);
    if let Some(slice) = adjacency.neighbors(node, direction) {
        assert_eq!(slice, others);
        let segment = adjacency.rows(direction).row(node).as_segment().unwrap();
        let addresses: Vec<u64> = (0..segment.len()).map(|position| segment.address(position)).collect();
        assert_eq!(addresses, expected.iter().map(|&(_, address)| address).collect::<Vec<_>>());
    }

    let mut first_two = Vec::new();
    let stopped = adjacency.try_for_each(node, direction, |other, address| {
        first_two.push((other, address));
        if first_two.len() == 2 { ControlFlow::Break(other) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(first_two, expected.iter().copied().take(2).collect::<Vec<_>>());
    assert_eq!(stopped.is_break(), expected.len() >= 2);

    for other in (0..4).chain([node, 23, 700]) {
        let mut to = Vec::new();
        let _ = adjacency.rows(direction).row(node).for_each_segment_to::<()>(other, |segment| {
            to.extend(segment.edges());
            ControlFlow::Continue(())
        });
        let expected: Vec<_> = expected.iter().copied().filter(|&(o, _)| o == other).collect();
        assert_eq!(to, expected, "{node} to {other} {direction:?}");
    }
}

/// Applies a commit to an adjacency and to the model.
fn apply(
    adjacency: &Adjacency,
    model: &mut EdgeModel,
    (picks, moved, new): (Vec<prop::sample::Index>, bool, Vec<(u32, u32)>),
    counter: &mut u64,
) -> Adjacency {
    let present: Vec<Edge> = model.iter().copied().collect();
    let deleted: BTreeSet<Edge> = if present.is_empty() {
        BTreeSet::new()
    } else {
        picks.iter().map(|pick| present[pick.index(present.len())]).collect()
    };
    let mut added = edges(&new, counter);
    if moved {
        added.extend(edges(&deleted.iter().map(|edge| (edge.from, edge.to)).collect::<Vec<_>>(), counter));
    }
    model.retain(|edge| !deleted.contains(edge));
    model.extend(&added);
    // An edge that does not exist is ignored.
    let absent = Edge { from: 1, to: 1, address: 1 };
    adjacency.with_changes(deleted.into_iter().chain([absent]), added)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_base_has_the_rows_of_its_edges(ends in endpoints(150)) {
        let edges = edges(&ends, &mut 0);
        check(&Adjacency::build(edges.clone()), &edges.into_iter().collect());
    }

    #[test]
    fn every_version_of_a_history_keeps_its_own_edges(
        ends in endpoints(200),
        commits in prop::collection::vec(commit(), 0..24),
    ) {
        let mut counter = 0;
        let first = edges(&ends, &mut counter);
        let mut model: EdgeModel = first.iter().copied().collect();
        let mut versions = vec![(Adjacency::build(first), model.clone())];
        for commit in commits {
            let next = apply(&versions.last().unwrap().0, &mut model, commit, &mut counter);
            versions.push((next, model.clone()));
        }
        let last = versions.len() - 1;
        for (adjacency, model) in versions.iter().step_by(4).chain([&versions[last]]) {
            check(adjacency, model);
        }
    }
}

/// Bytes at an offset from an aligned address.
struct UnalignedBytes(Vec<u64>, usize, usize);

impl AsRef<[u8]> for UnalignedBytes {
    fn as_ref(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.0)[self.1..][..self.2]
    }
}

fn unaligned(bytes: &[u8], by: usize) -> Arc<dyn AsRef<[u8]> + Send + Sync> {
    let mut words = vec![0u64; bytes.len() / 8 + 2];
    bytemuck::cast_slice_mut(&mut words)[by..by + bytes.len()].copy_from_slice(bytes);
    Arc::new(UnalignedBytes(words, by, bytes.len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn encoded_bytes_decode_at_any_alignment(ends in endpoints(120), commit in commit(), by in 0usize..8) {
        let mut counter = 0;
        let first = edges(&ends, &mut counter);
        let mut model: EdgeModel = first.iter().copied().collect();
        let adjacency = apply(&Adjacency::build(first), &mut model, commit, &mut counter);
        let bytes = adjacency.encode();
        let decoded = Adjacency::decode(unaligned(&bytes, by)).unwrap();
        check(&decoded, &model);
        prop_assert_eq!(decoded.encode(), bytes);
    }

    #[test]
    fn corrupt_bytes_are_rejected(ends in endpoints(60), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let bytes = Adjacency::build(edges(&ends, &mut 0)).encode();
        let at = at.index(bytes.len());
        prop_assert!(Adjacency::decode(unaligned(&bytes[..at], 0)).is_err());
        let mut damaged = bytes;
        damaged[at] ^= flip;
        prop_assert!(Adjacency::decode(unaligned(&damaged, 0)).is_err());
    }

    #[test]
    fn inconsistent_bytes_are_rejected_or_harmless(ends in endpoints(60), at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut bytes = Adjacency::build(edges(&ends, &mut 0)).encode();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        codec::write_checksum(&mut bytes);
        if let Ok(adjacency) = Adjacency::decode(unaligned(&bytes, 0)) {
            for node in 0..800 {
                adjacency.for_each(node, EdgeDirection::Out, |_, _| {});
                adjacency.for_each(node, EdgeDirection::In, |_, _| {});
            }
        }
    }
}

/// Returns a dense graph of 660 edges, in which node 0 is a hub in both directions.
fn large(counter: &mut u64) -> Vec<Edge> {
    let ends: Vec<(u32, u32)> = (0..600).map(|i| (i % 60, (i * 7) % 60)).chain((0..60).map(|i| (0, i))).collect();
    edges(&ends, counter)
}

#[test]
fn small_commits_make_few_layers_and_merge_into_the_base() {
    let mut counter = 0;
    let mut adjacency = Adjacency::build(large(&mut counter));
    let mut most = 0;
    let mut bases = 0;
    for i in 0..600u32 {
        let base = Arc::clone(&adjacency.version.base);
        adjacency = adjacency.with_changes([], edges(&[(i % 61, i % 59)], &mut counter));
        bases += usize::from(!Arc::ptr_eq(&base, &adjacency.version.base));
        most = most.max(adjacency.version.layers.len());
        let weights: Vec<usize> = adjacency.version.layers.iter().map(|layer| layer.weight()).collect();
        assert!(weights.windows(2).all(|pair| pair[0] > pair[1]), "{weights:?}");
    }
    assert_eq!(adjacency.len(), 1260);
    assert!((2..=6).contains(&most), "{most} layers");
    assert!((1..=12).contains(&bases), "{bases} bases");
}

#[test]
fn a_changed_hub_row_is_spliced() {
    let mut counter = 0;
    let first = large(&mut counter);
    let mut model: EdgeModel = first.iter().copied().collect();
    let adjacency = Adjacency::build(first);
    assert!(adjacency.degree(0, EdgeDirection::Out) > MAX_REWRITTEN_DEGREE);
    let deleted: Vec<Edge> = model.iter().copied().filter(|edge| edge.from == 0).skip(3).take(2).collect();
    let added = edges(&[(0, 5), (0, 70)], &mut counter);
    model.retain(|edge| !deleted.contains(edge));
    model.extend(&added);
    let next = adjacency.with_changes(deleted.clone(), added.clone());
    assert_eq!(next.neighbors(0, EdgeDirection::Out), None);
    check(&next, &model);

    // The inverse change: the row equals the base's, although a layer has it.
    let back = next.with_changes(added.clone(), deleted.clone());
    deleted.iter().for_each(|edge| assert!(model.insert(*edge)));
    model.retain(|edge| !added.contains(edge));
    check(&back, &model);
}

#[test]
fn a_sparse_index_takes_little_memory() {
    let edges = edges(&[(5_000_000, 3), (9, 7_000_000)], &mut 0);
    let adjacency = Adjacency::build(edges.clone());
    assert!(adjacency.memory_bytes() < 1000, "{}", adjacency.memory_bytes());
    assert_eq!(adjacency.neighbors(9, EdgeDirection::Out), Some(&[7_000_000][..]));
    assert_eq!(adjacency.neighbors(3, EdgeDirection::In), Some(&[5_000_000][..]));
    check(&adjacency, &edges.into_iter().collect());
}

#[test]
fn a_dense_base_takes_twenty_bytes_an_edge() {
    let ends: Vec<(u32, u32)> = (0..100_000u32).map(|i| (i % 1000, i.wrapping_mul(2_654_435_761) % 1000)).collect();
    let adjacency = Adjacency::build(edges(&ends, &mut 0));
    assert!((2_000_000..2_010_000).contains(&adjacency.memory_bytes()), "{}", adjacency.memory_bytes());
}
