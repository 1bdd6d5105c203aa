//! Bulk load: any number of rows, one atomic commit.
//!
//! ```text
//! files ─ pieces ─┬─ decode ─┐
//!                 ├─ decode ─┤ in order ─ check ids and ends ─ one sink per table ─ publish
//!                 └─ decode ─┘
//! ```
//!
//! - `request`  what is asked for, and what is answered
//! - `place`    where a row stands
//! - `source`   files, compression, formats
//! - `decode`   rows to columns
//! - `findings` what is wrong with the input, and how much of it is put up with
//! - `tracker`  ids that rows have, and ends that edges need
//! - `recent`   ids noted lately
//! - `sort`     more of them than fit into memory
//! - `sink`     rows of one table, in memory or in files
//! - `run`      the pipeline

mod decode;
mod findings;
mod place;
mod recent;
mod request;
mod run;
mod sink;
mod sort;
mod source;
mod tracker;

pub use findings::Tolerance;
pub use request::{LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadedType};
pub use source::{LoadMapping, LoadSource};

pub(crate) use run::stage;
