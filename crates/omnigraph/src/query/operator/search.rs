//! Text matches, distances and ranks, as columns.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, UInt64Array};
use arrow::compute::{concat_batches, filter_record_batch, is_not_null};
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashMap;
use omnigraph_compiler::catalog::Analyzer;
use omnigraph_search::bm25::{Bm25, Field as Bm25Field};
use omnigraph_search::{Corpus, MatchKind, Nearest, Rows, TextQuery};
use tokio::sync::OnceCell;

use super::exec::mapped;
use super::{Field, Operator, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;
use crate::query::graph::{Entities, Nodes, node_ref, ordinal_of, space_of};
use crate::search::{ColumnIndexes, tokenizer, vector_at};
use crate::table::{CHUNK_ROWS, Column, ID, RowAddress};

/// One text column and what is asked of it.
#[derive(Clone, Debug)]
pub(in crate::query) struct TextField {
    /// The column.
    pub(in crate::query) column: String,
    /// How text becomes tokens.
    pub(in crate::query) analyzer: Analyzer,
    /// Its weight in a score.
    pub(in crate::query) weight: f64,
}

/// What is computed of a node.
#[derive(Clone, Debug)]
pub(in crate::query) enum Scoring {
    /// Whether its text matches.
    Match {
        /// The column.
        field: TextField,
        /// How.
        kind: MatchKind,
        /// The query; null matches nothing.
        query: Option<String>,
    },
    /// The distance of its vector; null without one.
    Distance {
        /// The column.
        column: String,
        /// The query vector; null is at no distance.
        query: Option<Nearest>,
    },
    /// Its BM25 score; null where that is 0.
    Bm25 {
        /// The columns.
        fields: Vec<TextField>,
        /// The query.
        query: Option<String>,
    },
}

/// A score of one variable.
#[derive(Debug)]
pub(in crate::query) struct Arm {
    /// The column of the variable.
    pub(in crate::query) column: usize,
    /// What it ranges over.
    pub(in crate::query) entities: Entities,
    /// What is computed.
    pub(in crate::query) scoring: Scoring,
    /// Its weight among the arms of a fusion.
    pub(in crate::query) weight: f64,
    /// Of nodes of text fields: what is found, once it was looked for.
    pub(in crate::query) found: OnceCell<HashMap<u64, f64>>,
}

/// Adds a score, or the fusion of several.
#[derive(Debug)]
pub(in crate::query) struct Score {
    /// One arm; several are fused.
    pub(in crate::query) arms: Vec<Arm>,
    /// The `k` of a fusion.
    pub(in crate::query) fused: Option<f64>,
    /// Whether rows without a score are left out.
    pub(in crate::query) covered_only: bool,
    /// The columns of the input, then the score.
    pub(in crate::query) schema: SchemaRef,
    /// Where text is looked up.
    pub(in crate::query) indexes: ColumnIndexes,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for Score {
    fn name(&self) -> &'static str {
        "Score"
    }

    fn detail(&self) -> String {
        let arm = |arm: &Arm| match &arm.scoring {
            Scoring::Match { field, kind, .. } => format!("{kind:?} match of {} (text index)", field.column),
            Scoring::Distance { column, .. } => format!("distance of {column} (exhaustive)"),
            Scoring::Bm25 { fields, .. } => {
                let names: Vec<&str> = fields.iter().map(|field| field.column.as_str()).collect();
                format!("bm25 of {} (text index)", names.join(", "))
            }
        };
        let arms: Vec<String> = self.arms.iter().map(arm).collect();
        if self.fused.is_some() { format!("fusion of {}", arms.join("; ")) } else { arms.join("; ") }
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        if let Some(k) = self.fused {
            let input = super::exec::only(inputs)?;
            return Ok(futures::stream::once(async move { self.fuse(input, k).await }).boxed());
        }
        mapped(self, inputs, |this, batch| async move { this.single(batch).await })
    }
}

impl Score {
    async fn single(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let arm = self.arms.first().ok_or_else(|| Error::internal("a score of nothing"))?;
        let refs = batch.column(arm.column).as_primitive::<UInt64Type>();
        self.budget.spend(refs.len() as u64)?;
        let scores = arm.scores(refs, &self.indexes, &self.budget).await?;
        self.scored(batch, scores)
    }

    fn scored(&self, batch: RecordBatch, scores: ArrayRef) -> Result<RecordBatch> {
        let covered = is_not_null(&scores)?;
        let columns = batch.columns().iter().cloned().chain([scores]).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        Ok(if self.covered_only { filter_record_batch(&batch, &covered)? } else { batch })
    }

    /// Reciprocal rank fusion over all rows.
    async fn fuse(&self, input: Stream, k: f64) -> Result<RecordBatch> {
        let batches: Vec<RecordBatch> = input.try_collect().await?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let width = self.schema.fields().len() - 1;
        let narrow = Arc::new(self.schema.project(&(0..width).collect::<Vec<_>>())?);
        let batch = concat_batches(&narrow, &batches)?;
        let mut sums: Vec<Option<f64>> = vec![None; rows];
        for arm in &self.arms {
            let refs = batch.column(arm.column).as_primitive::<UInt64Type>();
            self.budget.spend(refs.len() as u64)?;
            let scores = arm.scores(refs, &self.indexes, &self.budget).await?;
            let ranks = arm.ranks(refs, scores.as_primitive()).await?;
            for (row, node) in refs.iter().enumerate() {
                if let Some(rank) = node.and_then(|node| ranks.get(&node)) {
                    let sum = sums[row].get_or_insert(0.0);
                    *sum += arm.weight / (k + rank);
                }
            }
        }
        self.scored(batch, Arc::new(Float64Array::from(sums)))
    }
}

impl Arm {
    /// The score of each row's node.
    async fn scores(&self, refs: &UInt64Array, indexes: &ColumnIndexes, budget: &Budget) -> Result<ArrayRef> {
        let Entities::Nodes(nodes) = &self.entities else { return Err(Error::internal("a score of edges")) };
        match &self.scoring {
            Scoring::Distance { column, query } => distances(refs, nodes, column, query.as_ref(), budget).await,
            Scoring::Match { field, kind, query } => {
                let found =
                    self.found.get_or_try_init(|| matched(nodes, field, *kind, query.as_deref(), indexes)).await?;
                let matches = refs.iter().map(|node| Some(found.contains_key(&node?)));
                Ok(Arc::new(matches.collect::<BooleanArray>()))
            }
            Scoring::Bm25 { fields, query } => {
                let found = self.found.get_or_try_init(|| bm25(nodes, fields, query.as_deref(), indexes)).await?;
                let scores = refs.iter().map(|node| found.get(&node?).copied());
                Ok(Arc::new(scores.collect::<Float64Array>()))
            }
        }
    }

    /// The ranks, from 1, of the distinct nodes that are covered: best first, ties by id.
    async fn ranks(&self, refs: &UInt64Array, scores: &Float64Array) -> Result<HashMap<u64, f64>> {
        let scored = refs.iter().zip(scores.iter()).filter_map(|(node, score)| Some((node?, score?)));
        let distinct: HashMap<u64, f64> = scored.collect();
        let nodes: Vec<u64> = distinct.keys().copied().collect();
        let ids = self.entities.gather(&UInt64Array::from(nodes.clone()), &[Field::Column(ID.to_owned())]).await?;
        let ids = ids.first().and_then(|ids| ids.as_string_opt::<i32>()).cloned();
        let ids = ids.ok_or_else(|| Error::internal("nodes without ids"))?;
        let mut ranked: Vec<(f64, &str, u64)> =
            nodes.iter().enumerate().map(|(row, node)| (distinct[node], ids.value(row), *node)).collect();
        let ascending = matches!(self.scoring, Scoring::Distance { .. });
        ranked.sort_by(|a, b| {
            let by_score = a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal);
            let by_score = if ascending { by_score } else { by_score.reverse() };
            by_score.then_with(|| a.1.cmp(b.1))
        });
        Ok(ranked.into_iter().zip(1u32..).map(|((_, _, node), rank)| (node, f64::from(rank))).collect())
    }
}

/// The nodes whose text matches.
async fn matched(
    nodes: &[Arc<Nodes>],
    field: &TextField,
    kind: MatchKind,
    query: Option<&str>,
    indexes: &ColumnIndexes,
) -> Result<HashMap<u64, f64>> {
    let mut found = HashMap::new();
    let Some(query) = query else { return Ok(found) };
    let query = TextQuery::new(&tokenizer(&field.analyzer)?, query);
    for nodes in nodes {
        for fragment in nodes.rows.fragments() {
            let segment = indexes.words(&nodes.table, fragment.id, &field.column, &field.analyzer).await?;
            let lives = |row: u32| fragment.lives(row);
            for row in segment.matches(&query, kind, Rows::Only(&lives)) {
                if let Some(ordinal) = fragment.ordinals.values().get(row as usize) {
                    found.insert(node_ref(nodes.space, *ordinal), 1.0);
                }
            }
        }
    }
    Ok(found)
}

/// The nodes that BM25 scores. Frequencies count all live rows of the types.
async fn bm25(
    nodes: &[Arc<Nodes>],
    fields: &[TextField],
    query: Option<&str>,
    indexes: &ColumnIndexes,
) -> Result<HashMap<u64, f64>> {
    let mut scores = HashMap::new();
    let Some(query) = query else { return Ok(scores) };
    let mut queries = Vec::with_capacity(fields.len());
    for field in fields {
        queries.push(TextQuery::new(&tokenizer(&field.analyzer)?, query));
    }
    let mut parts = Vec::new();
    let mut corpora = vec![Corpus::default(); fields.len()];
    for nodes in nodes {
        for fragment in nodes.rows.fragments() {
            let lives = |row: u32| fragment.lives(row);
            let mut segments = Vec::with_capacity(fields.len());
            for (field, corpus) in fields.iter().zip(&mut corpora) {
                let segment = indexes.words(&nodes.table, fragment.id, &field.column, &field.analyzer).await?;
                *corpus = corpus.plus(Corpus::of(&segment, Rows::Only(&lives)));
                segments.push(segment);
            }
            parts.push((nodes.space, fragment, segments));
        }
    }
    let prepared = fields.iter().zip(&queries).zip(corpora);
    let mut counted: Vec<Bm25Field<'_>> =
        prepared.map(|((field, query), corpus)| Bm25Field::new(field.weight, query, corpus)).collect();
    for (_, fragment, segments) in &parts {
        let lives = |row: u32| fragment.lives(row);
        for (counted, segment) in counted.iter_mut().zip(segments) {
            counted.count(segment, Rows::Only(&lives));
        }
    }
    let bm25 = Bm25::new(&counted);
    for (space, fragment, segments) in parts {
        let lives = |row: u32| fragment.lives(row);
        let segments: Vec<_> = segments.iter().map(AsRef::as_ref).collect();
        bm25.score(&segments, Rows::Only(&lives), |row, score| {
            if let Some(ordinal) = fragment.ordinals.values().get(row as usize)
                && score > 0.0
            {
                scores.insert(node_ref(space, *ordinal), score);
            }
        });
    }
    Ok(scores)
}

/// The distance of each row's node.
pub(super) async fn distances(
    refs: &UInt64Array,
    nodes: &[Arc<Nodes>],
    column: &str,
    query: Option<&Nearest>,
    budget: &Budget,
) -> Result<ArrayRef> {
    let Some(query) = query else { return Ok(Arc::new(Float64Array::new_null(refs.len()))) };
    let mut distances: Vec<Option<f64>> = vec![None; refs.len()];
    for nodes in nodes {
        let own = |node: &Option<u64>| node.is_some_and(|node| space_of(node) == nodes.space);
        let rows: Vec<(usize, RowAddress)> = refs
            .iter()
            .enumerate()
            .filter(|(_, node)| own(node))
            .map(|(row, node)| (row, nodes.rows.address(ordinal_of(node.unwrap_or_default()))))
            .collect();
        if nodes.table.fits_in_memory(&[column]) {
            let fragments: Vec<u32> = nodes.rows.fragments().iter().map(|fragment| fragment.id).collect();
            let columns = nodes.table.columns(&fragments, &[column]).await?;
            for (done, (row, address)) in rows.into_iter().enumerate() {
                if done % 1024 == 0 {
                    budget.spend(1024)?;
                }
                let Ok(index) = fragments.binary_search(&address.fragment()) else { continue };
                let column = columns.get(index).and_then(|columns| columns.first());
                distances[row] = column.and_then(|column| in_column(column, address, query));
            }
        } else {
            let addresses: Vec<RowAddress> = rows.iter().map(|(_, address)| *address).collect();
            let vectors = nodes.table.fetch(&addresses, &[column]).await?;
            let vectors = vectors.first().ok_or_else(|| Error::internal("a vector column is not there"))?;
            for (place, (row, _)) in rows.into_iter().enumerate() {
                distances[row] = at(vectors, place, query);
            }
        }
    }
    Ok(Arc::new(Float64Array::from(distances)))
}

fn in_column(column: &Column, address: RowAddress, query: &Nearest) -> Option<f64> {
    let offset = address.offset() as usize;
    at(column.chunks().get(offset / CHUNK_ROWS)?, offset % CHUNK_ROWS, query)
}

/// The distance of one vector of an array.
fn at(vectors: &ArrayRef, row: usize, query: &Nearest) -> Option<f64> {
    vector_at(vectors, row).map(|vector| query.distance(vector))
}
