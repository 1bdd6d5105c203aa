//! Distances and the nearest rows.

use omnigraph_compiler::catalog::DistanceMetric;
use omnigraph_search::{RowFilter, ScoreOrder, TopKCollector, VectorQuery, distance};
use proptest::prelude::*;

const METRICS: [DistanceMetric; 3] = [DistanceMetric::Cosine, DistanceMetric::L2, DistanceMetric::Dot];

/// Returns row numbers, nearest first.
fn nearest(metric: DistanceMetric, query: &[f32], flat: &[f32], rows: RowFilter<'_>, k: usize) -> Vec<u32> {
    let mut best = TopKCollector::new(k, ScoreOrder::Ascending);
    VectorQuery::new(metric, query.to_vec()).rank(0, flat, rows, &mut best);
    best.finish().iter().map(|row| row.row).collect()
}

/// Two-dimensional vectors; row 3 represents a null.
const FLAT: [f32; 12] = [3.0, 0.0, 0.0, 1.0, -2.0, 0.0, 0.0, 0.0, 5.0, 5.0, 0.0, -1.5];

#[test]
fn the_three_nearest_by_l2_come_nearest_first() {
    let not_null = |row| row != 3;
    assert_eq!(nearest(DistanceMetric::L2, &[0.0, 0.0], &FLAT, RowFilter::Only(&not_null), 3), [1, 5, 2]);
}

#[test]
fn a_limit_beyond_the_rows_returns_every_vector_that_is_not_null() {
    let not_null = |row| row != 3;
    assert_eq!(nearest(DistanceMetric::L2, &[0.0, 0.0], &FLAT, RowFilter::Only(&not_null), 99), [1, 5, 2, 0, 4]);
}

#[test]
fn filters_apply_before_the_limit() {
    let tagged = |row| row == 4 || row == 0;
    assert_eq!(nearest(DistanceMetric::L2, &[0.0, 0.0], &FLAT, RowFilter::Only(&tagged), 2), [0, 4]);
}

#[test]
fn distances_follow_the_metrics() {
    let (a, b) = ([3.0, 4.0], [4.0, 3.0]);
    assert!((distance(DistanceMetric::Cosine, &a, &b) - 0.04).abs() < 1e-15);
    assert_eq!(distance(DistanceMetric::L2, &a, &b), 2.0);
    assert_eq!(distance(DistanceMetric::Dot, &a, &b), -24.0);
    assert_eq!(distance(DistanceMetric::Cosine, &a, &[-6.0, -8.0]), 2.0);
    assert_eq!(distance(DistanceMetric::Cosine, &a, &a), 0.0);
}

#[test]
fn a_zero_vector_is_orthogonal_to_all_vectors() {
    assert_eq!(distance(DistanceMetric::Cosine, &[0.0, 0.0], &[1.0, 2.0]), 1.0);
    assert_eq!(distance(DistanceMetric::Cosine, &[0.0, 0.0], &[0.0, 0.0]), 1.0);
    assert_eq!(nearest(DistanceMetric::Cosine, &[0.0, 0.0], &FLAT, RowFilter::All, 2).len(), 6);
}

#[test]
fn no_finite_vector_is_too_great_or_too_small() {
    for scale in [f32::MAX, f32::MIN_POSITIVE, 1e-45] {
        let a = [scale, 0.0, 0.0];
        assert_eq!(distance(DistanceMetric::Cosine, &a, &a), 0.0);
        assert_eq!(distance(DistanceMetric::Cosine, &a, &[0.0, scale, 0.0]), 1.0);
        assert_eq!(distance(DistanceMetric::L2, &a, &[0.0; 3]), f64::from(scale) * f64::from(scale));
    }
}

#[test]
fn a_search_without_dimensions_finds_nothing() {
    assert!(nearest(DistanceMetric::L2, &[], &FLAT, RowFilter::All, 2).is_empty());
}

fn vectors() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
    (1..70_usize).prop_flat_map(|dimension| {
        let component = -10.0..10.0_f32;
        (prop::collection::vec(component.clone(), dimension), prop::collection::vec(component, dimension))
    })
}

proptest! {
    #[test]
    fn distances_agree_with_plain_sums((a, b) in vectors()) {
        let pairs = || a.iter().zip(&b).map(|(a, b)| (f64::from(*a), f64::from(*b)));
        let dot: f64 = pairs().map(|(a, b)| a * b).sum();
        let length = |vector: &[f32]| vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        let plain = [
            1.0 - dot / (length(&a) * length(&b)),
            pairs().map(|(a, b)| (a - b).powi(2)).sum(),
            -dot,
        ];
        for (metric, plain) in METRICS.into_iter().zip(plain) {
            prop_assert!((distance(metric, &a, &b) - plain).abs() < 1e-9, "{metric:?}");
            prop_assert_eq!(distance(metric, &a, &b), VectorQuery::new(metric, a.clone()).distance(&b));
            prop_assert_eq!(distance(metric, &a, &b), distance(metric, &b, &a));
        }
    }
}
