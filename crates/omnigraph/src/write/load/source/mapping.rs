//! Mappings: a JSON file that assigns types and columns to input files.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Error, Result, RowError};

/// The code of an invalid mapping.
const INVALID_MAPPING: &str = "OG-LOAD-014";

/// A mapping of input files to types and columns.
///
/// ```json
/// {"files": [
///   {"file": "crew-*.csv", "type": "Sailor", "columns": {"nick": "handle", "remarks": null}, "delimiter": ";"},
///   {"file": "trust.parquet", "edge": "Trusts", "columns": {"a": "from", "b": "to"}}
/// ]}
/// ```
#[derive(Debug)]
pub struct LoadMapping {
    entries: Vec<Arc<FileMapping>>,
}

/// One entry of a mapping.
#[derive(Debug)]
pub(in crate::write::load) struct FileMapping {
    file: String,
    /// The name of the type.
    pub(in crate::write::load) ty: String,
    /// True if it is an edge type.
    pub(in crate::write::load) is_edge: bool,
    columns: Vec<(String, Option<String>)>,
    /// The delimiter of a CSV file.
    pub(in crate::write::load) delimiter: Option<u8>,
    /// The location of the entry.
    pub(in crate::write::load) location: MappingLocation,
}

/// A location in a mapping.
#[derive(Clone, Debug)]
pub(in crate::write::load) struct MappingLocation {
    file: Arc<str>,
    line: u64,
    column: usize,
    text: Arc<str>,
}

impl MappingLocation {
    /// Returns an error at this location.
    pub(in crate::write::load) fn error(&self, message: &str) -> Error {
        let error = RowError::new(INVALID_MAPPING, format!("mapping: {message}")).with_column(self.column);
        error.with_location(&self.file, self.line, &self.text).into()
    }
}

/// The JSON document. Entries stay raw, so that their locations are known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingDocument<'a> {
    #[serde(borrow)]
    files: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingEntry {
    file: String,
    r#type: Option<String>,
    edge: Option<String>,
    #[serde(default)]
    columns: serde_json::Map<String, serde_json::Value>,
    delimiter: Option<String>,
}

impl LoadMapping {
    /// Parses a mapping. `name` is used in messages.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] with line and column.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let name: Arc<str> = name.into();
        let document: MappingDocument<'_> =
            serde_json::from_str(text).map_err(|error| json_error(&name, text, 0, &error))?;
        let entries = document.files.into_iter().map(|raw| parse_entry(&name, text, raw).map(Arc::new));
        Ok(Self { entries: entries.collect::<Result<_>>()? })
    }

    /// Returns the first entry that matches an input.
    pub(super) fn for_input(&self, name: &str, stream: bool) -> Option<Arc<FileMapping>> {
        self.entries.iter().find(|entry| entry.matches(name, stream)).map(Arc::clone)
    }

    /// Returns an error if an entry matches no input.
    pub(super) fn require_all_used<'a>(&self, used: impl Iterator<Item = &'a Arc<FileMapping>>) -> Result<()> {
        let used: HashSet<*const FileMapping> = used.map(Arc::as_ptr).collect();
        match self.entries.iter().find(|entry| !used.contains(&Arc::as_ptr(entry))) {
            Some(unused) => {
                let message =
                    format!("no file of the input fits \"{}\", or earlier entries match them all", unused.file);
                Err(unused.location.error(&message))
            }
            None => Ok(()),
        }
    }
}

impl FileMapping {
    /// Returns true if the pattern matches: `-` a stream, a pattern with a slash the whole path, any other the file name.
    fn matches(&self, name: &str, stream: bool) -> bool {
        if self.file == "-" {
            return stream;
        }
        let compared = if self.file.contains('/') { name } else { name.rsplit('/').next().unwrap_or(name) };
        matches_pattern(&self.file, compared)
    }

    /// Returns the property of a column; none to skip the column.
    pub(in crate::write::load) fn target_name<'a>(&'a self, column: &'a str) -> Option<&'a str> {
        self.columns.iter().find(|(from, _)| from == column).map_or(Some(column), |(_, to)| to.as_deref())
    }

    /// Returns a column of the mapping that is not among `columns`.
    pub(in crate::write::load) fn unknown_column(&self, columns: &[String]) -> Option<&str> {
        self.columns.iter().map(|(from, _)| from.as_str()).find(|from| !columns.iter().any(|column| column == from))
    }
}

fn parse_entry(name: &Arc<str>, text: &str, raw: &RawValue) -> Result<FileMapping> {
    // The raw value is a slice of the text, so its offset is the difference of the addresses.
    let start = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let entry: MappingEntry = serde_json::from_str(raw.get()).map_err(|error| json_error(name, text, start, &error))?;
    let location = location(name, text, start);
    let (ty, is_edge) = match (entry.r#type, entry.edge) {
        (Some(ty), None) => (ty, false),
        (None, Some(ty)) => (ty, true),
        _ => return Err(location.error("an entry names exactly one of \"type\" or \"edge\"")),
    };
    let mut columns = Vec::new();
    for (from, to) in entry.columns {
        let to = match to {
            serde_json::Value::Null => None,
            serde_json::Value::String(to) => Some(to),
            other => {
                return Err(
                    location.error(&format!("column \"{from}\" must be mapped to a string or null, got {other}"))
                );
            }
        };
        columns.push((from, to));
    }
    let delimiter = match entry.delimiter.as_deref().map(str::as_bytes) {
        None => None,
        Some([byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Some(*byte),
        Some(_) => {
            return Err(
                location.error("invalid delimiter: expected one ASCII character that is not a quote or line end")
            );
        }
    };
    Ok(FileMapping { file: entry.file, ty, is_edge, columns, delimiter, location })
}

fn location(name: &Arc<str>, text: &str, offset: usize) -> MappingLocation {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    MappingLocation {
        file: Arc::clone(name),
        line: before.matches('\n').count() as u64 + 1,
        column: before.get(line_start..).map_or(0, |part| part.chars().count()) + 1,
        text: line.into(),
    }
}

/// Returns the error of serde in the part of the text that starts at `offset`.
fn json_error(name: &Arc<str>, text: &str, offset: usize, error: &serde_json::Error) -> Error {
    let lines = text.get(offset..).unwrap_or_default().split_inclusive('\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = offset + before + error.column().saturating_sub(1);
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    location(name, text, at).error(message)
}

/// Returns true if `name` matches `pattern`, where `*` matches any text and `?` any character.
fn matches_pattern(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // The position of the last `*`, and of the name up to which it matches.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut n) = (0, 0);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || name.get(n) == Some(wanted) => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, n) = (at + 1, taken + 1);
            }
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches_pattern;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, wanted) in [
            ("crew.csv", "crew.csv", true),
            ("crew.csv", "crew.csv.gz", false),
            ("crew*", "crew.csv.gz", true),
            ("*.csv", "a.csv.csv", true),
            ("*-?.csv", "crew-1.csv", true),
            ("*-?.csv", "crew-11.csv", false),
            ("*a*b", "xaxbxab", true),
            ("*a*b", "xaxbxa", false),
            ("", "", true),
            ("*", "", true),
            ("?", "ü", true),
        ] {
            assert_eq!(matches_pattern(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
