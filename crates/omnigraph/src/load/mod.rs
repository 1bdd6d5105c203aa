//! Bulk load: any number of rows, one atomic commit.
//!
//! ```text
//! file ─ lines ─ chunks ─┬─ decode ─┐
//!                        ├─ decode ─┤ in order ─ check keys and ends ─ one sink per table ─ publish
//!                        └─ decode ─┘
//! ```
//!
//! - `request` what is asked for, and what is answered
//! - `source`  files, compression, lines
//! - `decode`  text to columns
//! - `tracker` keys seen and ends still to be found
//! - `sink`    rows of one table, in memory or in files
//! - `run`     the pipeline

mod decode;
mod request;
mod run;
mod sink;
mod source;
mod tracker;

pub use request::{LoadMode, LoadProgress, LoadReceipt, LoadRequest, LoadedType};
pub use source::LoadSource;

pub(crate) use run::run;
