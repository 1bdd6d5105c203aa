//! Results of read queries as Arrow record batches: streamed, or collected.
//!
//! ```text
//! plan ── QueryRun ── QueryStream ── RecordBatch, RecordBatch, …
//!                          └─ collect ── QueryResult ── rows, json
//! ```
//!
//! - `schema`  the Arrow schema of a result
//! - `json`    Arrow values as JSON
//! - `export`  all rows of a snapshot, in the load format

pub(crate) mod export;
pub(crate) mod json;
pub(crate) mod schema;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::ArrayRef;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use futures::{Stream, StreamExt, TryStreamExt};
use omnigraph_compiler::diagnostic::{self, Diagnostic};

use self::json::{JsonRow, rows_to_json};
use self::schema::ResultShape;
use super::cursor::PageCursor;
use super::exec::BatchStream;
use super::limits::{QueryBudget, QueryStats};
use crate::error::Result;
use crate::snapshot::{Commit, Target};

/// The query of a result, and the state that it reads.
#[derive(Clone, Debug)]
pub(super) struct QueryOrigin {
    pub(super) query_name: String,
    pub(super) commit: Commit,
    pub(super) target: Target,
    /// File name and text that the warnings refer to.
    pub(super) file: String,
    pub(super) source: String,
    pub(super) warnings: Vec<Diagnostic>,
}

/// The rows of a query.
#[derive(Clone, Debug)]
pub struct QueryResult {
    origin: QueryOrigin,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    next_cursor: Option<String>,
    stats: QueryStats,
}

impl QueryResult {
    /// Returns the name of the query.
    #[must_use]
    pub fn query_name(&self) -> &str {
        &self.origin.query_name
    }

    /// Returns the commit that was read.
    #[must_use]
    pub fn commit(&self) -> &Commit {
        &self.origin.commit
    }

    /// Returns the target of the snapshot.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.origin.target
    }

    /// Returns the compiler's warnings about the query.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.origin.warnings
    }

    /// Returns the warnings as JSON, with their positions in the text of the query.
    #[must_use]
    pub fn warnings_json(&self) -> Vec<serde_json::Value> {
        render_warnings(&self.origin.file, &self.origin.source, &self.origin.warnings)
    }

    /// Returns the columns. The metadata `omnigraph.type` of a field is its type in the query language. Whole nodes, edges,
    /// paths and JSON values are text of the extension type `arrow.json`.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Returns the names of the columns.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Returns the rows as record batches.
    #[must_use]
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// Streams the rows as record batches.
    pub fn into_batches(self) -> impl Stream<Item = Result<RecordBatch>> + Send + Unpin {
        futures::stream::iter(self.batches.into_iter().map(Ok))
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Converts the rows to JSON objects, each with every column.
    ///
    /// # Errors
    ///
    /// If stored JSON is damaged.
    pub fn rows(&self) -> Result<Vec<JsonRow>> {
        let mut rows = Vec::with_capacity(self.row_count());
        self.batches.iter().try_for_each(|batch| rows_to_json(batch, &mut rows))?;
        Ok(rows)
    }

    /// Converts the rows to one JSON array.
    ///
    /// # Errors
    ///
    /// As [`Self::rows`].
    pub fn json(&self) -> Result<serde_json::Value> {
        Ok(self.rows()?.into_iter().map(serde_json::Value::Object).collect())
    }

    /// Returns the cursor of the next page, if the query is ordered and limited and has that many rows.
    #[must_use]
    pub fn next_cursor(&self) -> Option<&str> {
        self.next_cursor.as_deref()
    }

    /// Returns the cost of the query.
    #[must_use]
    pub fn stats(&self) -> QueryStats {
        self.stats
    }
}

/// Renders warnings about a text as JSON.
pub(crate) fn render_warnings(file: &str, source: &str, warnings: &[Diagnostic]) -> Vec<serde_json::Value> {
    match diagnostic::render_json(file, source, warnings) {
        serde_json::Value::Array(warnings) => warnings,
        _ => Vec::new(),
    }
}

/// The rows of a query while it runs, as record batches. Dropping the stream cancels the query.
pub struct QueryStream {
    pub(super) origin: QueryOrigin,
    pub(super) shape: ResultShape,
    pub(super) page: PageEnd,
    pub(super) budget: Arc<QueryBudget>,
    pub(super) batches: BatchStream,
}

/// The last row of a page, as far as the stream has come.
#[derive(Debug, Default)]
pub(super) struct PageEnd {
    rows: usize,
    /// The number of rows after which there is a next page.
    full_at: Option<usize>,
    last_keys: Vec<ArrayRef>,
    next_cursor: Option<String>,
}

impl QueryStream {
    /// Returns the columns, see [`QueryResult::schema`].
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.shape.schema)
    }

    /// Returns the compiler's warnings about the query.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.origin.warnings
    }

    /// Returns the cursor of the next page once the stream has ended, see [`QueryResult::next_cursor`].
    #[must_use]
    pub fn next_cursor(&self) -> Option<&str> {
        self.page.next_cursor.as_deref()
    }

    /// Returns the cost so far.
    #[must_use]
    pub fn stats(&self) -> QueryStats {
        self.budget.stats(self.page.rows as u64)
    }

    /// Runs the query to its end.
    pub(super) async fn collect_result(mut self) -> Result<QueryResult> {
        let mut batches = Vec::new();
        while let Some(batch) = self.try_next().await? {
            batches.push(batch);
        }
        let (schema, stats) = (self.schema(), self.stats());
        Ok(QueryResult { origin: self.origin, schema, batches, next_cursor: self.page.next_cursor, stats })
    }
}

impl PageEnd {
    /// Expects a next page after `limit` rows, if their order is total: then a cursor can continue after the last row.
    pub(super) fn new(limit: Option<usize>, has_total_order: bool) -> Self {
        Self { full_at: limit.filter(|limit| *limit > 0 && has_total_order), ..Self::default() }
    }

    /// Notes a batch of the plan, whose columns from `width` on are order keys.
    fn advance(&mut self, batch: &RecordBatch, width: usize) {
        self.rows += batch.num_rows();
        if self.full_at.is_some() && batch.num_rows() > 0 {
            let last = batch.slice(batch.num_rows() - 1, 1);
            self.last_keys = last.columns().iter().skip(width).cloned().collect();
        }
    }

    fn finish(&mut self, commit: &Commit) -> Result<()> {
        if self.full_at.take() == Some(self.rows) && !self.last_keys.is_empty() {
            self.next_cursor = Some(PageCursor::after_row(commit.id().to_string(), &self.last_keys)?.encode()?);
        }
        Ok(())
    }
}

impl Stream for QueryStream {
    type Item = Result<RecordBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { origin, shape, page, batches, .. } = self.get_mut();
        batches.poll_next_unpin(context).map(|next| match next {
            Some(Ok(batch)) => {
                page.advance(&batch, shape.schema.fields().len());
                Some(shape.batch(batch.columns(), batch.num_rows()))
            }
            Some(Err(error)) => Some(Err(error)),
            None => page.finish(&origin.commit).err().map(Err),
        })
    }
}

impl fmt::Debug for QueryStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryStream").field("origin", &self.origin).field("page", &self.page).finish_non_exhaustive()
    }
}
