//! Expressions over batches.
//!
//! An expression is evaluated for all rows at once. If an operand of `and` or `or` fails for a row, the operands are evaluated
//! again, each only for the rows that the operands before it leave undecided. So `x != 0 and 1 / x > 2` never divides by zero.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray};
use arrow::compute::{and_kleene, or_kleene, take_record_batch};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use omnigraph_compiler::ir::ExprType;
use omnigraph_expr::{ColumnarValue, EvalError, IfBranch, Kernel, LogicalOp, RowSelection};

/// An expression whose columns are positions in a batch.
#[derive(Clone)]
pub(crate) enum ScalarExpr {
    /// A column of the batch.
    Column(usize),
    /// A constant, as an array of one.
    Constant(ArrayRef),
    /// An operation.
    Apply(Arc<Kernel>, Vec<ScalarExpr>),
    /// Three-valued conjunction.
    And(Vec<ScalarExpr>),
    /// Three-valued disjunction.
    Or(Vec<ScalarExpr>),
    /// A condition, the values where it is true and otherwise, and their type.
    If(Box<[ScalarExpr; 3]>, ExprType),
    /// The first operand that is not null, and the type of all.
    Coalesce(Vec<ScalarExpr>, ExprType),
    /// A function of the whole array.
    Map(ArrayFn, Box<ScalarExpr>),
}

/// A function from an array to an array of the same length.
pub(crate) type ArrayFn = Arc<dyn Fn(&ArrayRef) -> Result<ArrayRef, ArrowError> + Send + Sync>;

impl fmt::Debug for ScalarExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(position) => write!(f, "Column({position})"),
            Self::Constant(_) => f.write_str("Constant"),
            Self::Apply(kernel, operands) => f.debug_tuple("Apply").field(kernel).field(operands).finish(),
            Self::And(operands) => f.debug_tuple("And").field(operands).finish(),
            Self::Or(operands) => f.debug_tuple("Or").field(operands).finish(),
            Self::If(operands, _) => f.debug_tuple("If").field(operands).finish(),
            Self::Coalesce(operands, _) => f.debug_tuple("Coalesce").field(operands).finish(),
            Self::Map(_, operand) => f.debug_tuple("Map").field(operand).finish(),
        }
    }
}

impl ScalarExpr {
    /// Evaluates the expression for the rows of a batch.
    pub(crate) fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue, EvalError> {
        match self {
            Self::Column(index) => Ok(ColumnarValue::Array(Arc::clone(batch.column(*index)))),
            Self::Constant(array) => Ok(ColumnarValue::Constant(Arc::clone(array))),
            Self::Apply(kernel, operands) => {
                let operands = operands.iter().map(|operand| operand.evaluate(batch)).collect::<Result<Vec<_>, _>>()?;
                kernel.evaluate(&operands, batch.num_rows())
            }
            Self::And(operands) => evaluate_connective(operands, batch, LogicalOp::And),
            Self::Or(operands) => evaluate_connective(operands, batch, LogicalOp::Or),
            Self::If(operands, ty) => {
                let [condition, then, otherwise] = operands.as_ref();
                omnigraph_expr::evaluate_if(&condition.evaluate(batch)?, batch.num_rows(), ty, |branch, rows| {
                    let branch = if branch == IfBranch::Then { then } else { otherwise };
                    branch.evaluate_rows(batch, rows)
                })
            }
            Self::Coalesce(operands, ty) => {
                let operand = |index: usize, rows: &RowSelection| operands[index].evaluate_rows(batch, rows);
                omnigraph_expr::evaluate_coalesce(operands.len(), batch.num_rows(), ty, operand)
            }
            Self::Map(function, operand) => Ok(ColumnarValue::Array(function(&operand.to_array(batch)?)?)),
        }
    }

    /// Evaluates the expression to an array with a value for each row.
    pub(crate) fn to_array(&self, batch: &RecordBatch) -> Result<ArrayRef, EvalError> {
        self.evaluate(batch)?.materialize(batch.num_rows())
    }

    fn evaluate_rows(&self, batch: &RecordBatch, rows: &RowSelection) -> Result<ColumnarValue, EvalError> {
        match rows {
            RowSelection::All(_) => self.evaluate(batch),
            RowSelection::Some(indices) => self.evaluate(&take_record_batch(batch, indices)?),
        }
    }
}

fn evaluate_connective(
    operands: &[ScalarExpr],
    batch: &RecordBatch,
    connective: LogicalOp,
) -> Result<ColumnarValue, EvalError> {
    let rows = batch.num_rows();
    let mut all: Option<BooleanArray> = None;
    for operand in operands {
        let Ok(value) = operand.to_array(batch) else {
            let operand = |index: usize, rows: &RowSelection| operands[index].evaluate_rows(batch, rows);
            return omnigraph_expr::evaluate_logical(connective, operands.len(), rows, operand);
        };
        let value = value.as_boolean_opt().cloned().unwrap_or_else(|| BooleanArray::new_null(rows));
        all = Some(match (all, connective) {
            (None, _) => value,
            (Some(so_far), LogicalOp::And) => and_kleene(&so_far, &value)?,
            (Some(so_far), LogicalOp::Or) => or_kleene(&so_far, &value)?,
        });
    }
    let empty = || BooleanArray::from(vec![matches!(connective, LogicalOp::And); rows]);
    Ok(ColumnarValue::Array(Arc::new(all.unwrap_or_else(empty))))
}
