//! The differential test: random workloads run on the engine and on the reference evaluator. Loads and mutations write to several
//! branches through two handles of one folder. Some run concurrently, and some meet an injected fault. Results and rows agree.

use std::collections::BTreeMap;

use omnigraph::{ErrorKind, LoadMode, Omnigraph, OpenOptions, SchemaSource, Target};
use omnigraph_compiler::Catalog;
use omnigraph_compiler::ir::QueryOperation;
use omnigraph_storage::{Durability, Env, RetryPolicy, StoreOptions};
use omnigraph_testkit::fault::{FaultInjector, FaultKind, FaultRule};
use omnigraph_testkit::generate::{Workload, WorkloadStep};
use omnigraph_testkit::oracle::{self, OracleGraph, OracleLoadMode, canonical_export, canonical_rows};
use serde_json::Value;

use crate::support::{export, load};

/// Steps of a workload.
const STEPS: u64 = 125;

/// Steps between comparisons of everything.
const COMPARISON_INTERVAL: u64 = 8;

/// Operations of a test run; `OMNIGRAPH_RANDOM_OPERATIONS` runs more, `OMNIGRAPH_RANDOM_SEED` others.
const DEFAULT_OPERATIONS: u64 = 10_000;

/// The start of logical clocks in Unix milliseconds.
const NOW_MILLIS: i64 = 1_704_067_200_000;

#[expect(clippy::disallowed_methods, reason = "the environment sets the size of the test")]
fn env_number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The reported result of a write.
#[derive(Clone, Debug, Default, PartialEq)]
struct StepOutcome {
    nodes: u64,
    edges: u64,
    committed: bool,
    rows: Vec<String>,
}

/// The result of a write by the reference.
enum ExpectedOutcome {
    Done(Box<OracleGraph>, StepOutcome),
    Refused(String),
    /// The language does not determine the result.
    Undetermined,
}

/// The engine and the reference on one workload.
struct DifferentialHarness {
    workload: Workload,
    catalog: Catalog,
    branches: BTreeMap<&'static str, OracleGraph>,
    place: String,
    handles: Vec<Omnigraph>,
    faults: FaultInjector,
    random: Env,
    seed: u64,
    counts: StepCounts,
}

/// Counts of steps by their result.
#[derive(Debug, Default)]
struct StepCounts {
    operations: u64,
    done: u64,
    refused: u64,
    /// Writes that did not run because the language does not determine their result.
    skipped: u64,
    faults: u64,
    /// Writes that failed by a fault and left the old state.
    faults_with_old_state: u64,
    /// Writes that failed by a fault after their commit.
    faults_with_new_state: u64,
    races: u64,
}

impl DifferentialHarness {
    async fn new(seed: u64, place: &str) -> Self {
        let workload = Workload::new(seed);
        let ids = Env::seeded(seed);
        let mut mint = || ids.ulid();
        let catalog = omnigraph_compiler::compile_schema(&workload.schema(), None, &mut mint).0.unwrap();
        let mut harness = Self {
            workload,
            catalog,
            branches: BTreeMap::from([("main", OracleGraph::new())]),
            place: place.to_owned(),
            handles: Vec::new(),
            faults: FaultInjector::new(),
            random: Env::seeded(seed),
            seed,
            counts: StepCounts::default(),
        };
        let options = harness.options();
        harness.handles.push(
            Omnigraph::create(place, SchemaSource::new("s.pg", harness.workload.schema()))
                .options(options)
                .await
                .unwrap(),
        );
        let second = harness.open().await;
        harness.handles.push(second);
        harness
    }

    /// Returns options with a seed of their own, because ids must not repeat between handles.
    fn options(&self) -> OpenOptions {
        let retry = RetryPolicy {
            max_attempts: 2,
            base_backoff: std::time::Duration::ZERO,
            max_backoff: std::time::Duration::ZERO,
        };
        let store = StoreOptions {
            durability: Durability::Os,
            env: Env::seeded(self.random.random_u64()),
            retry,
            layer: Some(self.faults.layer()),
            ..StoreOptions::default()
        };
        OpenOptions { store, ..OpenOptions::default() }
    }

    /// Returns a random number below `end`.
    fn random_below(&self, end: usize) -> usize {
        (self.random.random_u64() % end as u64) as usize
    }

    /// Returns one of the handles.
    fn handle(&self) -> &Omnigraph {
        &self.handles[self.random_below(self.handles.len())]
    }

    async fn open(&self) -> Omnigraph {
        let options = self.options();
        Omnigraph::open(&self.place).options(options).await.unwrap()
    }

    /// Runs one step, or two steps concurrently, and returns the number of steps.
    async fn run_step(&mut self, number: u64) -> Result<u64, String> {
        let step = self.workload.step(number);
        match step {
            WorkloadStep::Reopen => {
                let which = self.random_below(self.handles.len());
                self.handles[which] = self.open().await;
            }
            WorkloadStep::Branch { name, from } => self.branch(name, from).await?,
            WorkloadStep::Load { .. } | WorkloadStep::Mutate { .. } => {
                let next = self.workload.step(number + 1);
                let both_write = matches!(next, WorkloadStep::Load { .. } | WorkloadStep::Mutate { .. });
                if both_write && self.random_below(100) < 6 {
                    self.race(&[step, next]).await?;
                    return Ok(2);
                }
                if self.random_below(100) < 4 {
                    self.inject_fault(&step).await?;
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
            graph.delete_branch(name).await
        } else {
            let begun = self.branches[if from == name { "main" } else { from }].clone();
            self.branches.insert(name, begun);
            graph.create_branch(name, &Target::Branch(from.to_owned())).await
        };
        result.map(drop).map_err(|error| format!("branch {name} of {from}: {error}"))
    }

    /// Returns the branch that a step writes to: `main` if the branch of the step does not exist.
    fn branch_of(&self, step: &WorkloadStep) -> &'static str {
        match step {
            WorkloadStep::Load { branch, .. } | WorkloadStep::Mutate { branch, .. }
                if self.branches.contains_key(branch) =>
            {
                branch
            }
            _ => "main",
        }
    }

    fn expect(&self, step: &WorkloadStep, graph: &OracleGraph) -> ExpectedOutcome {
        match step {
            WorkloadStep::Load { mode, lines, .. } => {
                let mut after = graph.clone();
                match after.load(&self.catalog, lines, *mode, NOW_MILLIS) {
                    Ok(()) => ExpectedOutcome::Done(Box::new(after), StepOutcome::default()),
                    Err(failure) => ExpectedOutcome::Refused(failure.to_string()),
                }
            }
            WorkloadStep::Mutate { source, .. } => {
                let Ok(compiled) = omnigraph_compiler::compile(source, None, &self.catalog) else {
                    return ExpectedOutcome::Undetermined;
                };
                let QueryOperation::Mutation(mutation) = compiled.operation else {
                    return ExpectedOutcome::Undetermined;
                };
                match oracle::mutate(graph, &self.catalog, &mutation, &[], NOW_MILLIS) {
                    Ok(done) if done.order_dependent => ExpectedOutcome::Undetermined,
                    Ok(done) => {
                        let outcome = StepOutcome {
                            nodes: done.affected_nodes,
                            edges: done.affected_edges,
                            committed: !done.touched.is_empty(),
                            rows: canonical_rows(&done.rows.rows),
                        };
                        ExpectedOutcome::Done(Box::new(done.graph), outcome)
                    }
                    Err(failure) => ExpectedOutcome::Refused(failure.to_string()),
                }
            }
            WorkloadStep::Branch { .. } | WorkloadStep::Reopen => ExpectedOutcome::Undetermined,
        }
    }

    async fn write(&mut self, step: &WorkloadStep) -> Result<(), String> {
        let branch = self.branch_of(step);
        let expected = self.expect(step, &self.branches[branch]);
        if matches!(expected, ExpectedOutcome::Undetermined) {
            self.counts.skipped += 1;
            return Ok(());
        }
        let handle = self.handle();
        let actual = execute(handle, branch, step).await;
        match (expected, actual) {
            (ExpectedOutcome::Done(after, outcome), Ok(actual)) if outcome == actual => {
                self.counts.done += 1;
                self.branches.insert(branch, *after);
                Ok(())
            }
            (ExpectedOutcome::Refused(_), Err(error)) if is_refusal(&error) => {
                self.counts.refused += 1;
                Ok(())
            }
            (ExpectedOutcome::Done(_, outcome), actual) => {
                Err(self.failure_report(branch, step, &format!("expected {outcome:?}\nactual {actual:?}")))
            }
            (ExpectedOutcome::Refused(problem), actual) => {
                Err(self.failure_report(branch, step, &format!("expected to be refused: {problem}\nactual {actual:?}")))
            }
            (ExpectedOutcome::Undetermined, _) => Ok(()),
        }
    }

    /// Runs a write whose n-th call of the store fails: the branch then has the old or the new state.
    async fn inject_fault(&mut self, step: &WorkloadStep) -> Result<(), String> {
        let branch = self.branch_of(step);
        let expected = self.expect(step, &self.branches[branch]);
        if matches!(expected, ExpectedOutcome::Undetermined) {
            self.counts.skipped += 1;
            return Ok(());
        }
        let kinds = [FaultKind::FailBefore, FaultKind::FailAfter, FaultKind::CrashBefore, FaultKind::CrashAfter];
        let fault = kinds[self.random_below(kinds.len())];
        let call = self.random_below(16);
        let handle = self.handle().clone();
        self.faults.add(FaultRule::new(fault).nth(call));
        let actual = execute(&handle, branch, step).await;
        self.faults.revive();
        let is = self.export_canonical(branch).await;
        let old = self.canonical(&self.branches[branch]);
        let context = format!("{fault:?} at call {call}: {:?}", actual.as_ref().err());
        self.counts.faults += 1;
        match (expected, actual) {
            (ExpectedOutcome::Done(after, _), actual) if is == self.canonical(&after) => {
                self.counts.faults_with_new_state += u64::from(actual.is_err());
                self.branches.insert(branch, *after);
                Ok(())
            }
            (_, Err(_)) if is == old => {
                self.counts.faults_with_old_state += 1;
                Ok(())
            }
            _ => Err(self.failure_report(
                branch,
                step,
                &format!("{context}\nleaves\n{}\nof\n{}", is.join("\n"), old.join("\n")),
            )),
        }
    }

    /// Runs two writes concurrently: their result is that of some order, or one of them must retry.
    async fn race(&mut self, steps: &[WorkloadStep; 2]) -> Result<(), String> {
        let branches = [self.branch_of(&steps[0]), self.branch_of(&steps[1])];
        let both = async {
            tokio::join!(
                execute(&self.handles[0], branches[0], &steps[0]),
                execute(&self.handles[1], branches[1], &steps[1])
            )
        };
        for (step, branch) in steps.iter().zip(branches) {
            if matches!(self.expect(step, &self.branches[branch]), ExpectedOutcome::Undetermined) {
                self.counts.skipped += 2;
                return Ok(());
            }
        }
        let (first, second) = both.await;
        let actual = [first, second];
        self.counts.races += 1;
        let mut states = BTreeMap::new();
        for branch in branches {
            states.insert(branch, self.export_canonical(branch).await);
        }
        for order in [[0, 1], [1, 0]] {
            let Some(after) = self.apply_in_order(steps, branches, &actual, order) else { continue };
            if states.iter().all(|(branch, lines)| self.canonical(&after[branch]) == *lines) {
                self.branches = after;
                return Ok(());
            }
        }
        let problem = format!("concurrent with\n{:?}\nresults {actual:#?}\nstate\n{states:#?}", steps[1]);
        Err(self.failure_report(branches[0], &steps[0], &problem))
    }

    /// Returns the branches after both steps, if the reference agrees with the engine in this order.
    fn apply_in_order(
        &self,
        steps: &[WorkloadStep; 2],
        branches: [&'static str; 2],
        actual: &[omnigraph::Result<StepOutcome>; 2],
        order: [usize; 2],
    ) -> Option<BTreeMap<&'static str, OracleGraph>> {
        let mut after = self.branches.clone();
        for index in order {
            match (self.expect(&steps[index], &after[branches[index]]), &actual[index]) {
                (ExpectedOutcome::Done(graph, outcome), Ok(actual)) if outcome == *actual => {
                    after.insert(branches[index], *graph);
                }
                (ExpectedOutcome::Refused(_), Err(_)) => {}
                (_, Err(error)) if matches!(error.kind(), ErrorKind::Retry | ErrorKind::Conflict) => {}
                _ => return None,
            }
        }
        Some(after)
    }

    /// Exports a branch through one of the handles.
    async fn export_canonical(&self, branch: &str) -> Vec<String> {
        let handle = self.handle();
        canonical_export(export(handle, branch).await.lines())
    }

    fn canonical(&self, graph: &OracleGraph) -> Vec<String> {
        let lines = graph.export(&self.catalog).unwrap();
        canonical_export(lines.iter().map(String::as_str))
    }

    async fn compare(&self) -> Result<(), String> {
        for branch in self.branches.keys().copied().collect::<Vec<_>>() {
            let (is, expected) = (self.export_canonical(branch).await, self.canonical(&self.branches[branch]));
            if is != expected {
                return Err(format!("{branch} holds\n{}\nand not\n{}", is.join("\n"), expected.join("\n")));
            }
        }
        let names: Vec<String> =
            self.handles[0].branches().await.unwrap().iter().map(|branch| branch.name().to_owned()).collect();
        let expected: Vec<&str> = self.branches.keys().copied().collect();
        if names == expected { Ok(()) } else { Err(format!("branches {names:?} and not {expected:?}")) }
    }

    /// Describes a failure so that it can be repeated: the schema, the rows before, the step.
    fn failure_report(&self, branch: &str, step: &WorkloadStep, problem: &str) -> String {
        let rows = self.branches[branch].export(&self.catalog).unwrap().join("\n");
        let step = match step {
            WorkloadStep::Load { mode, lines, .. } => format!("load {mode:?}\n{lines}"),
            WorkloadStep::Mutate { source, .. } => source.clone(),
            other => format!("{other:?}"),
        };
        format!("{}\nrows of {branch} before\n{rows}\n\n{step}\n\n{problem}", self.workload.schema())
    }
}

/// Returns true if the engine refused a write because of its rows.
fn is_refusal(error: &omnigraph::Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict)
        && !matches!(error, omnigraph::Error::Unsupported { .. } | omnigraph::Error::Execution { .. })
}

async fn execute(graph: &Omnigraph, branch: &str, step: &WorkloadStep) -> omnigraph::Result<StepOutcome> {
    match step {
        WorkloadStep::Load { mode, lines, .. } => {
            let mode = match mode {
                OracleLoadMode::Append => LoadMode::Append,
                OracleLoadMode::Merge => LoadMode::Merge,
                OracleLoadMode::Overwrite => LoadMode::Overwrite,
            };
            load(graph, branch, mode, lines).await.map(|_| StepOutcome::default())
        }
        WorkloadStep::Mutate { source, .. } => {
            let receipt = graph.branch(branch).mutate(source).file("q.gq").await?;
            let cells = |row: &serde_json::Map<String, Value>| {
                receipt.columns.iter().map(|column| row.get(column).cloned().unwrap_or(Value::Null)).collect()
            };
            let rows: Vec<Vec<Value>> = receipt.rows.iter().map(cells).collect();
            Ok(StepOutcome {
                nodes: receipt.affected_nodes,
                edges: receipt.affected_edges,
                committed: receipt.commit.is_some(),
                rows: canonical_rows(&rows),
            })
        }
        WorkloadStep::Branch { .. } | WorkloadStep::Reopen => Ok(StepOutcome::default()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_mutations_agree_with_the_reference() {
    let first = env_number("OMNIGRAPH_RANDOM_SEED", 0);
    let operations = env_number("OMNIGRAPH_RANDOM_OPERATIONS", DEFAULT_OPERATIONS);
    let folder = tempfile::tempdir().unwrap();
    let mut total = StepCounts::default();
    let mut seed = first;
    while total.operations < operations {
        let place = folder.path().join(seed.to_string());
        let mut harness = DifferentialHarness::new(seed, &place.display().to_string()).await;
        let mut step = 0;
        while step < STEPS {
            let result = harness.run_step(step).await;
            let compared = match result {
                Ok(_) if step % COMPARISON_INTERVAL == 0 => harness.compare().await,
                Ok(_) => Ok(()),
                Err(ref problem) => Err(problem.clone()),
            };
            if let Err(problem) = compared {
                panic!("workload {}, step {step} (OMNIGRAPH_RANDOM_SEED={0} repeats it):\n{problem}", harness.seed);
            }
            step += result.unwrap_or(1);
        }
        harness.counts.operations += step;
        total.add(&harness.counts);
        // Background work of the handles may still write. The folder above is deleted in the end.
        let _ = std::fs::remove_dir_all(&place);
        seed += 1;
    }
    println!("workloads {first} to {seed}: {total:?}");
    // A run that repeats a single workload need not see every kind of step.
    if operations >= DEFAULT_OPERATIONS {
        assert!(total.done > total.refused / 4 && total.refused > 0, "{total:?}");
        assert!(total.skipped * 2 < total.operations, "{total:?}");
        assert!(total.races > 0 && total.faults_with_old_state > 0 && total.faults_with_new_state > 0, "{total:?}");
    }
}

impl StepCounts {
    fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.done += other.done;
        self.refused += other.refused;
        self.skipped += other.skipped;
        self.faults += other.faults;
        self.faults_with_old_state += other.faults_with_old_state;
        self.faults_with_new_state += other.faults_with_new_state;
        self.races += other.races;
    }
}
