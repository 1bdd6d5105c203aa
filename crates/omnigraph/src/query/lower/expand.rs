//! Connections between nodes: one edge, several edges, paths.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField};
use omnigraph_compiler::ir::{self, Direction, EdgeStep, Expand, PathPart, PathSearch, TypeRef, VarId};
use omnigraph_walk::Side;

use super::Lowering;
use super::block::{Pending, Uses, edge_variable};
use super::edges::conditions;
use super::expr::carrier;
use super::flow::{Flow, extended};
use super::mention::cost_of;
use super::restrict::is_judged_by_row;
use super::scope::{Binding, Scope, column, path_column, raw_path_columns};
use crate::adjacency::Hops;
use crate::error::{Error, Result};
use crate::query::graph::Entities;
use crate::query::operator::{self, Found, Hop, PathParts, node};

/// Where several edges lead, and what is bound behind them.
struct Reached {
    target: operator::WalkTarget,
    scope: Scope,
    /// The columns that come.
    more: Vec<ArrowField>,
}

impl Lowering {
    /// Adds an expansion to a plan that binds at least one of its ends.
    pub(super) async fn expand(
        &mut self,
        flow: Flow,
        expand: &Expand,
        pending: &mut Pending<'_>,
        uses: &Uses,
    ) -> Result<Flow> {
        let backward = !flow.scope.binds(expand.from);
        let expand = &if backward { reversed(expand) } else { expand.clone() };
        if expand.hops != ir::Hops::One {
            return self.walk(flow, expand, backward, pending, uses).await;
        }
        let known = self.known.get(&expand.from).cloned();
        let (hops, _) = self.steps(expand, known.as_deref()).await?;
        let live = pending.live(uses);
        let edge = edge_variable(expand);
        let target = pending.waiting.remove(&expand.to);
        let admitted = self.admitted(target.as_deref())?;
        let edge_is_read = edge.is_some_and(|edge| live.contains(&edge));
        let target_is_read = live.contains(&expand.to);
        let found = match &target {
            None => Found::Compared(flow.place(&column(expand.to))?),
            Some(_) if target_is_read || edge_is_read => Found::Rows,
            Some(_) if uses.distinct => Found::Any,
            Some(_) if uses.counted => {
                Found::Counted(flow.scope.times.as_deref().map(|name| flow.place(name)).transpose()?)
            }
            Some(_) => Found::Rows,
        };
        self.expanded(flow, expand, hops, (found, admitted, target), pending, uses).await
    }

    async fn expanded(
        &mut self,
        flow: Flow,
        expand: &Expand,
        hops: Vec<Hop>,
        (found, admitted, target): (Found, Vec<bool>, Option<Vec<TypeRef>>),
        pending: &Pending<'_>,
        uses: &Uses,
    ) -> Result<Flow> {
        let edge = edge_variable(expand);
        let mut scope = flow.scope.clone();
        let mut more = Vec::new();
        match &found {
            Found::Rows => {
                more.push(ArrowField::new(column(expand.to), DataType::UInt64, true));
                let types = target.ok_or_else(|| Error::internal("a target of no type"))?;
                scope.bindings.insert(expand.to, Binding::Entity(self.graph.node_entities(&types).await?));
            }
            Found::Counted(_) => {
                let times = self.fresh("times");
                more.push(ArrowField::new(&times, DataType::Int64, false));
                scope.times = Some(times);
            }
            Found::Compared(_) | Found::Any => {}
        }
        if let (Some(edge), Found::Rows | Found::Compared(_)) = (edge, &found) {
            more.push(ArrowField::new(column(edge), DataType::UInt64, true));
            let types: Vec<TypeRef> = expand.steps.iter().map(|step| step.edge.clone()).collect();
            scope.bindings.insert(edge, Binding::Entity(self.graph.edge_entities(&types).await?));
        }
        let wants = pending.wants(uses);
        let replaced = flow.scope.times.clone().filter(|_| matches!(found, Found::Counted(_)));
        let keep = flow.places(|name| wants(name) && replaced.as_deref() != Some(name));
        let schema = extended(&flow.schema().project(&keep)?, more);
        let operator = operator::Expand {
            from: flow.place(&column(expand.from))?,
            hops,
            found,
            admitted,
            edges: edge.is_some(),
            keep,
            schema: Arc::clone(&schema),
            budget: Arc::clone(&self.budget),
        };
        let plan = self.walked(flow, operator, schema, expand, None).await?;
        self.thinned(Flow { plan, scope }, pending, uses)
    }

    /// Drops what is not read any more; where equal rows count once, also rows that are then equal.
    pub(super) fn thinned(&self, flow: Flow, pending: &Pending<'_>, uses: &Uses) -> Result<Flow> {
        let wants = pending.wants(uses);
        let keep = flow.places(&wants);
        let dropped = keep.len() < flow.schema().fields().len();
        if !dropped {
            return Ok(flow);
        }
        let flow = flow.keep(&keep)?;
        let numbers = |ty: &DataType| matches!(ty, DataType::UInt64 | DataType::UInt32);
        let only_numbers = flow.schema().fields().iter().all(|field| numbers(field.data_type()));
        Ok(if uses.distinct && only_numbers { self.distinct_rows(flow) } else { flow })
    }

    /// The hops of edge types in their directions; both directions are two hops.
    async fn hops(&self, steps: &[EdgeStep], at: Option<&[String]>) -> Result<Vec<Hop>> {
        let mut hops = Vec::new();
        for step in steps {
            let edge = &step.edge.name;
            let sides: &[Side] = match step.direction {
                Direction::Out => &[Side::Out],
                Direction::In => &[Side::In],
                Direction::Both => &[Side::Out, Side::In],
            };
            let Hops { adjacency, by_ends } = self.graph.adjacency(edge, at.map(|ids| (sides, ids))).await?;
            let (source, target) = self.graph.ends(edge)?;
            hops.extend(sides.iter().map(|side| Hop {
                edge: edge.clone(),
                adjacency: adjacency.clone(),
                by_ends,
                side: *side,
                from: if *side == Side::Out { source } else { target },
                to: if *side == Side::Out { target } else { source },
                skip_loops: step.direction == Direction::Both && *side == Side::In && source == target,
                allowed: None,
            }));
        }
        Ok(hops)
    }

    /// Which node types count as targets; all where the target is bound already.
    pub(super) fn admitted(&self, types: Option<&[TypeRef]>) -> Result<Vec<bool>> {
        let Some(types) = types else { return Ok(vec![true; self.graph.spaces()]) };
        let mut admitted = vec![false; self.graph.spaces()];
        for ty in types {
            let space = usize::from(self.graph.space(&ty.name)?);
            if let Some(admits) = admitted.get_mut(space) {
                *admits = true;
            }
        }
        Ok(admitted)
    }

    /// How many ordinals the node types have that a walk meets.
    async fn sizes(
        &mut self,
        flow: &Flow,
        expand: &Expand,
        hops: &[Hop],
        target: Option<&[TypeRef]>,
    ) -> Result<Vec<u32>> {
        let mut spaces: Vec<u16> = hops.iter().flat_map(|hop| [hop.from, hop.to]).collect();
        for end in [expand.from, expand.to] {
            if let Some(Entities::Nodes(nodes)) = flow.scope.entities(end) {
                spaces.extend(nodes.iter().map(|nodes| nodes.space));
            }
        }
        for ty in target.into_iter().flatten() {
            spaces.push(self.graph.space(&ty.name)?);
        }
        let mut sizes = vec![0; self.graph.spaces()];
        if let Entities::Nodes(nodes) = self.graph.all_nodes(spaces).await? {
            for nodes in nodes {
                if let Some(size) = sizes.get_mut(usize::from(nodes.space)) {
                    *size = nodes.rows.bound();
                }
            }
        }
        Ok(sizes)
    }

    /// A walk over several edges.
    async fn walk(
        &mut self,
        flow: Flow,
        expand: &Expand,
        backward: bool,
        pending: &mut Pending<'_>,
        uses: &Uses,
    ) -> Result<Flow> {
        let ir::Hops::Range { min, max } = expand.hops else { return Err(Error::internal("a walk of one edge")) };
        let (steps, _) = self.steps(expand, None).await?;
        let Reached { target, mut scope, mut more } = self.reached(&flow, expand, &steps, pending).await?;
        if let Some(hops) = expand.hop_count {
            more.push(ArrowField::new(column(hops), DataType::Int64, true));
            scope.bindings.insert(hops, Binding::Value);
        }
        let keep = flow.places(pending.wants(uses));
        let schema = extended(&flow.schema().project(&keep)?, more);
        // Where equal rows count once and only targets are read, all starts may be walked from at once.
        let together = uses.distinct
            && keep.is_empty()
            && expand.hop_count.is_none()
            && target.bound.is_none()
            && !backward
            && !is_judged_by_row(expand, None);
        let operator = operator::Walk {
            from: flow.place(&column(expand.from))?,
            steps,
            target,
            min,
            max,
            together,
            backward,
            count: expand.hop_count.is_some(),
            keep,
            schema: Arc::clone(&schema),
            budget: Arc::clone(&self.budget),
        };
        let plan = self.walked(flow, operator, schema, expand, None).await?;
        self.thinned(Flow { plan, scope }, pending, uses)
    }

    /// Where several edges lead: to a node that is bound, or to one that they bind.
    async fn reached(
        &mut self,
        flow: &Flow,
        expand: &Expand,
        steps: &[Hop],
        pending: &mut Pending<'_>,
    ) -> Result<Reached> {
        let types = pending.waiting.remove(&expand.to);
        let admitted = self.admitted(types.as_deref())?;
        let sizes = self.sizes(flow, expand, steps, types.as_deref()).await?;
        let mut scope = flow.scope.clone();
        let mut more = Vec::new();
        let bound = match &types {
            None => Some(flow.place(&column(expand.to))?),
            Some(types) => {
                more.push(ArrowField::new(column(expand.to), DataType::UInt64, true));
                scope.bindings.insert(expand.to, Binding::Entity(self.graph.node_entities(types).await?));
                None
            }
        };
        Ok(Reached { target: operator::WalkTarget { bound, admitted, sizes }, scope, more })
    }

    /// The hops of an expansion, each with the edges that conditions on the edge alone allow, and all edge types. `at` are the
    /// ids of the nodes from which one edge is walked, if they are known.
    async fn steps(&mut self, expand: &Expand, at: Option<&[String]>) -> Result<(Vec<Hop>, Entities)> {
        let types: Vec<TypeRef> = expand.steps.iter().map(|step| step.edge.clone()).collect();
        let entities = self.graph.edge_entities(&types).await?;
        let mut hops = self.hops(&expand.steps, at).await?;
        let Some(walk) = &expand.walk else { return Ok((hops, entities)) };
        let conditions = conditions(walk).of_edge;
        if conditions.is_empty() {
            return Ok((hops, entities));
        }
        for ty in &types {
            let allowed = self.allowed(&ty.name, walk.edge.id, &conditions).await?;
            for hop in hops.iter_mut().filter(|hop| hop.edge == ty.name) {
                hop.allowed = Some(Arc::clone(&allowed));
            }
        }
        Ok((hops, entities))
    }

    /// A search for paths.
    pub(super) async fn path(
        &mut self,
        flow: Flow,
        path: &PathSearch,
        pending: &mut Pending<'_>,
        uses: &Uses,
    ) -> Result<Flow> {
        let expand = &path.expand;
        let (min, max) = match expand.hops {
            ir::Hops::One => (1, Some(1)),
            ir::Hops::Range { min, max } => (min, max),
        };
        let (steps, edges) = self.steps(expand, None).await?;
        let Reached { target, mut scope, mut more } = self.reached(&flow, expand, &steps, pending).await?;
        let cost = cost_of(path);
        let costs = match cost {
            Some(cost) if !is_judged_by_row(expand, Some(cost)) => Some(self.costs(expand, cost).await?),
            _ => None,
        };
        let nodes = self.graph.all_nodes(steps.iter().flat_map(|hop| [hop.from, hop.to])).await?;
        more.extend(operator::path_fields(path.path));
        scope.bindings.insert(path.path, Binding::Path { nodes: nodes.clone(), edges: edges.clone() });
        let keep = flow.places(pending.wants(uses));
        let schema = extended(&flow.schema().project(&keep)?, more);
        let operator = operator::FindPaths {
            from: flow.place(&column(expand.from))?,
            steps,
            target,
            mode: operator::PathKind::of(&path.mode, costs),
            min,
            max,
            nodes,
            edges,
            keep,
            schema: Arc::clone(&schema),
            ids: Arc::default(),
            budget: Arc::clone(&self.budget),
        };
        Ok(Flow { plan: self.walked(flow, operator, schema, expand, cost).await?, scope })
    }

    /// Reads parts of paths, unless they are there.
    pub(super) fn path_parts(&mut self, flow: Flow, var: VarId, parts: PathParts) -> Result<Flow> {
        let schema = flow.schema();
        let field = |part, ty| ArrowField::new(path_column(var, part), ty, true);
        let objects = carrier(&ir::Type::Objects { kind: ir::ObjectKind::Node, nullable: true });
        let fields = match parts {
            PathParts::Shown => vec![
                field(PathPart::Nodes, objects.clone()),
                field(PathPart::Edges, objects),
                field(PathPart::Whole, DataType::Utf8),
            ],
            PathParts::Identity => vec![field(PathPart::Identity, DataType::Utf8)],
        };
        if fields.iter().all(|field| schema.index_of(field.name()).is_ok()) {
            return Ok(flow);
        }
        let Some(Binding::Path { nodes, edges }) = flow.scope.bindings.get(&var).cloned() else {
            return Err(Error::internal("a path that is none"));
        };
        let [numbers, addresses] = raw_path_columns(var);
        let (numbers, addresses) = (flow.place(&numbers)?, flow.place(&addresses)?);
        let schema = extended(&schema, fields);
        let operator = operator::ReadPaths { parts, nodes, edges, numbers, addresses, schema: Arc::clone(&schema) };
        Ok(Flow { plan: node(operator, vec![flow.plan], schema), scope: flow.scope })
    }
}

/// The same connection, seen from its other end.
fn reversed(expand: &Expand) -> Expand {
    let turned = |step: &EdgeStep| EdgeStep {
        edge: step.edge.clone(),
        direction: match step.direction {
            Direction::Out => Direction::In,
            Direction::In => Direction::Out,
            Direction::Both => Direction::Both,
        },
    };
    let steps = expand.steps.iter().map(turned).collect();
    Expand { from: expand.to, to: expand.from, steps, ..expand.clone() }
}
