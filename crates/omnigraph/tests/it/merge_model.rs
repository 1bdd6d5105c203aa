//! Random histories of writes, branches, merges, reverts, cherry-picks and resets, compared with a model that merges maps.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph::{ConflictStrategy, Error, LoadMode, MergePolicy, MergeSide, Omnigraph, SchemaSource, Target};
use proptest::prelude::*;

use crate::support::{load, memory, mutate};

const SCHEMA: &str = "\
node Item { key: String @key  a: I64  b: I64 }
edge Link: Item -> Item { tag: String  w: I64 }
";

/// A node's two values, or an edge's endpoints and value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ModelRow {
    Item(i64, i64),
    Link(String, String, i64),
}

type ModelState = BTreeMap<String, ModelRow>;

#[derive(Clone, Debug)]
enum ModelStep {
    Branch { from: usize },
    Put { on: usize, key: u8, a: Option<i64>, b: Option<i64> },
    Link { on: usize, id: u8, from: u8, to: u8, w: i64 },
    Delete { on: usize, key: u8 },
    Unlink { on: usize, id: u8 },
    Merge { source: usize, target: usize, side: bool },
    Pick { commit: usize, on: usize, revert: bool },
    Reset { on: usize, to: usize },
}

fn step() -> impl Strategy<Value = ModelStep> {
    let on = 0..4_usize;
    let small = || prop::option::of(0..3_i64);
    prop_oneof![
        1 => on.clone().prop_map(|from| ModelStep::Branch { from }),
        6 => (on.clone(), 0..5_u8, small(), small()).prop_map(|(on, key, a, b)| ModelStep::Put { on, key, a, b }),
        3 => (on.clone(), 0..4_u8, 0..5_u8, 0..5_u8, 0..3_i64)
            .prop_map(|(on, id, from, to, w)| ModelStep::Link { on, id, from, to, w }),
        2 => (on.clone(), 0..5_u8).prop_map(|(on, key)| ModelStep::Delete { on, key }),
        1 => (on.clone(), 0..4_u8).prop_map(|(on, id)| ModelStep::Unlink { on, id }),
        4 => (on.clone(), on.clone(), any::<bool>())
            .prop_map(|(source, target, side)| ModelStep::Merge { source, target, side }),
        1 => (any::<usize>(), on.clone(), any::<bool>())
            .prop_map(|(commit, on, revert)| ModelStep::Pick { commit, on, revert }),
        1 => (on, any::<usize>()).prop_map(|(on, to)| ModelStep::Reset { on, to }),
    ]
}

/// A commit of the model.
#[derive(Clone)]
struct ModelCommit {
    id: String,
    state: ModelState,
    parents: Vec<usize>,
}

struct MergeModel {
    graph: Omnigraph,
    commits: Vec<ModelCommit>,
    /// Name and newest commit.
    branches: Vec<(String, usize)>,
}

/// Merges one entity; an error is a conflict.
fn merge_rows(
    base: Option<&ModelRow>,
    ours: Option<&ModelRow>,
    theirs: Option<&ModelRow>,
) -> Result<Option<ModelRow>, ()> {
    if ours == theirs || theirs == base {
        return Ok(ours.cloned());
    }
    if ours == base {
        return Ok(theirs.cloned());
    }
    let one = |base: i64, ours: i64, theirs: i64| match (ours == base, theirs == base, ours == theirs) {
        (_, _, true) | (_, true, _) => Ok(ours),
        (true, ..) => Ok(theirs),
        _ => Err(()),
    };
    match (base, ours, theirs) {
        (Some(ModelRow::Item(a, b)), Some(ModelRow::Item(c, d)), Some(ModelRow::Item(e, f))) => {
            Ok(Some(ModelRow::Item(one(*a, *c, *e)?, one(*b, *d, *f)?)))
        }
        (Some(ModelRow::Link(a, b, v)), Some(ModelRow::Link(c, d, w)), Some(ModelRow::Link(e, f, x))) => {
            let (base, ours, theirs) = ((a, b), (c, d), (e, f));
            let ends = match (ours == base, theirs == base, ours == theirs) {
                (_, _, true) | (_, true, _) => ours,
                (true, ..) => theirs,
                _ => return Err(()),
            };
            Ok(Some(ModelRow::Link(ends.0.clone(), ends.1.clone(), one(*v, *w, *x)?)))
        }
        _ => Err(()),
    }
}

/// Merges three states; `None` if an entity conflicts or an edge loses an endpoint.
fn three_way(base: &ModelState, ours: &ModelState, theirs: &ModelState) -> Option<ModelState> {
    let keys: BTreeSet<&String> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    let mut result = ModelState::new();
    for key in keys {
        if let Some(row) = merge_rows(base.get(key), ours.get(key), theirs.get(key)).ok()? {
            result.insert(key.clone(), row);
        }
    }
    let is_valid = result.values().all(|row| match row {
        ModelRow::Item(..) => true,
        ModelRow::Link(from, to, _) => result.contains_key(from) && result.contains_key(to),
    });
    is_valid.then_some(result)
}

impl MergeModel {
    fn head(&self, branch: usize) -> (&str, usize) {
        let (name, head) = &self.branches[branch % self.branches.len()];
        (name, *head)
    }

    fn state(&self, branch: usize) -> &ModelState {
        &self.commits[self.head(branch).1].state
    }

    fn ancestors(&self, of: usize) -> BTreeSet<usize> {
        let (mut found, mut open) = (BTreeSet::new(), vec![of]);
        while let Some(at) = open.pop() {
            if found.insert(at) {
                open.extend(&self.commits[at].parents);
            }
        }
        found
    }

    fn bases(&self, one: usize, other: usize) -> Vec<usize> {
        let common: BTreeSet<usize> = self.ancestors(one).intersection(&self.ancestors(other)).copied().collect();
        let below = |at: &usize| common.iter().any(|top| top != at && self.ancestors(*top).contains(at));
        common.iter().filter(|at| !below(at)).copied().collect()
    }

    /// Records the state of a branch after a write, if it made a commit.
    async fn record_commit(&mut self, branch: usize, state: ModelState, other: Option<usize>) {
        let (name, head) = (self.head(branch).0.to_owned(), self.head(branch).1);
        let record = self.graph.commit(&Target::Branch(name)).await.unwrap();
        let id = record.id().to_string();
        if id == self.commits[head].id {
            assert_eq!(self.commits[head].state, state, "a change without a commit");
            return;
        }
        assert_eq!(record.parents().count(), 1 + usize::from(other.is_some()));
        self.commits.push(ModelCommit { id, state, parents: [Some(head), other].into_iter().flatten().collect() });
        let (at, branches) = (self.commits.len() - 1, self.branches.len());
        self.branches[branch % branches].1 = at;
    }

    async fn take(&mut self, step: ModelStep) {
        match step {
            ModelStep::Branch { from } => {
                let (name, head) = (format!("b{}", self.branches.len()), self.head(from).1);
                if self.branches.len() < 4 {
                    let target = Target::Commit(self.commits[head].id.clone());
                    self.graph.create_branch(&name, &target).await.unwrap();
                    self.branches.push((name, head));
                }
            }
            ModelStep::Put { on, key, a, b } => {
                let (key, mut state) = (format!("i{key}"), self.state(on).clone());
                let (old_a, old_b) = match state.get(&key) {
                    Some(ModelRow::Item(a, b)) => (*a, *b),
                    _ => (0, 0),
                };
                let (a, b) = (a.unwrap_or(old_a), b.unwrap_or(old_b));
                state.insert(key.clone(), ModelRow::Item(a, b));
                self.write(
                    on,
                    &format!("{{\"type\":\"Item\",\"data\":{{\"key\":\"{key}\",\"a\":{a},\"b\":{b}}}}}"),
                    state,
                )
                .await;
            }
            ModelStep::Link { on, id, from, to, w } => {
                let (id, from, to, mut state) =
                    (format!("l{id}"), format!("i{from}"), format!("i{to}"), self.state(on).clone());
                if state.contains_key(&from) && state.contains_key(&to) {
                    state.insert(id.clone(), ModelRow::Link(from.clone(), to.clone(), w));
                    let data = format!("{{\"id\":\"{id}\",\"tag\":\"{id}\",\"w\":{w}}}");
                    let line = format!("{{\"edge\":\"Link\",\"from\":\"{from}\",\"to\":\"{to}\",\"data\":{data}}}");
                    self.write(on, &line, state).await;
                }
            }
            ModelStep::Delete { on, key } => {
                let (key, mut state) = (format!("i{key}"), self.state(on).clone());
                state.remove(&key);
                state.retain(|_, row| !matches!(row, ModelRow::Link(from, to, _) if *from == key || *to == key));
                let name = self.head(on).0.to_owned();
                mutate(&self.graph, &name, &format!("delete Item where key = \"{key}\"")).await.unwrap();
                self.record_commit(on, state, None).await;
            }
            ModelStep::Unlink { on, id } => {
                let (id, mut state) = (format!("l{id}"), self.state(on).clone());
                state.remove(&id);
                let name = self.head(on).0.to_owned();
                mutate(&self.graph, &name, &format!("delete Link where tag = \"{id}\"")).await.unwrap();
                self.record_commit(on, state, None).await;
            }
            ModelStep::Merge { source, target, side } => self.merge(source, target, side).await,
            ModelStep::Pick { commit, on, revert } => self.pick(commit, on, revert).await,
            ModelStep::Reset { on, to } => {
                let (name, to) = (self.head(on).0.to_owned(), self.commits[to % self.commits.len()].clone());
                self.graph.reset_branch(&name, &Target::Commit(to.id)).await.unwrap();
                self.record_commit(on, to.state, None).await;
            }
        }
    }

    async fn write(&mut self, on: usize, line: &str, state: ModelState) {
        let name = self.head(on).0.to_owned();
        load(&self.graph, &name, LoadMode::Merge, line).await.unwrap();
        self.record_commit(on, state, None).await;
    }

    async fn merge(&mut self, source: usize, target: usize, side: bool) {
        let ((from, theirs), (into, ours)) = (self.head(source), self.head(target));
        if from == into {
            return;
        }
        let request = self.graph.branch(into).merge(from);
        let bases = self.bases(ours, theirs);
        let expected = match bases.as_slice() {
            [only] => three_way(&self.commits[*only].state, &self.commits[ours].state, &self.commits[theirs].state),
            // The model does not predict criss-cross merges.
            _ => None,
        };
        let result = request.clone().await;
        match (result, expected, bases.len()) {
            (Ok(_), Some(state), 1) => self.record_merge(target, state, theirs).await,
            (Err(Error::MergeConflict(_)), None, 1) => {
                let choices = ConflictStrategy {
                    default: Some(if side { MergeSide::Ours } else { MergeSide::Theirs }),
                    ..ConflictStrategy::default()
                };
                request.resolve_with(choices).policy(MergePolicy::Entity).await.unwrap();
                let state = self.read(target).await;
                self.record_merge(target, state, theirs).await;
            }
            (Ok(_), None, more) if more > 1 => {
                let state = self.read(target).await;
                self.record_merge(target, state, theirs).await;
            }
            (Err(Error::MergeConflict(_)), None, more) if more > 1 => {}
            (result, expected, _) => panic!("engine: {:?}, model: {expected:?}", result.map(|it| it.outcome)),
        }
        // A repeated merge changes nothing.
        let (name, before) = (self.head(target).0.to_owned(), self.commits[self.head(target).1].id.clone());
        if self.graph.branch(&name).merge(self.head(source).0).await.is_ok() {
            let after = self.graph.commit(&Target::Branch(name)).await.unwrap();
            assert_eq!(after.id().to_string(), before);
        }
    }

    /// Records a merge. It has a commit unless the source changed nothing.
    async fn record_merge(&mut self, target: usize, state: ModelState, theirs: usize) {
        let (name, head) = (self.head(target).0.to_owned(), self.head(target).1);
        let record = self.graph.commit(&Target::Branch(name)).await.unwrap();
        let other = (record.id().to_string() != self.commits[head].id).then_some(theirs);
        self.record_commit(target, state, other).await;
    }

    async fn pick(&mut self, commit: usize, on: usize, revert: bool) {
        let at = commit % self.commits.len();
        let Some(parent) = self.commits[at].parents.first().copied() else { return };
        let (name, ours) = (self.head(on).0.to_owned(), self.head(on).1);
        let (base, theirs) = if revert { (at, parent) } else { (parent, at) };
        let state = |at: usize| &self.commits[at].state;
        let expected = three_way(state(base), state(ours), state(theirs));
        let (branch, id) = (self.graph.branch(name), &self.commits[at].id);
        let result = if revert { branch.revert(id).await } else { branch.cherry_pick(id).await };
        match (result, expected) {
            (Ok(_), Some(state)) => self.record_commit(on, state, None).await,
            (Err(Error::MergeConflict(_)), None) => {}
            (result, expected) => panic!("engine: {:?}, model: {expected:?}", result.map(|it| it.outcome)),
        }
    }

    /// Reads a branch of the engine.
    async fn read(&self, branch: usize) -> ModelState {
        read(&self.graph, &Target::Branch(self.head(branch).0.to_owned())).await
    }
}

async fn read(graph: &Omnigraph, target: &Target) -> ModelState {
    let mut lines = Vec::new();
    graph.snapshot(target.clone()).await.unwrap().export(&[], &mut lines).await.unwrap();
    let text = String::from_utf8(lines).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let number = |value: &serde_json::Value| value.as_i64().unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let row = |row: serde_json::Value| {
        let data = &row["data"];
        let image = match row["edge"].is_string() {
            true => ModelRow::Link(word(&row["from"]), word(&row["to"]), number(&data["w"])),
            false => ModelRow::Item(number(&data["a"]), number(&data["b"])),
        };
        (word(&data["id"]), image)
    };
    rows.map(row).collect()
}

async fn run_history(steps: Vec<ModelStep>) {
    let location = memory();
    let graph = Omnigraph::create(&location, SchemaSource::new("items.pg", SCHEMA)).await.unwrap();
    let first = graph.commit(&Target::Branch("main".to_owned())).await.unwrap();
    let commits = vec![ModelCommit { id: first.id().to_string(), state: ModelState::new(), parents: Vec::new() }];
    let mut model = MergeModel { graph, commits, branches: vec![("main".to_owned(), 0)] };
    for step in steps {
        model.take(step).await;
    }
    let cold = Omnigraph::open_read_only(&location).await.unwrap();
    for commit in &model.commits {
        assert_eq!(read(&cold, &Target::Commit(commit.id.clone())).await, commit.state);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_agree_with_maps(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run_history(steps));
    }
}
