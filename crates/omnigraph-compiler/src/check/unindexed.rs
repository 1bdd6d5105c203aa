//! Advice on indexes: conditions that have every row of a type read although an index of one property would find theirs.
//!
//! One property per set of connected variables is named, and none where anything else gives the engine a place to start: a key, an
//! identity, a text search, or an indexed property of any variable of the set. What one value of covers a large part of the rows
//! by its nature (`Bool`, an enum) is never named, and nor are conditions that no index answers (`!=`, `contains`, `or`, a computed
//! side, the empty list). Blocks within the pattern are evaluated for a row at hand and mostly reached by an edge of it, so they are left alone.

use std::collections::HashSet;

use super::Checker;
use super::warnings::{Groups, connect, variables};
use crate::diagnostic::Code;
use crate::ir::{BinaryOp, Block, Expr, ExprKind, SystemField, Value, VarId};
use crate::span::Span;
use crate::types::Scalar;

/// How much of a type a condition is expected to keep, the narrowest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Test {
    Equality,
    Prefix,
    Range,
}

/// A condition that compares something of one variable with what is known before any row is read.
struct Condition<'e> {
    var: VarId,
    subject: Subject<'e>,
    test: Test,
}

enum Subject<'e> {
    Id,
    Property { name: &'e str, selective: bool },
    Text,
}

impl<'e> Condition<'e> {
    /// The property that it gives a value, or one of a few.
    fn gives(&self) -> Option<(VarId, &'e str)> {
        match self.subject {
            Subject::Property { name, .. } if self.test == Test::Equality => Some((self.var, name)),
            _ => None,
        }
    }
}

impl Checker<'_> {
    /// Warns of conditions of a finished block that an index would answer; `places` says where its filters are written.
    pub(super) fn warn_unindexed_filters(&mut self, block: &Block, places: &[Span]) {
        let found: Vec<(Condition, Span)> =
            block.filters.iter().zip(places).filter_map(|(filter, span)| Some((condition(filter)?, *span))).collect();
        if found.is_empty() {
            return;
        }
        let mut groups = Groups::of(self.vars.len());
        connect(block, &mut groups);
        let mut narrowed = vec![false; self.vars.len()];
        let given: HashSet<(VarId, &str)> = found.iter().filter_map(|(condition, _)| condition.gives()).collect();
        for (condition, _) in &found {
            if self.finds_rows(condition, &given) {
                narrowed[groups.root(condition.var)] = true;
            }
        }
        let own: HashSet<VarId> = block.variables.iter().map(|variable| variable.id).collect();
        let mut advice: Vec<(usize, Test, VarId, &str, Span)> = Vec::new();
        for (condition, span) in &found {
            let root = groups.root(condition.var);
            let Subject::Property { name, selective: true } = condition.subject else { continue };
            if own.contains(&condition.var) && !narrowed[root] && !self.is_edge(condition.var) {
                advice.push((root, condition.test, condition.var, name, *span));
            }
        }
        // Of equal tests the one written first.
        advice.sort_by_key(|(root, test, ..)| (*root, *test));
        advice.dedup_by_key(|(root, ..)| *root);
        for (_, _, var, property, span) in advice {
            if !self.never_true(span) {
                self.advise_index(var, property, span);
            }
        }
    }

    /// Whether it has been said that a condition is never true.
    fn never_true(&self, span: Span) -> bool {
        let within = |inner: Span| span.start <= inner.start && inner.end <= span.end;
        self.diagnostics.iter().any(|found| found.code == Code::W005 && within(found.span))
    }

    fn advise_index(&mut self, var: VarId, property: &str, span: Span) {
        let types = self.types_of(var).iter().map(|ty| format!("`{}`", ty.name)).collect::<Vec<_>>().join(" and ");
        let message = format!("`{property}` has no index and nothing else narrows this: every row of {types} is read");
        self.warning(Code::W006, span, message);
        self.advise(Some(format!("declare `@index` on `{property}` in the schema")));
    }

    /// Whether there is something that finds the rows of a condition: an identity, a text search, an index, or a key of which every
    /// part is given.
    fn finds_rows(&self, condition: &Condition, given: &HashSet<(VarId, &str)>) -> bool {
        let Subject::Property { name, .. } = condition.subject else { return true };
        let given = |part: &String| given.contains(&(condition.var, part.as_str()));
        let types = self.types_of(condition.var);
        !types.is_empty()
            && types.iter().all(|ty| {
                let Some(node) = self.catalog.nodes.get(&ty.name) else { return false };
                let single = |names: &[String]| matches!(names, [only] if only == name);
                let indexed = node.indexes.iter().any(|index| single(&index.properties));
                let keyed = node.key.as_deref().is_some_and(|key| single(key) || key.iter().all(given));
                indexed || keyed
            })
    }
}

/// The condition that a filter is, if an index could answer it.
fn condition(filter: &Expr) -> Option<Condition<'_>> {
    match &filter.kind {
        ExprKind::Binary { op, left, right } => {
            let (test, mirrored) = match op {
                BinaryOp::Equal => (Test::Equality, true),
                BinaryOp::StartsWith => (Test::Prefix, false),
                BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                    (Test::Range, true)
                }
                _ => return None,
            };
            compared(left, right, test).or_else(|| compared(right, left, test).filter(|_| mirrored))
        }
        ExprKind::In { list, .. } if matches!(&list.kind, ExprKind::Literal(Value::List(items)) if items.is_empty()) => {
            None
        }
        ExprKind::In { item, list } => compared(item, list, Test::Equality),
        ExprKind::TextMatch(text) => Some(Condition { var: text.var, subject: Subject::Text, test: Test::Equality }),
        _ => None,
    }
}

fn compared<'e>(subject: &'e Expr, value: &Expr, test: Test) -> Option<Condition<'e>> {
    let mut read = Vec::new();
    variables(value, &mut read);
    if !read.is_empty() {
        return None;
    }
    let (var, subject) = match &subject.kind {
        ExprKind::System { var, field: SystemField::Id | SystemField::Src | SystemField::Dst } => (*var, Subject::Id),
        ExprKind::Property { var, property } => {
            let ty = super::types::scalar_of(&subject.ty)?;
            let selective = ty.scalar != Scalar::Bool && ty.enum_values.is_none();
            (*var, Subject::Property { name: &property.name, selective })
        }
        _ => return None,
    };
    Some(Condition { var, subject, test })
}
