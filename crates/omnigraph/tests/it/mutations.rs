//! Mutations beside each other: shared commits, conditions, idempotency keys, races of handles. What statements mean is told by
//! the logic tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use omnigraph::{
    Error, ErrorKind, MutateRequest, MutationReceipt, Omnigraph, OpenOptions, Result, Target, WriteCondition,
};
use serde_json::json;

use crate::support::{CREW, export, fleet, init, load, memory, rows};

const GROW: &str = "query grow($h: String) { update Sailor set { rank: rank + 1 } where handle = $h }";
const ADD: &str = "query add($h: String, $r: I32?) { insert Sailor { handle: $h, rank: $r } }";

fn request(source: &str, params: serde_json::Value) -> MutateRequest {
    MutateRequest {
        branch: "main".to_owned(),
        source: source.to_owned(),
        file: "test.gq".to_owned(),
        params: Some(params),
        ..MutateRequest::default()
    }
}

async fn mutate(graph: &Omnigraph, source: &str, params: serde_json::Value) -> Result<MutationReceipt> {
    graph.mutate(request(source, params)).await
}

async fn head(graph: &Omnigraph) -> String {
    graph.commit_of(&Target::Branch("main".into())).await.unwrap().commit.to_string()
}

async fn generation(graph: &Omnigraph) -> u64 {
    graph.commit_of(&Target::Branch("main".into())).await.unwrap().generation
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_a_handle_share_commits_and_keep_their_own_answers() {
    let graph = fleet(&memory()).await;
    let before = generation(&graph).await;
    let adds = (0..64).map(|number| {
        let graph = graph.clone();
        tokio::spawn(async move {
            let source = "query add($h: String) { $s: insert Sailor { handle: $h } return { $s.@id as id } }";
            let request = MutateRequest {
                actor: Some(format!("agent {number}")),
                ..request(source, json!({ "h": format!("s{number}") }))
            };
            graph.mutate(request).await.unwrap()
        })
    });
    let mut commits = BTreeSet::new();
    for (number, add) in join_all(adds).await.into_iter().enumerate() {
        let receipt = add.unwrap();
        let commit = receipt.commit.unwrap();
        assert_eq!((receipt.affected_nodes, receipt.affected_edges), (1, 0));
        assert_eq!(receipt.rows[0]["id"], format!("s{number}"));
        let actors: Vec<_> = commit.operations.iter().filter_map(|operation| operation.actor.clone()).collect();
        assert!(actors.contains(&format!("agent {number}")), "{actors:?}");
        assert_eq!(commit.changes.values().map(|change| change.inserted).sum::<u64>(), commit.operations.len() as u64);
        commits.insert(commit.commit.to_string());
    }
    assert_eq!(generation(&graph).await - before, commits.len() as u64);
    assert!(commits.len() < 64, "64 writers at once made {} commits", commits.len());
    assert_eq!(rows(&graph, "query q() { match { $s: Sailor } return { count($s) as n } }").await, [r#"{"n":66}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_breaks_a_rule_fails_alone() {
    let schema = "node Sailor { handle: String @key  rank: I32?  badge: I32? @unique  @range(rank, 0..99) }";
    let place = memory();
    let graph = Omnigraph::init(&place, "s.pg", schema, None, OpenOptions::default()).await.unwrap();
    let source = "query add($h: String, $r: I32, $b: I32?) { insert Sailor { handle: $h, rank: $r, badge: $b } }";
    let adds = (0..24).map(|number| {
        let (graph, rank) = (graph.clone(), if number % 6 == 0 { 100 } else { number });
        // Two of each five want the same badge.
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
    assert_eq!(count("OG-RULE-003"), 4, "{codes:?}");
    // Badge 0 is wanted by 0, 5, 10, 15 and 20, of which 0 is out of range already.
    assert_eq!(count("OG-RULE-006"), 3, "{codes:?}");
    assert_eq!(count("ok 1"), 17, "{codes:?}");
}

/// Each increment reads what the others wrote: if two ever worked on one state, one is lost.
#[tokio::test(flavor = "multi_thread")]
async fn no_update_is_lost_between_handles() {
    const EACH: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("graph").display().to_string();
    let first = fleet(&place).await;
    let second = Omnigraph::open(&place, OpenOptions::default()).await.unwrap();
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

/// An edge to a node that another handle deletes meanwhile: one of the two is refused, or the edge goes with the node.
#[tokio::test(flavor = "multi_thread")]
async fn no_edge_outlives_its_node_between_handles() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("graph").display().to_string();
    let first = Arc::new(fleet(&place).await);
    let second = Arc::new(Omnigraph::open(&place, OpenOptions::default()).await.unwrap());
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
        let gone = deleted.affected_edges;
        match linked {
            Ok(_) => assert_eq!(gone, 1, "the edge was there before the node went"),
            Err(error) => assert_eq!((error.code(), gone), ("OG-LOAD-012", 0), "{error}"),
        }
    }
    assert_eq!(export(&first, "main").await.matches("\"edge\":\"Trusts\"").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_the_head_holds_or_names_what_is_there() {
    let place = memory();
    let graph = fleet(&place).await;
    let read = head(&graph).await;
    let careful = |condition: WriteCondition| MutateRequest {
        condition: Some(condition),
        ..request(ADD, json!({ "h": "eve", "r": 1 }))
    };
    // Another handle writes, of which this one knows nothing yet.
    let other = Omnigraph::open(&place, OpenOptions::default()).await.unwrap();
    mutate(&other, GROW, json!({ "h": "ben" })).await.unwrap();
    let now = head(&other).await;
    let error = graph.mutate(careful(WriteCondition::Head(read.clone()))).await.unwrap_err();
    let Error::Precondition { message, expected, actual } = &error else { panic!("{error:?}") };
    assert_eq!((expected, actual.as_deref()), (&read, Some(now.as_str())));
    assert!(message.contains("expected head") && message.contains(&now), "{message}");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(head(&graph).await, now, "nothing was written");
    let unknown = graph.mutate(careful(WriteCondition::Head("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()))).await.unwrap_err();
    assert_eq!(unknown.code(), "OG-LOG-010", "{unknown}");
    graph.mutate(careful(WriteCondition::Head(now))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unrelated_commit_does_not_fail_a_careful_writer() {
    let graph = fleet(&memory()).await;
    let read = head(&graph).await;
    let careful = |handle: &str| MutateRequest {
        condition: Some(WriteCondition::UnchangedSince(read.clone())),
        ..request(GROW, json!({ "h": handle }))
    };
    mutate(&graph, GROW, json!({ "h": "ben" })).await.unwrap();
    let culprit = head(&graph).await;
    graph.mutate(careful("ana")).await.unwrap();
    let error = graph.mutate(careful("ben")).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("'ben'") && message.contains(&culprit), "{message}");
    assert_eq!(error.code(), "OG-ENG-014");
    // What was changed and changed back is unchanged.
    mutate(&graph, "query q() { update Sailor set { rank: 25 } where handle = \"ben\" }", json!({})).await.unwrap();
    graph.mutate(careful("ben")).await.unwrap();
    // To insert what somebody else inserted meanwhile is no unrelated change.
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
    let again = MutateRequest {
        condition: Some(WriteCondition::UnchangedSince(read.clone())),
        ..request(ADD, json!({ "h": "eve", "r": 2 }))
    };
    assert_eq!(graph.mutate(again).await.unwrap_err().code(), "OG-ENG-014");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gets_one_answer_on_all_handles() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("graph").display().to_string();
    let graph = init(&place).await;
    let source = "query add($h: String) { $p: insert Harbor { code: $h } return { $p.@id as id } }";
    let keyed = |key: &str, h: &str| MutateRequest {
        idempotency_key: Some(key.to_owned()),
        ..request(source, json!({ "h": h }))
    };
    let first = graph.mutate(keyed("k", "oslo")).await.unwrap();
    assert!(!first.replayed);
    for number in 0..40 {
        mutate(&graph, ADD, json!({ "h": format!("s{number}"), "r": number })).await.unwrap();
    }
    let stranger = Omnigraph::open(&place, OpenOptions::default()).await.unwrap();
    for graph in [&graph, &stranger] {
        let again = graph.mutate(keyed("k", "oslo")).await.unwrap();
        assert!(again.replayed);
        assert_eq!(again.rows, first.rows);
        assert_eq!(again.commit.unwrap().commit, first.commit.as_ref().unwrap().commit);
    }
    let reused = stranger.mutate(keyed("k", "bergen")).await.unwrap_err();
    assert_eq!((reused.code(), reused.kind()), ("OG-LOG-013", ErrorKind::Conflict));

    // Both at once, on two handles and twice on each.
    let before = generation(&graph).await;
    let attempts = [&graph, &graph, &stranger, &stranger].map(|graph| {
        let (graph, request) = (graph.clone(), keyed("race", "bodo"));
        tokio::spawn(async move { graph.mutate(request).await.unwrap() })
    });
    let mut commits = BTreeSet::new();
    for attempt in attempts {
        commits.insert(attempt.await.unwrap().commit.unwrap().commit.to_string());
    }
    assert_eq!((commits.len(), generation(&graph).await - before), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_keeps_the_answer_that_there_was_nothing_to_do() {
    let graph = fleet(&memory()).await;
    let keyed = || MutateRequest { idempotency_key: Some("none".into()), ..request(GROW, json!({ "h": "eve" })) };
    let first = graph.mutate(keyed()).await.unwrap();
    assert_eq!((first.affected_nodes, first.commit.is_none()), (0, true));
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
    let again = graph.mutate(keyed()).await.unwrap();
    assert_eq!((again.affected_nodes, again.commit.is_none(), again.replayed), (0, true, true));
    let before = generation(&graph).await;
    assert!(mutate(&graph, GROW, json!({ "h": "nobody" })).await.unwrap().commit.is_none());
    assert_eq!(generation(&graph).await, before, "nothing changed and nobody asked to keep the answer: no commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_that_there_is_nothing_to_do_on_account_of_an_old_state() {
    let place = memory();
    let graph = fleet(&place).await;
    let other = Omnigraph::open(&place, OpenOptions::default()).await.unwrap();
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
async fn what_cannot_run_is_refused_and_changes_nothing() {
    let place = memory();
    let graph = fleet(&place).await;
    let before = export(&graph, "main").await;
    let read = mutate(&graph, "query q() { match { $s: Sailor } return { $s.rank } }", json!({})).await.unwrap_err();
    assert!(read.to_string().contains("only reads"), "{read}");
    let written = crate::support::query(&graph, Target::Branch("main".into()), ADD).await.unwrap_err();
    assert!(written.to_string().contains("mutation"), "{written}");
    let wrong = mutate(&graph, ADD, json!({ "h": 3 })).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Invalid, "{wrong}");
    let nowhere =
        graph.mutate(MutateRequest { branch: "nowhere".into(), ..request(ADD, json!({})) }).await.unwrap_err();
    assert_eq!(nowhere.kind(), ErrorKind::NotFound);
    let frozen = Omnigraph::open_read_only(&place, OpenOptions::default()).await.unwrap();
    let denied = mutate(&frozen, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::Denied);
    // The first statement would do, the second does not: nothing of either remains.
    let half = "query q() { insert Sailor { handle: \"eve\" }  insert Trusts { from: \"eve\", to: \"zzz\" } }";
    let refused = mutate(&graph, half, json!({})).await.unwrap_err();
    assert!(refused.to_string().contains("'zzz' not found in Sailor"), "{refused}");
    assert_eq!(export(&graph, "main").await, before);
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
}

/// A caller that goes away disturbs nobody, and the graph goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_mutation_leaves_a_whole_state() {
    let graph = fleet(&memory()).await;
    for number in 0..50 {
        let (graph, name) = (graph.clone(), format!("gone{number}"));
        let work = tokio::spawn(async move { mutate(&graph, ADD, json!({ "h": name, "r": 1 })).await });
        if number % 3 == 0 {
            tokio::task::yield_now().await;
        }
        work.abort();
    }
    mutate(&graph, ADD, json!({ "h": "eve", "r": 1 })).await.unwrap();
    let lines = export(&graph, "main").await;
    assert!(lines.contains("\"eve\"") && lines.lines().count() > CREW.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn text_becomes_a_blob_wherever_it_comes_from() {
    let schema = "node Doc { key: String @key  body: Blob? }";
    let graph = Omnigraph::init(&memory(), "s.pg", schema, None, OpenOptions::default()).await.unwrap();
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
    let request = |source: &str, params: serde_json::Value| MutateRequest {
        branch: "main".to_owned(),
        source: source.to_owned(),
        params: Some(params),
        ..MutateRequest::default()
    };
    for (source, params) in sources {
        graph.mutate(request(source, params)).await.unwrap_or_else(|error| panic!("{source}: {error}"));
    }
    let export = export(&graph, "main").await;
    assert_eq!(export.matches("\"body\":\"base64:aGk=\"").count(), 4, "{export}");
    assert_eq!(export.matches("\"body\":null").count(), 1, "{export}");
    let source = "query q($b: String) { insert Doc { key: \"bad\", body: $b } }";
    for (text, says) in [("https://example.org/x", "references to blobs elsewhere"), ("base64:!", "invalid base64")] {
        let error = graph.mutate(request(source, json!({"b": text}))).await.unwrap_err();
        assert!(error.to_string().contains(says) && error.code() != "OG-ENG-010", "{error}");
    }
}
