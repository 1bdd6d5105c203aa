//! Quantized vectors: their bounds hold, and a filtered search equals an exhaustive one.

use omnigraph_compiler::catalog::DistanceMetric;
use omnigraph_search::{QuantizedQuery, QuantizedVectors, TopKBound, VectorQuery};
use proptest::prelude::*;

const METRICS: [DistanceMetric; 3] = [DistanceMetric::Cosine, DistanceMetric::L2, DistanceMetric::Dot];

fn quantized(vectors: &[Option<Vec<f32>>], width: usize) -> QuantizedVectors {
    let mut quantized = QuantizedVectors::new(width);
    vectors.iter().for_each(|vector| quantized.push(vector.as_deref()));
    quantized
}

/// Returns the distances of the k nearest vectors by exhaustive search.
fn exhaustive(nearest: &VectorQuery, vectors: &[Option<Vec<f32>>], k: usize) -> Vec<f64> {
    let mut distances: Vec<f64> = vectors.iter().flatten().map(|vector| nearest.distance(vector)).collect();
    distances.sort_unstable_by(f64::total_cmp);
    distances.truncate(k);
    distances
}

/// Returns the same distances with the quantization filter, and the number of measured vectors.
fn filtered(nearest: &VectorQuery, vectors: &[Option<Vec<f32>>], width: usize, k: usize) -> (Vec<f64>, usize) {
    let (codes, query, mut bound) = (quantized(vectors, width), QuantizedQuery::new(nearest), TopKBound::new(k));
    let bounds: Vec<_> = (0..vectors.len()).map(|row| query.bounds(&codes, row)).collect();
    bounds.iter().flatten().for_each(|(_, upper)| bound.push(*upper));
    let left: Vec<Option<Vec<f32>>> = bounds
        .iter()
        .zip(vectors)
        .filter(|(bounds, _)| bounds.is_some_and(|(lower, _)| bound.admits(lower)))
        .map(|(_, vector)| vector.clone())
        .collect();
    (exhaustive(nearest, &left, k), left.len())
}

fn component() -> impl Strategy<Value = f32> {
    prop_oneof![8 => -1.0f32..1.0, 1 => Just(0.0f32), 1 => -1e30f32..1e30, 1 => -1e-30f32..1e-30]
}

proptest! {
    #[test]
    fn bounds_hold_and_results_are_exact(
        (width, query, vectors) in (1usize..40).prop_flat_map(|width| {
            let vector = || prop::collection::vec(component(), width);
            (Just(width), vector(), prop::collection::vec(prop::option::weighted(0.9, vector()), 0..60))
        }),
        k in 0usize..12,
    ) {
        for metric in METRICS {
            let nearest = VectorQuery::new(metric, query.clone());
            let (codes, quantized_query) = (quantized(&vectors, width), QuantizedQuery::new(&nearest));
            for (row, vector) in vectors.iter().enumerate() {
                let bounds = quantized_query.bounds(&codes, row);
                prop_assert_eq!(bounds.is_some(), vector.is_some());
                if let (Some((lower, upper)), Some(vector)) = (bounds, vector) {
                    let distance = nearest.distance(vector);
                    prop_assert!(lower <= distance && distance <= upper, "{metric:?}: {lower} <= {distance} <= {upper}");
                }
            }
            prop_assert_eq!(filtered(&nearest, &vectors, width, k).0, exhaustive(&nearest, &vectors, k));
        }
    }
}

/// Returns deterministic pseudo-random numbers.
fn pseudo_random(seed: u64) -> f32 {
    let bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits >> 40) as f32 / (1u64 << 24) as f32 - 0.5
}

#[test]
fn few_rows_are_exhaustive() {
    const WIDTH: usize = 1536;
    let vector = |row: u64| (0..WIDTH as u64).map(|at| pseudo_random(row * 10_007 + at)).collect::<Vec<f32>>();
    let vectors: Vec<Option<Vec<f32>>> = (1..=2000).map(|row| Some(vector(row))).collect();
    for metric in METRICS {
        let nearest = VectorQuery::new(metric, vector(0));
        let (found, measured) = filtered(&nearest, &vectors, WIDTH, 10);
        assert_eq!(found, exhaustive(&nearest, &vectors, 10), "{metric:?}");
        assert!(measured < 60, "{metric:?}: {measured} of 2000 rows were measured for the 10 nearest");
    }
}
