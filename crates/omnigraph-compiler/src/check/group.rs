//! Grouping, and rewriting of expressions.

use super::TypeChecker;
use super::output_columns::UngroupedExprs;
use super::read::reads_rows;
use crate::diagnostic::Code;
use crate::gq::ast::ReturnItem;
use crate::ir::{AggregateExpr, Expr, ExprKind, ExprType, GroupBy, OutputColumn};
use crate::types::ScalarType;

/// Columns after grouping.
pub(super) struct GroupedColumns {
    pub(super) group: Option<GroupBy>,
    pub(super) columns: Vec<OutputColumn>,
}

impl TypeChecker<'_> {
    /// Groups by all columns that do not aggregate, if any column does.
    pub(super) fn group(&mut self, columns: Vec<OutputColumn>, projections: &[ReturnItem]) -> GroupedColumns {
        if self.aggregates.is_empty() {
            return GroupedColumns { group: None, columns };
        }
        let aggregates: Vec<AggregateExpr> = std::mem::take(&mut self.aggregates).into_list();
        let span = |name: &str| {
            let named = |projection: &&ReturnItem| projection.alias.as_ref().is_some_and(|alias| alias.text == name);
            projections.iter().find(named).or(projections.first()).map_or_else(Default::default, |found| found.at.0)
        };
        let mut keys: Vec<Expr> = Vec::new();
        for column in &columns {
            if aggregated(&column.expr) {
                continue;
            }
            if !reads_rows(&column.expr) {
                let message =
                    format!("column `{}` is next to aggregates and reads no variable to group by", column.name);
                self.error(Code::T9, span(&column.name), message);
            } else if !groupable(&column.expr.ty) {
                let message = format!("a `{}` cannot be grouped by", column.expr.ty);
                self.error(Code::T9, span(&column.name), message);
            }
            keys.push(column.expr.clone());
        }
        let known = UngroupedExprs::new(keys.iter().collect());
        let columns = columns.into_iter().map(|column| {
            let expr = rewrite(column.expr, &mut |part| known.position(part).map(ExprKind::GroupKey));
            let mut outside = false;
            visit(&expr, &mut |part| {
                outside |= matches!(
                    part,
                    ExprKind::Property { .. }
                        | ExprKind::System { .. }
                        | ExprKind::Object(_)
                        | ExprKind::Variable(_)
                        | ExprKind::Path { .. }
                );
            });
            if outside {
                let message =
                    format!("column `{}` combines an aggregate with an expression that is not returned", column.name);
                self.error_with_help(
                    Code::T9,
                    span(&column.name),
                    message,
                    "return that expression as a column of its own, too",
                );
            }
            OutputColumn { name: column.name, expr }
        });
        let columns: Vec<OutputColumn> = columns.collect();
        drop(known);
        GroupedColumns { group: Some(GroupBy { keys, aggregates }), columns }
    }
}

fn groupable(ty: &ExprType) -> bool {
    match ty {
        ExprType::Value(ty) => !matches!(ty.scalar, ScalarType::Blob),
        ExprType::Object { .. } => true,
        _ => false,
    }
}

fn aggregated(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |part| found |= matches!(part, ExprKind::Aggregated(_)));
    found
}

/// Calls `see` for the expression and its descendants.
pub(super) fn visit(expr: &Expr, see: &mut dyn FnMut(&ExprKind)) {
    see(&expr.kind);
    match &expr.kind {
        ExprKind::List(items) | ExprKind::And(items) | ExprKind::Or(items) | ExprKind::Call { args: items, .. } => {
            items.iter().for_each(|item| visit(item, see));
        }
        ExprKind::Unary { operand, .. } | ExprKind::IsNull(operand) | ExprKind::Convert(operand) => visit(operand, see),
        ExprKind::Binary { left: a, right: b, .. }
        | ExprKind::In { item: a, list: b }
        | ExprKind::ListItem { list: a, index: b }
        | ExprKind::JsonItem { json: a, key: b } => {
            visit(a, see);
            visit(b, see);
        }
        _ => {}
    }
}

/// Replaces parts of an expression, outermost first; a replaced part keeps its type.
pub(super) fn rewrite(expr: Expr, replace: &mut dyn FnMut(&Expr) -> Option<ExprKind>) -> Expr {
    if let Some(kind) = replace(&expr) {
        return Expr::new(kind, expr.ty);
    }
    let mut each = |items: Vec<Expr>| items.into_iter().map(|item| rewrite(item, replace)).collect();
    let kind = match expr.kind {
        ExprKind::List(items) => ExprKind::List(each(items)),
        ExprKind::And(items) => ExprKind::And(each(items)),
        ExprKind::Or(items) => ExprKind::Or(each(items)),
        ExprKind::Call { function, args } => ExprKind::Call { function, args: each(args) },
        ExprKind::Unary { op, operand } => ExprKind::Unary { op, operand: Box::new(rewrite(*operand, replace)) },
        ExprKind::IsNull(operand) => ExprKind::IsNull(Box::new(rewrite(*operand, replace))),
        ExprKind::Convert(operand) => ExprKind::Convert(Box::new(rewrite(*operand, replace))),
        ExprKind::Binary { op, left, right } => {
            ExprKind::Binary { op, left: Box::new(rewrite(*left, replace)), right: Box::new(rewrite(*right, replace)) }
        }
        ExprKind::In { item, list } => {
            ExprKind::In { item: Box::new(rewrite(*item, replace)), list: Box::new(rewrite(*list, replace)) }
        }
        ExprKind::ListItem { list, index } => {
            ExprKind::ListItem { list: Box::new(rewrite(*list, replace)), index: Box::new(rewrite(*index, replace)) }
        }
        ExprKind::JsonItem { json, key } => {
            ExprKind::JsonItem { json: Box::new(rewrite(*json, replace)), key: Box::new(rewrite(*key, replace)) }
        }
        leaf => leaf,
    };
    Expr::new(kind, expr.ty)
}
