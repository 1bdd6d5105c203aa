//! The functions and operators of the query language over Arrow arrays, as the compiler's intermediate form defines them.
//!
//! A pure crate: no async, no I/O, no clock, no storage. A [`Kernel`] is an operation resolved once per query for the
//! types of its operands; it is evaluated once per batch over [`Column`]s and answers with a column, or with the
//! [`Failure`] of the first row that has no value. [`value_type`] says which Arrow type carries which type.
//!
//! What an operand must not fail in before it is needed is evaluated by the caller through [`choose`], [`coalesce`] and
//! [`connect`].
//!
//! ```text
//! ir::Expr ── Kernel::{binary, unary, call, …} ── once per query
//!                     │
//! Column, Column ── evaluate ── Column | Failure { row, problem } ── once per batch
//! ```
//!
//! Rooms, from the door inwards:
//! - `resolve`     from an operation and its types to a kernel
//! - `kernel`      what a kernel is, and what all of them check
//! - `column`      a value per row, or one for all
//! - `constant`    literals and parameters as columns
//! - `blob`        blobs as text
//! - `failure`     what can go wrong, and what to do about it
//! - `lazy`        `if`, `coalesce`, `and`, `or` over the rows that need an operand
//! - `functions`   the functions of the table, by the types of their arguments
//! - `logic`       three-valued logic
//! - `compare`     comparisons, exact across widths
//! - `arithmetic`  the operators on numbers
//! - `number`      functions over numbers
//! - `text`        functions and operators over text
//! - `temporal`    dates, instants and durations
//! - `calendar`    the calendar under them
//! - `cast`        `to_string` and its like
//! - `convert`     lossless conversions, before storing
//! - `list`        lists
//! - `json`        JSON values
//! - `order`       the stable order of `collect`
//! - `widen`       what values of several types have in common
//! - `batch`       operands of which no row is null, and how to read them
//! - `lane`        numbers without a branch per row
//! - `types`       types and the Arrow types that carry them

mod arithmetic;
mod batch;
mod blob;
mod calendar;
mod cast;
mod column;
mod compare;
mod constant;
mod convert;
mod failure;
mod functions;
mod json;
mod kernel;
mod lane;
mod lazy;
mod list;
mod logic;
mod number;
mod order;
mod resolve;
mod temporal;
mod text;
mod types;
mod widen;

pub use blob::blob;
pub use column::Column;
pub use failure::{Failure, KernelError, Problem};
pub use kernel::Kernel;
pub use lazy::{Branch, Rows, choose, coalesce, connect};
pub use logic::Connective;
pub use order::{CellOrder, collect_order};
pub use types::{property_type, value_type};
