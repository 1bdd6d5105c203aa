//! The topology index: nodes and adjacency by table version.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::concat;
use omnigraph_history::TablePath;
use omnigraph_storage::Store;
use omnigraph_traversal::{Adjacency, Edge, EdgeDirection};

use super::TraversalMethod;
use super::codec::{PersistedEdges, PersistedNodes};
use super::edges::{read_edges, scan_endpoints};
use super::nodes::{NodeFragment, NodeOrdinals, NodeRows};
use crate::error::{Error, Result};
use crate::index::persisted::{PersistMode, PersistedIndexes};
use crate::table::{CachedVersion, ID, Table, Tables, VersionCache};

/// Nodes of a traversal up to which a scan of endpoints is considered.
const MAX_SEEK_NODES: usize = 64;
/// Edges from which building the adjacency takes much longer than a scan of one endpoint.
const ENDPOINT_SCAN_MIN_EDGES: u64 = 1 << 20;

/// The topology of a graph. Cheap to clone; clones share.
#[derive(Clone, Debug)]
pub(crate) struct TopologyIndex {
    ordinals: Arc<Mutex<HashMap<TablePath, Arc<NodeOrdinals>>>>,
    nodes: VersionCache<Arc<NodeRows>>,
    adjacency: VersionCache<Adjacency>,
    /// Serializes builds, so that no version is built twice.
    build_lock: Arc<tokio::sync::Mutex<()>>,
    persisted_nodes: PersistedIndexes,
    persisted_edges: PersistedIndexes,
    method: TraversalMethod,
    /// Edge tables of which a traversal has scanned endpoints.
    scanned: Arc<Mutex<HashSet<TablePath>>>,
}

/// The nodes of a traversal: those with these ids at the endpoints of these directions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndpointFilter<'a> {
    pub(crate) directions: &'a [EdgeDirection],
    pub(crate) ids: &'a [String],
}

/// The edges of a traversal.
#[derive(Clone, Debug)]
pub(crate) struct AdjacencyLookup {
    /// All edges, or at least those at the nodes of the traversal.
    pub(crate) adjacency: Adjacency,
    /// Reports that they were found by a scan of endpoints and are only those at the nodes of the traversal.
    pub(crate) by_endpoint_scan: bool,
}

impl TopologyIndex {
    /// Returns an empty index of the graph in `store`.
    pub(crate) fn new(store: &Store, tables: &Tables, mode: PersistMode, method: TraversalMethod) -> Self {
        Self {
            ordinals: Arc::default(),
            nodes: VersionCache::default(),
            adjacency: VersionCache::default(),
            build_lock: Arc::default(),
            persisted_nodes: PersistedIndexes::new("nodes", store, tables, mode),
            persisted_edges: PersistedIndexes::new("adjacency", store, tables, mode),
            method,
            scanned: Arc::default(),
        }
    }

    /// Returns the ordinals of a node table.
    pub(crate) fn ordinals(&self, table: &TablePath) -> Arc<NodeOrdinals> {
        let mut ordinals = self.ordinals.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(ordinals.entry(table.clone()).or_default())
    }

    /// Returns the nodes of a version. Reads only the fragments that differ from a cached or persisted version.
    pub(crate) async fn nodes(&self, table: &Arc<Table>) -> Result<Arc<NodeRows>> {
        if let Some(nodes) = self.nodes.get(table) {
            return Ok(nodes);
        }
        let _building = self.build_lock.lock().await;
        if let Some(nodes) = self.nodes.get(table) {
            return Ok(nodes);
        }
        let ordinals = self.ordinals(table.path());
        let known = match self.nodes.closest(table) {
            Some(known) => Some(known),
            None => self.read_persisted_nodes(table, &ordinals).await,
        };
        let nodes = match known {
            Some(known) if known.table.pin() == table.pin() => known.value,
            Some(known) => {
                let difference = known.table.difference(table);
                let added = read_nodes(table, Some(&difference.only_there), &ordinals).await?;
                Arc::new(known.value.with_changes(|fragment| difference.only_here.contains(&fragment), added))
            }
            None => Arc::new(NodeRows::default().with_changes(|_| false, read_nodes(table, None, &ordinals).await?)),
        };
        self.nodes.insert(table, Arc::clone(&nodes));
        let rows = Arc::clone(&nodes);
        self.persisted_nodes.write_in_background(table, move |pin| {
            let fragments = rows.fragments().iter().map(|fragment| (fragment.id, fragment.ordinals.clone())).collect();
            PersistedNodes { ids: ordinals.hashes(u32::MAX), fragments }.encode(pin)
        });
        Ok(nodes)
    }

    /// Reads the nodes of the persisted version, with the ordinals of this process.
    async fn read_persisted_nodes(
        &self,
        table: &Table,
        ordinals: &NodeOrdinals,
    ) -> Option<CachedVersion<Arc<NodeRows>>> {
        let (version, persisted) = self.persisted_nodes.read(table, PersistedNodes::decode).await?;
        let fragments = version.fragments(None).await.ok()?;
        if fragments.len() != persisted.fragments.len() {
            return None;
        }
        let translation = ordinals.translation(&persisted.ids).ok()?;
        let mut added = Vec::with_capacity(fragments.len());
        for (fragment, (id, ordinals)) in fragments.into_iter().zip(persisted.fragments) {
            if fragment.id != id || fragment.physical_rows as usize != ordinals.len() {
                return None;
            }
            let ordinals = match &translation {
                Some(translation) => {
                    ordinals.unary(|ordinal| translation.get(ordinal as usize).copied().unwrap_or_default())
                }
                None => ordinals,
            };
            added.push(NodeFragment { id, ordinals, deleted: fragment.deleted });
        }
        self.persisted_nodes.note_persisted(&version);
        Some(CachedVersion { table: version, value: Arc::new(NodeRows::default().with_changes(|_| false, added)) })
    }

    /// Returns the adjacency of a version, between nodes of the tables `from` and `to`. Reads only the fragments that differ
    /// from a cached or persisted version.
    pub(crate) async fn adjacency(&self, table: &Arc<Table>, from: &TablePath, to: &TablePath) -> Result<Adjacency> {
        if let Some(adjacency) = self.adjacency.get(table) {
            return Ok(adjacency);
        }
        let _building = self.build_lock.lock().await;
        if let Some(adjacency) = self.adjacency.get(table) {
            return Ok(adjacency);
        }
        let ordinals = EndpointOrdinals { from: self.ordinals(from), to: self.ordinals(to), is_same: from == to };
        let adjacency = match self.adjacency.closest(table) {
            Some(known) => ordinals.update(&known, table).await?,
            None => match self.read_persisted_edges(table, &ordinals).await {
                Some(adjacency) => adjacency,
                None => Adjacency::build(read_edges(table, None, &ordinals.from, &ordinals.to).await?),
            },
        };
        self.adjacency.insert(table, adjacency.clone());
        let written = adjacency.clone();
        self.persisted_edges.write_in_background(table, move |pin| ordinals.into_persisted(written).encode(pin));
        Ok(adjacency)
    }

    /// Returns at least the edges of a version at the nodes that pass `filter`.
    pub(crate) async fn adjacency_at(
        &self,
        table: &Arc<Table>,
        from: &TablePath,
        to: &TablePath,
        filter: EndpointFilter<'_>,
    ) -> Result<AdjacencyLookup> {
        let by_endpoint_scan = match self.method {
            TraversalMethod::Adjacency => false,
            TraversalMethod::EndpointScan => true,
            TraversalMethod::Auto => self.prefer_endpoint_scan(table, filter.ids).await,
        };
        let adjacency = if by_endpoint_scan {
            scan_endpoints(table, filter, &self.ordinals(from), &self.ordinals(to)).await?
        } else {
            self.adjacency(table, from, to).await?
        };
        Ok(AdjacencyLookup { adjacency, by_endpoint_scan })
    }

    /// Reports if a traversal should scan endpoints instead of building the adjacency. Each table is scanned once: from the
    /// second traversal on, the adjacency pays off.
    async fn prefer_endpoint_scan(&self, table: &Arc<Table>, ids: &[String]) -> bool {
        let is_large = table.rows() >= ENDPOINT_SCAN_MIN_EDGES;
        if ids.len() > MAX_SEEK_NODES || !is_large || self.adjacency.closest(table).is_some() {
            return false;
        }
        if self.persisted_edges.is_local(table.path()).await {
            return false;
        }
        let mut scanned = self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        scanned.insert(table.path().clone())
    }

    /// Returns the adjacency of a version from the persisted version, if that is usable.
    async fn read_persisted_edges(&self, table: &Arc<Table>, ordinals: &EndpointOrdinals) -> Option<Adjacency> {
        let (version, persisted) = self.persisted_edges.read(table, PersistedEdges::decode).await?;
        let known = CachedVersion { table: version, value: ordinals.translate(persisted).ok()? };
        let adjacency = if known.table.pin() == table.pin() {
            known.value.clone()
        } else {
            // The files of the persisted version may be deleted.
            ordinals.update(&known, table).await.ok()?
        };
        self.persisted_edges.note_persisted(&known.table);
        Some(adjacency)
    }

    /// Reports if the nodes of a version should be persisted.
    pub(crate) async fn needs_persisted_nodes(&self, table: &Table) -> bool {
        self.persisted_nodes.needs_write(table).await
    }

    /// Reports if the adjacency of a version should be persisted.
    pub(crate) async fn needs_persisted_edges(&self, table: &Table) -> bool {
        self.persisted_edges.needs_write(table).await
    }

    /// Waits until background writes are finished.
    pub(crate) async fn flush(&self) {
        self.persisted_nodes.flush().await;
        self.persisted_edges.flush().await;
    }
}

/// The ordinals of both endpoints of edges.
struct EndpointOrdinals {
    from: Arc<NodeOrdinals>,
    to: Arc<NodeOrdinals>,
    /// Reports that both are of one table.
    is_same: bool,
}

impl EndpointOrdinals {
    /// Updates the adjacency of another version to that of `table`.
    async fn update(&self, known: &CachedVersion<Adjacency>, table: &Table) -> Result<Adjacency> {
        let difference = known.table.difference(table);
        let deleted = read_edges(&known.table, Some(&difference.only_here), &self.from, &self.to).await?;
        let inserted = read_edges(table, Some(&difference.only_there), &self.from, &self.to).await?;
        Ok(known.value.with_changes(deleted, inserted))
    }

    /// Translates persisted edges to the ordinals of this process.
    fn translate(&self, persisted: PersistedEdges) -> Result<Adjacency> {
        let from = self.from.translation(&persisted.from)?;
        let to = persisted.to.as_ref().map(|to| self.to.translation(to)).transpose()?;
        let to = if self.is_same { from.clone() } else { to.flatten() };
        if from.is_none() && to.is_none() {
            return Ok(persisted.adjacency);
        }
        let translate = |translation: &Option<Vec<u32>>, ordinal: u32| match translation {
            Some(translation) => translation.get(ordinal as usize).copied(),
            None => Some(ordinal),
        };
        let mut edges = Vec::with_capacity(persisted.adjacency.len());
        persisted.adjacency.for_each_edge(|source, target, address| {
            // Both are below the bounds that `PersistedEdges::decode` checks.
            if let (Some(from), Some(to)) = (translate(&from, source), translate(&to, target)) {
                edges.push(Edge { from, to, address });
            }
        });
        Ok(Adjacency::build(edges))
    }

    /// Returns an adjacency with the ids of its ordinals.
    fn into_persisted(self, adjacency: Adjacency) -> PersistedEdges {
        let (sources, targets) = (adjacency.node_bound(EdgeDirection::Out), adjacency.node_bound(EdgeDirection::In));
        let from = self.from.hashes(if self.is_same { sources.max(targets) } else { sources });
        PersistedEdges { adjacency, from, to: (!self.is_same).then(|| self.to.hashes(targets)) }
    }
}

async fn read_nodes(
    table: &Table,
    fragments: Option<&BTreeSet<u32>>,
    ordinals: &NodeOrdinals,
) -> Result<Vec<NodeFragment>> {
    let fragments = table.fragments(fragments).await?;
    let ids: Vec<u32> = fragments.iter().map(|fragment| fragment.id).collect();
    let columns = table.columns(&ids, &[ID]).await?;
    let mut nodes = Vec::with_capacity(fragments.len());
    for (fragment, columns) in fragments.into_iter().zip(&columns) {
        let mut chunks: Vec<ArrayRef> = Vec::new();
        for chunk in columns.iter().flat_map(|column| column.chunks()) {
            let ids = chunk.as_string_opt::<i32>().ok_or_else(|| Error::internal("ids are not strings"))?;
            chunks.push(Arc::new(ordinals.assign(ids)?));
        }
        let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
        if chunks.is_empty() {
            return Err(Error::internal("an empty fragment"));
        }
        let ordinals = concat(&chunks)?.as_primitive_opt().cloned();
        let ordinals = ordinals.ok_or_else(|| Error::internal("ordinals are not integers"))?;
        nodes.push(NodeFragment { id: fragment.id, ordinals, deleted: fragment.deleted });
    }
    Ok(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::key::KeyHash;

    #[test]
    fn persisted_edges_are_translated_to_own_ordinals() {
        let [a, b, c] = ["a", "b", "c"].map(KeyHash::new);
        let nodes = Arc::<NodeOrdinals>::default();
        nodes.assign_hashes(&[c, a]).unwrap();
        let ordinals = EndpointOrdinals { from: Arc::clone(&nodes), to: nodes, is_same: true };
        let edge = |from, to, address| Edge { from, to, address };
        let persisted = PersistedEdges {
            adjacency: Adjacency::build(vec![edge(0, 1, 10), edge(1, 2, 11)]),
            from: vec![a, b, c],
            to: None,
        };
        let mut edges = Vec::new();
        ordinals.translate(persisted).unwrap().for_each_edge(|from, to, address| edges.push((from, to, address)));
        assert_eq!(edges, [(1, 2, 10), (2, 0, 11)], "a is 1, b is 2, c is 0");
    }
}
