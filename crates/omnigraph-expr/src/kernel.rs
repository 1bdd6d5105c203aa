//! Kernels: operations resolved for the types of their operands, evaluated over many batches.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::datatypes::DataType;
use omnigraph_compiler::ir::ExprType;

use crate::columnar_value::ColumnarValue;
use crate::eval_error::{EvalError, KernelError};
use crate::operand_batch::OperandBatch;
use crate::types::{same_layout, value_type};

type StrictFn = dyn Fn(&OperandBatch) -> Result<ArrayRef, EvalError> + Send + Sync;
type NullAwareFn = dyn Fn(&[ColumnarValue], usize) -> Result<ColumnarValue, EvalError> + Send + Sync;

/// The implementation of an operation, by its handling of nulls.
pub(crate) enum KernelProgram {
    /// Null in every row: an operand is the literal `null`.
    Null,
    /// Null where an operand is null, as a strict function of SQL; sees only rows without nulls.
    Strict(Box<StrictFn>),
    /// Defines its result for null operands itself.
    NullAware(Box<NullAwareFn>),
}

impl KernelProgram {
    pub(crate) fn strict(run: impl Fn(&OperandBatch) -> Result<ArrayRef, EvalError> + Send + Sync + 'static) -> Self {
        Self::Strict(Box::new(run))
    }

    pub(crate) fn null_aware(
        run: impl Fn(&[ColumnarValue], usize) -> Result<ColumnarValue, EvalError> + Send + Sync + 'static,
    ) -> Self {
        Self::NullAware(Box::new(run))
    }
}

/// An operation resolved for the types of its operands. Created once per query and evaluated once per batch, from any thread.
pub struct Kernel {
    name: String,
    /// Arrow types of the operands; `None` where the engine chooses the representation.
    operands: Vec<Option<DataType>>,
    output: Option<DataType>,
    program: KernelProgram,
}

impl Kernel {
    /// Creates a kernel; fails if the operation is not defined for these types.
    pub(crate) fn new(
        name: &str,
        operands: &[&ExprType],
        result: &ExprType,
        program: Option<KernelProgram>,
    ) -> Result<Self, KernelError> {
        match program {
            Some(program) => Ok(Self::total(name, operands, result, program)),
            None => {
                let shown: Vec<&ExprType> = operands.iter().copied().chain([result]).collect();
                Err(KernelError::new(name, &shown))
            }
        }
    }

    /// Creates a kernel of an operation that is defined for all operand types.
    pub(crate) fn total(name: &str, operands: &[&ExprType], result: &ExprType, program: KernelProgram) -> Self {
        let operands = operands.iter().map(|ty| value_type(ty)).collect();
        Self { name: name.to_owned(), operands, output: value_type(result), program }
    }

    /// Evaluates the operation over `rows` rows. The result is a constant if all operands are.
    ///
    /// # Errors
    ///
    /// Fails with the first row that has no value, or with an internal error if operand types do not match the kernel.
    pub fn evaluate(&self, columns: &[ColumnarValue], rows: usize) -> Result<ColumnarValue, EvalError> {
        let columns = self.check_operands(columns, rows)?;
        let constant = rows > 0 && columns.iter().all(ColumnarValue::is_constant);
        let rows = if constant { 1 } else { rows };
        match &self.program {
            KernelProgram::Null => Ok(ColumnarValue::null(&self.output_type(&columns))),
            KernelProgram::NullAware(run) => {
                let column = run(&columns, rows)?;
                Ok(if constant { ColumnarValue::Constant(Arc::clone(column.array())) } else { column })
            }
            KernelProgram::Strict(_) if columns.iter().any(ColumnarValue::is_null_constant) => {
                Ok(ColumnarValue::null(&self.output_type(&columns)))
            }
            KernelProgram::Strict(run) => {
                let array = run(&OperandBatch::new(columns, rows))?;
                Ok(if constant { ColumnarValue::Constant(array) } else { ColumnarValue::Array(array) })
            }
        }
    }

    /// Checks number, lengths and Arrow types of the operands. For zero rows all operands become empty arrays, so that none can
    /// fail.
    fn check_operands(&self, columns: &[ColumnarValue], rows: usize) -> Result<Vec<ColumnarValue>, EvalError> {
        if columns.len() != self.operands.len() {
            let message = format!("`{}` has {} operands, {} given", self.name, self.operands.len(), columns.len());
            return Err(EvalError::internal(message));
        }
        let mut checked = Vec::with_capacity(columns.len());
        for (column, expected) in columns.iter().zip(&self.operands) {
            let length = if column.is_constant() { 1 } else { rows };
            let found = column.data_type();
            if column.array().len() != length {
                let message = format!("an operand of `{}` has {} rows of {length}", self.name, column.array().len());
                return Err(EvalError::internal(message));
            }
            let column = match expected {
                Some(expected) if found == &DataType::Null && expected != found => {
                    let array = new_null_array(expected, length);
                    if column.is_constant() { ColumnarValue::Constant(array) } else { ColumnarValue::Array(array) }
                }
                Some(expected) if expected != &DataType::Null && !same_layout(expected, found) => {
                    let message = format!("an operand of `{}` is {found} instead of {expected}", self.name);
                    return Err(EvalError::internal(message));
                }
                _ => column.clone(),
            };
            checked.push(if rows == 0 { ColumnarValue::Array(column.array().slice(0, 0)) } else { column });
        }
        Ok(checked)
    }

    fn output_type(&self, columns: &[ColumnarValue]) -> DataType {
        // The item type of a list of nodes is the representation that the engine chose for a node.
        let item_type = || match columns.first().map(ColumnarValue::data_type) {
            Some(DataType::List(item)) => item.data_type().clone(),
            _ => DataType::Null,
        };
        self.output.clone().unwrap_or_else(item_type)
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("name", &self.name).field("operands", &self.operands).finish_non_exhaustive()
    }
}

/// Wraps an array in an [`Arc`].
pub(crate) fn shared(array: impl Array + 'static) -> Result<ArrayRef, EvalError> {
    Ok(Arc::new(array))
}
