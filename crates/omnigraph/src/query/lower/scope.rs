//! The columns of variables: each variable is a relation of its own name, so `v3.name` is a property of variable 3.

use std::collections::BTreeMap;

use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::coalesce;
use omnigraph_compiler::ir::{Expr as IrExpr, ExprKind, SystemField, TypeRef, VarId};

use crate::error::{Error, Result};
use crate::table::{EDGE_DST, EDGE_SRC, ID};

/// What a variable's relation holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// Rows of one node or edge type.
    Entity(TypeRef),
    /// One computed column.
    Value,
    /// One computed column that is a count: where there was nothing to count it is 0.
    Count,
}

/// The variables a plan binds.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    relations: BTreeMap<VarId, (String, Relation)>,
}

/// The column of a computed value.
pub(super) const VALUE: &str = "value";

impl Scope {
    pub(super) fn bind(&mut self, var: VarId, name: String, relation: Relation) {
        self.relations.insert(var, (name, relation));
    }

    pub(super) fn binds(&self, var: VarId) -> bool {
        self.relations.contains_key(&var)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.relations.extend(other.relations.iter().map(|(var, relation)| (*var, relation.clone())));
    }

    /// The same without some variables.
    pub(super) fn without(&self, vars: &[VarId]) -> Self {
        let kept = self.relations.iter().filter(|(var, _)| !vars.contains(var));
        Self { relations: kept.map(|(var, relation)| (*var, relation.clone())).collect() }
    }

    /// Whether everything that `expr` mentions is bound.
    pub(super) fn covers(&self, expr: &IrExpr) -> bool {
        variables(expr).iter().all(|var| self.binds(*var))
    }

    fn relation(&self, var: VarId) -> Result<&(String, Relation)> {
        self.relations.get(&var).ok_or_else(|| Error::internal(format!("variable {} is not bound", var.0)))
    }

    /// The type of a node or edge variable.
    pub(super) fn entity(&self, var: VarId) -> Result<&TypeRef> {
        match self.relation(var)? {
            (_, Relation::Entity(ty)) => Ok(ty),
            (_, Relation::Value | Relation::Count) => {
                Err(Error::internal(format!("variable {} is no node or edge", var.0)))
            }
        }
    }

    /// A column of a variable.
    pub(super) fn column(&self, var: VarId, column: &str) -> Result<Expr> {
        Ok(qualified(&self.relation(var)?.0, column))
    }

    /// The value of a computed variable.
    pub(super) fn value(&self, var: VarId) -> Result<Expr> {
        let (name, relation) = self.relation(var)?;
        let value = qualified(name, VALUE);
        Ok(match relation {
            Relation::Count => coalesce(vec![value, lit(0_i64)]),
            _ => value,
        })
    }

    /// A system field of a variable.
    pub(super) fn system(&self, var: VarId, field: SystemField) -> Result<Expr> {
        match field {
            SystemField::Id => self.column(var, ID),
            SystemField::Src => self.column(var, EDGE_SRC),
            SystemField::Dst => self.column(var, EDGE_DST),
            // Null when an optional block left the variable null.
            SystemField::Type => {
                let name = lit(self.entity(var)?.name.clone());
                let bound = self.column(var, ID)?.is_not_null();
                Ok(datafusion::prelude::when(bound, name).end()?)
            }
        }
    }
}

/// `relation.column`, as it is spelled.
pub(super) fn qualified(relation: &str, column: &str) -> Expr {
    Expr::Column(Column::new(Some(TableReference::bare(relation)), column))
}

/// A column of no relation.
pub(super) fn plain(column: &str) -> Expr {
    Expr::Column(Column::new_unqualified(column))
}

/// The variables that an expression mentions.
pub(super) fn variables(expr: &IrExpr) -> Vec<VarId> {
    match &expr.kind {
        ExprKind::Property { var, .. }
        | ExprKind::System { var, .. }
        | ExprKind::Object(var)
        | ExprKind::Variable(var)
        | ExprKind::Path { var, .. } => vec![*var],
        ExprKind::List(parts) | ExprKind::And(parts) | ExprKind::Or(parts) => {
            parts.iter().flat_map(variables).collect()
        }
        ExprKind::Call { args, .. } => args.iter().flat_map(variables).collect(),
        ExprKind::Unary { operand, .. } | ExprKind::IsNull(operand) | ExprKind::Convert(operand) => variables(operand),
        ExprKind::Binary { left, right, .. } => [variables(left), variables(right)].concat(),
        ExprKind::In { item, list } => [variables(item), variables(list)].concat(),
        ExprKind::ListItem { list, index } => [variables(list), variables(index)].concat(),
        ExprKind::JsonItem { json, key } => [variables(json), variables(key)].concat(),
        ExprKind::TextMatch(text) => [vec![text.var], variables(&text.query)].concat(),
        ExprKind::Distance(nearest) => [vec![nearest.var], variables(&nearest.query)].concat(),
        ExprKind::Literal(_)
        | ExprKind::Param(_)
        | ExprKind::Now
        | ExprKind::Rank(_)
        | ExprKind::GroupKey(_)
        | ExprKind::Aggregated(_)
        | ExprKind::Column(_) => Vec::new(),
    }
}
