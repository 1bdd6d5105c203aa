//! What a query returns, found again by `having` and `order`: by name, by expression, by block. Each is looked up at a cost that does
//! not grow with the number of columns, so that a query with very many is checked in time.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::gq::ast::{self, Projection};
use crate::ir::{Aggregate, Column, Expr, ExprKind, Group, print_expr};

/// Up to this many are compared one by one, which costs less than making their texts.
const FEW: usize = 8;

/// The columns of a body, and how they were written.
pub(super) struct Returned<'p> {
    columns: &'p [Column],
    written: &'p [Projection],
    /// Made for the first name that is looked for: most queries look for none.
    by_name: OnceCell<HashMap<&'p str, usize>>,
}

impl<'p> Returned<'p> {
    pub(super) fn of(columns: &'p [Column], written: &'p [Projection]) -> Self {
        Self { columns, written, by_name: OnceCell::new() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'p str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// The column of that name.
    pub(super) fn named(&self, name: &str) -> Option<Expr> {
        let by_name = self.by_name.get_or_init(|| {
            self.columns.iter().enumerate().map(|(index, column)| (column.name.as_str(), index)).collect()
        });
        let index = *by_name.get(name)?;
        let column = self.columns.get(index)?;
        Some(Expr { kind: ExprKind::Column(index), ty: column.expr.ty.clone() })
    }

    /// The column that returns this very block. Rows that were grouped are no longer those that a block could be evaluated for, but they
    /// carry what it came to.
    pub(super) fn block(&self, expr: &ast::Expr) -> Option<Expr> {
        if !matches!(expr.kind, ast::ExprKind::Aggregate { block: Some(_), .. } | ast::ExprKind::Exists { .. }) {
            return None;
        }
        let projection = self.written.iter().find(|projection| projection.expr == *expr)?;
        self.named(&super::read::column_name(projection))
    }
}

/// Expressions found again by what they say.
pub(super) struct Originals<'e> {
    list: Vec<&'e Expr>,
    /// Made for the first expression that is looked for.
    by_text: OnceCell<HashMap<String, Vec<usize>>>,
}

impl<'e> Originals<'e> {
    pub(super) const fn of(list: Vec<&'e Expr>) -> Self {
        Self { list, by_text: OnceCell::new() }
    }

    pub(super) fn get(&self, index: usize) -> Option<&'e Expr> {
        self.list.get(index).copied()
    }

    /// The first that equals `expr`.
    pub(super) fn position(&self, expr: &Expr) -> Option<usize> {
        if self.list.len() <= FEW {
            return self.list.iter().position(|known| *known == expr);
        }
        let by_text = self.by_text.get_or_init(|| {
            let mut by_text: HashMap<String, Vec<usize>> = HashMap::new();
            for (index, known) in self.list.iter().enumerate() {
                by_text.entry(print_expr(known)).or_default().push(index);
            }
            by_text
        });
        let alike = by_text.get(&print_expr(expr))?;
        alike.iter().copied().find(|index| self.list.get(*index).is_some_and(|known| *known == expr))
    }
}

/// The aggregates of a projection, each once.
#[derive(Default)]
pub(super) struct Aggregates {
    list: Vec<Aggregate>,
    by_text: HashMap<String, Vec<usize>>,
}

impl Aggregates {
    /// Those of a group, if there is one.
    pub(super) fn of(group: Option<&Group>) -> Self {
        let mut known = Self::default();
        for aggregate in group.iter().flat_map(|group| &group.aggregates) {
            known.index_of(aggregate.clone());
        }
        known
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<Aggregate> {
        self.list
    }

    /// Where this aggregate is among them; added at the end if it is new.
    pub(super) fn index_of(&mut self, aggregate: Aggregate) -> usize {
        let Aggregate { kind, arg, distinct, .. } = &aggregate;
        let text = format!("{kind:?} {distinct} {}", arg.as_ref().map(print_expr).unwrap_or_default());
        let alike = self.by_text.entry(text).or_default();
        let list = &self.list;
        if let Some(index) = alike.iter().copied().find(|index| list.get(*index) == Some(&aggregate)) {
            return index;
        }
        alike.push(self.list.len());
        self.list.push(aggregate);
        self.list.len() - 1
    }
}
