//! Bytes to records and back. Closed to what it does not know: an unknown format or field is an error, never a guess.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::branch::{BRANCH_FORMAT, BranchRecord};
use crate::record::{CommitRecord, RECORD_FORMAT};
use crate::stamp::{GRAPH_FORMAT, GraphStamp};
use crate::{Error, Result};

/// A kind of object that carries a format number.
pub trait Versioned: Serialize + DeserializeOwned {
    /// The format this build reads and writes.
    const FORMAT: u32;
}

impl Versioned for CommitRecord {
    const FORMAT: u32 = RECORD_FORMAT;
}

impl Versioned for BranchRecord {
    const FORMAT: u32 = BRANCH_FORMAT;
}

impl Versioned for GraphStamp {
    const FORMAT: u32 = GRAPH_FORMAT;
}

/// The bytes of an object.
pub fn encode<T: Versioned>(object: &str, value: &T) -> Result<Bytes> {
    let bytes = serde_json::to_vec(value)
        .map_err(|error| Error::Invariant { object: object.to_owned(), problem: error.to_string() })?;
    Ok(Bytes::from(bytes))
}

/// The object of `bytes`, which were read under the key `object`.
pub fn decode<T: Versioned>(object: &str, bytes: &[u8]) -> Result<T> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u64,
    }
    let damaged = |error: serde_json::Error| Error::Damaged { object: object.to_owned(), problem: error.to_string() };
    // The format is read first and alone: a newer format may well have fields that this build cannot read.
    let Format { format } = serde_json::from_slice(bytes).map_err(damaged)?;
    if format != u64::from(T::FORMAT) {
        return Err(Error::UnknownFormat { object: object.to_owned(), found: format, supported: T::FORMAT });
    }
    serde_json::from_slice(bytes).map_err(damaged)
}
