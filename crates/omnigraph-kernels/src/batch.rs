//! What a kernel that passes nulls on sees: columns, the rows in which none of them is null, and how to read them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanBuilder, GenericListArray, PrimitiveArray, PrimitiveBuilder,
    StringArray, StringBuilder,
};
use arrow::buffer::NullBuffer;

use crate::column::Column;
use crate::failure::{Failure, Problem};

/// Columns of which no constant is null, over at least the rows that are counted.
pub(crate) struct Batch {
    columns: Vec<Column>,
    rows: usize,
    nulls: Option<NullBuffer>,
}

/// An array to read by row: a constant has the same value in all of them.
pub(crate) struct Cells<'a, A> {
    array: &'a A,
    stride: usize,
}

impl Batch {
    pub(crate) fn new(columns: Vec<Column>, rows: usize) -> Self {
        let mut nulls = None;
        for column in columns.iter().filter(|column| !column.is_constant()) {
            nulls = NullBuffer::union(nulls.as_ref(), column.array().logical_nulls().as_ref());
        }
        Self { columns, rows, nulls }
    }

    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// The rows in which an operand is null.
    pub(crate) fn nulls(&self) -> Option<NullBuffer> {
        self.nulls.clone()
    }

    pub(crate) fn is_valid(&self, row: usize) -> bool {
        self.nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
    }

    pub(crate) fn column(&self, index: usize) -> Result<&Column, Failure> {
        self.columns.get(index).ok_or_else(|| Failure::internal(format!("there is no operand {index}")))
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        index < self.columns.len()
    }

    /// An operand as the Arrow array its type says it is.
    pub(crate) fn cells<A: Array + 'static>(&self, index: usize) -> Result<Cells<'_, A>, Failure> {
        let column = self.column(index)?;
        let array = column.array().as_any().downcast_ref::<A>();
        let array = array.ok_or_else(|| Failure::internal(format!("operand {index} is {}", column.data_type())))?;
        Ok(Cells { array, stride: usize::from(!column.is_constant()) })
    }

    pub(crate) fn texts(&self, index: usize) -> Result<Cells<'_, StringArray>, Failure> {
        self.cells(index)
    }

    pub(crate) fn lists(&self, index: usize) -> Result<Cells<'_, GenericListArray<i32>>, Failure> {
        self.cells(index)
    }

    /// A text per row; null where an operand is, or where there is none.
    pub(crate) fn each_text<T: AsRef<str>>(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<T>, Problem>,
    ) -> Result<ArrayRef, Failure> {
        let mut out = Texts::new(self.rows);
        for row in 0..self.rows {
            let cell = if self.is_valid(row) { value(row).map_err(|problem| Failure { row, problem })? } else { None };
            match cell {
                Some(text) => out.push(text.as_ref()).map_err(|problem| Failure { row, problem })?,
                None => out.push_null(),
            }
        }
        Ok(out.finish())
    }

    /// A primitive value per row; null where an operand is, or where there is none.
    pub(crate) fn each<T: ArrowPrimitiveType>(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<T::Native>, Problem>,
    ) -> Result<PrimitiveArray<T>, Failure> {
        let mut out = PrimitiveBuilder::<T>::with_capacity(self.rows);
        for row in 0..self.rows {
            let cell = if self.is_valid(row) { value(row).map_err(|problem| Failure { row, problem })? } else { None };
            out.append_option(cell);
        }
        Ok(out.finish())
    }

    /// A Bool per row; null where an operand is, or where there is none.
    pub(crate) fn each_bool(
        &self,
        mut value: impl FnMut(usize) -> Result<Option<bool>, Problem>,
    ) -> Result<ArrayRef, Failure> {
        let mut out = BooleanBuilder::with_capacity(self.rows);
        for row in 0..self.rows {
            let cell = if self.is_valid(row) { value(row).map_err(|problem| Failure { row, problem })? } else { None };
            out.append_option(cell);
        }
        Ok(Arc::new(out.finish()))
    }
}

impl<'a, A: Array> Cells<'a, A> {
    pub(crate) const fn array(&self) -> &'a A {
        self.array
    }

    /// Where the row's value stands in the array.
    pub(crate) const fn index(&self, row: usize) -> usize {
        row * self.stride
    }
}

impl<'a> Cells<'a, StringArray> {
    pub(crate) fn at(&self, row: usize) -> &'a str {
        self.array.value(self.index(row))
    }
}

impl<T: ArrowPrimitiveType> Cells<'_, PrimitiveArray<T>> {
    pub(crate) fn at(&self, row: usize) -> T::Native {
        self.array.value(self.index(row))
    }
}

/// A column of text that is being written. Arrow's own builder panics past 2 GiB.
pub(crate) struct Texts {
    builder: StringBuilder,
}

impl Texts {
    pub(crate) fn new(rows: usize) -> Self {
        Self { builder: StringBuilder::with_capacity(rows, 0) }
    }

    pub(crate) fn push(&mut self, text: &str) -> Result<(), Problem> {
        if self.builder.values_slice().len() + text.len() > i32::MAX as usize {
            return Err(Problem::TooLarge);
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
