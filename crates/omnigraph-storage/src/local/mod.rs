//! The object store over a folder: atomic, durable on request, and cheap to read at random.
//!
//! ```text
//! create ".tmp-…" in the folder of the object ─► write ─► fsync ─► link to the name ─► fsync the folder
//! ```
//!
//! A writer fills a staged file and publishes it with one system call, so no reader ever sees half an object. A published file is
//! never written to again; an overwrite replaces it by rename. Names map to paths byte for byte as in `object_store`'s own local
//! store, so other readers find the files.
//!
//! - `store`      the `ObjectStore` implementation: one blocking call per request
//! - `publish`    staged files and their publication
//! - `fsync`      files, folders and batches that are made durable
//! - `disk`       the system calls behind durability and atomicity
//! - `read`, `file_cache` reads at any offset from cached open files
//! - `upload`     multipart uploads
//! - `walk`       listings

mod disk;
mod file_cache;
mod fsync;
mod publish;
mod read;
mod store;
mod upload;
mod walk;

pub use disk::{Disk, SystemDisk};
pub(crate) use store::LocalStore;
