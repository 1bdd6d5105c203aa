//! A run of a mutation: its statements in order. Each statement sees the changes of earlier ones.

use std::sync::Arc;

use arrow::array::RecordBatch;
use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::ir::{Expr, MutationQuery, MutationStatement, ObjectKind, StatementKind};
use omnigraph_history::TablePath;

use super::change_set::ChangeSet;
use super::request::MutationResponse;
use crate::error::{Error, Result};
use crate::query::{BoundRows, MutationEvaluator, WrittenType, compare_as_text, pattern_types};
use crate::snapshot::Snapshot;
use crate::write::commit::{GraphWriter, ReadSet, StagedRows, StagedTable};
use crate::write::constraints::{RowPlan, RowPlans, check_rows};

/// A run of a mutation on a base.
pub(super) struct StatementExecutor<'a> {
    pub(super) base: &'a Snapshot,
    pub(super) writer: &'a GraphWriter,
    pub(super) plans: Arc<RowPlans>,
    pub(super) evaluator: MutationEvaluator,
    pub(super) bound: BoundRows,
    pub(super) changes: ChangeSet,
    pub(super) read_set: ReadSet,
    nodes: u64,
    edges: u64,
}

/// The effect of a run.
pub(super) struct MutationOutput {
    pub(super) tables: Vec<StagedTable>,
    pub(super) read_set: ReadSet,
    pub(super) response: MutationResponse,
}

impl<'a> StatementExecutor<'a> {
    pub(super) fn new(
        base: &'a Snapshot,
        writer: &'a GraphWriter,
        plans: Arc<RowPlans>,
        evaluator: MutationEvaluator,
    ) -> Result<Self> {
        Ok(Self {
            base,
            writer,
            plans,
            evaluator,
            bound: BoundRows::single()?,
            changes: ChangeSet::default(),
            read_set: ReadSet::default(),
            nodes: 0,
            edges: 0,
        })
    }

    /// Runs the statements.
    pub(super) async fn run(mut self, mutation: &MutationQuery) -> Result<MutationOutput> {
        let mutation = &with_textual_ids(mutation);
        if let Some(block) = &mutation.block {
            self.add_tables_to_read_set(pattern_types(block))?;
            let read = pattern_reads(mutation);
            self.bound = self.evaluator.bind_pattern(self.base, block, &mutation.order, &read).await?;
        }
        let mut rows = Vec::new();
        if self.bound.rows() > 0 {
            for statement in &mutation.statements {
                self.statement(statement).await?;
            }
            if !mutation.returning.is_empty() {
                rows = self.evaluator.project(self.base, &self.bound, &mutation.returning)?;
            }
        }
        let response = MutationResponse {
            query_name: mutation.name.clone(),
            affected_nodes: self.nodes,
            affected_edges: self.edges,
            columns: mutation.returning.iter().map(|column| column.name.clone()).collect(),
            rows,
            warnings: Vec::new(),
        };
        let tables = self.remaining_changes().await?;
        self.check_values(&tables)?;
        Ok(MutationOutput { tables, read_set: self.read_set, response })
    }

    /// Returns the changes without deletions of rows that the base does not have.
    async fn remaining_changes(&self) -> Result<Vec<StagedTable>> {
        let mut tables = self.changes.staged_tables()?;
        for staged in tables.iter_mut().filter(|staged| !staged.removed.is_empty()) {
            let table = self.base.table(&staged.path).await?;
            let index = self.base.engine.keys.id_index(&table).await?;
            staged.removed.retain(|key| index.contains(key));
        }
        tables.retain(|staged| staged.count > 0 || !staged.removed.is_empty());
        Ok(tables)
    }

    /// Checks the values of the final rows. Between statements they may violate constraints.
    fn check_values(&self, tables: &[StagedTable]) -> Result<()> {
        for staged in tables {
            let plan = self.plans.types.iter().find(|plan| plan.path == staged.path);
            let (Some(plan), StagedRows::Memory(batches)) = (plan, &staged.rows) else {
                return Err(Error::internal(format!("the mutation wrote rows of the unknown table {}", staged.path)));
            };
            batches.iter().try_for_each(|batch| check_rows(plan, batch))?;
        }
        Ok(())
    }

    async fn statement(&mut self, statement: &MutationStatement) -> Result<()> {
        let plans = Arc::clone(&self.plans);
        let plan = plan_of(&plans, statement.entity, &statement.ty.name)?;
        let affected = match &statement.kind {
            StatementKind::Insert(insert) => self.insert(plan, statement, insert).await?,
            StatementKind::Update(update) => self.update(plan, statement, update).await?,
            StatementKind::Delete(delete) => self.delete(plan, statement, delete).await?,
        };
        self.count(plan, affected);
        Ok(())
    }

    fn count(&mut self, plan: &RowPlan, affected: u64) {
        if plan.is_edge() {
            self.count_edges(affected);
        } else {
            self.nodes += affected;
        }
    }

    /// Counts written or deleted edges.
    pub(super) fn count_edges(&mut self, affected: u64) {
        self.edges += affected;
    }

    /// Binds the rows that a statement wrote for later statements and the returned columns.
    pub(super) fn bind(&mut self, plan: &RowPlan, statement: &MutationStatement, rows: &RecordBatch) -> Result<()> {
        let properties = properties(self.base, plan)?;
        let written = WrittenType { name: &plan.name, is_edge: plan.is_edge(), properties };
        self.bound.bind(&statement.row, &written, rows)
    }

    /// Returns the base with the changes so far, if these tables are changed. Changes of other tables stay in memory.
    pub(super) async fn view(&self, tables: &[&TablePath]) -> Result<Snapshot> {
        if !tables.iter().any(|table| self.changes.changes_table(table)) {
            return Ok(self.base.clone());
        }
        self.writer.overlay(self.base, &self.changes.staged_tables()?).await
    }

    /// Adds the tables of types to the read set.
    fn add_tables_to_read_set(&mut self, types: impl IntoIterator<Item = (ObjectKind, String)>) -> Result<()> {
        let plans = Arc::clone(&self.plans);
        for (kind, name) in types {
            let plan = plan_of(&plans, kind, &name)?;
            self.read_set.tables.insert(plan.path.clone());
            // A traversal visits nodes without a variable.
            for end in plan.endpoints.iter().flat_map(|(from, to)| [*from, *to]) {
                self.read_set.tables.extend(plans.types.get(end).map(|end| end.path.clone()));
            }
        }
        Ok(())
    }
}

/// Returns the plan of a type. The compiler has resolved the case of edge types.
pub(super) fn plan_of<'p>(plans: &'p RowPlans, kind: ObjectKind, name: &str) -> Result<&'p RowPlan> {
    let index = match kind {
        ObjectKind::Node => plans.node(name),
        ObjectKind::Edge => plans.edge(name),
    };
    index.and_then(|index| plans.types.get(index)).ok_or_else(|| Error::internal(format!("no type '{name}'")))
}

fn properties<'s>(snapshot: &'s Snapshot, plan: &RowPlan) -> Result<&'s [Property]> {
    let catalog = snapshot.catalog();
    let found = if plan.is_edge() {
        catalog.edges.get(&plan.name).map(|edge| edge.properties.as_slice())
    } else {
        catalog.nodes.get(&plan.name).map(|node| node.properties.as_slice())
    };
    found.ok_or_else(|| Error::internal(format!("no type '{}'", plan.name)))
}

/// Returns every expression that may read variables of the pattern.
fn pattern_reads(mutation: &MutationQuery) -> Vec<&Expr> {
    let mut all: Vec<&Expr> = mutation.returning.iter().map(|column| &column.expr).collect();
    for statement in &mutation.statements {
        match &statement.kind {
            StatementKind::Insert(insert) => {
                all.extend(insert.assignments.iter().map(|assignment| &assignment.value));
                all.extend(insert.endpoints.iter().flat_map(|ends| [&ends.from, &ends.to]));
            }
            StatementKind::Update(update) => {
                all.push(&update.predicate);
                all.extend(update.assignments.iter().map(|assignment| &assignment.value));
            }
            StatementKind::Delete(delete) => all.push(&delete.predicate),
        }
    }
    all
}

/// Returns the mutation with ids compared as text: rows that it writes have an id but no ordinal before the commit, and the
/// ordinals of other rows differ between the table versions that it sees. The rows of the pattern keep their ordinals.
fn with_textual_ids(mutation: &MutationQuery) -> MutationQuery {
    let mut mutation = mutation.clone();
    for statement in &mut mutation.statements {
        statement_expressions(&mut statement.kind).into_iter().for_each(compare_as_text);
    }
    mutation.returning.iter_mut().for_each(|column| compare_as_text(&mut column.expr));
    mutation
}

fn statement_expressions(statement: &mut StatementKind) -> Vec<&mut Expr> {
    match statement {
        StatementKind::Insert(insert) => {
            let ends = insert.endpoints.iter_mut().flat_map(|ends| [&mut ends.from, &mut ends.to]);
            insert.assignments.iter_mut().map(|assignment| &mut assignment.value).chain(ends).collect()
        }
        StatementKind::Update(update) => {
            let values = update.assignments.iter_mut().map(|assignment| &mut assignment.value);
            std::iter::once(&mut update.predicate).chain(values).collect()
        }
        StatementKind::Delete(delete) => vec![&mut delete.predicate],
    }
}
