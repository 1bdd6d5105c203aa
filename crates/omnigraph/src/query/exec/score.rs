//! Text matches, distances and ranks, as columns.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, UInt64Array};
use arrow::compute::{concat_batches, filter_record_batch, is_not_null};
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use futures::TryStreamExt;
use hashbrown::HashMap;
use omnigraph_compiler::catalog::TextAnalyzer;
use omnigraph_search::{Bm25Field, Bm25Scorer, CorpusStats, MatchKind, RowFilter, TextQuery, VectorQuery};
use omnigraph_traversal::NodeRef;
use tokio::sync::OnceCell;

use super::operator::{map_batches, single_batch, single_input};
use super::{BatchStream, EntityField, GraphOperator};
use crate::error::{Error, Result};
use crate::index::{ColumnIndexCache, new_tokenizer, vector_at};
use crate::query::limits::QueryBudget;
use crate::query::tables::{EntitySet, NodeTable};
use crate::table::{CHUNK_ROWS, FragmentColumn, ID, RowAddress};

/// Distances per report to the budget.
const DISTANCES_PER_REPORT: usize = 1024;

/// A text column of a search.
#[derive(Clone, Debug)]
pub(crate) struct TextField {
    pub(crate) column: String,
    pub(crate) analyzer: TextAnalyzer,
    /// Weight in a BM25 score.
    pub(crate) weight: f64,
}

/// A function that scores nodes.
#[derive(Clone, Debug)]
pub(crate) enum ScoreMethod {
    /// True if the text matches. A null query matches nothing.
    Match { field: TextField, kind: MatchKind, query: Option<String> },
    /// The distance of the vector; null without a vector or a query.
    Distance { column: String, query: Option<VectorQuery> },
    /// The BM25 score; null where it is 0.
    Bm25 { fields: Vec<TextField>, query: Option<String> },
}

/// A score of one variable.
#[derive(Debug)]
pub(crate) struct ScoreArm {
    /// Position of the variable's column.
    pub(crate) column: usize,
    pub(crate) entities: EntitySet,
    pub(crate) method: ScoreMethod,
    /// Weight among the arms of a fusion.
    pub(crate) weight: f64,
    /// Scores of all nodes that a text search finds, after the first batch.
    pub(crate) found: OnceCell<HashMap<u64, f64>>,
}

/// Appends a score, or the fusion of several.
#[derive(Debug)]
pub(crate) struct ScoreRows {
    /// One arm, or the arms of a fusion.
    pub(crate) arms: Vec<ScoreArm>,
    /// The `k` of a fusion.
    pub(crate) fusion_k: Option<f64>,
    /// Leaves out rows without a score.
    pub(crate) covered_only: bool,
    /// The columns of the input, then the score.
    pub(crate) schema: SchemaRef,
    pub(crate) indexes: ColumnIndexCache,
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for ScoreRows {
    fn name(&self) -> &'static str {
        "Score"
    }

    fn detail(&self) -> String {
        let arm = |arm: &ScoreArm| match &arm.method {
            ScoreMethod::Match { field, kind, .. } => format!("{kind:?} match of {} (text index)", field.column),
            ScoreMethod::Distance { column, .. } => format!("distance of {column} (exhaustive)"),
            ScoreMethod::Bm25 { fields, .. } => {
                let names: Vec<&str> = fields.iter().map(|field| field.column.as_str()).collect();
                format!("bm25 of {} (text index)", names.join(", "))
            }
        };
        let arms = self.arms.iter().map(arm).collect::<Vec<_>>().join("; ");
        if self.fusion_k.is_some() { format!("fusion of {arms}") } else { arms }
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        if let Some(k) = self.fusion_k {
            let input = single_input(inputs)?;
            return Ok(single_batch(async move { self.fuse(input, k).await }));
        }
        map_batches(self, inputs, |this, batch| async move { this.score(batch).await })
    }
}

impl ScoreRows {
    async fn score(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let arm = self.arms.first().ok_or_else(|| Error::internal("a score without arms"))?;
        let refs = batch.column(arm.column).as_primitive::<UInt64Type>();
        self.budget.spend(refs.len() as u64)?;
        let scores = arm.scores(refs, &self.indexes, &self.budget).await?;
        self.append_scores(batch, scores)
    }

    fn append_scores(&self, batch: RecordBatch, scores: ArrayRef) -> Result<RecordBatch> {
        let covered = is_not_null(&scores)?;
        let columns = batch.columns().iter().cloned().chain([scores]).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        Ok(if self.covered_only { filter_record_batch(&batch, &covered)? } else { batch })
    }

    /// Computes reciprocal rank fusion over all rows.
    async fn fuse(&self, input: BatchStream, k: f64) -> Result<RecordBatch> {
        let batches: Vec<RecordBatch> = input.try_collect().await?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let width = self.schema.fields().len() - 1;
        let input_schema = Arc::new(self.schema.project(&(0..width).collect::<Vec<_>>())?);
        let batch = concat_batches(&input_schema, &batches)?;
        let mut sums: Vec<Option<f64>> = vec![None; rows];
        for arm in &self.arms {
            let refs = batch.column(arm.column).as_primitive::<UInt64Type>();
            self.budget.spend(refs.len() as u64)?;
            let scores = arm.scores(refs, &self.indexes, &self.budget).await?;
            let ranks = arm.ranks(refs, scores.as_primitive()).await?;
            for (sum, node) in sums.iter_mut().zip(refs) {
                if let Some(rank) = node.and_then(|node| ranks.get(&node)) {
                    *sum.get_or_insert(0.0) += arm.weight / (k + rank);
                }
            }
        }
        self.append_scores(batch, Arc::new(Float64Array::from(sums)))
    }
}

impl ScoreArm {
    /// Computes the score of each row's node.
    async fn scores(&self, refs: &UInt64Array, indexes: &ColumnIndexCache, budget: &QueryBudget) -> Result<ArrayRef> {
        let EntitySet::Nodes(nodes) = &self.entities else { return Err(Error::internal("a score of edges")) };
        match &self.method {
            ScoreMethod::Distance { column, query } => distances(refs, nodes, column, query.as_ref(), budget).await,
            ScoreMethod::Match { field, kind, query } => {
                let search = || match_nodes(nodes, field, *kind, query.as_deref(), indexes);
                let found = self.found.get_or_try_init(search).await?;
                let matches = refs.iter().map(|node| Some(found.contains_key(&node?)));
                Ok(Arc::new(matches.collect::<BooleanArray>()))
            }
            ScoreMethod::Bm25 { fields, query } => {
                let search = || bm25_scores(nodes, fields, query.as_deref(), indexes);
                let found = self.found.get_or_try_init(search).await?;
                let scores = refs.iter().map(|node| found.get(&node?).copied());
                Ok(Arc::new(scores.collect::<Float64Array>()))
            }
        }
    }

    /// Returns the ranks, from 1, of the distinct nodes with a score: best first, ties by id.
    async fn ranks(&self, refs: &UInt64Array, scores: &Float64Array) -> Result<HashMap<u64, f64>> {
        let scored = refs.iter().zip(scores.iter()).filter_map(|(node, score)| Some((node?, score?)));
        let distinct: HashMap<u64, f64> = scored.collect();
        let nodes: Vec<u64> = distinct.keys().copied().collect();
        let ids = self.entities.fetch(&UInt64Array::from(nodes.clone()), &[EntityField::Column(ID.to_owned())]).await?;
        let ids = ids.first().and_then(|ids| ids.as_string_opt::<i32>()).cloned();
        let ids = ids.ok_or_else(|| Error::internal("nodes without ids"))?;
        let mut ranked: Vec<(f64, &str, u64)> =
            nodes.iter().enumerate().map(|(row, node)| (distinct[node], ids.value(row), *node)).collect();
        let ascending = matches!(self.method, ScoreMethod::Distance { .. });
        ranked.sort_by(|a, b| {
            let by_score = a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal);
            let by_score = if ascending { by_score } else { by_score.reverse() };
            by_score.then_with(|| a.1.cmp(b.1))
        });
        Ok(ranked.into_iter().zip(1u32..).map(|((_, _, node), rank)| (node, f64::from(rank))).collect())
    }
}

/// Finds the nodes whose text matches.
async fn match_nodes(
    nodes: &[Arc<NodeTable>],
    field: &TextField,
    kind: MatchKind,
    query: Option<&str>,
    indexes: &ColumnIndexCache,
) -> Result<HashMap<u64, f64>> {
    let mut found = HashMap::new();
    let Some(query) = query else { return Ok(found) };
    let query = TextQuery::new(&new_tokenizer(&field.analyzer)?, query);
    for nodes in nodes {
        for fragment in nodes.rows.fragments() {
            let segment = indexes.inverted_index(&nodes.table, fragment.id, &field.column, &field.analyzer).await?;
            let is_live = |row: u32| fragment.is_live(row);
            for row in segment.matches(&query, kind, RowFilter::Only(&is_live)) {
                if let Some(ordinal) = fragment.ordinals.values().get(row as usize) {
                    found.insert(NodeRef::pack(nodes.node_type, *ordinal).0, 1.0);
                }
            }
        }
    }
    Ok(found)
}

/// Finds the nodes that BM25 scores. Document frequencies count all live rows of the types.
async fn bm25_scores(
    nodes: &[Arc<NodeTable>],
    fields: &[TextField],
    query: Option<&str>,
    indexes: &ColumnIndexCache,
) -> Result<HashMap<u64, f64>> {
    let mut scores = HashMap::new();
    let Some(query) = query else { return Ok(scores) };
    let mut queries = Vec::with_capacity(fields.len());
    for field in fields {
        queries.push(TextQuery::new(&new_tokenizer(&field.analyzer)?, query));
    }
    let mut indexed = Vec::new();
    let mut corpora = vec![CorpusStats::default(); fields.len()];
    for nodes in nodes {
        for fragment in nodes.rows.fragments() {
            let is_live = |row: u32| fragment.is_live(row);
            let mut segments = Vec::with_capacity(fields.len());
            for (field, corpus) in fields.iter().zip(&mut corpora) {
                let segment = indexes.inverted_index(&nodes.table, fragment.id, &field.column, &field.analyzer).await?;
                *corpus = corpus.merge(CorpusStats::count(&segment, RowFilter::Only(&is_live)));
                segments.push(segment);
            }
            indexed.push((nodes.node_type, fragment, segments));
        }
    }
    let prepared = fields.iter().zip(&queries).zip(corpora);
    let mut counted: Vec<Bm25Field<'_>> =
        prepared.map(|((field, query), corpus)| Bm25Field::new(field.weight, query, corpus)).collect();
    for (_, fragment, segments) in &indexed {
        let is_live = |row: u32| fragment.is_live(row);
        for (counted, segment) in counted.iter_mut().zip(segments) {
            counted.count(segment, RowFilter::Only(&is_live));
        }
    }
    let bm25 = Bm25Scorer::new(&counted);
    for (node_type, fragment, segments) in indexed {
        let is_live = |row: u32| fragment.is_live(row);
        let segments: Vec<_> = segments.iter().map(AsRef::as_ref).collect();
        bm25.score(&segments, RowFilter::Only(&is_live), |row, score| {
            if let Some(ordinal) = fragment.ordinals.values().get(row as usize)
                && score > 0.0
            {
                scores.insert(NodeRef::pack(node_type, *ordinal).0, score);
            }
        });
    }
    Ok(scores)
}

/// Computes the distance of each row's node from a query vector.
pub(super) async fn distances(
    refs: &UInt64Array,
    nodes: &[Arc<NodeTable>],
    column: &str,
    query: Option<&VectorQuery>,
    budget: &QueryBudget,
) -> Result<ArrayRef> {
    let Some(query) = query else { return Ok(Arc::new(Float64Array::new_null(refs.len()))) };
    let mut distances: Vec<Option<f64>> = vec![None; refs.len()];
    for nodes in nodes {
        let address = |(row, node): (usize, Option<u64>)| {
            let node = NodeRef(node?);
            (node.node_type() == nodes.node_type).then(|| (row, nodes.address(node)))
        };
        let rows: Vec<(usize, RowAddress)> = refs.iter().enumerate().filter_map(address).collect();
        if nodes.table.fits_in_memory(&[column]) {
            let fragments: Vec<u32> = nodes.rows.fragments().iter().map(|fragment| fragment.id).collect();
            let columns = nodes.table.columns(&fragments, &[column]).await?;
            for (done, (row, address)) in rows.into_iter().enumerate() {
                if done % DISTANCES_PER_REPORT == 0 {
                    budget.spend(DISTANCES_PER_REPORT as u64)?;
                }
                let Ok(index) = fragments.binary_search(&address.fragment()) else { continue };
                let column = columns.get(index).and_then(|columns| columns.first());
                distances[row] = column.and_then(|column| cached_distance(column, address, query));
            }
        } else {
            let addresses: Vec<RowAddress> = rows.iter().map(|(_, address)| *address).collect();
            let vectors = nodes.table.fetch(&addresses, &[column]).await?;
            let vectors = vectors.first().ok_or_else(|| Error::internal("a vector column was not fetched"))?;
            for (position, (row, _)) in rows.into_iter().enumerate() {
                distances[row] = vector_distance(vectors, position, query);
            }
        }
    }
    Ok(Arc::new(Float64Array::from(distances)))
}

fn cached_distance(column: &FragmentColumn, address: RowAddress, query: &VectorQuery) -> Option<f64> {
    let offset = address.offset() as usize;
    vector_distance(column.chunks().get(offset / CHUNK_ROWS)?, offset % CHUNK_ROWS, query)
}

fn vector_distance(vectors: &ArrayRef, row: usize, query: &VectorQuery) -> Option<f64> {
    vector_at(vectors, row).map(|vector| query.distance(vector))
}
