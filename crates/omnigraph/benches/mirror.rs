//! The cost of the Lance mirror: the wait of the caller of a one-row commit, with and without it.
//!
//! `cargo bench -p omnigraph --bench mirror` (or `make bench`) prints medians and their ratio to the same commits without a mirror.
//! The handles take turns commit by commit, so that all of them run under the same load.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures time and prints its table")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use omnigraph::{Durability, LoadMode, LoadSource, MirrorMode, Omnigraph, OpenOptions, SchemaSource, StoreOptions};

const COMMITS: u32 = 200;
const SCHEMA: &str = "node Sailor { handle: String @key  rank: I32? }\nnode Harbor { code: String @key }";
const POLICIES: [(&str, MirrorMode); 2] = [("no mirror", MirrorMode::Off), ("mirror", MirrorMode::On)];

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        for (name, durability) in [("os", Durability::Os), ("full", Durability::Full)] {
            println!("commit of one row, durability {name}, {COMMITS} commits, medians");
            for (pace, rest) in [
                ("one after another", CommitPause::No),
                ("each after the publication of the one before", CommitPause::Flush),
            ] {
                println!("  {pace}");
                measure(&folder.path().join(format!("{name}-{rest:?}")), durability, rest).await;
            }
        }
    });
}

/// The wait between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommitPause {
    No,
    /// The mirror is current, so the next commit needs an intent of its own.
    Flush,
}

async fn measure(folder: &Path, durability: Durability, rest: CommitPause) {
    let mut graphs = Vec::new();
    for (name, mirror) in POLICIES {
        let store = StoreOptions { durability, ..StoreOptions::default() };
        let options = OpenOptions { mirror, store, ..OpenOptions::default() };
        let place = folder.join(name).display().to_string();
        graphs.push(Omnigraph::create(&place, SchemaSource::new("fleet.pg", SCHEMA)).options(options).await.unwrap());
    }
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); graphs.len()];
    for number in 0..COMMITS {
        for (graph, times) in graphs.iter().zip(&mut times) {
            let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{number}\"}}}}");
            let begun = Instant::now();
            commit(graph, &line).await;
            times.push(begun.elapsed());
            if rest == CommitPause::Flush {
                graph.flush_mirror().await.unwrap();
            }
        }
    }
    let medians: Vec<f64> = times.into_iter().map(|times| median(times).as_secs_f64() * 1e3).collect();
    for ((name, _), median) in POLICIES.iter().zip(&medians) {
        println!("    {name:<10} {median:>8.3} ms   ratio {:>5.2}", median / medians[0]);
    }
    for graph in graphs {
        graph.flush_mirror().await.unwrap();
    }
}

async fn commit(graph: &Omnigraph, line: &str) {
    let source = LoadSource::reader("row", std::io::Cursor::new(line.as_bytes().to_vec()));
    graph.branch("main").load(LoadMode::Append, source).await.unwrap();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
