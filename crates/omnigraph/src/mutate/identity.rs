//! Identities of rows, compared as text: rows that a mutation writes have an id and no number before the commit, and the numbers of
//! others differ between the versions of a table that a mutation sees.

use omnigraph_compiler::ir::{Expr, Mutation, StatementKind};

use crate::query::compare_as_text;

/// The mutation with ids that are compared as text, but for those of the rows that it starts from.
pub(super) fn compared_as_text(mutation: &Mutation) -> Mutation {
    let mut mutation = mutation.clone();
    for statement in &mut mutation.statements {
        expressions(&mut statement.kind).into_iter().for_each(compare_as_text);
    }
    mutation.returning.iter_mut().for_each(|column| compare_as_text(&mut column.expr));
    mutation
}

fn expressions(statement: &mut StatementKind) -> Vec<&mut Expr> {
    match statement {
        StatementKind::Insert(insert) => {
            let ends = insert.endpoints.iter_mut().flat_map(|ends| [&mut ends.from, &mut ends.to]);
            insert.assignments.iter_mut().map(|assignment| &mut assignment.value).chain(ends).collect()
        }
        StatementKind::Update(update) => {
            let values = update.assignments.iter_mut().map(|assignment| &mut assignment.value);
            std::iter::once(&mut update.predicate).chain(values).collect()
        }
        StatementKind::Delete(delete) => vec![&mut delete.predicate],
    }
}
