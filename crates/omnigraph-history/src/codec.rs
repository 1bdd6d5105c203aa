//! JSON forms of all objects: strict, so one value has one spelling. Unknown formats and fields are errors.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::branch::{BRANCH_FORMAT, BranchRecord};
use crate::graph_metadata::{GRAPH_FORMAT, GraphMetadata};
use crate::id_blocks::{BLOCK_FORMAT, BlockRecord};
use crate::idempotency::{CLAIM_FORMAT, ClaimRecord};
use crate::record::{CommitRecord, RECORD_FORMAT};
use crate::tag::{TAG_FORMAT, TagRecord};
use crate::{Error, Result};

/// A kind of object with a format number.
pub trait VersionedObject: Serialize + DeserializeOwned {
    /// The format that this build reads and writes.
    const FORMAT: u32;

    /// Returns the format in this value.
    fn format(&self) -> u32;
}

macro_rules! versioned {
    ($($kind:ty = $format:expr),+ $(,)?) => {$(
        impl VersionedObject for $kind {
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
    GraphMetadata = GRAPH_FORMAT,
    BlockRecord = BLOCK_FORMAT,
    TagRecord = TAG_FORMAT,
    ClaimRecord = CLAIM_FORMAT,
}

/// Encodes an object.
///
/// # Errors
///
/// [`Error::Invariant`] for a format that this build cannot read.
pub fn encode<T: VersionedObject>(object: &str, value: &T) -> Result<Bytes> {
    let violated = |problem| Error::Invariant { object: object.to_owned(), problem };
    if value.format() != T::FORMAT {
        return Err(violated(format!("it has format {}, and this build writes {}", value.format(), T::FORMAT)));
    }
    let bytes = serde_json::to_vec(value).map_err(|error| violated(error.to_string()))?;
    Ok(Bytes::from(bytes))
}

/// Decodes the object that was read at the key `object`.
///
/// # Errors
///
/// [`Error::UnknownFormat`] if another build wrote it, [`Error::Damaged`] if it is not a valid object of its kind.
pub fn decode<T: VersionedObject>(object: &str, bytes: &[u8]) -> Result<T> {
    #[derive(Deserialize)]
    struct FormatField {
        format: u64,
    }
    let damaged = |error: serde_json::Error| Error::Damaged { object: object.to_owned(), problem: error.to_string() };
    // The format is decoded first: a newer format may have fields that this build does not know.
    let FormatField { format } = serde_json::from_slice(bytes).map_err(damaged)?;
    if format != u64::from(T::FORMAT) {
        return Err(Error::UnknownFormat { object: object.to_owned(), found: format, supported: T::FORMAT });
    }
    serde_json::from_slice(bytes).map_err(damaged)
}

/// The form of numbers that may exceed 2^53, which are not safe as JSON numbers: decimal strings.
pub(crate) mod decimal_string {
    use serde::de::{Deserialize, Deserializer, Error};

    pub(crate) fn serialize<S: serde::Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let value: u64 = text.parse().map_err(D::Error::custom)?;
        if value.to_string() == text {
            Ok(value)
        } else {
            Err(D::Error::custom(format!("`{text}` is not a canonical decimal number")))
        }
    }
}

/// Decodes a field that may be missing but not null: null would be a second spelling of a missing field.
pub(crate) fn required_value<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Decodes a map and rejects duplicate keys.
pub(crate) fn distinct_keys<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    deserializer.deserialize_map(DistinctKeys(PhantomData))
}

struct DistinctKeys<K, V>(PhantomData<(K, V)>);

impl<'de, K, V> Visitor<'de> for DistinctKeys<K, V>
where
    K: Deserialize<'de> + Ord + fmt::Display,
    V: Deserialize<'de>,
{
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with distinct keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry::<K, V>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            map.insert(key, value);
        }
        Ok(map)
    }
}
