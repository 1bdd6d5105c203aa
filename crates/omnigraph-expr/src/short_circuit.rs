//! Short-circuit evaluation of `if`, `coalesce`, `and` and `or`, and three-valued logic.
//!
//! An operand is evaluated only for the rows that need it, so that it cannot fail in other rows. The caller evaluates: it
//! receives a [`RowSelection`], selects these rows of its columns, and returns a value over them. Errors are mapped back to the
//! rows of the whole batch.
//!
//! The logic is that of SQL (Kleene): null is unknown, and the result is null only if it depends on the unknown.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, new_null_array};
use arrow::compute::{and_kleene, interleave, is_null as null_mask, not as negation, or_kleene};
use arrow::datatypes::DataType;
use omnigraph_compiler::ir::ExprType;

use crate::columnar_value::ColumnarValue;
use crate::convert::widen;
use crate::eval_error::EvalError;
use crate::kernel::shared;
use crate::operand_batch::OperandBatch;
use crate::types::value_type;

/// A logical operator of three-valued logic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogicalOp {
    /// `and`: false if an operand is false, else null if an operand is null, else true.
    And,
    /// `or`: true if an operand is true, else null if an operand is null, else false.
    Or,
}

impl LogicalOp {
    /// Returns the operand value that decides the result: false for `and`, true for `or`.
    pub(crate) const fn dominant_value(self) -> bool {
        matches!(self, Self::Or)
    }

    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }

    pub(crate) fn join(self, left: &BooleanArray, right: &BooleanArray) -> Result<BooleanArray, EvalError> {
        Ok(match self {
            Self::And => and_kleene(left, right)?,
            Self::Or => or_kleene(left, right)?,
        })
    }
}

/// Joins all operands, which are evaluated already.
pub(crate) fn join_all(op: LogicalOp, columns: &[ColumnarValue], rows: usize) -> Result<ColumnarValue, EvalError> {
    let mut all: Option<BooleanArray> = None;
    for column in columns {
        let right = column.materialize(rows)?.as_boolean().clone();
        all = Some(match all {
            Some(left) => op.join(&left, &right)?,
            None => right,
        });
    }
    // Without operands: the neutral element.
    let all = all.unwrap_or_else(|| BooleanArray::from(vec![!op.dominant_value(); rows]));
    Ok(ColumnarValue::Array(Arc::new(all)))
}

pub(crate) fn not(batch: &OperandBatch) -> Result<ArrayRef, EvalError> {
    shared(negation(batch.cells::<BooleanArray>(0)?.array())?)
}

pub(crate) fn is_null(columns: &[ColumnarValue]) -> Result<ColumnarValue, EvalError> {
    let Some(column) = columns.first() else { return Err(EvalError::internal("`is null` without an operand")) };
    Ok(ColumnarValue::Array(Arc::new(null_mask(column.array())?)))
}

/// A selection of rows of a batch, ascending.
#[derive(Clone, Debug)]
pub enum RowSelection {
    /// All rows; the number of rows.
    All(usize),
    /// The rows with these indices.
    Some(UInt32Array),
}

/// A branch of `if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IfBranch {
    /// The branch for rows whose condition is true.
    Then,
    /// The branch for rows whose condition is false or null.
    Else,
}

impl RowSelection {
    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::All(rows) => *rows,
            Self::Some(indices) => indices.len(),
        }
    }

    /// Returns true if no row is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the selected rows of a value.
    ///
    /// # Errors
    ///
    /// Fails if the result has more than 2 GiB of text.
    pub fn select(&self, column: &ColumnarValue) -> Result<ColumnarValue, EvalError> {
        match self {
            Self::All(_) => Ok(column.clone()),
            Self::Some(indices) => column.take(indices),
        }
    }

    /// Returns the batch index of the selected row at an index.
    fn batch_index(&self, index: usize) -> usize {
        match self {
            Self::All(_) => index,
            Self::Some(indices) if index < indices.len() => indices.value(index) as usize,
            Self::Some(_) => index,
        }
    }

    /// Returns the rows that pass `test`, which receives the index within the selection and the index within the batch.
    fn filter(&self, test: impl Fn(usize, usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.len())
            .filter(|index| test(*index, self.batch_index(*index)))
            .map(|index| self.batch_index(index))
            .collect();
        match self {
            Self::All(rows) if kept.len() == *rows => Self::All(*rows),
            // A batch has far fewer than 2^32 rows.
            _ => Self::Some(kept.into_iter().map(|row| u32::try_from(row).unwrap_or(u32::MAX)).collect()),
        }
    }

    fn evaluate(
        &self,
        run: impl FnOnce(&Self) -> Result<ColumnarValue, EvalError>,
    ) -> Result<ColumnarValue, EvalError> {
        let column = run(self).map_err(|error| {
            let row = self.batch_index(error.row);
            error.with_row(row)
        })?;
        let expected = if column.is_constant() { 1 } else { self.len() };
        match column.array().len() == expected {
            true => Ok(column),
            false => Err(EvalError::internal(format!("{} values for {expected} rows", column.array().len()))),
        }
    }
}

/// Evaluates `if`: each branch for the rows whose condition selects it. A branch without rows is not evaluated.
///
/// # Errors
///
/// Fails if a branch does, or if a value does not fit the common type.
pub fn evaluate_if(
    condition: &ColumnarValue,
    rows: usize,
    result: &ExprType,
    mut branch: impl FnMut(IfBranch, &RowSelection) -> Result<ColumnarValue, EvalError>,
) -> Result<ColumnarValue, EvalError> {
    let condition = condition.materialize(rows)?;
    let is_true = |row: usize| match condition.as_boolean_opt() {
        Some(condition) => condition.is_valid(row) && condition.value(row),
        None => false,
    };
    let mut parts = ScatterBuilder::new(rows, result);
    for (which, wanted) in [(IfBranch::Then, true), (IfBranch::Else, false)] {
        let selected = RowSelection::All(rows).filter(|row, _| is_true(row) == wanted);
        if !selected.is_empty() {
            let column = selected.evaluate(|rows| branch(which, rows))?;
            parts.add(&selected, &column, |_| true)?;
        }
    }
    parts.finish()
}

/// Evaluates `coalesce`: the first argument that is not null. An argument is evaluated only for the rows in which all previous
/// ones are null.
///
/// # Errors
///
/// Fails if an argument does, or if a value does not fit the common type.
pub fn evaluate_coalesce(
    arguments: usize,
    rows: usize,
    result: &ExprType,
    mut argument: impl FnMut(usize, &RowSelection) -> Result<ColumnarValue, EvalError>,
) -> Result<ColumnarValue, EvalError> {
    let mut parts = ScatterBuilder::new(rows, result);
    let mut open = RowSelection::All(rows);
    for index in 0..arguments {
        if open.is_empty() {
            break;
        }
        let column = open.evaluate(|rows| argument(index, rows))?;
        let nulls = column.array().logical_nulls();
        let is_null = |index: usize| {
            let index = if column.is_constant() { 0 } else { index };
            nulls.as_ref().is_some_and(|nulls| nulls.is_null(index))
        };
        parts.add(&open, &column, |index| !is_null(index))?;
        open = open.filter(|index, _| is_null(index));
    }
    parts.finish()
}

/// Evaluates `and` or `or`: an operand is evaluated only for the rows that the previous ones have not decided.
///
/// # Errors
///
/// Fails if an operand does.
pub fn evaluate_logical(
    op: LogicalOp,
    operands: usize,
    rows: usize,
    mut operand: impl FnMut(usize, &RowSelection) -> Result<ColumnarValue, EvalError>,
) -> Result<ColumnarValue, EvalError> {
    let mut joined = BooleanArray::from(vec![!op.dominant_value(); rows]);
    let mut open = RowSelection::All(rows);
    for index in 0..operands {
        if open.is_empty() {
            break;
        }
        let column = open.evaluate(|rows| operand(index, rows))?;
        let mut parts = ScatterBuilder::new(rows, &ExprType::scalar(omnigraph_compiler::types::ScalarType::Bool));
        // Decided rows are joined with null, which does not change them.
        parts.add(&open, &column, |_| true)?;
        let right = parts.finish()?.materialize(rows)?;
        joined = op.join(&joined, right.as_boolean())?;
        let decided = |row: usize| joined.is_valid(row) && joined.value(row) == op.dominant_value();
        open = RowSelection::All(rows).filter(|row, _| !decided(row));
    }
    Ok(ColumnarValue::Array(Arc::new(joined)))
}

/// A builder that scatters values of row selections into one column. Rows outside all selections are null.
struct ScatterBuilder {
    result: Option<DataType>,
    arrays: Vec<ArrayRef>,
    /// Array and index of each row; array 0 holds the null.
    sources: Vec<(usize, usize)>,
    /// The value that covers all rows by itself.
    whole: Option<ColumnarValue>,
}

impl ScatterBuilder {
    fn new(rows: usize, result: &ExprType) -> Self {
        let result = value_type(result);
        Self { result, arrays: Vec::new(), sources: vec![(0, 0); rows], whole: None }
    }

    /// Adds the wanted values of a column over `rows`.
    fn add(
        &mut self,
        rows: &RowSelection,
        column: &ColumnarValue,
        wanted: impl Fn(usize) -> bool,
    ) -> Result<(), EvalError> {
        let column = match &self.result {
            Some(ty) => widen(column, ty).map_err(|error| {
                let row = rows.batch_index(error.row);
                error.with_row(row)
            })?,
            None => column.clone(),
        };
        self.arrays.push(Arc::clone(column.array()));
        let array = self.arrays.len();
        let mut all = matches!(rows, RowSelection::All(_));
        for index in 0..rows.len() {
            if wanted(index) {
                let cell = if column.is_constant() { 0 } else { index };
                if let Some(source) = self.sources.get_mut(rows.batch_index(index)) {
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

    fn finish(self) -> Result<ColumnarValue, EvalError> {
        if let Some(column) = self.whole {
            return Ok(column);
        }
        let found_type =
            || self.arrays.iter().map(|array| array.data_type()).find(|ty| **ty != DataType::Null).cloned();
        let ty = self.result.clone().or_else(found_type).unwrap_or(DataType::Null);
        let null = new_null_array(&ty, 1);
        let arrays = self.arrays.iter().map(|array| match array.data_type() == &DataType::Null {
            true => new_null_array(&ty, array.len()),
            false => Arc::clone(array),
        });
        let arrays: Vec<ArrayRef> = [null].into_iter().chain(arrays).collect();
        let borrowed: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        Ok(ColumnarValue::Array(interleave(&borrowed, &self.sources)?))
    }
}
