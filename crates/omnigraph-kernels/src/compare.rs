//! Comparisons: exact across numeric widths, text by code point, false before true.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Datum, Scalar as OneValue};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp;
use arrow::datatypes::ArrowNativeType;
use arrow::error::ArrowError;
use omnigraph_compiler::ir::{BinaryOp, Type};
use omnigraph_compiler::types::Scalar;

use crate::batch::Batch;
use crate::column::Column;
use crate::failure::Failure;
use crate::kernel::{Program, shared};
use crate::lane::{Lane, Numbers};
use crate::types::{is_integer, is_number, scalar_of};

/// The value of an operand as Arrow's kernels take it.
pub(crate) fn datum(column: &Column) -> Box<dyn Datum> {
    match column {
        Column::Array(array) => Box::new(Arc::clone(array)),
        Column::Constant(array) => Box::new(OneValue::new(Arc::clone(array))),
    }
}

/// The comparison of two types, if they can be compared.
pub(crate) fn program(op: BinaryOp, left: &Type, right: &Type) -> Option<Program> {
    if *left == Type::Null || *right == Type::Null {
        return Some(Program::Null);
    }
    let (left, right) = (scalar_of(left)?, scalar_of(right)?);
    let comparable = !matches!(left, Scalar::Json | Scalar::Blob | Scalar::Vector(_));
    if left == right && comparable && (is_integer(left) || !is_number(left)) {
        return Some(Program::strict(move |batch| plain(op, batch)));
    }
    if is_number(left) && is_number(right) {
        return Some(Program::strict(move |batch| numbers(op, batch)));
    }
    None
}

/// Values of one Arrow type that Arrow orders as the language does. Floats are not among them: Arrow tells the two zeros
/// apart.
fn plain(op: BinaryOp, batch: &Batch) -> Result<ArrayRef, Failure> {
    let (left, right) = (datum(batch.column(0)?), datum(batch.column(1)?));
    let compare: fn(&dyn Datum, &dyn Datum) -> Result<BooleanArray, ArrowError> = match op {
        BinaryOp::NotEqual => cmp::neq,
        BinaryOp::Less => cmp::lt,
        BinaryOp::LessEqual => cmp::lt_eq,
        BinaryOp::Greater => cmp::gt,
        BinaryOp::GreaterEqual => cmp::gt_eq,
        _ => cmp::eq,
    };
    shared(compare(left.as_ref(), right.as_ref())?)
}

fn numbers(op: BinaryOp, batch: &Batch) -> Result<ArrayRef, Failure> {
    let bits = match (batch.numbers(0)?, batch.numbers(1)?) {
        (Numbers::I64(a), Numbers::I64(b)) => alike(op, batch, &a, &b),
        (Numbers::U64(a), Numbers::U64(b)) => alike(op, batch, &a, &b),
        (Numbers::F64(a), Numbers::F64(b)) => alike(op, batch, &a, &b),
        (Numbers::I64(a), Numbers::U64(b)) => mixed(op, batch, &a, &b, i64_u64),
        (Numbers::U64(a), Numbers::I64(b)) => mixed(op, batch, &a, &b, |a, b| i64_u64(b, a).map(Ordering::reverse)),
        (Numbers::I64(a), Numbers::F64(b)) => mixed(op, batch, &a, &b, i64_f64),
        (Numbers::F64(a), Numbers::I64(b)) => mixed(op, batch, &a, &b, |a, b| i64_f64(b, a).map(Ordering::reverse)),
        (Numbers::U64(a), Numbers::F64(b)) => mixed(op, batch, &a, &b, u64_f64),
        (Numbers::F64(a), Numbers::U64(b)) => mixed(op, batch, &a, &b, |a, b| u64_f64(b, a).map(Ordering::reverse)),
    };
    shared(BooleanArray::new(bits, batch.nulls()))
}

/// One loop per operator, so that each of them is a plain machine comparison.
fn alike<T: ArrowNativeType + PartialOrd>(op: BinaryOp, batch: &Batch, a: &Lane<T>, b: &Lane<T>) -> BooleanBuffer {
    match op {
        BinaryOp::NotEqual => bits(batch, a, b, |a, b| a != b),
        BinaryOp::Less => bits(batch, a, b, |a, b| a < b),
        BinaryOp::LessEqual => bits(batch, a, b, |a, b| a <= b),
        BinaryOp::Greater => bits(batch, a, b, |a, b| a > b),
        BinaryOp::GreaterEqual => bits(batch, a, b, |a, b| a >= b),
        _ => bits(batch, a, b, |a, b| a == b),
    }
}

fn mixed<A: ArrowNativeType, B: ArrowNativeType>(
    op: BinaryOp,
    batch: &Batch,
    a: &Lane<A>,
    b: &Lane<B>,
    order: impl Fn(A, B) -> Option<Ordering>,
) -> BooleanBuffer {
    bits(batch, a, b, |a, b| holds(op, order(a, b)))
}

fn bits<A: ArrowNativeType, B: ArrowNativeType>(
    batch: &Batch,
    a: &Lane<A>,
    b: &Lane<B>,
    test: impl Fn(A, B) -> bool,
) -> BooleanBuffer {
    let rows = batch.rows();
    match (a, b) {
        (Lane::Each(a), Lane::Each(b)) => BooleanBuffer::collect_bool(rows, |row| test(a[row], b[row])),
        (Lane::Each(a), Lane::One(b)) => BooleanBuffer::collect_bool(rows, |row| test(a[row], *b)),
        (Lane::One(a), Lane::Each(b)) => BooleanBuffer::collect_bool(rows, |row| test(*a, b[row])),
        (Lane::One(a), Lane::One(b)) => BooleanBuffer::collect_bool(rows, |_| test(*a, *b)),
    }
}

/// Whether the operator holds of this order; of what has no order (a float that is no number) only `!=` does.
const fn holds(op: BinaryOp, order: Option<Ordering>) -> bool {
    match (op, order) {
        (BinaryOp::NotEqual, order) => !matches!(order, Some(Ordering::Equal)),
        (_, None) => false,
        (BinaryOp::Less, Some(order)) => order.is_lt(),
        (BinaryOp::LessEqual, Some(order)) => order.is_le(),
        (BinaryOp::Greater, Some(order)) => order.is_gt(),
        (BinaryOp::GreaterEqual, Some(order)) => order.is_ge(),
        (_, Some(order)) => order.is_eq(),
    }
}

fn i64_u64(a: i64, b: u64) -> Option<Ordering> {
    Some(u64::try_from(a).map_or(Ordering::Less, |a| a.cmp(&b)))
}

/// Compares by the whole part, which is exact within the range, then by the fraction.
fn i64_f64(a: i64, b: f64) -> Option<Ordering> {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if b.is_nan() {
        return None;
    }
    if b >= END {
        return Some(Ordering::Less);
    }
    if b < -END {
        return Some(Ordering::Greater);
    }
    let whole = b.trunc();
    a.cmp(&(whole as i64)).then(0.0.partial_cmp(&(b - whole))?).into()
}

fn u64_f64(a: u64, b: f64) -> Option<Ordering> {
    const END: f64 = 18_446_744_073_709_551_616.0;
    if b.is_nan() {
        return None;
    }
    if b >= END {
        return Some(Ordering::Less);
    }
    if b < 0.0 {
        return Some(Ordering::Greater);
    }
    let whole = b.trunc();
    a.cmp(&(whole as u64)).then(0.0.partial_cmp(&(b - whole))?).into()
}
