//! Random stories told to the engine and to the reference evaluator: loads and mutations on several branches through two
//! handles of one folder, some of them at once, some struck by faults of the store. Both say the same and hold the same.

use std::collections::BTreeMap;

use omnigraph::objects::{Ambient, Durability, RetryPolicy, StoreOptions};
use omnigraph::{ErrorKind, LoadMode, MutateRequest, Omnigraph, OpenOptions, Target};
use omnigraph_compiler::Catalog;
use omnigraph_compiler::ir::Operation;
use omnigraph_testkit::fault::{Fault, Faults, Rule};
use omnigraph_testkit::generate::{Step, Story};
use omnigraph_testkit::oracle::{self, Graph, Mode, canonical_export, canonical_rows};
use serde_json::Value;

use crate::support::{export, load};

/// Steps of a story.
const STEPS: u64 = 125;

/// Steps between comparisons of everything.
const BETWEEN_COMPARISONS: u64 = 8;

/// How many operations the test run takes; `OMNIGRAPH_RANDOM_OPERATIONS` takes more, `OMNIGRAPH_RANDOM_SEED` others.
const OPERATIONS: u64 = 10_000;

/// Where logical clocks start, in Unix milliseconds.
const NOW_MILLIS: i64 = 1_704_067_200_000;

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how many there are")]
fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What is told of a write that was done.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    nodes: u64,
    edges: u64,
    committed: bool,
    rows: Vec<String>,
}

/// What the reference makes of a write.
enum Expected {
    Done(Box<Graph>, Said),
    Refused(String),
    /// Nothing determines what comes of it.
    Open,
}

/// The engine and the reference, side by side.
struct Pair {
    story: Story,
    catalog: Catalog,
    branches: BTreeMap<&'static str, Graph>,
    place: String,
    handles: Vec<Omnigraph>,
    faults: Faults,
    random: Ambient,
    seed: u64,
    tally: Tally,
}

/// What happened.
#[derive(Debug, Default)]
struct Tally {
    operations: u64,
    done: u64,
    refused: u64,
    struck: u64,
    struck_old: u64,
    struck_new: u64,
    races: u64,
}

impl Pair {
    async fn new(seed: u64, place: &str) -> Self {
        let story = Story::new(seed);
        let ids = Ambient::seeded(seed);
        let mut mint = || ids.ulid();
        let catalog = omnigraph_compiler::compile_schema(&story.schema(), None, &mut mint).0.unwrap();
        let mut pair = Self {
            story,
            catalog,
            branches: BTreeMap::from([("main", Graph::new())]),
            place: place.to_owned(),
            handles: Vec::new(),
            faults: Faults::new(),
            random: Ambient::seeded(seed),
            seed,
            tally: Tally::default(),
        };
        let options = pair.options();
        pair.handles.push(Omnigraph::init(place, "s.pg", &pair.story.schema(), None, options).await.unwrap());
        let second = pair.open().await;
        pair.handles.push(second);
        pair
    }

    /// Ids must not repeat from handle to handle.
    fn options(&self) -> OpenOptions {
        let retry = RetryPolicy { attempts: 2, base: std::time::Duration::ZERO, cap: std::time::Duration::ZERO };
        let store = StoreOptions {
            durability: Durability::Os,
            ambient: Ambient::seeded(self.random.random_u64()),
            retry,
            layer: Some(self.faults.layer()),
            ..StoreOptions::default()
        };
        OpenOptions { store, ..OpenOptions::default() }
    }

    /// A random number below `end`.
    fn below(&self, end: usize) -> usize {
        (self.random.random_u64() % end as u64) as usize
    }

    /// One of the handles.
    fn handle(&self) -> &Omnigraph {
        &self.handles[self.below(self.handles.len())]
    }

    async fn open(&self) -> Omnigraph {
        let options = self.options();
        Omnigraph::open(&self.place, options).await.unwrap()
    }

    /// Tells one step, and perhaps the next at the same time; yields how many were told.
    async fn tell(&mut self, number: u64) -> Result<u64, String> {
        let step = self.story.step(number);
        match step {
            Step::Reopen => {
                let which = self.below(self.handles.len());
                self.handles[which] = self.open().await;
            }
            Step::Branch { name, from } => self.branch(name, from).await?,
            Step::Load { .. } | Step::Mutate { .. } => {
                let next = self.story.step(number + 1);
                let both_write = matches!(next, Step::Load { .. } | Step::Mutate { .. });
                if both_write && self.below(100) < 6 {
                    self.race(&[step, next]).await?;
                    return Ok(2);
                }
                if self.below(100) < 4 {
                    self.strike(&step).await?;
                } else {
                    self.write(&step).await?;
                }
            }
        }
        Ok(1)
    }

    async fn branch(&mut self, name: &'static str, from: &'static str) -> Result<(), String> {
        let from = if self.branches.contains_key(from) { from } else { "main" };
        let graph = self.handle().clone();
        let result = if self.branches.remove(name).is_some() {
            graph.delete_branch(name, None).await
        } else {
            let begun = self.branches[if from == name { "main" } else { from }].clone();
            self.branches.insert(name, begun);
            graph.create_branch(name, &Target::Branch(from.to_owned()), None).await
        };
        result.map(drop).map_err(|error| format!("branch {name} of {from}: {error}"))
    }

    /// The branch that a step writes to: main, where it names one that is not there.
    fn branch_of(&self, step: &Step) -> &'static str {
        match step {
            Step::Load { branch, .. } | Step::Mutate { branch, .. } if self.branches.contains_key(branch) => branch,
            _ => "main",
        }
    }

    fn expect(&self, step: &Step, graph: &Graph) -> Expected {
        match step {
            Step::Load { mode, lines, .. } => {
                let mut after = graph.clone();
                match after.load(&self.catalog, lines, *mode, NOW_MILLIS) {
                    Ok(()) => Expected::Done(Box::new(after), Said::default()),
                    Err(failure) => Expected::Refused(failure.to_string()),
                }
            }
            Step::Mutate { source, .. } => {
                let Ok(compiled) = omnigraph_compiler::compile(source, None, &self.catalog) else {
                    return Expected::Open;
                };
                let Operation::Mutation(mutation) = compiled.operation else { return Expected::Open };
                match oracle::mutate(graph, &self.catalog, &mutation, &[], NOW_MILLIS) {
                    Ok(done) if done.contested => Expected::Open,
                    Ok(done) => {
                        let said = Said {
                            nodes: done.affected_nodes,
                            edges: done.affected_edges,
                            committed: !done.touched.is_empty(),
                            rows: canonical_rows(&done.rows.rows),
                        };
                        Expected::Done(Box::new(done.graph), said)
                    }
                    Err(failure) => Expected::Refused(failure.to_string()),
                }
            }
            Step::Branch { .. } | Step::Reopen => Expected::Open,
        }
    }

    async fn write(&mut self, step: &Step) -> Result<(), String> {
        let branch = self.branch_of(step);
        let expected = self.expect(step, &self.branches[branch]);
        if matches!(expected, Expected::Open) {
            return Ok(());
        }
        let handle = self.handle();
        let actual = run(handle, branch, step).await;
        match (expected, actual) {
            (Expected::Done(after, said), Ok(actual)) if said == actual => {
                self.tally.done += 1;
                self.branches.insert(branch, *after);
                Ok(())
            }
            (Expected::Refused(_), Err(error)) if by_the_rows(&error) => {
                self.tally.refused += 1;
                Ok(())
            }
            (Expected::Done(_, said), actual) => {
                Err(self.shown(branch, step, &format!("expected {said:?}\nactual {actual:?}")))
            }
            (Expected::Refused(problem), actual) => {
                Err(self.shown(branch, step, &format!("expected to be refused: {problem}\nactual {actual:?}")))
            }
            (Expected::Open, _) => Ok(()),
        }
    }

    /// A write whose n-th call of the store fails: afterwards the branch is as before or as after.
    async fn strike(&mut self, step: &Step) -> Result<(), String> {
        let branch = self.branch_of(step);
        let expected = self.expect(step, &self.branches[branch]);
        if matches!(expected, Expected::Open) {
            return Ok(());
        }
        let kinds = [Fault::FailBefore, Fault::FailAfter, Fault::CrashBefore, Fault::CrashAfter];
        let fault = kinds[self.below(kinds.len())];
        let call = self.below(16);
        let handle = self.handle().clone();
        self.faults.add(Rule::new(fault).nth(call));
        let actual = run(&handle, branch, step).await;
        self.faults.revive();
        let is = self.held(branch).await;
        let old = self.canonical(&self.branches[branch]);
        let context = format!("{fault:?} at call {call}: {:?}", actual.as_ref().err());
        self.tally.struck += 1;
        match (expected, actual) {
            (Expected::Done(after, _), actual) if is == self.canonical(&after) => {
                self.tally.struck_new += u64::from(actual.is_err());
                self.branches.insert(branch, *after);
                Ok(())
            }
            (_, Err(_)) if is == old => {
                self.tally.struck_old += 1;
                Ok(())
            }
            _ => {
                Err(self.shown(branch, step, &format!("{context}\nleaves\n{}\nof\n{}", is.join("\n"), old.join("\n"))))
            }
        }
    }

    /// Two writes at once: they come out as one after the other, or one of them is told to try again.
    async fn race(&mut self, steps: &[Step; 2]) -> Result<(), String> {
        let branches = [self.branch_of(&steps[0]), self.branch_of(&steps[1])];
        let both = async {
            tokio::join!(run(&self.handles[0], branches[0], &steps[0]), run(&self.handles[1], branches[1], &steps[1]))
        };
        for (step, branch) in steps.iter().zip(branches) {
            if matches!(self.expect(step, &self.branches[branch]), Expected::Open) {
                return Ok(());
            }
        }
        let (first, second) = both.await;
        let actual = [first, second];
        self.tally.races += 1;
        let mut held = BTreeMap::new();
        for branch in branches {
            held.insert(branch, self.held(branch).await);
        }
        for order in [[0, 1], [1, 0]] {
            let Some(after) = self.one_after_the_other(steps, branches, &actual, order) else { continue };
            if held.iter().all(|(branch, lines)| self.canonical(&after[branch]) == *lines) {
                self.branches = after;
                return Ok(());
            }
        }
        let problem = format!("beside\n{:?}\nsaid {actual:#?}\nand left\n{held:#?}", steps[1]);
        Err(self.shown(branches[0], &steps[0], &problem))
    }

    /// The branches after both, if in this order the reference says what the engine said. Where both outcomes depend on an
    /// open order, either will do.
    fn one_after_the_other(
        &self,
        steps: &[Step; 2],
        branches: [&'static str; 2],
        actual: &[omnigraph::Result<Said>; 2],
        order: [usize; 2],
    ) -> Option<BTreeMap<&'static str, Graph>> {
        let mut after = self.branches.clone();
        for index in order {
            match (self.expect(&steps[index], &after[branches[index]]), &actual[index]) {
                (Expected::Done(graph, said), Ok(actual)) if said == *actual => {
                    after.insert(branches[index], *graph);
                }
                (Expected::Refused(_), Err(_)) => {}
                (_, Err(error)) if matches!(error.kind(), ErrorKind::Retry | ErrorKind::Conflict) => {}
                _ => return None,
            }
        }
        Some(after)
    }

    /// Everything on a branch, by the handle that did not write last or by the other.
    async fn held(&self, branch: &str) -> Vec<String> {
        let handle = self.handle();
        canonical_export(export(handle, branch).await.lines())
    }

    fn canonical(&self, graph: &Graph) -> Vec<String> {
        let lines = graph.export(&self.catalog).unwrap();
        canonical_export(lines.iter().map(String::as_str))
    }

    async fn compare(&self) -> Result<(), String> {
        for branch in self.branches.keys().copied().collect::<Vec<_>>() {
            let (is, expected) = (self.held(branch).await, self.canonical(&self.branches[branch]));
            if is != expected {
                return Err(format!("{branch} holds\n{}\nand not\n{}", is.join("\n"), expected.join("\n")));
            }
        }
        let names: Vec<String> =
            self.handles[0].branches().await.unwrap().iter().map(|branch| branch.record.name.clone()).collect();
        let expected: Vec<&str> = self.branches.keys().copied().collect();
        if names == expected { Ok(()) } else { Err(format!("branches {names:?} and not {expected:?}")) }
    }

    /// A failure with all that it takes to see it again: the schema, the rows before, the step.
    fn shown(&self, branch: &str, step: &Step, problem: &str) -> String {
        let rows = self.branches[branch].export(&self.catalog).unwrap().join("\n");
        let step = match step {
            Step::Load { mode, lines, .. } => format!("load {mode:?}\n{lines}"),
            Step::Mutate { source, .. } => source.clone(),
            other => format!("{other:?}"),
        };
        format!("{}\nrows of {branch} before\n{rows}\n\n{step}\n\n{problem}", self.story.schema())
    }
}

/// Whether a write was refused for what it would write, not because something else went wrong.
fn by_the_rows(error: &omnigraph::Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict)
        && !matches!(error, omnigraph::Error::Unsupported { .. } | omnigraph::Error::Execution { .. })
}

async fn run(graph: &Omnigraph, branch: &str, step: &Step) -> omnigraph::Result<Said> {
    match step {
        Step::Load { mode, lines, .. } => {
            let mode = match mode {
                Mode::Append => LoadMode::Append,
                Mode::Merge => LoadMode::Merge,
                Mode::Overwrite => LoadMode::Overwrite,
            };
            load(graph, branch, mode, lines).await.map(|_| Said::default())
        }
        Step::Mutate { source, .. } => {
            let request = MutateRequest {
                branch: branch.to_owned(),
                source: source.clone(),
                file: "q.gq".to_owned(),
                ..MutateRequest::default()
            };
            let receipt = graph.mutate(request).await?;
            let cells = |row: &serde_json::Map<String, Value>| {
                receipt.columns.iter().map(|column| row.get(column).cloned().unwrap_or(Value::Null)).collect()
            };
            let rows: Vec<Vec<Value>> = receipt.rows.iter().map(cells).collect();
            Ok(Said {
                nodes: receipt.affected_nodes,
                edges: receipt.affected_edges,
                committed: receipt.commit.is_some(),
                rows: canonical_rows(&rows),
            })
        }
        Step::Branch { .. } | Step::Reopen => Ok(Said::default()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_mutations_agree_with_the_reference() {
    let first = number("OMNIGRAPH_RANDOM_SEED", 0);
    let operations = number("OMNIGRAPH_RANDOM_OPERATIONS", OPERATIONS);
    let folder = tempfile::tempdir().unwrap();
    let mut total = Tally::default();
    let mut seed = first;
    while total.operations < operations {
        let place = folder.path().join(seed.to_string());
        let mut pair = Pair::new(seed, &place.display().to_string()).await;
        let mut step = 0;
        while step < STEPS {
            let told = pair.tell(step).await;
            let compared = match told {
                Ok(_) if step % BETWEEN_COMPARISONS == 0 => pair.compare().await,
                Ok(_) => Ok(()),
                Err(ref problem) => Err(problem.clone()),
            };
            if let Err(problem) = compared {
                panic!("story {}, step {step} (OMNIGRAPH_RANDOM_SEED={0} repeats it):\n{problem}", pair.seed);
            }
            step += told.unwrap_or(1);
        }
        pair.tally.operations += step;
        total.add(&pair.tally);
        // What runs behind the handles may write meanwhile. What is left goes with the folder above.
        let _ = std::fs::remove_dir_all(&place);
        seed += 1;
    }
    println!("stories {first} to {seed}: {total:?}");
    assert!(total.done > total.refused / 4 && total.refused > 0, "{total:?}");
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.done += other.done;
        self.refused += other.refused;
        self.struck += other.struck;
        self.struck_old += other.struck_old;
        self.struck_new += other.struck_new;
        self.races += other.races;
    }
}
