//! Merges, reverts, cherry-picks and resets: the result of each, and that a repetition changes nothing.

use omnigraph::{
    CommitKind, ConflictKind, ConflictStrategy, EntityOverride, Error, LoadMode, MergeOutcome, MergePolicy, MergeSide,
    Omnigraph, ResolutionQuery, SchemaSource, Target,
};

use crate::support::{branch, change_counts, export, export_rows, fleet, load, memory, merge, mutate};

fn branch_target(branch: &str) -> Target {
    Target::Branch(branch.to_owned())
}

/// Returns the conflicts of a merge of `source` into `main`: kind and entity.
async fn conflicts(graph: &Omnigraph, source: &str, policy: MergePolicy) -> Vec<(ConflictKind, String)> {
    let request = graph.branch("main").merge(source).policy(policy);
    let before = export(graph, "main").await;
    let preview = request.clone().preview().await.unwrap();
    let Error::MergeConflict(found) = request.await.unwrap_err() else { panic!("another error") };
    assert_eq!(preview.conflicts, found.0, "a preview predicts the merge");
    assert_eq!(export(graph, "main").await, before, "nothing is changed");
    found.0.into_iter().map(|it| (it.kind, it.entity_id.unwrap_or_default())).collect()
}

#[tokio::test]
async fn merges_without_new_commits_and_fast_forwards() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
    mutate(&graph, "b", "insert Sailor { handle: \"eve\", rank: 1 }").await.unwrap();
    let done = merge(&graph, "b").await.unwrap();
    assert_eq!(done.outcome, MergeOutcome::FastForward);
    let commit = done.commit.unwrap();
    assert_eq!((commit.kind(), commit.parents().count()), (CommitKind::Merge, 2));
    assert!(done.types.iter().all(|ty| ty.adopted) && done.types.len() == 1);
    assert_eq!((done.types[0].inserted, done.types[0].updated, done.types[0].deleted), (1, 0, 0));
    assert_eq!(export(&graph, "main").await, export(&graph, "b").await);
    let again = merge(&graph, "b").await.unwrap();
    assert_eq!((again.outcome, again.commit.is_none()), (MergeOutcome::AlreadyUpToDate, true));
}

#[tokio::test]
async fn entities_that_both_sides_changed_conflict() {
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
    assert_eq!(error.code(), "OG-MERGE-001");
    assert!(
        error.to_string().starts_with("merge conflicts: node type 'Sailor', entity id 'ana' (divergent_update); "),
        "{error}"
    );
}

#[tokio::test]
async fn an_edge_without_its_node_conflicts() {
    for (deletes, links) in [("b", "main"), ("main", "b")] {
        let graph = fleet(&memory()).await;
        mutate(&graph, "main", "insert Sailor { handle: \"dot\", rank: 1 }").await.unwrap();
        branch(&graph, "b").await;
        mutate(&graph, deletes, "delete Sailor where handle = \"dot\"").await.unwrap();
        let edge = r#"{"edge":"Trusts","from":"ana","to":"dot","data":{"id":"new"}}"#;
        load(&graph, links, LoadMode::Merge, edge).await.unwrap();
        assert_eq!(conflicts(&graph, "b", MergePolicy::Field).await, [(ConflictKind::OrphanEdge, "new".to_owned())]);
        for (side, kept) in [(MergeSide::Ours, links == "main"), (MergeSide::Theirs, links == "b")] {
            let target = format!("into-{kept}");
            graph.create_branch(&target, &branch_target("main")).await.unwrap();
            let choices = ConflictStrategy { default: Some(side), ..ConflictStrategy::default() };
            graph.branch(&target).merge("b").resolve_with(choices).await.unwrap();
            let rows = export_rows(&graph, &target).await;
            assert_eq!(rows.contains("Trusts", "new"), kept, "{side:?}: {rows:?}");
            assert_eq!(rows.contains("Sailor", "dot"), kept, "a kept edge restores its node: {rows:?}");
        }
    }
}

#[tokio::test]
async fn equal_and_disjoint_changes_merge() {
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
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.ids("Sailor"), ["ana", "ben", "cyd"]);
    assert_eq!(rows.value("Sailor", "ben", "rank"), 99);
    let back = rows.rows("Trusts").iter().filter(|edge| edge["from"] == "ben" && edge["to"] == "ana");
    assert_eq!(back.count(), 2, "both edges are kept: {rows:?}");
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
}

#[tokio::test]
async fn a_reverted_change_never_conflicts() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    for rank in [7, 30] {
        mutate(&graph, "b", &format!("update Sailor set {{ rank: {rank} }} where handle = \"ana\"")).await.unwrap();
    }
    mutate(&graph, "main", "update Sailor set { rank: 8 } where handle = \"ana\"").await.unwrap();
    merge(&graph, "b").await.unwrap();
    assert_eq!(export_rows(&graph, "main").await.value("Sailor", "ana", "rank"), 8);
}

#[tokio::test]
async fn merging_back_and_forth_ends() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "b", "insert Sailor { handle: \"eve\" }").await.unwrap();
    mutate(&graph, "main", "insert Sailor { handle: \"fay\" }").await.unwrap();
    merge(&graph, "b").await.unwrap();
    let back = graph.branch("b").merge("main");
    assert_eq!(back.clone().await.unwrap().outcome, MergeOutcome::FastForward);
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
    assert_eq!(back.await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
    assert_eq!(export(&graph, "main").await, export(&graph, "b").await);
}

#[tokio::test]
async fn criss_cross_merges_have_a_virtual_base() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "main", "update Sailor set { rank: 1 } where handle = \"ana\"").await.unwrap();
    mutate(&graph, "b", "update Sailor set { rank: 2 } where handle = \"ben\"").await.unwrap();
    graph.create_branch("main-then", &branch_target("main")).await.unwrap();
    graph.create_branch("b-then", &branch_target("b")).await.unwrap();
    merge(&graph, "b-then").await.unwrap();
    graph.branch("b").merge("main-then").await.unwrap();
    // Both sides change again, and `main` reverts a change of `b`.
    mutate(&graph, "main", "update Sailor set { rank: 25 } where handle = \"ben\"").await.unwrap();
    mutate(&graph, "b", "insert Sailor { handle: \"eve\" }").await.unwrap();
    let bases = graph.merge_bases(&branch_target("main"), &branch_target("b")).await.unwrap();
    assert_eq!(bases.len(), 2);
    let done = merge(&graph, "b").await.unwrap();
    assert_eq!(done.bases.len(), 2);
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.value("Sailor", "ben", "rank"), 25, "the reverted change stays reverted");
    assert_eq!(rows.value("Sailor", "ana", "rank"), 1);
    assert!(rows.contains("Sailor", "eve"));
}

/// Creates a fleet whose branch `b` and `main` conflict on the ranks of ana and ben; `b` has one more harbor.
async fn conflicting_fleet() -> Omnigraph {
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
async fn the_most_specific_choice_wins() {
    let graph = conflicting_fleet().await;
    let entity = |ty: &str, id: &str, take| EntityOverride { ty: ty.to_owned(), id: id.to_owned(), take };
    let choices = ConflictStrategy {
        default: Some(MergeSide::Ours),
        types: [("Sailor".to_owned(), MergeSide::Theirs)].into(),
        entities: vec![entity("Sailor", "ben", MergeSide::Ours), entity("Harbor", "rome", MergeSide::Ours)],
    };
    let done = graph.branch("main").merge("b").resolve_with(choices).await.unwrap();
    assert_eq!(done.outcome, MergeOutcome::Merged);
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.value("Sailor", "ana", "rank"), 1);
    assert_eq!(rows.value("Sailor", "ben", "rank"), 2);
    assert!(!rows.contains("Harbor", "rome"), "an override of an entity holds without a conflict too");
    let choices =
        ConflictStrategy { entities: vec![entity("Sailor", "nobody", MergeSide::Ours)], ..ConflictStrategy::default() };
    mutate(&graph, "b", "insert Sailor { handle: \"eve\" }").await.unwrap();
    mutate(&graph, "main", "insert Sailor { handle: \"fay\" }").await.unwrap();
    let error = graph.branch("main").merge("b").resolve_with(choices).await.unwrap_err();
    assert!(error.to_string().contains("Sailor 'nobody', which neither side changed"), "{error}");
}

#[tokio::test]
async fn a_commit_is_reverted_and_cherry_picked() {
    let graph = fleet(&memory()).await;
    let before = export(&graph, "main").await;
    branch(&graph, "b").await;
    let change = "update Sailor set { rank: 77 } where handle = \"ana\" insert Sailor { handle: \"eve\" }";
    let bad = mutate(&graph, "main", change).await.unwrap().commit.unwrap();
    let after = export(&graph, "main").await;
    mutate(&graph, "main", "insert Harbor { code: \"rome\" }").await.unwrap();
    let (main, other, bad) = (graph.branch("main"), graph.branch("b"), bad.id());

    let undone = main.revert(bad.to_string()).await.unwrap().commit.unwrap();
    assert_eq!((undone.kind(), undone.source(), undone.parents().count()), (CommitKind::Revert, Some(bad), 1));
    let rows = export(&graph, "main").await;
    assert_eq!(
        rows.replace(r#"{"type":"Harbor","data":{"id":"rome","code":"rome"}}"#, "").replace("\n\n", "\n"),
        before
    );
    let again = main.revert(bad.to_string()).await.unwrap();
    assert_eq!((again.outcome, again.commit.is_none()), (MergeOutcome::AlreadyUpToDate, true));

    let done = other.cherry_pick(bad.to_string()).await.unwrap();
    assert_eq!(done.commit.unwrap().kind(), CommitKind::CherryPick);
    assert_eq!(export(&graph, "b").await, after);

    mutate(&graph, "b", "update Sailor set { rank: 78 } where handle = \"ana\"").await.unwrap();
    let Error::MergeConflict(found) = other.revert(bad.to_string()).await.unwrap_err() else { panic!("another error") };
    assert_eq!(found.0[0].kind, ConflictKind::DivergentUpdate);
    let mut first = main.head().await.unwrap();
    while let Some(parent) = graph.parent(&first).await.unwrap() {
        first = parent;
    }
    assert!(matches!(other.revert(first.id().to_string()).await, Err(Error::NoParent { .. })));
}

#[tokio::test]
async fn a_reset_is_a_commit_and_keeps_history() {
    let graph = fleet(&memory()).await;
    let (before, old) = (export(&graph, "main").await, graph.commit(&branch_target("main")).await.unwrap());
    mutate(&graph, "main", "delete Sailor where handle = \"ana\"").await.unwrap();
    let deleted = graph.commit(&branch_target("main")).await.unwrap();
    let old_state = Target::Commit(old.id().to_string());
    let reset = graph.as_actor("ada").reset_branch("main", &old_state).await.unwrap();
    assert_eq!((reset.kind(), reset.source(), reset.actor()), (CommitKind::Reset, Some(old.id()), Some("ada")));
    let tables = graph.snapshot(Target::Commit(reset.id().to_string())).await.unwrap().tables();
    assert_eq!(tables, graph.snapshot(old_state).await.unwrap().tables());
    assert_eq!(reset.parents().collect::<Vec<_>>(), [deleted.id()]);
    let counts = change_counts(&graph, &reset).await;
    assert_eq!(counts, [(1, 0, 0), (1, 0, 0), (1, 0, 0)], "the node and its two edges exist again");
    assert_eq!(export(&graph, "main").await, before);
    mutate(&graph, "main", "insert Sailor { handle: \"eve\" }").await.unwrap();
    assert_ne!(export(&graph, "main").await, before);
}

#[tokio::test]
async fn large_fragments_of_the_source_are_reused() {
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
    let choices = ConflictStrategy { default: Some(MergeSide::Ours), ..ConflictStrategy::default() };
    let before = data_files(folder.path());
    let done = graph.branch("main").merge("b").resolve_with(choices).await.unwrap();
    assert_eq!(done.types.iter().map(|ty| ty.inserted).sum::<u64>(), 4999);
    assert_eq!(data_files(folder.path()), before, "rows are not copied");
    let cold = Omnigraph::open(&location).await.unwrap();
    for (open, sailors) in [(graph, 5002), (cold, 5001)] {
        let rows = export_rows(&open, "main").await;
        let ids = rows.ids("Sailor");
        assert_eq!(ids.len(), sailors);
        assert_eq!(ids.iter().filter(|id| **id == "s0007").count(), 1);
        assert_eq!(rows.value("Sailor", "ben", "rank"), 99);
        assert_eq!(rows.value("Sailor", "s0008", "rank"), 8);
        // Rows of a reused fragment are found by id like others.
        mutate(&open, "main", "delete Sailor where handle = \"s0100\"").await.unwrap();
        assert!(!export_rows(&open, "main").await.contains("Sailor", "s0100"));
    }
}

const RULES: &str = "\
node Sailor { handle: String @key  mail: String? @unique }
node Boat { name: String @key }
edge Steers: Sailor -> Boat @card(0..1)
";

#[tokio::test]
async fn a_merge_can_violate_constraints_that_both_sides_satisfy() {
    let graph = Omnigraph::create(memory(), SchemaSource::new("rules.pg", RULES)).await.unwrap();
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
    // An override of the entity resolves the conflict.
    let entity = EntityOverride { ty: "Sailor".to_owned(), id: "ben".to_owned(), take: MergeSide::Ours };
    let choices = ConflictStrategy { entities: vec![entity], ..ConflictStrategy::default() };
    let done = graph.branch("main").merge("mails").resolve_with(choices).await.unwrap();
    assert_eq!(done.outcome, MergeOutcome::Merged);
    assert!(!export_rows(&graph, "main").await.contains("Sailor", "ben"));
}

#[tokio::test]
async fn every_violation_names_its_entity() {
    let graph = Omnigraph::create(memory(), SchemaSource::new("rules.pg", RULES)).await.unwrap();
    mutate(
        &graph,
        "main",
        "insert Boat { name: \"one\" } insert Boat { name: \"two\" } insert Sailor { handle: \"ana\" }",
    )
    .await
    .unwrap();
    branch(&graph, "b").await;
    // Many rows, so that the merge reuses the fragments of the branch.
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

/// Merges `b` into `main` with a resolving mutation.
async fn resolve(graph: &Omnigraph, statements: &str) -> omnigraph::Result<omnigraph::MergeReceipt> {
    let source = format!("query resolve() {{ {statements} }}");
    let resolution = ResolutionQuery { source, file: "resolve.gq".to_owned(), ..ResolutionQuery::default() };
    let request = graph.branch("main").merge("b").resolve_by_mutation(resolution);
    let preview = request.clone().preview().await?;
    let done = request.await;
    match &done {
        Ok(done) => assert_eq!((&preview.types, &preview.resolved), (&done.types, &done.resolved)),
        Err(Error::MergeConflict(found)) => assert_eq!(preview.conflicts, found.0),
        Err(_) => {}
    }
    done
}

#[tokio::test]
async fn a_resolving_mutation_decides_the_rows_that_it_writes() {
    let graph = conflicting_fleet().await;
    let before = export(&graph, "main").await;
    let Error::MergeConflict(left) =
        resolve(&graph, "update Sailor set { rank: rank + 10 } where handle = \"ana\"").await.unwrap_err()
    else {
        panic!("another error")
    };
    assert_eq!(left.0.iter().map(|it| it.entity_id.as_deref()).collect::<Vec<_>>(), [Some("ben")]);
    assert_eq!(export(&graph, "main").await, before, "nothing is changed");
    // It reads the merged rows, and the rows of the target for conflicts.
    let mutation =
        "update Sailor set { rank: rank + 10 } where rank = 2 insert BasedAt { from: \"ana\", to: \"rome\" }";
    let done = resolve(&graph, mutation).await.unwrap();
    let resolved = done.resolved.unwrap();
    assert_eq!((resolved.query_name.as_str(), resolved.affected_nodes, resolved.affected_edges), ("resolve", 2, 1));
    assert_eq!(done.commit.unwrap().parents().count(), 2, "it is one commit");
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.rows("Sailor").iter().filter(|row| row["rank"] == 12).count(), 2, "{rows:?}");
    assert!(rows.contains("Harbor", "rome"));
    assert_eq!(rows.rows("BasedAt").iter().filter(|edge| edge["from"] == "ana" && edge["to"] == "rome").count(), 1);
    assert_eq!(merge(&graph, "b").await.unwrap().outcome, MergeOutcome::AlreadyUpToDate);
}

#[tokio::test]
async fn a_resolving_mutation_can_repair_a_violation() {
    let graph = Omnigraph::create(memory(), SchemaSource::new("rules.pg", RULES)).await.unwrap();
    branch(&graph, "b").await;
    mutate(&graph, "b", "insert Sailor { handle: \"ben\", mail: \"m\" }").await.unwrap();
    mutate(&graph, "main", "insert Sailor { handle: \"cyd\", mail: \"m\" }").await.unwrap();
    assert_eq!(conflicts(&graph, "b", MergePolicy::Field).await, [(ConflictKind::UniqueViolation, "ben".to_owned())]);
    let refused = resolve(&graph, "insert Sailor { handle: \"dot\", mail: \"m\" }").await.unwrap_err();
    assert_eq!(refused.code(), "OG-MERGE-001");
    let done = resolve(&graph, "update Sailor set { mail: \"other\" } where handle = \"ben\"").await.unwrap();
    let counts = change_counts(&graph, &done.commit.unwrap()).await;
    assert_eq!(counts, [(1, 0, 0)], "a row that both the merge and the mutation write is counted once");
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.value("Sailor", "ben", "mail"), "other");
    assert_eq!(rows.value("Sailor", "cyd", "mail"), "m");
}

#[tokio::test]
async fn a_resolving_mutation_can_write_to_a_swapped_table() {
    let graph = fleet(&memory()).await;
    branch(&graph, "b").await;
    mutate(&graph, "b", "insert Sailor { handle: \"eve\", rank: 1 } delete Sailor where handle = \"ben\"")
        .await
        .unwrap();
    let done = resolve(&graph, "update Sailor set { rank: 5 } where handle = \"eve\" delete Harbor where code != \"\"")
        .await
        .unwrap();
    assert_eq!(done.outcome, MergeOutcome::Merged, "the result differs from the source");
    let counts = change_counts(&graph, &done.commit.unwrap()).await;
    let inserting: Vec<_> = counts.into_iter().filter(|(inserted, ..)| *inserted > 0).collect();
    assert_eq!(inserting, [(1, 0, 1)]);
    let rows = export_rows(&graph, "main").await;
    assert_eq!(rows.ids("Sailor"), ["ana", "eve"]);
    assert_eq!(rows.value("Sailor", "eve", "rank"), 5);
    assert_eq!((rows.rows("Harbor").len(), rows.rows("BasedAt").len(), rows.rows("Trusts").len()), (0, 0, 0));
    // A mutation that matches no row changes nothing.
    mutate(&graph, "b", "insert Sailor { handle: \"fay\" }").await.unwrap();
    let done = resolve(&graph, "update Sailor set { rank: 5 } where handle = \"nobody\"").await.unwrap();
    assert_eq!(done.resolved.unwrap().affected_nodes, 0);
    mutate(&graph, "b", "insert Sailor { handle: \"gus\" }").await.unwrap();
    let wrong = resolve(&graph, "update Sailor set { speed: 5 }").await;
    assert!(matches!(wrong, Err(Error::Compile { .. })), "{wrong:?}");
}

/// Counts the data files of node tables.
fn data_files(root: &std::path::Path) -> usize {
    let tables = std::fs::read_dir(root.join("nodes")).unwrap();
    tables.map(|table| std::fs::read_dir(table.unwrap().path().join("data")).map_or(0, Iterator::count)).sum()
}
