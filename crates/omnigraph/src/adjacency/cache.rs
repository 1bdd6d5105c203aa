//! Nodes and edges by version of their tables.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::concat;
use omnigraph_log::TablePath;
use omnigraph_walk::Adjacency;

use super::{NodeFragment, NodeRows, Ordinals, edges};
use crate::error::{Error, Result};
use crate::table::{Derived, ID, Table};

/// What is known of a graph's topology. Cheap to clone; clones share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Topology {
    ordinals: Arc<Mutex<HashMap<TablePath, Arc<Ordinals>>>>,
    nodes: Derived<Arc<NodeRows>>,
    edges: Derived<Adjacency>,
    /// Whoever derives a version holds this, so that nobody else derives the same meanwhile.
    deriving: Arc<tokio::sync::Mutex<()>>,
}

impl Topology {
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
    /// known.
    pub(crate) async fn edges(&self, table: &Arc<Table>, from: &TablePath, to: &TablePath) -> Result<Adjacency> {
        if let Some(edges) = self.edges.exact(table) {
            return Ok(edges);
        }
        let _deriving = self.deriving.lock().await;
        if let Some(edges) = self.edges.exact(table) {
            return Ok(edges);
        }
        let (from, to) = (self.ordinals(from), self.ordinals(to));
        let edges = match self.edges.nearest(table) {
            Some(known) => {
                let difference = known.table.difference(table);
                let gone = edges::read(&known.table, Some(&difference.only_here), &from, &to).await?;
                known.value.next(gone, edges::read(table, Some(&difference.only_there), &from, &to).await?)
            }
            None => Adjacency::build(edges::read(table, None, &from, &to).await?),
        };
        self.edges.keep(table, edges.clone());
        Ok(edges)
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
