//! Which heads a commit calls for, and their names.

use std::collections::BTreeMap;

use omnigraph_compiler::catalog::Catalog;
use omnigraph_log::{CommitRecord, TablePath, TablePin, layout};

use super::intent::IntentTable;
use crate::error::{Error, Result};
use crate::snapshot::Shared;

/// How the folder of a head ends, by which readers of many datasets know one.
const ENDING: &str = ".lance";

/// A head, and the state of a table that it is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// `node:Type` or `edge:Type`.
    pub(crate) key: String,
    /// The name of its folder.
    pub(crate) head: String,
    /// The table.
    pub(crate) table: TablePath,
    /// The table's state.
    pub(crate) pin: TablePin,
}

impl Wanted {
    /// What an intent says of it whose writer saw it at version `newest`.
    pub(super) fn intended(&self, newest: u64) -> IntentTable {
        IntentTable {
            table_key: self.key.clone(),
            table_path: self.path(),
            expected_version: newest,
            post_commit_pin: newest + 1,
        }
    }

    /// Where the head is, relative to the graph's root.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", layout::HEADS, self.head)
    }
}

/// The heads that `record` calls for, by key. One read if this handle has not met the commit's schema.
pub(crate) async fn wanted(shared: &Shared, record: &CommitRecord) -> Result<Vec<Wanted>> {
    let schema = shared.schemas.get(&shared.log, &record.schema).await?;
    wanted_of(&schema.catalog, record)
}

/// The heads that `record`, whose schema is `catalog`, calls for, by key.
pub(super) fn wanted_of(catalog: &Catalog, record: &CommitRecord) -> Result<Vec<Wanted>> {
    types(catalog).into_iter().map(|(key, head, table)| pinned(record, key, head, table)).collect()
}

fn pinned(record: &CommitRecord, key: String, head: String, table: TablePath) -> Result<Wanted> {
    let pin = record.tables.get(&table);
    let pin = *pin.ok_or_else(|| Error::internal(format!("commit {} pins no table {table}", record.commit)))?;
    Ok(Wanted { key, head, table, pin })
}

/// Key, name of the head, and table of each type. A head is named after its type, as people look for it. Where another type
/// has the same name but for case, which some file systems ignore, or is of the other kind, the table's id is part of the
/// name: ids are never shared, and type names have no hyphen.
fn types(catalog: &Catalog) -> Vec<(String, String, TablePath)> {
    let nodes = catalog.nodes.values().map(|node| ("node", &node.name, node.table));
    let edges = catalog.edges.values().map(|edge| ("edge", &edge.name, edge.table));
    let all: Vec<_> = nodes.chain(edges).collect();
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    for (_, name, _) in &all {
        *alike.entry(name.to_lowercase()).or_default() += 1;
    }
    let named = all.into_iter().map(|(kind, name, id)| {
        let alone = alike.get(&name.to_lowercase()) == Some(&1);
        let head = if alone { format!("{name}{ENDING}") } else { format!("{name}-{id}{ENDING}") };
        let table = if kind == "node" { TablePath::node(id) } else { TablePath::edge(id) };
        (format!("{kind}:{name}"), head, table)
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
    fn names_of_heads_cannot_collide() {
        let mut next = 0;
        let mut mint = || {
            next += 1;
            ulid::Ulid::from(next)
        };
        let schema = "node Person { name: String @key }\nnode PERSON { name: String @key }\nnode Knows { k: String @key }\n\
                      node City { c: String @key }\nedge Knows: Person -> Person\nedge LivesIn: Person -> City";
        let (catalog, found) = compile_schema(schema, None, &mut mint);
        let catalog = catalog.unwrap_or_else(|| panic!("{found:?}"));
        let heads: Vec<String> = types(&catalog).into_iter().map(|(_, head, _)| head).collect();
        let folded: std::collections::BTreeSet<String> = heads.iter().map(|head| head.to_lowercase()).collect();
        assert_eq!(folded.len(), 6, "{heads:?}");
        assert!(heads.contains(&"City.lance".to_owned()) && heads.contains(&"LivesIn.lance".to_owned()), "{heads:?}");
        assert!(!heads.contains(&"Person.lance".to_owned()) && !heads.contains(&"Knows.lance".to_owned()), "{heads:?}");
    }
}
