//! Where a pattern starts: known keys, or all nodes of a type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field as ArrowField, Schema};
use omnigraph_compiler::ir::{BinaryOp, Expr, ExprKind, SystemField, TypeRef, VarId};
use omnigraph_compiler::types::Scalar as Base;

use super::Lowering;
use super::block::Pending;
use super::flow::{Flow, attached_field};
use super::mention::{Mention, mentions};
use super::scope::{Binding, Scope, column};
use crate::error::{Error, Result};
use crate::query::graph::Entities;
use crate::query::operator::{Field, IndexLookup, Lookup, Scan, node};
use crate::search::Probe;

/// Variables whose id is one of a few.
pub(super) type KnownIds<'a> = BTreeMap<VarId, KnownId<'a>>;

/// Ids of which a variable has one.
#[derive(Debug)]
pub(super) struct KnownId<'a> {
    /// The ids.
    pub(super) ids: Vec<String>,
    /// The condition that says so.
    pub(super) said_by: &'a Expr,
}

/// The fields of a variable that are read right after its nodes are found.
#[derive(Debug)]
pub(super) struct Wanted {
    /// By conditions, of all nodes.
    pub(super) now: BTreeSet<Field>,
    /// Of the nodes that are left.
    pub(super) later: BTreeSet<Field>,
}

impl Wanted {
    /// The fields that a scan reads. What is not kept in memory is read later for the nodes that are left, if conditions may
    /// leave few.
    fn of(self, entities: &Entities) -> BTreeSet<Field> {
        let tables: Vec<_> = match entities {
            Entities::Nodes(nodes) => nodes.iter().map(|nodes| &nodes.table).collect(),
            Entities::Rows(rows) => rows.iter().map(|rows| &rows.table).collect(),
        };
        let column = |field: &Field| match field {
            Field::Column(name) => Some(name.clone()),
            _ => None,
        };
        let names: Vec<String> = self.later.iter().filter_map(column).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if self.now.is_empty() || tables.iter().all(|table| table.fits_in_memory(&names)) {
            return &self.now | &self.later;
        }
        self.now
    }
}

impl Lowering {
    /// The variables whose id follows from conditions: `$p.key = constant`, `$p.@id in [constants]`.
    pub(super) fn known_ids<'a>(&self, pending: &Pending<'a>) -> KnownIds<'a> {
        let mut known = KnownIds::new();
        for filter in pending.filters.iter().copied() {
            let found = match &filter.kind {
                ExprKind::Binary { op: BinaryOp::Equal, left, right } => {
                    self.id_of(left, right, pending).or_else(|| self.id_of(right, left, pending))
                }
                ExprKind::In { item, list } => self.id_of(item, list, pending),
                _ => None,
            };
            if let Some((var, ids)) = found {
                let fewer = known.get(&var).is_none_or(|known| ids.len() < known.ids.len());
                if fewer {
                    known.insert(var, KnownId { ids, said_by: filter });
                }
            }
        }
        known
    }

    fn id_of(&self, identity: &Expr, constant: &Expr, pending: &Pending<'_>) -> Option<(VarId, Vec<String>)> {
        let var = match &identity.kind {
            ExprKind::System { var, field: SystemField::Id } => *var,
            ExprKind::Property { var, property } if self.is_key(*var, &property.name, pending) => *var,
            ExprKind::Convert(inner) => match &inner.kind {
                ExprKind::Property { var, property } if self.is_key(*var, &property.name, pending) => *var,
                _ => return None,
            },
            _ => return None,
        };
        let reads_rows = !mentions(constant).is_empty();
        if reads_rows || !pending.waiting.contains_key(&var) {
            return None;
        }
        let ids = texts(&self.constant(constant).ok()?)?;
        Some((var, ids))
    }

    /// Whether a property alone is the key of every type of a variable.
    pub(super) fn is_key(&self, var: VarId, property: &str, pending: &Pending<'_>) -> bool {
        pending.waiting.get(&var).is_some_and(|types| self.is_sole_key(types, property))
    }

    /// Whether a property alone is the key of all these types.
    pub(super) fn is_sole_key(&self, types: &[TypeRef], property: &str) -> bool {
        types.iter().all(|ty| {
            let node = self.graph.snapshot.catalog().nodes.get(&ty.name);
            node.and_then(|node| node.key.as_deref()).is_some_and(|key| matches!(key, [only] if only == property))
        })
    }

    /// The variable to start with: one whose id is known, or else the one that is likely to have the fewest rows.
    pub(super) fn best_start(
        &self,
        pending: &Pending<'_>,
        ids: &KnownIds<'_>,
        live: &BTreeSet<VarId>,
        prefer_live: bool,
        deferred: &BTreeSet<VarId>,
    ) -> Option<VarId> {
        let weight = |(var, types): (&VarId, &Vec<TypeRef>)| {
            if let Some(known) = ids.get(var) {
                return known.ids.len() as u64;
            }
            let rows: u64 = types.iter().map(|ty| self.graph.count(&ty.name)).sum();
            let conditions = pending.filters.iter().filter(|filter| only_reads(filter, *var));
            let mut weight = conditions.fold(rows.saturating_mul(16), |rows, filter| rows / selectivity(filter).max(1));
            if prefer_live && !live.contains(var) {
                weight = weight.saturating_mul(4);
            }
            weight.max(16)
        };
        // Of equals the one with the most connections: what is found from it is counted, not followed.
        let ends = |var: VarId| pending.expands.iter().filter(|expand| expand.from == var || expand.to == var).count();
        let place = |entry: (&VarId, &Vec<TypeRef>)| (weight(entry), std::cmp::Reverse(ends(*entry.0)), *entry.0);
        let ready = pending.waiting.iter().filter(|(var, _)| !deferred.contains(*var));
        ready.map(place).min().map(|(.., var)| var)
    }

    /// A condition on a variable that an index of a text column answers, and what is to be looked for.
    pub(super) fn indexed<'a>(
        &self,
        var: VarId,
        types: &[TypeRef],
        filters: &[&'a Expr],
    ) -> Option<(&'a Expr, String, Vec<Probe>)> {
        filters.iter().find_map(|filter| {
            let (property, constant, prefix) = match &filter.kind {
                ExprKind::Binary { op: BinaryOp::Equal, left, right } => match (&left.kind, &right.kind) {
                    (ExprKind::Property { var: read, property }, _) if *read == var => (property, right, false),
                    (_, ExprKind::Property { var: read, property }) if *read == var => (property, left, false),
                    _ => return None,
                },
                ExprKind::Binary { op: BinaryOp::StartsWith, left, right } => match &left.kind {
                    ExprKind::Property { var: read, property } if *read == var => (property, right, true),
                    _ => return None,
                },
                ExprKind::In { item, list } => match &item.kind {
                    ExprKind::Property { var: read, property } if *read == var => (property, list, false),
                    _ => return None,
                },
                _ => return None,
            };
            if !mentions(constant).is_empty() || !self.is_indexed(types, &property.name) {
                return None;
            }
            let wanted = texts(&self.constant(constant).ok()?)?;
            let probe = if prefix { Probe::Prefix } else { Probe::Equal };
            Some((*filter, property.name.clone(), wanted.into_iter().map(probe).collect()))
        })
    }

    /// Whether a text property of all these types is a key or declares an index.
    fn is_indexed(&self, types: &[TypeRef], property: &str) -> bool {
        types.iter().all(|ty| {
            let Some(node) = self.graph.snapshot.catalog().nodes.get(&ty.name) else { return false };
            let declared = node.properties.iter().find(|declared| declared.name == property);
            let text = declared.is_some_and(|declared| declared.ty.scalar == Base::String && !declared.ty.list);
            let key = node.key.as_ref().is_some_and(|key| key.iter().any(|part| part == property));
            let index = node.indexes.iter().any(|index| index.properties.iter().any(|part| part == property));
            text && (key || index)
        })
    }

    /// The nodes of a variable: by number if something connects or compares them.
    async fn entities(&mut self, var: VarId, types: &[TypeRef]) -> Result<Entities> {
        if self.numbered.contains(&var) {
            self.graph.node_entities(types).await
        } else {
            self.graph.plain_nodes(types).await
        }
    }

    /// The plan of the nodes that an index finds.
    pub(super) async fn look_up(
        &mut self,
        var: VarId,
        types: &[TypeRef],
        column_name: String,
        probes: Vec<Probe>,
    ) -> Result<Flow> {
        let entities = self.entities(var, types).await?;
        let schema = Arc::new(Schema::new(vec![ArrowField::new(column(var), DataType::UInt64, true)]));
        let lookup = IndexLookup {
            nodes: entities.clone(),
            column: column_name,
            probes,
            indexes: self.graph.snapshot.shared.indexes.clone(),
            schema: Arc::clone(&schema),
            budget: Arc::clone(&self.budget),
        };
        let mut scope = Scope::default();
        let plan = node(lookup, Vec::new(), schema);
        scope.bindings.insert(var, Binding::Entity(entities));
        Ok(Flow { plan, scope })
    }

    /// The plan of a variable's nodes, with fields that are read right after.
    pub(super) async fn start(
        &mut self,
        var: VarId,
        types: &[TypeRef],
        ids: Option<&Vec<String>>,
        wanted: Wanted,
    ) -> Result<Flow> {
        let entities = match ids {
            Some(_) => self.graph.node_entities(types).await?,
            None => self.entities(var, types).await?,
        };
        let number = ArrowField::new(column(var), DataType::UInt64, true);
        let plan = match ids {
            Some(ids) => {
                let Entities::Nodes(nodes) = &entities else { return Err(Error::internal("ids of no nodes")) };
                let schema = Arc::new(Schema::new(vec![number]));
                let ids: BTreeSet<&String> = ids.iter().collect();
                let lookup = Lookup {
                    nodes: nodes.clone(),
                    ids: ids.into_iter().cloned().collect(),
                    schema: Arc::clone(&schema),
                };
                node(lookup, Vec::new(), schema)
            }
            None => {
                let mut fields = vec![number];
                let mut columns = Vec::new();
                for field in &wanted.of(&entities) {
                    let Field::Column(name) = field else { continue };
                    fields.push(attached_field(var, &entities, field)?);
                    columns.push(name.clone());
                }
                let schema = Arc::new(Schema::new(fields));
                let budget = Arc::clone(&self.budget);
                let nodes = entities.clone();
                let scan = Scan { nodes, columns, few: self.few, schema: Arc::clone(&schema), budget };
                node(scan, Vec::new(), schema)
            }
        };
        let mut scope = Scope::default();
        scope.bindings.insert(var, Binding::Entity(entities));
        Ok(Flow { plan, scope })
    }
}

/// Whether a condition reads one variable and nothing else.
pub(super) fn only_reads(filter: &Expr, var: VarId) -> bool {
    let read = mentions(filter);
    !read.is_empty() && read.iter().all(|mention| mention.var() == var)
}

/// The fields of a variable that conditions read which read nothing else.
pub(super) fn filtered_fields(filters: &[&Expr], var: VarId) -> BTreeSet<Field> {
    let own = filters.iter().filter(|filter| only_reads(filter, var));
    let read = own.flat_map(|filter| mentions(filter)).filter_map(|mention| match mention {
        Mention::Field(_, field @ Field::Column(_)) => Some(field),
        _ => None,
    });
    read.collect()
}

/// By what a condition is guessed to divide the rows.
fn selectivity(filter: &Expr) -> u64 {
    match &filter.kind {
        ExprKind::Binary { op: BinaryOp::Equal, .. } => 32,
        ExprKind::Binary { op: BinaryOp::NotEqual, .. } => 1,
        ExprKind::TextMatch(_) | ExprKind::In { .. } => 16,
        ExprKind::Binary { op: BinaryOp::StartsWith | BinaryOp::EndsWith | BinaryOp::ContainsText, .. } => 16,
        ExprKind::And(parts) => parts.iter().map(selectivity).max().unwrap_or(1),
        _ => 3,
    }
}

/// A constant, or the items of a constant list, as the text that ids are.
fn texts(array: &ArrayRef) -> Option<Vec<String>> {
    let items = match array.data_type() {
        DataType::List(_) if array.is_null(0) => return Some(Vec::new()),
        DataType::List(_) => array.as_list::<i32>().value(0),
        _ => Arc::clone(array),
    };
    let plain = matches!(
        items.data_type(),
        DataType::Utf8 | DataType::Boolean | DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64
    );
    if !plain {
        return None;
    }
    let texts = arrow::compute::cast(&items, &DataType::Utf8).ok()?;
    Some(texts.as_string::<i32>().iter().flatten().map(str::to_owned).collect())
}
