//! Expressions.
//!
//! Operands are evaluated from left to right. A conjunction stops at the first that is false, a disjunction at the first
//! that is true, so a failure behind it does not count.

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{BinaryOp, Expr, ExprKind, PathPart, SystemField, UnaryOp, VarId};
use serde_json::Value as Json;

use super::arithmetic::{arithmetic, negate};
use super::calendar::shift;
use super::evaluator::{OracleError, OracleEvaluator, RowScope};
use super::function;
use super::value::OracleValue;

impl OracleEvaluator<'_> {
    /// Returns true if a condition holds. Null does not.
    pub(super) fn is_true(&self, condition: &Expr, row: RowScope<'_>) -> Result<bool, OracleError> {
        Ok(self.expr(condition, row)? == OracleValue::Bool(true))
    }

    /// Evaluates an expression.
    pub(super) fn expr(&self, expr: &Expr, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let at = |values: &[OracleValue], index: usize| {
            values.get(index).cloned().ok_or_else(|| OracleError::internal("a missing key, aggregate or column"))
        };
        let value = match &expr.kind {
            ExprKind::Literal(value) => OracleValue::from_ir(value),
            ExprKind::Param(index) => self.param(*index)?.clone(),
            ExprKind::Now => OracleValue::DateTime(self.now_millis),
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
            ExprKind::IsNull(operand) => OracleValue::Bool(self.expr(operand, row)?.is_null()),
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

    /// Returns a property of a node or edge; null if the variable is null.
    pub(super) fn property(&self, var: VarId, name: &str, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let properties = match variable(var, row)? {
            OracleValue::Null => return Ok(OracleValue::Null),
            OracleValue::Node(node) => self.graph_of(var).node(node),
            OracleValue::Edge(edge) => self.graph_of(var).edge(edge).map(|row| &row.properties),
            other => return Err(OracleError::internal(format!("a property of {other:?}"))),
        };
        let properties = properties.ok_or_else(|| OracleError::internal("a row that the graph does not hold"))?;
        Ok(properties.get(name).cloned().unwrap_or(OracleValue::Null))
    }

    fn system(&self, var: VarId, field: SystemField, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let value = variable(var, row)?;
        let (OracleValue::Node(entity) | OracleValue::Edge(entity)) = value else { return Ok(OracleValue::Null) };
        let edge = || {
            self.graph_of(var)
                .edge(entity)
                .ok_or_else(|| OracleError::internal("an endpoint of a value that is not an edge"))
        };
        Ok(OracleValue::Text(match field {
            SystemField::Id => entity.id.clone(),
            SystemField::Type => entity.ty.clone(),
            SystemField::Src => edge()?.src.clone(),
            SystemField::Dst => edge()?.dst.clone(),
        }))
    }

    fn list(&self, items: &[Expr], row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let items = items.iter().map(|item| self.expr(item, row)).collect::<Result<Vec<_>, _>>()?;
        Ok(if items.iter().any(OracleValue::is_null) { OracleValue::Null } else { OracleValue::List(items) })
    }

    /// Three-valued `and` (which `false` decides) and `or` (which `true` decides).
    fn connective(&self, operands: &[Expr], decisive: bool, row: RowScope<'_>) -> Result<OracleValue, OracleError> {
        let mut unknown = false;
        for operand in operands {
            match self.expr(operand, row)? {
                OracleValue::Bool(value) if value == decisive => return Ok(OracleValue::Bool(decisive)),
                OracleValue::Null => unknown = true,
                _ => {}
            }
        }
        Ok(if unknown { OracleValue::Null } else { OracleValue::Bool(!decisive) })
    }

    fn call(&self, function: FunctionId, args: &[Expr], row: RowScope<'_>) -> Result<OracleValue, OracleError> {
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
                Ok(OracleValue::Null)
            }
            (function, args) => {
                let args = args.iter().map(|arg| self.expr(arg, row)).collect::<Result<Vec<_>, _>>()?;
                if args.iter().any(OracleValue::is_null) {
                    Ok(OracleValue::Null)
                } else {
                    function::apply(function, &args)
                }
            }
        }
    }
}

/// Returns the value of a variable.
pub(super) fn variable<'a>(var: VarId, row: RowScope<'a>) -> Result<&'a OracleValue, OracleError> {
    row.env.get(&var).ok_or_else(|| OracleError::internal(format!("variable {} is not bound", var.0)))
}

fn unary(op: UnaryOp, operand: &OracleValue) -> Result<OracleValue, OracleError> {
    match (op, operand) {
        (_, OracleValue::Null) => Ok(OracleValue::Null),
        (UnaryOp::Not, OracleValue::Bool(value)) => Ok(OracleValue::Bool(!value)),
        (UnaryOp::Not, other) => Err(OracleError::internal(format!("not {other:?}"))),
        (UnaryOp::Negate, number) => negate(number),
    }
}

fn binary(op: BinaryOp, left: &OracleValue, right: &OracleValue) -> Result<OracleValue, OracleError> {
    if left.is_null() || right.is_null() {
        return Ok(OracleValue::Null);
    }
    let order = || {
        let order = left.compare(right);
        order.ok_or_else(|| OracleError::internal(format!("{left:?} compared with {right:?}")))
    };
    let texts = || match (left, right) {
        (OracleValue::Text(left), OracleValue::Text(right)) => Ok((left, right)),
        _ => Err(OracleError::internal(format!("{op:?} of {left:?} and {right:?}"))),
    };
    Ok(match op {
        BinaryOp::Equal => OracleValue::Bool(order()?.is_eq()),
        BinaryOp::NotEqual => OracleValue::Bool(order()?.is_ne()),
        BinaryOp::Less => OracleValue::Bool(order()?.is_lt()),
        BinaryOp::LessEqual => OracleValue::Bool(order()?.is_le()),
        BinaryOp::Greater => OracleValue::Bool(order()?.is_gt()),
        BinaryOp::GreaterEqual => OracleValue::Bool(order()?.is_ge()),
        BinaryOp::ContainsText => texts().map(|(text, part)| OracleValue::Bool(text.contains(part.as_str())))?,
        BinaryOp::StartsWith => texts().map(|(text, part)| OracleValue::Bool(text.starts_with(part.as_str())))?,
        BinaryOp::EndsWith => texts().map(|(text, part)| OracleValue::Bool(text.ends_with(part.as_str())))?,
        BinaryOp::Concat => texts().map(|(left, right)| OracleValue::Text(format!("{left}{right}")))?,
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

/// Tests membership; null if the item or list is null.
fn member(item: &OracleValue, list: &OracleValue) -> Result<OracleValue, OracleError> {
    match (item, list) {
        (OracleValue::Null, _) | (_, OracleValue::Null) => Ok(OracleValue::Null),
        (item, OracleValue::List(items)) => {
            Ok(OracleValue::Bool(items.iter().any(|other| item.equals(other) == Some(true))))
        }
        (_, other) => Err(OracleError::internal(format!("an item of {other:?}"))),
    }
}

fn list_item(list: &OracleValue, index: &OracleValue) -> Result<OracleValue, OracleError> {
    match (list, index) {
        (OracleValue::Null, _) | (_, OracleValue::Null) => Ok(OracleValue::Null),
        (OracleValue::List(items), OracleValue::Integer(index)) => {
            let item = usize::try_from(*index).ok().and_then(|index| items.get(index));
            Ok(item.cloned().unwrap_or(OracleValue::Null))
        }
        (list, index) => Err(OracleError::internal(format!("item {index:?} of {list:?}"))),
    }
}

/// Returns an item of a JSON value. A JSON null is the absence of a value.
fn json_item(json: &OracleValue, key: &OracleValue) -> Result<OracleValue, OracleError> {
    let found = match (json, key) {
        (OracleValue::Null, _) | (_, OracleValue::Null) => None,
        (OracleValue::Json(Json::Object(members)), OracleValue::Text(name)) => members.get(name),
        (OracleValue::Json(Json::Array(items)), OracleValue::Integer(index)) => {
            usize::try_from(*index).ok().and_then(|index| items.get(index))
        }
        (OracleValue::Json(_), OracleValue::Text(_) | OracleValue::Integer(_)) => None,
        (json, key) => return Err(OracleError::internal(format!("item {key:?} of {json:?}"))),
    };
    Ok(found.filter(|json| !json.is_null()).map_or(OracleValue::Null, |json| OracleValue::Json(json.clone())))
}

fn path_part(path: &OracleValue, part: PathPart) -> Result<OracleValue, OracleError> {
    let path = match path {
        OracleValue::Null => return Ok(OracleValue::Null),
        OracleValue::Path(path) => path,
        other => return Err(OracleError::internal(format!("{other:?} is not a path"))),
    };
    Ok(match part {
        PathPart::Whole => OracleValue::Path(path.clone()),
        PathPart::Nodes => OracleValue::List(path.nodes.iter().cloned().map(OracleValue::Node).collect()),
        PathPart::Edges => OracleValue::List(path.edges.iter().cloned().map(OracleValue::Edge).collect()),
        PathPart::Length => OracleValue::Integer(path.edges.len() as i128),
        PathPart::Cost => OracleValue::F64(path.cost),
        PathPart::Identity => {
            let entities = path.nodes.iter().chain(&path.edges);
            OracleValue::Text(entities.map(|entity| format!("{}\0{}\0", entity.id, entity.ty)).collect())
        }
    })
}
