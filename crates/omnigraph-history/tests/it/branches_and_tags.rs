//! Tags, renames and time travel.

use omnigraph_history::{CreateBranch, CreateTag, Error, GraphLog, layout};

use crate::fixtures::{commit, commits, create, fork, history, main};
use crate::test_location::{TestLocation, key};

#[tokio::test]
async fn a_tag_names_a_commit_until_it_is_deleted() {
    let site = TestLocation::folder();
    let log = create(site.open()).await.unwrap();
    commits(&log, 2).await;
    let head = log.head(&main(&log).await).await.unwrap().record;
    let request = |name: &str| CreateTag { name: name.to_owned(), commit: head.reference(), actor: None };
    log.create_tag(request("v1/Ä")).await.unwrap();
    commits(&log, 1).await;
    assert!(matches!(log.create_tag(request("v1/Ä")).await, Err(Error::TagExists { .. })));
    let cold = GraphLog::open(site.open()).await.unwrap();
    assert_eq!(cold.tag("v1/Ä").await.unwrap().commit, head.reference());
    assert_eq!(cold.tags().await.unwrap().len(), 1);
    let of_id = cold.create_tag(request(&head.commit.to_string())).await.unwrap_err();
    assert!(of_id.to_string().contains("has the form of a commit id"), "{of_id}");
    cold.delete_tag("v1/Ä").await.unwrap();
    assert!(matches!(log.tag("v1/Ä").await, Err(Error::TagNotFound { .. })));
    assert!(matches!(log.delete_tag("v1/Ä").await, Err(Error::TagNotFound { .. })));
}

#[tokio::test]
async fn a_renamed_branch_keeps_its_id_and_its_commits() {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let root = log.head(&main(&log).await).await.unwrap().record;
    let old = fork(&log, "old", root.reference()).await;
    let made = commit(&log, &old).await;
    fork(&log, "taken", root.reference()).await;
    assert!(matches!(log.rename_branch("old", "taken").await, Err(Error::BranchExists { .. })));
    assert!(matches!(log.rename_branch("old", "main").await, Err(Error::BranchExists { .. })));
    assert!(matches!(log.rename_branch("main", "new").await, Err(Error::ProtectedBranch { .. })));
    assert!(matches!(log.rename_branch("none", "new").await, Err(Error::BranchNotFound { .. })));
    let new = log.rename_branch("old", "new").await.unwrap();
    assert_eq!((new.id, new.forked_from), (old.id, old.forked_from));
    assert_eq!(log.head(&new).await.unwrap().record, made);
    assert!(matches!(log.branch("old").await, Err(Error::BranchNotFound { .. })));
    let back = log.rename_branch("new", "old").await.unwrap();
    assert_eq!((back.id, back.renames), (old.id, 2));
}

/// Each next operation repairs the stale name of an interrupted rename.
#[tokio::test]
async fn the_next_operation_repairs_an_interrupted_rename() {
    for next in ["rename again", "rename on", "delete", "create"] {
        let log = create(TestLocation::memory().open()).await.unwrap();
        let root = log.head(&main(&log).await).await.unwrap().record;
        let old = fork(&log, "old", root.reference()).await;
        commit(&log, &old).await;
        let old_key = layout::branch("old").unwrap();
        let bytes = log.store().read(&old_key).await.unwrap().unwrap();
        let new = log.rename_branch("old", "new").await.unwrap();
        log.store().put(&old_key, bytes).await.unwrap();

        let names = async || log.branches().await.unwrap().iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        assert_eq!(names().await, ["main", "new"], "both objects are one branch");
        let through_old = commit(&log, &log.branch("old").await.unwrap()).await;
        assert_eq!(log.head(&new).await.unwrap().record, through_old, "both names lead to one log");
        match next {
            "rename again" => assert_eq!(log.rename_branch("old", "new").await.unwrap(), new),
            "rename on" => drop(log.rename_branch("new", "newer").await.unwrap()),
            "delete" => drop(log.delete_branch("new").await.unwrap()),
            _ => {
                let request = CreateBranch { name: "old".to_owned(), from: root.reference(), actor: None };
                let created = log.create_branch(request).await.unwrap();
                assert_ne!(created.id, new.id);
            }
        }
        let left = log.store().read(&old_key).await.unwrap();
        assert_eq!(left.is_some(), next == "create", "after '{next}'");
        let expected: &[&str] = match next {
            "rename again" => &["main", "new"],
            "rename on" => &["main", "newer"],
            "delete" => &["main"],
            _ => &["main", "new", "old"],
        };
        assert_eq!(names().await, expected, "after '{next}'");
    }
}

#[tokio::test]
async fn equal_rename_counts_choose_the_lesser_name() {
    let log = create(TestLocation::memory().open()).await.unwrap();
    let root = log.head(&main(&log).await).await.unwrap().record;
    fork(&log, "old", root.reference()).await;
    let b = log.rename_branch("old", "b").await.unwrap();
    for rival in ["a", "c"] {
        let mut other = (*b).clone();
        rival.clone_into(&mut other.name);
        let bytes = serde_json::to_vec(&other).unwrap();
        log.store().put(&key(&format!("__graph/branches/{rival}.json")), bytes.into()).await.unwrap();
    }
    let names: Vec<_> = log.branches().await.unwrap().iter().map(|it| it.name.clone()).collect();
    assert_eq!(names, ["a", "main"]);
}

#[tokio::test]
async fn a_commit_is_found_by_time_across_forks() {
    let site = TestLocation::memory();
    let log = create(site.open()).await.unwrap();
    commits(&log, 40).await;
    let trunk = main(&log).await;
    let base = log.head(&trunk).await.unwrap().record;
    let side = fork(&log, "side", base.reference()).await;
    let mut last = base.clone();
    for _ in 0..20 {
        last = commit(&log, &side).await;
    }
    commits(&log, 5).await;
    let all = history(&log, &side).await;
    for (newer, older) in all.iter().zip(&all[1..]) {
        assert!(newer.authored_at > older.authored_at, "the seeded clock advances");
        for (time, expected) in [(older.authored_at, older), (newer.authored_at - 1, older), (newer.authored_at, newer)]
        {
            assert_eq!(&log.commit_at_time(last.clone(), time).await.unwrap(), expected);
        }
    }
    assert_eq!(log.commit_at_time(last.clone(), i64::MAX).await.unwrap(), last);
    let before = log.commit_at_time(last.clone(), 0).await.unwrap_err();
    assert!(matches!(before, Error::TimeBeforeHistory { first, .. } if first == all[60].authored_at));
    let cold = GraphLog::open(site.open()).await.unwrap();
    let head = cold.head(&side).await.unwrap().record;
    let count = cold.store().counts();
    cold.commit_at_time(head, all[50].authored_at).await.unwrap();
    let reads = (cold.store().counts() - count).total();
    assert!(reads <= 12, "{reads} reads");
}
