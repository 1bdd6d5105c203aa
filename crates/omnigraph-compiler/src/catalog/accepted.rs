//! The persisted form of a schema: its source, its catalogue, and a format number, as canonical JSON.
//!
//! Equal values encode to equal bytes, so the bytes may be addressed by their hash. Reading fails closed: on another
//! format, on a field nobody knows, and on a catalogue that contradicts itself.

use super::{Catalog, Inconsistency};

/// The only format this build reads and writes.
const FORMAT: u32 = 1;

/// A schema that a graph has accepted.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Version of this form; 1.
    pub format: u32,
    /// The text it was built from; for a schema of several files, the printed whole.
    pub source: String,
    /// What the text means.
    pub catalog: Catalog,
}

/// Why a persisted schema cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum AcceptedError {
    /// The bytes are not of this form.
    #[error("the persisted schema is damaged or was written by another program: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The bytes are of another version of this form.
    #[error("the persisted schema has format {found}, and this build reads format {FORMAT}: use a matching release")]
    UnknownFormat {
        /// The format number found.
        found: u64,
    },
    /// The catalogue contradicts itself.
    #[error("the persisted schema contradicts itself: {0}")]
    Inconsistent(#[from] Inconsistency),
}

/// Reads the format number and nothing else, so that a later format is named as such rather than called damaged.
#[derive(serde::Deserialize)]
struct Probe {
    format: u64,
}

impl Accepted {
    /// A schema of the current format.
    #[must_use]
    pub fn new(source: impl Into<String>, catalog: Catalog) -> Self {
        Self { format: FORMAT, source: source.into(), catalog }
    }

    /// The bytes to store: compact JSON, maps by key, fields in their declared order.
    ///
    /// # Errors
    /// [`AcceptedError::Inconsistent`] for a catalogue that could not be read back.
    pub fn encode(&self) -> Result<Vec<u8>, AcceptedError> {
        self.catalog.verify()?;
        Ok(serde_json::to_vec(self)?)
    }

    /// Reads what [`Accepted::encode`] wrote.
    ///
    /// # Errors
    /// Another format, unknown fields, malformed JSON, or a catalogue that contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<Self, AcceptedError> {
        let probe: Probe = serde_json::from_slice(bytes)?;
        if probe.format != u64::from(FORMAT) {
            return Err(AcceptedError::UnknownFormat { found: probe.format });
        }
        let accepted: Self = serde_json::from_slice(bytes)?;
        accepted.catalog.verify()?;
        Ok(accepted)
    }
}
