//! Expressions over batches.
//!
//! Everything is evaluated for all rows at once. Where an operand of `and` or `or` fails for a row, the operands are evaluated
//! again for just the rows that those before them have left undecided, so that `x != 0 and 1 / x > 2` holds no surprise.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::compute::{and_kleene, or_kleene, take_record_batch};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use omnigraph_compiler::ir::Type;
use omnigraph_kernels::{Branch, Column, Connective, Failure, Kernel, Rows};

/// An expression, its columns resolved to places in a batch.
#[derive(Clone)]
pub(super) enum Scalar {
    /// A column of the batch.
    Column(usize),
    /// A constant, as an array of one.
    Constant(ArrayRef),
    /// An operation.
    Apply(Arc<Kernel>, Vec<Scalar>),
    /// Three-valued conjunction.
    And(Vec<Scalar>),
    /// Three-valued disjunction.
    Or(Vec<Scalar>),
    /// The second where the first is true, otherwise the third; and the type of both.
    If(Box<[Scalar; 3]>, Type),
    /// The first that is not null; and the type of all.
    Coalesce(Vec<Scalar>, Type),
    /// A change of all values at once.
    Map(Change, Box<Scalar>),
}

/// What is done to all values of a column at once.
pub(super) type Change = Arc<dyn Fn(&ArrayRef) -> Result<ArrayRef, ArrowError> + Send + Sync>;

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(place) => write!(f, "Column({place})"),
            Self::Constant(_) => f.write_str("Constant"),
            Self::Apply(kernel, operands) => f.debug_tuple("Apply").field(kernel).field(operands).finish(),
            Self::And(parts) => f.debug_tuple("And").field(parts).finish(),
            Self::Or(parts) => f.debug_tuple("Or").field(parts).finish(),
            Self::If(parts, _) => f.debug_tuple("If").field(parts).finish(),
            Self::Coalesce(parts, _) => f.debug_tuple("Coalesce").field(parts).finish(),
            Self::Map(_, operand) => f.debug_tuple("Map").field(operand).finish(),
        }
    }
}

type Evaluated = Result<Column, Failure>;

impl Scalar {
    /// The values for the rows of a batch.
    pub(super) fn evaluate(&self, batch: &RecordBatch) -> Evaluated {
        match self {
            Self::Column(index) => Ok(Column::Array(Arc::clone(batch.column(*index)))),
            Self::Constant(array) => Ok(Column::Constant(Arc::clone(array))),
            Self::Apply(kernel, args) => {
                let args = args.iter().map(|arg| arg.evaluate(batch)).collect::<Result<Vec<_>, _>>()?;
                kernel.evaluate(&args, batch.num_rows())
            }
            Self::And(parts) => connect(parts, batch, Connective::And),
            Self::Or(parts) => connect(parts, batch, Connective::Or),
            Self::If(parts, ty) => {
                let [condition, then, otherwise] = parts.as_ref();
                omnigraph_kernels::choose(&condition.evaluate(batch)?, batch.num_rows(), ty, |branch, rows| {
                    let branch = if branch == Branch::Then { then } else { otherwise };
                    branch.of_rows(batch, rows)
                })
            }
            Self::Coalesce(parts, ty) => {
                let part = |index: usize, rows: &Rows| parts[index].of_rows(batch, rows);
                omnigraph_kernels::coalesce(parts.len(), batch.num_rows(), ty, part)
            }
            Self::Map(change, operand) => Ok(Column::Array(change(&operand.array(batch)?)?)),
        }
    }

    /// The values as an array.
    pub(super) fn array(&self, batch: &RecordBatch) -> Result<ArrayRef, Failure> {
        self.evaluate(batch)?.materialize(batch.num_rows())
    }

    fn of_rows(&self, batch: &RecordBatch, rows: &Rows) -> Evaluated {
        match rows {
            Rows::All(_) => self.evaluate(batch),
            Rows::Some(indices) => self.evaluate(&take_record_batch(batch, indices)?),
        }
    }
}

fn connect(parts: &[Scalar], batch: &RecordBatch, connective: Connective) -> Evaluated {
    let rows = batch.num_rows();
    let mut all: Option<BooleanArray> = None;
    for part in parts {
        let Ok(value) = part.array(batch) else {
            let part = |index: usize, rows: &Rows| parts[index].of_rows(batch, rows);
            return omnigraph_kernels::connect(connective, parts.len(), rows, part);
        };
        let value = value.as_boolean_opt().cloned().unwrap_or_else(|| BooleanArray::new_null(rows));
        all = Some(match (all, connective) {
            (None, _) => value,
            (Some(so_far), Connective::And) => and_kleene(&so_far, &value)?,
            (Some(so_far), Connective::Or) => or_kleene(&so_far, &value)?,
        });
    }
    let empty = || BooleanArray::from(vec![matches!(connective, Connective::And); rows]);
    Ok(Column::Array(Arc::new(all.unwrap_or_else(empty))))
}
