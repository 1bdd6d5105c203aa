//! Bytes to records and back. Closed to what it does not know: an unknown format or field is an error, never a guess.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::branch::{BRANCH_FORMAT, BranchRecord};
use crate::claims::{CLAIM_FORMAT, ClaimRecord};
use crate::fragment_blocks::{BLOCK_FORMAT, BlockRecord};
use crate::record::{CommitRecord, RECORD_FORMAT};
use crate::stamp::{GRAPH_FORMAT, GraphStamp};
use crate::tag::{TAG_FORMAT, TagRecord};
use crate::{Error, Result};

/// A kind of object that carries a format number.
pub trait Versioned: Serialize + DeserializeOwned {
    /// The format this build reads and writes.
    const FORMAT: u32;

    /// The format that this value states.
    fn format(&self) -> u32;
}

macro_rules! versioned {
    ($($kind:ty = $format:expr),+ $(,)?) => {$(
        impl Versioned for $kind {
            const FORMAT: u32 = $format;

            fn format(&self) -> u32 {
                self.format
            }
        }
    )+};
}

versioned! {
    CommitRecord = RECORD_FORMAT,
    BranchRecord = BRANCH_FORMAT,
    GraphStamp = GRAPH_FORMAT,
    BlockRecord = BLOCK_FORMAT,
    TagRecord = TAG_FORMAT,
    ClaimRecord = CLAIM_FORMAT,
}

/// The bytes of an object.
///
/// # Errors
///
/// [`Error::Invariant`] if it states a format that this build could not read back.
pub fn encode<T: Versioned>(object: &str, value: &T) -> Result<Bytes> {
    let refuse = |problem| Error::Invariant { object: object.to_owned(), problem };
    if value.format() != T::FORMAT {
        return Err(refuse(format!("it states format {}, and this build writes {}", value.format(), T::FORMAT)));
    }
    let bytes = serde_json::to_vec(value).map_err(|error| refuse(error.to_string()))?;
    Ok(Bytes::from(bytes))
}

/// The object of `bytes`, which were read under the key `object`.
///
/// # Errors
///
/// [`Error::UnknownFormat`] if another build wrote it, [`Error::Damaged`] if it is not what its kind must be.
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
