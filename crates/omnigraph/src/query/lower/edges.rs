//! What is asked of every edge of a type before a walk begins: which may be walked, and at what cost.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Field as ArrowField, Float64Type, Schema, UInt64Type};
use arrow::record_batch::RecordBatch;
use hashbrown::HashMap;
use omnigraph_compiler::ir::{Expand, Expr, ExprKind, VarId, Walk};
use omnigraph_walk::EdgeSet;

use super::Lowering;
use super::flow::{Computed, Flow};
use super::mention::variables;
use super::scope::{Binding, Scope, column};
use crate::error::{Error, Result};
use crate::query::graph::{Entities, Rows};
use crate::query::operator::{Seed, checked_cost, node};
use crate::query::run::collect;
use crate::table::{CHUNK_ROWS, RowAddress};

/// The column of an edge's cost.
pub(super) const COST: &str = "cost";

/// What is asked of every edge of a walk.
#[derive(Debug, Default)]
pub(super) struct Conditions<'a> {
    /// Conditions that read the edge alone: what they allow is the same for every row.
    pub(super) of_edge: Vec<&'a Expr>,
    /// Conditions that read more of a row.
    pub(super) of_row: Vec<&'a Expr>,
}

/// The conditions on a walk.
pub(super) fn conditions(walk: &Walk) -> Conditions<'_> {
    let parts: Vec<&Expr> = match walk.filter.as_ref() {
        None => Vec::new(),
        Some(Expr { kind: ExprKind::And(parts), .. }) => parts.iter().collect(),
        Some(filter) => vec![filter],
    };
    let (of_edge, of_row) = parts.into_iter().partition(|part| reads_only(part, walk.edge.id));
    Conditions { of_edge, of_row }
}

/// Whether an expression reads no variable but this one.
pub(super) fn reads_only(expr: &Expr, var: VarId) -> bool {
    variables([expr]).iter().all(|read| *read == var)
}

impl Lowering {
    /// The edges of a type for which conditions on the walk hold that read nothing else.
    pub(super) async fn allowed(&mut self, edge: &str, var: VarId, conditions: &[&Expr]) -> Result<Arc<EdgeSet>> {
        let edges = self.graph.edges(edge).await?;
        let (seed, flow) = leaf(&edges, var);
        let flow = self.filter(flow, conditions, |name| name == column(var)).await?;
        let mut allowed = EdgeSet::default();
        for batch in self.of_all_edges(&edges, &seed, &flow).await? {
            for address in batch.column(flow.place(&column(var))?).as_primitive::<UInt64Type>().values() {
                allowed.insert(*address);
            }
        }
        Ok(Arc::new(allowed))
    }

    /// The cost of each edge that a search for cheapest paths may walk.
    pub(super) async fn costs(&mut self, expand: &Expand, cost: &Expr) -> Result<HashMap<u64, f64>> {
        let walk = expand.walk.as_ref().ok_or_else(|| Error::internal("a cost of no edge"))?;
        let var = walk.edge.id;
        let mut costs = HashMap::new();
        for step in &expand.steps {
            let edges = self.graph.edges(&step.edge.name).await?;
            let (seed, flow) = leaf(&edges, var);
            let flow = self.filter(flow, &conditions(walk).of_edge, |name| name == column(var)).await?;
            let flow = self.compute(flow, &[Computed { name: COST.to_owned(), expr: cost }]).await?;
            for batch in self.of_all_edges(&edges, &seed, &flow).await? {
                let addresses = batch.column(flow.place(&column(var))?).as_primitive::<UInt64Type>();
                let values = arrow::compute::cast(batch.column(flow.place(COST)?), &DataType::Float64)?;
                let values = values.as_primitive::<Float64Type>();
                for (row, address) in addresses.values().iter().enumerate() {
                    let value = values.is_valid(row).then(|| values.value(row));
                    costs.insert(*address, checked_cost(value, &edges.name)?);
                }
            }
        }
        Ok(costs)
    }

    /// Runs a plan over all edges of a type.
    async fn of_all_edges(&self, edges: &Rows, seed: &Seed, flow: &Flow) -> Result<Vec<RecordBatch>> {
        let schema = Arc::new(Schema::new(vec![ArrowField::new("edge", DataType::UInt64, true)]));
        let mut batches = Vec::new();
        for fragment in edges.table.fragments(None).await? {
            let offsets: Vec<u32> = (0..fragment.written).filter(|offset| fragment.lives(*offset)).collect();
            for chunk in offsets.chunks(CHUNK_ROWS) {
                let addresses = chunk.iter().map(|offset| RowAddress::new(fragment.id, *offset).0);
                let addresses: ArrayRef = Arc::new(UInt64Array::from_iter_values(addresses));
                seed.fill(RecordBatch::try_new(Arc::clone(&schema), vec![addresses])?);
                batches.extend(collect(Arc::clone(&flow.plan), &self.budget).await?);
            }
        }
        Ok(batches)
    }
}

/// A plan of edges that are given batch by batch.
fn leaf(edges: &Arc<Rows>, var: VarId) -> (Seed, Flow) {
    let seed = Seed::default();
    let schema = Arc::new(Schema::new(vec![ArrowField::new(column(var), DataType::UInt64, true)]));
    let mut scope = Scope::default();
    scope.bindings.insert(var, Binding::Entity(Entities::Rows(vec![Arc::clone(edges)])));
    (seed.clone(), Flow { plan: node(seed, Vec::new(), schema), scope })
}
