//! Text to columns: one chunk of lines becomes one record batch per type.
//!
//! - `problem`  what is wrong with a line
//! - `chunk`    lines to batches
//! - `group`    decoded rows of one type, judged and identified
//! - `envelope` one line: which type, which ends, where its data is
//! - `row`      the data of one line
//! - `column`   values of one property
//! - `value`    JSON values into a column
//! - `text`     dates and instants

mod chunk;
mod column;
mod envelope;
mod group;
mod problem;
mod row;
mod text;
mod value;

pub(super) use chunk::{Decoded, decode};
pub(super) use group::Group;
pub(super) use problem::data_error;
