//! Changes of entities: text, one JSON document written as it comes, lines of JSON, or columns.

use std::io;

use clap::ValueEnum;
use omnigraph::{EntityChange, Image};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Out;

/// How changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChangeFormat {
    /// A line per entity, and one per property that changed
    Text,
    /// A line per entity, in columns
    Table,
    /// One object per line
    Jsonl,
    /// One document
    Json,
}

/// Writes changes one after another. Nothing is held back, however many there are.
#[derive(Debug)]
pub(crate) struct ChangeWriter {
    format: ChangeFormat,
    written: u64,
}

impl ChangeWriter {
    /// Begins; `members` stand before the changes of a JSON document.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn begin(format: ChangeFormat, members: &impl Serialize, out: &mut Out) -> io::Result<Self> {
        match format {
            ChangeFormat::Json => {
                let Value::Object(members) = serde_json::to_value(members)? else {
                    return Err(io::Error::other("members of a document that are no object"));
                };
                out.line("{")?;
                for (name, value) in &members {
                    let text = indented(&serde_json::to_string_pretty(value)?, 2);
                    out.line(&format!("  {}: {text},", Value::from(name.as_str())))?;
                }
                write_raw(out, "  \"changes\": [")?;
            }
            ChangeFormat::Table => out.line(&columns("op", "kind", "type", "id", "change"))?,
            ChangeFormat::Text | ChangeFormat::Jsonl => {}
        }
        Ok(Self { format, written: 0 })
    }

    /// Writes one change.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn write(&mut self, change: &EntityChange, out: &mut Out) -> io::Result<()> {
        match self.format {
            ChangeFormat::Text => text(change).iter().try_for_each(|line| out.line(line))?,
            ChangeFormat::Table => out.line(&row(change))?,
            ChangeFormat::Jsonl => out.line(&serde_json::to_string(change)?)?,
            ChangeFormat::Json => {
                let comma = if self.written == 0 { "\n" } else { ",\n" };
                write_raw(out, &format!("{comma}    {}", indented(&serde_json::to_string_pretty(change)?, 4)))?;
            }
        }
        self.written += 1;
        Ok(())
    }

    /// Ends; a next page is named if there is one.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn end(self, next_page_token: Option<&str>, out: &mut Out) -> io::Result<()> {
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

fn write_raw(out: &mut Out, text: &str) -> io::Result<()> {
    io::Write::write_all(out, text.as_bytes())
}

/// All lines but the first moved to the right.
fn indented(text: &str, by: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(by)))
}

/// The lines of one change for people.
pub(crate) fn text(change: &EntityChange) -> Vec<String> {
    let EntityChange { kind, ty, id, op, before, after } = change;
    let mut lines = vec![format!("{op} {kind} {} {id}", ty.name)];
    let ends =
        |image: &Option<Image>| image.as_ref()?.endpoints.as_ref().map(|ends| format!("{} -> {}", ends.from, ends.to));
    match (ends(before), ends(after)) {
        (Some(old), Some(new)) if old != new => lines.push(format!("  {old} => {new}")),
        (_, Some(ends)) | (Some(ends), None) => lines.push(format!("  {ends}")),
        (None, None) => {}
    }
    match (before, after) {
        (Some(old), Some(new)) => {
            lines.extend(differing(&old.properties, &new.properties).map(|line| format!("  {line}")));
        }
        (None, Some(new)) => lines.extend(properties(new).map(|line| format!("  + {line}"))),
        (Some(old), None) => lines.extend(properties(old).map(|line| format!("  - {line}"))),
        (None, None) => {}
    }
    lines
}

fn properties(image: &Image) -> impl Iterator<Item = String> {
    image.properties.iter().map(|(key, value)| format!("{key}: {}", shown(Some(value))))
}

fn differing<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> impl Iterator<Item = String> + 'a {
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    let keys = new.keys().chain(gone).filter(|key| old.get(*key) != new.get(*key));
    keys.map(|key| format!("{key}: {} -> {}", shown(old.get(key)), shown(new.get(key))))
}

/// Null, a missing key and every text look different.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "<absent>".to_owned(),
        Some(Value::Null) => "<null>".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn row(change: &EntityChange) -> String {
    let detail = text(change).split_off(1);
    let detail: Vec<&str> = detail.iter().map(|line| line.trim_start()).collect();
    let [op, kind] = [change.op.to_string(), change.kind.to_string()];
    columns(&op, &kind, &change.ty.name, &change.id, &detail.join("; "))
}

fn columns(op: &str, kind: &str, ty: &str, id: &str, change: &str) -> String {
    let line = format!("{op:<6} | {kind:<4} | {ty:<16} | {id:<26} | {change}");
    line.trim_end().replace(['\n', '\r'], " ")
}
