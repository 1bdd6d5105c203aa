//! The engine.

#![recursion_limit = "256"]
#![allow(dead_code)]

mod error;
mod load;
mod schema;
mod snapshot;
mod write;
mod keys;
mod table;

pub use error::{DataError, Error, ErrorKind, Result};
