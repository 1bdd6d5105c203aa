//! Results. Each format of a query's answer is a file: `table`, `kv`, `csv`, `jsonl`, `json`.
//!
//! - `changes` changes of entities, written as they come
//! - `graph` commits as a graph
//! - `out`  stdout, buffered, that notices when its reader leaves
//! - `read` the answer of a query, whatever its format
//! - `cell` a value as text

mod cell;
mod changes;
mod csv;
mod graph;
mod json;
mod jsonl;
mod kv;
mod out;
mod read;
mod table;

pub(crate) use changes::{ChangeFormat, ChangeWriter, text as change_lines};
pub(crate) use graph::{Columns, Drawn};
pub(crate) use out::Out;
pub(crate) use read::{Answer, Format};
