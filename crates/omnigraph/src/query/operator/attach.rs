//! Properties of nodes and edges, fetched for the rows at hand.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, UInt64Array, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;
use serde_json::{Map, Value};

use super::exec::mapped;
use super::{Operator, Stream};
use crate::error::{Error, Result};
use crate::query::graph::{Entities, Nodes, Rows, Shown, ordinal_of, space_of};
use crate::query::json::{Encoding, cell};
use crate::table::{EDGE_DST, EDGE_SRC, ID, RowAddress, Table};

/// A whole node or edge as text: its identity, so that texts are equal and ordered as nodes and edges are, then JSON, which
/// holds no character of code 0.
fn whole(id: &str, ty: &str, object: &Value) -> String {
    format!("{id}\0{ty}\0{object}")
}

/// The JSON of a whole node or edge.
pub(in crate::query) fn shown(whole: &str) -> &str {
    whole.rsplit('\0').next().unwrap_or_default()
}

/// What is attached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::query) enum Field {
    /// A column of the table.
    Column(String),
    /// The name of the type.
    Type,
    /// The whole node or edge, as text: see [`shown`].
    Object,
}

/// Attaches fields of a variable.
#[derive(Debug)]
pub(in crate::query) struct Attach {
    /// The column of the variable.
    pub(in crate::query) column: usize,
    /// What it ranges over.
    pub(in crate::query) entities: Entities,
    /// What is attached, each as one column after those of the input.
    pub(in crate::query) fields: Vec<Field>,
    /// The columns of the input, then the fields.
    pub(in crate::query) schema: SchemaRef,
}

impl Operator for Attach {
    fn name(&self) -> &'static str {
        "Attach"
    }

    fn detail(&self) -> String {
        let first = self.schema.fields().len() - self.fields.len();
        let names: Vec<&str> = self.schema.fields().iter().skip(first).map(|field| field.name().as_str()).collect();
        names.join(", ")
    }

    fn is_brief(&self) -> bool {
        true
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        mapped(self, inputs, |this, batch| async move { this.attach(batch).await })
    }
}

impl Attach {
    async fn attach(&self, batch: RecordBatch) -> Result<RecordBatch> {
        let refs = batch.column(self.column).as_primitive::<UInt64Type>();
        let mut columns = batch.columns().to_vec();
        columns.extend(self.entities.gather(refs, &self.fields).await?);
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

/// One type's part of the rows.
struct Part<'a> {
    name: &'a str,
    table: &'a Arc<Table>,
    shown: &'a [Shown],
    edge: bool,
    /// By row; [`RowAddress::NONE`] where the row is null or another type's.
    addresses: Vec<RowAddress>,
}

impl Entities {
    /// The fields of nodes or edges; null where the number is.
    pub(in crate::query) async fn gather(&self, refs: &UInt64Array, fields: &[Field]) -> Result<Vec<ArrayRef>> {
        let parts = self.parts(refs);
        let mut gathered = Vec::with_capacity(parts.len());
        for part in &parts {
            gathered.push(part.gather(fields).await?);
        }
        if gathered.len() == 1 {
            return gathered.pop().ok_or_else(|| Error::internal("no part"));
        }
        let owner = |row: usize| parts.iter().position(|part| part.addresses.get(row) != Some(&RowAddress::NONE));
        let places: Vec<(usize, usize)> =
            (0..refs.len()).map(|row| owner(row).map_or((parts.len(), 0), |part| (part, row))).collect();
        let merge = |index: usize| {
            let mut arrays: Vec<&dyn Array> = gathered.iter().map(|columns| columns[index].as_ref()).collect();
            let ty = arrays.first().map_or(DataType::Null, |array| array.data_type().clone());
            let null = new_null_array(&ty, 1);
            arrays.push(null.as_ref());
            Ok(interleave(&arrays, &places)?)
        };
        if refs.is_empty() {
            return gathered.pop().ok_or_else(|| Error::internal("a variable of no type"));
        }
        (0..fields.len()).map(merge).collect()
    }

    fn parts(&self, refs: &UInt64Array) -> Vec<Part<'_>> {
        match self {
            Self::Nodes(all) => all.iter().map(|nodes| nodes.part(refs)).collect(),
            Self::Rows(all) => {
                let one = all.len() == 1;
                all.iter().map(|rows| rows.part(refs, one)).collect()
            }
        }
    }
}

impl Nodes {
    fn part(&self, refs: &UInt64Array) -> Part<'_> {
        let address = |node: Option<u64>| match node {
            Some(node) if space_of(node) == self.space => self.rows.address(ordinal_of(node)),
            _ => RowAddress::NONE,
        };
        let addresses = refs.iter().map(address).collect();
        Part { name: &self.name, table: &self.table, shown: &self.shown, edge: false, addresses }
    }
}

impl Rows {
    fn part(&self, refs: &UInt64Array, only: bool) -> Part<'_> {
        let address = |edge: Option<u64>| match edge.map(RowAddress) {
            Some(address) if only || self.table.has_fragment(address.fragment()) => address,
            _ => RowAddress::NONE,
        };
        let addresses = refs.iter().map(address).collect();
        Part { name: &self.name, table: &self.table, shown: &self.shown, edge: self.edge, addresses }
    }
}

impl Part<'_> {
    async fn gather(&self, fields: &[Field]) -> Result<Vec<ArrayRef>> {
        let mut names: Vec<&str> = Vec::new();
        for field in fields {
            match field {
                Field::Column(name) => names.push(name),
                Field::Type => {}
                Field::Object => names.extend(self.object_columns()),
            }
        }
        names.sort_unstable();
        names.dedup();
        let values = if names.is_empty() { Vec::new() } else { self.table.read_at(&self.addresses, &names).await? };
        let value = |name: &str| {
            let index = names.binary_search(&name).ok();
            index.and_then(|index| values.get(index)).ok_or_else(|| Error::internal("a column was not fetched"))
        };
        let field = |field: &Field| match field {
            Field::Column(name) => value(name).cloned(),
            Field::Type => Ok(self.constant(self.name)),
            Field::Object => self.objects(&value),
        };
        fields.iter().map(field).collect()
    }

    fn object_columns(&self) -> impl Iterator<Item = &str> {
        let ends = if self.edge { [EDGE_SRC, EDGE_DST].as_slice() } else { &[] };
        [ID].into_iter().chain(ends.iter().copied()).chain(self.shown.iter().map(|shown| shown.name.as_str()))
    }

    fn constant(&self, text: &str) -> ArrayRef {
        let there = self.addresses.iter().map(|address| (*address != RowAddress::NONE).then_some(text));
        Arc::new(there.collect::<StringArray>())
    }

    fn objects<'v>(&self, value: &impl Fn(&str) -> Result<&'v ArrayRef>) -> Result<ArrayRef> {
        let there = self.addresses.iter().map(|address| *address != RowAddress::NONE);
        objects(self.name, self.edge, self.shown, there, value)
    }
}

/// Whole nodes or edges of rows that have the columns of the type's table.
pub(in crate::query) fn object_of(name: &str, edge: bool, shown: &[Shown], rows: &RecordBatch) -> Result<ArrayRef> {
    let value = |name: &str| {
        rows.column_by_name(name).ok_or_else(|| Error::internal(format!("a row that was written lacks {name}")))
    };
    objects(name, edge, shown, std::iter::repeat_n(true, rows.num_rows()), &value)
}

/// Whole nodes or edges: system fields, then properties. Null where there is none.
fn objects<'v>(
    name: &str,
    edge: bool,
    shown: &[Shown],
    there: impl Iterator<Item = bool>,
    value: &impl Fn(&str) -> Result<&'v ArrayRef>,
) -> Result<ArrayRef> {
    let mut members = vec![("@id", value(ID)?, Encoding::Result)];
    if edge {
        members.extend([("@src", value(EDGE_SRC)?, Encoding::Result), ("@dst", value(EDGE_DST)?, Encoding::Result)]);
    }
    let system = members.len();
    for Shown { name, json } in shown {
        members.push((name, value(name)?, if *json { Encoding::Json } else { Encoding::Result }));
    }
    let object = |(row, there): (usize, bool)| {
        if !there {
            return Ok(None);
        }
        let mut object = Map::with_capacity(members.len() + 1);
        for (index, (member, array, encoding)) in members.iter().enumerate() {
            object.insert((*member).to_owned(), cell(array, row, *encoding)?);
            if edge && index + 1 == system {
                object.insert("@type".to_owned(), name.into());
            }
        }
        let id = value(ID)?.as_string_opt::<i32>().map_or("", |ids| ids.value(row));
        Ok(Some(whole(id, name, &Value::Object(object))))
    };
    let objects = there.enumerate().map(object).collect::<Result<StringArray>>()?;
    Ok(Arc::new(objects))
}
