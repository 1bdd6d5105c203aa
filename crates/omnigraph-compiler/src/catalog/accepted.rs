//! The persisted form of a schema: its source, its catalog, and a format number, as canonical JSON.
//!
//! Equal values encode to equal bytes, so the bytes may be addressed by their hash. Reading fails closed: on another format, on
//! an unknown field, and on a catalog that contradicts itself.

use super::{Catalog, CatalogInconsistency};

/// The only format this build reads and writes.
const FORMAT_VERSION: u32 = 1;

/// A schema that a graph has accepted.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedSchema {
    /// Version of this form; 1.
    pub format: u32,
    /// The text it was built from; for a schema of several files, the printed whole.
    pub source: String,
    /// The catalog built from it.
    pub catalog: Catalog,
}

/// An error while writing or reading a persisted schema.
#[derive(Debug, thiserror::Error)]
pub enum AcceptedError {
    /// The bytes are not of this form.
    #[error("the persisted schema is damaged or was written by another program: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The bytes are of another version of this form.
    #[error(
        "the persisted schema has format {found}, and this build reads format {FORMAT_VERSION}: use a matching release"
    )]
    UnknownFormat {
        /// The format number found.
        found: u64,
    },
    /// The catalog contradicts itself.
    #[error("the persisted schema contradicts itself: {0}")]
    Inconsistent(#[from] CatalogInconsistency),
}

/// The format number alone: a later format is then reported as such, not as damage.
#[derive(serde::Deserialize)]
struct FormatProbe {
    format: u64,
}

impl AcceptedSchema {
    /// Returns a schema of the current format.
    #[must_use]
    pub fn new(source: impl Into<String>, catalog: Catalog) -> Self {
        Self { format: FORMAT_VERSION, source: source.into(), catalog }
    }

    /// Encodes the schema for storage: compact JSON, maps by key, fields in their declared order.
    ///
    /// # Errors
    /// [`AcceptedError::Inconsistent`] for a catalog that could not be read back.
    pub fn encode(&self) -> Result<Vec<u8>, AcceptedError> {
        self.catalog.verify()?;
        Ok(serde_json::to_vec(self)?)
    }

    /// Reads what [`AcceptedSchema::encode`] wrote.
    ///
    /// # Errors
    /// Another format, unknown fields, malformed JSON, or a catalog that contradicts itself.
    pub fn decode(bytes: &[u8]) -> Result<Self, AcceptedError> {
        let probe: FormatProbe = serde_json::from_slice(bytes)?;
        if probe.format != u64::from(FORMAT_VERSION) {
            return Err(AcceptedError::UnknownFormat { found: probe.format });
        }
        let accepted: Self = serde_json::from_slice(bytes)?;
        accepted.catalog.verify()?;
        Ok(accepted)
    }
}
