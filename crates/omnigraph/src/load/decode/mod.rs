//! Text to columns: one chunk of lines becomes one record batch per type.
//!
//! - `problem`  what is wrong with a line
//! - `chunk`    lines to batches
//! - `envelope` one line: which type, which ends, where its data is
//! - `row`      the data of one line
//! - `column`   values of one property
//! - `value`    JSON values into a column
//! - `text`     texts that ids are made of

mod chunk;
mod column;
mod envelope;
mod problem;
mod row;
mod text;
mod value;

pub(super) use chunk::{Decoded, Group, decode};
pub(super) use problem::data_error;
