//! The result of a query as table, key-value blocks, CSV, JSON lines or one JSON document.

use std::borrow::Cow;
use std::io::{self, Write};

use clap::ValueEnum;
use omnigraph::{QueryResult, Target};
use serde::Serialize;
use serde_json::{Map, Value, json};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::ResultWriter;

/// The maximum width of a column in terminal columns. A longer cell is cut and ends with an ellipsis.
const MAX_CELL_WIDTH: usize = 80;

/// A format of query results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Columns for people
    Table,
    /// A block of lines per row, for wide rows
    Kv,
    /// Comma-separated, with a header
    Csv,
    /// One object per line, after a line of metadata
    Jsonl,
    /// One document
    Json,
}

/// A query's result. Its serialized form is the JSON format.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ResultView<'a> {
    query_name: &'a str,
    target: TargetView<'a>,
    row_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<String>,
    rows: Vec<Map<String, Value>>,
    graph_commit_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<&'a str>,
}

/// The branch or the commit that a query read.
#[derive(Clone, Copy, Debug, Serialize)]
struct TargetView<'a> {
    branch: Option<&'a str>,
    snapshot: Option<&'a str>,
}

impl<'a> ResultView<'a> {
    /// Creates the view of a result.
    ///
    /// # Errors
    ///
    /// If stored JSON is damaged.
    pub(crate) fn new(result: &'a QueryResult) -> omnigraph::Result<Self> {
        let target = match result.target() {
            // The commit of a branch at a time is `graph_commit_id`.
            Target::Branch(branch) | Target::Time { branch, .. } => TargetView { branch: Some(branch), snapshot: None },
            Target::Commit(id) => TargetView { branch: None, snapshot: Some(id) },
        };
        Ok(Self {
            query_name: result.query_name(),
            target,
            row_count: result.row_count(),
            columns: result.columns(),
            rows: result.rows()?,
            graph_commit_id: result.commit().id().to_string(),
            next_cursor: result.next_cursor(),
        })
    }

    /// Writes the result.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn write(&self, format: RowFormat, out: &mut ResultWriter) -> io::Result<()> {
        match format {
            RowFormat::Table => self.write_table(out),
            RowFormat::Kv => self.write_blocks(out),
            RowFormat::Csv => self.write_csv(out),
            RowFormat::Jsonl => self.write_json_lines(out),
            RowFormat::Json => out.json(self),
        }
    }

    /// Returns the first line of the formats for people.
    fn headline(&self) -> String {
        let source = match self.target {
            TargetView { snapshot: Some(id), .. } => format!("snapshot {id}"),
            TargetView { branch, .. } => format!("branch {}", branch.unwrap_or_default()),
        };
        format!("{} rows from {source} via {}", self.row_count, self.query_name)
    }

    /// Returns the values of a row in column order.
    fn cells<'r>(&'r self, row: &'r Map<String, Value>) -> impl Iterator<Item = &'r Value> {
        self.columns.iter().map(|column| row.get(column).unwrap_or(&Value::Null))
    }

    fn write_table(&self, out: &mut ResultWriter) -> io::Result<()> {
        out.line(&self.headline())?;
        if self.columns.is_empty() {
            return out.line("(no rows)");
        }
        let header: Vec<String> = self.columns.iter().map(|column| truncate(column.clone())).collect();
        let cells = |row| self.cells(row).map(|value| truncate(single_line(value))).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(cells).collect();
        let width = |column: usize| rows.iter().chain([&header]).map(|row| row[column].width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..header.len()).map(width).collect();
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        out.line(&join_cells(&header, &widths, " | "))?;
        out.line(&join_cells(&rule, &widths, "-+-"))?;
        rows.iter().try_for_each(|row| out.line(&join_cells(row, &widths, " | ")))
    }

    fn write_blocks(&self, out: &mut ResultWriter) -> io::Result<()> {
        out.line(&self.headline())?;
        if self.rows.is_empty() {
            return out.line("(no rows)");
        }
        for (index, row) in self.rows.iter().enumerate() {
            if index > 0 {
                out.line("")?;
            }
            out.line(&format!("row {}", index + 1))?;
            for (column, value) in self.columns.iter().zip(self.cells(row)) {
                out.line(&format!("{column}: {}", single_line(value)))?;
            }
        }
        Ok(())
    }

    fn write_csv(&self, out: &mut ResultWriter) -> io::Result<()> {
        write_csv_record(out, self.columns.iter().map(|column| Cow::Borrowed(column.as_str())))?;
        self.rows.iter().try_for_each(|row| write_csv_record(out, self.cells(row).map(plain_text)))
    }

    fn write_json_lines(&self, out: &mut ResultWriter) -> io::Result<()> {
        let Self { query_name, target, row_count, .. } = self;
        let metadata =
            json!({ "kind": "metadata", "query_name": query_name, "target": target, "row_count": row_count });
        out.line(&metadata.to_string())?;
        self.rows.iter().try_for_each(|row| out.line(&serde_json::to_string(row)?))
    }
}

/// Returns strings verbatim, null as `null`, lists and objects as compact JSON.
fn plain_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// Returns the text of a value on one line. Line ends and other control characters are escaped, so that data can neither
/// break the layout nor control the terminal.
fn single_line(value: &Value) -> String {
    let text = plain_text(value);
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            plain if !plain.is_control() => line.push(plain),
            control => line.extend(control.escape_default()),
        }
    }
    line
}

fn join_cells(cells: &[String], widths: &[usize], separator: &str) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| {
        let missing = width.saturating_sub(cell.width());
        format!("{cell}{}", " ".repeat(missing))
    });
    let mut line = padded.collect::<Vec<_>>().join(separator);
    line.truncate(line.trim_end().len());
    line
}

fn truncate(cell: String) -> String {
    if cell.width() <= MAX_CELL_WIDTH {
        return cell;
    }
    let mut width = 0;
    let fits = |character: &char| {
        width += character.width().unwrap_or(0);
        width < MAX_CELL_WIDTH
    };
    let mut kept: String = cell.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

/// Writes one record. A field is quoted if it has a comma, a quote or a line end.
fn write_csv_record<'a>(out: &mut impl Write, fields: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
    for (index, field) in fields.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        if field.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_text() {
        let texts = [json!("a b"), json!(null), json!(1.5), json!(true), json!([1, "x"]), json!({"k": null})];
        let texts = texts.each_ref().map(|value| plain_text(value).into_owned());
        assert_eq!(texts, ["a b", "null", "1.5", "true", r#"[1,"x"]"#, r#"{"k":null}"#]);
    }

    #[test]
    fn a_line_stays_a_line_and_an_escape_sequence_is_only_shown() {
        assert_eq!(single_line(&json!("a\nb\r\tc\u{1b}[31m")), "a\\nb\\r\\tc\\u{1b}[31m");
        assert_eq!(single_line(&json!("naïve “quotes” 漢")), "naïve “quotes” 漢");
    }

    #[test]
    fn a_long_cell_is_cut_to_the_width() {
        assert_eq!(truncate("x".repeat(80)), "x".repeat(80));
        assert_eq!(truncate("x".repeat(81)), format!("{}…", "x".repeat(79)));
        // A wide character takes two columns and is not cut in half.
        let wide = truncate("漢".repeat(41));
        assert_eq!(wide, format!("{}…", "漢".repeat(39)));
    }

    #[test]
    fn cells_line_up_by_what_the_eye_sees() {
        let widths = [4, 2];
        assert_eq!(join_cells(&["漢".to_owned(), "b".to_owned()], &widths, " | "), "漢   | b");
        assert_eq!(join_cells(&["----".to_owned(), "--".to_owned()], &widths, "-+-"), "-----+---");
    }

    #[test]
    fn fields_are_quoted_only_when_they_must_be() {
        let mut bytes = Vec::new();
        let fields = ["plain", "a,b", "say \"hi\"", "two\nlines", "", "with space"];
        write_csv_record(&mut bytes, fields.into_iter().map(Cow::Borrowed)).unwrap();
        let expected = "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",,with space\n";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }
}
