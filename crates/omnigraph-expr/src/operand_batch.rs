//! The operands of a strict kernel: values, the rows in which none of them is null, and typed access.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanBuilder, GenericListArray, PrimitiveArray, PrimitiveBuilder,
    StringArray, StringBuilder,
};
use arrow::buffer::NullBuffer;

use crate::columnar_value::ColumnarValue;
use crate::eval_error::{EvalError, EvalErrorKind};

/// The operands of one evaluation. No constant among them is null.
pub(crate) struct OperandBatch {
    columns: Vec<ColumnarValue>,
    rows: usize,
    nulls: Option<NullBuffer>,
}

/// Typed access to an operand by row; a constant has the same value in every row.
pub(crate) struct OperandCells<'a, A> {
    array: &'a A,
    stride: usize,
}

impl OperandBatch {
    pub(crate) fn new(columns: Vec<ColumnarValue>, rows: usize) -> Self {
        let mut nulls = None;
        for column in columns.iter().filter(|column| !column.is_constant()) {
            nulls = NullBuffer::union(nulls.as_ref(), column.array().logical_nulls().as_ref());
        }
        Self { columns, rows, nulls }
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the rows in which an operand is null.
    pub(crate) fn nulls(&self) -> Option<NullBuffer> {
        self.nulls.clone()
    }

    pub(crate) fn is_valid(&self, row: usize) -> bool {
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
    }

    pub(crate) fn column(&self, index: usize) -> Result<&ColumnarValue, EvalError> {
        self.columns.get(index).ok_or_else(|| EvalError::internal(format!("operand {index} not found")))
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        index < self.columns.len()
    }

    /// Returns an operand as an Arrow array of its type.
    pub(crate) fn cells<A: Array + 'static>(&self, index: usize) -> Result<OperandCells<'_, A>, EvalError> {
        let column = self.column(index)?;
        let array = column.array().as_any().downcast_ref::<A>();
        let array = array.ok_or_else(|| EvalError::internal(format!("operand {index} is {}", column.data_type())))?;
        Ok(OperandCells { array, stride: usize::from(!column.is_constant()) })
    }

    pub(crate) fn texts(&self, index: usize) -> Result<OperandCells<'_, StringArray>, EvalError> {
        self.cells(index)
    }

    pub(crate) fn lists(&self, index: usize) -> Result<OperandCells<'_, GenericListArray<i32>>, EvalError> {
        self.cells(index)
    }

    /// Computes a text per row: null where an operand is null or the result is `None`.
    pub(crate) fn map_text<T: AsRef<str>>(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<T>, EvalErrorKind>,
    ) -> Result<ArrayRef, EvalError> {
        let mut out = TextBuilder::new(self.rows);
        for row in 0..self.rows {
            let cell = if self.is_valid(row) { value(row).map_err(|kind| EvalError { row, kind })? } else { None };
            match cell {
                Some(text) => out.push(text.as_ref()).map_err(|kind| EvalError { row, kind })?,
                None => out.push_null(),
            }
        }
        Ok(out.finish())
    }

    /// Computes a primitive value per row: null where an operand is null or the result is `None`.
    pub(crate) fn map_primitive<T: ArrowPrimitiveType>(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<T::Native>, EvalErrorKind>,
    ) -> Result<PrimitiveArray<T>, EvalError> {
        let mut out = PrimitiveBuilder::<T>::with_capacity(self.rows);
        for row in 0..self.rows {
            let cell = if self.is_valid(row) { value(row).map_err(|kind| EvalError { row, kind })? } else { None };
            out.append_option(cell);
        }
        Ok(out.finish())
    }

    /// Computes a Bool per row: null where an operand is null or the result is `None`.
    pub(crate) fn map_bool(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<bool>, EvalErrorKind>,
    ) -> Result<ArrayRef, EvalError> {
        let mut out = BooleanBuilder::with_capacity(self.rows);
        for row in 0..self.rows {
            let cell = if self.is_valid(row) { value(row).map_err(|kind| EvalError { row, kind })? } else { None };
            out.append_option(cell);
        }
        Ok(Arc::new(out.finish()))
    }
}

impl<'a, A: Array> OperandCells<'a, A> {
    pub(crate) const fn array(&self) -> &'a A {
        self.array
    }

    /// Returns the array index of the row's value.
    pub(crate) const fn index(&self, row: usize) -> usize {
        row * self.stride
    }
}

impl<'a> OperandCells<'a, StringArray> {
    pub(crate) fn value(&self, row: usize) -> &'a str {
        self.array.value(self.index(row))
    }
}

impl<T: ArrowPrimitiveType> OperandCells<'_, PrimitiveArray<T>> {
    pub(crate) fn value(&self, row: usize) -> T::Native {
        self.array.value(self.index(row))
    }
}

/// A builder of a text column that fails above 2 GiB, where Arrow's builder panics.
pub(crate) struct TextBuilder {
    builder: StringBuilder,
}

impl TextBuilder {
    pub(crate) fn new(rows: usize) -> Self {
        Self { builder: StringBuilder::with_capacity(rows, 0) }
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<(), EvalErrorKind> {
        if self.builder.values_slice().len() + text.len() > i32::MAX as usize {
            return Err(EvalErrorKind::TooLarge);
        }
        self.builder.append_value(text);
        Ok(())
    }

    pub(crate) fn push_null(&mut self) {
        self.builder.append_null();
    }

    pub(crate) fn finish(mut self) -> ArrayRef {
        Arc::new(self.builder.finish())
    }
}
