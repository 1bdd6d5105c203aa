//! The effect of one statement.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::catalog::{Catalog, OnDelete, Property};
use omnigraph_compiler::ir::{
    DeleteRows, Expr, InsertMode, InsertRow, MutationStatement, ObjectKind, PropertyAssignment, StatementKind,
    UpdateRows,
};

use super::super::block::extend_row;
use super::super::evaluator::{Bindings, OracleError, OracleEvaluator, RowScope};
use super::super::graph::{EdgeRow, OracleGraph, PropertyValues};
use super::super::identity::{edge_id, node_id};
use super::super::rules::ConstraintKind;
use super::super::value::{EntityRef, OracleValue};
use super::MutationRun;
use super::stored::stored;

/// The effect of a statement.
pub(super) struct StatementEffect {
    /// The graph after it.
    pub(super) graph: OracleGraph,
    /// The rows of the block with the row it wrote for each.
    pub(super) envs: Vec<Bindings>,
    /// Distinct nodes and edges.
    pub(super) affected: [u64; 2],
    /// The entities that it wrote or deleted.
    pub(super) written: BTreeSet<(ObjectKind, EntityRef)>,
    /// True if the order of the block's rows matters: two of them wrote one entity differently.
    pub(super) order_dependent: bool,
}

/// A row before it is written. Only edges have endpoints.
#[derive(Clone, PartialEq)]
struct RowDraft {
    ends: Option<(String, String)>,
    properties: PropertyValues,
}

/// Rows written by one statement, the last of each entity.
#[derive(Default)]
struct RowDrafts {
    rows: BTreeMap<EntityRef, RowDraft>,
    order_dependent: bool,
}

impl RowDrafts {
    fn put(&mut self, entity: EntityRef, draft: RowDraft) {
        let again = self.rows.get(&entity).is_some_and(|before| *before != draft);
        self.order_dependent |= again;
        self.rows.insert(entity, draft);
    }
}

impl MutationRun<'_> {
    pub(super) fn change(
        &self,
        statement: &MutationStatement,
        envs: Vec<Bindings>,
    ) -> Result<StatementEffect, OracleError> {
        match &statement.kind {
            StatementKind::Insert(insert) => self.insert(statement, insert, envs),
            StatementKind::Update(update) => self.update(statement, update, envs),
            StatementKind::Delete(delete) => self.delete(statement, delete, envs),
        }
    }

    fn insert(
        &self,
        statement: &MutationStatement,
        insert: &InsertRow,
        envs: Vec<Bindings>,
    ) -> Result<StatementEffect, OracleError> {
        let evaluator = self.evaluator(None);
        let mut graph = self.state().clone();
        let mut drafts = RowDrafts::default();
        let mut bound = Vec::new();
        for env in envs {
            let given = self.assigned(&evaluator, statement, &insert.assignments, &env)?;
            let ends = match &insert.endpoints {
                Some(ends) => {
                    Some((endpoint(&evaluator, &ends.from, &env, "from")?, endpoint(&evaluator, &ends.to, &env, "to")?))
                }
                None => None,
            };
            let fresh = self.filled(&mut graph, statement, given.clone());
            let derived = derived_id(self.catalog, statement, ends.as_ref(), &fresh)?;
            let entity = EntityRef { id: derived.unwrap_or_else(|| graph.mint()), ty: statement.ty.name.clone() };
            let before = drafts.rows.get(&entity).cloned();
            let before = before.or_else(|| draft_of(self.state(), statement.entity, &entity));
            let draft = match (insert.mode, before) {
                (InsertMode::New, Some(_)) => {
                    let EntityRef { id, ty } = entity;
                    return Err(OracleError::Exists(format!(
                        "{} type '{ty}' already has this id '{id}'",
                        kind(statement)
                    )));
                }
                (InsertMode::IfAbsent, Some(_)) => {
                    drafts.order_dependent |= drafts.rows.get(&entity).is_some_and(|first| first.properties != fresh);
                    None
                }
                (InsertMode::Merge, Some(mut row)) => {
                    row.properties.extend(given);
                    Some(RowDraft { ends, ..row })
                }
                _ => Some(RowDraft { ends, properties: fresh }),
            };
            if let Some(draft) = draft {
                check_required(self.catalog, statement, &draft)?;
                drafts.put(entity.clone(), draft);
            }
            bound.push(extend_row(&env, statement.row.id, object(statement, entity)));
        }
        Ok(written(graph, statement, bound, drafts))
    }

    fn update(
        &self,
        statement: &MutationStatement,
        update: &UpdateRows,
        envs: Vec<Bindings>,
    ) -> Result<StatementEffect, OracleError> {
        let evaluator = self.evaluator(Some(statement.row.id));
        let mut drafts = RowDrafts::default();
        for env in &envs {
            for entity in self.matching(&evaluator, statement, &update.predicate, env)? {
                let env = extend_row(env, statement.row.id, object(statement, entity.clone()));
                let given = self.assigned(&evaluator, statement, &update.assignments, &env)?;
                if let Some(mut row) = draft_of(self.state(), statement.entity, &entity) {
                    row.properties.extend(given);
                    check_required(self.catalog, statement, &row)?;
                    drafts.put(entity, row);
                }
            }
        }
        Ok(written(self.state().clone(), statement, envs, drafts))
    }

    fn delete(
        &self,
        statement: &MutationStatement,
        delete: &DeleteRows,
        envs: Vec<Bindings>,
    ) -> Result<StatementEffect, OracleError> {
        let evaluator = self.evaluator(Some(statement.row.id));
        let mut deleted = BTreeSet::new();
        for env in &envs {
            let matching = self.matching(&evaluator, statement, &delete.predicate, env)?;
            deleted.extend(matching.into_iter().map(|entity| (statement.entity, entity)));
        }
        if statement.entity == ObjectKind::Node {
            deleted.extend(self.cascade(&statement.ty.name, &deleted));
        }
        let mut graph = self.state().clone();
        let mut affected = [0, 0];
        for (kind, entity) in &deleted {
            match kind {
                ObjectKind::Node => {
                    affected[0] += 1;
                    graph.nodes.get_mut(&entity.ty).and_then(|rows| rows.remove(&entity.id));
                }
                ObjectKind::Edge => {
                    affected[1] += 1;
                    graph.edges.get_mut(&entity.ty).and_then(|rows| rows.remove(&entity.id));
                }
            }
        }
        Ok(StatementEffect { graph, envs, affected, written: deleted, order_dependent: false })
    }

    /// Returns the edges that are deleted with nodes: those of types that do not restrict deletion.
    fn cascade(&self, ty: &str, deleted: &BTreeSet<(ObjectKind, EntityRef)>) -> Vec<(ObjectKind, EntityRef)> {
        let is_deleted = |node_type: &str, id: &String| {
            node_type == ty && deleted.contains(&(ObjectKind::Node, EntityRef { id: id.clone(), ty: ty.to_owned() }))
        };
        let mut edges = Vec::new();
        for edge in self.catalog.edges.values().filter(|edge| edge.on_delete == OnDelete::Cascade) {
            for (id, row) in self.state().edges.get(&edge.name).into_iter().flatten() {
                if is_deleted(&edge.from, &row.src) || is_deleted(&edge.to, &row.dst) {
                    edges.push((ObjectKind::Edge, EntityRef { id: id.clone(), ty: edge.name.clone() }));
                }
            }
        }
        edges
    }

    /// Returns the rows of the statement's type that satisfy a condition, for one row of the block.
    fn matching(
        &self,
        evaluator: &OracleEvaluator<'_>,
        statement: &MutationStatement,
        predicate: &Expr,
        env: &Bindings,
    ) -> Result<Vec<EntityRef>, OracleError> {
        let ty = &statement.ty.name;
        let ids: Vec<&String> = match statement.entity {
            ObjectKind::Node => self.state().nodes.get(ty).into_iter().flatten().map(|(id, _)| id).collect(),
            ObjectKind::Edge => self.state().edges.get(ty).into_iter().flatten().map(|(id, _)| id).collect(),
        };
        let mut found = Vec::new();
        for id in ids {
            let entity = EntityRef { id: id.clone(), ty: ty.clone() };
            let env = extend_row(env, statement.row.id, object(statement, entity.clone()));
            if evaluator.is_true(predicate, RowScope::from_bindings(&env))? {
                found.push(entity);
            }
        }
        Ok(found)
    }

    /// Returns the assigned values in the form of the properties.
    fn assigned(
        &self,
        evaluator: &OracleEvaluator<'_>,
        statement: &MutationStatement,
        assignments: &[PropertyAssignment],
        env: &Bindings,
    ) -> Result<PropertyValues, OracleError> {
        let declared = declared(self.catalog, statement);
        let mut values = PropertyValues::new();
        for PropertyAssignment { property, value } in assignments {
            let ty = declared.iter().find(|declared| declared.name == property.name).map(|declared| &declared.ty);
            let ty = ty.ok_or_else(|| OracleError::internal("an assignment to what is not declared"))?;
            values.insert(property.name.clone(), stored(ty, evaluator.expr(value, RowScope::from_bindings(env))?)?);
        }
        Ok(values)
    }

    /// Fills a row with defaults for missing values.
    fn filled(
        &self,
        graph: &mut OracleGraph,
        statement: &MutationStatement,
        mut given: PropertyValues,
    ) -> PropertyValues {
        for property in declared(self.catalog, statement) {
            if !given.contains_key(&property.name) {
                given.insert(property.name.clone(), graph.default_of(property, self.now_millis));
            }
        }
        given
    }
}

fn endpoint(evaluator: &OracleEvaluator<'_>, end: &Expr, env: &Bindings, name: &str) -> Result<String, OracleError> {
    match evaluator.expr(end, RowScope::from_bindings(env))? {
        OracleValue::Text(id) => Ok(id),
        OracleValue::Null => {
            Err(OracleError::Constraint(ConstraintKind::Null, format!("missing required edge endpoint '{name}'")))
        }
        other => Err(OracleError::internal(format!("an endpoint is not an id: {other:?}"))),
    }
}

/// Checks that required values exist, after each statement and not only at the end.
fn check_required(catalog: &Catalog, statement: &MutationStatement, draft: &RowDraft) -> Result<(), OracleError> {
    let given = |name: &str| draft.properties.get(name).is_some_and(|value| !value.is_null());
    match declared(catalog, statement).iter().find(|property| !property.ty.nullable && !given(&property.name)) {
        None => Ok(()),
        Some(Property { name, .. }) => {
            let message = format!("{}.{name} is non-nullable and cannot be null", statement.ty.name);
            Err(OracleError::Constraint(ConstraintKind::Null, message))
        }
    }
}

/// Writes drafts to a graph.
fn written(
    mut graph: OracleGraph,
    statement: &MutationStatement,
    envs: Vec<Bindings>,
    drafts: RowDrafts,
) -> StatementEffect {
    let count = drafts.rows.len() as u64;
    let affected = match statement.entity {
        ObjectKind::Node => [count, 0],
        ObjectKind::Edge => [0, count],
    };
    let entities = drafts.rows.keys().map(|entity| (statement.entity, entity.clone())).collect();
    for (EntityRef { id, ty }, RowDraft { ends, properties }) in drafts.rows {
        match ends {
            None => {
                graph.nodes.entry(ty).or_default().insert(id, properties);
            }
            Some((src, dst)) => {
                graph.edges.entry(ty).or_default().insert(id, EdgeRow { src, dst, properties });
            }
        }
    }
    StatementEffect { graph, envs, affected, written: entities, order_dependent: drafts.order_dependent }
}

fn draft_of(graph: &OracleGraph, kind: ObjectKind, entity: &EntityRef) -> Option<RowDraft> {
    match kind {
        ObjectKind::Node => graph.node(entity).map(|row| RowDraft { ends: None, properties: row.clone() }),
        ObjectKind::Edge => graph
            .edge(entity)
            .map(|row| RowDraft { ends: Some((row.src.clone(), row.dst.clone())), properties: row.properties.clone() }),
    }
}

fn derived_id(
    catalog: &Catalog,
    statement: &MutationStatement,
    ends: Option<&(String, String)>,
    row: &PropertyValues,
) -> Result<Option<String>, OracleError> {
    let name = &statement.ty.name;
    let id = match (catalog.nodes.get(name), catalog.edges.get(name), ends) {
        (Some(node), _, None) => node_id(node, row),
        (_, Some(edge), Some((src, dst))) => edge_id(edge, (src, dst), row),
        _ => return Err(OracleError::internal(format!("{name} is not a type of a node or edge"))),
    };
    id.map_err(|part| {
        OracleError::Constraint(ConstraintKind::Key, format!("insert of {name}: key property '{part}' cannot be null"))
    })
}

fn declared<'c>(catalog: &'c Catalog, statement: &MutationStatement) -> &'c [Property] {
    let name = &statement.ty.name;
    let properties = match statement.entity {
        ObjectKind::Node => catalog.nodes.get(name).map(|node| &node.properties),
        ObjectKind::Edge => catalog.edges.get(name).map(|edge| &edge.properties),
    };
    properties.map_or(&[], Vec::as_slice)
}

fn object(statement: &MutationStatement, entity: EntityRef) -> OracleValue {
    match statement.entity {
        ObjectKind::Node => OracleValue::Node(entity),
        ObjectKind::Edge => OracleValue::Edge(entity),
    }
}

const fn kind(statement: &MutationStatement) -> &'static str {
    match statement.entity {
        ObjectKind::Node => "node",
        ObjectKind::Edge => "edge",
    }
}
