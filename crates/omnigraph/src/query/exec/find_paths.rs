//! Shortest and cheapest paths from the nodes of a column.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, Int64Builder, ListBuilder, UInt64Array, UInt64Builder};
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use hashbrown::HashMap;
use omnigraph_traversal::{GraphPath, NodeRef, PathOrder, PathRequest, PathTargets, SearchBuffers, TraversalGraph};
use tokio::sync::OnceCell;

use super::edge_filter::FilterableTraversal;
use super::expand::{EdgeExpansion, take_and_append};
use super::operator::{map_batches, single_input, split_batches};
use super::var_length_expand::{TraversalTarget, describe_range, with_progress};
use super::{BatchStream, GraphOperator};
use crate::error::{Error, Result};
use crate::query::limits::QueryBudget;
use crate::query::tables::EntitySet;
use crate::table::{CHUNK_ROWS, FragmentColumn, ID, RowAddress};

/// Start nodes per output batch.
const STARTS_PER_BATCH: usize = 64;

/// The paths to find between two nodes.
#[derive(Clone, Debug)]
pub(crate) enum PathKind {
    /// One with the fewest edges.
    Shortest,
    /// All with the fewest edges.
    AllShortest,
    /// One with the least sum of edge costs, which are given by address.
    Cheapest(Arc<HashMap<u64, f64>>),
}

/// Finds paths.
#[derive(Clone, Debug)]
pub(crate) struct FindPaths {
    /// Position of the start nodes.
    pub(crate) from: usize,
    pub(crate) steps: Vec<EdgeExpansion>,
    pub(crate) target: TraversalTarget,
    pub(crate) kind: PathKind,
    /// The least number of edges.
    pub(crate) min: u32,
    /// The greatest number of edges.
    pub(crate) max: Option<u32>,
    /// The nodes of paths.
    pub(crate) nodes: EntitySet,
    /// The edges of paths.
    pub(crate) edges: EntitySet,
    /// Positions of the input columns to keep.
    pub(crate) projection: Vec<usize>,
    /// The kept columns, then the target unless it is bound, then nodes, edges, length and cost of the path.
    pub(crate) schema: SchemaRef,
    /// Ids of nodes and of edges, after the first batch.
    pub(crate) ids: Arc<OnceCell<[IdColumns; 2]>>,
    pub(crate) budget: Arc<QueryBudget>,
}

impl GraphOperator for FindPaths {
    fn name(&self) -> &'static str {
        match self.kind {
            PathKind::Shortest => "ShortestPath",
            PathKind::AllShortest => "AllShortestPaths",
            PathKind::Cheapest(_) => "CheapestPath",
        }
    }

    fn detail(&self) -> String {
        describe_range(&self.steps, self.min, self.max)
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        let starts = split_batches(single_input(inputs)?, STARTS_PER_BATCH);
        let graph = Arc::new(self.target.graph(&self.steps, false));
        map_batches(self, vec![starts], move |this, batch| {
            let graph = Arc::clone(&graph);
            async move {
                tokio::task::consume_budget().await;
                let load = || async { Ok::<_, Error>([this.nodes.load_ids().await?, this.edges.load_ids().await?]) };
                let ids = this.ids.get_or_try_init(load).await?;
                this.find(&batch, &graph, ids)
            }
        })
    }
}

impl FilterableTraversal for FindPaths {
    fn start_column(&self) -> usize {
        self.from
    }

    fn steps(&self) -> &[EdgeExpansion] {
        &self.steps
    }

    fn max_depth(&self) -> Option<u32> {
        self.max
    }

    fn with_steps(&self, steps: Vec<EdgeExpansion>, costs: HashMap<u64, f64>) -> Arc<dyn GraphOperator> {
        let kind = match &self.kind {
            PathKind::Cheapest(_) => PathKind::Cheapest(Arc::new(costs)),
            other => other.clone(),
        };
        Arc::new(Self { steps, kind, ..self.clone() })
    }
}

impl FindPaths {
    fn find(&self, batch: &RecordBatch, graph: &TraversalGraph, ids: &[IdColumns; 2]) -> Result<RecordBatch> {
        let from = batch.column(self.from).as_primitive::<UInt64Type>();
        let targets = self.target.bound.map(|column| batch.column(column).as_primitive::<UInt64Type>());
        let mut rows: Vec<u32> = Vec::new();
        let mut found: Vec<GraphPath> = Vec::new();
        let mut buffers = SearchBuffers::default();
        for row in (0..from.len()).filter(|row| from.is_valid(*row)) {
            let targets = match targets {
                None => PathTargets::All,
                Some(targets) if targets.is_valid(row) => PathTargets::One(NodeRef(targets.value(row))),
                Some(_) => continue,
            };
            let paths = self.search(graph, NodeRef(from.value(row)), targets, ids, &mut buffers)?;
            rows.extend(std::iter::repeat_n(u32::try_from(row).unwrap_or(u32::MAX), paths.len()));
            found.extend(paths);
        }
        let mut added: Vec<ArrayRef> = Vec::new();
        if self.target.bound.is_none() {
            let targets = found.iter().map(|path| path.nodes.last().map(|last| last.0));
            added.push(Arc::new(targets.collect::<UInt64Array>()));
        }
        added.extend(path_columns(&found));
        take_and_append(batch, &self.projection, rows, added, &self.schema)
    }

    /// Finds the paths from one node.
    fn search(
        &self,
        graph: &TraversalGraph,
        start: NodeRef,
        targets: PathTargets,
        [nodes, edges]: &[IdColumns; 2],
        buffers: &mut SearchBuffers,
    ) -> Result<Vec<GraphPath>> {
        // Nodes of two types may have equal ids.
        let node = |a: NodeRef, b: NodeRef| nodes.node_id(a).cmp(&nodes.node_id(b)).then(a.cmp(&b));
        let edge = |a: (usize, u64), b: (usize, u64)| edges.edge_id(a.1).cmp(&edges.edge_id(b.1)).then(a.cmp(&b));
        let request =
            PathRequest { start, targets, min: self.min, max: self.max, order: PathOrder { node: &node, edge: &edge } };
        let mut paths = Vec::new();
        let mut visit = |path: GraphPath| {
            if path.nodes.last().is_some_and(|last| self.target.admits(*last)) {
                paths.push(path);
            }
            ControlFlow::Continue(())
        };
        with_progress(&self.budget, |progress| match &self.kind {
            PathKind::Shortest => graph.shortest(&request, buffers, progress, &mut visit),
            PathKind::AllShortest => graph.all_shortest(&request, buffers, progress, &mut visit),
            PathKind::Cheapest(costs) => {
                let cost = |_: usize, address: u64| costs.get(&address).copied().unwrap_or(f64::INFINITY);
                graph.cheapest(&request, &cost, buffers, progress, &mut visit)
            }
        })?;
        Ok(paths)
    }
}

/// Returns the columns of paths: nodes, edges, length and cost.
fn path_columns(found: &[GraphPath]) -> [ArrayRef; 4] {
    let (mut nodes, mut edges) = (ListBuilder::new(UInt64Builder::new()), ListBuilder::new(UInt64Builder::new()));
    let (mut lengths, mut costs) = (Int64Builder::new(), Float64Builder::new());
    for path in found {
        nodes.append_value(path.nodes.iter().map(|node| Some(node.0)));
        edges.append_value(path.edges.iter().map(|(_, address)| Some(*address)));
        lengths.append_value(i64::try_from(path.edges.len()).unwrap_or(i64::MAX));
        costs.append_value(path.cost);
    }
    [Arc::new(nodes.finish()), Arc::new(edges.finish()), Arc::new(lengths.finish()), Arc::new(costs.finish())]
}

/// The ids of nodes or edges, in memory.
#[derive(Debug)]
pub(crate) struct IdColumns {
    entities: EntitySet,
    /// For each type: its fragments and their id columns.
    columns: Vec<(Vec<u32>, Vec<FragmentColumn>)>,
}

impl EntitySet {
    async fn load_ids(&self) -> Result<IdColumns> {
        let mut columns = Vec::new();
        for table in self.tables() {
            let fragments: Vec<u32> = table.fragments(None).await?.iter().map(|fragment| fragment.id).collect();
            let ids = table.columns(&fragments, &[ID]).await?.into_iter().flatten().collect();
            columns.push((fragments, ids));
        }
        Ok(IdColumns { entities: self.clone(), columns })
    }
}

impl IdColumns {
    fn node_id(&self, node: NodeRef) -> Option<&str> {
        let EntitySet::Nodes(nodes) = &self.entities else { return None };
        let index = nodes.iter().position(|nodes| nodes.node_type == node.node_type())?;
        self.id(index, nodes.get(index)?.address(node))
    }

    fn edge_id(&self, address: u64) -> Option<&str> {
        let EntitySet::Rows(edges) = &self.entities else { return None };
        let address = RowAddress(address);
        self.id(edges.iter().position(|edges| edges.table.has_fragment(address.fragment()))?, address)
    }

    /// Returns the id of a row of the type at an index.
    fn id(&self, index: usize, address: RowAddress) -> Option<&str> {
        let (fragments, columns) = self.columns.get(index)?;
        let column = columns.get(fragments.binary_search(&address.fragment()).ok()?)?;
        let offset = address.offset() as usize;
        let ids = column.chunks().get(offset / CHUNK_ROWS)?.as_string_opt::<i32>()?;
        Some(ids.value(offset % CHUNK_ROWS))
    }
}
