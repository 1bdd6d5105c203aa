//! Expressions.
//!
//! Operands are evaluated from left to right. A conjunction stops at the first that is false, a disjunction at the first
//! that is true, so a failure behind it does not count.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{BinaryOp, Expr, ExprKind, PathPart, SystemField, UnaryOp, VarId};
use serde_json::Value as Json;

use super::arithmetic::{arithmetic, negate};
use super::calendar::shift;
use super::evaluator::{Evaluator, Row};
use super::failure::Failure;
use super::function;
use super::value::Value;

impl Evaluator<'_> {
    /// Whether a condition holds: null does not.
    pub(super) fn is_true(&self, condition: &Expr, row: Row<'_>) -> Result<bool, Failure> {
        Ok(self.expr(condition, row)? == Value::Bool(true))
    }

    /// The value of an expression.
    pub(super) fn expr(&self, expr: &Expr, row: Row<'_>) -> Result<Value, Failure> {
        let at = |values: &[Value], index: usize| {
            values.get(index).cloned().ok_or_else(|| Failure::internal("a key, aggregate or column that is not there"))
        };
        let value = match &expr.kind {
            ExprKind::Literal(value) => Value::of(value),
            ExprKind::Param(index) => self.param(*index)?.clone(),
            ExprKind::Now => Value::DateTime(self.now_millis),
            ExprKind::Property { var, property } => self.property(*var, &property.name, row)?,
            ExprKind::System { var, field } => self.system(*var, *field, row)?,
            ExprKind::Object(var) | ExprKind::Variable(var) => variable(*var, row)?.clone(),
            ExprKind::Path { var, part } => path_part(variable(*var, row)?, *part)?,
            ExprKind::List(items) => self.list(items, row)?,
            ExprKind::And(operands) => self.connective(operands, false, row)?,
            ExprKind::Or(operands) => self.connective(operands, true, row)?,
            ExprKind::Unary { op, operand } => unary(*op, &self.expr(operand, row)?)?,
            ExprKind::Binary { op, left, right } => binary(*op, &self.expr(left, row)?, &self.expr(right, row)?)?,
            ExprKind::In { item, list } => member(&self.expr(item, row)?, &self.expr(list, row)?)?,
            ExprKind::IsNull(operand) => Value::Bool(self.expr(operand, row)?.is_null()),
            ExprKind::ListItem { list, index } => list_item(&self.expr(list, row)?, &self.expr(index, row)?)?,
            ExprKind::JsonItem { json, key } => json_item(&self.expr(json, row)?, &self.expr(key, row)?)?,
            ExprKind::Call { function, args } => self.call(*function, args, row)?,
            ExprKind::Convert(operand) => self.expr(operand, row)?,
            ExprKind::TextMatch(text) => self.text_match(text, row)?,
            ExprKind::Distance(nearest) => self.nearest(nearest, row)?,
            ExprKind::Rank(rank) => self.score(rank, row)?,
            ExprKind::GroupKey(index) => at(row.keys, *index)?,
            ExprKind::Aggregated(index) => at(row.aggregates, *index)?,
            ExprKind::Column(index) => at(row.columns, *index)?,
        };
        Ok(value.fitted(&expr.ty))
    }

    /// A property of a node or edge; null where the variable is.
    pub(super) fn property(&self, var: VarId, name: &str, row: Row<'_>) -> Result<Value, Failure> {
        let properties = match variable(var, row)? {
            Value::Null => return Ok(Value::Null),
            Value::Node(node) => self.graph_of(var).node(node),
            Value::Edge(edge) => self.graph_of(var).edge(edge).map(|row| &row.properties),
            other => return Err(Failure::internal(format!("a property of {other:?}"))),
        };
        let properties = properties.ok_or_else(|| Failure::internal("a row that the graph does not hold"))?;
        Ok(properties.get(name).cloned().unwrap_or(Value::Null))
    }

    fn system(&self, var: VarId, field: SystemField, row: Row<'_>) -> Result<Value, Failure> {
        let value = variable(var, row)?;
        let (Value::Node(entity) | Value::Edge(entity)) = value else { return Ok(Value::Null) };
        let edge = || self.graph_of(var).edge(entity).ok_or_else(|| Failure::internal("an end of what is no edge"));
        Ok(Value::Text(match field {
            SystemField::Id => entity.id.clone(),
            SystemField::Type => entity.ty.clone(),
            SystemField::Src => edge()?.src.clone(),
            SystemField::Dst => edge()?.dst.clone(),
        }))
    }

    fn list(&self, items: &[Expr], row: Row<'_>) -> Result<Value, Failure> {
        let items = items.iter().map(|item| self.expr(item, row)).collect::<Result<Vec<_>, _>>()?;
        Ok(if items.iter().any(Value::is_null) { Value::Null } else { Value::List(items) })
    }

    /// Three-valued `and` (which `false` decides) and `or` (which `true` decides).
    fn connective(&self, operands: &[Expr], decisive: bool, row: Row<'_>) -> Result<Value, Failure> {
        let mut unknown = false;
        for operand in operands {
            match self.expr(operand, row)? {
                Value::Bool(value) if value == decisive => return Ok(Value::Bool(decisive)),
                Value::Null => unknown = true,
                _ => {}
            }
        }
        Ok(if unknown { Value::Null } else { Value::Bool(!decisive) })
    }

    fn call(&self, function: FunctionId, args: &[Expr], row: Row<'_>) -> Result<Value, Failure> {
        match (function, args) {
            (FunctionId::If, [condition, yes, no]) => {
                let chosen = if self.is_true(condition, row)? { yes } else { no };
                self.expr(chosen, row)
            }
            (FunctionId::Coalesce, args) => {
                for arg in args {
                    let value = self.expr(arg, row)?;
                    if !value.is_null() {
                        return Ok(value);
                    }
                }
                Ok(Value::Null)
            }
            (function, args) => {
                let args = args.iter().map(|arg| self.expr(arg, row)).collect::<Result<Vec<_>, _>>()?;
                if args.iter().any(Value::is_null) { Ok(Value::Null) } else { function::apply(function, &args) }
            }
        }
    }
}

/// What a variable stands for.
pub(super) fn variable<'a>(var: VarId, row: Row<'a>) -> Result<&'a Value, Failure> {
    row.env.get(&var).ok_or_else(|| Failure::internal(format!("variable {} is not bound", var.0)))
}

fn unary(op: UnaryOp, operand: &Value) -> Result<Value, Failure> {
    match (op, operand) {
        (_, Value::Null) => Ok(Value::Null),
        (UnaryOp::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
        (UnaryOp::Not, other) => Err(Failure::internal(format!("not {other:?}"))),
        (UnaryOp::Negate, number) => negate(number),
    }
}

fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, Failure> {
    if left.is_null() || right.is_null() {
        return Ok(Value::Null);
    }
    let order = || {
        let order = left.compare(right);
        order.ok_or_else(|| Failure::internal(format!("{left:?} compared with {right:?}")))
    };
    let texts = || match (left, right) {
        (Value::Text(left), Value::Text(right)) => Ok((left, right)),
        _ => Err(Failure::internal(format!("{op:?} of {left:?} and {right:?}"))),
    };
    Ok(match op {
        BinaryOp::Equal => Value::Bool(order()?.is_eq()),
        BinaryOp::NotEqual => Value::Bool(order()?.is_ne()),
        BinaryOp::Less => Value::Bool(order()?.is_lt()),
        BinaryOp::LessEqual => Value::Bool(order()?.is_le()),
        BinaryOp::Greater => Value::Bool(order()?.is_gt()),
        BinaryOp::GreaterEqual => Value::Bool(order()?.is_ge()),
        BinaryOp::ContainsText => texts().map(|(text, part)| Value::Bool(text.contains(part.as_str())))?,
        BinaryOp::StartsWith => texts().map(|(text, part)| Value::Bool(text.starts_with(part.as_str())))?,
        BinaryOp::EndsWith => texts().map(|(text, part)| Value::Bool(text.ends_with(part.as_str())))?,
        BinaryOp::Concat => texts().map(|(left, right)| Value::Text(format!("{left}{right}")))?,
        BinaryOp::AddDuration => shift(left, right, 1)?,
        BinaryOp::SubtractDuration => shift(left, right, -1)?,
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::IntegerDivide
        | BinaryOp::Remainder => arithmetic(op, left, right)?,
    })
}

/// Membership; an unknown item or list is unknown.
fn member(item: &Value, list: &Value) -> Result<Value, Failure> {
    match (item, list) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (item, Value::List(items)) => Ok(Value::Bool(items.iter().any(|other| item.equals(other) == Some(true)))),
        (_, other) => Err(Failure::internal(format!("an item of {other:?}"))),
    }
}

fn list_item(list: &Value, index: &Value) -> Result<Value, Failure> {
    match (list, index) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::List(items), Value::Integer(index)) => {
            let item = usize::try_from(*index).ok().and_then(|index| items.get(index));
            Ok(item.cloned().unwrap_or(Value::Null))
        }
        (list, index) => Err(Failure::internal(format!("item {index:?} of {list:?}"))),
    }
}

/// An item of a JSON value. A JSON null is the absence of a value.
fn json_item(json: &Value, key: &Value) -> Result<Value, Failure> {
    let found = match (json, key) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Json(Json::Object(members)), Value::Text(name)) => members.get(name),
        (Value::Json(Json::Array(items)), Value::Integer(index)) => {
            usize::try_from(*index).ok().and_then(|index| items.get(index))
        }
        (Value::Json(_), Value::Text(_) | Value::Integer(_)) => None,
        (json, key) => return Err(Failure::internal(format!("item {key:?} of {json:?}"))),
    };
    Ok(found.filter(|json| !json.is_null()).map_or(Value::Null, |json| Value::Json(json.clone())))
}

fn path_part(path: &Value, part: PathPart) -> Result<Value, Failure> {
    let path = match path {
        Value::Null => return Ok(Value::Null),
        Value::Path(path) => path,
        other => return Err(Failure::internal(format!("{other:?} is no path"))),
    };
    Ok(match part {
        PathPart::Whole => Value::Path(path.clone()),
        PathPart::Nodes => Value::List(path.nodes.iter().cloned().map(Value::Node).collect()),
        PathPart::Edges => Value::List(path.edges.iter().cloned().map(Value::Edge).collect()),
        PathPart::Length => Value::Integer(path.edges.len() as i128),
        PathPart::Cost => Value::F64(path.cost),
        PathPart::Identity => {
            let entities = path.nodes.iter().chain(&path.edges);
            Value::Text(entities.map(|entity| format!("{}\0{}\0", entity.id, entity.ty)).collect())
        }
    })
}
