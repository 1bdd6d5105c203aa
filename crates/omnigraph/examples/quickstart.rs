//! Creates a graph, loads rows, changes them and queries them.
//!
//! ```sh
//! cargo run -p omnigraph --example quickstart
//! ```

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use omnigraph::prelude::*;

const SCHEMA: &str = "
node City {
  name: String @key
  people: I64?
}
edge Road: City -> City { km: I32 }
";

const ROWS: &str = r#"
{"type": "City", "data": {"name": "Oslo", "people": 717000}}
{"type": "City", "data": {"name": "Bergen", "people": 291000}}
{"edge": "Road", "from": "Oslo", "to": "Bergen", "data": {"km": 463}}
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    Ok(run(&folder.path().join("cities.omni").to_string_lossy()).await?)
}

/// Runs the example on a new graph at `location`.
pub(crate) async fn run(location: &str) -> omnigraph::Result<()> {
    let graph = Omnigraph::create(location, SCHEMA).await?;
    let main = graph.branch("main").as_actor("ada");
    let receipt = main.load(LoadMode::Merge, LoadSource::ndjson(ROWS)).await?;
    println!("loaded {} entities", receipt.total());

    main.mutate("update City set { people: people + 1 } where name = $name").param("name", "Oslo").await?;

    let roads = "match { $a: City  $a road $b } return { $a.name as from, $b.name as to, $a.people as people }";
    let mut batches = main.query(roads).await?.into_batches();
    while let Some(batch) = batches.try_next().await? {
        println!("{} rows of {} columns", batch.num_rows(), batch.num_columns());
    }
    for row in main.query(roads).await?.rows()? {
        println!("{} -> {} ({} people)", row["from"], row["to"], row["people"]);
    }
    graph.close().await
}
