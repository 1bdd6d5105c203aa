//! Loads Arrow record batches and returns query results as record batches.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use std::sync::Arc;

use arrow::array::{Float32Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use omnigraph::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    Ok(run(&folder.path().join("arrow.omni").to_string_lossy()).await?)
}

/// Runs the example on a new graph at `location`.
pub(crate) async fn run(location: &str) -> omnigraph::Result<()> {
    let graph = Omnigraph::create(location, "node Item { name: String @key  weight: F32 }").await?;
    let main = graph.branch("main");

    let fields = vec![Field::new("name", DataType::Utf8, false), Field::new("weight", DataType::Float32, false)];
    let names = Arc::new(StringArray::from(vec!["anvil", "feather"]));
    let weights = Arc::new(Float32Array::from(vec![50.0, 0.01]));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![names, weights])?;
    main.load(LoadMode::Append, LoadSource::batches("Item", [batch])).await?;

    let result = main.query("match { $i: Item } return { $i.name, $i.weight } order { $i.weight }").await?;
    let schema = result.schema();
    let batches: Vec<RecordBatch> = result.into_batches().try_collect().await?;
    let all = concat_batches(&schema, &batches)?;
    println!("{} rows: {}", all.num_rows(), all.schema());
    assert_eq!(all.num_rows(), 2);
    graph.close().await
}
