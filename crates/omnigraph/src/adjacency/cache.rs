//! Nodes and edges by version of their tables.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::concat;
use omnigraph_log::TablePath;
use omnigraph_objects::Store;
use omnigraph_walk::{Adjacency, Edge, Side};

use super::stored::{EdgeFiles, StoredEdges};
use super::{NodeFragment, NodeRows, Ordinals, edges};
use crate::error::{Error, Result};
use crate::table::{Derived, ID, Known, Table, Tables};

/// Edges from which on it takes longer to derive their adjacency than to read it: to number the ends of so many takes tens of
/// milliseconds.
const WORTH_STORING: u64 = 1 << 16;
/// What is stored is replaced when one part in so many of the edges has come since.
const NEW_SHARE: u64 = 4;

/// Whether what is derived may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storing {
    /// What is worth it is stored.
    Allowed,
    /// What is stored is used, and nothing is written.
    Forbidden,
}

/// What is known of a graph's topology. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    ordinals: Arc<Mutex<HashMap<TablePath, Arc<Ordinals>>>>,
    nodes: Derived<Arc<NodeRows>>,
    edges: Derived<Adjacency>,
    /// Whoever derives a version holds this, so that nobody else derives the same meanwhile.
    deriving: Arc<tokio::sync::Mutex<()>>,
    tables: Tables,
    files: EdgeFiles,
    storing: Storing,
    /// The versions whose edges are stored, as far as this process knows.
    stored: Arc<Mutex<HashMap<TablePath, Arc<Table>>>>,
    /// Whoever stores a version holds this.
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl Topology {
    /// Nothing is known yet of the graph in `store`.
    pub(crate) fn new(store: &Store, tables: &Tables, storing: Storing) -> Self {
        Self {
            ordinals: Arc::default(),
            nodes: Derived::default(),
            edges: Derived::default(),
            deriving: Arc::default(),
            tables: tables.clone(),
            files: EdgeFiles::new(store),
            storing,
            stored: Arc::default(),
            writing: Arc::default(),
        }
    }

    /// The numbers of a node table's ids.
    pub(crate) fn ordinals(&self, table: &TablePath) -> Arc<Ordinals> {
        let mut known = self.ordinals.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(table.clone()).or_default())
    }

    /// The nodes of a version. Reads only what differs from a version that is known.
    pub(crate) async fn nodes(&self, table: &Arc<Table>) -> Result<Arc<NodeRows>> {
        if let Some(nodes) = self.nodes.exact(table) {
            return Ok(nodes);
        }
        let _deriving = self.deriving.lock().await;
        if let Some(nodes) = self.nodes.exact(table) {
            return Ok(nodes);
        }
        let ordinals = self.ordinals(table.path());
        let nodes = match self.nodes.nearest(table) {
            Some(known) => {
                let difference = known.table.difference(table);
                let came = read_nodes(table, Some(&difference.only_there), &ordinals).await?;
                known.value.next(|fragment| difference.only_here.contains(&fragment), came)
            }
            None => NodeRows::default().next(|_| false, read_nodes(table, None, &ordinals).await?),
        };
        let nodes = Arc::new(nodes);
        self.nodes.keep(table, Arc::clone(&nodes));
        Ok(nodes)
    }

    /// The edges of a version, between nodes of the tables `from` and `to`. Reads only what differs from a version that is
    /// known or stored.
    pub(crate) async fn edges(&self, table: &Arc<Table>, from: &TablePath, to: &TablePath) -> Result<Adjacency> {
        if let Some(edges) = self.edges.exact(table) {
            return Ok(edges);
        }
        let _deriving = self.deriving.lock().await;
        if let Some(edges) = self.edges.exact(table) {
            return Ok(edges);
        }
        let ends = Ends { from: self.ordinals(from), to: self.ordinals(to), same: from == to };
        let edges = match self.edges.nearest(table) {
            Some(known) => ends.forward(&known, table).await?,
            None => match self.stored_edges(table, &ends).await {
                Some(edges) => edges,
                None => Adjacency::build(edges::read(table, None, &ends.from, &ends.to).await?),
            },
        };
        self.edges.keep(table, edges.clone());
        self.store(table, &edges, &ends);
        Ok(edges)
    }

    /// The edges of a version from what is stored, if that can be used.
    async fn stored_edges(&self, table: &Arc<Table>, ends: &Ends) -> Option<Adjacency> {
        if table.rows() < WORTH_STORING {
            return None;
        }
        let stored = self.files.read(table.path()).await?;
        let version = self.tables.open(table.path(), stored.pin).await.ok()?;
        let known = Known { table: version, value: ends.numbered(stored).ok()? };
        let edges = if known.table.pin() == table.pin() {
            known.value.clone()
        } else {
            // What the stored version was made of may be gone.
            ends.forward(&known, table).await.ok()?
        };
        self.note_stored(&known.table);
        Some(edges)
    }

    /// Stores the edges of a version in the background, if that is allowed, worth it, and nothing else is stored just now.
    fn store(&self, table: &Arc<Table>, edges: &Adjacency, ends: &Ends) {
        if self.storing == Storing::Forbidden || !self.is_worth_storing(table) {
            return;
        }
        let Ok(turn) = Arc::clone(&self.writing).try_lock_owned() else { return };
        let stored = StoredEdges {
            pin: table.pin(),
            adjacency: edges.clone(),
            from: ends.from.hashes(match ends.same {
                true => edges.node_bound(Side::Out).max(edges.node_bound(Side::In)),
                false => edges.node_bound(Side::Out),
            }),
            to: (!ends.same).then(|| ends.to.hashes(edges.node_bound(Side::In))),
        };
        let (this, table) = (self.clone(), Arc::clone(table));
        tokio::spawn(async move {
            match this.files.write(table.path(), stored).await {
                Ok(()) => this.note_stored(&table),
                Err(error) => tracing::debug!(%error, table = table.path().as_str(), "adjacency was not stored"),
            }
            drop(turn);
        });
    }

    /// Whether the edges of a version are worth being stored, and are not as good as stored already.
    pub(crate) async fn wants_storing(&self, table: &Arc<Table>) -> bool {
        let known = self.stored.lock().unwrap_or_else(PoisonError::into_inner).contains_key(table.path());
        if !known
            && table.rows() >= WORTH_STORING
            && let Some(pin) = self.files.newest(table.path()).await
            && let Ok(stored) = self.tables.open(table.path(), pin).await
        {
            self.note_stored(&stored);
        }
        self.is_worth_storing(table)
    }

    fn is_worth_storing(&self, table: &Table) -> bool {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let known = stored.get(table.path()).map_or(0, |stored| stored.shared_rows(table));
        let new = table.rows().saturating_sub(known);
        table.rows() >= WORTH_STORING && new.saturating_mul(NEW_SHARE) >= table.rows()
    }

    fn note_stored(&self, table: &Arc<Table>) {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.insert(table.path().clone(), Arc::clone(table));
    }

    /// Waits for what is being stored.
    pub(crate) async fn settle(&self) {
        drop(self.writing.lock().await);
    }
}

/// The numbers of both ends of edges.
struct Ends {
    from: Arc<Ordinals>,
    to: Arc<Ordinals>,
    /// Whether both are of one table.
    same: bool,
}

impl Ends {
    /// The edges of `table`, from those of another version.
    async fn forward(&self, known: &Known<Adjacency>, table: &Table) -> Result<Adjacency> {
        let difference = known.table.difference(table);
        let gone = edges::read(&known.table, Some(&difference.only_here), &self.from, &self.to).await?;
        let came = edges::read(table, Some(&difference.only_there), &self.from, &self.to).await?;
        Ok(known.value.next(gone, came))
    }

    /// What is stored, in the numbers of this process: as it is if they agree.
    fn numbered(&self, stored: StoredEdges) -> Result<Adjacency> {
        let from = self.from.number_hashes(&stored.from)?;
        let to = stored.to.as_ref().map(|to| self.to.number_hashes(to)).transpose()?;
        let agree = |numbers: &[u32]| (0u32..).zip(numbers).all(|(place, number)| place == *number);
        if agree(&from) && to.as_deref().is_none_or(agree) {
            return Ok(stored.adjacency);
        }
        let to = to.as_ref().unwrap_or(&from);
        let mut edges = Vec::with_capacity(stored.adjacency.len());
        stored.adjacency.for_each_edge(|source, target, address| {
            // Both are below the bounds that were checked.
            if let (Some(from), Some(to)) = (from.get(source as usize), to.get(target as usize)) {
                edges.push(Edge { from: *from, to: *to, address });
            }
        });
        Ok(Adjacency::build(edges))
    }
}

async fn read_nodes(table: &Table, only: Option<&BTreeSet<u32>>, ordinals: &Ordinals) -> Result<Vec<NodeFragment>> {
    let fragments = table.fragments(only).await?;
    let ids: Vec<u32> = fragments.iter().map(|fragment| fragment.id).collect();
    let columns = table.columns(&ids, &[ID]).await?;
    let mut nodes = Vec::with_capacity(fragments.len());
    for (fragment, columns) in fragments.into_iter().zip(&columns) {
        let mut numbers: Vec<ArrayRef> = Vec::new();
        for chunk in columns.iter().flat_map(|column| column.chunks()) {
            let ids = chunk.as_string_opt::<i32>().ok_or_else(|| Error::internal("ids are no text"))?;
            numbers.push(Arc::new(ordinals.number(ids)?));
        }
        let numbers: Vec<&dyn Array> = numbers.iter().map(AsRef::as_ref).collect();
        let all = if numbers.is_empty() { return Err(Error::internal("an empty fragment")) } else { concat(&numbers)? };
        let ordinals = all.as_primitive_opt().cloned().ok_or_else(|| Error::internal("ordinals are no numbers"))?;
        nodes.push(NodeFragment { id: fragment.id, ordinals, deleted: fragment.deleted });
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use omnigraph_log::TablePin;

    use super::*;
    use crate::keys::KeyHash;

    #[test]
    fn what_was_numbered_otherwise_is_numbered_anew() {
        let [a, b, c] = ["a", "b", "c"].map(KeyHash::of);
        let nodes = Arc::<Ordinals>::default();
        nodes.number_hashes(&[c, a]).unwrap();
        let ends = Ends { from: Arc::clone(&nodes), to: nodes, same: true };
        let edge = |from, to, address| Edge { from, to, address };
        let stored = StoredEdges {
            pin: TablePin { version: 1, manifest_bytes: 1, rows: 2 },
            adjacency: Adjacency::build(vec![edge(0, 1, 10), edge(1, 2, 11)]),
            from: vec![a, b, c],
            to: None,
        };
        let mut edges = Vec::new();
        ends.numbered(stored).unwrap().for_each_edge(|from, to, address| edges.push((from, to, address)));
        assert_eq!(edges, [(1, 2, 10), (2, 0, 11)], "a is 1, b is 2, c is 0");
    }
}
