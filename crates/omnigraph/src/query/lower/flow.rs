//! A growing plan: filters, attached fields, joins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use datafusion::common::{JoinType, NullEquality};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, PartitionMode};
use omnigraph_compiler::ir::{BinaryOp, Expr, PathPart, Type, VarId, print_expr};
use omnigraph_kernels::Kernel;

use super::Lowering;
use super::expr::carrier;
use super::mention::{Mention, mentions};
use super::scope::{Binding, Scope, column, field_column};
use crate::error::{Error, Result};
use crate::query::graph::Entities;
use crate::query::operator::{Attach, Distinct, Field, Filter, PathParts, Project, Witness, node};
use crate::query::scalar::Scalar;

/// A plan and what its columns stand for.
#[derive(Clone, Debug)]
pub(in crate::query) struct Flow {
    pub(in crate::query) plan: Arc<dyn ExecutionPlan>,
    pub(in crate::query) scope: Scope,
}

/// A column that is computed.
pub(super) struct Computed<'a> {
    pub(super) name: String,
    pub(super) expr: &'a Expr,
}

impl Flow {
    pub(in crate::query) fn schema(&self) -> SchemaRef {
        self.plan.schema()
    }

    /// Where a column is.
    pub(super) fn place(&self, name: &str) -> Result<usize> {
        let place = self.schema().index_of(name);
        place.map_err(|_| Error::internal(format!("column {name} is not in the plan")))
    }

    /// Whom to name when a row has no value: the first node or edge.
    pub(super) fn witness(&self) -> Witness {
        let first = self.scope.bindings.iter().find_map(|(var, binding)| match binding {
            Binding::Entity(entities) => Some((self.place(&column(*var)).ok()?, entities.clone())),
            _ => None,
        });
        Witness(first)
    }

    /// The places of the columns for which `wanted` holds.
    pub(super) fn places(&self, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
        let schema = self.schema();
        let fields = schema.fields().iter().enumerate();
        fields.filter(|(_, field)| wanted(field.name())).map(|(index, _)| index).collect()
    }

    /// Only some columns.
    pub(super) fn keep(mut self, places: &[usize]) -> Result<Self> {
        if places.len() < self.schema().fields().len() {
            let schema = Arc::new(self.schema().project(places)?);
            let columns = places.iter().map(|place| Scalar::Column(*place)).collect();
            let project = Project { columns, schema: Arc::clone(&schema), witness: Witness::default() };
            self.plan = node(project, vec![self.plan], schema);
        }
        Ok(self)
    }
}

/// A schema and more fields.
pub(super) fn extended(schema: &Schema, more: impl IntoIterator<Item = ArrowField>) -> SchemaRef {
    let fields = schema.fields().iter().cloned().chain(more.into_iter().map(Arc::new));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The Arrow type of a field of nodes or edges.
fn field_type(entities: &Entities, field: &Field) -> Result<DataType> {
    let Field::Column(name) = field else { return Ok(DataType::Utf8) };
    let schema = entities.schema().ok_or_else(|| Error::internal("a variable of no type"))?;
    let field = schema.field_with_name(name).map_err(|error| Error::internal(error.to_string()))?;
    Ok(field.data_type().clone())
}

/// The Arrow field of a field of a variable.
pub(super) fn attached_field(var: VarId, entities: &Entities, field: &Field) -> Result<ArrowField> {
    Ok(ArrowField::new(field_column(var, field), field_type(entities, field)?, true))
}

impl Lowering {
    /// Attaches all that expressions read and that is not there yet.
    pub(super) async fn attach(&mut self, mut flow: Flow, exprs: &[&Expr]) -> Result<Flow> {
        let schema = flow.schema();
        let mut fields: BTreeMap<VarId, BTreeSet<Field>> = BTreeMap::new();
        let mut paths: Vec<(VarId, PathParts)> = Vec::new();
        let scope = flow.scope.clone();
        for mention in exprs.iter().flat_map(|expr| through_groups(expr, &scope)) {
            match mention {
                Mention::Field(var, field)
                    if scope.binds(var) && schema.index_of(&field_column(var, &field)).is_err() =>
                {
                    fields.entry(var).or_default().insert(field);
                }
                Mention::Path(var, PathPart::Whole | PathPart::Nodes | PathPart::Edges) => {
                    paths.push((var, PathParts::Shown));
                }
                Mention::Path(var, PathPart::Identity) => paths.push((var, PathParts::Identity)),
                Mention::Search(_, expr) if flow.scope.computed(expr).is_none() => {
                    flow = self.score(flow, expr).await?;
                }
                _ => {}
            }
        }
        for (var, parts) in paths {
            flow = self.path_parts(flow, var, parts)?;
        }
        for (var, fields) in fields {
            flow = attach_fields(flow, var, fields.into_iter().collect())?;
        }
        Ok(flow)
    }

    /// Keeps the rows for which all conditions are true, and of the columns those that are `wanted` afterwards.
    pub(super) async fn filter(
        &mut self,
        flow: Flow,
        conditions: &[&Expr],
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Flow> {
        if conditions.is_empty() {
            return Ok(flow);
        }
        let flow = self.attach(flow, conditions).await?;
        let schema = flow.schema();
        let mut lowered = Vec::with_capacity(conditions.len());
        for condition in conditions {
            lowered.push(self.scalar(condition, &flow.scope, &schema)?);
        }
        let condition = match lowered.len() {
            1 => lowered.swap_remove(0),
            _ => Scalar::And(lowered),
        };
        let keep = flow.places(wanted);
        let kept = Arc::new(schema.project(&keep)?);
        let text = conditions.iter().map(|condition| print_expr(condition)).collect::<Vec<_>>().join(" and ");
        let filter = Filter { condition, text, witness: flow.witness(), keep };
        Ok(Flow { plan: node(filter, vec![flow.plan], kept), scope: flow.scope })
    }

    /// Adds computed columns.
    pub(super) async fn compute(&mut self, flow: Flow, computed: &[Computed<'_>]) -> Result<Flow> {
        if computed.is_empty() {
            return Ok(flow);
        }
        let exprs: Vec<&Expr> = computed.iter().map(|computed| computed.expr).collect();
        let flow = self.attach(flow, &exprs).await?;
        let schema = flow.schema();
        let mut columns: Vec<Scalar> = (0..schema.fields().len()).map(Scalar::Column).collect();
        let mut fields = Vec::with_capacity(computed.len());
        for Computed { name, expr } in computed {
            columns.push(self.scalar(expr, &flow.scope, &schema)?);
            fields.push(ArrowField::new(name, carrier(&expr.ty), true));
        }
        let schema = extended(&schema, fields);
        let project = Project { columns, schema: Arc::clone(&schema), witness: flow.witness() };
        Ok(Flow { plan: node(project, vec![flow.plan], schema), scope: flow.scope })
    }

    /// Each row once. All columns are numbers.
    pub(super) fn distinct_rows(&self, flow: Flow) -> Flow {
        let schema = flow.schema();
        let distinct = Distinct { budget: Arc::clone(&self.budget) };
        Flow { plan: node(distinct, vec![flow.plan], schema), scope: flow.scope }
    }

    /// The rows of both: those that agree on pairs of columns, or else every pair.
    pub(super) fn join(&mut self, left: Flow, right: Flow, on: &[(String, String)]) -> Result<Flow> {
        let plan: Arc<dyn ExecutionPlan> = if on.is_empty() {
            Arc::new(CrossJoinExec::new(left.plan, right.plan))
        } else {
            let mut pairs = Vec::with_capacity(on.len());
            for (a, b) in on {
                let a = Column::new(a, left.place(a)?);
                let b = Column::new(b, right.place(b)?);
                pairs.push((Arc::new(a) as _, Arc::new(b) as _));
            }
            Arc::new(HashJoinExec::try_new(
                left.plan,
                right.plan,
                pairs,
                None,
                &JoinType::Inner,
                None,
                PartitionMode::CollectLeft,
                NullEquality::NullEqualsNothing,
                false,
            )?)
        };
        let times = left.scope.times.clone().zip(right.scope.times.clone());
        let mut scope = left.scope;
        scope.merge(right.scope);
        let joined = Flow { plan: self.counted(plan), scope };
        match times {
            Some((a, b)) => self.multiplied(joined, &a, &b),
            None => Ok(joined),
        }
    }

    /// Rows of a join stand for the product of the rows that both sides stand for.
    fn multiplied(&mut self, flow: Flow, a: &str, b: &str) -> Result<Flow> {
        let schema = flow.schema();
        let (a, b) = (flow.place(a)?, flow.place(b)?);
        let integer = Type::scalar(omnigraph_compiler::types::Scalar::I64);
        let kernel = Kernel::binary(BinaryOp::Multiply, &integer, &integer, &integer);
        let kernel = kernel.map_err(|error| Error::internal(error.to_string()))?;
        let keep: Vec<usize> = (0..schema.fields().len()).filter(|place| *place != a && *place != b).collect();
        let times = self.fresh("times");
        let schema = extended(&schema.project(&keep)?, [ArrowField::new(&times, DataType::Int64, false)]);
        let mut columns: Vec<Scalar> = keep.into_iter().map(Scalar::Column).collect();
        columns.push(Scalar::Apply(Arc::new(kernel), vec![Scalar::Column(a), Scalar::Column(b)]));
        let project = Project { columns, schema: Arc::clone(&schema), witness: Witness::default() };
        let scope = Scope { times: Some(times), ..flow.scope };
        Ok(Flow { plan: node(project, vec![flow.plan], schema), scope })
    }

    /// The same rows, counted against the budget.
    fn counted(&self, plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        let schema = plan.schema();
        node(crate::query::operator::Counted { budget: Arc::clone(&self.budget) }, vec![plan], schema)
    }
}

/// What an expression reads, through the keys of groups.
fn through_groups<'a>(expr: &'a Expr, scope: &'a Scope) -> Vec<Mention<'a>> {
    let mut found = mentions(expr);
    for index in super::group::group_keys(expr) {
        if let Some(super::scope::GroupKey::Of(key)) = scope.groups.get(index) {
            found.extend(mentions(key));
        }
    }
    found
}

/// Attaches fields of a variable.
pub(super) fn attach_fields(flow: Flow, var: VarId, fields: Vec<Field>) -> Result<Flow> {
    let entities = flow.scope.entities(var).cloned();
    let entities = entities.ok_or_else(|| Error::internal(format!("variable {} is no node or edge", var.0)))?;
    let arrow = fields.iter().map(|field| attached_field(var, &entities, field)).collect::<Result<Vec<_>>>()?;
    let schema = extended(&flow.schema(), arrow);
    let attach = Attach { column: flow.place(&column(var))?, entities, fields, schema: Arc::clone(&schema) };
    Ok(Flow { plan: node(attach, vec![flow.plan], schema), scope: flow.scope })
}
