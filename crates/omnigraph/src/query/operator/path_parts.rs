//! What is read of paths: their nodes and edges, and what orders them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StringArray};
use arrow::datatypes::{DataType, Field as ArrowField, SchemaRef, UInt64Type};
use arrow::record_batch::RecordBatch;
use datafusion::execution::TaskContext;

use super::exec::mapped;
use super::{Field, Operator, Stream, shown};
use crate::error::{Error, Result};
use crate::query::graph::Entities;
use crate::table::ID;

/// What to read.
#[derive(Clone, Copy, Debug)]
pub(in crate::query) enum PathParts {
    /// Three columns: the nodes, the edges, and the path as it is shown.
    Shown,
    /// One column: the path's identity, see [`omnigraph_compiler::ir::PathPart::Identity`].
    Identity,
}

/// Reads parts of paths.
#[derive(Debug)]
pub(in crate::query) struct ReadPaths {
    /// What to read.
    pub(in crate::query) parts: PathParts,
    /// What the nodes are.
    pub(in crate::query) nodes: Entities,
    /// What the edges are.
    pub(in crate::query) edges: Entities,
    /// The column of nodes.
    pub(in crate::query) numbers: usize,
    /// The column of edges.
    pub(in crate::query) addresses: usize,
    /// The columns of the input, then the parts.
    pub(in crate::query) schema: SchemaRef,
}

impl Operator for ReadPaths {
    fn name(&self) -> &'static str {
        match self.parts {
            PathParts::Shown => "ShowPaths",
            PathParts::Identity => "IdentifyPaths",
        }
    }

    fn detail(&self) -> String {
        String::new()
    }

    fn run(self: Arc<Self>, inputs: Vec<Stream>, _: Arc<TaskContext>) -> Result<Stream> {
        mapped(self, inputs, |this, batch| async move {
            let parts = match this.parts {
                PathParts::Shown => this.shown(&batch).await?,
                PathParts::Identity => vec![this.identities(&batch).await?],
            };
            let columns = batch.columns().iter().cloned().chain(parts).collect();
            Ok(RecordBatch::try_new(Arc::clone(&this.schema), columns)?)
        })
    }
}

impl ReadPaths {
    async fn shown(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        let nodes = objects(batch.column(self.numbers), &self.nodes).await?;
        let edges = objects(batch.column(self.addresses), &self.edges).await?;
        let whole: StringArray = (0..batch.num_rows())
            .map(|row| {
                let text = |list: &ListArray| {
                    let items = list.value(row);
                    items.as_string::<i32>().iter().flatten().map(shown).collect::<Vec<_>>().join(",")
                };
                nodes.is_valid(row).then(|| format!("{{\"nodes\":[{}],\"edges\":[{}]}}", text(&nodes), text(&edges)))
            })
            .collect();
        Ok(vec![Arc::new(nodes), Arc::new(edges), Arc::new(whole)])
    }

    async fn identities(&self, batch: &RecordBatch) -> Result<ArrayRef> {
        let mut texts = vec![String::new(); batch.num_rows()];
        let (numbers, addresses) = (batch.column(self.numbers), batch.column(self.addresses));
        for (lists, entities) in [(numbers, &self.nodes), (addresses, &self.edges)] {
            append_identities(lists.as_list(), entities, &mut texts).await?;
        }
        let texts = texts.into_iter().enumerate().map(|(row, text)| numbers.is_valid(row).then_some(text));
        Ok(Arc::new(texts.collect::<StringArray>()))
    }
}

/// Adds the identities of each list's nodes or edges to the list's text.
async fn append_identities(lists: &ListArray, entities: &Entities, texts: &mut [String]) -> Result<()> {
    let refs = lists.values().as_primitive::<UInt64Type>();
    let fields = entities.gather(refs, &[Field::Column(ID.to_owned()), Field::Type]).await?;
    let [ids, types] = fields.as_slice() else { return Err(Error::internal("entities without identities")) };
    let (ids, types) = (ids.as_string::<i32>(), types.as_string::<i32>());
    for (text, ends) in texts.iter_mut().zip(lists.offsets().windows(2)) {
        for item in ends[0] as usize..ends[1] as usize {
            text.extend([ids.value(item), "\0", types.value(item), "\0"]);
        }
    }
    Ok(())
}

/// Lists of numbers as lists of whole nodes or edges.
async fn objects(lists: &ArrayRef, entities: &Entities) -> Result<ListArray> {
    let lists = lists.as_list::<i32>();
    let refs = lists.values().as_primitive::<UInt64Type>();
    let objects = entities.gather(refs, &[Field::Object]).await?;
    let objects = objects.into_iter().next().ok_or_else(|| Error::internal("nodes that cannot be shown"))?;
    let item = Arc::new(ArrowField::new("item", DataType::Utf8, true));
    Ok(ListArray::try_new(item, lists.offsets().clone(), objects, lists.nulls().cloned())?)
}
