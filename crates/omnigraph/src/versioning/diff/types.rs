//! The types of two schemas, matched by id: a renamed type is the same type.

use omnigraph_compiler::catalog::{Catalog, Property, TableId, TypeId};
use omnigraph_history::TablePath;

use crate::error::EntityKind;
use crate::table::{EDGE_DST, EDGE_SRC};

/// One node or edge type of a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityType<'a> {
    pub(crate) kind: EntityKind,
    pub(crate) id: TypeId,
    pub(crate) name: &'a str,
    pub(crate) properties: &'a [Property],
    table: TableId,
}

impl EntityType<'_> {
    /// Returns the path of its table.
    pub(crate) fn path(&self) -> TablePath {
        match self.kind {
            EntityKind::Node => TablePath::node(self.table),
            EntityKind::Edge => TablePath::edge(self.table),
        }
    }

    /// Returns the columns of the endpoints; none for a node type.
    pub(crate) fn endpoint_columns(&self) -> &'static [&'static str] {
        match self.kind {
            EntityKind::Node => &[],
            EntityKind::Edge => &[EDGE_SRC, EDGE_DST],
        }
    }
}

/// A type before and after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypePair<'a> {
    pub(crate) before: Option<EntityType<'a>>,
    pub(crate) after: Option<EntityType<'a>>,
}

impl<'a> TypePair<'a> {
    /// Returns the type with its newest name.
    pub(crate) fn newest(&self) -> Option<EntityType<'a>> {
        self.after.or(self.before)
    }

    /// Returns its names, old and new.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        [self.before, self.after].into_iter().flatten().map(|ty| ty.name).collect()
    }

    /// Returns the columns that exist on both sides, by their names before and after.
    pub(crate) fn common_columns(&self) -> Vec<(&'a str, &'a str)> {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Vec::new() };
        let endpoints = after.endpoint_columns().iter().map(|column| (*column, *column));
        let properties = after.properties.iter().filter_map(|property| {
            let old = before.properties.iter().find(|old| old.id == property.id)?;
            Some((old.name.as_str(), property.name.as_str()))
        });
        endpoints.chain(properties).collect()
    }
}

/// Returns every node and edge type: edges first, then by name.
pub(crate) fn entity_types(catalog: &Catalog) -> Vec<EntityType<'_>> {
    let edges = catalog.edges.values().map(|edge| EntityType {
        kind: EntityKind::Edge,
        id: edge.id,
        name: &edge.name,
        properties: &edge.properties,
        table: edge.table,
    });
    let nodes = catalog.nodes.values().map(|node| EntityType {
        kind: EntityKind::Node,
        id: node.id,
        name: &node.name,
        properties: &node.properties,
        table: node.table,
    });
    edges.chain(nodes).collect()
}

/// Returns the types of two schemas: edges first, then by their newest names. Types match by table, so a type that was dropped
/// and created again is two types.
pub(crate) fn type_pairs<'a>(before: &'a Catalog, after: &'a Catalog) -> Vec<TypePair<'a>> {
    let (old, new) = (entity_types(before), entity_types(after));
    let same = |a: &EntityType<'_>, b: &EntityType<'_>| a.kind == b.kind && a.table == b.table;
    let kept =
        new.iter().map(|ty| TypePair { before: old.iter().find(|other| same(ty, other)).copied(), after: Some(*ty) });
    let dropped = old.iter().filter(|ty| !new.iter().any(|other| same(ty, other)));
    let mut pairs: Vec<_> = kept.chain(dropped.map(|ty| TypePair { before: Some(*ty), after: None })).collect();
    pairs.sort_by_key(|pair| pair.newest().map(|ty| (ty.kind, ty.name.to_owned(), ty.table)));
    pairs
}
