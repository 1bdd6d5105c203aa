//! Operations that evaluate an operand only for the rows that need it: `if`, `coalesce`, `and`, `or`. What would fail in
//! another row is not seen.
//!
//! The caller evaluates. It is handed the [`Rows`] in question, picks them out of its columns, and answers with a
//! column over them; failures come back at the rows of the whole batch.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::DataType;
use omnigraph_compiler::ir::Type;

use crate::column::Column;
use crate::failure::Failure;
use crate::logic::Connective;
use crate::types::value_type;
use crate::widen::widen;

/// Some of the rows of a batch, in ascending order.
#[derive(Clone, Debug)]
pub enum Rows {
    /// All of so many.
    All(usize),
    /// Those with these indices.
    Some(UInt32Array),
}

/// An argument of `if` that is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Branch {
    /// Where the condition is true.
    Then,
    /// Where it is false or null.
    Else,
}

impl Rows {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::All(rows) => *rows,
            Self::Some(indices) => indices.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These rows of a column.
    ///
    /// # Errors
    /// More than 2 GiB of text.
    pub fn pick(&self, column: &Column) -> Result<Column, Failure> {
        match self {
            Self::All(_) => Ok(column.clone()),
            Self::Some(indices) => column.take(indices),
        }
    }

    /// The index within the batch of the row at this index of these.
    fn origin(&self, index: usize) -> usize {
        match self {
            Self::All(_) => index,
            Self::Some(indices) if index < indices.len() => indices.value(index) as usize,
            Self::Some(_) => index,
        }
    }

    /// Those of which the test holds, given the index within these and the index within the batch.
    fn filter(&self, test: impl Fn(usize, usize) -> bool) -> Self {
        let kept: Vec<usize> =
            (0..self.len()).filter(|index| test(*index, self.origin(*index))).map(|index| self.origin(index)).collect();
        match self {
            Self::All(rows) if kept.len() == *rows => Self::All(*rows),
            // A batch has far fewer rows than 32 bits count.
            _ => Self::Some(kept.into_iter().map(|row| u32::try_from(row).unwrap_or(u32::MAX)).collect()),
        }
    }

    fn evaluate(&self, run: impl FnOnce(&Self) -> Result<Column, Failure>) -> Result<Column, Failure> {
        let column = run(self).map_err(|failure| {
            let row = self.origin(failure.row);
            failure.at(row)
        })?;
        let expected = if column.is_constant() { 1 } else { self.len() };
        match column.array().len() == expected {
            true => Ok(column),
            false => Err(Failure::internal(format!("{} values for {expected} rows", column.array().len()))),
        }
    }
}

/// `if`: the value of the branch that the condition chooses. A branch that no row chooses is not evaluated at all.
///
/// # Errors
/// What evaluating a branch fails with, or a value that its common type cannot hold.
pub fn choose(
    condition: &Column,
    rows: usize,
    result: &Type,
    mut branch: impl FnMut(Branch, &Rows) -> Result<Column, Failure>,
) -> Result<Column, Failure> {
    let condition = condition.materialize(rows)?;
    let is_true = |row: usize| match condition.as_boolean_opt() {
        Some(condition) => condition.is_valid(row) && condition.value(row),
        None => false,
    };
    let mut parts = Parts::new(rows, result);
    for (which, wanted) in [(Branch::Then, true), (Branch::Else, false)] {
        let chosen = Rows::All(rows).filter(|row, _| is_true(row) == wanted);
        if !chosen.is_empty() {
            let column = chosen.evaluate(|rows| branch(which, rows))?;
            parts.add(&chosen, &column, |_| true)?;
        }
    }
    parts.finish()
}

/// `coalesce`: the first of so many arguments that is not null. An argument is evaluated for the rows in which all
/// before it are null.
///
/// # Errors
/// What evaluating an argument fails with, or a value that its common type cannot hold.
pub fn coalesce(
    arguments: usize,
    rows: usize,
    result: &Type,
    mut argument: impl FnMut(usize, &Rows) -> Result<Column, Failure>,
) -> Result<Column, Failure> {
    let mut parts = Parts::new(rows, result);
    let mut open = Rows::All(rows);
    for index in 0..arguments {
        if open.is_empty() {
            break;
        }
        let column = open.evaluate(|rows| argument(index, rows))?;
        let nulls = column.array().logical_nulls();
        let at = |index: usize| if column.is_constant() { 0 } else { index };
        let is_null = |index: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(at(index)));
        parts.add(&open, &column, |index| !is_null(index))?;
        open = open.filter(|index, _| is_null(index));
    }
    parts.finish()
}

/// `and` and `or`: an operand is evaluated for the rows that those before it have not decided.
///
/// # Errors
/// What evaluating an operand fails with.
pub fn connect(
    connective: Connective,
    operands: usize,
    rows: usize,
    mut operand: impl FnMut(usize, &Rows) -> Result<Column, Failure>,
) -> Result<Column, Failure> {
    let mut joined = BooleanArray::from(vec![!connective.deciding(); rows]);
    let mut open = Rows::All(rows);
    for index in 0..operands {
        if open.is_empty() {
            break;
        }
        let column = open.evaluate(|rows| operand(index, rows))?;
        let mut parts = Parts::new(rows, &Type::scalar(omnigraph_compiler::types::Scalar::Bool));
        // A decided row keeps its answer whatever it is joined with; null will do.
        parts.add(&open, &column, |_| true)?;
        let right = parts.finish()?.materialize(rows)?;
        joined = connective.join(&joined, right.as_boolean())?;
        let decided = |row: usize| joined.is_valid(row) && joined.value(row) == connective.deciding();
        open = Rows::All(rows).filter(|row, _| !decided(row));
    }
    Ok(Column::Array(Arc::new(joined)))
}

/// Columns over parts of the rows, to be put together into one. Rows that no part covers are null.
struct Parts {
    result: Option<DataType>,
    arrays: Vec<ArrayRef>,
    /// Array and index of each row; array 0 is the null.
    sources: Vec<(usize, usize)>,
    /// The column, where it is all there is.
    whole: Option<Column>,
}

impl Parts {
    fn new(rows: usize, result: &Type) -> Self {
        let result = value_type(result);
        Self { result, arrays: Vec::new(), sources: vec![(0, 0); rows], whole: None }
    }

    /// Takes those values of a column over `rows` that are wanted.
    fn add(&mut self, rows: &Rows, column: &Column, wanted: impl Fn(usize) -> bool) -> Result<(), Failure> {
        let column = match &self.result {
            Some(ty) => widen(column, ty).map_err(|failure| {
                let row = rows.origin(failure.row);
                failure.at(row)
            })?,
            None => column.clone(),
        };
        self.arrays.push(Arc::clone(column.array()));
        let array = self.arrays.len();
        let mut all = matches!(rows, Rows::All(_));
        for index in 0..rows.len() {
            if wanted(index) {
                let cell = if column.is_constant() { 0 } else { index };
                if let Some(source) = self.sources.get_mut(rows.origin(index)) {
                    *source = (array, cell);
                }
            } else {
                all = false;
            }
        }
        if all {
            self.whole = Some(column);
        }
        Ok(())
    }

    fn finish(self) -> Result<Column, Failure> {
        if let Some(column) = self.whole {
            return Ok(column);
        }
        let of_parts = || self.arrays.iter().map(|array| array.data_type()).find(|ty| **ty != DataType::Null).cloned();
        let ty = self.result.clone().or_else(of_parts).unwrap_or(DataType::Null);
        let null = new_null_array(&ty, 1);
        let arrays = self.arrays.iter().map(|array| match array.data_type() == &DataType::Null {
            true => new_null_array(&ty, array.len()),
            false => Arc::clone(array),
        });
        let arrays: Vec<ArrayRef> = [null].into_iter().chain(arrays).collect();
        let borrowed: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        Ok(Column::Array(interleave(&borrowed, &self.sources)?))
    }
}
