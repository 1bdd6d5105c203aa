//! Expressions.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Schema};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{Expr, ExprKind, Type, Value};
use omnigraph_kernels::{Kernel, KernelError, value_type};

use super::mention::{compared, object, system};
use super::scope::{GroupKey, Scope, column, field_column, path_column};
use super::{Lowering, value};
use crate::error::{Error, Result};
use crate::query::operator::Field;
use crate::query::scalar::Scalar;

/// The column of a group's key.
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

/// The Arrow type of an expression's values: whole nodes, edges and paths are JSON text.
pub(in crate::query) fn carrier(ty: &Type) -> DataType {
    let item = || Arc::new(arrow::datatypes::Field::new("item", DataType::Utf8, true));
    match ty {
        Type::Objects { .. } => DataType::List(item()),
        Type::Object { .. } | Type::Path { .. } => DataType::Utf8,
        other => value_type(other).unwrap_or(DataType::Utf8),
    }
}

impl Lowering {
    /// Lowers an expression over the columns of `schema`; every field that it reads is attached.
    pub(in crate::query) fn scalar(&self, expr: &Expr, scope: &Scope, schema: &Schema) -> Result<Scalar> {
        let at = |name: &str| place(schema, name);
        let lower = |expr: &Expr| self.scalar(expr, scope, schema);
        let all = |parts: &[Expr]| parts.iter().map(lower).collect::<Result<Vec<_>>>();
        Ok(match &expr.kind {
            ExprKind::Literal(constant) => Scalar::Constant(value::array(constant, &expr.ty)?),
            ExprKind::Param(index) => Scalar::Constant(self.param(*index, &expr.ty)?),
            ExprKind::Now => {
                Scalar::Constant(Arc::new(TimestampMillisecondArray::from(vec![self.now_millis]).with_timezone("UTC")))
            }
            ExprKind::Property { var, property } => at(&field_column(*var, &Field::Column(property.name.clone())))?,
            ExprKind::System { var, field } => at(&field_column(*var, &system(*field)))?,
            ExprKind::Object(var) => at(&field_column(*var, &Field::Object))?,
            ExprKind::Variable(var) => at(&column(*var))?,
            ExprKind::Path { var, part } => at(&path_column(*var, *part))?,
            ExprKind::And(parts) => Scalar::And(all(parts)?),
            ExprKind::Or(parts) => Scalar::Or(all(parts)?),
            ExprKind::Call { function, args } => self.call(*function, args, &expr.ty, all(args)?)?,
            ExprKind::GroupKey(index) => match scope.groups.get(*index) {
                Some(GroupKey::Column(name)) => at(name)?,
                Some(GroupKey::Of(key)) => lower(key)?,
                None => return Err(Error::internal("a group key of no group")),
            },
            ExprKind::Aggregated(index) => at(&aggregated(*index))?,
            ExprKind::Column(index) => at(&result_column(*index))?,
            ExprKind::TextMatch(_) | ExprKind::Distance(_) | ExprKind::Rank(_) => {
                at(scope.computed(expr).ok_or_else(|| Error::internal("a score that was not computed"))?)?
            }
            ExprKind::List(parts) if parts.is_empty() => {
                Scalar::Constant(value::array(&Value::List(Vec::new()), &expr.ty)?)
            }
            _ => self.operation(expr, scope, schema)?,
        })
    }

    fn operation(&self, expr: &Expr, scope: &Scope, schema: &Schema) -> Result<Scalar> {
        let lower = |expr: &Expr| self.scalar(expr, scope, schema);
        let number = Type::scalar(omnigraph_compiler::types::Scalar::U64).with_nullable(true);
        // Two nodes or edges are the same if their numbers are.
        if let (Some((left, right)), ExprKind::Binary { op, .. }) = (compared(expr), &expr.kind) {
            let kernel = Kernel::binary(*op, &number, &number, &expr.ty).map_err(bug)?;
            let operands = vec![place(schema, &column(left))?, place(schema, &column(right))?];
            return Ok(Scalar::Apply(Arc::new(kernel), operands));
        }
        let (kernel, operands): (Kernel, Vec<&Expr>) = match &expr.kind {
            ExprKind::Unary { op, operand } => (Kernel::unary(*op, &operand.ty, &expr.ty).map_err(bug)?, vec![operand]),
            ExprKind::Binary { op, left, right } => {
                (Kernel::binary(*op, &left.ty, &right.ty, &expr.ty).map_err(bug)?, vec![left, right])
            }
            ExprKind::In { item, list } => {
                (Kernel::is_in(&item.ty, &list.ty, &expr.ty).map_err(bug)?, vec![item, list])
            }
            ExprKind::IsNull(operand) => {
                if let Some(var) = object(operand) {
                    let there = place(schema, &column(var))?;
                    return Ok(Scalar::Apply(Arc::new(Kernel::is_null(&number)), vec![there]));
                }
                (Kernel::is_null(&operand.ty), vec![operand])
            }
            ExprKind::Convert(operand) => (Kernel::convert(&operand.ty, &expr.ty).map_err(bug)?, vec![operand]),
            ExprKind::ListItem { list, index } => {
                (Kernel::list_item(&list.ty, &index.ty, &expr.ty).map_err(bug)?, vec![list, index])
            }
            ExprKind::JsonItem { json, key } => {
                (Kernel::json_item(&json.ty, &key.ty, &expr.ty).map_err(bug)?, vec![json, key])
            }
            ExprKind::List(parts) => {
                let types: Vec<Type> = parts.iter().map(|part| part.ty.clone()).collect();
                (Kernel::list(&types, &expr.ty).map_err(bug)?, parts.iter().collect())
            }
            other => return Err(Error::internal(format!("an expression of no operation: {other:?}"))),
        };
        let operands = operands.into_iter().map(lower).collect::<Result<Vec<_>>>()?;
        Ok(folded(Scalar::Apply(Arc::new(kernel), operands)))
    }

    fn call(&self, function: FunctionId, args: &[Expr], ty: &Type, lowered: Vec<Scalar>) -> Result<Scalar> {
        match function {
            FunctionId::Coalesce => return Ok(Scalar::Coalesce(lowered, ty.clone())),
            FunctionId::If => {
                let parts: [Scalar; 3] =
                    lowered.try_into().map_err(|_| Error::internal("`if` without its three arguments"))?;
                return Ok(Scalar::If(Box::new(parts), ty.clone()));
            }
            _ => {}
        }
        let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
        let kernel = Kernel::call(function, &types, ty).map_err(bug)?;
        Ok(folded(Scalar::Apply(Arc::new(kernel), lowered)))
    }

    /// The value of a parameter, as an array of one.
    pub(super) fn param(&self, index: usize, ty: &Type) -> Result<ArrayRef> {
        let value = self.params.get(index).ok_or_else(|| Error::internal(format!("parameter {index} is not given")))?;
        value::array(value, ty)
    }

    /// The value of an expression that reads no row, as an array of one.
    pub(super) fn constant(&self, expr: &Expr) -> Result<ArrayRef> {
        let scalar = self.scalar(expr, &Scope::default(), &Schema::empty())?;
        let one_row = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(1));
        let batch =
            arrow::record_batch::RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &one_row)?;
        scalar.array(&batch).map_err(|failure| Error::request(failure.problem.to_string()))
    }
}

/// An operation on constants is a constant, unless it fails: then it does when a row asks for it.
fn folded(scalar: Scalar) -> Scalar {
    let Scalar::Apply(kernel, operands) = &scalar else { return scalar };
    let constants: Option<Vec<_>> = operands
        .iter()
        .map(|operand| match operand {
            Scalar::Constant(array) => Some(omnigraph_kernels::Column::Constant(Arc::clone(array))),
            _ => None,
        })
        .collect();
    match constants.map(|constants| kernel.evaluate(&constants, 1)) {
        Some(Ok(column)) if column.array().len() == 1 => Scalar::Constant(Arc::clone(column.array())),
        _ => scalar,
    }
}

fn place(schema: &Schema, name: &str) -> Result<Scalar> {
    schema.index_of(name).map(Scalar::Column).map_err(|_| Error::internal(format!("column {name} is not in the plan")))
}

fn bug(error: KernelError) -> Error {
    Error::internal(error.to_string())
}
