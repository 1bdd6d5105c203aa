//! Vector distances and exhaustive nearest-neighbor search.
//!
//! All distances are ascending: a smaller distance is nearer.
//!
//! | Metric | Distance |
//! |---|---|
//! | `cosine` | 1 - cosine of the angle, from 0 to 2; 1, as at a right angle, if a vector is zero |
//! | `l2` | squared Euclidean distance |
//! | `dot` | negated inner product |
//!
//! A zero vector has no direction, but it is a vector: `limit k` returns k rows if k rows qualify. Only a null is excluded.
//!
//! Components are multiplied and added in 64 bits, where the product of two 32-bit floats is exact. So no distance overflows, and
//! the order of near rows is precise beyond the precision of the stored components.

use omnigraph_compiler::catalog::DistanceMetric;

use crate::ranking::{RowFilter, ScoredRow, TopKCollector};

/// Independent partial sums: enough to fill vector registers and to hide the latency of additions.
const SIMD_LANES: usize = 8;

/// Returns the distance of two vectors of the same dimension.
#[must_use]
pub fn distance(metric: DistanceMetric, a: &[f32], b: &[f32]) -> f64 {
    match metric {
        DistanceMetric::Cosine => cosine_distance(dot(a, b), square(a), square(b)),
        DistanceMetric::L2 => sum(a, b, |a, b| (a - b) * (a - b)),
        // Subtraction from zero: a negation would turn 0.0 into -0.0.
        DistanceMetric::Dot => 0.0 - dot(a, b),
    }
}

/// A query for the nearest vectors.
#[derive(Clone, Debug)]
pub struct VectorQuery {
    metric: DistanceMetric,
    query: Vec<f32>,
    /// Squared length of the query.
    square: f64,
}

impl VectorQuery {
    /// Creates a query; its components are finite.
    #[must_use]
    pub fn new(metric: DistanceMetric, query: Vec<f32>) -> Self {
        let square = square(&query);
        Self { metric, query, square }
    }

    /// Returns the distance metric.
    #[must_use]
    pub fn metric(&self) -> DistanceMetric {
        self.metric
    }

    /// Returns the query vector.
    #[must_use]
    pub fn vector(&self) -> &[f32] {
        &self.query
    }

    /// Returns the distance of a vector of the query's dimension.
    #[must_use]
    pub fn distance(&self, vector: &[f32]) -> f64 {
        match self.metric {
            DistanceMetric::Cosine => cosine_distance(dot(&self.query, vector), self.square, square(vector)),
            metric => distance(metric, &self.query, vector),
        }
    }

    /// Pushes each row that `rows` admits to `top_k`, with the data file number `part`.
    ///
    /// `flat` holds the vectors of the file one after the other; `rows` excludes nulls.
    pub fn rank(&self, part: u32, flat: &[f32], rows: RowFilter<'_>, top_k: &mut TopKCollector) {
        if self.query.is_empty() {
            return;
        }
        for (row, vector) in (0..).zip(flat.chunks_exact(self.query.len())) {
            if rows.contains(row) {
                top_k.push(ScoredRow { part, row, score: self.distance(vector) });
            }
        }
    }
}

/// Returns the cosine distance from the inner product and the squared lengths.
fn cosine_distance(dot: f64, a: f64, b: f64) -> f64 {
    // One square root of the product: a vector has distance 0 to itself.
    let lengths = (a * b).sqrt();
    if lengths > 0.0 { (1.0 - dot / lengths).clamp(0.0, 2.0) } else { 1.0 }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    sum(a, b, |a, b| a * b)
}

fn square(vector: &[f32]) -> f64 {
    dot(vector, vector)
}

/// Returns the sum of `term` over pairs of components. The order of additions depends only on the dimension.
#[inline]
fn sum(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0.0; SIMD_LANES];
    let (a_chunks, a_rest) = a.as_chunks::<SIMD_LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<SIMD_LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += term(f64::from(*a), f64::from(*b));
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| term(f64::from(*a), f64::from(*b))).sum();
    sums.iter().sum::<f64>() + rest
}
