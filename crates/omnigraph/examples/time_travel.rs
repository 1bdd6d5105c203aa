//! Reads the past: by commit, by tag, and as the difference of two states.

#![allow(clippy::print_stdout, reason = "an example prints its results")]

use omnigraph::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    Ok(run(&folder.path().join("past.omni").to_string_lossy()).await?)
}

/// Runs the example on a new graph at `location`.
pub(crate) async fn run(location: &str) -> omnigraph::Result<()> {
    let graph = Omnigraph::create(location, "node Price { item: String @key  cents: I64 }").await?;
    let main = graph.branch("main");
    main.mutate(r#"insert Price { item: "bread", cents: 320 }"#).await?;
    graph.create_tag("spring", &main.target()).await?;
    main.mutate("update Price set { cents: cents + 40 } where cents < 1000").await?;

    let now = main.query("match { $p: Price } return { $p.cents }").await?.rows()?;
    let then = graph.snapshot(Target::Commit("spring".into())).await?;
    let then = then.query("match { $p: Price } return { $p.cents }").await?.rows()?;
    println!("then {then:?}, now {now:?}");

    let tag = Target::Commit("spring".into());
    let difference = graph.diff(&tag, &main.target(), ChangeFilter::default()).await?;
    let page = difference.page(None, 100).await?;
    println!("{} entities changed since spring", page.changes.len());

    let mut commits = Box::pin(main.commits(CommitFilter::default()));
    while let Some(commit) = commits.try_next().await? {
        println!("{} {}", commit.id(), commit.kind());
    }
    graph.close().await
}
