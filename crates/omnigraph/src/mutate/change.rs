//! Rows that are replaced or go, with the edges of nodes that go.

use arrow::array::{AsArray, StringArray};
use omnigraph_compiler::catalog::OnDelete;
use omnigraph_compiler::ir::{Delete, Expr, Statement, Update};
use omnigraph_log::TablePath;
use omnigraph_walk::Side;

use super::insert::fitted;
use super::ledger::{Identity, id_column};
use super::run::Run;
use crate::error::{Error, Result};
use crate::keys::KeyHash;
use crate::query::Matching;
use crate::snapshot::Snapshot;
use crate::table::{ID, RowAddress};
use crate::validate::{TypePlan, check_nulls};

impl Run<'_> {
    /// Changes the rows that satisfy a condition. Says how many they are.
    pub(super) async fn update(&mut self, plan: &TypePlan, statement: &Statement, update: &Update) -> Result<u64> {
        let view = self.view(&[&plan.path]).await?;
        let values: Vec<Expr> = update.assignments.iter().map(|assignment| assignment.value.clone()).collect();
        let Matching { rows, values, .. } = self.matching(plan, &view, statement, &update.predicate, &values).await?;
        if rows.num_rows() == 0 {
            return Ok(0);
        }
        let mut columns = rows.columns().to_vec();
        for (assignment, value) in update.assignments.iter().zip(values) {
            let place = plan.schema.index_of(&assignment.property.name)?;
            if let Some(column) = columns.get_mut(place) {
                *column = value;
            }
        }
        let draft = fitted(plan, columns)?;
        check_nulls(plan, &draft)?;
        let rows = plan.seal(&draft, id_column(&rows)?.clone())?;
        self.ledger.put(&plan.path, || plan.describe(), &rows, Identity::Known)
    }

    /// Removes the rows that satisfy a condition, and the edges of nodes. Says how many of the type went.
    pub(super) async fn delete(&mut self, plan: &TypePlan, statement: &Statement, delete: &Delete) -> Result<u64> {
        let edges = self.cascading(plan);
        let tables: Vec<&TablePath> = edges.iter().map(|edge| &edge.table).chain([&plan.path]).collect();
        let view = self.view(&tables).await?;
        let Matching { rows, .. } = self.matching(plan, &view, statement, &delete.predicate, &[]).await?;
        if rows.num_rows() == 0 {
            return Ok(0);
        }
        let ids = id_column(&rows)?;
        for edge in edges {
            let gone = incident(&view, &edge, &plan.path, ids).await?;
            self.reads.tables.insert(edge.table.clone());
            let describe = || format!("edge type '{}'", edge.name);
            let removed = self.ledger.remove(&edge.table, describe, &gone);
            self.count_edges(removed);
        }
        Ok(self.ledger.remove(&plan.path, || plan.describe(), ids))
    }

    async fn matching(
        &mut self,
        plan: &TypePlan,
        view: &Snapshot,
        statement: &Statement,
        predicate: &Expr,
        values: &[Expr],
    ) -> Result<Matching> {
        match self.statements.pinned(view, &statement.row, predicate) {
            Some(ids) => ids.iter().for_each(|id| self.reads.key(&plan.path, KeyHash::of(id))),
            None => drop(self.reads.tables.insert(plan.path.clone())),
        }
        self.statements.matching(view, &self.environment, &statement.row, predicate, values).await
    }

    /// The edge types whose edges go with a node of the type.
    fn cascading(&self, plan: &TypePlan) -> Vec<EdgeEnds> {
        let catalog = self.base.catalog();
        let table = |name: &str| catalog.nodes.get(name).map(|node| TablePath::node(node.table));
        let edges = catalog.edges.values().filter(|edge| edge.on_delete == OnDelete::Cascade);
        edges
            .filter_map(|edge| {
                let (from, to) = table(&edge.from).zip(table(&edge.to))?;
                let touches = !plan.is_edge() && (from == plan.path || to == plan.path);
                touches.then(|| EdgeEnds { name: edge.name.clone(), table: TablePath::edge(edge.table), from, to })
            })
            .collect()
    }
}

/// An edge type and the node tables at its ends.
struct EdgeEnds {
    name: String,
    table: TablePath,
    from: TablePath,
    to: TablePath,
}

/// The ids of the edges of a type at nodes of the table `nodes`.
async fn incident(view: &Snapshot, edge: &EdgeEnds, nodes: &TablePath, ids: &StringArray) -> Result<StringArray> {
    let table = view.table(&edge.table).await?;
    if table.rows() == 0 {
        return Ok(StringArray::from(Vec::<&str>::new()));
    }
    let topology = &view.shared.topology;
    let adjacency = topology.edges(&table, &edge.from, &edge.to).await?;
    let ordinals = topology.ordinals(nodes);
    let sides = [(Side::Out, edge.from == *nodes), (Side::In, edge.to == *nodes)];
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
    ids.cloned().ok_or_else(|| Error::internal("ids of edges are no text"))
}
