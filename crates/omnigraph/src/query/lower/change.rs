//! What statements of a mutation read: the rows that they run over, and the rows that they change.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use arrow::record_batch::RecordBatch;
use omnigraph_compiler::ir::{Block, Expr, ExprKind, ObjectKind, OrderKey, TypeRef, VarId, Variable, VariableKind};

use super::Lowering;
use super::block::{Pending, Uses, constant};
use super::flow::{Computed, Flow, attach_fields, attached_field};
use super::mention::{numbered, numbered_in, visible};
use super::output::{order_column, sorted};
use super::scope::{Binding, Scope, column, field_column};
use super::start::filtered_fields;
use crate::error::{Error, Result};
use crate::query::operator::{Field, Scan, node};

/// The column of a value that a statement assigns.
pub(in crate::query) fn assigned(index: usize) -> String {
    format!("assigned{index}")
}

impl Lowering {
    /// The plan of a block's rows in order, with all attached that `reads` mention of them.
    pub(in crate::query) async fn bound(&mut self, block: &Block, order: &[OrderKey], reads: &[&Expr]) -> Result<Flow> {
        self.numbered.extend(numbered(block));
        self.numbered.extend(reads.iter().flat_map(|expr| numbered_in(expr)));
        let vars = visible(block).into_iter().collect();
        let flow = self.block(block, None, &Uses { vars, ..Uses::default() }).await?;
        let flow = self.attach(flow, reads).await?;
        let read: Vec<usize> = (0..flow.schema().fields().len()).collect();
        let (flow, keys) = self.keyed(flow, order, order_column).await?;
        sorted(flow, &keys)?.keep(&read)
    }

    /// The plan of the rows of a type that satisfy `predicate` beside each of the `outer` rows: all columns of both, and the
    /// `values`. `carried` are the columns of outer rows that stand for fields of their variables.
    pub(in crate::query) async fn matching(
        &mut self,
        outer: (RecordBatch, Scope),
        carried: &Uses,
        row: &Variable,
        predicate: &Expr,
        values: &[Expr],
    ) -> Result<Flow> {
        let (batch, scope) = outer;
        let leaf = Flow { scope, ..constant(batch)? };
        let filters = conjuncts(predicate);
        self.numbered.extend(filters.iter().chain(values).flat_map(numbered_in));
        let mut uses = carried.clone();
        uses.vars.insert(row.id);
        let (flow, types) = match &row.kind {
            VariableKind::Node { types } => {
                let block = Block { variables: vec![row.clone()], filters, ..Block::default() };
                (self.block(&block, Some(leaf), &uses).await?, types)
            }
            VariableKind::Edge { types } => (self.matching_edges(leaf, row.id, types, filters, &uses).await?, types),
            _ => return Err(Error::internal("a statement over neither nodes nor edges")),
        };
        let computed: Vec<Computed<'_>> =
            values.iter().enumerate().map(|(index, expr)| Computed { name: assigned(index), expr }).collect();
        let flow = self.compute(flow, &computed).await?;
        self.whole_row(flow, row.id, types)
    }

    /// Edges come from no pattern, so they are scanned and joined here.
    async fn matching_edges(
        &mut self,
        leaf: Flow,
        var: VarId,
        types: &[TypeRef],
        filters: Vec<Expr>,
        uses: &Uses,
    ) -> Result<Flow> {
        let block = Block { filters, ..Block::default() };
        let mut pending = Pending::of(&block, &leaf.scope);
        let entities = self.graph.edge_entities(types).await?;
        let mut fields = vec![ArrowField::new(column(var), DataType::UInt64, true)];
        let mut columns = Vec::new();
        for field in filtered_fields(&pending.filters, var) {
            let Field::Column(name) = &field else { continue };
            fields.push(attached_field(var, &entities, &field)?);
            columns.push(name.clone());
        }
        let schema = Arc::new(Schema::new(fields));
        let budget = Arc::clone(&self.budget);
        let scan = Scan { nodes: entities.clone(), columns, few: false, schema: Arc::clone(&schema), budget };
        let mut scope = Scope::default();
        scope.bindings.insert(var, Binding::Entity(entities));
        let edges = Flow { plan: node(scan, Vec::new(), schema), scope };
        let edges = self.settle(edges, &mut pending, uses).await?;
        let joined = self.connect(leaf, edges, &mut pending).await?;
        self.settle(joined, &mut pending, uses).await
    }

    /// Attaches every column of the row's table.
    fn whole_row(&self, flow: Flow, var: VarId, types: &[TypeRef]) -> Result<Flow> {
        let entities = flow.scope.entities(var).cloned();
        let entities = entities.ok_or_else(|| Error::internal("a statement's row is bound to nothing"))?;
        let [ty] = types else { return Err(Error::internal("a statement over several types")) };
        let schema = entities.schema().ok_or_else(|| Error::internal(format!("'{}' has no table", ty.name)))?;
        let known = flow.schema();
        let missing = schema
            .fields()
            .iter()
            .map(|field| Field::Column(field.name().clone()))
            .filter(|field| known.index_of(&field_column(var, field)).is_err());
        let missing: Vec<Field> = missing.collect();
        if missing.is_empty() { Ok(flow) } else { attach_fields(flow, var, missing) }
    }
}

/// The parts that must all be true.
fn conjuncts(predicate: &Expr) -> Vec<Expr> {
    match &predicate.kind {
        ExprKind::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        _ => vec![predicate.clone()],
    }
}

/// The ids that a condition alone pins a node to, if the type's key or identity is compared with constants.
pub(in crate::query) fn pinned(lowering: &Lowering, row: &Variable, predicate: &Expr) -> Option<Vec<String>> {
    let block = Block { variables: vec![row.clone()], filters: conjuncts(predicate), ..Block::default() };
    let pending = Pending::of(&block, &Scope::default());
    lowering.known_ids(&pending).remove(&row.id).map(|known| known.ids)
}

/// The tables that a block reads: of all types that its variables and connections range over.
pub(in crate::query) fn types_read(block: &Block, into: &mut BTreeSet<(ObjectKind, String)>) {
    for variable in &block.variables {
        let (kind, types) = match &variable.kind {
            VariableKind::Node { types } => (ObjectKind::Node, types),
            VariableKind::Edge { types } => (ObjectKind::Edge, types),
            _ => continue,
        };
        into.extend(types.iter().map(|ty| (kind, ty.name.clone())));
    }
    let paths = block.paths.iter().map(|path| &path.expand);
    for expand in block.expands.iter().chain(paths) {
        into.extend(expand.steps.iter().map(|step| (ObjectKind::Edge, step.edge.name.clone())));
    }
    for nested in &block.blocks {
        types_read(&nested.block, into);
    }
}
