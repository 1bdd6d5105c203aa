//! A snapshot as NDJSON that loads again: edges, then nodes, types by name, rows by id.

use std::io::Write;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use futures::TryStreamExt;
use omnigraph_compiler::catalog::Property;
use omnigraph_log::TablePath;

use crate::error::{Error, Result};
use crate::query::json::{Encoding, cell};
use crate::snapshot::Snapshot;
use crate::table::{EDGE_DST, EDGE_SRC, ID, Scan};

/// One type to export.
struct Exported<'a> {
    name: &'a str,
    edge: bool,
    path: TablePath,
    properties: &'a [Property],
}

impl Snapshot {
    /// Writes every row of the types named, or of all types when none is, as lines of the load format.
    ///
    /// # Errors
    ///
    /// If a name is no type, or `out` fails.
    pub async fn export(&self, types: &[String], out: &mut (dyn Write + Send)) -> Result<()> {
        for exported in self.exported(types)? {
            self.export_type(&exported, out).await?;
        }
        out.flush().map_err(|error| output(&error))
    }

    fn exported(&self, types: &[String]) -> Result<Vec<Exported<'_>>> {
        let catalog = self.catalog();
        let known = |name: &String| catalog.nodes.contains_key(name) || catalog.edges.contains_key(name);
        if let Some(unknown) = types.iter().find(|name| !known(name)) {
            return Err(Error::request(format!("the schema has no node or edge type '{unknown}'")));
        }
        let wanted = |name: &str| types.is_empty() || types.iter().any(|wanted| wanted == name);
        let edges = catalog.edges.values().map(|edge| Exported {
            name: &edge.name,
            edge: true,
            path: TablePath::edge(edge.table),
            properties: &edge.properties,
        });
        let nodes = catalog.nodes.values().map(|node| Exported {
            name: &node.name,
            edge: false,
            path: TablePath::node(node.table),
            properties: &node.properties,
        });
        Ok(edges.chain(nodes).filter(|exported| wanted(exported.name)).collect())
    }

    async fn export_type(&self, exported: &Exported<'_>, out: &mut (dyn Write + Send)) -> Result<()> {
        let table = self.table(&exported.path).await?;
        if table.rows() == 0 {
            return Ok(());
        }
        let columns = table.schema().fields().iter().map(|field| field.name().clone()).collect();
        let scan = Scan { columns, ..Scan::default() };
        let batches: Vec<RecordBatch> = table.scan(scan).await?.try_collect().await?;
        let sorted = by_id(&batches)?;
        let mut properties: Vec<&Property> = exported.properties.iter().collect();
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        for row in 0..sorted.num_rows() {
            let line = line(exported, &sorted, &properties, row)?;
            writeln!(out, "{line}").map_err(|error| output(&error))?;
        }
        Ok(())
    }
}

fn by_id(batches: &[RecordBatch]) -> Result<RecordBatch> {
    let failed = |error: arrow::error::ArrowError| Error::internal(format!("sorting an export: {error}"));
    let Some(first) = batches.first() else { return Err(Error::internal("a scan without batches")) };
    let whole = concat_batches(&first.schema(), batches).map_err(failed)?;
    let ids = column(&whole, ID)?;
    let order = sort_to_indices(ids, None, None).map_err(failed)?;
    take_record_batch(&whole, &order).map_err(failed)
}

fn line(exported: &Exported<'_>, rows: &RecordBatch, properties: &[&Property], row: usize) -> Result<String> {
    let mut data = serde_json::Map::new();
    data.insert(ID.to_owned(), text(rows, ID, row)?);
    for property in properties {
        data.insert(property.name.clone(), cell(column(rows, &property.name)?, row, Encoding::of_load(property))?);
    }
    let mut line = serde_json::Map::new();
    line.insert(if exported.edge { "edge" } else { "type" }.to_owned(), exported.name.into());
    if exported.edge {
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
    texts.map(|texts| texts.value(row).into()).ok_or_else(|| Error::internal(format!("column {name} is no text")))
}

fn output(error: &std::io::Error) -> Error {
    Error::request(format!("cannot write the export: {error}"))
}
