//! Blobs as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::failure::Problem;

/// The bytes that `base64:…` stands for.
///
/// # Errors
/// [`Problem::BadBlob`] for any other text: what lies elsewhere is not fetched.
pub fn blob(text: &str) -> Result<Vec<u8>, Problem> {
    let refused = |reason: String| Problem::BadBlob { reason };
    let encoded = text.strip_prefix("base64:");
    let encoded = encoded.ok_or_else(|| refused("references to blobs elsewhere are not allowed here".to_owned()))?;
    STANDARD.decode(encoded).map_err(|error| refused(format!("invalid base64 blob data: {error}")))
}
