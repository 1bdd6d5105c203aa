//! The mirror datasets of a commit and their names.

use std::collections::BTreeMap;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_history::{CommitRecord, TablePath, TablePin, layout};

use crate::error::{Error, Result};
use crate::snapshot::Engine;

/// The suffix of the folder of a Lance dataset.
const DATASET_SUFFIX: &str = ".lance";

/// A mirror dataset and the table version that it has to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MirrorTarget {
    /// `node:Type` or `edge:Type`.
    pub(super) table_key: String,
    /// The folder name of the dataset.
    pub(super) dataset: String,
    /// The table.
    pub(super) table: TablePath,
    /// The pinned version of the table.
    pub(super) pin: TablePin,
}

impl MirrorTarget {
    /// Returns the folder of the dataset, relative to the root of the graph.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", layout::MIRROR, self.dataset)
    }
}

/// Returns the targets of `record` by table key. Reads the schema of the commit if it is not cached.
pub(super) async fn mirror_targets(engine: &Engine, record: &CommitRecord) -> Result<Vec<MirrorTarget>> {
    let schema = engine.schemas.get(&engine.log, &record.schema).await?;
    catalog_targets(&schema.catalog, record)
}

/// Returns the targets of `record`, whose schema is `catalog`, by table key.
pub(super) fn catalog_targets(catalog: &Catalog, record: &CommitRecord) -> Result<Vec<MirrorTarget>> {
    let targets = dataset_names(catalog).into_iter().map(|(table_key, dataset, table)| {
        let pin = record.tables.get(&table).copied();
        let pin = pin.ok_or_else(|| Error::internal(format!("commit {} pins no table {table}", record.commit)))?;
        Ok(MirrorTarget { table_key, dataset, table, pin })
    });
    targets.collect()
}

/// Returns table key, dataset name and table of each type. A dataset has the name of its type. If another type has the same
/// name up to case, the name also contains the id of the table, because some file systems ignore case.
fn dataset_names(catalog: &Catalog) -> Vec<(String, String, TablePath)> {
    let nodes = catalog.nodes.values().map(|node| ("node", &node.name, node.table));
    let edges = catalog.edges.values().map(|edge| ("edge", &edge.name, edge.table));
    let all: Vec<_> = nodes.chain(edges).collect();
    let mut name_counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, name, _) in &all {
        *name_counts.entry(name.to_lowercase()).or_default() += 1;
    }
    let named = all.into_iter().map(|(kind, name, id)| {
        let is_unique = name_counts.get(&name.to_lowercase()) == Some(&1);
        // Type names have no hyphen, so a name with an id cannot equal the name of a type.
        let dataset =
            if is_unique { format!("{name}{DATASET_SUFFIX}") } else { format!("{name}-{id}{DATASET_SUFFIX}") };
        let table = if kind == "node" { TablePath::node(id) } else { TablePath::edge(id) };
        (format!("{kind}:{name}"), dataset, table)
    });
    let mut named: Vec<_> = named.collect();
    named.sort();
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnigraph_compiler::compile_schema;

    #[test]
    fn dataset_names_cannot_collide() {
        let mut next = 0;
        let mut mint = || {
            next += 1;
            ulid::Ulid::from(next)
        };
        let schema = "node Person { name: String @key }\nnode PERSON { name: String @key }\nnode Knows { k: String @key }\n\
                      node City { c: String @key }\nedge Knows: Person -> Person\nedge LivesIn: Person -> City";
        let (catalog, found) = compile_schema(schema, None, &mut mint);
        let catalog = catalog.unwrap_or_else(|| panic!("{found:?}"));
        let names: Vec<String> = dataset_names(&catalog).into_iter().map(|(_, name, _)| name).collect();
        let folded: std::collections::BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(folded.len(), 6, "{names:?}");
        assert!(names.contains(&"City.lance".to_owned()) && names.contains(&"LivesIn.lance".to_owned()), "{names:?}");
        assert!(!names.contains(&"Person.lance".to_owned()) && !names.contains(&"Knows.lance".to_owned()), "{names:?}");
    }
}
