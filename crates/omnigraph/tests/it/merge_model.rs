//! Random histories of writes, branches, merges, reverts, cherry-picks and resets, against a model in memory that merges maps.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph::{
    Choices, Error, LoadMode, MergePolicy, MergeRequest, Omnigraph, OpenOptions, PickRequest, Side, Target,
};
use proptest::prelude::*;

use crate::support::{load, memory, mutate};

const SCHEMA: &str = "\
node Item { key: String @key  a: I64  b: I64 }
edge Link: Item -> Item { tag: String  w: I64 }
";

/// A node's two values, or an edge's ends and value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    Item(i64, i64),
    Link(String, String, i64),
}

type State = BTreeMap<String, Row>;

#[derive(Clone, Debug)]
enum Step {
    Branch { from: usize },
    Put { on: usize, key: u8, a: Option<i64>, b: Option<i64> },
    Link { on: usize, id: u8, from: u8, to: u8, w: i64 },
    Delete { on: usize, key: u8 },
    Unlink { on: usize, id: u8 },
    Merge { source: usize, target: usize, side: bool },
    Pick { commit: usize, on: usize, revert: bool },
    Reset { on: usize, to: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let on = 0..4_usize;
    let small = || prop::option::of(0..3_i64);
    prop_oneof![
        1 => on.clone().prop_map(|from| Step::Branch { from }),
        6 => (on.clone(), 0..5_u8, small(), small()).prop_map(|(on, key, a, b)| Step::Put { on, key, a, b }),
        3 => (on.clone(), 0..4_u8, 0..5_u8, 0..5_u8, 0..3_i64)
            .prop_map(|(on, id, from, to, w)| Step::Link { on, id, from, to, w }),
        2 => (on.clone(), 0..5_u8).prop_map(|(on, key)| Step::Delete { on, key }),
        1 => (on.clone(), 0..4_u8).prop_map(|(on, id)| Step::Unlink { on, id }),
        4 => (on.clone(), on.clone(), any::<bool>())
            .prop_map(|(source, target, side)| Step::Merge { source, target, side }),
        1 => (any::<usize>(), on.clone(), any::<bool>())
            .prop_map(|(commit, on, revert)| Step::Pick { commit, on, revert }),
        1 => (on, any::<usize>()).prop_map(|(on, to)| Step::Reset { on, to }),
    ]
}

/// A commit of the model.
#[derive(Clone)]
struct Commit {
    id: String,
    state: State,
    parents: Vec<usize>,
}

struct Model {
    graph: Omnigraph,
    commits: Vec<Commit>,
    /// Name and newest commit.
    branches: Vec<(String, usize)>,
}

/// One entity merged: what it becomes, or a disagreement.
fn merged(base: Option<&Row>, ours: Option<&Row>, theirs: Option<&Row>) -> Result<Option<Row>, ()> {
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
        (Some(Row::Item(a, b)), Some(Row::Item(c, d)), Some(Row::Item(e, f))) => {
            Ok(Some(Row::Item(one(*a, *c, *e)?, one(*b, *d, *f)?)))
        }
        (Some(Row::Link(a, b, v)), Some(Row::Link(c, d, w)), Some(Row::Link(e, f, x))) => {
            let (base, ours, theirs) = ((a, b), (c, d), (e, f));
            let ends = match (ours == base, theirs == base, ours == theirs) {
                (_, _, true) | (_, true, _) => ours,
                (true, ..) => theirs,
                _ => return Err(()),
            };
            Ok(Some(Row::Link(ends.0.clone(), ends.1.clone(), one(*v, *w, *x)?)))
        }
        _ => Err(()),
    }
}

/// Three states merged: the result, or nothing if the sides disagree about an entity or an edge loses its end.
fn three_way(base: &State, ours: &State, theirs: &State) -> Option<State> {
    let keys: BTreeSet<&String> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
    let mut result = State::new();
    for key in keys {
        if let Some(row) = merged(base.get(key), ours.get(key), theirs.get(key)).ok()? {
            result.insert(key.clone(), row);
        }
    }
    let sound = result.values().all(|row| match row {
        Row::Item(..) => true,
        Row::Link(from, to, _) => result.contains_key(from) && result.contains_key(to),
    });
    sound.then_some(result)
}

impl Model {
    fn head(&self, branch: usize) -> (&str, usize) {
        let (name, head) = &self.branches[branch % self.branches.len()];
        (name, *head)
    }

    fn state(&self, branch: usize) -> &State {
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

    /// Takes note of what a branch is after a write, if it made a commit.
    async fn note(&mut self, branch: usize, state: State, other: Option<usize>) {
        let (name, head) = (self.head(branch).0.to_owned(), self.head(branch).1);
        let record = self.graph.commit_of(&Target::Branch(name)).await.unwrap();
        let id = record.commit.to_string();
        if id == self.commits[head].id {
            assert_eq!(self.commits[head].state, state, "a change without a commit");
            return;
        }
        assert_eq!(record.parents.len(), 1 + usize::from(other.is_some()));
        self.commits.push(Commit { id, state, parents: [Some(head), other].into_iter().flatten().collect() });
        let (at, branches) = (self.commits.len() - 1, self.branches.len());
        self.branches[branch % branches].1 = at;
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Branch { from } => {
                let (name, head) = (format!("b{}", self.branches.len()), self.head(from).1);
                if self.branches.len() < 4 {
                    let target = Target::Commit(self.commits[head].id.clone());
                    self.graph.create_branch(&name, &target, None).await.unwrap();
                    self.branches.push((name, head));
                }
            }
            Step::Put { on, key, a, b } => {
                let (key, mut state) = (format!("i{key}"), self.state(on).clone());
                let (old_a, old_b) = match state.get(&key) {
                    Some(Row::Item(a, b)) => (*a, *b),
                    _ => (0, 0),
                };
                let (a, b) = (a.unwrap_or(old_a), b.unwrap_or(old_b));
                state.insert(key.clone(), Row::Item(a, b));
                self.write(
                    on,
                    &format!("{{\"type\":\"Item\",\"data\":{{\"key\":\"{key}\",\"a\":{a},\"b\":{b}}}}}"),
                    state,
                )
                .await;
            }
            Step::Link { on, id, from, to, w } => {
                let (id, from, to, mut state) =
                    (format!("l{id}"), format!("i{from}"), format!("i{to}"), self.state(on).clone());
                if state.contains_key(&from) && state.contains_key(&to) {
                    state.insert(id.clone(), Row::Link(from.clone(), to.clone(), w));
                    let data = format!("{{\"id\":\"{id}\",\"tag\":\"{id}\",\"w\":{w}}}");
                    let line = format!("{{\"edge\":\"Link\",\"from\":\"{from}\",\"to\":\"{to}\",\"data\":{data}}}");
                    self.write(on, &line, state).await;
                }
            }
            Step::Delete { on, key } => {
                let (key, mut state) = (format!("i{key}"), self.state(on).clone());
                state.remove(&key);
                state.retain(|_, row| !matches!(row, Row::Link(from, to, _) if *from == key || *to == key));
                let name = self.head(on).0.to_owned();
                mutate(&self.graph, &name, &format!("delete Item where key = \"{key}\"")).await.unwrap();
                self.note(on, state, None).await;
            }
            Step::Unlink { on, id } => {
                let (id, mut state) = (format!("l{id}"), self.state(on).clone());
                state.remove(&id);
                let name = self.head(on).0.to_owned();
                mutate(&self.graph, &name, &format!("delete Link where tag = \"{id}\"")).await.unwrap();
                self.note(on, state, None).await;
            }
            Step::Merge { source, target, side } => self.merge(source, target, side).await,
            Step::Pick { commit, on, revert } => self.pick(commit, on, revert).await,
            Step::Reset { on, to } => {
                let (name, to) = (self.head(on).0.to_owned(), self.commits[to % self.commits.len()].clone());
                self.graph.reset_branch(&name, &Target::Commit(to.id), None).await.unwrap();
                self.note(on, to.state, None).await;
            }
        }
    }

    async fn write(&mut self, on: usize, line: &str, state: State) {
        let name = self.head(on).0.to_owned();
        load(&self.graph, &name, LoadMode::Merge, line).await.unwrap();
        self.note(on, state, None).await;
    }

    async fn merge(&mut self, source: usize, target: usize, side: bool) {
        let ((from, theirs), (into, ours)) = (self.head(source), self.head(target));
        if from == into {
            return;
        }
        let request = MergeRequest { source: from.to_owned(), target: into.to_owned(), ..MergeRequest::default() };
        let bases = self.bases(ours, theirs);
        let expected = match bases.as_slice() {
            [only] => three_way(&self.commits[*only].state, &self.commits[ours].state, &self.commits[theirs].state),
            // Of crossed merges only what holds for all of them is held against the engine.
            _ => None,
        };
        let result = self.graph.merge(request.clone()).await;
        match (result, expected, bases.len()) {
            (Ok(_), Some(state), 1) => self.settle(target, state, theirs).await,
            (Err(Error::MergeConflict(_)), None, 1) => {
                let choices =
                    Choices { default: Some(if side { Side::Ours } else { Side::Theirs }), ..Choices::default() };
                self.graph.merge(MergeRequest { choices, policy: MergePolicy::Entity, ..request }).await.unwrap();
                let state = self.read(target).await;
                self.settle(target, state, theirs).await;
            }
            (Ok(_), None, more) if more > 1 => {
                let state = self.read(target).await;
                self.settle(target, state, theirs).await;
            }
            (Err(Error::MergeConflict(_)), None, more) if more > 1 => {}
            (result, expected, _) => panic!("engine: {:?}, model: {expected:?}", result.map(|it| it.outcome)),
        }
        // A second time there is nothing to do.
        let (name, before) = (self.head(target).0.to_owned(), self.commits[self.head(target).1].id.clone());
        if self
            .graph
            .merge(MergeRequest {
                source: self.head(source).0.to_owned(),
                target: name.clone(),
                ..MergeRequest::default()
            })
            .await
            .is_ok()
        {
            let after = self.graph.commit_of(&Target::Branch(name)).await.unwrap();
            assert_eq!(after.commit.to_string(), before);
        }
    }

    /// A merge that ended: with a commit, unless the source came to nothing.
    async fn settle(&mut self, target: usize, state: State, theirs: usize) {
        let (name, head) = (self.head(target).0.to_owned(), self.head(target).1);
        let record = self.graph.commit_of(&Target::Branch(name)).await.unwrap();
        let other = (record.commit.to_string() != self.commits[head].id).then_some(theirs);
        self.note(target, state, other).await;
    }

    async fn pick(&mut self, commit: usize, on: usize, revert: bool) {
        let at = commit % self.commits.len();
        let Some(parent) = self.commits[at].parents.first().copied() else { return };
        let (name, ours) = (self.head(on).0.to_owned(), self.head(on).1);
        let (base, theirs) = if revert { (at, parent) } else { (parent, at) };
        let state = |at: usize| &self.commits[at].state;
        let expected = three_way(state(base), state(ours), state(theirs));
        let request = PickRequest { commit: self.commits[at].id.clone(), target: name, ..PickRequest::default() };
        let result = if revert { self.graph.revert(request).await } else { self.graph.cherry_pick(request).await };
        match (result, expected) {
            (Ok(_), Some(state)) => self.note(on, state, None).await,
            (Err(Error::MergeConflict(_)), None) => {}
            (result, expected) => panic!("engine: {:?}, model: {expected:?}", result.map(|it| it.outcome)),
        }
    }

    /// What the engine has on a branch.
    async fn read(&self, branch: usize) -> State {
        read(&self.graph, &Target::Branch(self.head(branch).0.to_owned())).await
    }
}

async fn read(graph: &Omnigraph, target: &Target) -> State {
    let mut lines = Vec::new();
    graph.snapshot(target.clone()).await.unwrap().export(&[], &mut lines).await.unwrap();
    let text = String::from_utf8(lines).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let number = |value: &serde_json::Value| value.as_i64().unwrap();
    let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let row = |row: serde_json::Value| {
        let data = &row["data"];
        let image = match row["edge"].is_string() {
            true => Row::Link(word(&row["from"]), word(&row["to"]), number(&data["w"])),
            false => Row::Item(number(&data["a"]), number(&data["b"])),
        };
        (word(&data["id"]), image)
    };
    rows.map(row).collect()
}

async fn play(steps: Vec<Step>) {
    let location = memory();
    let graph = Omnigraph::init(&location, "items.pg", SCHEMA, None, OpenOptions::default()).await.unwrap();
    let first = graph.commit_of(&Target::Branch("main".to_owned())).await.unwrap();
    let commits = vec![Commit { id: first.commit.to_string(), state: State::new(), parents: Vec::new() }];
    let mut model = Model { graph, commits, branches: vec![("main".to_owned(), 0)] };
    for step in steps {
        model.take(step).await;
    }
    let cold = Omnigraph::open_read_only(&location, OpenOptions::default()).await.unwrap();
    for commit in &model.commits {
        assert_eq!(read(&cold, &Target::Commit(commit.id.clone())).await, commit.state);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_agree_with_maps(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(play(steps));
    }
}
