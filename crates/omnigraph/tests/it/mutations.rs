//! Concurrent mutations: shared commits, conditions, idempotency keys, races of handles. The logic tests cover the statements.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use omnigraph::{Error, ErrorKind, Mutation, MutationReceipt, Omnigraph, Result, SchemaSource, Target};
use serde_json::json;

use crate::support::{commit_record, export, export_rows, fleet, init, load, memory, rows};

const GROW: &str = "query grow($h: String) { update Sailor set { rank: rank + 1 } where handle = $h }";
const ADD: &str = "query add($h: String, $r: I32?) { insert Sailor { handle: $h, rank: $r } }";

fn mutation(graph: &Omnigraph, source: &str, params: serde_json::Value) -> Mutation {
    graph.branch("main").mutate(source).file("test.gq").params(params)
}

async fn mutate(graph: &Omnigraph, source: &str, params: serde_json::Value) -> Result<MutationReceipt> {
    mutation(graph, source, params).await
}

async fn head(graph: &Omnigraph) -> String {
    graph.commit(&Target::Branch("main".into())).await.unwrap().id().to_string()
}

async fn generation(graph: &Omnigraph) -> u64 {
    graph.commit(&Target::Branch("main".into())).await.unwrap().generation()
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_a_handle_share_commits_and_get_their_own_results() {
    let place = memory();
    let graph = fleet(&place).await;
    let before = generation(&graph).await;
    let adds = (0..64).map(|number| {
        let graph = graph.clone();
        tokio::spawn(async move {
            let source = "query add($h: String) { $s: insert Sailor { handle: $h } return { $s.@id as id } }";
            let graph = graph.as_actor(format!("agent {number}"));
            mutation(&graph, source, json!({ "h": format!("s{number}") })).await.unwrap()
        })
    });
    let mut commits = BTreeSet::new();
    for (number, add) in join_all(adds).await.into_iter().enumerate() {
        let receipt = add.unwrap();
        let commit = receipt.commit.unwrap();
        assert_eq!((receipt.affected_nodes, receipt.affected_edges), (1, 0));
        assert_eq!(receipt.rows[0]["id"], format!("s{number}"));
        let record = commit_record(&place, &commit).await;
        let actors: Vec<_> = record.operations.iter().filter_map(|operation| operation.actor.clone()).collect();
        assert!(actors.contains(&format!("agent {number}")), "{actors:?}");
        assert_eq!(record.changes.values().map(|change| change.inserted).sum::<u64>(), record.operations.len() as u64);
        commits.insert(commit.id().to_string());
    }
    assert_eq!(generation(&graph).await - before, commits.len() as u64);
    assert!(commits.len() < 64, "64 writers at once made {} commits", commits.len());
    assert_eq!(rows(&graph, "query q() { match { $s: Sailor } return { count($s) as n } }").await, [r#"{"n":66}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_violating_write_of_a_batch_fails() {
    let schema = "node Sailor { handle: String @key  rank: I32?  badge: I32? @unique  @range(rank, 0..99) }";
    let place = memory();
    let graph = Omnigraph::create(&place, SchemaSource::new("s.pg", schema)).await.unwrap();
    let source = "query add($h: String, $r: I32, $b: I32?) { insert Sailor { handle: $h, rank: $r, badge: $b } }";
    let adds = (0..24).map(|number| {
        let (graph, rank) = (graph.clone(), if number % 6 == 0 { 100 } else { number });
        // Two of each five writers use the same badge.
        let badge = number % 5 + if number % 5 == 0 { 0 } else { number * 10 };
        let params = json!({ "h": format!("s{number}"), "r": rank, "b": badge });
        tokio::spawn(async move { mutate(&graph, source, params).await })
    });
    let mut codes: Vec<String> = Vec::new();
    for outcome in join_all(adds).await {
        match outcome.unwrap() {
            Ok(receipt) => codes.push(format!("ok {}", receipt.affected_nodes)),
            Err(error) => codes.push(error.code().to_owned()),
        }
    }
    let count = |code: &str| codes.iter().filter(|found| *found == code).count();
    assert_eq!(count("OG-CONSTRAINT-003"), 4, "{codes:?}");
    // Writers 0, 5, 10, 15 and 20 use badge 0; 0 is out of range already.
    assert_eq!(count("OG-CONSTRAINT-006"), 3, "{codes:?}");
    assert_eq!(count("ok 1"), 17, "{codes:?}");
}

/// Each increment reads the others' writes: two increments of one state would lose one of them.
#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost_between_handles() {
    const EACH: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("graph").display().to_string();
    let first = fleet(&place).await;
    let second = Omnigraph::open(&place).await.unwrap();
    let writers = [&first, &first, &second, &second].map(|graph| {
        let graph = graph.clone();
        tokio::spawn(async move {
            for _ in 0..EACH {
                let receipt = mutate(&graph, GROW, json!({ "h": "ana" })).await.unwrap();
                assert_eq!(receipt.affected_nodes, 1);
            }
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let ranks = rows(&first, "query q() { match { $s: Sailor { handle: \"ana\" } } return { $s.rank as rank } }").await;
    assert_eq!(ranks, [format!("{{\"rank\":{}}}", 30 + 4 * EACH)]);
}

/// An edge to a node that another handle deletes concurrently: one write is refused, or the edge is deleted with the node.
#[tokio::test(flavor = "multi_thread")]
async fn no_edge_outlives_its_node_between_handles() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("graph").display().to_string();
    let first = Arc::new(fleet(&place).await);
    let second = Arc::new(Omnigraph::open(&place).await.unwrap());
    for round in 0..20 {
        let name = format!("x{round}");
        mutate(&first, ADD, json!({ "h": name, "r": null })).await.unwrap();
        let (a, b) = (Arc::clone(&first), Arc::clone(&second));
        let (deleted, linked) = (json!({ "h": name }), json!({ "h": name }));
        let delete = tokio::spawn(async move {
            mutate(&a, "query q($h: String) { delete Sailor where handle = $h }", deleted).await.unwrap()
        });
        let link = tokio::spawn(async move {
            mutate(&b, "query q($h: String) { insert Trusts { from: \"ana\", to: $h } }", linked).await
        });
        let (deleted, linked) = (delete.await.unwrap(), link.await.unwrap());
        let edges = deleted.affected_edges;
        match linked {
            Ok(_) => assert_eq!(edges, 1, "the edge was inserted before the node was deleted"),
            Err(error) => assert_eq!((error.code(), edges), ("OG-CONSTRAINT-009", 0), "{error}"),
        }
    }
    assert_eq!(export_rows(&first, "main").await.ids("Trusts"), ["t1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_head_condition_names_the_head() {
    let place = memory();
    let graph = fleet(&place).await;
    let read = head(&graph).await;
    let careful = |head: &str| mutation(&graph, ADD, json!({ "h": "eve", "r": 1 })).if_head(head);
    // Another handle writes, and this one has not read the commit yet.
    let other = Omnigraph::open(&place).await.unwrap();
    mutate(&other, GROW, json!({ "h": "ben" })).await.unwrap();
    let now = head(&other).await;
    let error = careful(&read).await.unwrap_err();
    let Error::Precondition { message, expected, actual } = &error else { panic!("{error:?}") };
    assert_eq!((expected, actual.as_deref()), (&read, Some(now.as_str())));
    assert!(message.contains("expected head") && message.contains(&now), "{message}");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(head(&graph).await, now, "nothing was written");
    let unknown = careful("01ARZ3NDEKTSV4RRFFQ69G5FAV").await.unwrap_err();
    assert_eq!(unknown.code(), "OG-COMMIT-005", "{unknown}");
    careful(&now).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unrelated_commit_does_not_fail_a_condition() {
    let graph = fleet(&memory()).await;
    let read = head(&graph).await;
    let careful = |handle: &str| mutation(&graph, GROW, json!({ "h": handle })).if_unchanged_since(&read);
    mutate(&graph, GROW, json!({ "h": "ben" })).await.unwrap();
    let culprit = head(&graph).await;
    careful("ana").await.unwrap();
    let error = careful("ben").await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("'ben'") && message.contains(&culprit), "{message}");
    assert_eq!(error.code(), "OG-COMMIT-003");
    // A reverted change counts as unchanged.
    mutate(&graph, "query q() { update Sailor set { rank: 25 } where handle = \"ben\" }", json!({})).await.unwrap();
    careful("ben").await.unwrap();
    // An insert of the same row by another writer is a related change.
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
    let again = mutation(&graph, ADD, json!({ "h": "eve", "r": 2 })).if_unchanged_since(&read);
    assert_eq!(again.await.unwrap_err().code(), "OG-COMMIT-003");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_gets_one_result_on_all_handles() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("graph").display().to_string();
    let graph = init(&place).await;
    let source = "query add($h: String) { $p: insert Harbor { code: $h } return { $p.@id as id } }";
    let keyed = |graph: &Omnigraph, key: &str, h: &str| mutation(graph, source, json!({ "h": h })).idempotency_key(key);
    let first = keyed(&graph, "k", "oslo").await.unwrap();
    assert!(!first.replayed);
    for number in 0..40 {
        mutate(&graph, ADD, json!({ "h": format!("s{number}"), "r": number })).await.unwrap();
    }
    let other = Omnigraph::open(&place).await.unwrap();
    for graph in [&graph, &other] {
        let again = keyed(graph, "k", "oslo").await.unwrap();
        assert!(again.replayed);
        assert_eq!(again.rows, first.rows);
        assert_eq!(again.commit.unwrap().id(), first.commit.as_ref().unwrap().id());
    }
    let reused = keyed(&other, "k", "bergen").await.unwrap_err();
    assert_eq!((reused.code(), reused.kind()), ("OG-COMMIT-008", ErrorKind::Conflict));

    // Concurrently on two handles, twice on each.
    let before = generation(&graph).await;
    let attempts = [&graph, &graph, &other, &other].map(|graph| {
        let attempt = keyed(graph, "race", "bodo");
        tokio::spawn(async move { attempt.await.unwrap() })
    });
    let mut commits = BTreeSet::new();
    for attempt in attempts {
        commits.insert(attempt.await.unwrap().commit.unwrap().id().to_string());
    }
    assert_eq!((commits.len(), generation(&graph).await - before), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_keeps_an_empty_result() {
    let graph = fleet(&memory()).await;
    let keyed = || mutation(&graph, GROW, json!({ "h": "eve" })).idempotency_key("none");
    let first = keyed().await.unwrap();
    assert_eq!((first.affected_nodes, first.commit.is_none()), (0, true));
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
    let again = keyed().await.unwrap();
    assert_eq!((again.affected_nodes, again.commit.is_none(), again.replayed), (0, true, true));
    let before = generation(&graph).await;
    assert!(mutate(&graph, GROW, json!({ "h": "nobody" })).await.unwrap().commit.is_none());
    assert_eq!(generation(&graph).await, before, "without a change and a key no commit is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_result_is_never_based_on_an_old_state() {
    let place = memory();
    let graph = fleet(&place).await;
    let other = Omnigraph::open(&place).await.unwrap();
    mutate(&graph, GROW, json!({ "h": "ana" })).await.unwrap();
    mutate(&other, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
    assert_eq!(mutate(&graph, GROW, json!({ "h": "eve" })).await.unwrap().affected_nodes, 1);
    mutate(&other, ADD, json!({ "h": "fay", "r": 1 })).await.unwrap();
    let link = "query q() { insert Trusts { from: \"ana\", to: \"fay\" } }";
    assert_eq!(mutate(&graph, link, json!({})).await.unwrap().affected_edges, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_and_mutations_see_each_other() {
    let graph = init(&memory()).await;
    let writers = (0..8).map(|number| {
        let graph = graph.clone();
        tokio::spawn(async move {
            if number % 2 == 0 {
                let line = format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"l{number}\",\"rank\":1}}}}");
                load(&graph, "main", omnigraph::LoadMode::Append, &line).await.map(drop)
            } else {
                mutate(&graph, ADD, json!({ "h": format!("m{number}"), "r": 1 })).await.map(drop)
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap().unwrap();
    }
    let grown = mutate(&graph, "query q() { update Sailor set { rank: rank + 1 } where rank = 1 }", json!({})).await;
    assert_eq!(grown.unwrap().affected_nodes, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_mutation_changes_nothing() {
    let place = memory();
    let graph = fleet(&place).await;
    let before = export(&graph, "main").await;
    let read = mutate(&graph, "query q() { match { $s: Sailor } return { $s.rank } }", json!({})).await.unwrap_err();
    assert!(read.to_string().contains("only reads"), "{read}");
    let written = crate::support::query(&graph, Target::Branch("main".into()), ADD).await.unwrap_err();
    assert!(written.to_string().contains("mutation"), "{written}");
    let wrong = mutate(&graph, ADD, json!({ "h": 3 })).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid, "{wrong}");
    let nowhere = graph.branch("nowhere").mutate(ADD).params(json!({})).await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound);
    let frozen = Omnigraph::open_read_only(&place).await.unwrap();
    let denied = mutate(&frozen, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied);
    // The first statement is valid, the second is not: neither takes effect.
    let half = "query q() { insert Sailor { handle: \"eve\" }  insert Trusts { from: \"eve\", to: \"zzz\" } }";
    let refused = mutate(&graph, half, json!({})).await.unwrap_err();
    assert!(refused.to_string().contains("'zzz' not found in Sailor"), "{refused}");
    assert_eq!(export(&graph, "main").await, before);
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
}

/// A cancelled caller does not disturb other writers.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_mutation_leaves_a_whole_state() {
    let graph = fleet(&memory()).await;
    for number in 0..50 {
        let (graph, name) = (graph.clone(), format!("cancelled{number}"));
        let work = tokio::spawn(async move { mutate(&graph, ADD, json!({ "h": name, "r": 1 })).await });
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
        work.abort();
    }
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
    let rows = export_rows(&graph, "main").await;
    assert!(rows.contains("Sailor", "eve"));
    let is_partial =
        |row: &&serde_json::Value| row["id"].as_str().unwrap().starts_with("cancelled") && row["rank"] != 1;
    assert_eq!(rows.rows("Sailor").iter().filter(is_partial).count(), 0);
    assert!(["ana", "ben"].iter().all(|id| rows.contains("Sailor", id)) && rows.contains("Trusts", "t1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn text_becomes_a_blob_from_every_source() {
    let schema = "node Doc { key: String @key  body: Blob? }";
    let graph = Omnigraph::create(memory(), SchemaSource::new("s.pg", schema)).await.unwrap();
    let sources = [
        ("query q() { insert Doc { key: \"literal\", body: \"base64:aGk=\" } }", json!({})),
        ("query q($b: Blob) { insert Doc { key: \"blob\", body: $b } }", json!({"b": "base64:aGk="})),
        ("query q($b: String) { insert Doc { key: \"text\", body: $b } }", json!({"b": "base64:aGk="})),
        ("query q($b: String?) { insert Doc { key: \"none\", body: $b } }", json!({})),
        (
            "query q() { match { $d: Doc { key: \"text\" } } insert Doc { key: \"made\", body: if(($d.key = \"text\"), \"base64:aGk=\", null) } }",
            json!({}),
        ),
    ];
    for (source, params) in sources {
        mutation(&graph, source, params).await.unwrap_or_else(|error| panic!("{source}: {error}"));
    }
    let rows = export_rows(&graph, "main").await;
    for key in ["literal", "blob", "text", "made"] {
        assert_eq!(rows.value("Doc", key, "body"), "base64:aGk=", "{key}");
    }
    assert!(rows.value("Doc", "none", "body").is_null());
    assert_eq!(rows.rows("Doc").len(), 5);
    let source = "query q($b: String) { insert Doc { key: \"bad\", body: $b } }";
    for (text, says) in
        [("https://example.org/x", "references to external blobs are not allowed"), ("base64:!", "invalid base64")]
    {
        let error = mutation(&graph, source, json!({"b": text})).await.unwrap_err();
        assert!(error.to_string().contains(says) && error.code() != "OG-INTERNAL-001", "{error}");
    }
}
