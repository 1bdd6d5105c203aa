//! The types of two schemas, side by side: matched by their ids, so that a renamed type is the same type.

use omnigraph_compiler::catalog::{Catalog, Property, TypeId};
use omnigraph_log::TablePath;

use crate::error::EntityKind;
use crate::table::{EDGE_DST, EDGE_SRC};

/// One node or edge type of a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntityType<'a> {
    pub(crate) kind: EntityKind,
    pub(crate) id: TypeId,
    pub(crate) name: &'a str,
    pub(crate) properties: &'a [Property],
    table: omnigraph_compiler::catalog::TableId,
}

impl EntityType<'_> {
    /// Where its rows are.
    pub(crate) fn path(&self) -> TablePath {
        match self.kind {
            EntityKind::Node => TablePath::node(self.table),
            EntityKind::Edge => TablePath::edge(self.table),
        }
    }

    /// The columns of its table that are no properties, beside the id.
    pub(crate) fn ends(&self) -> &'static [&'static str] {
        match self.kind {
            EntityKind::Node => &[],
            EntityKind::Edge => &[EDGE_SRC, EDGE_DST],
        }
    }
}

/// A type as it was and as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TypePair<'a> {
    pub(crate) before: Option<EntityType<'a>>,
    pub(crate) after: Option<EntityType<'a>>,
}

impl<'a> TypePair<'a> {
    /// The type, by its newest name.
    pub(crate) fn newest(&self) -> Option<EntityType<'a>> {
        self.after.or(self.before)
    }

    /// Its names, old and new.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        [self.before, self.after].into_iter().flatten().map(|ty| ty.name).collect()
    }

    /// The columns to compare, by their names before and after; a property that only one of the two has is not among them.
    pub(crate) fn columns(&self) -> Vec<(&'a str, &'a str)> {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Vec::new() };
        let ends = after.ends().iter().map(|end| (*end, *end));
        let shared = after.properties.iter().filter_map(|property| {
            let old = before.properties.iter().find(|old| old.id == property.id)?;
            Some((old.name.as_str(), property.name.as_str()))
        });
        ends.chain(shared).collect()
    }
}

/// Every node and edge type: edges first, then by name.
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

/// The types of two schemas by table: edges first, then by their newest names. A type that was dropped and made again has
/// another table, so it is two types.
pub(crate) fn type_pairs<'a>(before: &'a Catalog, after: &'a Catalog) -> Vec<TypePair<'a>> {
    let (old, new) = (entity_types(before), entity_types(after));
    let same = |a: &EntityType<'_>, b: &EntityType<'_>| a.kind == b.kind && a.table == b.table;
    let kept =
        new.iter().map(|ty| TypePair { before: old.iter().find(|other| same(ty, other)).copied(), after: Some(*ty) });
    let gone = old.iter().filter(|ty| !new.iter().any(|other| same(ty, other)));
    let mut pairs: Vec<_> = kept.chain(gone.map(|ty| TypePair { before: Some(*ty), after: None })).collect();
    pairs.sort_by_key(|pair| pair.newest().map(|ty| (ty.kind, ty.name.to_owned(), ty.table)));
    pairs
}
