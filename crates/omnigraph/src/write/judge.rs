//! What staged rows mean for the rows that are there, and whether they may.
//!
//! Judged anew on every base they are to be published on, so a commit never rests on a state that is gone.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::AsArray;
use futures::TryStreamExt;
use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::TablePath;

use super::staged::{Existing, NeededEnd, StagedTable, StagedWrite};
use crate::error::{DataError, Error, Result};
use crate::keys::{KeyHash, KeyIndex};
use crate::snapshot::Snapshot;
use crate::table::{EDGE_DST, EDGE_SRC, ID, RowAddress, Scan, Table};

/// An edge whose end does not exist.
const UNKNOWN_END: &str = "OG-LOAD-012";

/// What a staged table does to its base.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) base: Arc<Table>,
    /// Rows that go.
    pub(super) gone: Vec<RowAddress>,
}

/// Judges `staged` on `base`.
pub(super) async fn judge(staged: &StagedWrite, base: &Snapshot) -> Result<Vec<Judged>> {
    let mut judged = Vec::with_capacity(staged.tables.len());
    for table in &staged.tables {
        judged.push(judge_table(table, base).await?);
    }
    let replaced: HashMap<&TablePath, &StagedTable> =
        staged.tables.iter().filter(|table| table.replace).map(|table| (&table.path, table)).collect();
    find_ends(staged, base, &replaced).await?;
    if !replaced.is_empty() {
        keep_ends(staged, base, &replaced).await?;
    }
    Ok(judged)
}

async fn judge_table(staged: &StagedTable, snapshot: &Snapshot) -> Result<Judged> {
    let base = snapshot.table(&staged.path).await?;
    if staged.replace || staged.keys.is_empty() || base.rows() == 0 {
        return Ok(Judged { base, gone: Vec::new() });
    }
    let index = snapshot.shared.keys.of(&base).await?;
    let mut gone = Vec::new();
    for address in staged.keys.iter().filter_map(|key| index.get(*key)) {
        if staged.existing == Existing::Refuse {
            let id = id_at(&base, address).await?;
            return Err(Error::KeyConflict { message: format!("{} already has id '{id}'", staged.describe) });
        }
        gone.push(address);
    }
    gone.sort_unstable();
    Ok(Judged { base, gone })
}

/// Every end that the staged rows lack must be a row that is there and stays.
async fn find_ends(staged: &StagedWrite, base: &Snapshot, replaced: &HashMap<&TablePath, &StagedTable>) -> Result<()> {
    let mut indexes: HashMap<&TablePath, KeyIndex> = HashMap::new();
    let mut missing: Option<&NeededEnd> = None;
    for end in &staged.ends {
        if !replaced.contains_key(&end.node) && !indexes.contains_key(&end.node) {
            let table = base.table(&end.node).await?;
            indexes.insert(&end.node, base.shared.keys.of(&table).await?);
        }
        let found = indexes.get(&end.node).is_some_and(|index| index.contains(end.key));
        if !found && missing.is_none_or(|first| end.line < first.line) {
            missing = Some(end);
        }
    }
    missing.map_or(Ok(()), |end| Err(unknown_end(end, &staged.origin)))
}

fn unknown_end(end: &NeededEnd, origin: &str) -> Error {
    let NeededEnd { line, id, column, node_name, edge_name, .. } = end;
    Error::Data(Box::new(DataError {
        code: UNKNOWN_END,
        message: format!("line {line}: {column} '{id}' not found in {node_name}; both ends of {edge_name} must exist"),
        file: origin.to_owned(),
        line: *line,
        column: 0,
        source_line: format!("{{\"edge\": \"{edge_name}\", … \"{}\": \"{id}\" …}}", member(column)),
    }))
}

fn member(column: &str) -> &'static str {
    if column == EDGE_SRC { "from" } else { "to" }
}

/// Edges that stay must keep their ends when a node table is replaced.
async fn keep_ends(staged: &StagedWrite, base: &Snapshot, replaced: &HashMap<&TablePath, &StagedTable>) -> Result<()> {
    let catalog: &Catalog = base.catalog();
    for edge in catalog.edges.values() {
        let path = TablePath::edge(edge.table);
        if replaced.contains_key(&path) {
            continue;
        }
        for (node, column) in [(&edge.from, EDGE_SRC), (&edge.to, EDGE_DST)] {
            let Some(node_type) = catalog.nodes.get(node) else { continue };
            let Some(nodes) = replaced.get(&TablePath::node(node_type.table)) else { continue };
            let table = base.table(&path).await?;
            if let Some(id) = first_lost_end(&table, column, nodes).await? {
                return Err(Error::Request {
                    message: format!(
                        "{}: {column} '{id}' not found in {node}: an edge {} that is there already points to it and {node} \
                         is replaced. Load {} too, or use --mode merge",
                        staged.origin, edge.name, edge.name
                    ),
                });
            }
        }
    }
    Ok(())
}

async fn first_lost_end(table: &Table, column: &str, nodes: &StagedTable) -> Result<Option<String>> {
    if table.rows() == 0 {
        return Ok(None);
    }
    let scan = Scan { columns: vec![column.to_owned()], ..Scan::default() };
    let mut batches = std::pin::pin!(table.scan(scan).await?);
    while let Some(batch) = batches.try_next().await? {
        let Some(ids) = batch.column(0).as_string_opt::<i32>() else { continue };
        if let Some(lost) = ids.iter().flatten().find(|id| !nodes.keys.contains(&KeyHash::of(id))) {
            return Ok(Some(lost.to_owned()));
        }
    }
    Ok(None)
}

/// The id of the row at `address`, for a message.
async fn id_at(table: &Table, address: RowAddress) -> Result<String> {
    let scan = Scan {
        columns: vec![ID.to_owned()],
        fragments: Some([address.fragment()].into()),
        addresses: true,
        ..Scan::default()
    };
    let mut batches = std::pin::pin!(table.scan(scan).await?);
    while let Some(batch) = batches.try_next().await? {
        let addresses = batch.column(1).as_primitive_opt::<arrow::datatypes::UInt64Type>();
        let row = addresses.and_then(|addresses| addresses.values().iter().position(|at| *at == address.0));
        if let (Some(row), Some(ids)) = (row, batch.column(0).as_string_opt::<i32>()) {
            return Ok(ids.value(row).to_owned());
        }
    }
    Ok(String::new())
}
