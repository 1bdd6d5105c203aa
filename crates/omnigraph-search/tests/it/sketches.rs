//! Sketches of vectors: their bounds hold, and searching by them finds what measuring all would find.

use omnigraph_compiler::catalog::Metric;
use omnigraph_search::{Border, Nearest, QuerySketch, Sketches};
use proptest::prelude::*;

const METRICS: [Metric; 3] = [Metric::Cosine, Metric::L2, Metric::Dot];

fn sketches(vectors: &[Option<Vec<f32>>], width: usize) -> Sketches {
    let mut sketches = Sketches::new(width);
    vectors.iter().for_each(|vector| sketches.push(vector.as_deref()));
    sketches
}

/// The distances of the k nearest, by measuring all.
fn measured(nearest: &Nearest, vectors: &[Option<Vec<f32>>], k: usize) -> Vec<f64> {
    let mut distances: Vec<f64> = vectors.iter().flatten().map(|vector| nearest.distance(vector)).collect();
    distances.sort_unstable_by(f64::total_cmp);
    distances.truncate(k);
    distances
}

/// The same by sketches, and how many were measured.
fn sketched(nearest: &Nearest, vectors: &[Option<Vec<f32>>], width: usize, k: usize) -> (Vec<f64>, usize) {
    let (sketches, query, mut border) = (sketches(vectors, width), QuerySketch::new(nearest), Border::new(k));
    let bounds: Vec<_> = (0..vectors.len()).map(|row| query.bounds(&sketches, row)).collect();
    bounds.iter().flatten().for_each(|(_, upper)| border.note(*upper));
    let left: Vec<Option<Vec<f32>>> = bounds
        .iter()
        .zip(vectors)
        .filter(|(bounds, _)| bounds.is_some_and(|(lower, _)| border.admits(lower)))
        .map(|(_, vector)| vector.clone())
        .collect();
    (measured(nearest, &left, k), left.len())
}

fn component() -> impl Strategy<Value = f32> {
    prop_oneof![8 => -1.0f32..1.0, 1 => Just(0.0f32), 1 => -1e30f32..1e30, 1 => -1e-30f32..1e-30]
}

proptest! {
    #[test]
    fn bounds_hold_and_nothing_is_missed(
        (width, query, vectors) in (1usize..40).prop_flat_map(|width| {
            let vector = || prop::collection::vec(component(), width);
            (Just(width), vector(), prop::collection::vec(prop::option::weighted(0.9, vector()), 0..60))
        }),
        k in 0usize..12,
    ) {
        for metric in METRICS {
            let nearest = Nearest::new(metric, query.clone());
            let (sketches, sketch) = (sketches(&vectors, width), QuerySketch::new(&nearest));
            for (row, vector) in vectors.iter().enumerate() {
                let bounds = sketch.bounds(&sketches, row);
                prop_assert_eq!(bounds.is_some(), vector.is_some());
                if let (Some((lower, upper)), Some(vector)) = (bounds, vector) {
                    let distance = nearest.distance(vector);
                    prop_assert!(lower <= distance && distance <= upper, "{metric:?}: {lower} <= {distance} <= {upper}");
                }
            }
            prop_assert_eq!(sketched(&nearest, &vectors, width, k).0, measured(&nearest, &vectors, k));
        }
    }
}

/// Numbers without a pattern, the same every time.
fn scattered(seed: u64) -> f32 {
    let bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 40) as f32 / (1u64 << 24) as f32 - 0.5
}

#[test]
fn few_rows_are_measured() {
    const WIDTH: usize = 1536;
    let vector = |row: u64| (0..WIDTH as u64).map(|at| scattered(row * 10_007 + at)).collect::<Vec<f32>>();
    let vectors: Vec<Option<Vec<f32>>> = (1..=2000).map(|row| Some(vector(row))).collect();
    for metric in METRICS {
        let nearest = Nearest::new(metric, vector(0));
        let (found, looked_at) = sketched(&nearest, &vectors, WIDTH, 10);
        assert_eq!(found, measured(&nearest, &vectors, 10), "{metric:?}");
        assert!(looked_at < 60, "{metric:?}: {looked_at} of 2000 rows were measured for the 10 nearest");
    }
}
