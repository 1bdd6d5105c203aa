//! Inputs of planning, which never change, and the state of the plan under construction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray};
use arrow::datatypes::{DataType, Float32Type};
use omnigraph_compiler::catalog::{Catalog, EdgeType, NodeType};
use omnigraph_compiler::ir::{ExprType, RowCount, TypeRef, Value, VarId};
use omnigraph_expr::ColumnarValue;
use omnigraph_history::TablePath;

use super::scope::{ColumnId, ColumnRole};
use crate::error::{Error, Result};
use crate::index::topology::{AdjacencyLookup, EndpointFilter};
use crate::query::limits::QueryBudget;
use crate::query::tables::{EntitySet, NodeTable, RowTable, shown_properties};
use crate::snapshot::Snapshot;

/// Read-only inputs of planning: the snapshot with its catalog, the parameters, the time and the budget.
#[derive(Clone, Debug)]
pub(crate) struct PlanContext {
    pub(super) snapshot: Snapshot,
    params: Vec<Value>,
    pub(super) now_millis: i64,
    pub(super) budget: Arc<QueryBudget>,
}

impl PlanContext {
    /// Creates the context of a request that starts now.
    pub(crate) fn new(snapshot: &Snapshot, params: Vec<Value>, budget: Arc<QueryBudget>) -> Self {
        Self { snapshot: snapshot.clone(), params, now_millis: snapshot.now_millis(), budget }
    }

    /// Sets the time of the request, in Unix milliseconds.
    pub(crate) fn with_time(mut self, now_millis: i64) -> Self {
        self.now_millis = now_millis;
        self
    }

    pub(super) fn catalog(&self) -> &Catalog {
        self.snapshot.catalog()
    }

    /// Returns the value of a parameter, as an array of one.
    pub(super) fn parameter(&self, index: usize, ty: &ExprType) -> Result<ArrayRef> {
        let value = self.params.get(index).ok_or_else(|| Error::internal(format!("parameter {index} is missing")))?;
        constant_array(value, ty)
    }

    /// Returns the value of a limit or offset.
    pub(super) fn row_count(&self, count: Option<RowCount>) -> Result<Option<usize>> {
        let number = match count {
            None => return Ok(None),
            Some(RowCount::Literal(number)) => number,
            Some(RowCount::Param(index)) => match self.params.get(index) {
                Some(Value::I64(number)) if *number >= 0 => number.unsigned_abs(),
                Some(Value::U64(number)) => *number,
                Some(Value::Null) | None => return Ok(None),
                Some(Value::I64(number)) => {
                    return Err(Error::request(format!("invalid limit or offset {number}: it must not be negative")));
                }
                Some(_) => return Err(Error::internal("a limit or offset of another type")),
            },
        };
        Ok(Some(usize::try_from(number).unwrap_or(usize::MAX)))
    }

    fn node(&self, name: &str) -> Result<&NodeType> {
        self.catalog().nodes.get(name).ok_or_else(|| unknown_type(name))
    }

    fn edge(&self, name: &str) -> Result<&EdgeType> {
        self.catalog().edges.get(name).ok_or_else(|| unknown_type(name))
    }

    /// Returns the index of a node type in the catalog.
    pub(super) fn node_type(&self, name: &str) -> Result<u16> {
        let index = self.catalog().nodes.keys().position(|known| known == name);
        index.and_then(|index| u16::try_from(index).ok()).ok_or_else(|| unknown_type(name))
    }

    /// Returns the number of node types.
    pub(super) fn node_type_count(&self) -> usize {
        self.catalog().nodes.len()
    }

    /// Returns the indexes of the source and target types of an edge type.
    pub(super) fn endpoint_types(&self, name: &str) -> Result<(u16, u16)> {
        let edge = self.edge(name)?;
        Ok((self.node_type(&edge.from)?, self.node_type(&edge.to)?))
    }

    /// Returns the number of rows of a type, from the commit.
    pub(super) fn type_rows(&self, name: &str) -> u64 {
        let catalog = self.catalog();
        let node = catalog.nodes.get(name).map(|node| TablePath::node(node.table));
        let path = node.or_else(|| catalog.edges.get(name).map(|edge| TablePath::edge(edge.table)));
        path.and_then(|path| self.snapshot.record().tables.get(&path).map(|pin| pin.rows)).unwrap_or_default()
    }

    /// Reports if a property alone is the key of all these types.
    pub(super) fn is_sole_key<'n>(&self, types: impl IntoIterator<Item = &'n str>, property: &str) -> bool {
        types.into_iter().all(|name| {
            let key = self.catalog().nodes.get(name).and_then(|node| node.key.as_deref());
            key.is_some_and(|key| matches!(key, [only] if only == property))
        })
    }

    async fn node_table(&self, name: &str) -> Result<Arc<NodeTable>> {
        let node = self.node(name)?;
        let table = self.snapshot.table(&TablePath::node(node.table)).await?;
        Ok(Arc::new(NodeTable {
            node_type: self.node_type(name)?,
            name: name.to_owned(),
            rows: self.snapshot.node_rows(&table).await?,
            ordinals: self.snapshot.node_ordinals(table.path()),
            table,
            shown: shown_properties(&node.properties),
        }))
    }

    /// Opens the table of an edge type.
    pub(super) async fn edge_table(&self, name: &str) -> Result<Arc<RowTable>> {
        let edge = self.edge(name)?;
        let table = self.snapshot.table(&TablePath::edge(edge.table)).await?;
        Ok(Arc::new(RowTable {
            name: name.to_owned(),
            is_edge: true,
            table,
            shown: shown_properties(&edge.properties),
        }))
    }

    /// Opens node tables and assigns ordinals to their nodes.
    pub(super) async fn nodes_by_ordinal(&self, types: &[TypeRef]) -> Result<EntitySet> {
        let mut nodes = Vec::with_capacity(types.len());
        for ty in types {
            nodes.push(self.node_table(&ty.name).await?);
        }
        nodes.sort_by_key(|nodes| nodes.node_type);
        Ok(EntitySet::Nodes(nodes))
    }

    /// Opens node tables whose nodes no operator connects: they need no ordinals.
    pub(super) async fn nodes_by_address(&self, types: &[TypeRef]) -> Result<EntitySet> {
        let mut rows = Vec::with_capacity(types.len());
        for TypeRef { name, .. } in types {
            let node = self.node(name)?;
            let table = self.snapshot.table(&TablePath::node(node.table)).await?;
            let shown = shown_properties(&node.properties);
            rows.push(Arc::new(RowTable { name: name.clone(), is_edge: false, table, shown }));
        }
        Ok(EntitySet::Rows(rows))
    }

    /// Opens the node tables of the types at these indexes.
    pub(super) async fn nodes_of_types(&self, node_types: impl IntoIterator<Item = u16>) -> Result<EntitySet> {
        let wanted: BTreeSet<u16> = node_types.into_iter().collect();
        let mut nodes = Vec::with_capacity(wanted.len());
        for (index, name) in (0u16..).zip(self.catalog().nodes.keys()) {
            if wanted.contains(&index) {
                nodes.push(self.node_table(name).await?);
            }
        }
        Ok(EntitySet::Nodes(nodes))
    }

    /// Opens edge tables.
    pub(super) async fn edges(&self, types: &[TypeRef]) -> Result<EntitySet> {
        let mut edges = Vec::with_capacity(types.len());
        for ty in types {
            edges.push(self.edge_table(&ty.name).await?);
        }
        Ok(EntitySet::Rows(edges))
    }

    /// Returns the adjacency of an edge type, or at least its edges at the nodes in `endpoints`.
    pub(super) async fn adjacency(&self, name: &str, endpoints: Option<EndpointFilter<'_>>) -> Result<AdjacencyLookup> {
        let edge = self.edge(name)?;
        match endpoints {
            Some(endpoints) => self.snapshot.adjacency_at(edge, endpoints).await,
            None => Ok(AdjacencyLookup { adjacency: self.snapshot.adjacency(edge).await?, by_endpoint_scan: false }),
        }
    }
}

fn unknown_type(name: &str) -> Error {
    Error::internal(format!("type '{name}' is not in the catalog"))
}

/// Returns a constant of a type, as an array of one.
pub(super) fn constant_array(value: &Value, ty: &ExprType) -> Result<ArrayRef> {
    if let Value::Blob(text) = value {
        let bytes = omnigraph_expr::decode_blob(text).map_err(|problem| Error::request(problem.to_string()))?;
        return Ok(Arc::new(LargeBinaryArray::from_vec(vec![&bytes])));
    }
    let constant = ColumnarValue::constant(value, ty);
    Ok(constant.map_err(|failure| Error::internal(failure.kind.to_string()))?.array().clone())
}

/// Returns the numbers of a vector or list that is an array of one, or `None` for null.
pub(super) fn vector_components(array: &ArrayRef) -> Option<Vec<f32>> {
    let items = match array.data_type() {
        _ if array.is_null(0) => return None,
        DataType::FixedSizeList(..) => array.as_fixed_size_list().value(0),
        DataType::List(_) => array.as_list::<i32>().value(0),
        _ => return None,
    };
    let items = arrow::compute::cast(&items, &DataType::Float32).ok()?;
    Some(items.as_primitive::<Float32Type>().values().to_vec())
}

/// The state of the plan under construction.
#[derive(Debug, Default)]
pub(crate) struct PlanBuilder {
    /// The number of generated columns.
    generated: usize,
    /// Variables of the current body that operators connect, compare or score.
    pub(super) bound_by_ordinal: BTreeSet<VarId>,
    /// Ids of bound variables that conditions restrict to constants.
    pub(super) known_ids: BTreeMap<VarId, Vec<String>>,
    /// The caller probably takes only the first rows of the current body.
    pub(super) limit_hint: bool,
}

impl PlanBuilder {
    /// Reserves the ids of columns that another plan generated.
    pub(super) fn reserve_columns(&mut self, columns: &[ColumnId]) {
        let number = |column: &ColumnId| match column {
            ColumnId::Numbered(_, number) => *number,
            _ => 0,
        };
        self.generated = columns.iter().map(number).fold(self.generated, usize::max);
    }

    /// Generates the id of a new column.
    pub(super) fn new_column(&mut self, role: ColumnRole) -> ColumnId {
        self.generated += 1;
        ColumnId::Numbered(role, self.generated)
    }
}

/// Plans one query or statement.
#[derive(Debug)]
pub(crate) struct Planner {
    pub(super) context: PlanContext,
    pub(super) builder: PlanBuilder,
}

impl Planner {
    pub(crate) fn new(context: PlanContext) -> Self {
        Self { context, builder: PlanBuilder::default() }
    }
}
