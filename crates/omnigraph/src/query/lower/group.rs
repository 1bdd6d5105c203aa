//! Grouping and aggregates.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef};
use datafusion::functions_aggregate::{
    array_agg::array_agg_udaf, average::avg_udaf, count::count_udaf, min_max::max_udaf, min_max::min_udaf,
    sum::sum_udaf,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use omnigraph_compiler::ir::{Aggregate, AggregateKind, Block, CorrelatedKind, Expr, ExprKind, Group, Type, VarId};
use omnigraph_compiler::types::Scalar as Base;

use super::Lowering;
use super::expr::{aggregated, carrier, group_key};
use super::flow::{Computed, Flow};
use super::mention::{mentions, object};
use super::scope::{GroupKey, Scope, column};
use crate::error::{Error, Result};
use crate::query::graph::Entities;
use crate::query::lists;
use crate::query::operator::{Project, Witness, node};
use crate::query::scalar::Scalar;

/// The number of rows that a row stands for, as an aggregate's argument.
const TIMES: &str = "times";

/// Whether aggregates only count rows, so that a row may stand for several: nothing is asked of the counted but that it is
/// there.
pub(super) fn only_counts(aggregates: &[Aggregate], block: &Block) -> bool {
    let optional = block.blocks.iter().any(|nested| matches!(nested.kind, CorrelatedKind::Optional));
    let plain = |aggregate: &Aggregate| {
        aggregate.kind == AggregateKind::Count
            && !aggregate.distinct
            && aggregate.arg.as_ref().is_none_or(|arg| object(arg).is_some())
    };
    !aggregates.is_empty() && !optional && aggregates.iter().all(plain)
}

/// Counts of rows instead of counts of what is there in every row.
pub(super) fn of_rows(aggregates: &[Aggregate]) -> Vec<Aggregate> {
    aggregates.iter().map(|aggregate| Aggregate { arg: None, ..aggregate.clone() }).collect()
}

/// Whether aggregates count equal rows once.
pub(super) fn ignores_duplicates(aggregates: &[Aggregate]) -> bool {
    aggregates
        .iter()
        .all(|aggregate| aggregate.distinct || matches!(aggregate.kind, AggregateKind::Min | AggregateKind::Max))
}

/// The group keys that an expression reads.
pub(super) fn group_keys(expr: &Expr) -> Vec<usize> {
    let mut keys = Vec::new();
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let ExprKind::GroupKey(index) = &expr.kind {
            keys.push(*index);
        }
        open.extend(super::mention::parts(expr));
    }
    keys
}

impl Lowering {
    /// Groups the rows of `flow`.
    pub(super) async fn group(&mut self, flow: Flow, group: &Group) -> Result<Flow> {
        let groups: Vec<GroupKey> = group
            .keys
            .iter()
            .enumerate()
            .map(|(index, key)| match self.stands_for(key, &flow.scope) {
                true => GroupKey::Of(key.clone()),
                false => GroupKey::Column(group_key(index)),
            })
            .collect();
        let mut kept: BTreeSet<VarId> = BTreeSet::new();
        let mut computed = Vec::new();
        for (key, known) in group.keys.iter().zip(&groups) {
            match known {
                GroupKey::Of(_) => kept.extend(mentions(key).iter().map(|mention| mention.var())),
                GroupKey::Column(name) => computed.push(Computed { name: name.clone(), expr: key }),
            }
        }
        let flow = self.arguments(flow, computed, &group.aggregates).await?;
        let mut keys: Vec<String> = kept.iter().map(|var| column(*var)).collect();
        keys.extend(groups.iter().filter_map(|key| match key {
            GroupKey::Column(name) => Some(name.clone()),
            GroupKey::Of(_) => None,
        }));
        let mut scope = Scope { groups, ..Scope::default() };
        scope
            .bindings
            .extend(flow.scope.bindings.iter().filter(|(var, _)| kept.contains(var)).map(|(v, b)| (*v, b.clone())));
        let plan = aggregate(&flow, &keys, &group.aggregates)?;
        Ok(finished(Flow { plan, scope }, &group.aggregates, keys.len()))
    }

    /// One aggregate for each number of an outer row.
    pub(super) async fn aggregate_by(&mut self, flow: Flow, number: &str, wanted: &Aggregate) -> Result<Flow> {
        let wanted = std::slice::from_ref(wanted);
        let flow = self.arguments(flow, Vec::new(), wanted).await?;
        let plan = aggregate(&flow, &[number.to_owned()], wanted)?;
        Ok(finished(Flow { plan, scope: Scope::default() }, wanted, 1))
    }

    /// Whether a key is known from the identity of one variable: it is the variable, or its type's only key.
    fn stands_for(&self, key: &Expr, scope: &Scope) -> bool {
        match &key.kind {
            ExprKind::Object(var) => scope.entities(*var).is_some(),
            ExprKind::Property { var, property } => match scope.entities(*var) {
                Some(Entities::Nodes(nodes)) => match nodes.as_slice() {
                    [only] => self.has_sole_key(&only.name, &property.name),
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }

    fn has_sole_key(&self, node: &str, property: &str) -> bool {
        let node = self.graph.snapshot.catalog().nodes.get(node);
        node.and_then(|node| node.key.as_deref()).is_some_and(|key| matches!(key, [only] if only == property))
    }

    /// Computes keys and the arguments of aggregates.
    async fn arguments(
        &mut self,
        flow: Flow,
        mut computed: Vec<Computed<'_>>,
        aggregates: &[Aggregate],
    ) -> Result<Flow> {
        for (index, aggregate) in aggregates.iter().enumerate() {
            if let Some(expr) = aggregate.arg.as_ref().filter(|arg| by_number(aggregate, arg).is_none()) {
                computed.push(Computed { name: argument(index), expr });
            }
        }
        self.compute(flow, &computed).await
    }
}

/// The variable whose numbers are aggregated: nodes and edges are counted and told apart by them.
fn by_number(aggregate: &Aggregate, arg: &Expr) -> Option<VarId> {
    object(arg).filter(|_| aggregate.kind == AggregateKind::Count)
}

fn argument(index: usize) -> String {
    format!("argument{index}")
}

/// Aggregates over the groups of columns.
fn aggregate(
    flow: &Flow,
    keys: &[String],
    aggregates: &[Aggregate],
) -> Result<Arc<dyn datafusion::physical_plan::ExecutionPlan>> {
    let flow = prepared(flow, keys, aggregates)?;
    let schema = flow.schema();
    let mut functions = Vec::with_capacity(aggregates.len());
    for (index, aggregate) in aggregates.iter().enumerate() {
        functions.push(Arc::new(function(aggregate, index, &flow, &schema)?));
    }
    let mut by: Vec<(Arc<dyn PhysicalExpr>, String)> = Vec::with_capacity(keys.len());
    for key in keys {
        by.push((Arc::new(Column::new(key, flow.place(key)?)), key.clone()));
    }
    let filters = vec![None; functions.len()];
    let by = PhysicalGroupBy::new_single(by);
    Ok(Arc::new(AggregateExec::try_new(AggregateMode::Single, by, functions, filters, flow.plan, schema)?))
}

/// Keys and arguments alone, arguments in the types that aggregates take.
fn prepared(flow: &Flow, keys: &[String], aggregates: &[Aggregate]) -> Result<Flow> {
    let schema = flow.schema();
    let mut columns = Vec::new();
    let mut fields = Vec::new();
    for key in keys {
        let place = flow.place(key)?;
        columns.push(Scalar::Column(place));
        fields.push(schema.field(place).clone());
    }
    for (index, aggregate) in aggregates.iter().enumerate() {
        let (scalar, ty) = match &aggregate.arg {
            _ if flow.scope.times.is_some() && aggregate.kind == AggregateKind::Count && !aggregate.distinct => {
                continue;
            }
            None => continue,
            Some(arg) => match by_number(aggregate, arg) {
                Some(var) => (Scalar::Column(flow.place(&column(var))?), DataType::UInt64),
                None => converted(Scalar::Column(flow.place(&argument(index))?), aggregate, arg),
            },
        };
        columns.push(scalar);
        fields.push(ArrowField::new(argument(index), ty, true));
    }
    if let Some(times) = &flow.scope.times {
        columns.push(Scalar::Column(flow.place(times)?));
        fields.push(ArrowField::new(TIMES, DataType::Int64, false));
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let project = Project { columns, schema: Arc::clone(&schema), witness: Witness::default() };
    Ok(Flow { plan: node(project, vec![Arc::clone(&flow.plan)], schema), scope: flow.scope.clone() })
}

/// The type in which an argument is aggregated: integers are summed as decimals, so that only a result can overflow.
fn converted(scalar: Scalar, aggregate: &Aggregate, arg: &Expr) -> (Scalar, DataType) {
    let base = match &arg.ty {
        Type::Value(ty) if !ty.list => Some(ty.scalar),
        _ => None,
    };
    let ty = match (aggregate.kind, base) {
        (AggregateKind::Sum, Some(Base::F32 | Base::F64)) | (AggregateKind::Avg, _) => DataType::Float64,
        (AggregateKind::Sum, Some(Base::I32 | Base::I64 | Base::U32)) => DataType::Decimal128(19, 0),
        (AggregateKind::Sum, _) => DataType::Decimal128(20, 0),
        _ => return (scalar, carrier(&arg.ty)),
    };
    let target = ty.clone();
    (Scalar::Map(Arc::new(move |array| cast_exactly(array, &target)), Box::new(scalar)), ty)
}

fn cast_exactly(array: &ArrayRef, ty: &DataType) -> Result<ArrayRef, arrow::error::ArrowError> {
    // Through decimals of the full width, which hold every integer.
    cast_with_options(array, ty, &CastOptions { safe: false, ..CastOptions::default() })
}

fn function(aggregate: &Aggregate, index: usize, flow: &Flow, schema: &SchemaRef) -> Result<AggregateFunctionExpr> {
    let name = aggregated(index);
    let place = |name: &str| -> Result<Arc<dyn PhysicalExpr>> { Ok(Arc::new(Column::new(name, flow.place(name)?))) };
    let one =
        || -> Arc<dyn PhysicalExpr> { Arc::new(datafusion::physical_expr::expressions::Literal::new(1_i64.into())) };
    let counts = aggregate.kind == AggregateKind::Count && !aggregate.distinct;
    let (function, arg) = match (&aggregate.kind, &aggregate.arg) {
        _ if counts && flow.scope.times.is_some() => (sum_udaf(), place(TIMES)?),
        (AggregateKind::Count, None) => (count_udaf(), one()),
        (_, None) => return Err(Error::internal("an aggregate of nothing")),
        (AggregateKind::Count, Some(_)) => (count_udaf(), place(&argument(index))?),
        (AggregateKind::Sum, Some(_)) => (sum_udaf(), place(&argument(index))?),
        (AggregateKind::Avg, Some(_)) => (avg_udaf(), place(&argument(index))?),
        (AggregateKind::Min, Some(_)) => (min_udaf(), place(&argument(index))?),
        (AggregateKind::Max, Some(_)) => (max_udaf(), place(&argument(index))?),
        (AggregateKind::Collect, Some(_)) => (array_agg_udaf(), place(&argument(index))?),
    };
    let builder = AggregateExprBuilder::new(function, vec![arg]).schema(Arc::clone(schema)).alias(name);
    let builder = builder.with_distinct(aggregate.distinct);
    let builder = if aggregate.kind == AggregateKind::Collect { builder.ignore_nulls() } else { builder };
    Ok(builder.build()?)
}

/// Aggregates in the types of the language.
fn finished(flow: Flow, aggregates: &[Aggregate], keys: usize) -> Flow {
    let schema = flow.schema();
    let mut columns: Vec<Scalar> = (0..keys).map(Scalar::Column).collect();
    let mut fields: Vec<ArrowField> = schema.fields().iter().take(keys).map(|field| field.as_ref().clone()).collect();
    for (index, aggregate) in aggregates.iter().enumerate() {
        let ty = carrier(&aggregate.ty);
        let plain = Scalar::Column(keys + index);
        let target = ty.clone();
        columns.push(match aggregate.kind {
            AggregateKind::Sum => Scalar::Map(Arc::new(move |array| cast_exactly(array, &target)), Box::new(plain)),
            AggregateKind::Count => Scalar::Map(Arc::new(|array| Ok(lists::counted(array))), Box::new(plain)),
            AggregateKind::Collect => Scalar::Map(Arc::new(lists::sorted), Box::new(plain)),
            _ => plain,
        });
        fields.push(ArrowField::new(aggregated(index), ty, true));
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let project = Project { columns, schema: Arc::clone(&schema), witness: Witness::default() };
    Flow { plan: node(project, vec![flow.plan], schema), scope: flow.scope }
}
