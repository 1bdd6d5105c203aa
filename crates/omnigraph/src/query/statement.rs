//! The door for mutations: the rows that statements run over, expressions over them, and the rows that statements change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, StringArray, UInt32Array, UInt64Array};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, UInt32Type};
use arrow::record_batch::RecordBatch;
use omnigraph_compiler::catalog::Property;
use omnigraph_compiler::ir::{Block, Column, Expr, ObjectKind, OrderKey, Value, VarId, Variable};

use super::QueryLimits;
use super::budget::Budget;
use super::graph::shown;
use super::json::cell;
use super::lower::{
    Binding, Lowering, Mention, Scope, Uses, assigned, carrier, column, field_column, mentions, pinned, types_read,
};
use super::operator::{Field, object_of};
use super::run::{collect, encoding, within};
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

/// The column that numbers outer rows.
const OUTER: &str = "outer_row";

/// What expressions of one mutation are evaluated with.
#[derive(Clone, Debug)]
pub(crate) struct Statements {
    params: Vec<Value>,
    now_millis: i64,
    limits: QueryLimits,
    budget: Arc<Budget>,
}

/// The rows that statements run over: one for each row of the mutation's pattern, or a single one.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    batch: RecordBatch,
    scope: Scope,
    /// Columns that are fields of variables.
    fields: BTreeMap<VarId, BTreeSet<Field>>,
}

/// The type of a row that a statement writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Whether it is an edge type.
    pub(crate) edge: bool,
    /// Its properties.
    pub(crate) properties: &'a [Property],
}

/// Rows that a statement changes.
#[derive(Clone, Debug)]
pub(crate) struct Matching {
    /// Their columns as the table has them, in the order of the outer rows that they were found for.
    pub(crate) rows: RecordBatch,
    /// The values assigned to them.
    pub(crate) values: Vec<ArrayRef>,
}

impl Environment {
    /// One row that binds nothing.
    pub(crate) fn unit() -> Result<Self> {
        let schema = Schema::new(vec![ArrowField::new("unit", DataType::Int32, true)]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(Int32Array::from(vec![0]))])?;
        Ok(Self { batch, scope: Scope::default(), fields: BTreeMap::new() })
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// Binds the row that a statement wrote for each of these rows. `rows` has the columns of the type's table.
    pub(crate) fn bind(&mut self, row: &Variable, ty: &Written<'_>, rows: &RecordBatch) -> Result<()> {
        let mut named: Vec<(Field, ArrayRef)> = rows
            .schema()
            .fields()
            .iter()
            .zip(rows.columns())
            .map(|(field, array)| (Field::Column(field.name().clone()), Arc::clone(array)))
            .collect();
        let types = StringArray::from_iter_values(std::iter::repeat_n(ty.name, rows.num_rows()));
        named.push((Field::Type, Arc::new(types)));
        named.push((Field::Object, object_of(ty.name, ty.edge, &shown(ty.properties), rows)?));
        // What is compared with null is the number of a node or edge; a row that was written is always there.
        let there: ArrayRef = Arc::new(UInt64Array::from(vec![0; rows.num_rows()]));
        let mut fields: Vec<_> = self.batch.schema().fields().iter().cloned().collect();
        let mut columns = self.batch.columns().to_vec();
        let number = (column(row.id), there);
        let attached = named.iter().map(|(field, array)| (field_column(row.id, field), Arc::clone(array)));
        for (name, array) in attached.chain([number]) {
            fields.push(Arc::new(ArrowField::new(name, array.data_type().clone(), true)));
            columns.push(array);
        }
        self.batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
        self.scope.bindings.insert(row.id, Binding::Value);
        self.fields.insert(row.id, named.into_iter().map(|(field, _)| field).collect());
        Ok(())
    }

    /// The rows with their numbers.
    fn numbered(&self) -> Result<RecordBatch> {
        let rows = u32::try_from(self.rows()).map_err(|_| Error::request("a mutation over more than 2^32 rows"))?;
        let mut fields: Vec<_> = self.batch.schema().fields().iter().cloned().collect();
        fields.push(Arc::new(ArrowField::new(OUTER, DataType::UInt32, false)));
        let mut columns = self.batch.columns().to_vec();
        columns.push(Arc::new(UInt32Array::from_iter_values(0..rows)));
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

impl Statements {
    /// For one run of a mutation, which starts now. `now_millis` is what `now()` says.
    pub(crate) fn new(params: Vec<Value>, now_millis: i64, limits: QueryLimits) -> Self {
        Self { params, now_millis, limits, budget: Arc::new(Budget::new(limits)) }
    }

    /// The time of the request, in Unix milliseconds.
    pub(crate) fn now_millis(&self) -> i64 {
        self.now_millis
    }

    fn lowering(&self, snapshot: &Snapshot) -> Lowering {
        Lowering::new(snapshot, self.params.clone(), Arc::clone(&self.budget)).at(self.now_millis)
    }

    /// The rows of a pattern in order, with all that `reads` mention of them.
    pub(crate) async fn bound(
        &self,
        snapshot: &Snapshot,
        block: &Block,
        order: &[OrderKey],
        reads: &[&Expr],
    ) -> Result<Environment> {
        let mut lowering = self.lowering(snapshot);
        let flow = within(self.limits.timeout, Box::pin(lowering.bound(block, order, reads))).await?;
        let schema = flow.schema();
        let batches = within(self.limits.timeout, collect(Arc::clone(&flow.plan), &self.budget)).await?;
        let mut fields: BTreeMap<VarId, BTreeSet<Field>> = BTreeMap::new();
        for mention in reads.iter().flat_map(|expr| mentions(expr)) {
            if let Mention::Field(var, field) = mention
                && schema.index_of(&field_column(var, &field)).is_ok()
            {
                fields.entry(var).or_default().insert(field);
            }
        }
        Ok(Environment { batch: concat_batches(&schema, &batches)?, scope: flow.scope, fields })
    }

    /// The values of an expression for each row.
    pub(crate) fn evaluate(&self, snapshot: &Snapshot, environment: &Environment, expr: &Expr) -> Result<ArrayRef> {
        let scalar = self.lowering(snapshot).scalar(expr, &environment.scope, &environment.batch.schema())?;
        let value = scalar.array(&environment.batch).map_err(|failure| Error::Value {
            problem: failure.problem.to_string(),
            code: failure.problem.code(),
            entity: String::new(),
        })?;
        // The literal `null` is of no type.
        let ty = carrier(&expr.ty);
        Ok(if *value.data_type() == ty { value } else { cast(&value, &ty)? })
    }

    /// The rows of a type that satisfy `predicate`, for each outer row, and `values` for each.
    pub(crate) async fn matching(
        &self,
        snapshot: &Snapshot,
        environment: &Environment,
        row: &Variable,
        predicate: &Expr,
        values: &[Expr],
    ) -> Result<Matching> {
        let mut lowering = self.lowering(snapshot);
        let outer = (environment.numbered()?, environment.scope.clone());
        let vars = environment.scope.bindings.keys().copied().collect();
        let carried = Uses { vars, fields: environment.fields.clone(), ..Uses::default() };
        let planned = lowering.matching(outer, &carried, row, predicate, values);
        let flow = within(self.limits.timeout, Box::pin(planned)).await?;
        let batches = within(self.limits.timeout, collect(Arc::clone(&flow.plan), &self.budget)).await?;
        let batch = concat_batches(&flow.schema(), &batches)?;
        let order = order_of(&batch)?;
        let batch = match order {
            Some(order) => arrow::compute::take_record_batch(&batch, &order)?,
            None => batch,
        };
        split(&batch, row.id, values.len(), &flow.scope)
    }

    /// The ids that a condition alone pins a row to.
    pub(crate) fn pinned(&self, snapshot: &Snapshot, row: &Variable, predicate: &Expr) -> Option<Vec<String>> {
        pinned(&self.lowering(snapshot), row, predicate)
    }

    /// The result rows of a projection over the environment.
    pub(crate) fn project(
        &self,
        snapshot: &Snapshot,
        environment: &Environment,
        columns: &[Column],
    ) -> Result<Vec<serde_json::Map<String, serde_json::Value>>> {
        let mut arrays = Vec::with_capacity(columns.len());
        for column in columns {
            arrays.push((&column.name, self.evaluate(snapshot, environment, &column.expr)?, encoding(&column.expr.ty)));
        }
        let row = |row: usize| {
            let cells =
                arrays.iter().map(|(name, array, encoding)| Ok(((*name).clone(), cell(array, row, *encoding)?)));
            cells.collect::<Result<serde_json::Map<_, _>>>()
        };
        (0..environment.rows()).map(row).collect()
    }
}

/// Every type that a pattern reads: those of its variables and connections.
pub(crate) fn types_of(block: &Block) -> BTreeSet<(ObjectKind, String)> {
    let mut types = BTreeSet::new();
    types_read(block, &mut types);
    types
}

/// The order of outer rows, if the rows are not in it.
fn order_of(batch: &RecordBatch) -> Result<Option<UInt32Array>> {
    let place = batch.schema().index_of(OUTER)?;
    let outer = batch.column(place).as_primitive::<UInt32Type>();
    if outer.values().is_sorted() {
        return Ok(None);
    }
    Ok(Some(arrow::compute::sort_to_indices(outer, None, None)?))
}

fn split(batch: &RecordBatch, row: VarId, values: usize, scope: &Scope) -> Result<Matching> {
    let named = |name: &str| {
        let column = batch.column_by_name(name).cloned();
        column.ok_or_else(|| Error::internal(format!("a statement's rows lack {name}")))
    };
    let schema = scope.entities(row).and_then(|entities| entities.schema().cloned());
    let schema = schema.ok_or_else(|| Error::internal("a statement's row is bound to nothing"))?;
    let columns = schema.fields().iter().map(|field| named(&field_column(row, &Field::Column(field.name().clone()))));
    Ok(Matching {
        rows: RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<Vec<_>>>()?)?,
        values: (0..values).map(|index| named(&assigned(index))).collect::<Result<Vec<_>>>()?,
    })
}
