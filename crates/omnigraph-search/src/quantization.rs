//! Scalar-quantized vectors (SQ8), and the distance bounds that they prove.
//!
//! A quantized vector has one byte per component: a quarter of the memory, and faster to multiply than floats. It bounds the
//! distance of the original vector from below and above. A row whose lower bound exceeds the k-th smallest upper bound is not
//! among the k nearest. Only the remaining rows are measured, so the result is exact: that of an exhaustive search.
//!
//! This is the filter step of the vector approximation file (VA-file): R. Weber, H.-J. Schek and S. Blott, *A quantitative
//! analysis and performance study for similarity-search methods in high-dimensional spaces* (VLDB 1998). It differs in two
//! points: the range of the scalar quantization is per vector instead of per dimension, and the bounds come from the length of
//! the quantization error instead of the corners of cells.
//!
//! For a query `q = t·z + f` and a vector `v = o + s·c + e`, with integers `z`, bytes `c` and quantization errors `f` and `e`,
//! the Cauchy-Schwarz inequality gives `|q·v - t·(o·Σz + s·z·c)| <= t·‖z‖·‖e‖ + ‖f‖·‖v‖`.

use std::collections::BinaryHeap;

use omnigraph_compiler::catalog::DistanceMetric;

use crate::vector::VectorQuery;

/// Greatest code of a query component: [`BLOCK_COMPONENTS`] products with a byte stay below 2^31.
const MAX_QUERY_CODE: f64 = 8191.0;
/// Components whose products are added in 32 bits.
const BLOCK_COMPONENTS: usize = 1024;
/// Relative slack of the bounds, far above the rounding errors of 64-bit floats.
const ROUNDING_SLACK: f64 = 1e-9;

/// The quantized vectors of one column of one data file.
#[derive(Clone, Debug)]
pub struct QuantizedVectors {
    width: usize,
    codes: Vec<u8>,
    headers: Vec<VectorHeader>,
}

/// The quantization parameters of one vector.
#[derive(Clone, Copy, Debug)]
struct VectorHeader {
    /// Least component.
    offset: f32,
    /// Difference of adjacent codes.
    step: f32,
    /// Length of the quantization error, rounded up.
    error: f32,
    /// Length of the vector; NaN for a row without a vector.
    length: f64,
}

impl QuantizedVectors {
    /// Creates an empty column of vectors with `width` finite components.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { width, codes: Vec::new(), headers: Vec::new() }
    }

    /// Appends the next row; `None` for a row without a vector.
    pub fn push(&mut self, vector: Option<&[f32]>) {
        let Some(vector) = vector.filter(|vector| vector.len() == self.width) else {
            self.codes.resize(self.codes.len() + self.width, 0);
            self.headers.push(VectorHeader { offset: 0.0, step: 0.0, error: 0.0, length: f64::NAN });
            return;
        };
        let least = vector.iter().copied().fold(f32::INFINITY, f32::min);
        let greatest = vector.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let offset = if vector.is_empty() { 0.0 } else { least };
        let step = if vector.is_empty() { 0.0 } else { rounded((f64::from(greatest) - f64::from(least)) / 255.0) };
        let (mut squared_error, mut square) = (0.0, 0.0);
        for component in vector {
            let value = f64::from(*component);
            let code = quantize(value - f64::from(offset), f64::from(step));
            let cut_off = value - (f64::from(offset) + f64::from(step) * f64::from(code));
            squared_error += cut_off * cut_off;
            square += value * value;
            self.codes.push(code);
        }
        let error = rounded(squared_error.sqrt()).next_up();
        self.headers.push(VectorHeader { offset, step, error, length: square.sqrt() });
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Returns true if there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Returns the bytes of memory per row with vectors of `width` components.
    #[must_use]
    pub const fn bytes_per_row(width: usize) -> usize {
        width + size_of::<VectorHeader>()
    }

    /// Returns the bytes of memory in use.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.codes.capacity() + self.headers.capacity() * size_of::<VectorHeader>()
    }
}

/// Returns the nearest 32-bit float.
#[expect(clippy::cast_possible_truncation, reason = "rounding is intended")]
fn rounded(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of a byte")]
fn quantize(above: f64, step: f64) -> u8 {
    if step > 0.0 { (above / step).round().clamp(0.0, 255.0) as u8 } else { 0 }
}

/// A [`VectorQuery`] whose vector is quantized to 14-bit integers.
#[derive(Clone, Debug)]
pub struct QuantizedQuery {
    metric: DistanceMetric,
    codes: Vec<i16>,
    /// Value of one code unit.
    unit: f64,
    /// Sum of the codes.
    sum: f64,
    /// Length of the codes.
    code_length: f64,
    /// Length of the quantization error.
    error: f64,
    length: f64,
}

impl QuantizedQuery {
    /// Quantizes a query; its components are finite.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the unit limits the range")]
    pub fn new(query: &VectorQuery) -> Self {
        let components = query.vector();
        let greatest = components.iter().map(|component| f64::from(component.abs())).fold(0.0, f64::max);
        let unit = greatest / MAX_QUERY_CODE;
        let code = |component: &f32| if unit > 0.0 { (f64::from(*component) / unit).round() as i16 } else { 0 };
        let codes: Vec<i16> = components.iter().map(code).collect();
        let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
        let pairs = || components.iter().zip(&codes);
        let error = square(&mut pairs().map(|(component, code)| f64::from(*component) - unit * f64::from(*code)));
        Self {
            metric: query.metric(),
            unit,
            sum: codes.iter().map(|code| f64::from(*code)).sum(),
            code_length: square(&mut codes.iter().map(|code| f64::from(*code))).sqrt(),
            error: error.sqrt(),
            length: square(&mut components.iter().map(|component| f64::from(*component))).sqrt(),
            codes,
        }
    }

    /// Returns the lower and upper bound of the distance of a row; `None` if the row has no vector.
    #[must_use]
    pub fn bounds(&self, vectors: &QuantizedVectors, row: usize) -> Option<(f64, f64)> {
        let header = vectors.headers.get(row).filter(|header| !header.length.is_nan())?;
        let codes = vectors.codes.get(row * vectors.width..)?.get(..vectors.width)?;
        let (offset, step) = (f64::from(header.offset), f64::from(header.step));
        let product = self.unit * (offset * self.sum + step * integer_dot(&self.codes, codes));
        let lengths = self.length * header.length;
        let error = self.unit * self.code_length * f64::from(header.error)
            + self.error * header.length
            + ROUNDING_SLACK * lengths;
        Some(match self.metric {
            DistanceMetric::Dot => (-product - error, -product + error),
            DistanceMetric::L2 => {
                let squares = self.length * self.length + header.length * header.length;
                let slack = ROUNDING_SLACK * squares;
                let distance = squares - 2.0 * product;
                ((distance - 2.0 * error - slack).max(0.0), distance + 2.0 * error + slack)
            }
            DistanceMetric::Cosine if lengths > 0.0 => {
                let distance = 1.0 - product / lengths;
                let error = error / lengths + ROUNDING_SLACK;
                ((distance - error).max(0.0), (distance + error).min(2.0))
            }
            DistanceMetric::Cosine => (1.0, 1.0),
        })
    }
}

/// Returns the exact inner product.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn integer_dot(query: &[i16], vector: &[u8]) -> f64 {
    let block = |(query, vector): (&[i16], &[u8])| {
        let products = query.iter().zip(vector).map(|(a, b)| i32::from(*a) * i32::from(*b));
        i64::from(products.sum::<i32>())
    };
    query.chunks(BLOCK_COMPONENTS).zip(vector.chunks(BLOCK_COMPONENTS)).map(block).sum::<i64>() as f64
}

/// The k smallest upper bounds seen so far. A row whose lower bound exceeds the greatest of them is not among the k nearest.
#[derive(Clone, Debug)]
pub struct TopKBound {
    k: usize,
    upper_bounds: BinaryHeap<UpperBound>,
}

/// An upper bound with a total order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct UpperBound(f64);

impl Eq for UpperBound {}

impl PartialOrd for UpperBound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UpperBound {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl TopKBound {
    /// Creates the bound of the `k` nearest rows.
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self { k, upper_bounds: BinaryHeap::new() }
    }

    /// Adds a row whose distance is at most `upper`.
    pub fn push(&mut self, upper: f64) {
        if self.upper_bounds.len() < self.k {
            self.upper_bounds.push(UpperBound(upper));
        } else if let Some(mut greatest) = self.upper_bounds.peek_mut()
            && upper < greatest.0
        {
            *greatest = UpperBound(upper);
        }
    }

    /// Returns true if a row whose distance is at least `lower` can be among the k nearest.
    #[must_use]
    pub fn admits(&self, lower: f64) -> bool {
        self.k > 0
            && (self.upper_bounds.len() < self.k
                || self.upper_bounds.peek().is_some_and(|greatest| lower <= greatest.0))
    }
}
