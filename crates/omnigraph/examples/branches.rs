//! Two agents change one graph on branches of their own; a reviewer merges them.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use omnigraph::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    Ok(run(&folder.path().join("tasks.omni").to_string_lossy()).await?)
}

/// Runs the example on a new graph at `location`.
pub(crate) async fn run(location: &str) -> omnigraph::Result<()> {
    let schema = "node Task { title: String @key  state: String  owner: String? }";
    let graph = Omnigraph::create(location, schema).await?;
    let main = graph.branch("main");
    main.mutate(r#"insert Task { title: "ship", state: "open" }"#).await?;

    let ann = main.fork("agents/ann").await?.as_actor("ann");
    let bob = main.fork("agents/bob").await?.as_actor("bob");
    ann.mutate(r#"update Task set { owner: "ann" } where title = "ship""#).await?;
    bob.mutate(r#"update Task set { state: "done" } where title = "ship""#).await?;

    let reviewer = main.as_actor("reviewer");
    println!("{:?}", reviewer.merge("agents/ann").await?.outcome);
    let preview = reviewer.merge("agents/bob").preview().await?;
    println!("conflicts: {}", preview.conflicts.len());
    // Different properties of one entity merge field by field.
    println!("{:?}", reviewer.merge("agents/bob").await?.outcome);

    for row in main.query("match { $t: Task } return { $t.title, $t.state, $t.owner }").await?.rows()? {
        println!("{row:?}");
    }
    graph.delete_branch("agents/ann").await?;
    graph.close().await
}
