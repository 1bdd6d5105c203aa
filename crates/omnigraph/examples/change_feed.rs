//! A consumer takes the state of a branch once, and follows its changes from there.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use omnigraph::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    Ok(run(&folder.path().join("feed.omni").to_string_lossy()).await?)
}

/// Runs the example on a new graph at `location`.
pub(crate) async fn run(location: &str) -> omnigraph::Result<()> {
    let graph = Omnigraph::create(location, "node Sensor { name: String @key  value: F64? }").await?;
    let main = graph.branch("main");
    main.mutate(r#"insert Sensor { name: "a", value: 1.5 }"#).await?;

    let initial = main.changes().snapshot().await?;
    println!("initial state: {} rows", initial.snapshot.tables().iter().map(|table| table.rows).sum::<u64>());

    main.mutate(r#"update Sensor set { value: 2.5 } where name = "a""#).await?;
    main.mutate(r#"insert Sensor { name: "b", value: 0.5 }"#).await?;

    let page = main.changes().start(FeedStart::Cursor(initial.cursor)).await?;
    for block in &page.blocks {
        println!("commit {}: {} changes", block.commit.id(), block.changes.len());
    }
    assert_eq!(page.blocks.len(), 2);
    assert!(page.caught_up);
    graph.close().await
}
