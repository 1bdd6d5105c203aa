//! Merges, reverts, cherry-picks and resets: what each outcome leaves, and that a second time does nothing.

use omnigraph::log::CommitKind;
use omnigraph::{
    Choices, ConflictKind, EntityChoice, Error, LoadMode, MergeOutcome, MergePolicy, MergeRequest, Omnigraph,
    PickRequest, Resolution, Side, Target,
};

use crate::support::{branch, export, fleet, load, memory, merge, mutate};

fn on(branch: &str) -> Target {
    Target::Branch(branch.to_owned())
}

/// The kinds of everything that stands against a merge of `source` into `main`, each with its entity.
async fn conflicts(graph: &Omnigraph, source: &str, policy: MergePolicy) -> Vec<(ConflictKind, String)> {
    let request =
        MergeRequest { source: source.to_owned(), target: "main".to_owned(), policy, ..MergeRequest::default() };
    let before = export(graph, "main").await;
    let preview = graph.preview_merge(request.clone()).await.unwrap();
    let Error::MergeConflict(found) = graph.merge(request).await.unwrap_err() else { panic!("another error") };
    assert_eq!(preview.conflicts, found.0, "a preview says what a merge says");
    assert_eq!(export(graph, "main").await, before, "nothing is changed");
    found.0.into_iter().map(|it| (it.kind, it.entity_id.unwrap_or_default())).collect()
}

#[tokio::test]
async fn h1_h2_nothing_new_and_fast_forward() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
    mutate(&graph, "b", "insert Sailor { handle: \"eve\", rank: 1 }").await.unwrap();
    let done = merge(&graph, "b").await.unwrap();
    assert_eq!(done.outcome, MergeOutcome::FastForward);
    let commit = done.commit.unwrap();
    assert_eq!((commit.kind, commit.parents.len()), (CommitKind::Merge, 2));
    assert!(done.types.iter().all(|ty| ty.adopted) && done.types.len() == 1);
    assert_eq!((done.types[0].inserted, done.types[0].updated, done.types[0].deleted), (1, 0, 0));
    assert_eq!(export(&graph, "main").await, export(&graph, "b").await);
    let again = merge(&graph, "b").await.unwrap();
    assert_eq!((again.outcome, again.commit), (MergeOutcome::AlreadyUpToDate, None));
}

#[tokio::test]
async fn h3_h4_h5_entities_that_both_changed() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(
        &graph,
        "b",
        "insert Sailor { handle: \"eve\", rank: 1 } update Sailor set { rank: 1 } where handle = \"ana\"",
    )
    .await
    .unwrap();
    mutate(&graph, "b", "delete Sailor where handle = \"ben\"").await.unwrap();
    mutate(
        &graph,
        "main",
        "insert Sailor { handle: \"eve\", rank: 2 } update Sailor set { rank: 2 } where handle = \"ana\"",
    )
    .await
    .unwrap();
    mutate(&graph, "main", "update Sailor set { rank: 2 } where handle = \"ben\"").await.unwrap();
    let expected = [
        (ConflictKind::DivergentUpdate, "ana".to_owned()),
        (ConflictKind::DeleteVsUpdate, "ben".to_owned()),
        (ConflictKind::DivergentInsert, "eve".to_owned()),
    ];
    for policy in [MergePolicy::Field, MergePolicy::Entity] {
        let mut found = conflicts(&graph, "b", policy).await;
        found.sort_by(|a, b| a.1.cmp(&b.1));
        assert_eq!(found, expected);
    }
    let error = merge(&graph, "b").await.unwrap_err();
    assert_eq!(error.code(), "OG-HIS-003");
    assert!(
        error.to_string().starts_with("merge conflicts: node type 'Sailor', entity id 'ana' (divergent_update); "),
        "{error}"
    );
}

#[tokio::test]
async fn h6_an_edge_without_its_node() {
    for (deletes, links) in [("b", "main"), ("main", "b")] {
        let graph = fleet(&memory()).await;
        mutate(&graph, "main", "insert Sailor { handle: \"dot\", rank: 1 }").await.unwrap();
        branch(&graph, "b").await;
        mutate(&graph, deletes, "delete Sailor where handle = \"dot\"").await.unwrap();
        let edge = r#"{"edge":"Trusts","from":"ana","to":"dot","data":{"id":"new"}}"#;
        load(&graph, links, LoadMode::Merge, edge).await.unwrap();
        assert_eq!(conflicts(&graph, "b", MergePolicy::Field).await, [(ConflictKind::OrphanEdge, "new".to_owned())]);
        for (side, kept) in [(Side::Ours, links == "main"), (Side::Theirs, links == "b")] {
            let target = format!("into-{kept}");
            graph.create_branch(&target, &on("main"), None).await.unwrap();
            let choices = Choices { default: Some(side), ..Choices::default() };
            let request =
                MergeRequest { source: "b".to_owned(), target: target.clone(), choices, ..MergeRequest::default() };
            graph.merge(request).await.unwrap();
            let rows = export(&graph, &target).await;
            assert_eq!(rows.contains("\"new\""), kept, "{side:?}: {rows}");
            assert_eq!(rows.contains("\"handle\":\"dot\""), kept, "an edge that stays brings its node back: {rows}");
        }
    }
}

#[tokio::test]
async fn h7_h8_h9_what_does_not_disagree() {
    let graph = fleet(&memory()).await;
    mutate(&graph, "main", "insert Sailor { handle: \"old\" }").await.unwrap();
    branch(&graph, "b").await;
    for name in ["main", "b"] {
        mutate(&graph, name, "delete Sailor where handle = \"old\"").await.unwrap();
        mutate(&graph, name, "insert Trusts { from: \"ben\", to: \"ana\" }").await.unwrap();
    }
    mutate(&graph, "main", "insert Sailor { handle: \"cyd\" }").await.unwrap();
    mutate(&graph, "b", "update Sailor set { rank: 99 } where handle = \"ben\"").await.unwrap();
    let done = merge(&graph, "b").await.unwrap();
    assert_eq!(done.outcome, MergeOutcome::Merged);
    let rows = export(&graph, "main").await;
    assert!(!rows.contains("old") && rows.contains("cyd") && rows.contains("99"), "{rows}");
    assert_eq!(rows.matches(r#""from":"ben","to":"ana""#).count(), 2, "both edges are kept: {rows}");
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
}

#[tokio::test]
async fn h10_what_was_changed_back_never_conflicts() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    for rank in [7, 30] {
        mutate(&graph, "b", &format!("update Sailor set {{ rank: {rank} }} where handle = \"ana\"")).await.unwrap();
    }
    mutate(&graph, "main", "update Sailor set { rank: 8 } where handle = \"ana\"").await.unwrap();
    merge(&graph, "b").await.unwrap();
    assert!(export(&graph, "main").await.contains(r#""rank":8"#));
}

#[tokio::test]
async fn a_merge_of_what_was_merged_into_it_comes_to_rest() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "b", "insert Sailor { handle: \"eve\" }").await.unwrap();
    mutate(&graph, "main", "insert Sailor { handle: \"fay\" }").await.unwrap();
    merge(&graph, "b").await.unwrap();
    let back = MergeRequest { source: "main".to_owned(), target: "b".to_owned(), ..MergeRequest::default() };
    assert_eq!(graph.merge(back.clone()).await.unwrap().outcome, MergeOutcome::FastForward);
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
    assert_eq!(graph.merge(back).await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
    assert_eq!(export(&graph, "main").await, export(&graph, "b").await);
}

#[tokio::test]
async fn crossed_merges_have_a_base_of_their_own() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "main", "update Sailor set { rank: 1 } where handle = \"ana\"").await.unwrap();
    mutate(&graph, "b", "update Sailor set { rank: 2 } where handle = \"ben\"").await.unwrap();
    graph.create_branch("main-then", &on("main"), None).await.unwrap();
    graph.create_branch("b-then", &on("b"), None).await.unwrap();
    merge(&graph, "b-then").await.unwrap();
    let other = MergeRequest { source: "main-then".to_owned(), target: "b".to_owned(), ..MergeRequest::default() };
    graph.merge(other).await.unwrap();
    // Each goes its own way again, and one takes back what the other brought.
    mutate(&graph, "main", "update Sailor set { rank: 25 } where handle = \"ben\"").await.unwrap();
    mutate(&graph, "b", "insert Sailor { handle: \"eve\" }").await.unwrap();
    let kinship = graph.kinship(&on("main"), &on("b")).await.unwrap();
    assert_eq!(kinship.bases.len(), 2);
    let done = merge(&graph, "b").await.unwrap();
    assert_eq!(done.bases.len(), 2);
    let rows = export(&graph, "main").await;
    assert!(rows.contains(r#""handle":"ben","rank":25"#), "what was taken back stays taken back: {rows}");
    assert!(rows.contains(r#""handle":"ana","rank":1}"#) && rows.contains("eve"), "{rows}");
}

/// A fleet whose branch `b` and `main` disagree on the ranks of ana and ben; `b` has a harbor more.
async fn disagreement() -> Omnigraph {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    for (name, rank) in [("b", 1), ("main", 2)] {
        for handle in ["ana", "ben"] {
            let change = format!("update Sailor set {{ rank: {rank} }} where handle = \"{handle}\"");
            mutate(&graph, name, &change).await.unwrap();
        }
    }
    mutate(&graph, "b", "insert Harbor { code: \"rome\" }").await.unwrap();
    graph
}

#[tokio::test]
async fn choices_are_by_the_closest_word() {
    let graph = disagreement().await;
    let entity = |ty: &str, id: &str, take| EntityChoice { ty: ty.to_owned(), id: id.to_owned(), take };
    let choices = Choices {
        default: Some(Side::Ours),
        types: [("Sailor".to_owned(), Side::Theirs)].into(),
        entities: vec![entity("Sailor", "ben", Side::Ours), entity("Harbor", "rome", Side::Ours)],
    };
    let request =
        MergeRequest { source: "b".to_owned(), target: "main".to_owned(), choices, ..MergeRequest::default() };
    let done = graph.merge(request).await.unwrap();
    assert_eq!(done.outcome, MergeOutcome::Merged);
    let rows = export(&graph, "main").await;
    assert!(rows.contains(r#""handle":"ana","rank":1"#) && rows.contains(r#""handle":"ben","rank":2"#), "{rows}");
    assert!(!rows.contains("rome"), "a choice by name holds without a disagreement too: {rows}");
    let choices = Choices { entities: vec![entity("Sailor", "nobody", Side::Ours)], ..Choices::default() };
    mutate(&graph, "b", "insert Sailor { handle: \"eve\" }").await.unwrap();
    mutate(&graph, "main", "insert Sailor { handle: \"fay\" }").await.unwrap();
    let request =
        MergeRequest { source: "b".to_owned(), target: "main".to_owned(), choices, ..MergeRequest::default() };
    assert!(
        graph.merge(request).await.unwrap_err().to_string().contains("Sailor 'nobody', which neither side changed")
    );
}

#[tokio::test]
async fn a_commit_is_undone_and_done_again_elsewhere() {
    let graph = fleet(&memory()).await;
    let before = export(&graph, "main").await;
    branch(&graph, "b").await;
    let change = "update Sailor set { rank: 77 } where handle = \"ana\" insert Sailor { handle: \"eve\" }";
    let bad = mutate(&graph, "main", change).await.unwrap().commit.unwrap();
    let after = export(&graph, "main").await;
    mutate(&graph, "main", "insert Harbor { code: \"rome\" }").await.unwrap();
    let pick = |target: &str| PickRequest {
        commit: bad.commit.to_string(),
        target: target.to_owned(),
        ..PickRequest::default()
    };

    let undone = graph.revert(pick("main")).await.unwrap().commit.unwrap();
    assert_eq!((undone.kind, undone.source, undone.parents.len()), (CommitKind::Revert, Some(bad.reference()), 1));
    let rows = export(&graph, "main").await;
    assert_eq!(
        rows.replace(r#"{"type":"Harbor","data":{"id":"rome","code":"rome"}}"#, "").replace("\n\n", "\n"),
        before
    );
    let again = graph.revert(pick("main")).await.unwrap();
    assert_eq!((again.outcome, again.commit), (MergeOutcome::AlreadyUpToDate, None));

    let done = graph.cherry_pick(pick("b")).await.unwrap();
    assert_eq!(done.commit.unwrap().kind, CommitKind::CherryPick);
    assert_eq!(export(&graph, "b").await, after);

    mutate(&graph, "b", "update Sailor set { rank: 78 } where handle = \"ana\"").await.unwrap();
    let Error::MergeConflict(found) = graph.revert(pick("b")).await.unwrap_err() else { panic!("another error") };
    assert_eq!(found.0[0].kind, ConflictKind::DivergentUpdate);
    let first = graph.stamp().main.id;
    let init = omnigraph::log::CommitId::mint(0, first, 0);
    let parentless = PickRequest { commit: init.to_string(), target: "b".to_owned(), ..PickRequest::default() };
    assert!(graph.revert(parentless).await.is_err());
}

#[tokio::test]
async fn a_reset_is_a_commit_and_forgets_nothing() {
    let graph = fleet(&memory()).await;
    let (before, old) = (export(&graph, "main").await, graph.commit_of(&on("main")).await.unwrap());
    mutate(&graph, "main", "delete Sailor where handle = \"ana\"").await.unwrap();
    let gone = graph.commit_of(&on("main")).await.unwrap();
    let reset = graph.reset_branch("main", &Target::Commit(old.commit.to_string()), Some("ada")).await.unwrap();
    assert_eq!((reset.kind, reset.source, &reset.tables), (CommitKind::Reset, Some(old.reference()), &old.tables));
    assert_eq!(reset.parents, [gone.reference()]);
    let counts: Vec<_> = reset.changes.values().map(|it| (it.inserted, it.updated, it.deleted)).collect();
    assert_eq!(counts, [(1, 0, 0), (1, 0, 0), (1, 0, 0)], "the node and its two edges are back");
    assert_eq!(export(&graph, "main").await, before);
    mutate(&graph, "main", "insert Sailor { handle: \"eve\" }").await.unwrap();
    assert_ne!(export(&graph, "main").await, before);
}

#[tokio::test]
async fn large_fragments_of_the_source_are_carried_over() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().display().to_string();
    let graph = fleet(&location).await;
    branch(&graph, "b").await;
    let sailor = |name: &str, rank: usize| {
        format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{name}\",\"rank\":{rank}}}}}\n")
    };
    let bulk: String = (0..5000).map(|at| sailor(&format!("s{at:04}"), at)).collect();
    load(&graph, "b", LoadMode::Merge, &bulk).await.unwrap();
    mutate(&graph, "main", "update Sailor set { rank: 99 } where handle = \"ben\" insert Sailor { handle: \"s0007\" }")
        .await
        .unwrap();
    let choices = Choices { default: Some(Side::Ours), ..Choices::default() };
    let request =
        MergeRequest { source: "b".to_owned(), target: "main".to_owned(), choices, ..MergeRequest::default() };
    let before = data_files(folder.path());
    let done = graph.merge(request).await.unwrap();
    assert_eq!(done.types.iter().map(|ty| ty.inserted).sum::<u64>(), 4999);
    assert_eq!(data_files(folder.path()), before, "rows are not copied");
    let cold = Omnigraph::open(&location, omnigraph::OpenOptions::default()).await.unwrap();
    for (open, sailors) in [(graph, 5002), (cold, 5001)] {
        let rows = export(&open, "main").await;
        assert_eq!(rows.matches("\"type\":\"Sailor\"").count(), sailors);
        assert_eq!(rows.matches("\"s0007\"").count(), 2, "once as id and once as key: {}", rows.len());
        assert!(rows.contains(r#""handle":"ben","rank":99"#) && rows.contains(r#""handle":"s0008","rank":8"#));
        // What came with the fragment is found by its id like any other row.
        mutate(&open, "main", "delete Sailor where handle = \"s0100\"").await.unwrap();
        assert!(!export(&open, "main").await.contains("s0100"));
    }
}

const RULES: &str = "\
node Sailor { handle: String @key  mail: String? @unique }
node Boat { name: String @key }
edge Steers: Sailor -> Boat @card(0..1)
";

#[tokio::test]
async fn h11_h12_rules_that_only_both_sides_together_break() {
    let graph = Omnigraph::init(&memory(), "rules.pg", RULES, None, omnigraph::OpenOptions::default()).await.unwrap();
    let start = "insert Sailor { handle: \"ana\" } insert Boat { name: \"one\" } insert Boat { name: \"two\" }";
    mutate(&graph, "main", start).await.unwrap();
    branch(&graph, "mails").await;
    branch(&graph, "steers").await;
    mutate(&graph, "mails", "insert Sailor { handle: \"ben\", mail: \"m\" }").await.unwrap();
    mutate(&graph, "steers", "insert Steers { from: \"ana\", to: \"two\" }").await.unwrap();
    mutate(&graph, "main", "insert Sailor { handle: \"cyd\", mail: \"m\" }").await.unwrap();
    mutate(&graph, "main", "insert Steers { from: \"ana\", to: \"one\" }").await.unwrap();
    let found = conflicts(&graph, "mails", MergePolicy::Field).await;
    assert_eq!(found, [(ConflictKind::UniqueViolation, "ben".to_owned())]);
    let found = conflicts(&graph, "steers", MergePolicy::Field).await;
    assert_eq!(found.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [ConflictKind::CardinalityViolation]);
    // A word about the entity by name settles it.
    let entity = EntityChoice { ty: "Sailor".to_owned(), id: "ben".to_owned(), take: Side::Ours };
    let choices = Choices { entities: vec![entity], ..Choices::default() };
    let request =
        MergeRequest { source: "mails".to_owned(), target: "main".to_owned(), choices, ..MergeRequest::default() };
    assert_eq!(graph.merge(request).await.unwrap().outcome, MergeOutcome::Merged);
    assert!(!export(&graph, "main").await.contains("ben"));
}

#[tokio::test]
async fn every_rule_that_is_broken_is_named_with_its_entity() {
    let graph = Omnigraph::init(&memory(), "rules.pg", RULES, None, omnigraph::OpenOptions::default()).await.unwrap();
    mutate(
        &graph,
        "main",
        "insert Boat { name: \"one\" } insert Boat { name: \"two\" } insert Sailor { handle: \"ana\" }",
    )
    .await
    .unwrap();
    branch(&graph, "b").await;
    // So many that the rows of the branch are carried over unread.
    let sailor = |name: &str, at: usize| {
        format!("{{\"type\":\"Sailor\",\"data\":{{\"handle\":\"{name}{at:04}\",\"mail\":\"m{at}\"}}}}\n")
    };
    let bulk: String = (0..3000).map(|at| sailor("b", at)).collect();
    load(&graph, "b", LoadMode::Merge, &bulk).await.unwrap();
    let few: String = [7, 2500].into_iter().map(|at| sailor("a", at)).collect();
    load(&graph, "main", LoadMode::Merge, &few).await.unwrap();
    mutate(&graph, "b", "insert Steers { from: \"ana\", to: \"one\" }").await.unwrap();
    mutate(&graph, "main", "insert Steers { from: \"ana\", to: \"two\" }").await.unwrap();
    let found = conflicts(&graph, "b", MergePolicy::Field).await;
    let unique = |id: &str| (ConflictKind::UniqueViolation, id.to_owned());
    assert_eq!(found[0].0, ConflictKind::CardinalityViolation);
    assert_eq!(found[1..], [unique("b0007"), unique("b2500")]);
}

/// What a merge of `b` into `main` comes to, settled by a mutation.
async fn resolve(graph: &Omnigraph, statements: &str) -> omnigraph::Result<omnigraph::MergeReceipt> {
    let source = format!("query settle() {{ {statements} }}");
    let resolution = Some(Resolution { source, file: "settle.gq".to_owned(), ..Resolution::default() });
    let request =
        MergeRequest { source: "b".to_owned(), target: "main".to_owned(), resolution, ..MergeRequest::default() };
    let preview = graph.preview_merge(request.clone()).await?;
    let done = graph.merge(request).await;
    match &done {
        Ok(done) => assert_eq!((&preview.types, &preview.resolved), (&done.types, &done.resolved)),
        Err(Error::MergeConflict(found)) => assert_eq!(preview.conflicts, found.0),
        Err(_) => {}
    }
    done
}

#[tokio::test]
async fn a_mutation_settles_what_it_writes() {
    let graph = disagreement().await;
    let before = export(&graph, "main").await;
    let Error::MergeConflict(left) =
        resolve(&graph, "update Sailor set { rank: rank + 10 } where handle = \"ana\"").await.unwrap_err()
    else {
        panic!("another error")
    };
    assert_eq!(left.0.iter().map(|it| it.entity_id.as_deref()).collect::<Vec<_>>(), [Some("ben")]);
    assert_eq!(export(&graph, "main").await, before, "nothing is changed");
    // It sees what the merge brings, and what is undecided as the target has it.
    let settle = "update Sailor set { rank: rank + 10 } where rank = 2 insert BasedAt { from: \"ana\", to: \"rome\" }";
    let done = resolve(&graph, settle).await.unwrap();
    let resolved = done.resolved.unwrap();
    assert_eq!((resolved.query_name.as_str(), resolved.affected_nodes, resolved.affected_edges), ("settle", 2, 1));
    assert_eq!(done.commit.unwrap().parents.len(), 2, "it is one commit");
    let rows = export(&graph, "main").await;
    assert_eq!(rows.matches("\"rank\":12").count(), 2, "{rows}");
    assert_eq!(rows.matches("rome").count(), 3, "{rows}");
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
}

#[tokio::test]
async fn a_mutation_mends_a_rule_that_the_merge_alone_breaks() {
    let graph = Omnigraph::init(&memory(), "rules.pg", RULES, None, omnigraph::OpenOptions::default()).await.unwrap();
    branch(&graph, "b").await;
    mutate(&graph, "b", "insert Sailor { handle: \"ben\", mail: \"m\" }").await.unwrap();
    mutate(&graph, "main", "insert Sailor { handle: \"cyd\", mail: \"m\" }").await.unwrap();
    assert_eq!(conflicts(&graph, "b", MergePolicy::Field).await, [(ConflictKind::UniqueViolation, "ben".to_owned())]);
    let refused = resolve(&graph, "insert Sailor { handle: \"dot\", mail: \"m\" }").await.unwrap_err();
    assert_eq!(refused.code(), "OG-HIS-003");
    let done = resolve(&graph, "update Sailor set { mail: \"other\" } where handle = \"ben\"").await.unwrap();
    let counts: Vec<_> =
        done.commit.unwrap().changes.values().map(|it| (it.inserted, it.updated, it.deleted)).collect();
    assert_eq!(counts, [(1, 0, 0)], "what the merge brings and the mutation changes is counted once");
    let rows = export(&graph, "main").await;
    assert!(
        rows.contains(r#""handle":"ben","mail":"other""#) && rows.contains(r#""handle":"cyd","mail":"m""#),
        "{rows}"
    );
}

#[tokio::test]
async fn a_mutation_on_a_table_that_would_be_adopted() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "b", "insert Sailor { handle: \"eve\", rank: 1 } delete Sailor where handle = \"ben\"")
        .await
        .unwrap();
    let done = resolve(&graph, "update Sailor set { rank: 5 } where handle = \"eve\" delete Harbor where code != \"\"")
        .await
        .unwrap();
    assert_eq!(done.outcome, MergeOutcome::Merged, "it is not as the source is");
    let commit = done.commit.unwrap();
    let sailors: Vec<_> = commit.changes.values().filter(|it| it.inserted > 0).collect();
    assert_eq!((sailors.len(), sailors[0].inserted, sailors[0].updated, sailors[0].deleted), (1, 1, 0, 1));
    let rows = export(&graph, "main").await;
    assert!(rows.contains(r#""handle":"eve","rank":5"#) && !rows.contains("Harbor") && !rows.contains("ben"), "{rows}");
    // A mutation that has nothing to say changes nothing.
    mutate(&graph, "b", "insert Sailor { handle: \"fay\" }").await.unwrap();
    let done = resolve(&graph, "update Sailor set { rank: 5 } where handle = \"nobody\"").await.unwrap();
    assert_eq!(done.resolved.unwrap().affected_nodes, 0);
    mutate(&graph, "b", "insert Sailor { handle: \"gus\" }").await.unwrap();
    let wrong = resolve(&graph, "update Sailor set { speed: 5 }").await;
    assert!(matches!(wrong, Err(Error::Compile { .. })), "{wrong:?}");
}

/// The data files of node tables.
fn data_files(root: &std::path::Path) -> usize {
    let tables = std::fs::read_dir(root.join("nodes")).unwrap();
    tables.map(|table| std::fs::read_dir(table.unwrap().path().join("data")).map_or(0, Iterator::count)).sum()
}
