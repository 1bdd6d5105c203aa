//! Rows of any format to columns: a piece of the input becomes one record batch per type, judged and identified.
//!
//! - `problem`  what is wrong with a row
//! - `piece`    sound rows, and the faults of the others
//! - `chunk`    lines of NDJSON
//! - `envelope` one line: which type, which ends, where its data is
//! - `record`   records of CSV
//! - `fields`   the fields of a record
//! - `cell`     texts of CSV into a column
//! - `header`   of which type the rows of a file are, and what its columns are
//! - `batch`    rows of Parquet and Arrow
//! - `convert`  their columns
//! - `group`    decoded rows of one type, judged and identified
//! - `row`      rows as their values come, one by one
//! - `column`   values of one property
//! - `value`    JSON values into a column
//! - `strict`   JSON of any shape

mod batch;
mod cell;
mod chunk;
mod column;
mod convert;
mod envelope;
mod fields;
mod group;
mod header;
mod piece;
mod problem;
mod record;
mod row;
mod strict;
mod value;

pub(super) use group::Group;
pub(super) use header::{Header, TypedFile, typed_file};
pub(super) use piece::{Context, Decoded, Fault, decode};
pub(super) use problem::data_error;
