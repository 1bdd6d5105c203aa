//! Primitive views: numbers of an operand at one of three widths, read without a branch per row.

use arrow::array::{ArrowPrimitiveType, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{
    ArrowNativeType, DataType, Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type,
};

use crate::columnar_value::ColumnarValue;
use crate::eval_error::{EvalError, EvalErrorKind};
use crate::operand_batch::OperandBatch;

/// One value per row, or one for all rows. Values of null rows are unspecified.
pub(crate) enum PrimitiveView<T: ArrowNativeType> {
    Each(ScalarBuffer<T>),
    One(T),
}

/// Numbers widened without loss: 32-bit integers to `i64`, `f32` to `f64`.
pub(crate) enum NumberView {
    I64(PrimitiveView<i64>),
    U64(PrimitiveView<u64>),
    F64(PrimitiveView<f64>),
}

impl OperandBatch {
    /// Returns a numeric operand of any width.
    pub(crate) fn numbers(&self, index: usize) -> Result<NumberView, EvalError> {
        let column = self.column(index)?;
        Ok(match column.data_type() {
            DataType::Int32 => NumberView::I64(widened_view::<Int32Type, _>(column, i64::from)),
            DataType::UInt32 => NumberView::I64(widened_view::<UInt32Type, _>(column, i64::from)),
            DataType::Int64 => NumberView::I64(native_view::<Int64Type>(column)),
            DataType::UInt64 => NumberView::U64(native_view::<UInt64Type>(column)),
            DataType::Float32 => NumberView::F64(widened_view::<Float32Type, _>(column, f64::from)),
            DataType::Float64 => NumberView::F64(native_view::<Float64Type>(column)),
            other => return Err(EvalError::internal(format!("operand {index} is {other}, expected a number"))),
        })
    }

    /// Applies `compute` to each row of two views. An error fails the row unless the row is null.
    pub(crate) fn zip_map<T: ArrowNativeType, R: ArrowNativeType>(
        &self,
        left: &PrimitiveView<T>,
        right: &PrimitiveView<T>,
        compute: impl Fn(T, T) -> Result<R, EvalErrorKind>,
    ) -> Result<ScalarBuffer<R>, EvalError> {
        // A fast pass without checks for nulls; after an error a second pass finds the first row that is not null.
        let mut failed = false;
        let mut apply = |a: T, b: T| {
            compute(a, b).unwrap_or_else(|_| {
                failed = true;
                R::default()
            })
        };
        let values: Vec<R> = match (left, right) {
            (PrimitiveView::Each(left), PrimitiveView::Each(right)) => {
                left.iter().zip(right).map(|(a, b)| apply(*a, *b)).collect()
            }
            (PrimitiveView::Each(left), PrimitiveView::One(b)) => left.iter().map(|a| apply(*a, *b)).collect(),
            (PrimitiveView::One(a), PrimitiveView::Each(right)) => right.iter().map(|b| apply(*a, *b)).collect(),
            (PrimitiveView::One(a), PrimitiveView::One(b)) => (0..self.rows()).map(|_| apply(*a, *b)).collect(),
        };
        if failed {
            for row in (0..self.rows()).filter(|row| self.is_valid(*row)) {
                compute(left.value(row), right.value(row)).map_err(|kind| EvalError { row, kind })?;
            }
        }
        Ok(values.into())
    }
}

impl<T: ArrowNativeType> PrimitiveView<T> {
    pub(crate) fn value(&self, row: usize) -> T {
        match self {
            Self::Each(values) => values[row],
            Self::One(value) => *value,
        }
    }

    pub(crate) fn map<R: ArrowNativeType>(&self, convert: impl Fn(T) -> R) -> PrimitiveView<R> {
        match self {
            Self::Each(values) => PrimitiveView::Each(values.iter().map(|value| convert(*value)).collect()),
            Self::One(value) => PrimitiveView::One(convert(*value)),
        }
    }
}

impl NumberView {
    pub(crate) fn float_value(&self, row: usize) -> f64 {
        match self {
            Self::I64(view) => view.value(row) as f64,
            Self::U64(view) => view.value(row) as f64,
            Self::F64(view) => view.value(row),
        }
    }

    /// Converts to floats, rounded to nearest.
    pub(crate) fn floats(self) -> PrimitiveView<f64> {
        match self {
            Self::I64(view) => view.map(|value| value as f64),
            Self::U64(view) => view.map(|value| value as f64),
            Self::F64(view) => view,
        }
    }

    /// Converts to 128-bit integers; floats are truncated.
    pub(crate) fn wide(self) -> PrimitiveView<i128> {
        match self {
            Self::I64(view) => view.map(i128::from),
            Self::U64(view) => view.map(i128::from),
            Self::F64(view) => view.map(|value| value as i128),
        }
    }
}

fn native_view<T: ArrowPrimitiveType>(column: &ColumnarValue) -> PrimitiveView<T::Native> {
    let values = column.array().as_primitive::<T>().values();
    if column.is_constant() { PrimitiveView::One(values[0]) } else { PrimitiveView::Each(values.clone()) }
}

fn widened_view<T: ArrowPrimitiveType, R: ArrowNativeType>(
    column: &ColumnarValue,
    convert: impl Fn(T::Native) -> R,
) -> PrimitiveView<R> {
    native_view::<T>(column).map(convert)
}
