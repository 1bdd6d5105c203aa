//! Nodes and edges by version of their tables.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::concat;
use omnigraph_log::TablePath;
use omnigraph_objects::Store;
use omnigraph_walk::{Adjacency, Edge, Side};

use super::stored::{Stored, StoredEdges, StoredNodes, Storing};
use super::{HopMethod, NodeFragment, NodeRows, Ordinals, edges, incident};
use crate::error::{Error, Result};
use crate::table::{Derived, ID, Known, Table, Tables};

/// Nodes from which a hop is worth a look at one end of every edge.
const FEW: usize = 64;
/// Edges to number which takes so long that a look at one end of each is quicker by far.
const MANY_EDGES: u64 = 1 << 20;

/// What is known of a graph's topology. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    ordinals: Arc<Mutex<HashMap<TablePath, Arc<Ordinals>>>>,
    nodes: Derived<Arc<NodeRows>>,
    edges: Derived<Adjacency>,
    /// Whoever derives a version holds this, so that nobody else derives the same meanwhile.
    deriving: Arc<tokio::sync::Mutex<()>>,
    stored_nodes: Stored,
    stored_edges: Stored,
    method: HopMethod,
    /// Tables of edges that a hop was spared.
    spared: Arc<Mutex<HashSet<TablePath>>>,
}

/// The edges of a hop.
#[derive(Clone, Debug)]
pub(crate) struct Hops {
    /// All edges, or at least those of the hop.
    pub(crate) adjacency: Adjacency,
    /// Whether they were found by their ends, and are just those of the hop.
    pub(crate) by_ends: bool,
}

impl Topology {
    /// Nothing is known yet of the graph in `store`.
    pub(crate) fn new(store: &Store, tables: &Tables, storing: Storing, method: HopMethod) -> Self {
        Self {
            ordinals: Arc::default(),
            nodes: Derived::default(),
            edges: Derived::default(),
            deriving: Arc::default(),
            stored_nodes: Stored::new("nodes", store, tables, storing),
            stored_edges: Stored::new("adjacency", store, tables, storing),
            method,
            spared: Arc::default(),
        }
    }

    /// The numbers of a node table's ids.
    pub(crate) fn ordinals(&self, table: &TablePath) -> Arc<Ordinals> {
        let mut known = self.ordinals.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(table.clone()).or_default())
    }

    /// The nodes of a version. Reads only what differs from a version that is known or stored.
    pub(crate) async fn nodes(&self, table: &Arc<Table>) -> Result<Arc<NodeRows>> {
        if let Some(nodes) = self.nodes.exact(table) {
            return Ok(nodes);
        }
        let _deriving = self.deriving.lock().await;
        if let Some(nodes) = self.nodes.exact(table) {
            return Ok(nodes);
        }
        let ordinals = self.ordinals(table.path());
        let known = match self.nodes.nearest(table) {
            Some(known) => Some(known),
            None => self.read_stored_nodes(table, &ordinals).await,
        };
        let nodes = match known {
            Some(known) if known.table.pin() == table.pin() => known.value,
            Some(known) => {
                let difference = known.table.difference(table);
                let came = read_nodes(table, Some(&difference.only_there), &ordinals).await?;
                Arc::new(known.value.next(|fragment| difference.only_here.contains(&fragment), came))
            }
            None => Arc::new(NodeRows::default().next(|_| false, read_nodes(table, None, &ordinals).await?)),
        };
        self.nodes.keep(table, Arc::clone(&nodes));
        let rows = Arc::clone(&nodes);
        self.stored_nodes.keep(table, move |pin| {
            let fragments = rows.fragments().iter().map(|fragment| (fragment.id, fragment.ordinals.clone())).collect();
            StoredNodes { ids: ordinals.hashes(u32::MAX), fragments }.encode(pin)
        });
        Ok(nodes)
    }

    /// The nodes of the version that is stored, in the numbers of this process.
    async fn read_stored_nodes(&self, table: &Table, ordinals: &Ordinals) -> Option<Known<Arc<NodeRows>>> {
        let (version, stored) = self.stored_nodes.read(table, StoredNodes::decode).await?;
        let fragments = version.fragments(None).await.ok()?;
        if fragments.len() != stored.fragments.len() {
            return None;
        }
        let numbers = ordinals.renumbered(&stored.ids).ok()?;
        let mut came = Vec::with_capacity(fragments.len());
        for (fragment, (id, ordinals)) in fragments.into_iter().zip(stored.fragments) {
            if fragment.id != id || fragment.written as usize != ordinals.len() {
                return None;
            }
            let ordinals = match &numbers {
                Some(numbers) => ordinals.unary(|ordinal| numbers.get(ordinal as usize).copied().unwrap_or_default()),
                None => ordinals,
            };
            came.push(NodeFragment { id, ordinals, deleted: fragment.deleted });
        }
        self.stored_nodes.note(&version);
        Some(Known { table: version, value: Arc::new(NodeRows::default().next(|_| false, came)) })
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
            None => match self.read_stored_edges(table, &ends).await {
                Some(edges) => edges,
                None => Adjacency::build(edges::read(table, None, &ends.from, &ends.to).await?),
            },
        };
        self.edges.keep(table, edges.clone());
        let kept = edges.clone();
        self.stored_edges.keep(table, move |pin| ends.stored(kept).encode(pin));
        Ok(edges)
    }

    /// The edges of a version that have nodes with these ids on one of these sides, or more of them.
    pub(crate) async fn edges_at(
        &self,
        table: &Arc<Table>,
        (from, to): (&TablePath, &TablePath),
        (sides, ids): (&[Side], &[String]),
    ) -> Result<Hops> {
        let by_ends = match self.method {
            HopMethod::Adjacency => false,
            HopMethod::Ends => true,
            HopMethod::Auto => self.spares(table, ids).await,
        };
        let adjacency = if by_ends {
            incident::read(table, (sides, ids), &self.ordinals(from), &self.ordinals(to)).await?
        } else {
            self.edges(table, from, to).await?
        };
        Ok(Hops { adjacency, by_ends })
    }

    /// Whether a hop from nodes with these ids had better not wait for the edges of a version. So it is once: who asks again
    /// is better served by what is kept.
    async fn spares(&self, table: &Arc<Table>, ids: &[String]) -> bool {
        if ids.len() > FEW || table.rows() < MANY_EDGES || self.edges.nearest(table).is_some() {
            return false;
        }
        if self.stored_edges.is_near(table.path()).await {
            return false;
        }
        let mut spared = self.spared.lock().unwrap_or_else(PoisonError::into_inner);
        spared.insert(table.path().clone())
    }

    /// The edges of a version from what is stored, if that can be used.
    async fn read_stored_edges(&self, table: &Arc<Table>, ends: &Ends) -> Option<Adjacency> {
        let (version, stored) = self.stored_edges.read(table, StoredEdges::decode).await?;
        let known = Known { table: version, value: ends.numbered(stored).ok()? };
        let edges = if known.table.pin() == table.pin() {
            known.value.clone()
        } else {
            // What the stored version was made of may be gone.
            ends.forward(&known, table).await.ok()?
        };
        self.stored_edges.note(&known.table);
        Some(edges)
    }

    /// Whether the nodes of a version are worth being stored, and are not as good as stored already.
    pub(crate) async fn wants_nodes(&self, table: &Table) -> bool {
        self.stored_nodes.wants(table).await
    }

    /// Whether the edges of a version are worth being stored, and are not as good as stored already.
    pub(crate) async fn wants_edges(&self, table: &Table) -> bool {
        self.stored_edges.wants(table).await
    }

    /// Waits for what is being stored.
    pub(crate) async fn settle(&self) {
        self.stored_nodes.settle().await;
        self.stored_edges.settle().await;
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
        let from = self.from.renumbered(&stored.from)?;
        let to = stored.to.as_ref().map(|to| self.to.renumbered(to)).transpose()?;
        let to = if self.same { from.clone() } else { to.flatten() };
        if from.is_none() && to.is_none() {
            return Ok(stored.adjacency);
        }
        let number = |numbers: &Option<Vec<u32>>, place: u32| match numbers {
            Some(numbers) => numbers.get(place as usize).copied(),
            None => Some(place),
        };
        let mut edges = Vec::with_capacity(stored.adjacency.len());
        stored.adjacency.for_each_edge(|source, target, address| {
            // Both are below the bounds that were checked.
            if let (Some(from), Some(to)) = (number(&from, source), number(&to, target)) {
                edges.push(Edge { from, to, address });
            }
        });
        Ok(Adjacency::build(edges))
    }

    /// Edges in the numbers of this process, with the ids that have them.
    fn stored(&self, adjacency: Adjacency) -> StoredEdges {
        let (out, into) = (adjacency.node_bound(Side::Out), adjacency.node_bound(Side::In));
        let from = self.from.hashes(if self.same { out.max(into) } else { out });
        StoredEdges { adjacency, from, to: (!self.same).then(|| self.to.hashes(into)) }
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
            adjacency: Adjacency::build(vec![edge(0, 1, 10), edge(1, 2, 11)]),
            from: vec![a, b, c],
            to: None,
        };
        let mut edges = Vec::new();
        ends.numbered(stored).unwrap().for_each_edge(|from, to, address| edges.push((from, to, address)));
        assert_eq!(edges, [(1, 2, 10), (2, 0, 11)], "a is 1, b is 2, c is 0");
    }
}
