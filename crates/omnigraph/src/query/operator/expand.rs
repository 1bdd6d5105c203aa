//! One edge: from the nodes of a column to their neighbours.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{SchemaRef, UInt64Type};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::execution::TaskContext;
use futures::{StreamExt, TryStreamExt};
use hashbrown::HashMap;
use omnigraph_walk::{Adjacency, EdgeSet, Rows, Side};

use super::restrict::Restrictable;
use super::{Operator, Stream};
use crate::error::Result;
use crate::query::budget::Budget;
use crate::query::graph::{node_ref, ordinal_of, space_of};

/// Rows of a batch that an expansion makes, unless one node alone has more neighbours.
const BATCH_ROWS: usize = 1 << 15;

/// Edges of one type, walked in one direction.
#[derive(Clone, Debug)]
pub(in crate::query) struct Hop {
    /// The type's name.
    pub(in crate::query) edge: String,
    /// The edges.
    pub(in crate::query) adjacency: Adjacency,
    /// Whether they were found by their ends, and are just those of the nodes that are walked from.
    pub(in crate::query) by_ends: bool,
    /// Which end is walked from.
    pub(in crate::query) side: Side,
    /// The index of the node type that is walked from.
    pub(in crate::query) from: u16,
    /// The index of the node type that is walked to.
    pub(in crate::query) to: u16,
    /// Whether self-loops are left to the walk in the other direction.
    pub(in crate::query) skip_loops: bool,
    /// The edges that may be walked, if not all may.
    pub(in crate::query) allowed: Option<Arc<EdgeSet>>,
}

impl Hop {
    /// How a plan shows it.
    pub(in crate::query) fn text(&self) -> String {
        let some = self.allowed.as_ref().map_or(String::new(), |allowed| format!(" ({} edges)", allowed.len()));
        let how = if self.by_ends { " by ends" } else { "" };
        match self.side {
            Side::Out => format!("{}{some}{how} →", self.edge),
            Side::In => format!("← {}{some}{how}", self.edge),
        }
    }

    fn allows(&self, address: u64) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(address))
    }

    /// Ready for a loop over many nodes.
    pub(super) fn open(&self) -> OpenHop<'_> {
        OpenHop { hop: self, rows: self.adjacency.rows(self.side) }
    }
}

/// A hop with its side of the adjacency at hand.
pub(super) struct OpenHop<'a> {
    hop: &'a Hop,
    rows: Rows<'a>,
}

impl OpenHop<'_> {
    /// Calls `visit` with each neighbour of `node` and the address of the edge.
    #[inline]
    pub(super) fn visit<B>(&self, node: u64, mut visit: impl FnMut(u64, u64) -> ControlFlow<B>) -> ControlFlow<B> {
        if space_of(node) != self.hop.from {
            return ControlFlow::Continue(());
        }
        let from = ordinal_of(node);
        self.rows.row(from).segments(|segment| {
            segment.edges().try_for_each(|(to, address)| {
                if (self.hop.skip_loops && to == from) || !self.hop.allows(address) {
                    return ControlFlow::Continue(());
                }
                visit(node_ref(self.hop.to, to), address)
            })
        })
    }
}

/// What becomes of the nodes that are found.
#[derive(Clone, Debug)]
pub(in crate::query) enum Found {
    /// A row for each.
    Rows,
    /// They are compared with those of a column.
    Compared(usize),
    /// The row stays if there is one.
    Any,
    /// The row stays if there is one, with their number, times the number in the column if there is one.
    Counted(Option<usize>),
}

/// Walks one edge.
#[derive(Clone, Debug)]
pub(in crate::query) struct Expand {
    /// The column that is walked from.
    pub(in crate::query) from: usize,
    /// The edges that may be walked.
    pub(in crate::query) hops: Vec<Hop>,
    /// What is done with the nodes at the other ends.
    pub(in crate::query) found: Found,
    /// The node types that count, by index.
    pub(in crate::query) admitted: Vec<bool>,
    /// Whether each edge makes a row and its address a column; otherwise each pair of nodes makes one row.
    pub(in crate::query) edges: bool,
    /// The columns of the input that stay.
    pub(in crate::query) keep: Vec<usize>,
    /// The columns that stay, then what is found.
    pub(in crate::query) schema: SchemaRef,
    /// What it may cost.
    pub(in crate::query) budget: Arc<Budget>,
}

impl Operator for Expand {
    fn name(&self) -> &'static str {
        match self.found {
            Found::Rows => "Expand",
            Found::Compared(_) => "ExpandInto",
            Found::Any => "ExpandAny",
            Found::Counted(_) => "ExpandCount",
        }
    }

    fn detail(&self) -> String {
        let hops: Vec<String> = self.hops.iter().map(Hop::text).collect();
        let rows = if self.edges { "edges" } else { "pairs" };
        format!("{} ({rows})", hops.join(" | "))
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        let input = super::exec::only(inputs)?;
        let expanded = move |batch: RecordBatch| {
            let work = Work { expand: Arc::clone(&self), batch, row: 0, neighbours: Vec::new(), made: Made::default() };
            futures::stream::try_unfold(work, |mut work| async move {
                // Between batches others get their turn, and a query that nobody waits for ends.
                tokio::task::consume_budget().await;
                Ok(work.next()?.map(|batch| (batch, work)))
            })
        };
        Ok(input.map_ok(expanded).try_flatten().boxed())
    }
}

impl Restrictable for Expand {
    fn from(&self) -> usize {
        self.from
    }

    fn hops(&self) -> &[Hop] {
        &self.hops
    }

    fn reach(&self) -> Option<u32> {
        Some(1)
    }

    fn restricted(&self, hops: Vec<Hop>, _: HashMap<u64, f64>) -> Arc<dyn Operator> {
        Arc::new(Self { hops, ..self.clone() })
    }
}

/// The expansion of one batch.
struct Work {
    expand: Arc<Expand>,
    batch: RecordBatch,
    row: usize,
    /// Neighbours of one node, and the edges to them.
    neighbours: Vec<(u64, u64)>,
    made: Made,
}

/// Rows made so far.
#[derive(Default)]
struct Made {
    rows: Vec<u32>,
    nodes: Vec<u64>,
    edges: Vec<u64>,
    counts: Vec<i64>,
}

impl Work {
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let expand = Arc::clone(&self.expand);
        let batch = self.batch.clone();
        let from = batch.column(expand.from).as_primitive::<UInt64Type>();
        let hops: Vec<OpenHop<'_>> = expand.hops.iter().filter(|hop| expand.admits(hop)).map(Hop::open).collect();
        let mut looked_at = 0;
        while self.row < from.len() && self.made.rows.len() < BATCH_ROWS && looked_at < BATCH_ROWS * 4 {
            let row = self.row;
            self.row += 1;
            looked_at += 1;
            if from.is_valid(row) {
                looked_at += self.node(&expand, &hops, &batch, row, from.value(row));
            }
        }
        expand.budget.spend(looked_at as u64)?;
        if self.row == from.len() && self.made.rows.is_empty() {
            return Ok(None);
        }
        let made = std::mem::take(&mut self.made);
        Ok(Some(expand.batch(&batch, made)?))
    }

    /// Makes the rows of one node and returns how many edges were looked at.
    #[inline]
    fn node(&mut self, expand: &Expand, hops: &[OpenHop<'_>], batch: &RecordBatch, row: usize, node: u64) -> usize {
        let index = u32::try_from(row).unwrap_or(u32::MAX);
        match &expand.found {
            Found::Rows => self.rows(expand, hops, index, node),
            Found::Any => {
                let any = hops.iter().any(|hop| hop.visit(node, |_, _| ControlFlow::Break(())).is_break());
                if any {
                    self.made.rows.push(index);
                }
                1
            }
            Found::Compared(column) => {
                let other = batch.column(*column).as_primitive::<UInt64Type>();
                if other.is_null(row) { 1 } else { self.compare(expand, hops, index, node, other.value(row)) }
            }
            Found::Counted(column) => self.count(expand, hops, batch, index, node, *column),
        }
    }

    fn rows(&mut self, expand: &Expand, hops: &[OpenHop<'_>], row: u32, node: u64) -> usize {
        let before = self.made.rows.len();
        let made = &mut self.made;
        if let ([hop], true) = (hops, expand.edges) {
            let mut seen = 0;
            let _ = hop.visit::<()>(node, |to, address| {
                made.rows.push(row);
                made.nodes.push(to);
                made.edges.push(address);
                seen += 1;
                ControlFlow::Continue(())
            });
            return seen;
        }
        if let ([hop], false) = (hops, expand.edges) {
            // Neighbours come in order, so parallel edges stand side by side.
            let mut last = u64::MAX;
            let _ = hop.visit::<()>(node, |to, _| {
                if to != last {
                    made.rows.push(row);
                    made.nodes.push(to);
                    last = to;
                }
                ControlFlow::Continue(())
            });
            return made.rows.len() - before;
        }
        let seen = expand.neighbours(hops, node, &mut self.neighbours);
        for (to, address) in &self.neighbours {
            made.rows.push(row);
            made.nodes.push(*to);
            if expand.edges {
                made.edges.push(*address);
            }
        }
        seen
    }

    fn compare(&mut self, expand: &Expand, hops: &[OpenHop<'_>], row: u32, node: u64, other: u64) -> usize {
        let (from, to) = (ordinal_of(node), ordinal_of(other));
        let fits =
            |hop: &Hop| hop.to == space_of(other) && hop.from == space_of(node) && !(hop.skip_loops && from == to);
        for OpenHop { hop, rows } in hops.iter().filter(|open| fits(open.hop)) {
            let edges = rows.row(from);
            let made = &mut self.made;
            let found = edges.segments_to(to, |segment| {
                for (_, address) in segment.edges().filter(|(_, address)| hop.allows(*address)) {
                    made.rows.push(row);
                    if !expand.edges {
                        return ControlFlow::Break(());
                    }
                    made.edges.push(address);
                }
                ControlFlow::Continue(())
            });
            if found.is_break() {
                return 1;
            }
        }
        1
    }

    fn count(
        &mut self,
        expand: &Expand,
        hops: &[OpenHop<'_>],
        batch: &RecordBatch,
        row: u32,
        node: u64,
        times: Option<usize>,
    ) -> usize {
        let seen = match hops {
            [OpenHop { hop, rows }] if expand.edges && !hop.skip_loops && hop.allowed.is_none() => {
                let degree = if space_of(node) == hop.from { rows.row(ordinal_of(node)).len() } else { 0 };
                self.push_count(batch, row, degree, times);
                return 1;
            }
            [hop] if !expand.edges => {
                let (mut last, mut distinct, mut seen) = (u64::MAX, 0, 0);
                let _ = hop.visit::<()>(node, |to, _| {
                    distinct += usize::from(to != last);
                    last = to;
                    seen += 1;
                    ControlFlow::Continue(())
                });
                self.push_count(batch, row, distinct, times);
                return seen + 1;
            }
            _ => expand.neighbours(hops, node, &mut self.neighbours),
        };
        let found = self.neighbours.len();
        self.push_count(batch, row, found, times);
        seen + 1
    }

    fn push_count(&mut self, batch: &RecordBatch, row: u32, found: usize, times: Option<usize>) {
        if found == 0 {
            return;
        }
        let times = times
            .map_or(1, |column| batch.column(column).as_primitive::<arrow::datatypes::Int64Type>().value(row as usize));
        self.made.rows.push(row);
        self.made.counts.push(times.saturating_mul(i64::try_from(found).unwrap_or(i64::MAX)));
    }
}

impl Expand {
    fn admits(&self, hop: &Hop) -> bool {
        self.admitted.get(usize::from(hop.to)).copied().unwrap_or(false)
    }

    /// All neighbours of a node over several types of edges: each edge, or each node once. Returns how many edges were
    /// looked at.
    fn neighbours(&self, hops: &[OpenHop<'_>], node: u64, into: &mut Vec<(u64, u64)>) -> usize {
        into.clear();
        for hop in hops {
            let _ = hop.visit::<()>(node, |to, address| {
                into.push((to, address));
                ControlFlow::Continue(())
            });
        }
        let seen = into.len();
        if !self.edges {
            into.sort_unstable();
            into.dedup_by_key(|(to, _)| *to);
        }
        seen
    }

    fn batch(&self, batch: &RecordBatch, made: Made) -> Result<RecordBatch> {
        let count = made.rows.len();
        let rows = UInt32Array::from(made.rows);
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for column in &self.keep {
            columns.push(take(batch.column(*column), &rows, None)?);
        }
        if matches!(self.found, Found::Rows) {
            columns.push(Arc::new(UInt64Array::from(made.nodes)) as ArrayRef);
        }
        if matches!(self.found, Found::Counted(_)) {
            columns.push(Arc::new(Int64Array::from(made.counts)) as ArrayRef);
        } else if self.edges && !matches!(self.found, Found::Any) {
            columns.push(Arc::new(UInt64Array::from(made.edges)) as ArrayRef);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}
