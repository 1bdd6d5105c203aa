//! Files that a command reads whole: schemas, queries, parameters.

use std::path::Path;

use crate::error::{Failure, Result};

/// A text and the name it has in messages.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Its name.
    pub(crate) name: String,
    /// What it says.
    pub(crate) source: String,
}

/// Reads a text file.
///
/// # Errors
///
/// [`Failure::Input`] naming the file and what it is for.
pub(crate) fn read(purpose: &str, path: &Path) -> Result<Text> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(source) => Ok(Text { name, source }),
        Err(error) => Err(Failure::Input(format!("cannot read the {purpose} {name}: {error}"))),
    }
}

/// Reads JSON that was given as `name`.
///
/// # Errors
///
/// [`Failure::Input`] naming it and what is wrong.
pub(crate) fn json(name: &str, text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text).map_err(|error| Failure::Input(format!("{name} is not valid JSON: {error}")))
}
