//! Numbers of a column at one of three widths, read without a branch per row.

use arrow::array::{ArrowPrimitiveType, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{
    ArrowNativeType, DataType, Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type,
};

use crate::batch::Batch;
use crate::column::Column;
use crate::failure::{Failure, Problem};

/// A value per row, or one for all rows. The values of null rows are anything.
pub(crate) enum Lane<T: ArrowNativeType> {
    Each(ScalarBuffer<T>),
    One(T),
}

/// Numbers, widened without loss: 32-bit integers to `i64`, `f32` to `f64`.
pub(crate) enum Numbers {
    I64(Lane<i64>),
    U64(Lane<u64>),
    F64(Lane<f64>),
}

impl Batch {
    /// An operand that is a number of any width.
    pub(crate) fn numbers(&self, index: usize) -> Result<Numbers, Failure> {
        let column = self.column(index)?;
        Ok(match column.data_type() {
            DataType::Int32 => Numbers::I64(widened::<Int32Type, _>(column, i64::from)),
            DataType::UInt32 => Numbers::I64(widened::<UInt32Type, _>(column, i64::from)),
            DataType::Int64 => Numbers::I64(plain::<Int64Type>(column)),
            DataType::UInt64 => Numbers::U64(plain::<UInt64Type>(column)),
            DataType::Float32 => Numbers::F64(widened::<Float32Type, _>(column, f64::from)),
            DataType::Float64 => Numbers::F64(plain::<Float64Type>(column)),
            other => return Err(Failure::internal(format!("operand {index} is {other} and no number"))),
        })
    }

    /// What `compute` makes of two lanes. A result marked as wrong fails the row, unless the row is null: then nobody
    /// sees it.
    pub(crate) fn zip<T: ArrowNativeType, R: ArrowNativeType>(
        &self,
        left: &Lane<T>,
        right: &Lane<T>,
        compute: impl Fn(T, T) -> Result<R, Problem>,
    ) -> Result<ScalarBuffer<R>, Failure> {
        // Rows are judged only after the fast pass has met something wrong.
        let mut wrong = false;
        let mut one = |a: T, b: T| {
            compute(a, b).unwrap_or_else(|_| {
                wrong = true;
                R::default()
            })
        };
        let values: Vec<R> = match (left, right) {
            (Lane::Each(left), Lane::Each(right)) => left.iter().zip(right).map(|(a, b)| one(*a, *b)).collect(),
            (Lane::Each(left), Lane::One(b)) => left.iter().map(|a| one(*a, *b)).collect(),
            (Lane::One(a), Lane::Each(right)) => right.iter().map(|b| one(*a, *b)).collect(),
            (Lane::One(a), Lane::One(b)) => (0..self.rows()).map(|_| one(*a, *b)).collect(),
        };
        if wrong {
            for row in (0..self.rows()).filter(|row| self.is_valid(*row)) {
                compute(left.at(row), right.at(row)).map_err(|problem| Failure { row, problem })?;
            }
        }
        Ok(values.into())
    }
}

impl<T: ArrowNativeType> Lane<T> {
    pub(crate) fn at(&self, row: usize) -> T {
        match self {
            Self::Each(values) => values[row],
            Self::One(value) => *value,
        }
    }

    pub(crate) fn map<R: ArrowNativeType>(&self, convert: impl Fn(T) -> R) -> Lane<R> {
        match self {
            Self::Each(values) => Lane::Each(values.iter().map(|value| convert(*value)).collect()),
            Self::One(value) => Lane::One(convert(*value)),
        }
    }
}

impl Numbers {
    pub(crate) fn float_at(&self, row: usize) -> f64 {
        match self {
            Self::I64(lane) => lane.at(row) as f64,
            Self::U64(lane) => lane.at(row) as f64,
            Self::F64(lane) => lane.at(row),
        }
    }

    /// As floats, rounded to the nearest.
    pub(crate) fn floats(self) -> Lane<f64> {
        match self {
            Self::I64(lane) => lane.map(|value| value as f64),
            Self::U64(lane) => lane.map(|value| value as f64),
            Self::F64(lane) => lane,
        }
    }

    /// Integers as wide as it takes; floats are cut.
    pub(crate) fn wide(self) -> Lane<i128> {
        match self {
            Self::I64(lane) => lane.map(i128::from),
            Self::U64(lane) => lane.map(i128::from),
            Self::F64(lane) => lane.map(|value| value as i128),
        }
    }
}

fn plain<T: ArrowPrimitiveType>(column: &Column) -> Lane<T::Native> {
    let values = column.array().as_primitive::<T>().values();
    if column.is_constant() { Lane::One(values[0]) } else { Lane::Each(values.clone()) }
}

fn widened<T: ArrowPrimitiveType, R: ArrowNativeType>(column: &Column, convert: impl Fn(T::Native) -> R) -> Lane<R> {
    plain::<T>(column).map(convert)
}
