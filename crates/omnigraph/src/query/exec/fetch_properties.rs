//! Fields of nodes and edges, fetched for the rows at hand.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, UInt64Array, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;
use omnigraph_traversal::NodeRef;

use super::operator::map_batches;
use super::{BatchStream, GraphOperator};
use crate::error::{Error, Result};
use crate::query::result::json::EntityShape;
use crate::query::tables::{EntitySet, NodeTable, RowTable};
use crate::table::{RowAddress, Table};

/// A field of a node or edge.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum EntityField {
    /// A column of the table.
    Column(String),
    /// The name of the type.
    Type,
    /// The whole node or edge, see [`EntityShape::encode`].
    Object,
}

/// Appends fields of a variable.
#[derive(Debug)]
pub(crate) struct FetchProperties {
    /// Position of the variable's column.
    pub(crate) column: usize,
    pub(crate) entities: EntitySet,
    pub(crate) fields: Vec<EntityField>,
    /// The columns of the input, then the fields.
    pub(crate) schema: SchemaRef,
}

impl GraphOperator for FetchProperties {
    fn name(&self) -> &'static str {
        "Attach"
    }

    fn detail(&self) -> String {
        let first = self.schema.fields().len() - self.fields.len();
        let names: Vec<&str> = self.schema.fields().iter().skip(first).map(|field| field.name().as_str()).collect();
        names.join(", ")
    }

    fn is_point_lookup(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        map_batches(self, inputs, |this, batch| async move { this.fetch(batch).await })
    }
}

impl FetchProperties {
    async fn fetch(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let refs = batch.column(self.column).as_primitive::<UInt64Type>();
        let mut columns = batch.columns().to_vec();
        columns.extend(self.entities.fetch(refs, &self.fields).await?);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// The rows of one type among nodes or edges.
struct TypeRows<'a> {
    table: &'a Arc<Table>,
    shape: EntityShape<'a>,
    /// Addresses by row; [`RowAddress::NONE`] if the row is null or of another type.
    addresses: Vec<RowAddress>,
}

impl EntitySet {
    /// Fetches fields of nodes or edges. The fields of null are null.
    pub(super) async fn fetch(&self, refs: &UInt64Array, fields: &[EntityField]) -> Result<Vec<ArrayRef>> {
        let types = self.rows_by_type(refs);
        let mut fetched = Vec::with_capacity(types.len());
        for rows in &types {
            fetched.push(rows.fetch(fields).await?);
        }
        if fetched.len() == 1 || refs.is_empty() {
            return fetched.pop().ok_or_else(|| Error::internal("a variable without types"));
        }
        let owner = |row: usize| types.iter().position(|rows| rows.addresses.get(row) != Some(&RowAddress::NONE));
        let positions: Vec<(usize, usize)> =
            (0..refs.len()).map(|row| owner(row).map_or((types.len(), 0), |owner| (owner, row))).collect();
        let merge = |index: usize| {
            let mut arrays: Vec<&dyn Array> = fetched.iter().map(|columns| columns[index].as_ref()).collect();
            let ty = arrays.first().map_or(DataType::Null, |array| array.data_type().clone());
            let null = new_null_array(&ty, 1);
            arrays.push(null.as_ref());
            Ok(interleave(&arrays, &positions)?)
        };
        (0..fields.len()).map(merge).collect()
    }

    fn rows_by_type(&self, refs: &UInt64Array) -> Vec<TypeRows<'_>> {
        match self {
            Self::Nodes(all) => all.iter().map(|nodes| nodes.rows_among(refs)).collect(),
            Self::Rows(all) => {
                let is_only_type = all.len() == 1;
                all.iter().map(|rows| rows.rows_among(refs, is_only_type)).collect()
            }
        }
    }
}

impl NodeTable {
    fn rows_among(&self, refs: &UInt64Array) -> TypeRows<'_> {
        let address = |node: Option<u64>| node.map_or(RowAddress::NONE, |node| self.address(NodeRef(node)));
        let shape = EntityShape { type_name: &self.name, is_edge: false, properties: &self.shown };
        TypeRows { table: &self.table, shape, addresses: refs.iter().map(address).collect() }
    }
}

impl RowTable {
    fn rows_among(&self, refs: &UInt64Array, is_only_type: bool) -> TypeRows<'_> {
        let address = |row: Option<u64>| match row.map(RowAddress) {
            Some(address) if is_only_type || self.table.has_fragment(address.fragment()) => address,
            _ => RowAddress::NONE,
        };
        let shape = EntityShape { type_name: &self.name, is_edge: self.is_edge, properties: &self.shown };
        TypeRows { table: &self.table, shape, addresses: refs.iter().map(address).collect() }
    }
}

impl TypeRows<'_> {
    async fn fetch(&self, fields: &[EntityField]) -> Result<Vec<ArrayRef>> {
        let mut names: Vec<&str> = Vec::new();
        for field in fields {
            match field {
                EntityField::Column(name) => names.push(name),
                EntityField::Type => {}
                EntityField::Object => names.extend(self.shape.columns()),
            }
        }
        names.sort_unstable();
        names.dedup();
        let values = match names.is_empty() {
            true => Vec::new(),
            false => self.table.columns_by_address(&self.addresses, &names).await?,
        };
        let column = |name: &str| {
            let index = names.binary_search(&name).ok();
            index.and_then(|index| values.get(index)).ok_or_else(|| Error::internal("a column was not fetched"))
        };
        let present = || self.addresses.iter().map(|address| *address != RowAddress::NONE);
        let field = |field: &EntityField| match field {
            EntityField::Column(name) => column(name).cloned(),
            EntityField::Type => {
                let names = present().map(|present| present.then_some(self.shape.type_name));
                Ok(Arc::new(names.collect::<StringArray>()) as ArrayRef)
            }
            EntityField::Object => self.shape.encode(present(), &column),
        };
        fields.iter().map(field).collect()
    }
}
