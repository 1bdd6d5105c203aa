//! Expressions over the columns of a plan.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, TimestampMillisecondArray};
use arrow::datatypes::Schema;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{Expr, ExprKind, ExprType, Value};
use omnigraph_expr::{ColumnarValue, Kernel, KernelError};

use super::context::{PlanContext, constant_array};
use super::references::{identity_comparison, system_field, whole_variable};
use super::scope::{ColumnId, ColumnRole, GroupKey, PathColumn, PlanScope};
use crate::error::{Error, Result};
use crate::query::exec::EntityField;
use crate::query::scalar::ScalarExpr;

/// Lowers an expression over the columns of a plan, which has fetched every field that it reads.
pub(crate) fn lower_expr(context: &PlanContext, expr: &Expr, scope: &PlanScope) -> Result<ScalarExpr> {
    let column = |id: ColumnId| scope.position(&id).map(ScalarExpr::Column);
    let field = |var, field| column(ColumnId::Field(var, field));
    let lower = |expr: &Expr| lower_expr(context, expr, scope);
    let all = |operands: &[Expr]| operands.iter().map(lower).collect::<Result<Vec<_>>>();
    match &expr.kind {
        ExprKind::Literal(constant) => Ok(ScalarExpr::Constant(constant_array(constant, &expr.ty)?)),
        ExprKind::Param(index) => Ok(ScalarExpr::Constant(context.parameter(*index, &expr.ty)?)),
        ExprKind::Now => {
            let now = TimestampMillisecondArray::from(vec![context.now_millis]).with_timezone("UTC");
            Ok(ScalarExpr::Constant(Arc::new(now)))
        }
        ExprKind::Property { var, property } => field(*var, EntityField::Column(property.name.clone())),
        ExprKind::System { var, field: system } => field(*var, system_field(*system)),
        ExprKind::Object(var) => field(*var, EntityField::Object),
        ExprKind::Variable(var) => column(ColumnId::Variable(*var)),
        ExprKind::Path { var, part } => column(ColumnId::Path(*var, PathColumn::Part(*part))),
        ExprKind::And(operands) => Ok(ScalarExpr::And(all(operands)?)),
        ExprKind::Or(operands) => Ok(ScalarExpr::Or(all(operands)?)),
        ExprKind::Call { function, args } => lower_call(*function, args, &expr.ty, all(args)?),
        ExprKind::GroupKey(index) => match scope.groups.get(*index) {
            Some(GroupKey::Column) => column(ColumnId::Numbered(ColumnRole::GroupKey, *index)),
            Some(GroupKey::Derived(key)) => lower(key),
            None => Err(Error::internal("a group key without its group")),
        },
        ExprKind::Aggregated(index) => column(ColumnId::Numbered(ColumnRole::Aggregate, *index)),
        ExprKind::Column(index) => column(ColumnId::Numbered(ColumnRole::Result, *index)),
        ExprKind::TextMatch(_) | ExprKind::Distance(_) | ExprKind::Rank(_) => {
            let score = scope.computed_column(expr).cloned();
            column(score.ok_or_else(|| Error::internal("a score that was not computed"))?)
        }
        ExprKind::List(items) if items.is_empty() => {
            Ok(ScalarExpr::Constant(constant_array(&Value::List(Vec::new()), &expr.ty)?))
        }
        _ => lower_operation(context, expr, scope),
    }
}

fn lower_operation(context: &PlanContext, expr: &Expr, scope: &PlanScope) -> Result<ScalarExpr> {
    let variable = |var| scope.position(&ColumnId::Variable(var)).map(ScalarExpr::Column);
    let reference = ExprType::scalar(omnigraph_compiler::types::ScalarType::U64).with_nullable(true);
    // Two variables are the same node or edge if their references are equal.
    if let (Some((left, right)), ExprKind::Binary { op, .. }) = (identity_comparison(expr), &expr.kind) {
        let kernel = Kernel::binary(*op, &reference, &reference, &expr.ty).map_err(kernel_error)?;
        return Ok(ScalarExpr::Apply(Arc::new(kernel), vec![variable(left)?, variable(right)?]));
    }
    let (kernel, operands): (Result<Kernel, KernelError>, Vec<&Expr>) = match &expr.kind {
        ExprKind::IsNull(operand) => {
            if let Some(var) = whole_variable(operand) {
                return Ok(ScalarExpr::Apply(Arc::new(Kernel::is_null(&reference)), vec![variable(var)?]));
            }
            (Ok(Kernel::is_null(&operand.ty)), vec![operand])
        }
        ExprKind::Unary { op, operand } => (Kernel::unary(*op, &operand.ty, &expr.ty), vec![operand]),
        ExprKind::Binary { op, left, right } => (Kernel::binary(*op, &left.ty, &right.ty, &expr.ty), vec![left, right]),
        ExprKind::In { item, list } => (Kernel::is_in(&item.ty, &list.ty, &expr.ty), vec![item, list]),
        ExprKind::Convert(operand) => (Kernel::convert(&operand.ty, &expr.ty), vec![operand]),
        ExprKind::ListItem { list, index } => (Kernel::list_item(&list.ty, &index.ty, &expr.ty), vec![list, index]),
        ExprKind::JsonItem { json, key } => (Kernel::json_item(&json.ty, &key.ty, &expr.ty), vec![json, key]),
        ExprKind::List(items) => {
            let types: Vec<ExprType> = items.iter().map(|item| item.ty.clone()).collect();
            (Kernel::list(&types, &expr.ty), items.iter().collect())
        }
        other => return Err(Error::internal(format!("an expression without operation: {other:?}"))),
    };
    let kernel = kernel.map_err(kernel_error)?;
    let operands = operands.into_iter().map(|operand| lower_expr(context, operand, scope));
    Ok(fold_constants(ScalarExpr::Apply(Arc::new(kernel), operands.collect::<Result<Vec<_>>>()?)))
}

fn lower_call(function: FunctionId, args: &[Expr], ty: &ExprType, lowered: Vec<ScalarExpr>) -> Result<ScalarExpr> {
    match function {
        FunctionId::Coalesce => return Ok(ScalarExpr::Coalesce(lowered, ty.clone())),
        FunctionId::If => {
            let operands: [ScalarExpr; 3] =
                lowered.try_into().map_err(|_| Error::internal("`if` without its three arguments"))?;
            return Ok(ScalarExpr::If(Box::new(operands), ty.clone()));
        }
        _ => {}
    }
    let types: Vec<ExprType> = args.iter().map(|arg| arg.ty.clone()).collect();
    let kernel = Kernel::call(function, &types, ty).map_err(kernel_error)?;
    Ok(fold_constants(ScalarExpr::Apply(Arc::new(kernel), lowered)))
}

/// Evaluates an expression that reads no row, to an array of one.
pub(super) fn evaluate_constant(context: &PlanContext, expr: &Expr) -> Result<ArrayRef> {
    let scalar = lower_expr(context, expr, &PlanScope::default())?;
    let one_row = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &one_row)?;
    scalar.to_array(&batch).map_err(|failure| Error::request(failure.kind.to_string()))
}

/// Replaces an operation on constants by its value. An operation that fails stays, so that it fails only if a row needs it.
fn fold_constants(scalar: ScalarExpr) -> ScalarExpr {
    let ScalarExpr::Apply(kernel, operands) = &scalar else { return scalar };
    let constant = |operand: &ScalarExpr| match operand {
        ScalarExpr::Constant(array) => Some(ColumnarValue::Constant(Arc::clone(array))),
        _ => None,
    };
    let constants: Option<Vec<_>> = operands.iter().map(constant).collect();
    match constants.map(|constants| kernel.evaluate(&constants, 1)) {
        Some(Ok(column)) if column.array().len() == 1 => ScalarExpr::Constant(Arc::clone(column.array())),
        _ => scalar,
    }
}

fn kernel_error(error: KernelError) -> Error {
    Error::internal(error.to_string())
}
