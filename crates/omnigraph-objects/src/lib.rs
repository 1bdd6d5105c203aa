//! Conditional objects on any store.
//!
//! One door to storage for the whole product. Our own records and the files of the tables go through the same
//! [`object_store::ObjectStore`], so request counts, durability and injected faults see every call. This crate knows
//! objects and nothing of what is in them.
//!
//! # What we assume of a store
//!
//! - **Put-if-absent is atomic.** Of any number of racers on one name, in any number of processes, exactly one wins and
//!   the name shows the whole content of the winner from then on.
//! - **Read after write.** An object whose put was acknowledged is found by every later `get` of its name.
//! - **Whole objects.** A reader sees all of an object or nothing of it.
//! - **Acknowledged means kept.** For a folder that takes work, which our own store over folders does ([`Durability`]).
//!
//! # What we refuse to assume
//!
//! - That an error means "not written". A put whose answer is lost is settled by reading back ([`Store::put_if_absent`]).
//! - That a listing is fast, or that it is complete while others write. Nothing on a hot path lists ([`Sequence`]).
//! - That names keep their case, or that any character may stand in one ([`Key::encode_segment`]).
//! - That clocks agree. No decision in this crate compares two clocks.
//! - That a hint is right. A hint is where to start looking, never an answer.
//! - That a deleted name stays used: put-if-absent forgets it. Who deletes names that others may still want to create
//!   needs a fence of their own.
//!
//! # Layers
//!
//! From the innermost: the backend (folder, S3 or memory), an optional layer of the caller
//! ([`StoreOptions::layer`], where tests put a fault store), the counting layer, and the prefix of the root.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod ambient;
mod backend;
mod count;
mod error;
mod key;
mod local;
mod location;
mod options;
mod put;
mod retry;
mod s3;
mod sequence;
mod store;
mod unsettled;

pub use ambient::Ambient;
pub use count::{Counts, Verb};
pub use error::{Error, ErrorKind, Result};
pub use key::Key;
pub use local::{Disk, SystemDisk};
pub use location::Location;
pub use options::{Durability, Layer, RetryPolicy, StoreOptions};
pub use put::Put;
pub use s3::S3Config;
pub use sequence::{Head, Sequence};
pub use store::{Entry, Listing, Store};
pub use unsettled::Unsettled;
