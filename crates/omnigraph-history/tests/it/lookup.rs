//! Commits by id and along the history, on existing and deleted branches.

use std::sync::Arc;

use futures::TryStreamExt;
use omnigraph_history::{CommitId, CommitRecord, Error, GraphLog};
use omnigraph_storage::{RequestVerb, Store};

use crate::fixtures::{commit, commits, create, fork, history, main};
use crate::test_location::{TestLocation, key};

/// Finds a commit with a new handle. Returns it with the requests.
async fn found_cold(site: &TestLocation, id: CommitId) -> (Arc<CommitRecord>, String) {
    let log = GraphLog::open(site.open()).await.unwrap();
    let before = log.store().counts();
    let record = log.commit_by_id(id).await.unwrap();
    (record, (log.store().counts() - before).to_string())
}

#[tokio::test]
async fn a_commit_is_found_by_id_on_any_branch() {
    for (_, site) in TestLocation::both_stores() {
        let site = site();
        let log = create(site.open()).await.unwrap();
        commits(&log, 5).await;
        let trunk = main(&log).await;
        let head = log.head(&trunk).await.unwrap().record;
        let live = commit(&log, &fork(&log, "live", head.reference()).await).await;
        let deleted = commit(&log, &fork(&log, "deleted", head.reference()).await).await;
        log.delete_branch("deleted").await.unwrap();
        for (record, cost) in [(&head, "get 1"), (&live, "get 1, list 1"), (&deleted, "get 1, list 1")] {
            let (found, paid) = found_cold(&site, record.commit).await;
            assert_eq!((&found, paid.as_str()), (record, cost));
        }
        let before = log.store().counts();
        assert_eq!(log.commit_by_id(deleted.commit).await.unwrap(), deleted);
        assert_eq!((log.store().counts() - before).total(), 0, "a known branch needs no listing");

        for (sequence, branch) in [(99, trunk.id), (0, live.branch), (1, live.branch), (3, head.branch)] {
            let id = CommitId::mint(1_000, branch, sequence);
            let error = log.commit_by_id(id).await.unwrap_err();
            assert!(matches!(error, Error::CommitNotFound { .. }), "no commit has this id: {error}");
        }
    }
}

#[tokio::test]
async fn history_crosses_forks() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    commits(&log, 3).await;
    let trunk = main(&log).await;
    let base = log.head(&trunk).await.unwrap().record;
    let one = fork(&log, "one", base.reference()).await;
    assert_eq!(history(&log, &one).await, history(&log, &trunk).await, "without own commits");
    let first = commit(&log, &one).await;
    commits(&log, 2).await;
    let two = fork(&log, "two", first.reference()).await;
    let second = commit(&log, &two).await;
    log.delete_branch("one").await.unwrap();

    let cold = GraphLog::open(site.open()).await.unwrap();
    let walked = history(&cold, &two).await;
    assert_eq!(walked[..3], [second, first, base]);
    assert_eq!(walked.iter().map(|record| record.generation).collect::<Vec<_>>(), [6, 5, 4, 3, 2, 1]);
    assert_eq!(walked.iter().map(|record| record.sequence).collect::<Vec<_>>(), [0, 0, 3, 2, 1, 0]);
}

#[tokio::test]
async fn history_reads_only_what_it_returns() {
    let site = TestLocation::memory();
    commits(&create(site.open()).await.unwrap(), 20).await;
    let log = GraphLog::open(site.open()).await.unwrap();
    let head = log.head(&main(&log).await).await.unwrap().record;
    let fresh = GraphLog::open(site.open()).await.unwrap();
    let before = fresh.store().counts();
    let mut walk = std::pin::pin!(fresh.history(head));
    for _ in 0..4 {
        walk.try_next().await.unwrap().unwrap();
    }
    assert_eq!((fresh.store().counts() - before).to_string(), "get 3", "the caller passed the first");
}

async fn overwrite(store: &Store, name: &str, content: Vec<u8>) {
    store.put(&key(name), content.into()).await.unwrap();
}

#[tokio::test]
async fn inconsistent_parents_are_damage() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    commits(&log, 3).await;
    let trunk = main(&log).await;
    let records = history(&log, &trunk).await;
    let record_key = omnigraph_history::layout::commit(trunk.id, 1);
    // Valid by itself, but another commit than the parent of its child.
    let mut other = records[2].as_ref().clone();
    other.commit = CommitId::mint(9_000_000, trunk.id, 1);
    overwrite(log.store(), &record_key, serde_json::to_vec(&other).unwrap()).await;
    let cold = GraphLog::open(site.open()).await.unwrap();
    let head = cold.head(&trunk).await.unwrap().record;
    let walked: Result<Vec<_>, _> = cold.history(head.clone()).try_collect().await;
    assert!(matches!(walked, Err(Error::Damaged { object, .. }) if object == record_key));

    // A parent with a greater generation than its child could make a walk endless.
    let mut late = records[2].as_ref().clone();
    late.generation = 77;
    overwrite(log.store(), &record_key, serde_json::to_vec(&late).unwrap()).await;
    let cold = GraphLog::open(site.open()).await.unwrap();
    let walked: Result<Vec<_>, _> = cold.history(head).try_collect().await;
    assert!(matches!(walked, Err(Error::Damaged { problem, .. }) if problem == "generation 3 after 77"));
}

#[tokio::test]
async fn a_branch_starts_only_from_an_existing_commit() {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let head = log.head(&main(&log).await).await.unwrap().record;
    let mut from = head.reference();
    from.commit = CommitId::mint(1, from.branch, 0);
    let request = |from| omnigraph_history::CreateBranch { name: "b".to_owned(), from, actor: None };
    assert_eq!(log.create_branch(request(from)).await.unwrap_err().code(), "OG-GRAPH-004");
    (from.sequence, from.commit) = (1, CommitId::mint(1, from.branch, 1));
    assert_eq!(log.create_branch(request(from)).await.unwrap_err().code(), "OG-GRAPH-004");
    let before = log.store().counts();
    fork(&log, "b", head.reference()).await;
    assert_eq!((log.store().counts() - before).count(RequestVerb::Get), 0);
    assert_eq!((log.store().counts() - before).total(), 1, "one put");
}

#[tokio::test]
async fn a_name_created_again_is_another_branch() {
    let site = TestLocation::folder();
    let log = create(site.open()).await.unwrap();
    let head = log.head(&main(&log).await).await.unwrap().record;
    let old = fork(&log, "a/b", head.reference()).await;
    fork(&log, "a", head.reference()).await;
    fork(&log, "A", head.reference()).await;
    let before = commit(&log, &old).await;
    assert_eq!(log.delete_branch("a/b").await.unwrap(), old);
    assert_eq!(log.delete_branch("a/b").await.unwrap_err().code(), "OG-BRANCH-001");
    assert_eq!(log.delete_branch("main").await.unwrap_err().code(), "OG-BRANCH-004");
    let new = fork(&log, "a/b", head.reference()).await;
    assert_ne!(new.id, old.id);
    assert_eq!(log.head(&new).await.unwrap().record, head, "no commit of the old branch is visible");
    assert_eq!(log.commit_by_id(before.commit).await.unwrap(), before);
    let names: Vec<_> = log.branches().await.unwrap().iter().map(|branch| branch.name.clone()).collect();
    assert_eq!(names, ["A", "a", "a/b", "main"]);
}

#[tokio::test]
async fn a_listing_skips_foreign_objects_and_rejects_damaged_ones() {
    let site = TestLocation::folder();
    let log = create(site.open()).await.unwrap();
    let head = log.head(&main(&log).await).await.unwrap().record;
    fork(&log, "a", head.reference()).await;
    for foreign in ["Thumbs.db", "b.json~", "%zz.json", "B.json", "deep/c.json"] {
        overwrite(log.store(), &format!("__graph/branches/{foreign}"), b"?".to_vec()).await;
    }
    assert_eq!(log.branches().await.unwrap().len(), 2);
    let bytes = log.store().read(&key("__graph/branches/a.json")).await.unwrap().unwrap();
    overwrite(log.store(), "__graph/branches/b.json", bytes.to_vec()).await;
    let error = log.branches().await.unwrap_err();
    assert!(error.to_string().contains("whose key is __graph/branches/a.json"), "{error}");
    assert_eq!(log.branch("b").await.unwrap_err().code(), "OG-GRAPH-004");
}

#[tokio::test]
async fn no_hint_changes_the_head() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    commits(&log, 40).await;
    let trunk = main(&log).await;
    let head = log.head(&trunk).await.unwrap().record;
    let fork = fork(&log, "empty", head.reference()).await;
    for content in ["", "no number", "0", "31", "40", "41", "18446744073709551615", "-1"] {
        for branch in [&trunk, &fork] {
            let hint = format!("__graph/log/{}/hint", branch.id);
            overwrite(log.store(), &hint, content.as_bytes().to_vec()).await;
            let cold = GraphLog::open(site.open()).await.unwrap();
            assert_eq!(cold.head(branch).await.unwrap().record, head, "hint {content:?}");
        }
    }
    log.store().delete(&key(&format!("__graph/log/{}/hint", trunk.id))).await.unwrap();
    assert_eq!(GraphLog::open(site.open()).await.unwrap().head(&trunk).await.unwrap().record, head);
}
