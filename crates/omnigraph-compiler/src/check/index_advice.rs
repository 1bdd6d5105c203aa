//! Advice on indexes: conditions that scan all rows of a type although an index on one property would find them.
//!
//! The advice names one property per set of connected variables. It names none where the planner has another access path: a key,
//! an id, a text search, or an indexed property of any variable of the set. It never names a property whose values cover many
//! rows (`Bool`, an enum), nor a condition that no index supports (`!=`, `contains`, `or`, a computed side, the empty list). It
//! skips nested blocks: they are evaluated for one row and mostly reached by an edge of it.

use std::collections::HashSet;

use super::TypeChecker;
use super::warnings::{UnionFind, connect, variables};
use crate::diagnostic::Code;
use crate::ir::{BinaryOp, Expr, ExprKind, PatternBlock, SystemField, Value, VarId};
use crate::span::Span;
use crate::suggest::quoted;
use crate::types::ScalarType;

/// Kind of a condition, the most selective first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PredicateKind {
    Equality,
    Prefix,
    Range,
}

/// A condition that compares a part of one variable with a value known before any row is read.
struct SeekCondition<'e> {
    var: VarId,
    subject: SeekSubject<'e>,
    test: PredicateKind,
}

enum SeekSubject<'e> {
    Id,
    Property { name: &'e str, selective: bool },
    Text,
}

impl<'e> SeekCondition<'e> {
    /// Returns the property that the condition fixes to one or a few values.
    fn gives(&self) -> Option<(VarId, &'e str)> {
        match self.subject {
            SeekSubject::Property { name, .. } if self.test == PredicateKind::Equality => Some((self.var, name)),
            _ => None,
        }
    }
}

impl TypeChecker<'_> {
    /// Warns of conditions of a finished block that an index would support; `places` has the spans of its filters.
    pub(super) fn warn_unindexed_filters(&mut self, block: &PatternBlock, places: &[Span]) {
        let found: Vec<(SeekCondition, Span)> =
            block.filters.iter().zip(places).filter_map(|(filter, span)| Some((condition(filter)?, *span))).collect();
        if found.is_empty() {
            return;
        }
        let mut groups = UnionFind::new(self.vars.len());
        connect(block, &mut groups);
        let mut narrowed = vec![false; self.vars.len()];
        let given: HashSet<(VarId, &str)> = found.iter().filter_map(|(condition, _)| condition.gives()).collect();
        for (condition, _) in &found {
            if self.finds_rows(condition, &given) {
                narrowed[groups.root(condition.var)] = true;
            }
        }
        let own: HashSet<VarId> = block.variables.iter().map(|variable| variable.id).collect();
        let mut advice: Vec<(usize, PredicateKind, VarId, &str, Span)> = Vec::new();
        for (condition, span) in &found {
            let root = groups.root(condition.var);
            let SeekSubject::Property { name, selective: true } = condition.subject else { continue };
            if own.contains(&condition.var) && !narrowed[root] && !self.is_edge(condition.var) {
                advice.push((root, condition.test, condition.var, name, *span));
            }
        }
        // Of equal kinds the first one.
        advice.sort_by_key(|(root, test, ..)| (*root, *test));
        advice.dedup_by_key(|(root, ..)| *root);
        for (_, _, var, property, span) in advice {
            if !self.never_true(span) {
                self.advise_index(var, property, span);
            }
        }
    }

    /// Returns `true` if the condition has a warning that it is never true.
    fn never_true(&self, span: Span) -> bool {
        let within = |inner: Span| span.start <= inner.start && inner.end <= span.end;
        self.diagnostics.iter().any(|found| found.code == Code::W005 && within(found.span))
    }

    fn advise_index(&mut self, var: VarId, property: &str, span: Span) {
        let types = quoted(self.types_of(var).iter().map(|ty| &ty.name), " and ");
        let message = format!("`{property}` has no index and nothing else narrows this: every row of {types} is read");
        self.warning(Code::W006, span, message);
        self.advise(Some(format!("declare `@index` on `{property}` in the schema")));
    }

    /// Returns `true` if the rows of a condition have an access path: an id, a text search, an index, or a key with all parts
    /// given.
    fn finds_rows(&self, condition: &SeekCondition, given: &HashSet<(VarId, &str)>) -> bool {
        let SeekSubject::Property { name, .. } = condition.subject else { return true };
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

/// Returns the condition of a filter, if an index could support it.
fn condition(filter: &Expr) -> Option<SeekCondition<'_>> {
    match &filter.kind {
        ExprKind::Binary { op, left, right } => {
            let (test, mirrored) = match op {
                BinaryOp::Equal => (PredicateKind::Equality, true),
                BinaryOp::StartsWith => (PredicateKind::Prefix, false),
                BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                    (PredicateKind::Range, true)
                }
                _ => return None,
            };
            compared(left, right, test).or_else(|| compared(right, left, test).filter(|_| mirrored))
        }
        ExprKind::In { list, .. } if matches!(&list.kind, ExprKind::Literal(Value::List(items)) if items.is_empty()) => {
            None
        }
        ExprKind::In { item, list } => compared(item, list, PredicateKind::Equality),
        ExprKind::TextMatch(text) => {
            Some(SeekCondition { var: text.var, subject: SeekSubject::Text, test: PredicateKind::Equality })
        }
        _ => None,
    }
}

fn compared<'e>(subject: &'e Expr, value: &Expr, test: PredicateKind) -> Option<SeekCondition<'e>> {
    let mut read = Vec::new();
    variables(value, &mut read);
    if !read.is_empty() {
        return None;
    }
    let (var, subject) = match &subject.kind {
        ExprKind::System { var, field: SystemField::Id | SystemField::Src | SystemField::Dst } => {
            (*var, SeekSubject::Id)
        }
        ExprKind::Property { var, property } => {
            let ty = super::types::scalar_of(&subject.ty)?;
            let selective = ty.scalar != ScalarType::Bool && ty.enum_values.is_none();
            (*var, SeekSubject::Property { name: &property.name, selective })
        }
        _ => return None,
    };
    Some(SeekCondition { var, subject, test })
}
