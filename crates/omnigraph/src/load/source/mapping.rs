//! A small file that says which file holds which type, and what its columns are called.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::pattern;
use crate::error::{Error, Result};
use crate::load::decode::data_error;

/// A mapping that cannot be used.
const MAPPING: &str = "OG-LOAD-014";

/// Which file holds which type.
///
/// ```json
/// {"files": [
///   {"file": "crew-*.csv", "type": "Sailor", "columns": {"nick": "handle", "remarks": null}, "delimiter": ";"},
///   {"file": "trust.parquet", "edge": "Trusts", "columns": {"a": "from", "b": "to"}}
/// ]}
/// ```
#[derive(Debug)]
pub struct LoadMapping {
    entries: Vec<Arc<Assignment>>,
}

/// What a file holds.
#[derive(Debug)]
pub(in crate::load) struct Assignment {
    file: String,
    /// The name of a type, and whether of edges.
    pub(in crate::load) ty: String,
    pub(in crate::load) edge: bool,
    columns: Vec<(String, Option<String>)>,
    /// What stands between the fields of a CSV file.
    pub(in crate::load) delimiter: Option<u8>,
    /// Where the entry stands.
    pub(in crate::load) place: MappingPlace,
}

/// A place in a mapping.
#[derive(Clone, Debug)]
pub(in crate::load) struct MappingPlace {
    file: Arc<str>,
    line: u64,
    column: usize,
    text: Arc<str>,
}

impl MappingPlace {
    /// What is wrong there.
    pub(in crate::load) fn error(&self, message: &str) -> Error {
        let Self { file, line, column, text } = self;
        Error::Data(Box::new(data_error(MAPPING, format!("mapping: {message}"), file, *line, *column, text)))
    }
}

/// A text of JSON: what it says, and where it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow)]
    files: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    r#type: Option<String>,
    edge: Option<String>,
    #[serde(default)]
    columns: serde_json::Map<String, serde_json::Value>,
    delimiter: Option<String>,
}

impl LoadMapping {
    /// Reads a mapping; `name` stands in messages.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] with line and column.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let name: Arc<str> = name.into();
        let document: Document<'_> = serde_json::from_str(text).map_err(|error| json_error(&name, text, 0, &error))?;
        let entries = document.files.into_iter().map(|raw| entry(&name, text, raw).map(Arc::new));
        Ok(Self { entries: entries.collect::<Result<_>>()? })
    }

    /// What the first entry that fits a file says of it.
    pub(super) fn assignment(&self, name: &str, stream: bool) -> Option<Arc<Assignment>> {
        self.entries.iter().find(|entry| entry.fits(name, stream)).map(Arc::clone)
    }

    /// An entry that fits nothing is an error.
    pub(super) fn all_used<'a>(&self, used: impl Iterator<Item = &'a Arc<Assignment>>) -> Result<()> {
        let used: HashSet<*const Assignment> = used.map(Arc::as_ptr).collect();
        match self.entries.iter().find(|entry| !used.contains(&Arc::as_ptr(entry))) {
            Some(idle) => {
                let message =
                    format!("no file of the input fits \"{}\" that no entry before it fits as well", idle.file);
                Err(idle.place.error(&message))
            }
            None => Ok(()),
        }
    }
}

impl Assignment {
    /// `-` is a stream; a pattern with a slash is for the whole path, any other for the name.
    fn fits(&self, name: &str, stream: bool) -> bool {
        if self.file == "-" {
            return stream;
        }
        let shown = if self.file.contains('/') { name } else { name.rsplit('/').next().unwrap_or(name) };
        pattern::matches(&self.file, shown)
    }

    /// What a column is to be called; none to pass it over.
    pub(in crate::load) fn rename<'a>(&'a self, column: &'a str) -> Option<&'a str> {
        self.columns.iter().find(|(from, _)| from == column).map_or(Some(column), |(_, to)| to.as_deref())
    }

    /// A column it speaks of that is none of `columns`.
    pub(in crate::load) fn idle_column(&self, columns: &[String]) -> Option<&str> {
        self.columns.iter().map(|(from, _)| from.as_str()).find(|from| !columns.iter().any(|column| column == from))
    }
}

fn entry(name: &Arc<str>, text: &str, raw: &RawValue) -> Result<Assignment> {
    // The value is a part of the text, so the distance of their beginnings is its place.
    let start = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let entry: Entry = serde_json::from_str(raw.get()).map_err(|error| json_error(name, text, start, &error))?;
    let place = place(name, text, start);
    let (ty, edge) = match (entry.r#type, entry.edge) {
        (Some(ty), None) => (ty, false),
        (None, Some(ty)) => (ty, true),
        _ => return Err(place.error("an entry names exactly one of \"type\" or \"edge\"")),
    };
    let mut columns = Vec::new();
    for (from, to) in entry.columns {
        let to = match to {
            serde_json::Value::Null => None,
            serde_json::Value::String(to) => Some(to),
            other => {
                return Err(place.error(&format!("column \"{from}\" is mapped to a text or to null, not to {other}")));
            }
        };
        columns.push((from, to));
    }
    let delimiter = match entry.delimiter.as_deref().map(str::as_bytes) {
        None => None,
        Some([byte]) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Some(*byte),
        Some(_) => return Err(place.error("a delimiter is one ASCII character, and no quote or line end")),
    };
    Ok(Assignment { file: entry.file, ty, edge, columns, delimiter, place })
}

fn place(name: &Arc<str>, text: &str, offset: usize) -> MappingPlace {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
    MappingPlace {
        file: Arc::clone(name),
        line: before.matches('\n').count() as u64 + 1,
        column: before.get(line_start..).map_or(0, |part| part.chars().count()) + 1,
        text: line.into(),
    }
}

/// An error of serde in the part of the text that starts at `offset`.
fn json_error(name: &Arc<str>, text: &str, offset: usize, error: &serde_json::Error) -> Error {
    let lines = text.get(offset..).unwrap_or_default().split_inclusive('\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = offset + before + error.column().saturating_sub(1);
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    place(name, text, at).error(message)
}
