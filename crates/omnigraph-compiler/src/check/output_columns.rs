//! Lookup of returned columns by `having` and `order`: by name, by expression, by block. The cost of a lookup does not grow with
//! the number of columns.

use std::cell::OnceCell;
use std::collections::HashMap;

use crate::gq::ast::{self, ReturnItem};
use crate::ir::{AggregateExpr, Expr, ExprKind, GroupBy, OutputColumn, print_expr};

/// Most expressions that are compared one by one, which costs less than formatting them.
const LINEAR_SEARCH_MAX: usize = 8;

/// The columns of a body, with their syntax trees.
pub(super) struct ReturnedColumns<'p> {
    columns: &'p [OutputColumn],
    written: &'p [ReturnItem],
    /// Built at the first lookup: most queries have none.
    by_name: OnceCell<HashMap<&'p str, usize>>,
}

impl<'p> ReturnedColumns<'p> {
    pub(super) fn new(columns: &'p [OutputColumn], written: &'p [ReturnItem]) -> Self {
        Self { columns, written, by_name: OnceCell::new() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'p str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Returns the column with this name.
    pub(super) fn named(&self, name: &str) -> Option<Expr> {
        let by_name = self.by_name.get_or_init(|| {
            self.columns.iter().enumerate().map(|(index, column)| (column.name.as_str(), index)).collect()
        });
        let index = *by_name.get(name)?;
        let column = self.columns.get(index)?;
        Some(Expr::new(ExprKind::Column(index), column.expr.ty.clone()))
    }

    /// Returns the column of this block. A block cannot be evaluated for grouped rows, but they carry its value.
    pub(super) fn block(&self, expr: &ast::AstExpr) -> Option<Expr> {
        if !matches!(expr.kind, ast::AstExprKind::Aggregate { block: Some(_), .. } | ast::AstExprKind::Exists { .. }) {
            return None;
        }
        let projection = self.written.iter().find(|projection| projection.expr == *expr)?;
        self.named(&super::read::column_name(projection))
    }
}

/// Columns before grouping, looked up by expression.
pub(super) struct UngroupedExprs<'e> {
    list: Vec<&'e Expr>,
    /// Built at the first lookup.
    by_text: OnceCell<HashMap<String, Vec<usize>>>,
}

impl<'e> UngroupedExprs<'e> {
    pub(super) const fn new(list: Vec<&'e Expr>) -> Self {
        Self { list, by_text: OnceCell::new() }
    }

    pub(super) fn get(&self, index: usize) -> Option<&'e Expr> {
        self.list.get(index).copied()
    }

    /// Returns the index of the first that equals `expr`.
    pub(super) fn position(&self, expr: &Expr) -> Option<usize> {
        if self.list.len() <= LINEAR_SEARCH_MAX {
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
pub(super) struct AggregateSet {
    list: Vec<AggregateExpr>,
    by_text: HashMap<String, Vec<usize>>,
}

impl AggregateSet {
    /// Makes the set of a group's aggregates.
    pub(super) fn from_group(group: Option<&GroupBy>) -> Self {
        let mut known = Self::default();
        for aggregate in group.iter().flat_map(|group| &group.aggregates) {
            known.index_of(aggregate.clone());
        }
        known
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<AggregateExpr> {
        self.list
    }

    /// Returns the index of an aggregate; adds it at the end if it is new.
    pub(super) fn index_of(&mut self, aggregate: AggregateExpr) -> usize {
        let AggregateExpr { kind, arg, distinct, .. } = &aggregate;
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
