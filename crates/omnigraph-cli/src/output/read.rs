//! The answer of a query, whatever its format.

use std::io;

use clap::ValueEnum;
use omnigraph::{QueryResult, Target};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Out, csv, json, jsonl, kv, table};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// A block of lines per row, for wide rows
    Kv,
    /// Comma-separated, with a header
    Csv,
    /// One object per line, after a line that describes the answer
    Jsonl,
    /// One document
    Json,
}

/// What was asked and what came of it. Its serialized form is the JSON format.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answer<'a> {
    pub(super) query_name: &'a str,
    pub(super) target: Asked<'a>,
    pub(super) row_count: usize,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) columns: &'a [String],
    pub(super) rows: &'a [Map<String, Value>],
    graph_commit_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<&'a str>,
}

/// What the query was asked of: a branch, or a commit.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Asked<'a> {
    branch: Option<&'a str>,
    snapshot: Option<&'a str>,
}

impl<'a> Answer<'a> {
    /// The answer that `result` holds.
    pub(crate) fn of(result: &'a QueryResult) -> Self {
        let target = match &result.target {
            Target::Branch(name) => Asked { branch: Some(name), snapshot: None },
            // The commit itself stands beside it.
            Target::Time { branch, .. } => Asked { branch: Some(branch), snapshot: None },
            Target::Commit(id) => Asked { branch: None, snapshot: Some(id) },
        };
        Self {
            query_name: &result.query_name,
            target,
            row_count: result.rows.len(),
            columns: &result.columns,
            rows: &result.rows,
            graph_commit_id: result.commit.commit.to_string(),
            next_cursor: result.next_cursor.as_deref(),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    ///
    /// If `out` fails.
    pub(crate) fn write(&self, format: Format, out: &mut Out) -> io::Result<()> {
        match format {
            Format::Table => table::write(self, out),
            Format::Kv => kv::write(self, out),
            Format::Csv => csv::write(self, out),
            Format::Jsonl => jsonl::write(self, out),
            Format::Json => json::write(self, out),
        }
    }

    /// What the formats for people begin with.
    pub(super) fn headline(&self) -> String {
        let from = match self.target {
            Asked { snapshot: Some(id), .. } => format!("snapshot {id}"),
            Asked { branch, .. } => format!("branch {}", branch.unwrap_or_default()),
        };
        format!("{} rows from {from} via {}", self.row_count, self.query_name)
    }

    /// The values of a row in the order of the columns.
    pub(super) fn cells<'r>(&'r self, row: &'r Map<String, Value>) -> impl Iterator<Item = &'r Value> {
        self.columns.iter().map(|column| row.get(column).unwrap_or(&Value::Null))
    }
}
