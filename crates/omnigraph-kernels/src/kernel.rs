//! An operation resolved for the types of its operands, to be evaluated over many batches.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::datatypes::DataType;
use omnigraph_compiler::ir::Type;

use crate::batch::Batch;
use crate::column::Column;
use crate::failure::{Failure, KernelError};
use crate::types::{same_layout, value_type};

type Strict = dyn Fn(&Batch) -> Result<ArrayRef, Failure> + Send + Sync;
type Lenient = dyn Fn(&[Column], usize) -> Result<Column, Failure> + Send + Sync;

/// What an operation does with its operands.
pub(crate) enum Program {
    /// Null in every row: an operand is the literal `null`.
    Null,
    /// Null where an operand is; sees rows with values only.
    Strict(Box<Strict>),
    /// Judges nulls itself.
    Lenient(Box<Lenient>),
}

impl Program {
    pub(crate) fn strict(run: impl Fn(&Batch) -> Result<ArrayRef, Failure> + Send + Sync + 'static) -> Self {
        Self::Strict(Box::new(run))
    }

    pub(crate) fn lenient(run: impl Fn(&[Column], usize) -> Result<Column, Failure> + Send + Sync + 'static) -> Self {
        Self::Lenient(Box::new(run))
    }
}

/// An operation resolved for the types of its operands. Made once per query, evaluated once per batch, by any number of
/// threads.
pub struct Kernel {
    name: String,
    /// The Arrow types of the operands; `None` where the engine chooses.
    operands: Vec<Option<DataType>>,
    output: Option<DataType>,
    program: Program,
}

impl Kernel {
    /// A kernel, or the error that its operation is not defined for these types.
    pub(crate) fn new(
        name: &str,
        operands: &[&Type],
        result: &Type,
        program: Option<Program>,
    ) -> Result<Self, KernelError> {
        match program {
            Some(program) => Ok(Self::certain(name, operands, result, program)),
            None => {
                let shown: Vec<&Type> = operands.iter().copied().chain([result]).collect();
                Err(KernelError::new(name, &shown))
            }
        }
    }

    /// A kernel of an operation that is defined for all types it can meet.
    pub(crate) fn certain(name: &str, operands: &[&Type], result: &Type, program: Program) -> Self {
        let operands = operands.iter().map(|ty| value_type(ty)).collect();
        Self { name: name.to_owned(), operands, output: value_type(result), program }
    }

    /// The values of the operation over `rows` rows: a constant if all operands are.
    ///
    /// # Errors
    /// The first row that has no value. Operands that are not of the types the kernel was made for are an internal one.
    pub fn evaluate(&self, columns: &[Column], rows: usize) -> Result<Column, Failure> {
        let columns = self.admit(columns, rows)?;
        let constant = rows > 0 && columns.iter().all(Column::is_constant);
        let rows = if constant { 1 } else { rows };
        match &self.program {
            Program::Null => Ok(Column::null(&self.output_type(&columns))),
            Program::Lenient(run) => {
                let column = run(&columns, rows)?;
                Ok(if constant { Column::Constant(Arc::clone(column.array())) } else { column })
            }
            Program::Strict(_) if columns.iter().any(Column::is_null_constant) => {
                Ok(Column::null(&self.output_type(&columns)))
            }
            Program::Strict(run) => {
                let array = run(&Batch::new(columns, rows))?;
                Ok(if constant { Column::Constant(array) } else { Column::Array(array) })
            }
        }
    }

    /// Operands of the right number, lengths and Arrow types. Of no rows none is a constant, so that none can fail.
    fn admit(&self, columns: &[Column], rows: usize) -> Result<Vec<Column>, Failure> {
        if columns.len() != self.operands.len() {
            let message = format!("`{}` has {} operands, {} given", self.name, self.operands.len(), columns.len());
            return Err(Failure::internal(message));
        }
        let mut admitted = Vec::with_capacity(columns.len());
        for (column, expected) in columns.iter().zip(&self.operands) {
            let length = if column.is_constant() { 1 } else { rows };
            let found = column.data_type();
            if column.array().len() != length {
                let message = format!("an operand of `{}` has {} rows of {length}", self.name, column.array().len());
                return Err(Failure::internal(message));
            }
            let column = match expected {
                Some(expected) if found == &DataType::Null && expected != found => {
                    let array = new_null_array(expected, length);
                    if column.is_constant() { Column::Constant(array) } else { Column::Array(array) }
                }
                Some(expected) if expected != &DataType::Null && !same_layout(expected, found) => {
                    let message = format!("an operand of `{}` is {found} instead of {expected}", self.name);
                    return Err(Failure::internal(message));
                }
                _ => column.clone(),
            };
            admitted.push(if rows == 0 { Column::Array(column.array().slice(0, 0)) } else { column });
        }
        Ok(admitted)
    }

    fn output_type(&self, columns: &[Column]) -> DataType {
        // What the engine chose to carry a list of nodes carries one of them in its items.
        let of_first = || match columns.first().map(Column::data_type) {
            Some(DataType::List(item)) => item.data_type().clone(),
            _ => DataType::Null,
        };
        self.output.clone().unwrap_or_else(of_first)
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("name", &self.name).field("operands", &self.operands).finish_non_exhaustive()
    }
}

/// An array behind a pointer that is shared.
pub(crate) fn shared(array: impl Array + 'static) -> Result<ArrayRef, Failure> {
    Ok(Arc::new(array))
}
