//! Agents with a branch each, merged into `main` by concurrent workers, and a model of the expected result.

use std::collections::BTreeMap;
use std::sync::Arc;

use omnigraph::{ConflictStrategy, LoadMode, MergeSide, Omnigraph, SchemaSource};
use tokio::sync::Mutex;

use crate::support::{branch, export_rows, load, memory, mutate};

const AGENTS: usize = 16;
const CHANGES: usize = 6;
const WORKERS: usize = 4;
/// Entities that all agents write to, so that they conflict.
const SHARED: usize = 5;

const SCHEMA: &str = "node Note { key: String @key  by: I64  text: String }\nedge Cites: Note -> Note { tag: String }";

fn note(key: &str, by: usize, text: &str) -> String {
    format!("{{\"type\":\"Note\",\"data\":{{\"key\":\"{key}\",\"by\":{by},\"text\":\"{text}\"}}}}\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_are_merged_concurrently_without_loss() {
    let graph = Omnigraph::create(memory(), SchemaSource::new("notes.pg", SCHEMA)).await.unwrap();
    let start: String = (0..SHARED).map(|at| note(&format!("shared{at}"), 999, "start")).collect();
    load(&graph, "main", LoadMode::Merge, &start).await.unwrap();
    let mut expected: BTreeMap<String, u64> = (0..SHARED).map(|at| (format!("shared{at}"), 999)).collect();
    for agent in 0..AGENTS {
        let name = format!("agent{agent}");
        branch(&graph, &name).await;
        for change in 0..CHANGES {
            let key = format!("a{agent}-{change}");
            mutate(&graph, &name, &format!("insert Note {{ key: \"{key}\", by: {agent}, text: \"new\" }}"))
                .await
                .unwrap();
            expected.insert(key, agent as u64);
        }
        let shared = format!("shared{}", agent % SHARED);
        let change = format!("update Note set {{ by: {agent} }} where key = \"{shared}\"");
        let cite = format!("insert Cites {{ from: \"a{agent}-0\", to: \"{shared}\", tag: \"t{agent}\" }}");
        mutate(&graph, &name, &format!("{change} {cite}")).await.unwrap();
    }
    let queue = Arc::new(Mutex::new((0..AGENTS).collect::<Vec<_>>()));
    let order = Arc::new(Mutex::new(Vec::new()));
    let workers = (0..WORKERS).map(|_| {
        let (graph, queue, order) = (graph.clone(), Arc::clone(&queue), Arc::clone(&order));
        tokio::spawn(async move {
            while let Some(agent) = { queue.lock().await.pop() } {
                let choices = ConflictStrategy { default: Some(MergeSide::Theirs), ..ConflictStrategy::default() };
                let source = format!("agent{agent}");
                let done = graph.branch("main").merge(&source).resolve_with(choices).await.unwrap();
                order.lock().await.push((done.commit.unwrap().sequence(), agent));
                graph.delete_branch(&source).await.unwrap();
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    // The last merge decides the conflicting fields.
    let mut order = order.lock().await.clone();
    order.sort_unstable();
    for (_, agent) in order {
        expected.insert(format!("shared{}", agent % SHARED), agent as u64);
    }
    let rows = export_rows(&graph, "main").await;
    let note = |row: &serde_json::Value| (row["key"].as_str().unwrap().to_owned(), row["by"].as_u64().unwrap());
    let found: BTreeMap<String, u64> = rows.rows("Note").iter().map(note).collect();
    assert_eq!(found, expected);
    assert_eq!(rows.rows("Cites").len(), AGENTS);
    assert_eq!(graph.branches().await.unwrap().len(), 1);
}
