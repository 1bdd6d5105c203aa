//! Comparisons: exact across numeric widths, text by code point, false before true. Also the order of `collect`.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Datum, Scalar as OneValue, make_comparator,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::SortOptions;
use arrow::compute::kernels::cmp;
use arrow::datatypes::{ArrowNativeType, DataType, Float32Type, Float64Type};
use arrow::error::ArrowError;
use omnigraph_compiler::ir::{BinaryOp, ExprType};
use omnigraph_compiler::types::ScalarType;

use crate::columnar_value::ColumnarValue;
use crate::eval_error::EvalError;
use crate::kernel::{KernelProgram, shared};
use crate::operand_batch::OperandBatch;
use crate::primitive_view::{NumberView, PrimitiveView};
use crate::types::{as_scalar, is_integer, is_number};

/// Returns an operand in the form that Arrow's kernels take.
pub(crate) fn datum(column: &ColumnarValue) -> Box<dyn Datum> {
    match column {
        ColumnarValue::Array(array) => Box::new(Arc::clone(array)),
        ColumnarValue::Constant(array) => Box::new(OneValue::new(Arc::clone(array))),
    }
}

/// Returns the comparison of two types, if they are comparable.
pub(crate) fn program(op: BinaryOp, left: &ExprType, right: &ExprType) -> Option<KernelProgram> {
    if *left == ExprType::Null || *right == ExprType::Null {
        return Some(KernelProgram::Null);
    }
    let (left, right) = (as_scalar(left)?, as_scalar(right)?);
    let comparable = !matches!(left, ScalarType::Json | ScalarType::Blob | ScalarType::Vector(_));
    if left == right && comparable && (is_integer(left) || !is_number(left)) {
        return Some(KernelProgram::strict(move |batch| same_type(op, batch)));
    }
    if is_number(left) && is_number(right) {
        return Some(KernelProgram::strict(move |batch| numbers(op, batch)));
    }
    None
}

/// Compares values of a type that Arrow orders as the language does. Floats are excluded: Arrow distinguishes the two zeros.
fn same_type(op: BinaryOp, batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
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

fn numbers(op: BinaryOp, batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    let bits = match (batch.numbers(0)?, batch.numbers(1)?) {
        (NumberView::I64(a), NumberView::I64(b)) => same_width(op, batch, &a, &b),
        (NumberView::U64(a), NumberView::U64(b)) => same_width(op, batch, &a, &b),
        (NumberView::F64(a), NumberView::F64(b)) => same_width(op, batch, &a, &b),
        (NumberView::I64(a), NumberView::U64(b)) => mixed_width(op, batch, &a, &b, i64_u64),
        (NumberView::U64(a), NumberView::I64(b)) => {
            mixed_width(op, batch, &a, &b, |a, b| i64_u64(b, a).map(Ordering::reverse))
        }
        (NumberView::I64(a), NumberView::F64(b)) => mixed_width(op, batch, &a, &b, i64_f64),
        (NumberView::F64(a), NumberView::I64(b)) => {
            mixed_width(op, batch, &a, &b, |a, b| i64_f64(b, a).map(Ordering::reverse))
        }
        (NumberView::U64(a), NumberView::F64(b)) => mixed_width(op, batch, &a, &b, u64_f64),
        (NumberView::F64(a), NumberView::U64(b)) => {
            mixed_width(op, batch, &a, &b, |a, b| u64_f64(b, a).map(Ordering::reverse))
        }
    };
    shared(BooleanArray::new(bits, batch.nulls()))
}

/// Compares numbers of one width. One loop per operator, so that each is a plain machine comparison.
fn same_width<T: ArrowNativeType + PartialOrd>(
    op: BinaryOp,
    batch: &OperandBatch,
    a: &PrimitiveView<T>,
    b: &PrimitiveView<T>,
) -> BooleanBuffer {
    match op {
        BinaryOp::NotEqual => bits(batch, a, b, |a, b| a != b),
        BinaryOp::Less => bits(batch, a, b, |a, b| a < b),
        BinaryOp::LessEqual => bits(batch, a, b, |a, b| a <= b),
        BinaryOp::Greater => bits(batch, a, b, |a, b| a > b),
        BinaryOp::GreaterEqual => bits(batch, a, b, |a, b| a >= b),
        _ => bits(batch, a, b, |a, b| a == b),
    }
}

fn mixed_width<A: ArrowNativeType, B: ArrowNativeType>(
    op: BinaryOp,
    batch: &OperandBatch,
    a: &PrimitiveView<A>,
    b: &PrimitiveView<B>,
    order: impl Fn(A, B) -> Option<Ordering>,
) -> BooleanBuffer {
    bits(batch, a, b, |a, b| satisfies(op, order(a, b)))
}

fn bits<A: ArrowNativeType, B: ArrowNativeType>(
    batch: &OperandBatch,
    a: &PrimitiveView<A>,
    b: &PrimitiveView<B>,
    test: impl Fn(A, B) -> bool,
) -> BooleanBuffer {
    let rows = batch.rows();
    match (a, b) {
        (PrimitiveView::Each(a), PrimitiveView::Each(b)) => {
            BooleanBuffer::collect_bool(rows, |row| test(a[row], b[row]))
        }
        (PrimitiveView::Each(a), PrimitiveView::One(b)) => BooleanBuffer::collect_bool(rows, |row| test(a[row], *b)),
        (PrimitiveView::One(a), PrimitiveView::Each(b)) => BooleanBuffer::collect_bool(rows, |row| test(*a, b[row])),
        (PrimitiveView::One(a), PrimitiveView::One(b)) => BooleanBuffer::collect_bool(rows, |_| test(*a, *b)),
    }
}

/// Returns true if an order satisfies the operator. Without an order (NaN) only `!=` is satisfied.
const fn satisfies(op: BinaryOp, order: Option<Ordering>) -> bool {
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

/// Compares by the integer part, which is exact within the range, then by the fraction.
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

/// A comparator of cells by their indices in the left and the right array.
pub type CellOrder = Box<dyn Fn(usize, usize) -> Ordering + Send + Sync>;

/// Returns the order that makes `collect` deterministic, for the cells of two arrays of one type.
///
/// Numbers and dates ascend, false precedes true, and text is ordered by code point. NaN follows all other floats, and both zeros
/// are equal. Nulls, which `collect` omits, are first.
///
/// # Errors
///
/// Fails if the array types differ, or have no order.
pub fn collect_order(left: &ArrayRef, right: &ArrayRef) -> Result<CellOrder, EvalError> {
    if left.data_type() != right.data_type() {
        let message = format!("{} and {} have no order between them", left.data_type(), right.data_type());
        return Err(EvalError::internal(message));
    }
    match left.data_type() {
        DataType::Float32 => Ok(float_order::<Float32Type>(left, right, f64::from)),
        DataType::Float64 => Ok(float_order::<Float64Type>(left, right, |value| value)),
        other if other.is_nested() => Err(EvalError::internal(format!("{other} has no order"))),
        _ => {
            let options = SortOptions { descending: false, nulls_first: true };
            Ok(make_comparator(left, right, options)?)
        }
    }
}

fn float_order<T: ArrowPrimitiveType>(left: &ArrayRef, right: &ArrayRef, wide: fn(T::Native) -> f64) -> CellOrder {
    let cells = |array: &ArrayRef| array.as_primitive::<T>().clone();
    let (left, right) = (cells(left), cells(right));
    Box::new(move |a, b| match (left.is_valid(a), right.is_valid(b)) {
        // Adding zero makes both zeros equal; NaN is last, whatever its sign.
        (true, true) => {
            let (a, b) = (wide(left.value(a)) + 0.0, wide(right.value(b)) + 0.0);
            a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        }
        (a, b) => a.cmp(&b),
    })
}
