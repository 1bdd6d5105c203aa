//! The statements in order, each seeing what those before it did.

use std::sync::Arc;

use arrow::array::RecordBatch;
use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::ir::{Expr, Mutation, ObjectKind, Statement, StatementKind};
use omnigraph_log::TablePath;

use super::identity::compared_as_text;
use super::ledger::Ledger;
use super::request::Answer;
use crate::error::{Error, Result};
use crate::query::{Environment, Statements, Written, types_of};
use crate::snapshot::Snapshot;
use crate::validate::{RowPlans, TypePlan, check_rows};
use crate::write::{Reads, StagedRows, StagedTable, Writer};

/// One run of a mutation on one base.
pub(super) struct Run<'a> {
    pub(super) base: &'a Snapshot,
    pub(super) writer: &'a Writer,
    pub(super) plans: Arc<RowPlans>,
    pub(super) statements: Statements,
    pub(super) environment: Environment,
    pub(super) ledger: Ledger,
    pub(super) reads: Reads,
    nodes: u64,
    edges: u64,
}

/// What a run did.
pub(super) struct Outcome {
    pub(super) tables: Vec<StagedTable>,
    pub(super) reads: Reads,
    pub(super) answer: Answer,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        base: &'a Snapshot,
        writer: &'a Writer,
        plans: Arc<RowPlans>,
        statements: Statements,
    ) -> Result<Self> {
        Ok(Self {
            base,
            writer,
            plans,
            statements,
            environment: Environment::unit()?,
            ledger: Ledger::default(),
            reads: Reads::default(),
            nodes: 0,
            edges: 0,
        })
    }

    /// Runs it.
    pub(super) async fn mutation(mut self, mutation: &Mutation) -> Result<Outcome> {
        let mutation = &compared_as_text(mutation);
        if let Some(block) = &mutation.block {
            self.note_types(types_of(block))?;
            let read = expressions(mutation);
            self.environment = self.statements.bound(self.base, block, &mutation.order, &read).await?;
        }
        let mut rows = Vec::new();
        if self.environment.rows() > 0 {
            for statement in &mutation.statements {
                self.statement(statement).await?;
            }
            if !mutation.returning.is_empty() {
                rows = self.statements.project(self.base, &self.environment, &mutation.returning)?;
            }
        }
        let answer = Answer {
            query_name: mutation.name.clone(),
            affected_nodes: self.nodes,
            affected_edges: self.edges,
            columns: mutation.returning.iter().map(|column| column.name.clone()).collect(),
            rows,
            warnings: Vec::new(),
        };
        let tables = self.left().await?;
        self.judge(&tables)?;
        Ok(Outcome { tables, reads: self.reads, answer })
    }

    /// What is left to be done. A row that came and went again was never there.
    async fn left(&self) -> Result<Vec<StagedTable>> {
        let mut tables = self.ledger.staged()?;
        for staged in tables.iter_mut().filter(|staged| !staged.removed.is_empty()) {
            let table = self.base.table(&staged.path).await?;
            let index = self.base.shared.keys.of(&table).await?;
            staged.removed.retain(|key| index.contains(key));
        }
        tables.retain(|staged| staged.count > 0 || !staged.removed.is_empty());
        Ok(tables)
    }

    /// Judges the values of the rows that are left in the end: between statements they may break rules.
    fn judge(&self, tables: &[StagedTable]) -> Result<()> {
        for staged in tables {
            let plan = self.plans.types.iter().find(|plan| plan.path == staged.path);
            let (Some(plan), StagedRows::Memory(batches)) = (plan, &staged.rows) else {
                return Err(Error::internal(format!("rows of a mutation for {} cannot be judged", staged.path)));
            };
            batches.iter().try_for_each(|batch| check_rows(plan, batch))?;
        }
        Ok(())
    }

    async fn statement(&mut self, statement: &Statement) -> Result<()> {
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

    fn count(&mut self, plan: &TypePlan, affected: u64) {
        if plan.is_edge() {
            self.count_edges(affected);
        } else {
            self.nodes += affected;
        }
    }

    /// Counts edges that were written or went.
    pub(super) fn count_edges(&mut self, affected: u64) {
        self.edges += affected;
    }

    /// Binds the rows that a statement wrote for later statements and for what is returned.
    pub(super) fn bind(&mut self, plan: &TypePlan, statement: &Statement, rows: &RecordBatch) -> Result<()> {
        let properties = properties(self.base, plan)?;
        let written = Written { name: &plan.name, edge: plan.is_edge(), properties };
        self.environment.bind(&statement.row, &written, rows)
    }

    /// The state with all that was done to these tables so far. What nobody reads yet stays in memory.
    pub(super) async fn view(&self, tables: &[&TablePath]) -> Result<Snapshot> {
        if tables.iter().all(|table| self.ledger.spares(table)) {
            return Ok(self.base.clone());
        }
        self.writer.preview(self.base, &self.ledger.staged()?).await
    }

    /// Takes note of the tables of types as read.
    fn note_types(&mut self, types: impl IntoIterator<Item = (ObjectKind, String)>) -> Result<()> {
        let plans = Arc::clone(&self.plans);
        for (kind, name) in types {
            let plan = plan_of(&plans, kind, &name)?;
            self.reads.tables.insert(plan.path.clone());
            // A walk passes nodes that no variable stands for.
            for end in plan.ends.iter().flat_map(|(from, to)| [*from, *to]) {
                self.reads.tables.extend(plans.types.get(end).map(|end| end.path.clone()));
            }
        }
        Ok(())
    }
}

/// The plan of a type. Names of edge types may be written in any case in traversals, and are resolved by then.
pub(super) fn plan_of<'p>(plans: &'p RowPlans, kind: ObjectKind, name: &str) -> Result<&'p TypePlan> {
    let index = match kind {
        ObjectKind::Node => plans.node(name),
        ObjectKind::Edge => plans.edge(name),
    };
    index.and_then(|index| plans.types.get(index)).ok_or_else(|| Error::internal(format!("no type '{name}'")))
}

fn properties<'s>(snapshot: &'s Snapshot, plan: &TypePlan) -> Result<&'s [Property]> {
    let catalog = snapshot.catalog();
    let found = if plan.is_edge() {
        catalog.edges.get(&plan.name).map(|edge| edge.properties.as_slice())
    } else {
        catalog.nodes.get(&plan.name).map(|node| node.properties.as_slice())
    };
    found.ok_or_else(|| Error::internal(format!("no type '{}'", plan.name)))
}

/// Every expression that may read variables of the pattern.
fn expressions(mutation: &Mutation) -> Vec<&Expr> {
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
