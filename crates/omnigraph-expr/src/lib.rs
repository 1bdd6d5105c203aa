//! Expressions of the query language over Arrow arrays: functions, operators and conversions.
//!
//! The crate is pure: no async, no I/O, no clock, no storage. A [`Kernel`] is an operation resolved once per query for the
//! types of its operands, and evaluated once per batch over [`ColumnarValue`]s. It returns a value, or the [`EvalError`] of the
//! first row without one. [`value_type`] maps the types of the language to Arrow types.
//!
//! ```text
//!  ir::Expr ── Kernel::{binary, unary, call, …} ──► Kernel                                         once per query
//!                                                     │
//!  ColumnarValue, ColumnarValue ────────────────► evaluate ──► ColumnarValue | EvalError { row, kind }   once per batch
//! ```
//!
//! # Mechanisms
//!
//! - **Vectorized evaluation**: one call per operation and batch, after P. Boncz, M. Zukowski and N. Nes, *MonetDB/X100:
//!   Hyper-Pipelining Query Execution* (CIDR 2005). Arrow's compute kernels are used where their semantics match.
//! - **Three-valued logic** of SQL (S. C. Kleene, 1952), and **strict functions**: null if an operand is null.
//! - **Short-circuit evaluation** of `if`, `coalesce`, `and` and `or` over row selections: [`evaluate_if`],
//!   [`evaluate_coalesce`], [`evaluate_logical`]. An operand cannot fail in a row that does not need it.
//! - **Exact comparison** across numeric widths, and correctly rounded division of 64-bit integers.
//! - The **proleptic Gregorian calendar** by the algorithms of H. Hinnant.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow::array::{AsArray, Int64Array};
//! use arrow::datatypes::Int64Type;
//! use omnigraph_compiler::ir::{BinaryOp, ExprType};
//! use omnigraph_compiler::types::ScalarType;
//! use omnigraph_expr::{ColumnarValue, Kernel};
//!
//! let integer = ExprType::scalar(ScalarType::I64);
//! let add = Kernel::binary(BinaryOp::Add, &integer, &integer, &integer)?;
//! let left = ColumnarValue::Array(Arc::new(Int64Array::from(vec![1, 2])));
//! let right = ColumnarValue::Constant(Arc::new(Int64Array::from(vec![10])));
//! let sum = add.evaluate(&[left, right.clone()], 2)?;
//! assert_eq!(sum.array().as_primitive::<Int64Type>().values(), &[11, 12]);
//!
//! let largest = ColumnarValue::Array(Arc::new(Int64Array::from(vec![0, i64::MAX])));
//! let error = add.evaluate(&[largest, right], 2).unwrap_err();
//! assert_eq!((error.row, error.kind.code()), (1, "overflow"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Modules
//!
//! - `resolve`: from an operation and its types to a kernel
//! - `kernel`: kernels, and the checks that they share
//! - `columnar_value`: one value per row, or one for all; literals and parameters
//! - `eval_error`: errors and their messages
//! - `short_circuit`: `if`, `coalesce`, `and`, `or`; three-valued logic
//! - `compare`: comparisons, and the order of `collect`
//! - `arithmetic`: operators on numbers
//! - `number`: functions over numbers
//! - `text`: functions and operators over text
//! - `temporal`, `calendar`: dates, instants and durations
//! - `cast`: `to_string`, `to_int` and the other casts
//! - `convert`: conversions to property types and to common types, blobs
//! - `list`, `json`: lists and JSON values
//! - `operand_batch`, `primitive_view`: access to operands
//! - `types`: Arrow types of the types of the language

mod arithmetic;
mod calendar;
mod cast;
mod columnar_value;
mod compare;
mod convert;
mod eval_error;
mod json;
mod kernel;
mod list;
mod number;
mod operand_batch;
mod primitive_view;
mod resolve;
mod short_circuit;
mod temporal;
mod text;
mod types;

pub use columnar_value::ColumnarValue;
pub use compare::{CellOrder, collect_order};
pub use convert::decode_blob;
pub use eval_error::{EvalError, EvalErrorKind, KernelError};
pub use kernel::Kernel;
pub use short_circuit::{IfBranch, LogicalOp, RowSelection, evaluate_coalesce, evaluate_if, evaluate_logical};
pub use types::{property_type, value_type};
