//! The read path from text to rows, on branches and old commits.

use omnigraph::{ErrorKind, LoadMode, Target};

use crate::support::{MORE, fleet, load, memory, query, rows};

#[tokio::test(flavor = "multi_thread")]
async fn one_hop_in_every_direction() {
    let graph = fleet(&memory()).await;
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    let ask =
        |clauses: &str| format!("query q() {{ match {{ {clauses} }} return {{ $t.handle }} order {{ $t.handle }} }}");
    let forward = rows(&graph, &ask("$s: Sailor { handle: \"ana\" } $s trusts $t")).await;
    assert_eq!(forward, [r#"{"t.handle":"ben"}"#, r#"{"t.handle":"cyd"}"#]);
    let backward = rows(&graph, &ask("$s: Sailor { handle: \"ben\" } $t trusts $s")).await;
    assert_eq!(backward, [r#"{"t.handle":"ana"}"#]);
    let both = rows(&graph, &ask("$s: Sailor { handle: \"cyd\" } $s <trusts> $t")).await;
    assert_eq!(both, [r#"{"t.handle":"ana"}"#]);
    let far = rows(&graph, &ask("$h: Harbor { code: \"oslo\" } $t basedAt $h")).await;
    assert_eq!(far, [r#"{"t.handle":"ana"}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_edges_collapse_unless_bound() {
    let graph = fleet(&memory()).await;
    let again = r#"{"edge":"Trusts","from":"ana","to":"ben","data":{"since":"2024-05-06"}}"#;
    load(&graph, "main", LoadMode::Append, again).await.unwrap();
    let pairs = rows(&graph, "query q() { match { $s: Sailor $s trusts $t } return { $t.handle } }").await;
    assert_eq!(pairs, [r#"{"t.handle":"ben"}"#]);
    let edges = "query q() { match { $s: Sailor $s $w: trusts $t } return { $t.handle, $w.since } order { $w.since } }";
    let expected = [r#"{"t.handle":"ben","w.since":null}"#, r#"{"t.handle":"ben","w.since":"2024-05-06"}"#];
    assert_eq!(rows(&graph, edges).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_aggregates_and_order() {
    let graph = fleet(&memory()).await;
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap();
    let alone = "query q() { match { $s: Sailor not { $s trusts $_ } } return { $s.handle } order { $s.handle desc } }";
    assert_eq!(rows(&graph, alone).await, [r#"{"s.handle":"cyd"}"#, r#"{"s.handle":"ben"}"#]);
    let counted = "query q() { match { $s: Sailor $s trusts $t } return { $s.handle, count($t) as n } }";
    assert_eq!(rows(&graph, counted).await, [r#"{"s.handle":"ana","n":2}"#]);
    let optional = "query q() { match { $s: Sailor optional { $s basedAt $h } } return { $s.handle, $h.code } order { $s.handle } limit 2 }";
    let expected = [r#"{"s.handle":"ana","h.code":"oslo"}"#, r#"{"s.handle":"ben","h.code":null}"#];
    assert_eq!(rows(&graph, optional).await, expected);
    let totals =
        "query q() { match { $s: Sailor } return { count(*) as n, min($s.rank) as low, max($s.rank) as high } }";
    assert_eq!(rows(&graph, totals).await, [r#"{"n":3,"low":26,"high":35}"#]);
    let degrees = "query q() { match { $s: Sailor } return { $s.handle, count { $s trusts $_ } as degree } order { degree desc, $s.handle } }";
    let expected =
        [r#"{"s.handle":"ana","degree":2}"#, r#"{"s.handle":"ben","degree":0}"#, r#"{"s.handle":"cyd","degree":0}"#];
    assert_eq!(rows(&graph, degrees).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_and_old_commits_are_isolated() {
    let graph = fleet(&memory()).await;
    let main = Target::Branch("main".into());
    let past = graph.commit(&main).await.unwrap().id().to_string();
    graph.as_actor("ana").create_branch("side/one", &main).await.unwrap();
    load(&graph, "side/one", LoadMode::Merge, MORE).await.unwrap();
    let count = "query q() { match { $s: Sailor } return { count($s) as n } }";
    let on =
        async |target: Target| query(&graph, target, count).await.unwrap().rows().unwrap()[0]["n"].as_i64().unwrap();
    assert_eq!(on(main.clone()).await, 2);
    assert_eq!(on(Target::Branch("side/one".into())).await, 3);
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"dot"}}"#).await.unwrap();
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Sailor","data":{"handle":"eva"}}"#).await.unwrap();
    assert_eq!(on(main.clone()).await, 4);
    assert_eq!(on(Target::Branch("side/one".into())).await, 3);
    assert_eq!(on(Target::Commit(past)).await, 2);
    let side = graph.commit(&Target::Branch("side/one".into())).await.unwrap().id().to_string();
    graph.delete_branch("side/one").await.unwrap();
    let gone = query(&graph, Target::Branch("side/one".into()), count).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(on(Target::Commit(side)).await, 3, "a commit outlives its branch's name");
}

#[tokio::test(flavor = "multi_thread")]
async fn compile_errors_have_positions() {
    let graph = fleet(&memory()).await;
    let main = || Target::Branch("main".into());
    let error =
        query(&graph, main(), "query q() {\n  match { $s: Sailer }\n  return { $s.handle }\n}").await.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.code(), "T1");
    assert!(text.contains("test.gq:2:15") && text.contains("Sailor"), "{text}");
    let error = query(&graph, main(), "query q() { delete Sailor where handle = \"ana\" }").await.unwrap_err();
    assert!(error.to_string().contains("contains mutations"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_conditions_on_one_id_both_hold() {
    let graph = fleet(&memory()).await;
    let both = "query q() { match { $s: Sailor { handle: \"ana\" } $s.@id = \"ben\" } return { $s.handle } }";
    assert!(rows(&graph, both).await.is_empty());
    let again =
        "query q() { match { $s: Sailor { handle: \"ana\" } $s.@id in [\"ben\", \"ana\"] } return { $s.handle } }";
    assert_eq!(rows(&graph, again).await, [r#"{"s.handle":"ana"}"#]);
}
