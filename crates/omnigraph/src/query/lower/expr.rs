//! Expressions. Three-valued logic is SQL's, which DataFusion's operators follow.

use datafusion::functions::core::expr_fn::named_struct;
use datafusion::functions::string::expr_fn::{contains, ends_with, starts_with};
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::logical_expr::{Expr as Plan, ExprFunctionExt, Operator, binary_expr, lit, not};
use datafusion::prelude::when;
use omnigraph_compiler::ir::{
    Aggregate, AggregateKind, BinaryOp, Expr, ExprKind, ObjectKind, SystemField, Type, UnaryOp, Value, VarId,
};
use omnigraph_compiler::types::Scalar;

use super::scope::{Scope, plain};
use super::{Lowering, unsupported, value};
use crate::error::{Error, Result};
use crate::table::value_type;

/// The column of a group key.
pub(super) fn group_key(index: usize) -> String {
    format!("key{index}")
}

/// The column of an aggregate.
pub(super) fn aggregated(index: usize) -> String {
    format!("aggregate{index}")
}

/// A result column before it gets its name.
pub(super) fn result_column(index: usize) -> String {
    format!("column{index}")
}

impl Lowering<'_> {
    /// Lowers an expression over `scope`.
    pub(super) fn expr(&self, expr: &Expr, scope: &Scope) -> Result<Plan> {
        match &expr.kind {
            ExprKind::Literal(constant) => Ok(lit(value::scalar(constant, &expr.ty)?)),
            ExprKind::Param(index) => self.param(*index, &expr.ty),
            ExprKind::Now => Ok(lit(datafusion::common::ScalarValue::TimestampMillisecond(
                Some(self.now_millis),
                Some(std::sync::Arc::from("UTC")),
            ))),
            ExprKind::Property { var, property } => scope.column(*var, &property.name),
            ExprKind::System { var, field } => scope.system(*var, *field),
            ExprKind::Object(var) => self.object(*var, &expr.ty, scope),
            ExprKind::Variable(var) => scope.value(*var),
            ExprKind::And(parts) => self.join(parts, scope, Plan::and, true),
            ExprKind::Or(parts) => self.join(parts, scope, Plan::or, false),
            ExprKind::Unary { op, operand } => {
                let operand = self.expr(operand, scope)?;
                Ok(match op {
                    UnaryOp::Not => not(operand),
                    UnaryOp::Negate => Plan::Negative(Box::new(operand)),
                })
            }
            ExprKind::Binary { op, left, right } => binary(*op, self.expr(left, scope)?, self.expr(right, scope)?),
            ExprKind::In { item, list } => Ok(array_has(self.expr(list, scope)?, self.expr(item, scope)?)),
            ExprKind::IsNull(operand) => Ok(self.expr(operand, scope)?.is_null()),
            ExprKind::GroupKey(index) => Ok(plain(&group_key(*index))),
            ExprKind::Aggregated(index) => Ok(plain(&aggregated(*index))),
            ExprKind::Column(index) => Ok(plain(&result_column(*index))),
            ExprKind::Convert(inner) => match &expr.ty {
                Type::Value(ty) => Ok(datafusion::prelude::cast(self.expr(inner, scope)?, value_type(ty))),
                _ => Err(unsupported("this conversion")),
            },
            ExprKind::List(_) | ExprKind::ListItem { .. } => Err(unsupported("a computed list")),
            ExprKind::JsonItem { .. } => Err(unsupported("access into a Json value")),
            ExprKind::Call { .. } => Err(unsupported("a function call")),
            ExprKind::Path { .. } => Err(unsupported("a path")),
            ExprKind::TextMatch(_) => Err(unsupported("text search")),
            ExprKind::Distance(_) | ExprKind::Rank(_) => Err(unsupported("a search score")),
        }
    }

    /// Lowers a condition; what is not true, does not hold.
    pub(super) fn conditions(&self, conditions: &[Expr], scope: &Scope) -> Result<Option<Plan>> {
        let lowered = conditions.iter().map(|condition| self.expr(condition, scope)).collect::<Result<Vec<_>>>()?;
        Ok(lowered.into_iter().reduce(Plan::and))
    }

    fn param(&self, index: usize, ty: &Type) -> Result<Plan> {
        let value = self.params.get(index).ok_or_else(|| Error::internal(format!("parameter {index} is not given")))?;
        // A parameter that may be null says so in its type, not in its value.
        let ty = if *value == Value::Null { ty.clone().with_nullable(true) } else { ty.clone() };
        Ok(lit(value::scalar(value, &ty)?))
    }

    fn join(&self, parts: &[Expr], scope: &Scope, with: fn(Plan, Plan) -> Plan, empty: bool) -> Result<Plan> {
        let lowered = parts.iter().map(|part| self.expr(part, scope)).collect::<Result<Vec<_>>>()?;
        Ok(lowered.into_iter().reduce(with).unwrap_or_else(|| lit(empty)))
    }

    /// A node or edge as a whole: its system fields, then its properties but blobs and vectors; null if it is null.
    fn object(&self, var: VarId, ty: &Type, scope: &Scope) -> Result<Plan> {
        let Type::Object { kind, .. } = ty else { return Err(Error::internal("an object of no object type")) };
        let catalog = self.snapshot.catalog();
        let name = &scope.entity(var)?.name;
        let mut members = vec![("@id", scope.system(var, SystemField::Id)?)];
        let properties = match kind {
            ObjectKind::Node => catalog.nodes.get(name).map(|node| &node.properties),
            ObjectKind::Edge => {
                members.push(("@src", scope.system(var, SystemField::Src)?));
                members.push(("@dst", scope.system(var, SystemField::Dst)?));
                members.push(("@type", scope.system(var, SystemField::Type)?));
                catalog.edges.get(name).map(|edge| &edge.properties)
            }
        };
        let shown = properties.into_iter().flatten();
        for property in shown.filter(|property| !matches!(property.ty.scalar, Scalar::Blob | Scalar::Vector(_))) {
            members.push((&property.name, scope.column(var, &property.name)?));
        }
        let arguments = members.into_iter().flat_map(|(name, value)| [lit(name), value]).collect();
        Ok(when(scope.system(var, SystemField::Id)?.is_not_null(), named_struct(arguments)).end()?)
    }

    /// Lowers an aggregate over the rows of `scope`.
    pub(super) fn aggregate(&self, aggregate: &Aggregate, scope: &Scope) -> Result<Plan> {
        use datafusion::functions_aggregate::expr_fn::{avg, count, max, min, sum};
        let arg = match &aggregate.arg {
            // Entities are counted and told apart by identity; their other columns need not be read.
            Some(Expr { kind: ExprKind::Object(var), .. }) => scope.system(*var, SystemField::Id)?,
            Some(arg) => self.expr(arg, scope)?,
            None => lit(1_i64),
        };
        let call = match aggregate.kind {
            AggregateKind::Count => count(arg),
            AggregateKind::Sum => sum(arg),
            AggregateKind::Avg => avg(arg),
            AggregateKind::Min => min(arg),
            AggregateKind::Max => max(arg),
            AggregateKind::Collect => return Err(unsupported("collect")),
        };
        if aggregate.distinct { Ok(call.distinct().build()?) } else { Ok(call) }
    }
}

fn binary(op: BinaryOp, left: Plan, right: Plan) -> Result<Plan> {
    let operator = match op {
        BinaryOp::Equal => Operator::Eq,
        BinaryOp::NotEqual => Operator::NotEq,
        BinaryOp::Less => Operator::Lt,
        BinaryOp::LessEqual => Operator::LtEq,
        BinaryOp::Greater => Operator::Gt,
        BinaryOp::GreaterEqual => Operator::GtEq,
        BinaryOp::ContainsText => return Ok(contains(left, right)),
        BinaryOp::StartsWith => return Ok(starts_with(left, right)),
        BinaryOp::EndsWith => return Ok(ends_with(left, right)),
        BinaryOp::Concat => Operator::StringConcat,
        _ => return Err(unsupported("arithmetic")),
    };
    Ok(binary_expr(left, operator, right))
}
