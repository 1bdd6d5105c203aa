//! Patterns.
//!
//! The plan grows from one variable, over what is connected to what is bound, and then from the next. A condition is applied
//! as soon as all that it reads is bound; a column is dropped as soon as nothing reads it any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::Int32Array;
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use omnigraph_compiler::ir::{
    BinaryOp, Block, Correlated, Expand, Expr, ExprKind, Hops, PathSearch, Rows, TypeRef, VarId, VariableKind,
};

use super::Lowering;
use super::flow::{Computed, Flow};
use super::mention::{self, read_beside_edge, variables};
use super::scope::Scope;
use super::start::{KnownIds, Wanted, filtered_fields, only_reads};
use crate::error::{Error, Result};
use crate::query::operator::Field;

/// What is read of a block's rows afterwards.
#[derive(Clone, Debug, Default)]
pub(in crate::query) struct Uses {
    /// The variables.
    pub(in crate::query) vars: BTreeSet<VarId>,
    /// Fields read right after the block, so that it pays to carry them along.
    pub(in crate::query) fields: BTreeMap<VarId, BTreeSet<Field>>,
    /// Whether equal rows count once.
    pub(in crate::query) distinct: bool,
    /// Whether rows are only counted, so that a row may stand for several.
    pub(in crate::query) counted: bool,
}

/// What of a block is still to be done.
#[derive(Debug)]
pub(super) struct Pending<'a> {
    /// Node variables that are not bound.
    pub(super) waiting: BTreeMap<VarId, Vec<TypeRef>>,
    pub(super) expands: Vec<&'a Expand>,
    pub(super) paths: Vec<&'a PathSearch>,
    pub(super) filters: Vec<&'a Expr>,
    pub(super) blocks: Vec<&'a Correlated>,
}

impl<'a> Pending<'a> {
    pub(super) fn of(block: &'a Block, bound: &Scope) -> Self {
        let waiting = block.variables.iter().filter_map(|variable| match &variable.kind {
            VariableKind::Node { types } if !bound.binds(variable.id) => Some((variable.id, types.clone())),
            _ => None,
        });
        Self {
            waiting: waiting.collect(),
            expands: block.expands.iter().collect(),
            paths: block.paths.iter().collect(),
            filters: block.filters.iter().collect(),
            blocks: block.blocks.iter().collect(),
        }
    }

    /// The variables that are read later: here, or after the block.
    pub(super) fn live(&self, uses: &Uses) -> BTreeSet<VarId> {
        let mut live = uses.vars.clone();
        live.extend(uses.fields.keys());
        live.extend(self.expands.iter().flat_map(|expand| mention::of_expand(expand)));
        live.extend(self.paths.iter().flat_map(|path| mention::of_path(path)));
        live.extend(variables(self.filters.iter().copied()));
        live.extend(self.blocks.iter().flat_map(|block| block.outer.iter().copied()));
        live
    }

    /// The variables that wait and are connected to what is neither bound nor waits: a nested block will bind it.
    fn deferred(&self, bound: &Scope) -> BTreeSet<VarId> {
        let later = |var: VarId| !bound.binds(var) && !self.waiting.contains_key(&var);
        let mut deferred = BTreeSet::new();
        for (expand, read) in self.connections() {
            if later(expand.from) || later(expand.to) || read.into_iter().any(later) {
                deferred.extend([expand.from, expand.to]);
            }
        }
        // What a nested block starts from comes before it.
        deferred.retain(|var| !self.blocks.iter().any(|block| block.outer.contains(var)));
        deferred
    }

    /// The ends of connections that cannot be followed yet, for a condition on them reads what waits: that had better come
    /// first.
    fn held_up(&self, bound: &Scope) -> BTreeSet<VarId> {
        let (mut held, mut wanted) = (BTreeSet::new(), BTreeSet::new());
        for (expand, read) in self.connections() {
            if !read.iter().all(|var| bound.binds(*var)) {
                held.extend([expand.from, expand.to]);
                wanted.extend(read);
            }
        }
        &held - &wanted
    }

    /// Every expansion and every search for paths, with what its conditions read.
    fn connections(&self) -> impl Iterator<Item = (&'a Expand, BTreeSet<VarId>)> {
        let expands = self.expands.iter().map(|expand| (*expand, read_beside_edge(expand, None)));
        let read = |path: &'a PathSearch| (&path.expand, read_beside_edge(&path.expand, mention::cost_of(path)));
        expands.chain(self.paths.iter().map(move |path| read(path)))
    }

    /// Whether a column is read later.
    pub(super) fn wants(&self, uses: &Uses) -> impl Fn(&str) -> bool + use<> {
        let live = self.live(uses);
        let carried: BTreeSet<String> = uses
            .fields
            .iter()
            .flat_map(|(var, fields)| fields.iter().map(|field| super::scope::field_column(*var, field)))
            .collect();
        move |name| match var_of(name) {
            None => true,
            Some((var, true)) => carried.contains(name) && live.contains(&var),
            Some((var, false)) => live.contains(&var),
        }
    }
}

/// The variable that a column belongs to.
pub(super) fn owner(name: &str) -> Option<VarId> {
    var_of(name).map(|(var, _)| var)
}

/// The variable that a column belongs to, and whether it is an attached field of it.
fn var_of(name: &str) -> Option<(VarId, bool)> {
    let rest = name.strip_prefix('v')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let var = VarId(rest.get(..end)?.parse().ok()?);
    let attached =
        rest.get(end..).is_some_and(|field| field.starts_with('.') || field == "@type" || field == "@object");
    Some((var, attached))
}

impl Lowering {
    /// A plan of all rows of `block`: from nothing, or for each of the outer rows of `seed`.
    pub(super) async fn block(&mut self, block: &Block, seed: Option<Flow>, uses: &Uses) -> Result<Flow> {
        let empty = Scope::default();
        let mut pending = Pending::of(block, seed.as_ref().map_or(&empty, |seed| &seed.scope));
        let mut flow = seed;
        if let Some(seeded) = flow.take() {
            flow = Some(self.connected(seeded, &mut pending, uses).await?);
        }
        flow = self.components(flow, &mut pending, uses, true).await?;
        let blocks = std::mem::take(&mut pending.blocks);
        for (index, correlated) in blocks.iter().enumerate() {
            pending.blocks = blocks[index + 1..].to_vec();
            let outer = flow.take().map_or_else(one_row, Ok)?;
            let nested = self.nested(outer, correlated, &pending, uses).await?;
            flow = Some(self.connected(nested, &mut pending, uses).await?);
        }
        flow = self.components(flow, &mut pending, uses, false).await?;
        let flow = flow.map_or_else(one_row, Ok)?;
        let flow = self.settle(flow, &mut pending, uses).await?;
        if pending.expands.is_empty() && pending.paths.is_empty() && pending.filters.is_empty() {
            return Ok(flow);
        }
        Err(Error::internal("a part of the pattern could not be placed"))
    }

    /// Binds the variables that wait, and joins what is not connected. With `defer`, those that are connected to what only a
    /// nested block binds go on waiting.
    async fn components(
        &mut self,
        mut flow: Option<Flow>,
        pending: &mut Pending<'_>,
        uses: &Uses,
        defer: bool,
    ) -> Result<Option<Flow>> {
        loop {
            let ids = self.known_ids(pending);
            let after = uses_of(uses, &pending.live(uses));
            let empty = Scope::default();
            let scope = flow.as_ref().map_or(&empty, |flow| &flow.scope);
            let deferred = if defer { pending.deferred(scope) } else { BTreeSet::new() };
            // A row that stands for several is of use only where the variable that is grouped by comes first.
            let prefer = uses.counted || uses.distinct;
            let held = &pending.held_up(scope) | &deferred;
            let start = |without| self.best_start(pending, &ids, &after, prefer, without);
            let Some(var) = start(&held).or_else(|| start(&deferred)) else { return Ok(flow) };
            let component = self.begin(var, pending, &ids, uses).await?;
            let component = self.connected(component, pending, uses).await?;
            flow = Some(match flow {
                None => component,
                Some(flow) => {
                    let joined = self.connect(flow, component, pending).await?;
                    self.connected(joined, pending, uses).await?
                }
            });
        }
    }

    /// A plan of one variable.
    async fn begin(&mut self, var: VarId, pending: &mut Pending<'_>, ids: &KnownIds<'_>, uses: &Uses) -> Result<Flow> {
        let types = pending.waiting.remove(&var).ok_or_else(|| Error::internal("a variable vanished"))?;
        let mut wanted = Wanted { now: filtered_fields(&pending.filters, var), later: BTreeSet::new() };
        if pending.expands.is_empty() && pending.paths.is_empty() {
            let later = uses.fields.get(&var).into_iter().flatten();
            wanted.later = later.filter(|field| matches!(field, Field::Column(_))).cloned().collect();
        }
        let known = ids.get(&var);
        if let Some(known) = known {
            // What the look-up finds needs no second test, if the test was just that.
            let types = types.clone();
            let said = |filter: &&Expr| std::ptr::eq(*filter, known.said_by) && self.says_only_id(filter, var, &types);
            pending.filters.retain(|filter| !said(filter));
        }
        let ids = known.map(|known| &known.ids);
        self.known.extend(ids.map(|ids| (var, ids.clone())));
        if ids.is_none()
            && let Some((filter, property, probes)) = self.indexed(var, &types, &pending.filters)
        {
            pending.filters.retain(|other| !std::ptr::eq(*other, filter));
            return self.look_up(var, &types, property, probes).await;
        }
        self.start(var, &types, ids, wanted).await
    }

    fn says_only_id(&self, filter: &Expr, var: VarId, types: &[TypeRef]) -> bool {
        let ExprKind::Binary { op: BinaryOp::Equal, left, right } = &filter.kind else { return false };
        let is_key = |expr: &Expr| match &expr.kind {
            ExprKind::Property { property, .. } => self.is_sole_key(types, &property.name),
            ExprKind::System { field, .. } => *field == omnigraph_compiler::ir::SystemField::Id,
            _ => false,
        };
        only_reads(filter, var) && types.len() == 1 && (is_key(left) || is_key(right))
    }

    /// Grows a plan over all that is connected to what it binds.
    async fn connected(&mut self, mut flow: Flow, pending: &mut Pending<'_>, uses: &Uses) -> Result<Flow> {
        loop {
            flow = self.settle(flow, pending, uses).await?;
            if let Some(expand) = self.next_expand(&flow, pending) {
                flow = self.reach_known_ends(flow, expand, pending, uses).await?;
                pending.expands.retain(|other| !std::ptr::eq(*other, expand));
                flow = self.expand(flow, expand, pending, uses).await?;
                continue;
            }
            let ready = |path: &&&PathSearch| {
                let open = pending.waiting.len() - usize::from(pending.waiting.contains_key(&path.expand.to));
                let found = open == 0 && pending.waiting.contains_key(&path.expand.to);
                let read = read_beside_edge(&path.expand, mention::cost_of(path));
                flow.scope.binds(path.expand.from)
                    && (flow.scope.binds(path.expand.to) || found)
                    && read.iter().all(|var| flow.scope.binds(*var))
            };
            let Some(path) = pending.paths.iter().find(ready).copied() else { return Ok(flow) };
            flow = self.reach_known_ends(flow, &path.expand, pending, uses).await?;
            pending.paths.retain(|other| !std::ptr::eq(*other, path));
            flow = self.path(flow, path, pending, uses).await?;
        }
    }

    /// Applies the conditions for which all is bound.
    pub(super) async fn settle(&mut self, flow: Flow, pending: &mut Pending<'_>, uses: &Uses) -> Result<Flow> {
        let covered = |filter: &Expr| variables([filter]).iter().all(|var| flow.scope.binds(*var));
        let (now, later): (Vec<&Expr>, Vec<&Expr>) = pending.filters.iter().partition(|filter| covered(filter));
        pending.filters = later;
        let wants = pending.wants(uses);
        self.filter(flow, &now, wants).await
    }

    /// The expansion to do next: one whose ends are both bound, or else the one that multiplies rows the least.
    fn next_expand<'a>(&self, flow: &Flow, pending: &Pending<'a>) -> Option<&'a Expand> {
        let bound = |var: VarId| flow.scope.binds(var);
        // What neither is bound nor waits, a nested block binds later.
        let known = |var: VarId| bound(var) || pending.waiting.contains_key(&var);
        let connected =
            |expand: &Expand| (bound(expand.from) || bound(expand.to)) && known(expand.from) && known(expand.to);
        let judged = |expand: &Expand| read_beside_edge(expand, None).into_iter().all(bound);
        let reachable = pending.expands.iter().filter(|expand| connected(expand) && judged(expand));
        let weight = |expand: &&&Expand| {
            let open = !(bound(expand.from) && bound(expand.to));
            (open, expand.hops != Hops::One, self.fan_out(expand, bound(expand.from)))
        };
        reachable.min_by_key(weight).copied()
    }

    /// Edges per node, times 16.
    fn fan_out(&self, expand: &Expand, forward: bool) -> u64 {
        let catalog = self.graph.snapshot.catalog();
        let of = |step: &omnigraph_compiler::ir::EdgeStep| {
            let edges = self.graph.count(&step.edge.name).saturating_mul(16);
            let outward = (step.direction == omnigraph_compiler::ir::Direction::Out) == forward;
            let ty = catalog.edges.get(&step.edge.name);
            let nodes = ty.map_or(1, |ty| self.graph.count(if outward { &ty.from } else { &ty.to }));
            edges / nodes.max(1)
        };
        expand.steps.iter().map(of).sum()
    }

    /// Binds an end of an expansion first if its id is known: comparing is cheaper than finding.
    async fn reach_known_ends(
        &mut self,
        mut flow: Flow,
        expand: &Expand,
        pending: &mut Pending<'_>,
        uses: &Uses,
    ) -> Result<Flow> {
        let ids = self.known_ids(pending);
        for end in [expand.from, expand.to] {
            if ids.contains_key(&end) && pending.waiting.contains_key(&end) {
                let known = self.begin(end, pending, &ids, uses).await?;
                flow = self.join(flow, known, &[])?;
            }
        }
        self.settle(flow, pending, uses).await
    }

    /// Joins two plans that share no variable: by conditions that equate something of one with something of the other, or
    /// else every pair.
    pub(super) async fn connect(&mut self, mut left: Flow, mut right: Flow, pending: &mut Pending<'_>) -> Result<Flow> {
        let within = |expr: &Expr, scope: &Scope| {
            let read = variables([expr]);
            !read.is_empty() && read.iter().all(|var| scope.binds(*var))
        };
        let mut on = Vec::new();
        for filter in &pending.filters {
            let ExprKind::Binary { op: BinaryOp::Equal, left: a, right: b } = &filter.kind else { continue };
            if a.ty.clone().with_nullable(true) != b.ty.clone().with_nullable(true)
                || mention::compared(filter).is_some()
            {
                continue;
            }
            let (a, b) = match () {
                () if within(a, &left.scope) && within(b, &right.scope) => (a, b),
                () if within(b, &left.scope) && within(a, &right.scope) => (b, a),
                () => continue,
            };
            let names = (self.fresh("on"), self.fresh("on"));
            left = self.compute(left, &[Computed { name: names.0.clone(), expr: a }]).await?;
            right = self.compute(right, &[Computed { name: names.1.clone(), expr: b }]).await?;
            on.push(names);
        }
        self.join(left, right, &on)
    }
}

/// The variables that are read after the block, if any is; otherwise all that are live.
fn uses_of(uses: &Uses, live: &BTreeSet<VarId>) -> BTreeSet<VarId> {
    let after: BTreeSet<VarId> = uses.vars.iter().chain(uses.fields.keys()).copied().collect();
    if after.is_empty() { live.clone() } else { after }
}

/// The one row of a block without variables.
fn one_row() -> Result<Flow> {
    let unit = ArrowField::new("unit", DataType::Int32, true);
    let schema = Arc::new(Schema::new(vec![unit]));
    constant(RecordBatch::try_new(schema, vec![Arc::new(Int32Array::from(vec![0]))])?)
}

/// Rows that are known.
pub(super) fn constant(batch: RecordBatch) -> Result<Flow> {
    let schema = batch.schema();
    let source = MemorySourceConfig::try_new(&[vec![batch]], schema, None)?;
    Ok(Flow { plan: Arc::new(DataSourceExec::new(Arc::new(source))), scope: Scope::default() })
}

/// Whether an expansion binds each edge.
pub(super) fn edge_variable(expand: &Expand) -> Option<VarId> {
    match expand.rows {
        Rows::Edges(var) => Some(var),
        Rows::Pairs => None,
    }
}
