//! Distances between vectors, and the nearest rows, measured exhaustively.
//!
//! All distances are ascending: near is small.
//!
//! | Metric | Distance |
//! |---|---|
//! | `cosine` | 1 - cos of the angle, from 0 to 2; 1, as at a right angle, if a vector is zero |
//! | `l2` | the square of the Euclidean distance |
//! | `dot` | the inner product, negated |
//!
//! A zero vector has no direction, but it is a vector: `limit k` gives k rows when k rows qualify, and only a null is
//! not covered.
//!
//! Components are multiplied and added up in 64 bits, where the product of two 32-bit floats is exact: no distance
//! overflows, and the order of near rows is right far beyond the precision of what is stored.

use omnigraph_compiler::catalog::Metric;

use crate::best::{Best, Hit};
use crate::rows::Rows;

/// Sums that are kept apart: enough to fill vector registers, and to hide how long an addition takes.
const LANES: usize = 8;

/// The distance of two vectors of the same dimension.
#[must_use]
pub fn distance(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    match metric {
        Metric::Cosine => from_cosine(dot(a, b), square(a), square(b)),
        Metric::L2 => sum(a, b, |a, b| (a - b) * (a - b)),
        // Subtracted from zero, because a minus would make a zero negative.
        Metric::Dot => 0.0 - dot(a, b),
    }
}

/// A search for the vectors nearest to a query.
#[derive(Clone, Debug)]
pub struct Nearest {
    metric: Metric,
    query: Vec<f32>,
    /// The square of the query's length.
    square: f64,
}

impl Nearest {
    /// A search around `query`, whose components are finite.
    #[must_use]
    pub fn new(metric: Metric, query: Vec<f32>) -> Self {
        let square = square(&query);
        Self { metric, query, square }
    }

    /// How distance is measured.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// The vector that is searched around.
    #[must_use]
    pub fn query(&self) -> &[f32] {
        &self.query
    }

    /// The distance of one vector of the query's dimension.
    #[must_use]
    pub fn distance(&self, vector: &[f32]) -> f64 {
        match self.metric {
            Metric::Cosine => from_cosine(dot(&self.query, vector), self.square, square(vector)),
            metric => distance(metric, &self.query, vector),
        }
    }

    /// Offers every row among `rows` to `best`, as of data file `part`. `flat` holds the vectors of the file one after
    /// the other; `rows` leaves out those that are null.
    pub fn rank(&self, part: u32, flat: &[f32], rows: Rows<'_>, best: &mut Best) {
        if self.query.is_empty() {
            return;
        }
        for (row, vector) in (0..).zip(flat.chunks_exact(self.query.len())) {
            if rows.contains(row) {
                best.offer(Hit { part, row, score: self.distance(vector) });
            }
        }
    }
}

/// From the inner product and the squares of both lengths.
fn from_cosine(dot: f64, a: f64, b: f64) -> f64 {
    // One root of the product, so that a vector is at distance 0 of itself.
    let lengths = (a * b).sqrt();
    if lengths > 0.0 { (1.0 - dot / lengths).clamp(0.0, 2.0) } else { 1.0 }
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    sum(a, b, |a, b| a * b)
}

fn square(vector: &[f32]) -> f64 {
    dot(vector, vector)
}

/// The sum of `term` over pairs of components. The order of additions depends on the dimension only.
#[inline]
fn sum(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += term(f64::from(*a), f64::from(*b));
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| term(f64::from(*a), f64::from(*b))).sum();
    sums.iter().sum::<f64>() + rest
}
