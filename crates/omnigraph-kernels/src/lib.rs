//! The functions and operators of the query language over Arrow arrays.

mod arithmetic;
mod batch;
mod calendar;
mod cast;
mod column;
mod compare;
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

pub use column::Column;
pub use failure::{Failure, KernelError, Problem};
pub use kernel::Kernel;
pub use lazy::{Branch, Rows, choose, coalesce, connect};
pub use logic::Connective;
pub use order::{CellOrder, collect_order};
pub use temporal::duration_constant;
pub use types::value_type;
