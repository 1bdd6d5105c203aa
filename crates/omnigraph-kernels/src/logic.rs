//! Three-valued logic: what is null may be true or false, and the answer is null only if that matters.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::compute::{and_kleene, is_null as null_mask, not as negation, or_kleene};

use crate::batch::Batch;
use crate::column::Column;
use crate::failure::Failure;
use crate::kernel::shared;

/// Which connective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connective {
    /// False if an operand is, else null if an operand is, else true.
    And,
    /// True if an operand is, else null if an operand is, else false.
    Or,
}

impl Connective {
    /// The value of an operand that decides the whole: false of `and`, true of `or`.
    pub(crate) const fn deciding(self) -> bool {
        matches!(self, Self::Or)
    }

    pub(crate) const fn symbol(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }

    pub(crate) fn join(self, left: &BooleanArray, right: &BooleanArray) -> Result<BooleanArray, Failure> {
        Ok(match self {
            Self::And => and_kleene(left, right)?,
            Self::Or => or_kleene(left, right)?,
        })
    }
}

/// All operands joined.
pub(crate) fn connect(connective: Connective, columns: &[Column], rows: usize) -> Result<Column, Failure> {
    let mut all: Option<BooleanArray> = None;
    for column in columns {
        let right = column.materialize(rows)?.as_boolean().clone();
        all = Some(match all {
            Some(left) => connective.join(&left, &right)?,
            None => right,
        });
    }
    // Of nothing: what joining it with anything does not change.
    let all = all.unwrap_or_else(|| BooleanArray::from(vec![!connective.deciding(); rows]));
    Ok(Column::Array(Arc::new(all)))
}

pub(crate) fn not(batch: &Batch) -> Result<ArrayRef, Failure> {
    shared(negation(batch.cells::<BooleanArray>(0)?.array())?)
}

pub(crate) fn is_null(columns: &[Column]) -> Result<Column, Failure> {
    let Some(column) = columns.first() else { return Err(Failure::internal("`is null` without an operand")) };
    Ok(Column::Array(Arc::new(null_mask(column.array())?)))
}
