//! Random branches, commits and lookups, against a model that is a map of lists. Two handles take turns, so each sees the
//! changes of the other.

use std::collections::BTreeMap;

use omnigraph_history::{BranchId, CommitId, CommitRef, CreateBranch, Error, GraphLog};
use proptest::prelude::*;

use crate::fixtures::{commit, create, history, main};
use crate::test_location::TestLocation;

const NAMES: [&str; 5] = ["main", "a", "a/b", "A", "ünder way"];

#[derive(Clone, Debug)]
enum HistoryModelStep {
    /// A branch `name` from the commit that is `back` before the head of `from`.
    Create {
        from: usize,
        back: usize,
        name: usize,
    },
    Delete {
        name: usize,
    },
    Publish {
        name: usize,
    },
    /// The whole history of a branch.
    History {
        name: usize,
    },
    /// Any commit so far.
    Lookup {
        commit: usize,
    },
}

fn step() -> impl Strategy<Value = HistoryModelStep> {
    let name = 0..NAMES.len();
    prop_oneof![
        2 => (name.clone(), 0..4_usize, name.clone()).prop_map(|(from, back, name)| HistoryModelStep::Create { from, back, name }),
        1 => name.clone().prop_map(|name| HistoryModelStep::Delete { name }),
        5 => name.clone().prop_map(|name| HistoryModelStep::Publish { name }),
        2 => name.prop_map(|name| HistoryModelStep::History { name }),
        1 => any::<usize>().prop_map(|commit| HistoryModelStep::Lookup { commit }),
    ]
}

/// The expected branches: for each name its id and its history, oldest first.
#[derive(Default)]
struct HistoryModel {
    branches: BTreeMap<&'static str, (BranchId, Vec<CommitRef>)>,
    ever: Vec<CommitRef>,
}

impl HistoryModel {
    async fn take(&mut self, log: &GraphLog, step: HistoryModelStep) {
        match step {
            HistoryModelStep::Create { from, back, name } => self.create(log, from, back, NAMES[name]).await,
            HistoryModelStep::Delete { name } => self.delete(log, NAMES[name]).await,
            HistoryModelStep::Publish { name } => {
                let Some((id, commits)) = self.branches.get_mut(NAMES[name]) else { return };
                let branch = log.branch(NAMES[name]).await.unwrap();
                assert_eq!(branch.id, *id);
                let record = commit(log, &branch).await;
                assert_eq!(record.parents, [*commits.last().unwrap()]);
                commits.push(record.reference());
                self.ever.push(record.reference());
            }
            HistoryModelStep::History { name } => self.check(log, NAMES[name]).await,
            HistoryModelStep::Lookup { commit } => {
                let at = self.ever[commit % self.ever.len()];
                assert_eq!(log.commit_by_id(at.commit).await.unwrap().reference(), at);
            }
        }
    }

    async fn create(&mut self, log: &GraphLog, from: usize, back: usize, name: &'static str) {
        let Some((_, commits)) = self.branches.get(NAMES[from]) else { return };
        let start = commits.len() - back.min(commits.len() - 1);
        let commits = commits[..start].to_vec();
        let request = CreateBranch { name: name.to_owned(), from: *commits.last().unwrap(), actor: None };
        match log.create_branch(request).await {
            Ok(record) => {
                let existing = self.branches.insert(name, (record.id, commits));
                assert!(existing.is_none(), "'{name}' existed");
            }
            Err(Error::BranchExists { .. }) => assert!(self.branches.contains_key(name)),
            Err(other) => panic!("{other}"),
        }
    }

    async fn delete(&mut self, log: &GraphLog, name: &'static str) {
        match log.delete_branch(name).await {
            Ok(record) => assert_eq!(self.branches.remove(name).unwrap().0, record.id),
            Err(Error::ProtectedBranch { .. }) => assert_eq!(name, "main"),
            Err(Error::BranchNotFound { .. }) => assert!(!self.branches.contains_key(name)),
            Err(other) => panic!("{other}"),
        }
    }

    async fn check(&self, log: &GraphLog, name: &str) {
        match (log.branch(name).await, self.branches.get(name)) {
            (Ok(branch), Some((_, commits))) => {
                let found: Vec<_> = history(log, &branch).await.iter().rev().map(|record| record.reference()).collect();
                assert_eq!(&found, commits);
            }
            (Err(Error::BranchNotFound { .. }), None) => {}
            (found, expected) => panic!("found {found:?}, expected {expected:?}"),
        }
    }

    async fn check_all(&self, log: &GraphLog) {
        let found: Vec<_> = log.branches().await.unwrap().iter().map(|b| (b.name.clone(), b.id)).collect();
        let expected: Vec<_> = self.branches.iter().map(|(name, (id, _))| ((*name).to_owned(), *id)).collect();
        assert_eq!(found, expected);
        for name in NAMES {
            self.check(log, name).await;
        }
        let ids: std::collections::BTreeSet<CommitId> = self.ever.iter().map(|at| at.commit).collect();
        assert_eq!(ids.len(), self.ever.len(), "two commits share an id");
        for at in &self.ever {
            assert_eq!(log.commit_by_id(at.commit).await.unwrap().reference(), *at);
        }
    }
}

async fn play(steps: Vec<(bool, HistoryModelStep)>) {
    let site = TestLocation::memory();
    let one = create(site.open()).await.unwrap();
    let two = GraphLog::open(site.open()).await.unwrap();
    let trunk = main(&one).await;
    let first = one.head(&trunk).await.unwrap().record.reference();
    let mut model = HistoryModel { branches: BTreeMap::from([("main", (trunk.id, vec![first]))]), ever: vec![first] };
    for (turn, step) in steps {
        model.take(if turn { &one } else { &two }, step).await;
    }
    let cold = GraphLog::open(site.open()).await.unwrap();
    for log in [&one, &two, &cold] {
        model.check_all(log).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_history_is_a_map_of_lists(steps in prop::collection::vec((any::<bool>(), step()), 1..60)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(play(steps));
    }
}
