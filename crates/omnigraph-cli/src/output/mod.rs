//! Results. Each format of a query's answer is a file: `table`, `kv`, `csv`, `jsonl`, `json`.
//!
//! - `out`  stdout, buffered, that notices when its reader leaves
//! - `read` the answer of a query, whatever its format
//! - `cell` a value as text

mod cell;
mod csv;
mod json;
mod jsonl;
mod kv;
mod out;
mod read;
mod table;

pub(crate) use out::Out;
pub(crate) use read::{Answer, Format};
