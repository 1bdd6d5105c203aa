//! Updates and deletions. A deleted node takes the edges with it that cascade.

use arrow::array::{AsArray, StringArray};
use omnigraph_compiler::catalog::OnDelete;
use omnigraph_compiler::ir::{DeleteRows, Expr, MutationStatement, UpdateRows};
use omnigraph_history::TablePath;
use omnigraph_traversal::EdgeDirection;

use super::change_set::IdSource;
use super::insert::cast_to_draft;
use super::statements::StatementExecutor;
use crate::error::{Error, Result};
use crate::index::key::KeyHash;
use crate::query::MatchedRows;
use crate::snapshot::Snapshot;
use crate::table::{ID, RowAddress};
use crate::write::commit::id_column;
use crate::write::constraints::{RowPlan, check_nulls};

impl StatementExecutor<'_> {
    /// Updates the rows that satisfy a condition and returns their number.
    pub(super) async fn update(
        &mut self,
        plan: &RowPlan,
        statement: &MutationStatement,
        update: &UpdateRows,
    ) -> Result<u64> {
        let view = self.view(&[&plan.path]).await?;
        let values: Vec<Expr> = update.assignments.iter().map(|assignment| assignment.value.clone()).collect();
        let MatchedRows { rows, values, .. } =
            self.match_rows(plan, &view, statement, &update.predicate, &values).await?;
        if rows.num_rows() == 0 {
            return Ok(0);
        }
        let mut columns = rows.columns().to_vec();
        for (assignment, value) in update.assignments.iter().zip(values) {
            let index = plan.schema.index_of(&assignment.property.name)?;
            if let Some(column) = columns.get_mut(index) {
                *column = value;
            }
        }
        let draft = cast_to_draft(plan, columns)?;
        check_nulls(plan, &draft)?;
        let rows = plan.with_ids(&draft, id_column(&rows)?.clone())?;
        self.changes.write_rows(&plan.path, || plan.label(), &rows, IdSource::Given)
    }

    /// Deletes the rows that satisfy a condition, and the edges of nodes. Returns the number of rows of the type.
    pub(super) async fn delete(
        &mut self,
        plan: &RowPlan,
        statement: &MutationStatement,
        delete: &DeleteRows,
    ) -> Result<u64> {
        let edges = self.cascading_edges(plan);
        let tables: Vec<&TablePath> = edges.iter().map(|edge| &edge.table).chain([&plan.path]).collect();
        let view = self.view(&tables).await?;
        let MatchedRows { rows, .. } = self.match_rows(plan, &view, statement, &delete.predicate, &[]).await?;
        if rows.num_rows() == 0 {
            return Ok(0);
        }
        let ids = id_column(&rows)?;
        for edge in edges {
            let incident = incident_edges(&view, &edge, &plan.path, ids).await?;
            self.read_set.tables.insert(edge.table.clone());
            let label = || format!("edge type '{}'", edge.name);
            let deleted = self.changes.delete_rows(&edge.table, label, &incident);
            self.count_edges(deleted);
        }
        Ok(self.changes.delete_rows(&plan.path, || plan.label(), ids))
    }

    async fn match_rows(
        &mut self,
        plan: &RowPlan,
        view: &Snapshot,
        statement: &MutationStatement,
        predicate: &Expr,
        values: &[Expr],
    ) -> Result<MatchedRows> {
        match self.evaluator.pinned_ids(view, &statement.row, predicate) {
            Some(ids) => ids.iter().for_each(|id| self.read_set.add_key(&plan.path, KeyHash::new(id))),
            None => drop(self.read_set.tables.insert(plan.path.clone())),
        }
        self.evaluator.match_rows(view, &self.bound, &statement.row, predicate, values).await
    }

    /// Returns the edge types whose edges are deleted with a node of the type.
    fn cascading_edges(&self, plan: &RowPlan) -> Vec<EdgeTables> {
        let catalog = self.base.catalog();
        let table = |name: &str| catalog.nodes.get(name).map(|node| TablePath::node(node.table));
        let edges = catalog.edges.values().filter(|edge| edge.on_delete == OnDelete::Cascade);
        edges
            .filter_map(|edge| {
                let (from, to) = table(&edge.from).zip(table(&edge.to))?;
                let touches = !plan.is_edge() && (from == plan.path || to == plan.path);
                touches.then(|| EdgeTables { name: edge.name.clone(), table: TablePath::edge(edge.table), from, to })
            })
            .collect()
    }
}

/// An edge type and the node tables at its endpoints.
struct EdgeTables {
    name: String,
    table: TablePath,
    from: TablePath,
    to: TablePath,
}

/// Returns the ids of the edges of a type at nodes of the table `nodes`.
async fn incident_edges(
    view: &Snapshot,
    edge: &EdgeTables,
    nodes: &TablePath,
    ids: &StringArray,
) -> Result<StringArray> {
    let table = view.table(&edge.table).await?;
    if table.rows() == 0 {
        return Ok(StringArray::from(Vec::<&str>::new()));
    }
    let topology = &view.engine.topology;
    let adjacency = topology.adjacency(&table, &edge.from, &edge.to).await?;
    let ordinals = topology.ordinals(nodes);
    let sides = [(EdgeDirection::Out, edge.from == *nodes), (EdgeDirection::In, edge.to == *nodes)];
    let mut addresses: Vec<RowAddress> = Vec::new();
    for ordinal in ids.iter().flatten().filter_map(|id| ordinals.get(id)) {
        for (side, _) in sides.iter().filter(|(_, touches)| *touches) {
            adjacency.for_each(ordinal, *side, |_, address| addresses.push(RowAddress(address)));
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    let gathered = table.gather(&addresses, &[ID]).await?;
    let ids = gathered.first().and_then(|ids| ids.as_string_opt::<i32>());
    ids.cloned().ok_or_else(|| Error::internal("ids of edges are not strings"))
}
