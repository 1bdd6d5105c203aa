//! Blocks within blocks: the inner plan starts from the outer rows, numbered, and tells by their numbers what it found.

use std::collections::BTreeSet;
use std::sync::Arc;

use omnigraph_compiler::ir::{AggregateKind, Correlated, CorrelatedKind};

use super::Lowering;
use super::block::{Pending, Uses};
use super::flow::{Flow, extended};
use super::mention::{self, visible};
use super::scope::{Binding, Scope, column};
use crate::error::{Error, Result};
use crate::query::operator::{Nest, Nesting, OperatorExec, ROW, Seed, node, seeded};

impl Lowering {
    /// Applies a nested block to the rows of `flow`.
    pub(super) async fn nested(
        &mut self,
        flow: Flow,
        correlated: &Correlated,
        pending: &Pending<'_>,
        uses: &Uses,
    ) -> Result<Flow> {
        let number = self.fresh(ROW);
        let seed = Seed::default();
        let seeded = seeded(&flow.schema(), &number);
        let outer = flow.scope.clone();
        let leaf =
            Flow { plan: node(seed.clone(), Vec::new(), Arc::clone(&seeded)), scope: within(&outer, correlated) };
        let wanted: BTreeSet<String> =
            correlated.outer.iter().map(|var| column(*var)).chain([number.clone()]).collect();
        let keep = leaf.places(|name| wanted.contains(name) || starts_as_path(name, correlated));
        let leaf = leaf.keep(&keep)?;
        let live = pending.live(uses);
        let inner = Box::pin(self.inner(leaf, correlated, &number, &live)).await?;
        let mut scope = outer;
        let (nesting, more) = match &correlated.kind {
            CorrelatedKind::Exists => (Nesting::Exists, Vec::new()),
            CorrelatedKind::NotExists => (Nesting::NotExists, Vec::new()),
            CorrelatedKind::Optional => {
                let schema = inner.schema();
                let fields = schema.fields().iter().filter(|field| *field.name() != number);
                let own = visible(&correlated.block);
                let bound = inner.scope.bindings.into_iter().filter(|(var, _)| own.contains(var));
                scope.bindings.extend(bound);
                (Nesting::Optional, fields.map(|field| field.as_ref().clone().with_nullable(true)).collect())
            }
            CorrelatedKind::Aggregate { into, aggregate } => {
                scope.bindings.insert(*into, Binding::Value);
                let value = inner.schema().fields().iter().find(|field| *field.name() != number).cloned();
                let value = value.ok_or_else(|| Error::internal("a nested aggregate without a value"))?;
                let zero = matches!(aggregate.kind, AggregateKind::Count | AggregateKind::Collect);
                let value = value.as_ref().clone().with_name(column(*into)).with_nullable(true);
                (Nesting::Value { zero }, vec![value])
            }
        };
        let row = inner.plan.schema().index_of(&number);
        let row = row.map_err(|_| Error::internal("a nested block lost its outer rows"))?;
        let schema = extended(&flow.plan.schema(), more);
        let nest = Nest { nesting, inner: Arc::clone(&inner.plan), seed, seeded, row, schema: Arc::clone(&schema) };
        let exec = OperatorExec::new(Arc::new(nest), vec![flow.plan], schema).with_inner(inner.plan);
        let grown = Flow { plan: Arc::new(exec), scope };
        let keep = grown.places(pending.wants(uses));
        grown.keep(&keep)
    }

    async fn inner(
        &mut self,
        leaf: Flow,
        correlated: &Correlated,
        number: &str,
        live: &BTreeSet<omnigraph_compiler::ir::VarId>,
    ) -> Result<Flow> {
        match &correlated.kind {
            CorrelatedKind::Exists | CorrelatedKind::NotExists => {
                let uses = Uses { distinct: true, ..Uses::default() };
                let inner = self.block(&correlated.block, Some(leaf), &uses).await?;
                let keep = inner.places(|name| name == number);
                inner.keep(&keep)
            }
            CorrelatedKind::Optional => {
                let vars = visible(&correlated.block).into_iter().filter(|var| live.contains(var)).collect();
                let uses = Uses { vars, ..Uses::default() };
                let own: BTreeSet<_> = uses.vars.clone();
                let inner = self.block(&correlated.block, Some(leaf), &uses).await?;
                let keep = inner
                    .places(|name| name == number || super::block::owner(name).is_some_and(|var| own.contains(&var)));
                inner.keep(&keep)
            }
            CorrelatedKind::Aggregate { aggregate, .. } => {
                let counted = super::group::only_counts(std::slice::from_ref(aggregate), &correlated.block);
                let distinct = super::group::ignores_duplicates(std::slice::from_ref(aggregate));
                let vars = mention::of_aggregate(aggregate);
                let vars = if counted { BTreeSet::new() } else { vars };
                let uses = Uses { vars, distinct, counted, ..Uses::default() };
                let inner = self.block(&correlated.block, Some(leaf), &uses).await?;
                let rows = super::group::of_rows(std::slice::from_ref(aggregate));
                let aggregate = rows.first().filter(|_| counted).unwrap_or(aggregate);
                self.aggregate_by(inner, number, aggregate).await
            }
        }
    }
}

/// What is bound within a nested block: the outer variables that it mentions. Another of the same id is the block's own.
fn within(outer: &Scope, correlated: &Correlated) -> Scope {
    let mentioned = outer.bindings.iter().filter(|(var, _)| correlated.outer.contains(var));
    Scope { bindings: mentioned.map(|(var, binding)| (*var, binding.clone())).collect(), ..Scope::default() }
}

/// Whether a column is a part of a path that the block reads.
fn starts_as_path(name: &str, correlated: &Correlated) -> bool {
    name.contains('@') && super::block::owner(name).is_some_and(|var| correlated.outer.contains(&var))
}
