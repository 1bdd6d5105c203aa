//! The price of heads for outside readers: what the caller of a one-row commit waits, with and without them.
//!
//! `cargo bench -p omnigraph --bench heads` (or `make bench`) prints medians and their ratio to the same commits without heads.
//! The handles take turns commit by commit, so that all of them meet the same machine.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use omnigraph::{Durability, HeadPublication, LoadMode, LoadRequest, LoadSource, Omnigraph, OpenOptions, StoreOptions};

const COMMITS: u32 = 200;
const SCHEMA: &str = "node Sailor { handle: String @key  rank: I32? }\nnode Harbor { code: String @key }";
const POLICIES: [(&str, HeadPublication); 2] = [("no heads", HeadPublication::Off), ("heads", HeadPublication::On)];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        for (name, durability) in [("os", Durability::Os), ("full", Durability::Full)] {
            println!("commit of one row, durability {name}, {COMMITS} commits, medians");
            for (pace, rest) in
                [("one after another", Rest::No), ("each after the heads of the one before", Rest::Settle)]
            {
                println!("  {pace}");
                measure(&folder.path().join(format!("{name}-{rest:?}")), durability, rest).await;
            }
        }
    });
}

/// What happens between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    No,
    /// Nothing is left to share an intent with.
    Settle,
}

async fn measure(folder: &Path, durability: Durability, rest: Rest) {
    let mut graphs = Vec::new();
    for (name, heads) in POLICIES {
        let store = StoreOptions { durability, ..StoreOptions::default() };
        let options = OpenOptions { heads, store, ..OpenOptions::default() };
        let place = folder.join(name).display().to_string();
        graphs.push(Omnigraph::init(&place, "fleet.pg", SCHEMA, None, options).await.unwrap());
    }
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); graphs.len()];
    for number in 0..COMMITS {
        for (graph, times) in graphs.iter().zip(&mut times) {
            let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{number}\"}}}}");
            let begun = Instant::now();
            commit(graph, &line).await;
            times.push(begun.elapsed());
            if rest == Rest::Settle {
                graph.settle().await.unwrap();
            }
        }
    }
    let medians: Vec<f64> = times.into_iter().map(|times| median(times).as_secs_f64() * 1e3).collect();
    for ((name, _), median) in POLICIES.iter().zip(&medians) {
        println!("    {name:<10} {median:>8.3} ms   ratio {:>5.2}", median / medians[0]);
    }
    for graph in graphs {
        graph.settle().await.unwrap();
    }
}

async fn commit(graph: &Omnigraph, line: &str) {
    let source = LoadSource::reader("row", std::io::Cursor::new(line.as_bytes().to_vec()));
    let request = LoadRequest::new("main", LoadMode::Append, source);
    graph.load(request).await.unwrap();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
