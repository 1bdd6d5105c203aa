//! Our own object store over a folder: atomic, durable when asked, and cheap to read at random.
//!
//! Every object is written to a hidden file beside its place and published by one system call, so nobody ever sees half
//! an object. What is published is never written to again; an overwrite puts another file in its place.
//! Names map to paths byte for byte as `object_store`'s own local store maps them, so any reader finds the files.

mod disk;
mod failure;
mod file_system;
mod folders;
mod handles;
mod publish;
mod read;
mod settle;
mod staged;
mod store;
mod upload;
mod walk;

pub use disk::{Disk, SystemDisk};
pub(crate) use store::LocalStore;
