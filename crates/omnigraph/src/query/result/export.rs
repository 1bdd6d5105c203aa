//! Exports of a snapshot as NDJSON that loads again: edges, then nodes, types by name, rows by id.

use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use futures::TryStreamExt;
use omnigraph_compiler::catalog::Property;
use omnigraph_history::TablePath;

use super::json::{JsonRow, TextFormat, cell_to_json};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::table::{EDGE_DST, EDGE_SRC, ID, Scan};

/// One type to export.
struct ExportedType<'a> {
    name: &'a str,
    is_edge: bool,
    path: TablePath,
    /// Properties by name.
    properties: Vec<&'a Property>,
}

impl<'a> ExportedType<'a> {
    fn new(name: &'a str, is_edge: bool, path: TablePath, properties: &'a [Property]) -> Self {
        let mut properties: Vec<&Property> = properties.iter().collect();
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        Self { name, is_edge, path, properties }
    }
}

impl Snapshot {
    /// Writes every row of the named types, or of all types if `types` is empty, as lines of the load format.
    ///
    /// # Errors
    ///
    /// If a name is not that of a node or edge type, or `out` fails.
    pub async fn export(&self, types: &[String], out: &mut (dyn Write + Send)) -> Result<()> {
        for exported in self.exported_types(types)? {
            self.export_type(&exported, out).await?;
        }
        out.flush().map_err(|error| output_error(&error))
    }

    fn exported_types(&self, types: &[String]) -> Result<Vec<ExportedType<'_>>> {
        let catalog = self.catalog();
        let known = |name: &String| catalog.nodes.contains_key(name) || catalog.edges.contains_key(name);
        if let Some(unknown) = types.iter().find(|name| !known(name)) {
            return Err(Error::request(format!("the schema has no node or edge type '{unknown}'")));
        }
        let edges = catalog
            .edges
            .values()
            .map(|edge| ExportedType::new(&edge.name, true, TablePath::edge(edge.table), &edge.properties));
        let nodes = catalog
            .nodes
            .values()
            .map(|node| ExportedType::new(&node.name, false, TablePath::node(node.table), &node.properties));
        let wanted = |name: &str| types.is_empty() || types.iter().any(|wanted| wanted == name);
        Ok(edges.chain(nodes).filter(|exported| wanted(exported.name)).collect())
    }

    async fn export_type(&self, exported: &ExportedType<'_>, out: &mut (dyn Write + Send)) -> Result<()> {
        let table = self.table(&exported.path).await?;
        if table.rows() == 0 {
            return Ok(());
        }
        let columns = table.schema().fields().iter().map(|field| field.name().clone()).collect();
        let scan = Scan { columns, ..Scan::default() };
        let batches: Vec<RecordBatch> = table.scan(&scan)?.try_collect().await?;
        let sorted = sort_by_id(&batches)?;
        for row in 0..sorted.num_rows() {
            let line = load_line(exported, &sorted, row)?;
            writeln!(out, "{line}").map_err(|error| output_error(&error))?;
        }
        Ok(())
    }
}

fn sort_by_id(batches: &[RecordBatch]) -> Result<RecordBatch> {
    let failed = |error: arrow::error::ArrowError| Error::internal(format!("cannot sort an export: {error}"));
    let Some(first) = batches.first() else { return Err(Error::internal("a scan without batches")) };
    let all = concat_batches(&first.schema(), batches).map_err(failed)?;
    let order = sort_to_indices(column(&all, ID)?, None, None).map_err(failed)?;
    take_record_batch(&all, &order).map_err(failed)
}

fn load_line(exported: &ExportedType<'_>, rows: &RecordBatch, row: usize) -> Result<String> {
    let mut data = JsonRow::new();
    data.insert(ID.to_owned(), text(rows, ID, row)?);
    for property in &exported.properties {
        let value = cell_to_json(column(rows, &property.name)?, row, TextFormat::from_property(property))?;
        data.insert(property.name.clone(), value);
    }
    let mut line = JsonRow::new();
    line.insert(if exported.is_edge { "edge" } else { "type" }.to_owned(), exported.name.into());
    if exported.is_edge {
        line.insert("from".to_owned(), text(rows, EDGE_SRC, row)?);
        line.insert("to".to_owned(), text(rows, EDGE_DST, row)?);
    }
    line.insert("data".to_owned(), data.into());
    Ok(serde_json::Value::Object(line).to_string())
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    rows.column_by_name(name).ok_or_else(|| Error::internal(format!("a scan without column {name}")))
}

fn text(rows: &RecordBatch, name: &str, row: usize) -> Result<serde_json::Value> {
    let texts = column(rows, name)?.as_string_opt::<i32>();
    let texts = texts.filter(|texts| texts.is_valid(row));
    texts.map(|texts| texts.value(row).into()).ok_or_else(|| Error::internal(format!("column {name} holds null")))
}

fn output_error(error: &std::io::Error) -> Error {
    Error::request(format!("cannot write the export: {error}"))
}
