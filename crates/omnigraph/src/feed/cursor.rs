//! The consumer's place as a word: opaque to everybody else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use omnigraph_log::{BranchId, CommitRef, GraphId};

use crate::diff::{ChangeFilter, Position};
use crate::error::{Error, Result};

/// The longest cursor that is looked at.
const MOST_BYTES: usize = 4096;

/// Where a consumer is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    pub(super) graph: GraphId,
    /// The incarnation of the branch that is followed.
    pub(super) branch: BranchId,
    /// What is wanted: a place in one selection is no place in another.
    pub(super) filter: ChangeFilter,
    /// The last commit that was delivered whole.
    pub(super) after: CommitRef,
    /// How far into the commit behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inside: Option<Position>,
}

impl Cursor {
    /// As a word.
    pub(super) fn word(&self) -> Result<String> {
        let bytes = serde_json::to_vec(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// From a word.
    pub(super) fn of(word: &str) -> Result<Self> {
        let bytes = (word.len() <= MOST_BYTES).then(|| URL_SAFE_NO_PAD.decode(word).ok()).flatten();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor.ok_or_else(|| Error::request("the cursor is none of the change feed: use it as it was given"))
    }
}

#[cfg(test)]
mod tests {
    use super::Cursor;

    #[test]
    fn what_is_no_cursor_is_refused() {
        for word in ["", "x", "e30", &"A".repeat(5000)] {
            assert!(Cursor::of(word).is_err(), "{word}");
        }
    }
}
