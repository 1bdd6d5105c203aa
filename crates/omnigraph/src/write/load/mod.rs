//! Bulk load: any number of rows in one atomic commit.
//!
//! ```text
//! files ─► pieces ─┬─► decode ─┐            ┌─► table sink ─► files or memory ─┐
//!                  ├─► decode ─┤ in order ──┤                                  ├─► staged write ─► commit
//!                  └─► decode ─┘            └─► key tracker ─► sort, compare ──┘
//! ```
//!
//! Decoding is parallel. Memory is bounded: large tables go to data files, and ids to sorted runs in temporary files.
//!
//! - `request`         requests, receipts, load modes
//! - `pipeline`        from a request to a staged load, and its commit
//! - `source`          files, streams, compression, formats
//! - `decode`          rows of any format as record batches
//! - `error_collector` errors of the input, and rejected rows
//! - `row_origin`      files and lines of rows
//! - `key_tracker`     duplicate ids, and endpoints of edges without a row in the input
//! - `dedup_cache`     a cache of recently tracked ids
//! - `external_sort`   an external merge sort of ids
//! - `temporary_folder` temporary files
//! - `table_sink`      rows of one table, in memory or in data files

mod decode;
mod dedup_cache;
mod error_collector;
mod external_sort;
mod key_tracker;
mod pipeline;
mod request;
mod row_origin;
mod source;
mod table_sink;
mod temporary_folder;

pub use error_collector::ErrorPolicy;
pub(crate) use pipeline::stage;
pub(crate) use request::LoadRequest;
pub use request::{LoadMode, LoadProgress, LoadReceipt, LoadedType};
pub use source::{LoadMapping, LoadSource};
