//! The cost of a commit does not depend on the number of commits before it.

use omnigraph::{LoadMode, Omnigraph, RequestCounts, Target};
use omnigraph_storage::RequestVerb;

use crate::support::{init, load, memory};

/// Commits measured at each depth: twice the distance of two hints.
const MEASURED: u64 = 64;

async fn one_row(graph: &Omnigraph, number: u64) -> RequestCounts {
    let before = graph.requests();
    let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{number}\",\"rank\":{}}}}}", number % 90);
    load(graph, "main", LoadMode::Merge, &line).await.unwrap();
    graph.requests() - before
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_costs_the_same_at_every_depth() {
    let place = memory();
    let graph = init(&place).await;
    let mut number = 0;
    println!(
        "{:>7} {:>12} {:>9} {:>9} {:>6} {:>7} | {:>5} {:>9}",
        "depth", "puts/commit", "most puts", "most gets", "lists", "commits", "open", "snapshot"
    );
    let mut opens = Vec::new();
    for depth in [0_u64, 10, 1_000, 10_000] {
        while number < depth {
            one_row(&graph, number).await;
            number += 1;
        }
        let mut all = Vec::new();
        for _ in 0..MEASURED {
            all.push(one_row(&graph, number).await);
            number += 1;
        }
        let puts: Vec<u64> = all
            .iter()
            .map(|counts| {
                counts.count(RequestVerb::Put)
                    + counts.count(RequestVerb::PutIfAbsent)
                    + counts.count(RequestVerb::Multipart)
                    + counts.count(RequestVerb::Part)
            })
            .collect();
        let lists: u64 = all.iter().map(|counts| counts.count(RequestVerb::List)).sum();
        let gets =
            all.iter().map(|counts| counts.count(RequestVerb::Get) + counts.count(RequestVerb::Head)).max().unwrap();
        let (total, most) = (puts.iter().sum::<u64>(), *puts.iter().max().unwrap());
        // Two puts for the table, one for the record. Sometimes one more: a hint for cold opens every 32nd commit, and a
        // new block of fragment ids.
        assert!(puts.iter().filter(|puts| **puts > 3).count() <= 4, "{depth}: {puts:?}");
        assert!(most <= 5 && total <= 3 * MEASURED + 4, "{depth}: {total} puts, at most {most}");
        assert_eq!(lists, 0, "{depth}: a commit lists nothing");

        let cold = Omnigraph::open_read_only(&place).await.unwrap();
        let open = cold.requests().total();
        cold.snapshot(Target::Branch("main".into())).await.unwrap();
        let snapshot = cold.requests();
        assert_eq!(snapshot.count(RequestVerb::List), 0, "opening lists nothing");
        opens.push(snapshot.total());
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let average = total as f64 / MEASURED as f64;
        println!(
            "{depth:>7} {average:>12.2} {most:>9} {gets:>9} {lists:>6} {MEASURED:>7} | {open:>5} {:>9}",
            snapshot.total() - open
        );
    }
    assert!(opens.iter().all(|requests| *requests <= 16), "opening and taking a snapshot: {opens:?}");
}
