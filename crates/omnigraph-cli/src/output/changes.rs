//! Changes of entities as text, columns, JSON lines, or one streamed JSON document.

use std::io;

use clap::ValueEnum;
use omnigraph::{EntityChange, EntityImage};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ResultWriter;

/// A format of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangeFormat {
    /// A line per entity, and a line per changed property
    Text,
    /// A line per entity, in columns
    Table,
    /// One object per line
    Jsonl,
    /// One document
    Json,
}

/// A writer that streams changes: it buffers none of them.
#[derive(Debug)]
pub(crate) struct ChangeWriter {
    format: ChangeFormat,
    written: u64,
}

impl ChangeWriter {
    /// Begins the output; `members` precede the changes of a JSON document.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn begin(format: ChangeFormat, members: &impl Serialize, out: &mut ResultWriter) -> io::Result<Self> {
        match format {
            ChangeFormat::Json => {
                let Value::Object(members) = serde_json::to_value(members)? else {
                    return Err(io::Error::other("the members of a document are not an object"));
                };
                out.line("{")?;
                for (name, value) in &members {
                    let text = indent(&serde_json::to_string_pretty(value)?, 2);
                    out.line(&format!("  {}: {text},", Value::from(name.as_str())))?;
                }
                write_raw(out, "  \"changes\": [")?;
            }
            ChangeFormat::Table => out.line(&join_columns(["op", "kind", "type", "id", "change"]))?,
            ChangeFormat::Text | ChangeFormat::Jsonl => {}
        }
        Ok(Self { format, written: 0 })
    }

    /// Writes one change.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn write(&mut self, change: &EntityChange, out: &mut ResultWriter) -> io::Result<()> {
        match self.format {
            ChangeFormat::Text => change_lines(change).iter().try_for_each(|line| out.line(line))?,
            ChangeFormat::Table => out.line(&table_row(change))?,
            ChangeFormat::Jsonl => out.line(&serde_json::to_string(change)?)?,
            ChangeFormat::Json => {
                let comma = if self.written == 0 { "\n" } else { ",\n" };
                write_raw(out, &format!("{comma}    {}", indent(&serde_json::to_string_pretty(change)?, 4)))?;
            }
        }
        self.written += 1;
        Ok(())
    }

    /// Ends the output with the token of the next page, if any.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn end(self, next_page_token: Option<&str>, out: &mut ResultWriter) -> io::Result<()> {
        match self.format {
            ChangeFormat::Json => {
                let close = if self.written == 0 { "]" } else { "\n  ]" };
                let next = next_page_token.map(|token| format!(",\n  \"next_page_token\": {}", Value::from(token)));
                out.line(&format!("{close}{}\n}}", next.unwrap_or_default()))
            }
            ChangeFormat::Text | ChangeFormat::Table => {
                next_page_token.map_or(Ok(()), |token| out.line(&format!("next_page_token: {token}")))
            }
            ChangeFormat::Jsonl => Ok(()),
        }
    }
}

fn write_raw(out: &mut ResultWriter, text: &str) -> io::Result<()> {
    io::Write::write_all(out, text.as_bytes())
}

/// Indents all lines but the first.
fn indent(text: &str, by: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(by)))
}

/// Returns the lines of one change for people.
pub(crate) fn change_lines(change: &EntityChange) -> Vec<String> {
    let EntityChange { kind, ty, id, op, before, after } = change;
    let mut lines = vec![format!("{op} {kind} {} {id}", ty.name)];
    let ends = |image: &Option<EntityImage>| {
        image.as_ref()?.endpoints.as_ref().map(|ends| format!("{} -> {}", ends.from, ends.to))
    };
    match (ends(before), ends(after)) {
        (Some(old), Some(new)) if old != new => lines.push(format!("  {old} => {new}")),
        (_, Some(ends)) | (Some(ends), None) => lines.push(format!("  {ends}")),
        (None, None) => {}
    }
    match (before, after) {
        (Some(old), Some(new)) => {
            lines.extend(difference_lines(&old.properties, &new.properties).map(|line| format!("  {line}")));
        }
        (None, Some(new)) => lines.extend(property_lines(new).map(|line| format!("  + {line}"))),
        (Some(old), None) => lines.extend(property_lines(old).map(|line| format!("  - {line}"))),
        (None, None) => {}
    }
    lines
}

fn property_lines(image: &EntityImage) -> impl Iterator<Item = String> {
    image.properties.iter().map(|(key, value)| format!("{key}: {}", property_text(Some(value))))
}

fn difference_lines<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> impl Iterator<Item = String> + 'a {
    let removed = old.keys().filter(|key| !new.contains_key(*key));
    let keys = new.keys().chain(removed).filter(|key| old.get(*key) != new.get(*key));
    keys.map(|key| format!("{key}: {} -> {}", property_text(old.get(key)), property_text(new.get(key))))
}

/// Returns a text that distinguishes null, a missing key and any string.
fn property_text(value: Option<&Value>) -> String {
    match value {
        None => "<absent>".to_owned(),
        Some(Value::Null) => "<null>".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn table_row(change: &EntityChange) -> String {
    let detail = change_lines(change).split_off(1);
    let detail: Vec<&str> = detail.iter().map(|line| line.trim_start()).collect();
    let [op, kind] = [change.op.to_string(), change.kind.to_string()];
    join_columns([&op, &kind, &change.ty.name, &change.id, &detail.join("; ")])
}

fn join_columns([op, kind, ty, id, change]: [&str; 5]) -> String {
    let line = format!("{op:<6} | {kind:<4} | {ty:<16} | {id:<26} | {change}");
    line.trim_end().replace(['\n', '\r'], " ")
}
