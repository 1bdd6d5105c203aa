//! Identities of rows that a mutation wrote. Elsewhere nodes and edges are compared by their numbers; what is written has none
//! before the commit, so its id is compared as the text it is.

use std::collections::BTreeSet;

use omnigraph_compiler::functions::FunctionId;
use omnigraph_compiler::ir::{Expr, ExprKind, Mutation, StatementKind, SystemField, VarId};

use crate::query::parts_mut;

/// The mutation with ids of written rows that are compared as text.
pub(super) fn compared_as_text(mutation: &Mutation) -> Mutation {
    let mut mutation = mutation.clone();
    let inserts = mutation.statements.iter().filter(|statement| matches!(statement.kind, StatementKind::Insert(_)));
    let written: BTreeSet<VarId> = inserts.map(|statement| statement.row.id).collect();
    for statement in &mut mutation.statements {
        let (condition, assignments) = match &mut statement.kind {
            StatementKind::Insert(insert) => (None, insert.assignments.as_mut_slice()),
            StatementKind::Update(update) => (Some(&mut update.predicate), update.assignments.as_mut_slice()),
            StatementKind::Delete(delete) => (Some(&mut delete.predicate), [].as_mut_slice()),
        };
        condition.into_iter().for_each(|condition| as_text(condition, &written));
        assignments.iter_mut().for_each(|assignment| as_text(&mut assignment.value, &written));
    }
    mutation.returning.iter_mut().for_each(|column| as_text(&mut column.expr, &written));
    mutation
}

/// Wraps what would be taken for a comparison of two numbers.
fn as_text(expr: &mut Expr, written: &BTreeSet<VarId>) {
    if let ExprKind::Binary { left, right, .. } = &mut expr.kind
        && (is_id(left, written) || is_id(right, written))
    {
        let id = std::mem::replace(&mut left.kind, ExprKind::Now);
        let id = Expr { kind: id, ty: left.ty.clone() };
        left.kind = ExprKind::Call { function: FunctionId::Coalesce, args: vec![id] };
    }
    parts_mut(expr).into_iter().for_each(|part| as_text(part, written));
}

fn is_id(expr: &Expr, written: &BTreeSet<VarId>) -> bool {
    matches!(&expr.kind, ExprKind::System { var, field: SystemField::Id } if written.contains(var))
}
