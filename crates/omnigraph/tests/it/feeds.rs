//! The change feed: a consumer that keeps its cursor sees every change once, for every page size and start.

use std::collections::BTreeMap;

use omnigraph::{ChangeFeedPage, ChangeFilter, ChangeOp, EntityKind, FeedStart, Omnigraph, Target};

use crate::support::{branch, export, fleet, memory, merge, mutate};

async fn poll(graph: &Omnigraph, on: &str, start: FeedStart, filter: &ChangeFilter, limit: usize) -> ChangeFeedPage {
    graph.branch(on).changes().start(start).filter(filter.clone()).limit(limit).await.unwrap()
}

/// Reads the feed after `start` page by page: commit and changes.
async fn follow(
    graph: &Omnigraph,
    on: &str,
    start: FeedStart,
    filter: &ChangeFilter,
    limit: usize,
) -> (Vec<String>, String) {
    let (mut seen, mut start) = (Vec::new(), start);
    loop {
        let page = poll(graph, on, start, filter, limit).await;
        assert!(page.blocks.iter().map(|block| block.changes.len()).sum::<usize>() <= limit);
        for block in page.blocks {
            seen.extend(block.changes.iter().map(|it| format!("{} {} {}", block.commit.generation(), it.op, it.id)));
        }
        if page.caught_up {
            return (seen, page.cursor);
        }
        start = FeedStart::Cursor(page.cursor);
    }
}

#[tokio::test]
async fn pages_follow_first_parent_order() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "b", "insert Sailor { handle: \"eve\" }").await.unwrap();
    mutate(&graph, "main", "update Sailor set { rank: 1 } where handle = \"ana\"").await.unwrap();
    merge(&graph, "b").await.unwrap();
    mutate(&graph, "main", "delete Sailor where handle = \"ben\"").await.unwrap();
    let all = ChangeFilter::default();
    let expected = [
        "2 insert b1",
        "2 insert t1",
        "2 insert oslo",
        "2 insert ana",
        "2 insert ben",
        "3 update ana",
        "4 insert eve",
        "5 delete t1",
        "5 delete ben",
    ];
    for limit in [1, 2, 3, 100] {
        let (seen, cursor) = follow(&graph, "main", FeedStart::Beginning, &all, limit).await;
        assert_eq!(seen, expected, "pages of {limit}");
        let (more, same) = follow(&graph, "main", FeedStart::Cursor(cursor.clone()), &all, limit).await;
        assert_eq!((more, same), (Vec::new(), cursor));
    }
    let nodes = ChangeFilter { kinds: vec![EntityKind::Node], ops: vec![ChangeOp::Insert], ..ChangeFilter::default() };
    let (seen, _) = follow(&graph, "main", FeedStart::Beginning, &nodes, 2).await;
    assert_eq!(seen, ["2 insert oslo", "2 insert ana", "2 insert ben", "4 insert eve"]);
    let now = poll(&graph, "main", FeedStart::Now, &all, 5).await;
    assert!(now.blocks.is_empty() && now.caught_up);
    let (seen, _) = follow(&graph, "b", FeedStart::Beginning, &all, 4).await;
    assert_eq!(seen.last().unwrap(), "3 insert eve", "history goes on through a fork");
}

#[tokio::test]
async fn a_baseline_and_its_feed_give_the_whole_state() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    let base = graph.branch("b").changes().snapshot().await.unwrap();
    let mut lines = Vec::new();
    base.snapshot.export(&[], &mut lines).await.unwrap();
    for change in [
        "insert Sailor { handle: \"eve\" }",
        "update Sailor set { rank: 5 } where handle = \"eve\"",
        "delete Sailor where handle = \"ana\"",
    ] {
        mutate(&graph, "b", change).await.unwrap();
    }
    // The state of the consumer: properties by type and id.
    let mut state: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for line in String::from_utf8(lines).unwrap().lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = row["type"].as_str().or(row["edge"].as_str()).unwrap();
        let mut data = row["data"].as_object().unwrap().clone();
        let id = data.remove("id").unwrap();
        state.insert(format!("{name} {}", id.as_str().unwrap()), data.into());
    }
    let mut start = FeedStart::Cursor(base.cursor);
    loop {
        let page = poll(&graph, "b", start, &ChangeFilter::default(), 2).await;
        for change in page.blocks.into_iter().flat_map(|block| block.changes) {
            let key = format!("{} {}", change.ty.name, change.id);
            match change.after {
                Some(after) => drop(state.insert(key, serde_json::Value::Object(after.properties))),
                None => drop(state.remove(&key)),
            }
        }
        if page.caught_up {
            break;
        }
        start = FeedStart::Cursor(page.cursor);
    }
    let rows = export(&graph, "b").await;
    assert_eq!(rows.lines().count(), state.len());
    assert_eq!(state["Sailor eve"]["rank"], 5);
}

#[tokio::test]
async fn a_cursor_is_valid_for_its_branch_and_filter_only() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    let all = ChangeFilter::default();
    let cursor = FeedStart::Cursor(poll(&graph, "b", FeedStart::Now, &all, 1).await.cursor);
    let ask = async |branch: &str, start: FeedStart, filter: ChangeFilter| {
        graph.branch(branch).changes().start(start).filter(filter).limit(1).await
    };
    let other = ChangeFilter { kinds: vec![EntityKind::Node], ..ChangeFilter::default() };
    assert!(ask("b", cursor.clone(), other).await.unwrap_err().to_string().contains("another filter"));
    assert!(ask("main", cursor.clone(), all.clone()).await.unwrap_err().to_string().contains("another branch"));
    graph.delete_branch("b").await.unwrap();
    branch(&graph, "b").await;
    assert!(ask("b", cursor, all.clone()).await.unwrap_err().to_string().contains("a deleted branch of this name"));
    assert!(ask("b", FeedStart::Cursor("?".to_owned()), all.clone()).await.is_err());
    mutate(&graph, "main", "insert Sailor { handle: \"eve\" }").await.unwrap();
    let head = graph.commit(&Target::Branch("main".to_owned())).await.unwrap();
    let after = FeedStart::After(head.id().to_string());
    assert!(ask("b", after.clone(), all.clone()).await.unwrap_err().to_string().contains("not part of the history"));
    assert!(ask("main", after, all).await.unwrap().caught_up);
}
