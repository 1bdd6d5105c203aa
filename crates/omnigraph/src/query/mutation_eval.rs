//! Reads and expressions of mutations: the rows of the pattern, expressions over them, and the rows that statements change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, StringArray, UInt32Array, UInt64Array};
use arrow::compute::{cast, concat_batches, sort_to_indices, take_record_batch};
use arrow::datatypes::{DataType, Schema, UInt32Type};
use arrow::record_batch::RecordBatch;
use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::ir::{Expr, ObjectKind, OrderKey, OutputColumn, PatternBlock, PatternVariable, Value, VarId};

use super::exec::EntityField;
use super::limits::{QueryBudget, QueryLimits};
use super::planner::{
    ColumnId, OuterRows, PlanContext, PlanScope, Planner, RequiredOutputs, VariableBinding, assigned_column,
    collect_types_read, lower_expr, pinned_ids, table_fields,
};
use super::result::json::{EntityShape, JsonRow, rows_to_json};
use super::result::schema::{ResultShape, arrow_type};
use super::run::collect_plan;
use super::tables::shown_properties;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

/// Evaluates the reads and expressions of one run of a mutation.
#[derive(Clone, Debug)]
pub(crate) struct MutationEvaluator {
    params: Vec<Value>,
    now_millis: i64,
    budget: Arc<QueryBudget>,
}

/// The rows that statements run over: one for each row of the mutation's pattern, or a single one.
#[derive(Clone, Debug)]
pub(crate) struct BoundRows {
    batch: RecordBatch,
    scope: PlanScope,
}

/// The type of a row that a statement writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenType<'a> {
    pub(crate) name: &'a str,
    pub(crate) is_edge: bool,
    pub(crate) properties: &'a [Property],
}

/// Rows that a statement changes.
#[derive(Clone, Debug)]
pub(crate) struct MatchedRows {
    /// All columns of the table, in the order of the outer rows.
    pub(crate) rows: RecordBatch,
    /// The values assigned to the rows.
    pub(crate) values: Vec<ArrayRef>,
}

impl BoundRows {
    /// Creates one row that binds nothing.
    pub(crate) fn single() -> Result<Self> {
        let schema = Schema::new(vec![ColumnId::Unit.field(DataType::Int32)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int32Array::from(vec![0]))])?;
        Ok(Self { batch, scope: PlanScope { columns: vec![ColumnId::Unit], ..PlanScope::default() } })
    }

    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// Binds the row that a statement wrote for each of these rows. `rows` has the columns of the type's table.
    pub(crate) fn bind(&mut self, row: &PatternVariable, ty: &WrittenType<'_>, rows: &RecordBatch) -> Result<()> {
        let properties = shown_properties(ty.properties);
        let shape = EntityShape { type_name: ty.name, is_edge: ty.is_edge, properties: &properties };
        let column = |name: &str| {
            rows.column_by_name(name).ok_or_else(|| Error::internal(format!("a written row lacks column {name}")))
        };
        let objects = shape.encode(std::iter::repeat_n(true, rows.num_rows()), &column)?;
        let types = StringArray::from_iter_values(std::iter::repeat_n(ty.name, rows.num_rows()));
        // Only null tests read this column, and a written row is never null.
        let refs = UInt64Array::from(vec![0; rows.num_rows()]);
        let field = |field| ColumnId::Field(row.id, field);
        let schema = rows.schema();
        let stored = table_fields(&schema).map(field).zip(rows.columns().iter().cloned());
        let added = stored.chain([
            (field(EntityField::Type), Arc::new(types) as ArrayRef),
            (field(EntityField::Object), objects),
            (ColumnId::Variable(row.id), Arc::new(refs) as ArrayRef),
        ]);
        (self.batch, self.scope.columns) = append_columns(&self.batch, &self.scope.columns, added)?;
        self.scope.bindings.insert(row.id, VariableBinding::Value);
        Ok(())
    }

    /// Returns the rows with their numbers.
    fn with_row_numbers(&self) -> Result<OuterRows> {
        let rows = u32::try_from(self.rows()).map_err(|_| Error::request("a mutation over more than 2^32 rows"))?;
        let numbers: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..rows));
        let added = [(ColumnId::MutationRow, numbers)];
        let (batch, columns) = append_columns(&self.batch, &self.scope.columns, added)?;
        Ok(OuterRows { batch, scope: PlanScope { columns, ..self.scope.clone() } })
    }

    /// Returns the variables and the fetched fields, which plans over these rows keep.
    fn bound_columns(&self) -> RequiredOutputs {
        let vars = self.scope.bindings.keys().copied().collect();
        let mut fields: BTreeMap<VarId, BTreeSet<EntityField>> = BTreeMap::new();
        for column in &self.scope.columns {
            if let ColumnId::Field(var, field) = column {
                fields.entry(*var).or_default().insert(field.clone());
            }
        }
        RequiredOutputs { vars, fields, ..RequiredOutputs::default() }
    }
}

impl MutationEvaluator {
    /// Creates an evaluator for a run that starts now. `now_millis` is the value of `now()`.
    pub(crate) fn new(params: Vec<Value>, now_millis: i64, limits: QueryLimits) -> Self {
        Self { params, now_millis, budget: Arc::new(QueryBudget::new(limits)) }
    }

    /// Returns the time of the request, in Unix milliseconds.
    pub(crate) fn now_millis(&self) -> i64 {
        self.now_millis
    }

    fn context(&self, snapshot: &Snapshot) -> PlanContext {
        PlanContext::new(snapshot, self.params.clone(), Arc::clone(&self.budget)).with_time(self.now_millis)
    }

    /// Returns the rows of a pattern in order, with all columns that `reads` mention.
    pub(crate) async fn bind_pattern(
        &self,
        snapshot: &Snapshot,
        block: &PatternBlock,
        order: &[OrderKey],
        reads: &[&Expr],
    ) -> Result<BoundRows> {
        let mut planner = Planner::new(self.context(snapshot));
        let plan = self.budget.until_timeout(Box::pin(planner.plan_pattern(block, order, reads))).await?;
        let schema = plan.schema();
        let batches = self.budget.until_timeout(collect_plan(plan.root, &self.budget)).await?;
        Ok(BoundRows { batch: concat_batches(&schema, &batches)?, scope: plan.scope })
    }

    /// Evaluates an expression for each row.
    pub(crate) fn evaluate(&self, snapshot: &Snapshot, bound: &BoundRows, expr: &Expr) -> Result<ArrayRef> {
        let scalar = lower_expr(&self.context(snapshot), expr, &bound.scope)?;
        let value = scalar.to_array(&bound.batch).map_err(|failure| Error::Value {
            problem: failure.kind.to_string(),
            code: failure.kind.code(),
            entity: String::new(),
        })?;
        // The literal `null` has no type.
        let ty = arrow_type(&expr.ty);
        Ok(if *value.data_type() == ty { value } else { cast(&value, &ty)? })
    }

    /// Finds the rows of a type that satisfy `predicate`, for each outer row, and evaluates `values` for each.
    pub(crate) async fn match_rows(
        &self,
        snapshot: &Snapshot,
        bound: &BoundRows,
        row: &PatternVariable,
        predicate: &Expr,
        values: &[Expr],
    ) -> Result<MatchedRows> {
        let mut planner = Planner::new(self.context(snapshot));
        let (outer, carried) = (bound.with_row_numbers()?, bound.bound_columns());
        let planned = planner.plan_changed_rows(outer, &carried, row, predicate, values);
        let plan = self.budget.until_timeout(Box::pin(planned)).await?;
        let schema = plan.schema();
        let batches = self.budget.until_timeout(collect_plan(plan.root, &self.budget)).await?;
        let batch = concat_batches(&schema, &batches)?;
        let batch = match outer_order(&batch, &plan.scope)? {
            Some(order) => take_record_batch(&batch, &order)?,
            None => batch,
        };
        split_matched(&batch, &plan.scope, row.id, values.len())
    }

    /// Returns the ids to which a condition alone restricts a row.
    pub(crate) fn pinned_ids(
        &self,
        snapshot: &Snapshot,
        row: &PatternVariable,
        predicate: &Expr,
    ) -> Option<Vec<String>> {
        pinned_ids(&self.context(snapshot), row, predicate)
    }

    /// Evaluates the columns that a mutation returns, as JSON.
    pub(crate) fn project(
        &self,
        snapshot: &Snapshot,
        bound: &BoundRows,
        columns: &[OutputColumn],
    ) -> Result<Vec<JsonRow>> {
        let values = columns.iter().map(|column| self.evaluate(snapshot, bound, &column.expr));
        let values = values.collect::<Result<Vec<_>>>()?;
        let shape = ResultShape::new(columns.iter().map(|column| (column.name.as_str(), &column.expr.ty)));
        let mut rows = Vec::new();
        rows_to_json(&shape.batch(&values, bound.rows())?, &mut rows)?;
        Ok(rows)
    }
}

/// Returns every type that a pattern reads: those of its variables and connections.
pub(crate) fn pattern_types(block: &PatternBlock) -> BTreeSet<(ObjectKind, String)> {
    let mut types = BTreeSet::new();
    collect_types_read(block, &mut types);
    types
}

fn append_columns(
    batch: &RecordBatch,
    columns: &[ColumnId],
    added: impl IntoIterator<Item = (ColumnId, ArrayRef)>,
) -> Result<(RecordBatch, Vec<ColumnId>)> {
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    let (mut arrays, mut columns) = (batch.columns().to_vec(), columns.to_vec());
    for (column, array) in added {
        fields.push(Arc::new(column.field(array.data_type().clone())));
        arrays.push(array);
        columns.push(column);
    }
    Ok((RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?, columns))
}

/// Returns the order of outer rows, unless the rows are in it.
fn outer_order(batch: &RecordBatch, scope: &PlanScope) -> Result<Option<UInt32Array>> {
    let outer = batch.column(scope.position(&ColumnId::MutationRow)?).as_primitive::<UInt32Type>();
    if outer.values().is_sorted() {
        return Ok(None);
    }
    Ok(Some(sort_to_indices(outer, None, None)?))
}

/// Splits the columns of matched rows from the values assigned to them.
fn split_matched(batch: &RecordBatch, scope: &PlanScope, row: VarId, values: usize) -> Result<MatchedRows> {
    let column = |id: ColumnId| scope.position(&id).map(|position| Arc::clone(batch.column(position)));
    let schema = scope.entities(row).and_then(|entities| entities.schema());
    let schema = schema.ok_or_else(|| Error::internal("the row of a statement is not bound"))?;
    let columns = table_fields(schema).map(|field| column(ColumnId::Field(row, field)));
    Ok(MatchedRows {
        rows: RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<Vec<_>>>()?)?,
        values: (0..values).map(|index| column(assigned_column(index))).collect::<Result<Vec<_>>>()?,
    })
}
