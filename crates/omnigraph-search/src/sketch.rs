//! Vectors as a byte a component, and what that proves about distances.
//!
//! A sketch is a quarter of its vector, so four times as many are looked at in the same time and kept in the same memory, and bytes
//! are multiplied faster than floats. It bounds the distance of the vector from below and from above: a row whose least distance
//! is beyond the greatest of the k best so far is none of the k nearest. Only rows that are left are measured, so the answer is
//! that of measuring all of them. After the vector approximation file of R. Weber, H.-J. Schek and S. Blott, "A quantitative
//! analysis and performance study for similarity-search methods in high-dimensional spaces" (VLDB 1998), with a range for each
//! vector instead of each component, and lengths of what is cut off instead of corners of boxes.
//!
//! For a query `q = t·z + f` and a vector `v = o + s·c + e`, where `z` are integers, `c` bytes, and `f` and `e` what rounding cuts
//! off, Cauchy and Schwarz say: `|q·v - t·(o·Σz + s·z·c)| <= t·‖z‖·‖e‖ + ‖f‖·‖v‖`.

use std::collections::BinaryHeap;

use omnigraph_compiler::catalog::Metric;

use crate::vector::Nearest;

/// The greatest component of a query's sketch: [`BLOCK`] products with a byte stay below 2^31.
const GREATEST: f64 = 8191.0;
/// Components that are multiplied and added up in 32 bits.
const BLOCK: usize = 1024;
/// A part of the lengths that is far beyond all rounding in 64 bits.
const SLACK: f64 = 1e-9;

/// Sketches of the vectors of one column of one data file.
#[derive(Clone, Debug)]
pub struct Sketches {
    width: usize,
    codes: Vec<u8>,
    heads: Vec<Head>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    offset: f32,
    step: f32,
    /// The length of what is cut off, rounded up.
    rest: f32,
    /// The length of the vector; not a number where there is none.
    length: f64,
}

impl Sketches {
    /// Of no vector yet; those to come have `width` finite components.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, codes: Vec::new(), heads: Vec::new() }
    }

    /// Adds the vector of the next row, or that it has none.
    pub fn push(&mut self, vector: Option<&[f32]>) {
        let Some(vector) = vector.filter(|vector| vector.len() == self.width) else {
            self.codes.resize(self.codes.len() + self.width, 0);
            self.heads.push(Head { offset: 0.0, step: 0.0, rest: 0.0, length: f64::NAN });
            return;
        };
        let least = vector.iter().copied().fold(f32::INFINITY, f32::min);
        let greatest = vector.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let offset = if vector.is_empty() { 0.0 } else { least };
        let step = if vector.is_empty() { 0.0 } else { rounded((f64::from(greatest) - f64::from(least)) / 255.0) };
        let (mut rest, mut square) = (0.0, 0.0);
        for component in vector {
            let value = f64::from(*component);
            let code = code_of(value - f64::from(offset), f64::from(step));
            let cut = value - (f64::from(offset) + f64::from(step) * f64::from(code));
            rest += cut * cut;
            square += value * value;
            self.codes.push(code);
        }
        let rest = rounded(rest.sqrt()).next_up();
        self.heads.push(Head { offset, step, rest, length: square.sqrt() });
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Bytes of memory for a row with a vector of so many components.
    #[must_use]
    pub const fn bytes_of_row(width: usize) -> usize {
        width + size_of::<Head>()
    }

    /// Bytes of memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.codes.capacity() + self.heads.capacity() * size_of::<Head>()
    }
}

/// The nearest number of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what it is for")]
fn rounded(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held to the range of a byte")]
fn code_of(above: f64, step: f64) -> u8 {
    if step > 0.0 { (above / step).round().clamp(0.0, 255.0) as u8 } else { 0 }
}

/// The query of a [`Nearest`] as integers.
#[derive(Clone, Debug)]
pub struct QuerySketch {
    metric: Metric,
    steps: Vec<i16>,
    /// What one step is.
    unit: f64,
    sum: f64,
    /// The length of the steps, in units.
    spread: f64,
    /// The length of what is cut off.
    rest: f64,
    length: f64,
}

impl QuerySketch {
    /// The sketch of a query whose components are finite.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "held to the range by the unit")]
    pub fn new(nearest: &Nearest) -> Self {
        let query = nearest.query();
        let greatest = query.iter().map(|component| f64::from(component.abs())).fold(0.0, f64::max);
        let unit = greatest / GREATEST;
        let step = |component: &f32| if unit > 0.0 { (f64::from(*component) / unit).round() as i16 } else { 0 };
        let steps: Vec<i16> = query.iter().map(step).collect();
        let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
        let pairs = || query.iter().zip(&steps);
        let rest = square(&mut pairs().map(|(component, step)| f64::from(*component) - unit * f64::from(*step)));
        Self {
            metric: nearest.metric(),
            unit,
            sum: steps.iter().map(|step| f64::from(*step)).sum(),
            spread: square(&mut steps.iter().map(|step| f64::from(*step))).sqrt(),
            rest: rest.sqrt(),
            length: square(&mut query.iter().map(|component| f64::from(*component))).sqrt(),
            steps,
        }
    }

    /// The least and the greatest distance that the vector of a row can have; none if it has no vector.
    #[must_use]
    pub fn bounds(&self, sketches: &Sketches, row: usize) -> Option<(f64, f64)> {
        let head = sketches.heads.get(row).filter(|head| !head.length.is_nan())?;
        let codes = sketches.codes.get(row * sketches.width..)?.get(..sketches.width)?;
        let (offset, step) = (f64::from(head.offset), f64::from(head.step));
        let product = self.unit * (offset * self.sum + step * dot(&self.steps, codes));
        let lengths = self.length * head.length;
        let error = self.unit * self.spread * f64::from(head.rest) + self.rest * head.length + SLACK * lengths;
        Some(match self.metric {
            Metric::Dot => (-product - error, -product + error),
            Metric::L2 => {
                let squares = self.length * self.length + head.length * head.length;
                let slack = SLACK * squares;
                let distance = squares - 2.0 * product;
                ((distance - 2.0 * error - slack).max(0.0), distance + 2.0 * error + slack)
            }
            Metric::Cosine if lengths > 0.0 => {
                let distance = 1.0 - product / lengths;
                let error = error / lengths + SLACK;
                ((distance - error).max(0.0), (distance + error).min(2.0))
            }
            Metric::Cosine => (1.0, 1.0),
        })
    }
}

/// The inner product, exact.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn dot(steps: &[i16], codes: &[u8]) -> f64 {
    let block = |(steps, codes): (&[i16], &[u8])| {
        let products = steps.iter().zip(codes).map(|(step, code)| i32::from(*step) * i32::from(*code));
        i64::from(products.sum::<i32>())
    };
    steps.chunks(BLOCK).zip(codes.chunks(BLOCK)).map(block).sum::<i64>() as f64
}

/// The greatest distances of the k best rows so far: whatever is beyond the last of them is none of the k nearest.
#[derive(Clone, Debug)]
pub struct Border {
    k: usize,
    uppers: BinaryHeap<Upper>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Upper(f64);

impl Eq for Upper {}

impl PartialOrd for Upper {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Upper {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Border {
    /// For the `k` nearest.
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self { k, uppers: BinaryHeap::new() }
    }

    /// Takes a row into account whose distance is at most `upper`.
    pub fn note(&mut self, upper: f64) {
        if self.uppers.len() < self.k {
            self.uppers.push(Upper(upper));
        } else if let Some(mut greatest) = self.uppers.peek_mut()
            && upper < greatest.0
        {
            *greatest = Upper(upper);
        }
    }

    /// Whether a row whose distance is at least `lower` can be among the nearest.
    #[must_use]
    pub fn admits(&self, lower: f64) -> bool {
        self.k > 0 && (self.uppers.len() < self.k || self.uppers.peek().is_some_and(|greatest| lower <= greatest.0))
    }
}
