//! Steps to failures, or to the text as it should be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::engine::{Condition, Engine, EngineError, Write};
use super::parse::{Step, StepKind, parse};
use super::render;

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many queries were run.
    pub queries: usize,
    /// How many mutations were run.
    pub mutations: usize,
    /// The feature that the rest of the file needs and the engine does not have.
    pub skipped: Option<String>,
    /// What did not come out as expected, ready to be shown: place, expected and actual.
    pub failures: Vec<String>,
    /// The text with what came out in place of what was expected.
    pub updated: String,
}

/// Commits by the names that a file gives them.
type Marks = BTreeMap<String, String>;

/// Runs the steps of one file. `name` is what failures call it.
///
/// # Errors
/// The file is no file of this format.
pub async fn run_file<E: Engine>(name: &str, text: &str, engine: &mut E) -> Result<Outcome, String> {
    let steps = parse(text).map_err(|problem| format!("{name}: {problem}"))?;
    let mut outcome = Outcome::default();
    let mut replacements = Vec::new();
    let mut marks = Marks::new();
    for step in &steps {
        if let StepKind::Requires(feature) = &step.kind {
            if !engine.supports(feature) {
                outcome.skipped = Some(feature.clone());
                break;
            }
            continue;
        }
        outcome.queries += usize::from(matches!(step.kind, StepKind::Query { .. }));
        outcome.mutations += usize::from(matches!(step.kind, StepKind::Mutate { .. }));
        let Some(actual) = take(step, engine, &mut marks).await else { continue };
        if actual != sorted_rows(step) {
            let ids = step.ids.join(", ");
            let difference = render::difference(&sorted_rows(step), &actual);
            outcome.failures.push(format!("{name}:{}: {ids}\n{difference}", step.line));
            if !matches!(step.kind, StepKind::Explain(_)) {
                replacements.push((step.expected.at.clone(), actual));
            }
        }
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, actual) in replacements.into_iter().rev() {
        lines.splice(at, actual);
    }
    outcome.updated = lines.join("\n") + "\n";
    Ok(outcome)
}

/// What came of a step, in the form of what is expected of it; `None` if that cannot be said.
async fn take<E: Engine>(step: &Step, engine: &mut E, marks: &mut Marks) -> Option<Vec<String>> {
    let nothing = |result: Result<(), EngineError>| match result {
        Ok(()) => Vec::new(),
        Err(error) => render::error(&error, &step.expected.lines),
    };
    Some(match &step.kind {
        StepKind::Requires(_) => return None,
        StepKind::Schema(schema) => nothing(engine.init(schema).await),
        StepKind::Branch { name, from } => nothing(engine.create_branch(name, from).await),
        StepKind::Load { mode, branch, lines } => nothing(engine.load(lines, *mode, branch).await),
        StepKind::Query { request, unordered } => match engine.query(request).await {
            Ok(answer) => render::answer(&answer, *unordered),
            Err(error) => render::error(&error, &step.expected.lines),
        },
        StepKind::Mutate { write, unordered } => match engine.mutate(&marked(write, marks)).await {
            Ok(receipt) => render::receipt(&receipt, *unordered),
            Err(error) => render::error(&error, &step.expected.lines),
        },
        StepKind::Mark { name, branch } => match engine.head(branch).await {
            Ok(commit) => {
                marks.insert(name.clone(), commit);
                Vec::new()
            }
            Err(error) => render::error(&error, &step.expected.lines),
        },
        StepKind::Explain(request) => match engine.explain(request).await {
            Ok(None) => return None,
            Ok(Some(plan)) => {
                // A plan is judged by the words expected of it; one that lacks some is shown whole.
                let expected = &step.expected.lines;
                let all = expected.iter().all(|line| render::holds(line, &plan));
                if all { expected.clone() } else { plan.lines().map(str::to_owned).collect() }
            }
            Err(error) => render::error(&error, &step.expected.lines),
        },
    })
}

/// The mutation with commits in place of marks. What no step has marked stays as it is, and is no commit.
fn marked(write: &Write, marks: &Marks) -> Write {
    let commit = |mark: &String| marks.get(mark).unwrap_or(mark).clone();
    let condition = write.condition.as_ref().map(|condition| match condition {
        Condition::Head(mark) => Condition::Head(commit(mark)),
        Condition::UnchangedSince(mark) => Condition::UnchangedSince(commit(mark)),
    });
    Write { condition, ..write.clone() }
}

/// What is expected, with rows in the order in which open rows are compared.
fn sorted_rows(step: &Step) -> Vec<String> {
    let mut lines = step.expected.lines.clone();
    let from = match &step.kind {
        StepKind::Query { unordered: true, .. } => 1,
        StepKind::Mutate { unordered: true, .. } => render::rows_of_receipt(&lines),
        _ => return lines,
    };
    if let Some(rows) = lines.get_mut(from..) {
        rows.sort();
    }
    lines
}

/// Runs every `.test` file of a folder, each on an engine of its own. With `UPDATE_EXPECT` in the environment, what is
/// expected is rewritten with what came out, plans excepted.
///
/// # Errors
/// Everything that did not come out as expected, or a file that cannot be read or is malformed.
pub async fn run_folder<E: Engine>(
    folder: &Path,
    mut engine: impl FnMut() -> E,
) -> Result<Vec<(String, Outcome)>, String> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "test"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no .test files", folder.display()));
    }
    let mut outcomes = Vec::new();
    let mut failures = Vec::new();
    for path in files {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let outcome = run_file(&name, &text, &mut engine()).await?;
        if asked_to_update() && !outcome.failures.is_empty() {
            std::fs::write(&path, &outcome.updated).map_err(|error| format!("{}: {error}", path.display()))?;
        } else {
            failures.extend(outcome.failures.iter().cloned());
        }
        outcomes.push((name, outcome));
    }
    if failures.is_empty() {
        Ok(outcomes)
    } else {
        Err(format!("{} step(s) differ\n{}", failures.len(), failures.join("\n")))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one switch of the tests")]
fn asked_to_update() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}
