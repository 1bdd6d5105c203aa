//! Parts of paths that expressions read: nodes, edges, the path as JSON, and its identity.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray};
use arrow::datatypes::{DataType, Field as ArrowField, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion_execution::TaskContext;

use super::operator::map_batches;
use super::{BatchStream, EntityField, GraphOperator};
use crate::error::{Error, Result};
use crate::query::result::json::entity_json;
use crate::query::tables::EntitySet;
use crate::table::ID;

/// The parts to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PathParts {
    /// Three columns: the nodes, the edges, and the path as JSON.
    Shown,
    /// One column: the identity, see [`omnigraph_compiler::ir::PathPart::Identity`].
    Identity,
}

/// Appends parts of paths.
#[derive(Debug)]
pub(crate) struct ReadPaths {
    pub(crate) parts: PathParts,
    /// The nodes of paths.
    pub(crate) nodes: EntitySet,
    /// The edges of paths.
    pub(crate) edges: EntitySet,
    /// Position of the lists of nodes.
    pub(crate) node_refs: usize,
    /// Position of the lists of edges.
    pub(crate) edge_addresses: usize,
    /// The columns of the input, then the parts.
    pub(crate) schema: SchemaRef,
}

impl GraphOperator for ReadPaths {
    fn name(&self) -> &'static str {
        match self.parts {
            PathParts::Shown => "ShowPaths",
            PathParts::Identity => "IdentifyPaths",
        }
    }

    fn run(self: Arc<Self>, inputs: Vec<BatchStream>, _: Arc<TaskContext>) -> Result<BatchStream> {
        map_batches(self, inputs, |this, batch| async move {
            let parts = match this.parts {
                PathParts::Shown => this.shown_parts(&batch).await?,
                PathParts::Identity => vec![this.identities(&batch).await?],
            };
            let columns = batch.columns().iter().cloned().chain(parts).collect();
            Ok(RecordBatch::try_new(Arc::clone(&this.schema), columns)?)
        })
    }
}

impl ReadPaths {
    async fn shown_parts(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let nodes = whole_entities(batch.column(self.node_refs), &self.nodes).await?;
        let edges = whole_entities(batch.column(self.edge_addresses), &self.edges).await?;
        let paths: StringArray = (0..batch.num_rows())
            .map(|row| {
                let json = |list: &ListArray| {
                    let items = list.value(row);
                    items.as_string::<i32>().iter().flatten().map(entity_json).collect::<Vec<_>>().join(",")
                };
                nodes.is_valid(row).then(|| format!("{{\"nodes\":[{}],\"edges\":[{}]}}", json(&nodes), json(&edges)))
            })
            .collect();
        Ok(vec![Arc::new(nodes), Arc::new(edges), Arc::new(paths)])
    }

    async fn identities(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let mut texts = vec![String::new(); batch.num_rows()];
        let (nodes, edges) = (batch.column(self.node_refs), batch.column(self.edge_addresses));
        for (lists, entities) in [(nodes, &self.nodes), (edges, &self.edges)] {
            append_identities(lists.as_list(), entities, &mut texts).await?;
        }
        let texts = texts.into_iter().enumerate().map(|(row, text)| nodes.is_valid(row).then_some(text));
        Ok(Arc::new(texts.collect::<StringArray>()))
    }
}

/// Appends the identities of each list's nodes or edges to the text of the list.
async fn append_identities(lists: &ListArray, entities: &EntitySet, texts: &mut [String]) -> Result<()> {
    let refs = lists.values().as_primitive::<UInt64Type>();
    let fields = entities.fetch(refs, &[EntityField::Column(ID.to_owned()), EntityField::Type]).await?;
    let [ids, types] = fields.as_slice() else { return Err(Error::internal("entities without identities")) };
    let (ids, types) = (ids.as_string::<i32>(), types.as_string::<i32>());
    for (text, bounds) in texts.iter_mut().zip(lists.offsets().windows(2)) {
        for item in bounds[0] as usize..bounds[1] as usize {
            text.extend([ids.value(item), "\0", types.value(item), "\0"]);
        }
    }
    Ok(())
}

/// Converts lists of references to lists of whole nodes or edges.
async fn whole_entities(lists: &ArrayRef, entities: &EntitySet) -> Result<ListArray> {
    let lists = lists.as_list::<i32>();
    let refs = lists.values().as_primitive::<UInt64Type>();
    let objects = entities.fetch(refs, &[EntityField::Object]).await?;
    let objects = objects.into_iter().next().ok_or_else(|| Error::internal("a field was not fetched"))?;
    let item = Arc::new(ArrowField::new("item", DataType::Utf8, true));
    Ok(ListArray::try_new(item, lists.offsets().clone(), objects, lists.nulls().cloned())?)
}
