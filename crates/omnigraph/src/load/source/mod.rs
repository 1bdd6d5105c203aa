//! Where rows come from: files, folders, streams; lines, records, columns.
//!
//! - `input`   what a caller names: files and streams, and of which type their rows are
//! - `mapping` a small file that says which file holds which type
//! - `pattern` names with `*` and `?`
//! - `open`    compression and format, told by content
//! - `lines`   text cut into chunks of whole lines
//! - `records` text cut into chunks of whole CSV records
//! - `batches` Parquet and Arrow, batch by batch
//! - `reader`  all inputs, piece by piece

mod batches;
mod input;
mod lines;
mod mapping;
mod open;
mod pattern;
mod reader;
mod records;

pub(super) use batches::BatchPiece;
pub use input::LoadSource;
pub(super) use lines::LinePiece;
pub(super) use mapping::Assignment;
pub use mapping::LoadMapping;
pub(super) use reader::{Body, Piece, Reader};
pub(super) use records::{Record, RecordPiece};
