//! Paths between nodes.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{
    Array, AsArray, Float64Builder, Int64Builder, ListBuilder, UInt32Array, UInt64Array, UInt64Builder,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field as ArrowField, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use hashbrown::HashMap;
use omnigraph_compiler::ir::{PathMode, VarId};
use omnigraph_walk::{Order, Path, PathSearch, Place, Scratch, Targets, WalkGraph};
use tokio::sync::OnceCell;

use super::exec::{mapped, slices};
use super::restrict::Restrictable;
use super::walk::{Spending, WalkTarget, node_of, place, steps_text, walk_graph};
use super::{Hop, Operator, Stream};
use crate::error::{Error, Result};
use crate::query::budget::Budget;
use crate::query::graph::{Entities, ordinal_of, space_of};
use crate::table::{CHUNK_ROWS, Column, ID, RowAddress, Table};

/// Starts per batch.
const STARTS: usize = 64;

/// Which paths.
#[derive(Clone, Debug)]
pub(in crate::query) enum PathKind {
    /// One with the fewest edges.
    Shortest,
    /// All with the fewest edges.
    AllShortest,
    /// One of the least cost, by the cost of each edge.
    Cheapest(Arc<HashMap<u64, f64>>),
}

impl PathKind {
    /// The kind that a query names, with the costs of edges where it asks for them.
    pub(in crate::query) fn of(mode: &PathMode, costs: Option<HashMap<u64, f64>>) -> Self {
        match mode {
            PathMode::Shortest => Self::Shortest,
            PathMode::AllShortest => Self::AllShortest,
            PathMode::Cheapest { .. } => Self::Cheapest(Arc::new(costs.unwrap_or_default())),
        }
    }
}

/// The columns of a path as it is found: nodes, edges, length, cost.
pub(in crate::query) fn path_fields(path: VarId) -> [ArrowField; 4] {
    let numbers = || DataType::List(Arc::new(ArrowField::new("item", DataType::UInt64, true)));
    let name = |part: &str| format!("v{}@{part}", path.0);
    [
        ArrowField::new(name("node_numbers"), numbers(), true),
        ArrowField::new(name("edge_addresses"), numbers(), true),
        ArrowField::new(name("length"), DataType::Int64, true),
        ArrowField::new(name("cost"), DataType::Float64, true),
    ]
}

/// Finds paths from the nodes of a column.
#[derive(Clone, Debug)]
pub(in crate::query) struct FindPaths {
    /// The column that is walked from.
    pub(in crate::query) from: usize,
    /// The edges that may be walked.
    pub(in crate::query) steps: Vec<Hop>,
    /// Where paths end.
    pub(in crate::query) target: WalkTarget,
    /// Which paths.
    pub(in crate::query) mode: PathKind,
    /// Fewest edges.
    pub(in crate::query) min: u32,
    /// Most edges.
    pub(in crate::query) max: Option<u32>,
    /// What nodes on the way are.
    pub(in crate::query) nodes: Entities,
    /// What edges on the way are.
    pub(in crate::query) edges: Entities,
    /// The columns of the input that stay.
    pub(in crate::query) keep: Vec<usize>,
    /// The columns that stay, then the target if it is found, then those of the path.
    pub(in crate::query) schema: SchemaRef,
    /// The ids of nodes and of edges, once they are asked for.
    pub(in crate::query) ids: Arc<OnceCell<[Ids; 2]>>,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for FindPaths {
    fn name(&self) -> &'static str {
        match self.mode {
            PathKind::Shortest => "ShortestPath",
            PathKind::AllShortest => "AllShortestPaths",
            PathKind::Cheapest(_) => "CheapestPath",
        }
    }

    fn detail(&self) -> String {
        steps_text(&self.steps, self.min, self.max)
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let starts = slices(super::exec::only(inputs)?, STARTS);
        let graph = Arc::new(walk_graph(&self.steps, &self.target.sizes, false));
        mapped(self, vec![starts], move |this, batch| {
            let graph = Arc::clone(&graph);
            async move {
                tokio::task::consume_budget().await;
                let ids = this
                    .ids
                    .get_or_try_init(|| async { Ok::<_, Error>([this.nodes.ids().await?, this.edges.ids().await?]) });
                this.batch(&batch, &graph, ids.await?)
            }
        })
    }
}

impl Restrictable for FindPaths {
    fn from(&self) -> usize {
        self.from
    }

    fn hops(&self) -> &[Hop] {
        &self.steps
    }

    fn reach(&self) -> Option<u32> {
        self.max
    }

    fn restricted(&self, steps: Vec<Hop>, costs: HashMap<u64, f64>) -> Arc<dyn Operator> {
        let mode = match &self.mode {
            PathKind::Cheapest(_) => PathKind::Cheapest(Arc::new(costs)),
            other => other.clone(),
        };
        Arc::new(Self { steps, mode, ..self.clone() })
    }
}

/// The cost of an edge of some types, if it is one that a path may have.
pub(in crate::query) fn checked_cost(cost: Option<f64>, types: &str) -> Result<f64> {
    cost.filter(|cost| *cost >= 0.0 && cost.is_finite()).ok_or_else(|| Error::Value {
        problem:
            "the cost of an edge is null, negative or not finite; leave such edges out with a condition on the walk"
                .to_owned(),
        code: "bad-cost",
        entity: format!("edge type {types}"),
    })
}

impl FindPaths {
    fn batch(&self, batch: &RecordBatch, graph: &WalkGraph, ids: &[Ids; 2]) -> Result<RecordBatch> {
        let from = batch.column(self.from).as_primitive::<UInt64Type>();
        let mut rows: Vec<u32> = Vec::new();
        let mut found: Vec<Path> = Vec::new();
        let mut scratch = Scratch::default();
        for row in (0..from.len()).filter(|row| from.is_valid(*row)) {
            let targets = match self.target.bound {
                None => None,
                Some(column) => {
                    let targets = batch.column(column).as_primitive::<UInt64Type>();
                    if targets.is_null(row) {
                        continue;
                    }
                    Some(place(targets.value(row)))
                }
            };
            let paths = self.search(graph, place(from.value(row)), targets, ids, &mut scratch)?;
            rows.extend(std::iter::repeat_n(u32::try_from(row).unwrap_or(u32::MAX), paths.len()));
            found.extend(paths);
        }
        self.columns(batch, rows, &found)
    }

    /// The paths from one node.
    fn search(
        &self,
        graph: &WalkGraph,
        start: Place,
        target: Option<Place>,
        [nodes, edges]: &[Ids; 2],
        scratch: &mut Scratch,
    ) -> Result<Vec<Path>> {
        let mut spending = Spending { budget: &self.budget, failed: None };
        // Nodes of two types may share an id; then the type decides.
        let node = |a: Place, b: Place| nodes.of(node_of(a)).cmp(&nodes.of(node_of(b))).then(a.cmp(&b));
        let edge = |a: (usize, u64), b: (usize, u64)| edges.of(a.1).cmp(&edges.of(b.1)).then(a.cmp(&b));
        let admits = |place: Place| self.target.admitted.get(usize::from(place.space)).copied().unwrap_or(false);
        let search = PathSearch {
            start,
            targets: target.map_or(Targets::All, Targets::One),
            min: self.min,
            max: self.max,
            order: Order { node: &node, edge: &edge },
        };
        let mut work = |work: u64| spending.spend(work);
        let mut paths = Vec::new();
        let mut emit = |path: Path| {
            if path.nodes.last().is_some_and(|last| admits(*last)) {
                paths.push(path);
            }
            ControlFlow::Continue(())
        };
        let _ = match &self.mode {
            PathKind::Shortest => graph.shortest(&search, scratch, &mut work, &mut emit),
            PathKind::AllShortest => graph.all_shortest(&search, scratch, &mut work, &mut emit),
            PathKind::Cheapest(costs) => {
                let cost = |_: usize, address: u64| costs.get(&address).copied().unwrap_or(f64::INFINITY);
                graph.cheapest(&search, &cost, scratch, &mut work, &mut emit)
            }
        };
        match spending.failed {
            Some(failed) => Err(failed),
            None => Ok(paths),
        }
    }

    fn columns(&self, batch: &RecordBatch, rows: Vec<u32>, found: &[Path]) -> Result<RecordBatch> {
        let rows = UInt32Array::from(rows);
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for column in &self.keep {
            columns.push(take(batch.column(*column), &rows, None)?);
        }
        if self.target.bound.is_none() {
            let ends = found.iter().map(|path| path.nodes.last().map(|last| node_of(*last)));
            columns.push(Arc::new(ends.collect::<UInt64Array>()));
        }
        let (mut nodes, mut edges) = (ListBuilder::new(UInt64Builder::new()), ListBuilder::new(UInt64Builder::new()));
        let (mut lengths, mut costs) = (Int64Builder::new(), Float64Builder::new());
        for path in found {
            nodes.append_value(path.nodes.iter().map(|node| Some(node_of(*node))));
            edges.append_value(path.edges.iter().map(|(_, address)| Some(*address)));
            lengths.append_value(i64::try_from(path.edges.len()).unwrap_or(i64::MAX));
            costs.append_value(path.cost);
        }
        columns.push(Arc::new(nodes.finish()));
        columns.push(Arc::new(edges.finish()));
        columns.push(Arc::new(lengths.finish()));
        columns.push(Arc::new(costs.finish()));
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// The ids of nodes or edges, at hand.
#[derive(Debug)]
pub(in crate::query) struct Ids {
    entities: Entities,
    /// By type: its fragments, and the ids in each.
    columns: Vec<(Vec<u32>, Vec<Column>)>,
}

impl Entities {
    async fn ids(&self) -> Result<Ids> {
        let tables: Vec<&Arc<Table>> = match self {
            Self::Nodes(nodes) => nodes.iter().map(|nodes| &nodes.table).collect(),
            Self::Rows(edges) => edges.iter().map(|edges| &edges.table).collect(),
        };
        let mut columns = Vec::with_capacity(tables.len());
        for table in tables {
            let fragments: Vec<u32> = table.fragments(None).await?.iter().map(|fragment| fragment.id).collect();
            let ids = table.columns(&fragments, &[ID]).await?.into_iter().flatten().collect();
            columns.push((fragments, ids));
        }
        Ok(Ids { entities: self.clone(), columns })
    }
}

impl Ids {
    /// The id of a node or edge, by its number.
    fn of(&self, number: u64) -> Option<&str> {
        let (part, address) = match &self.entities {
            Entities::Nodes(nodes) => {
                let part = nodes.iter().position(|nodes| nodes.space == space_of(number))?;
                (part, nodes.get(part)?.rows.address(ordinal_of(number)))
            }
            Entities::Rows(edges) => {
                let address = RowAddress(number);
                let part = edges.iter().position(|edges| edges.table.has_fragment(address.fragment()))?;
                (part, address)
            }
        };
        let (fragments, columns) = self.columns.get(part)?;
        let column = columns.get(fragments.binary_search(&address.fragment()).ok()?)?;
        let offset = address.offset() as usize;
        let ids = column.chunks().get(offset / CHUNK_ROWS)?.as_string_opt::<i32>()?;
        Some(ids.value(offset % CHUNK_ROWS))
    }
}
