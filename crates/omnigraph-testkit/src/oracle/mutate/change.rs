//! One statement.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph_compiler::catalog::{Catalog, OnDelete, Property};
use omnigraph_compiler::ir::{
    Assignment, Delete, Expr, Insert, InsertMode, ObjectKind, Statement, StatementKind, Update,
};

use super::super::block::with;
use super::super::evaluator::{Env, Evaluator, Row};
use super::super::failure::Failure;
use super::super::graph::{EdgeRow, Graph, Properties};
use super::super::identity::{edge_id, node_id};
use super::super::rules::Rule;
use super::super::value::{Entity, Value};
use super::Run;
use super::stored::stored;

/// What a statement does.
pub(super) struct Change {
    /// The graph after it.
    pub(super) graph: Graph,
    /// The rows of the block with the row it wrote for each.
    pub(super) envs: Vec<Env>,
    /// Distinct nodes and edges.
    pub(super) affected: [u64; 2],
    /// What it wrote or removed.
    pub(super) written: BTreeSet<(ObjectKind, Entity)>,
    /// Whether the order of the block's rows matters: two of them wrote one entity differently.
    pub(super) contested: bool,
}

/// A row to be: ends of an edge only.
#[derive(Clone, PartialEq)]
struct Draft {
    ends: Option<(String, String)>,
    properties: Properties,
}

/// Rows written by one statement, the last of each entity.
#[derive(Default)]
struct Drafts {
    rows: BTreeMap<Entity, Draft>,
    contested: bool,
}

impl Drafts {
    fn put(&mut self, entity: Entity, draft: Draft) {
        let again = self.rows.get(&entity).is_some_and(|before| *before != draft);
        self.contested |= again;
        self.rows.insert(entity, draft);
    }
}

impl Run<'_> {
    pub(super) fn change(&self, statement: &Statement, envs: Vec<Env>) -> Result<Change, Failure> {
        match &statement.kind {
            StatementKind::Insert(insert) => self.insert(statement, insert, envs),
            StatementKind::Update(update) => self.update(statement, update, envs),
            StatementKind::Delete(delete) => self.delete(statement, delete, envs),
        }
    }

    fn insert(&self, statement: &Statement, insert: &Insert, envs: Vec<Env>) -> Result<Change, Failure> {
        let evaluator = self.evaluator(None);
        let mut graph = self.state().clone();
        let mut drafts = Drafts::default();
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
            let entity = Entity { id: derived.unwrap_or_else(|| graph.mint()), ty: statement.ty.name.clone() };
            let before = drafts.rows.get(&entity).cloned();
            let before = before.or_else(|| draft_of(self.state(), statement.entity, &entity));
            let draft = match (insert.mode, before) {
                (InsertMode::New, Some(_)) => {
                    let Entity { id, ty } = entity;
                    return Err(Failure::Exists(format!("{} type '{ty}' already has this id '{id}'", kind(statement))));
                }
                (InsertMode::IfAbsent, Some(_)) => {
                    drafts.contested |= drafts.rows.get(&entity).is_some_and(|first| first.properties != fresh);
                    None
                }
                (InsertMode::Merge, Some(mut row)) => {
                    row.properties.extend(given);
                    Some(Draft { ends, ..row })
                }
                _ => Some(Draft { ends, properties: fresh }),
            };
            if let Some(draft) = draft {
                whole(self.catalog, statement, &draft)?;
                drafts.put(entity.clone(), draft);
            }
            bound.push(with(&env, statement.row.id, object(statement, entity)));
        }
        Ok(written(graph, statement, bound, drafts))
    }

    fn update(&self, statement: &Statement, update: &Update, envs: Vec<Env>) -> Result<Change, Failure> {
        let evaluator = self.evaluator(Some(statement.row.id));
        let mut drafts = Drafts::default();
        for env in &envs {
            for entity in self.matching(&evaluator, statement, &update.predicate, env)? {
                let env = with(env, statement.row.id, object(statement, entity.clone()));
                let given = self.assigned(&evaluator, statement, &update.assignments, &env)?;
                if let Some(mut row) = draft_of(self.state(), statement.entity, &entity) {
                    row.properties.extend(given);
                    whole(self.catalog, statement, &row)?;
                    drafts.put(entity, row);
                }
            }
        }
        Ok(written(self.state().clone(), statement, envs, drafts))
    }

    fn delete(&self, statement: &Statement, delete: &Delete, envs: Vec<Env>) -> Result<Change, Failure> {
        let evaluator = self.evaluator(Some(statement.row.id));
        let mut gone = BTreeSet::new();
        for env in &envs {
            let matching = self.matching(&evaluator, statement, &delete.predicate, env)?;
            gone.extend(matching.into_iter().map(|entity| (statement.entity, entity)));
        }
        if statement.entity == ObjectKind::Node {
            gone.extend(self.cascade(&statement.ty.name, &gone));
        }
        let mut graph = self.state().clone();
        let mut affected = [0, 0];
        for (kind, entity) in &gone {
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
        Ok(Change { graph, envs, affected, written: gone, contested: false })
    }

    /// The edges that go with nodes of a type: those of types that do not restrict.
    fn cascade(&self, ty: &str, gone: &BTreeSet<(ObjectKind, Entity)>) -> Vec<(ObjectKind, Entity)> {
        let is_gone = |node_type: &str, id: &String| {
            node_type == ty && gone.contains(&(ObjectKind::Node, Entity { id: id.clone(), ty: ty.to_owned() }))
        };
        let mut edges = Vec::new();
        for edge in self.catalog.edges.values().filter(|edge| edge.on_delete == OnDelete::Cascade) {
            for (id, row) in self.state().edges.get(&edge.name).into_iter().flatten() {
                if is_gone(&edge.from, &row.src) || is_gone(&edge.to, &row.dst) {
                    edges.push((ObjectKind::Edge, Entity { id: id.clone(), ty: edge.name.clone() }));
                }
            }
        }
        edges
    }

    /// The rows of the statement's type that satisfy a condition, for one row of the block.
    fn matching(
        &self,
        evaluator: &Evaluator<'_>,
        statement: &Statement,
        predicate: &Expr,
        env: &Env,
    ) -> Result<Vec<Entity>, Failure> {
        let ty = &statement.ty.name;
        let ids: Vec<&String> = match statement.entity {
            ObjectKind::Node => self.state().nodes.get(ty).into_iter().flatten().map(|(id, _)| id).collect(),
            ObjectKind::Edge => self.state().edges.get(ty).into_iter().flatten().map(|(id, _)| id).collect(),
        };
        let mut found = Vec::new();
        for id in ids {
            let entity = Entity { id: id.clone(), ty: ty.clone() };
            let env = with(env, statement.row.id, object(statement, entity.clone()));
            if evaluator.is_true(predicate, Row::of(&env))? {
                found.push(entity);
            }
        }
        Ok(found)
    }

    /// The values assigned, as the properties hold them.
    fn assigned(
        &self,
        evaluator: &Evaluator<'_>,
        statement: &Statement,
        assignments: &[Assignment],
        env: &Env,
    ) -> Result<Properties, Failure> {
        let declared = declared(self.catalog, statement);
        let mut values = Properties::new();
        for Assignment { property, value } in assignments {
            let ty = declared.iter().find(|declared| declared.name == property.name).map(|declared| &declared.ty);
            let ty = ty.ok_or_else(|| Failure::internal("an assignment to what is not declared"))?;
            values.insert(property.name.clone(), stored(ty, evaluator.expr(value, Row::of(env))?)?);
        }
        Ok(values)
    }

    /// A whole row: what is given, and defaults for the rest.
    fn filled(&self, graph: &mut Graph, statement: &Statement, mut given: Properties) -> Properties {
        for property in declared(self.catalog, statement) {
            if !given.contains_key(&property.name) {
                given.insert(property.name.clone(), graph.default_of(property, self.now_millis));
            }
        }
        given
    }
}

fn endpoint(evaluator: &Evaluator<'_>, end: &Expr, env: &Env, name: &str) -> Result<String, Failure> {
    match evaluator.expr(end, Row::of(env))? {
        Value::Text(id) => Ok(id),
        Value::Null => Err(Failure::Rule(Rule::Null, format!("missing required edge endpoint '{name}'"))),
        other => Err(Failure::internal(format!("an end is no id: {other:?}"))),
    }
}

/// Whether values are there where they must be. A row without them is none, so this does not wait for the end.
fn whole(catalog: &Catalog, statement: &Statement, draft: &Draft) -> Result<(), Failure> {
    let given = |name: &str| draft.properties.get(name).is_some_and(|value| !value.is_null());
    match declared(catalog, statement).iter().find(|property| !property.ty.nullable && !given(&property.name)) {
        None => Ok(()),
        Some(Property { name, .. }) => {
            let message = format!("{}.{name} is non-nullable and cannot be null", statement.ty.name);
            Err(Failure::Rule(Rule::Null, message))
        }
    }
}

/// Puts drafts into a graph.
fn written(mut graph: Graph, statement: &Statement, envs: Vec<Env>, drafts: Drafts) -> Change {
    let count = drafts.rows.len() as u64;
    let affected = match statement.entity {
        ObjectKind::Node => [count, 0],
        ObjectKind::Edge => [0, count],
    };
    let entities = drafts.rows.keys().map(|entity| (statement.entity, entity.clone())).collect();
    for (Entity { id, ty }, Draft { ends, properties }) in drafts.rows {
        match ends {
            None => {
                graph.nodes.entry(ty).or_default().insert(id, properties);
            }
            Some((src, dst)) => {
                graph.edges.entry(ty).or_default().insert(id, EdgeRow { src, dst, properties });
            }
        }
    }
    Change { graph, envs, affected, written: entities, contested: drafts.contested }
}

fn draft_of(graph: &Graph, kind: ObjectKind, entity: &Entity) -> Option<Draft> {
    match kind {
        ObjectKind::Node => graph.node(entity).map(|row| Draft { ends: None, properties: row.clone() }),
        ObjectKind::Edge => graph
            .edge(entity)
            .map(|row| Draft { ends: Some((row.src.clone(), row.dst.clone())), properties: row.properties.clone() }),
    }
}

fn derived_id(
    catalog: &Catalog,
    statement: &Statement,
    ends: Option<&(String, String)>,
    row: &Properties,
) -> Result<Option<String>, Failure> {
    let name = &statement.ty.name;
    let id = match (catalog.nodes.get(name), catalog.edges.get(name), ends) {
        (Some(node), _, None) => node_id(node, row),
        (_, Some(edge), Some((src, dst))) => edge_id(edge, (src, dst), row),
        _ => return Err(Failure::internal(format!("{name} is no type to insert"))),
    };
    id.map_err(|part| Failure::Rule(Rule::Key, format!("insert of {name}: key property '{part}' cannot be null")))
}

fn declared<'c>(catalog: &'c Catalog, statement: &Statement) -> &'c [Property] {
    let name = &statement.ty.name;
    let properties = match statement.entity {
        ObjectKind::Node => catalog.nodes.get(name).map(|node| &node.properties),
        ObjectKind::Edge => catalog.edges.get(name).map(|edge| &edge.properties),
    };
    properties.map_or(&[], Vec::as_slice)
}

fn object(statement: &Statement, entity: Entity) -> Value {
    match statement.entity {
        ObjectKind::Node => Value::Node(entity),
        ObjectKind::Edge => Value::Edge(entity),
    }
}

const fn kind(statement: &Statement) -> &'static str {
    match statement.entity {
        ObjectKind::Node => "node",
        ObjectKind::Edge => "edge",
    }
}
