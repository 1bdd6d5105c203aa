//! Differences of two states: exact images in a fixed order, at a cost proportional to the change.

use futures::TryStreamExt;
use omnigraph::{ChangeFilter, ChangeOp, ChangePosition, EntityChange, EntityKind, LoadMode, Omnigraph, Target};
use omnigraph_storage::RequestVerb;
use serde_json::json;

use crate::support::{branch, changes, fleet, load, memory, mutate};

fn branch_target(branch: &str) -> Target {
    Target::Branch(branch.to_owned())
}

async fn all(graph: &Omnigraph, before: &Target, after: &Target, filter: ChangeFilter) -> Vec<EntityChange> {
    let difference = graph.diff(before, after, filter).await.unwrap();
    let pages: Vec<Vec<EntityChange>> = difference.changes().try_collect().await.unwrap();
    pages.into_iter().flatten().collect()
}

#[tokio::test]
async fn images_are_exact_and_in_order() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "b", "update Sailor set { rank: 31 } where handle = \"ana\" insert Sailor { handle: \"zoe\" }")
        .await
        .unwrap();
    mutate(&graph, "b", "delete Sailor where handle = \"ben\"").await.unwrap();
    load(&graph, "b", LoadMode::Merge, r#"{"edge":"BasedAt","from":"zoe","to":"oslo","data":{"id":"b1"}}"#)
        .await
        .unwrap();
    let found = all(&graph, &branch_target("main"), &branch_target("b"), ChangeFilter::default()).await;
    let sailor = &graph.snapshot(branch_target("main")).await.unwrap().catalog().nodes["Sailor"].id.to_string();
    let shown: Vec<_> = found.iter().map(|it| format!("{} {} {} {}", it.op, it.kind, it.ty.name, it.id)).collect();
    let expected = [
        "update edge BasedAt b1",
        "delete edge Trusts t1",
        "update node Sailor ana",
        "delete node Sailor ben",
        "insert node Sailor zoe",
    ];
    assert_eq!(shown, expected);
    let ana = json!({
        "kind": "node", "type": {"id": sailor, "name": "Sailor"}, "id": "ana", "op": "update",
        "before": {"properties": {"handle": "ana", "rank": 30}}, "after": {"properties": {"handle": "ana", "rank": 31}},
    });
    assert_eq!(serde_json::to_value(&found[2]).unwrap(), ana);
    let moved = serde_json::to_value(&found[0]).unwrap();
    assert_eq!(moved["before"]["endpoints"], json!({"from": "ana", "to": "oslo"}));
    assert_eq!(moved["after"]["endpoints"], json!({"from": "zoe", "to": "oslo"}));
    assert!(found[3].after.is_none() && found[4].before.is_none());

    let back = all(&graph, &branch_target("b"), &branch_target("main"), ChangeFilter::default()).await;
    assert_eq!(back.len(), found.len());
    for (there, back) in found.iter().zip(&back) {
        assert_eq!((&there.before, &there.after, &there.id), (&back.after, &back.before, &back.id));
    }
}

#[tokio::test]
async fn filters_and_pages_select() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "b", "delete Sailor where handle = \"ana\" insert Sailor { handle: \"zoe\" }").await.unwrap();
    let names = async |filter| {
        let found = all(&graph, &branch_target("main"), &branch_target("b"), filter).await;
        found.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(names(ChangeFilter::default()).await, ["b1", "t1", "ana", "zoe"]);
    assert_eq!(names(ChangeFilter { kinds: vec![EntityKind::Edge], ..ChangeFilter::default() }).await, ["b1", "t1"]);
    assert_eq!(names(ChangeFilter { types: vec!["Trusts".into()], ..ChangeFilter::default() }).await, ["t1"]);
    assert_eq!(names(ChangeFilter { ops: vec![ChangeOp::Insert], ..ChangeFilter::default() }).await, ["zoe"]);
    let unknown = ChangeFilter { types: vec!["Pirate".into()], ..ChangeFilter::default() };
    assert!(graph.diff(&branch_target("main"), &branch_target("b"), unknown).await.is_err());

    let difference = graph.diff(&branch_target("main"), &branch_target("b"), ChangeFilter::default()).await.unwrap();
    for size in 1..=5 {
        let (mut start, mut ids): (Option<ChangePosition>, Vec<String>) = (None, Vec::new());
        loop {
            let page = difference.page(start.as_ref(), size).await.unwrap();
            assert!(page.changes.len() <= size);
            ids.extend(page.changes.iter().map(|it| it.id.clone()));
            let Some(next) = page.next else { break };
            // A position survives as text.
            start = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(ids, ["b1", "t1", "ana", "zoe"], "pages of {size}");
    }
}

#[tokio::test]
async fn compaction_is_not_a_change() {
    let graph = fleet(&memory()).await;
    let before = graph.commit(&branch_target("main")).await.unwrap();
    // Enough single rows that compaction rewrites them repeatedly.
    for at in 0..40 {
        mutate(&graph, "main", &format!("insert Harbor {{ code: \"h{at:02}\" }}")).await.unwrap();
    }
    let before = Target::Commit(before.id().to_string());
    let found = changes(&graph, &before, &branch_target("main")).await;
    assert_eq!(found.len(), 40);
    assert!(found.iter().all(|it| it.starts_with("insert node Harbor h")), "{found:?}");
    mutate(&graph, "main", "update Sailor set { rank: 30 } where handle = \"ana\"").await.unwrap();
    assert_eq!(changes(&graph, &before, &branch_target("main")).await.len(), 40, "set to what it was");
}

#[tokio::test]
async fn one_change_in_a_large_table_reads_little() {
    let location = memory();
    let graph = fleet(&location).await;
    let rows: String =
        (0..20_000).map(|at| format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"s{at}\"}}}}\n")).collect();
    load(&graph, "main", LoadMode::Merge, &rows).await.unwrap();
    branch(&graph, "b").await;
    mutate(&graph, "b", "update Sailor set { rank: 1 } where handle = \"s777\" delete Sailor where handle = \"s888\"")
        .await
        .unwrap();
    let cold = Omnigraph::open_read_only(&location).await.unwrap();
    let before = cold.requests();
    assert_eq!(
        changes(&cold, &branch_target("main"), &branch_target("b")).await,
        ["update node Sailor s777", "delete node Sailor s888"]
    );
    let reads = cold.requests() - before;
    assert!(reads.count(RequestVerb::Get) < 40, "{reads}");
}

#[tokio::test]
async fn a_commit_is_compared_with_the_one_before_it() {
    let graph = fleet(&memory()).await;
    mutate(&graph, "main", "insert Sailor { handle: \"zoe\" }").await.unwrap();
    let head = graph.commit(&branch_target("main")).await.unwrap();
    let page = graph.commit_diff(&head, ChangeFilter::default()).await.unwrap().page(None, 10).await.unwrap();
    assert_eq!((page.changes.len(), page.changes[0].id.as_str()), (1, "zoe"));
    let mut first = head;
    while let Some(parent) = graph.parent(&first).await.unwrap() {
        first = parent;
    }
    assert_eq!(graph.commit_diff(&first, ChangeFilter::default()).await.unwrap_err().code(), "OG-COMMIT-004");
}

#[tokio::test]
async fn the_past_is_read_by_commit_tag_and_time() {
    let graph = fleet(&memory()).await;
    let then = graph.commit(&branch_target("main")).await.unwrap();
    graph.as_actor("ada").create_tag("v1", &branch_target("main")).await.unwrap();
    mutate(&graph, "main", "delete Sailor where handle = \"ana\"").await.unwrap();
    let now = graph.commit(&branch_target("main")).await.unwrap();
    let at = |micros| Target::Time { branch: "main".to_owned(), micros };
    for target in [Target::Commit("v1".to_owned()), Target::Commit(then.id().to_string()), at(now.authored_at() - 1)] {
        assert_eq!(graph.commit(&target).await.unwrap(), then, "{target:?}");
    }
    assert_eq!(graph.commit(&at(i64::MAX)).await.unwrap(), now);
    assert_eq!(graph.commit(&at(0)).await.unwrap_err().code(), "OG-COMMIT-009");
    assert_eq!(graph.commit(&Target::Commit("v2".to_owned())).await.unwrap_err().code(), "OG-COMMIT-005");
    assert_eq!(graph.create_tag("v1", &branch_target("main")).await.unwrap_err().code(), "OG-TAG-002");
    graph.create_branch("past", &at(now.authored_at() - 1)).await.unwrap();
    assert_eq!(graph.commit(&branch_target("past")).await.unwrap(), then);
}
