//! Objects on a folder, S3 or memory, with put-if-absent as the only means of coordination.
//!
//! Our own records and the files of tables go through one [`object_store::ObjectStore`]. Request counts, durability and injected
//! faults therefore see every call. The crate knows objects and nothing of their content.
//!
//! ```text
//!   records                    files of tables
//!      │                             │
//!  RecordSequence                    │
//!  Store, SyncBatch                  │         retries, lost responses, put-if-absent
//!      └───────────┬─────────────────┘
//!          Store::object_store
//!           prefix of the root
//!            CountingStore                     RequestCounts
//!       StoreOptions::layer                    faults of tests
//!     ┌────────────┼────────────┐
//! LocalStore      S3         InMemory
//!     │
//!    Disk                                      fsync, link, rename
//! ```
//!
//! # Assumptions about a store
//!
//! - **Put-if-absent is atomic.** Of any number of concurrent writers of one name, in any number of processes, exactly one wins.
//!   From then on the name shows the whole content of the winner.
//! - **Read-after-write consistency.** Every later `get` finds an object whose put was acknowledged.
//! - **Whole objects.** A reader sees all of an object or nothing of it.
//! - **Durable acknowledgments.** On a folder, [`Durability`] selects the guarantee.
//!
//! # Not assumed
//!
//! - An error does not mean "not written". [`Store::put_if_absent`] resolves a lost response by reading the object back.
//! - Listings may be slow, and incomplete during concurrent writes. No frequent operation lists: [`RecordSequence`] probes.
//! - File systems may fold case or forbid characters. [`Key::encode_segment`] makes safe names.
//! - Clocks of processes differ. No decision of this crate compares two clocks.
//! - A hint may be wrong. It is the start of a search, never its result.
//! - A deleted name is free again. Callers that delete names which other writers may create need a fence of their own.
//!
//! # Example
//!
//! ```
//! use omnigraph_storage::{Key, Location, PutOutcome, Store, StoreOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> omnigraph_storage::Result<()> {
//! let store = Store::open(&Location::parse("memory://example")?, StoreOptions::default())?;
//! let key = Key::parse("log/1.json")?;
//! assert_eq!(store.put_if_absent(&key, "first".into()).await?, PutOutcome::Written);
//! assert_eq!(store.put_if_absent(&key, "second".into()).await?, PutOutcome::Exists("first".into()));
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! - `store`      the handle: reads, listings, deletions
//! - `put`        unconditional and conditional puts, lost responses
//! - `sync_batch` several objects that share one sync
//! - `sequence`   numbered records and the search for the newest
//! - `local`      the store over a folder
//! - `s3`, `backend`, `location`, `options` from a location to a stack of stores
//! - `metrics`    request counts
//! - `env`        clock, randomness, ids and sleep
//! - `key`, `retry`, `error` names of objects, bounded retries, errors

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod backend;
mod env;
mod error;
mod key;
mod local;
mod location;
mod metrics;
mod options;
mod put;
mod retry;
mod s3;
mod sequence;
mod store;
mod sync_batch;

pub use env::Env;
pub use error::{Error, ErrorKind, Result};
pub use key::Key;
pub use local::{Disk, SystemDisk};
pub use location::Location;
pub use metrics::{RequestCounts, RequestVerb};
pub use options::{Durability, RetryPolicy, StoreLayer, StoreOptions};
pub use put::PutOutcome;
pub use s3::S3Config;
pub use sequence::{RecordSequence, SequenceHead};
pub use store::{ObjectEntry, ShallowListing, Store};
pub use sync_batch::SyncBatch;
