//! Access paths of node variables: a key lookup, an index lookup, or a scan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use omnigraph_compiler::ir::{BinaryOp, Expr, ExprKind, PatternBlock, PatternVariable, SystemField, TypeRef, VarId};
use omnigraph_compiler::types::ScalarType;

use super::context::{PlanContext, Planner};
use super::expr::evaluate_constant;
use super::partial_plan::{PartialPlan, PlanColumns, field_column};
use super::pattern::{RemainingPattern, RequiredOutputs};
use super::references::{RowReference, conjuncts, reads_exactly, references};
use super::scope::{ColumnId, PlanScope, VariableBinding};
use crate::error::{Error, Result};
use crate::index::TextProbe;
use crate::query::exec::{EntityField, EntityScan, IndexLookup, KeyLookup};
use crate::query::tables::EntitySet;

/// Variables whose ids conditions restrict to constants.
pub(super) type KnownIds<'a> = BTreeMap<VarId, KnownIdSet<'a>>;

/// The ids that a variable may have.
#[derive(Debug)]
pub(super) struct KnownIdSet<'a> {
    pub(super) ids: Vec<String>,
    /// The condition that restricts them.
    condition: &'a Expr,
}

/// A condition that a text index answers.
struct IndexCondition<'a> {
    condition: &'a Expr,
    column: String,
    probes: Vec<TextProbe>,
}

/// The fields that operators read right after a scan.
#[derive(Debug)]
struct ScanColumns {
    /// Fields that conditions read of all nodes.
    filtered: BTreeSet<EntityField>,
    /// Fields that are read of the nodes that remain.
    later: BTreeSet<EntityField>,
}

impl ScanColumns {
    /// Returns the fields that a scan reads. A field that does not fit in the cache is fetched later, if conditions may leave
    /// few nodes.
    fn choose(self, entities: &EntitySet) -> BTreeSet<EntityField> {
        let name = |field: &'_ EntityField| match field {
            EntityField::Column(name) => Some(name.clone()),
            _ => None,
        };
        let names: Vec<String> = self.later.iter().filter_map(name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if self.filtered.is_empty() || entities.tables().iter().all(|table| table.fits_in_memory(&names)) {
            return &self.filtered | &self.later;
        }
        self.filtered
    }
}

/// Plans the nodes of one variable by the cheapest access path.
pub(super) async fn plan_variable(
    planner: &mut Planner,
    var: VarId,
    remaining: &mut RemainingPattern<'_>,
    ids: &KnownIds<'_>,
    outputs: &RequiredOutputs,
) -> Result<PartialPlan> {
    let types = remaining.unbound.remove(&var).ok_or_else(|| Error::internal("a variable that is bound already"))?;
    if let Some(KnownIdSet { ids, condition }) = ids.get(&var) {
        // The lookup makes a condition redundant that tests nothing else.
        let answers =
            |filter: &Expr| std::ptr::eq(filter, *condition) && is_id_equality(&planner.context, filter, var, &types);
        remaining.filters.retain(|filter| !answers(filter));
        planner.builder.known_ids.insert(var, ids.clone());
        return key_lookup(planner, var, &types, ids).await;
    }
    if let Some(IndexCondition { condition, column, probes }) =
        indexed_condition(&planner.context, var, &types, &remaining.filters)
    {
        remaining.filters.retain(|filter| !std::ptr::eq(*filter, condition));
        return index_lookup(planner, var, &types, column, probes).await;
    }
    let mut columns = ScanColumns { filtered: filtered_fields(&remaining.filters, var), later: BTreeSet::new() };
    if remaining.expands.is_empty() && remaining.paths.is_empty() {
        let later = outputs.fields.get(&var).into_iter().flatten();
        columns.later = later.filter(|field| matches!(field, EntityField::Column(_))).cloned().collect();
    }
    let entities = open_nodes(planner, var, &types).await?;
    let fields = columns.choose(&entities);
    scan(planner, var, entities, &fields, planner.builder.limit_hint)
}

/// Opens the tables of a variable's types. Its nodes get ordinals only if an operator connects or compares them.
async fn open_nodes(planner: &Planner, var: VarId, types: &[TypeRef]) -> Result<EntitySet> {
    if planner.builder.bound_by_ordinal.contains(&var) {
        planner.context.nodes_by_ordinal(types).await
    } else {
        planner.context.nodes_by_address(types).await
    }
}

async fn key_lookup(planner: &Planner, var: VarId, types: &[TypeRef], ids: &[String]) -> Result<PartialPlan> {
    let entities = planner.context.nodes_by_ordinal(types).await?;
    let EntitySet::Nodes(nodes) = &entities else { return Err(Error::internal("ids of rows without ordinals")) };
    let ids: BTreeSet<&String> = ids.iter().collect();
    let columns = PlanColumns::new([(ColumnId::Variable(var), DataType::UInt64)]);
    let lookup = KeyLookup {
        nodes: nodes.clone(),
        ids: ids.into_iter().cloned().collect(),
        schema: Arc::clone(&columns.schema),
    };
    Ok(PartialPlan::leaf(lookup, columns).bind(var, VariableBinding::Entity(entities)))
}

async fn index_lookup(
    planner: &Planner,
    var: VarId,
    types: &[TypeRef],
    column: String,
    probes: Vec<TextProbe>,
) -> Result<PartialPlan> {
    let entities = open_nodes(planner, var, types).await?;
    let columns = PlanColumns::new([(ColumnId::Variable(var), DataType::UInt64)]);
    let lookup = IndexLookup {
        entities: entities.clone(),
        column,
        probes,
        indexes: planner.context.snapshot.column_indexes().clone(),
        schema: Arc::clone(&columns.schema),
        budget: Arc::clone(&planner.context.budget),
    };
    Ok(PartialPlan::leaf(lookup, columns).bind(var, VariableBinding::Entity(entities)))
}

/// Plans a scan of all entities, with some of their fields.
pub(super) fn scan(
    planner: &Planner,
    var: VarId,
    entities: EntitySet,
    fields: &BTreeSet<EntityField>,
    limit_hint: bool,
) -> Result<PartialPlan> {
    let mut columns = vec![(ColumnId::Variable(var), DataType::UInt64)];
    let mut names = Vec::new();
    for field in fields {
        if let EntityField::Column(name) = field {
            columns.push(field_column(var, &entities, field)?);
            names.push(name.clone());
        }
    }
    let columns = PlanColumns::new(columns);
    let scan = EntityScan {
        entities: entities.clone(),
        columns: names,
        limit_hint,
        schema: Arc::clone(&columns.schema),
        budget: Arc::clone(&planner.context.budget),
    };
    Ok(PartialPlan::leaf(scan, columns).bind(var, VariableBinding::Entity(entities)))
}

/// Returns the variables whose ids follow from conditions: `$p.key = constant`, `$p.@id in [constants]`.
pub(super) fn known_ids<'a>(context: &PlanContext, remaining: &RemainingPattern<'a>) -> KnownIds<'a> {
    let mut known = KnownIds::new();
    for condition in remaining.filters.iter().copied() {
        let found = match &condition.kind {
            ExprKind::Binary { op: BinaryOp::Equal, left, right } => {
                compared_ids(context, left, right, remaining).or_else(|| compared_ids(context, right, left, remaining))
            }
            ExprKind::In { item, list } => compared_ids(context, item, list, remaining),
            _ => None,
        };
        if let Some((var, ids)) = found
            && known.get(&var).is_none_or(|known| ids.len() < known.ids.len())
        {
            known.insert(var, KnownIdSet { ids, condition });
        }
    }
    known
}

/// Returns the unbound variable whose id or key is compared with a constant, and the ids.
fn compared_ids(
    context: &PlanContext,
    identity: &Expr,
    constant: &Expr,
    remaining: &RemainingPattern<'_>,
) -> Option<(VarId, Vec<String>)> {
    let identity = match &identity.kind {
        ExprKind::Convert(inner) if matches!(inner.kind, ExprKind::Property { .. }) => inner.as_ref(),
        _ => identity,
    };
    let var = match &identity.kind {
        ExprKind::System { var, field: SystemField::Id } => *var,
        ExprKind::Property { var, property } => {
            let types = remaining.unbound.get(var)?;
            let is_key = context.is_sole_key(types.iter().map(|ty| ty.name.as_str()), &property.name);
            is_key.then_some(*var)?
        }
        _ => return None,
    };
    if !references(constant).is_empty() || !remaining.unbound.contains_key(&var) {
        return None;
    }
    Some((var, id_texts(&evaluate_constant(context, constant).ok()?)?))
}

/// Reports if a condition is true of exactly the nodes that a key lookup finds.
fn is_id_equality(context: &PlanContext, condition: &Expr, var: VarId, types: &[TypeRef]) -> bool {
    let ExprKind::Binary { op: BinaryOp::Equal, left, right } = &condition.kind else { return false };
    let is_key = |expr: &Expr| match &expr.kind {
        ExprKind::Property { property, .. } => {
            context.is_sole_key(types.iter().map(|ty| ty.name.as_str()), &property.name)
        }
        ExprKind::System { field, .. } => *field == SystemField::Id,
        _ => false,
    };
    reads_exactly(condition, var) && types.len() == 1 && (is_key(left) || is_key(right))
}

/// Returns the ids to which a condition alone restricts a row of a mutation.
pub(crate) fn pinned_ids(context: &PlanContext, row: &PatternVariable, predicate: &Expr) -> Option<Vec<String>> {
    let block = PatternBlock { variables: vec![row.clone()], filters: conjuncts(predicate), ..PatternBlock::default() };
    let remaining = RemainingPattern::new(&block, &PlanScope::default());
    known_ids(context, &remaining).remove(&row.id).map(|known| known.ids)
}

/// Returns the first condition on a variable that the text index of a property answers.
fn indexed_condition<'a>(
    context: &PlanContext,
    var: VarId,
    types: &[TypeRef],
    conditions: &[&'a Expr],
) -> Option<IndexCondition<'a>> {
    let property = |expr: &'a Expr| match &expr.kind {
        ExprKind::Property { var: read, property } if *read == var => Some(property),
        _ => None,
    };
    conditions.iter().copied().find_map(|condition| {
        let (property, constant, probe): (_, &Expr, fn(String) -> TextProbe) = match &condition.kind {
            ExprKind::Binary { op: BinaryOp::Equal, left, right } => match property(left) {
                Some(property) => (property, right, TextProbe::Equal),
                None => (property(right)?, left, TextProbe::Equal),
            },
            ExprKind::Binary { op: BinaryOp::StartsWith, left, right } => (property(left)?, right, TextProbe::Prefix),
            ExprKind::In { item, list } => (property(item)?, list, TextProbe::Equal),
            _ => return None,
        };
        if !references(constant).is_empty() || !is_indexed(context, types, &property.name) {
            return None;
        }
        let texts = id_texts(&evaluate_constant(context, constant).ok()?)?;
        let probes = texts.into_iter().map(probe).collect();
        Some(IndexCondition { condition, column: property.name.clone(), probes })
    })
}

/// Reports if a property is text, and of all these types a key or declared as an index.
fn is_indexed(context: &PlanContext, types: &[TypeRef], property: &str) -> bool {
    types.iter().all(|ty| {
        let Some(node) = context.catalog().nodes.get(&ty.name) else { return false };
        let declared = node.properties.iter().find(|declared| declared.name == property);
        let is_text = declared.is_some_and(|declared| declared.ty.scalar == ScalarType::String && !declared.ty.list);
        let in_key = node.key.as_ref().is_some_and(|key| key.iter().any(|part| part == property));
        let in_index = node.indexes.iter().any(|index| index.properties.iter().any(|part| part == property));
        is_text && (in_key || in_index)
    })
}

/// Returns the fields of a variable that conditions read which read nothing else.
pub(super) fn filtered_fields(conditions: &[&Expr], var: VarId) -> BTreeSet<EntityField> {
    let own = conditions.iter().filter(|condition| reads_exactly(condition, var));
    let read = own.flat_map(|condition| references(condition)).filter_map(|reference| match reference {
        RowReference::Field(_, field @ EntityField::Column(_)) => Some(field),
        _ => None,
    });
    read.collect()
}

/// Returns a constant, or the items of a constant list, in the text form of ids.
fn id_texts(array: &ArrayRef) -> Option<Vec<String>> {
    let items = match array.data_type() {
        DataType::List(_) if array.is_null(0) => return Some(Vec::new()),
        DataType::List(_) => array.as_list::<i32>().value(0),
        _ => Arc::clone(array),
    };
    let has_text_form = matches!(
        items.data_type(),
        DataType::Utf8 | DataType::Boolean | DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64
    );
    if !has_text_form {
        return None;
    }
    let texts = arrow::compute::cast(&items, &DataType::Utf8).ok()?;
    Some(texts.as_string::<i32>().iter().flatten().map(str::to_owned).collect())
}
