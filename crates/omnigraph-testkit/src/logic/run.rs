//! The runner: it compares the results of steps with a file, or rewrites the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::engine::{EngineError, LogicCondition, LogicEngine, LogicMutation};
use super::parse::{LogicStep, LogicStepKind, parse};
use super::render;

/// The results of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    /// Number of queries that ran.
    pub queries: usize,
    /// Number of mutations that ran.
    pub mutations: usize,
    /// The missing feature for which the rest of the file was skipped.
    pub skipped: Option<String>,
    /// Differences from the expected results: place, expected and actual.
    pub failures: Vec<String>,
    /// The text with actual results in place of expected ones.
    pub updated: String,
}

/// Commits by the names that a file gives them.
type CommitMarks = BTreeMap<String, String>;

/// Runs the steps of one file. `name` is what failures call it.
///
/// # Errors
/// The file does not follow the format.
pub async fn run_file<E: LogicEngine>(name: &str, text: &str, engine: &mut E) -> Result<FileReport, String> {
    let steps = parse(text).map_err(|problem| format!("{name}: {problem}"))?;
    let mut outcome = FileReport::default();
    let mut replacements = Vec::new();
    let mut marks = CommitMarks::new();
    for step in &steps {
        if let LogicStepKind::Requires(feature) = &step.kind {
            if !engine.supports(feature) {
                outcome.skipped = Some(feature.clone());
                break;
            }
            continue;
        }
        outcome.queries += usize::from(matches!(step.kind, LogicStepKind::Query { .. }));
        outcome.mutations += usize::from(matches!(step.kind, LogicStepKind::Mutate { .. }));
        let Some(actual) = run_step(step, engine, &mut marks).await else { continue };
        if actual != sorted_rows(step) {
            let difference = render::difference(&sorted_rows(step), &actual);
            outcome.failures.push(format!("{name}:{}: {}\n{difference}", step.line, step.description));
            if !matches!(step.kind, LogicStepKind::Explain(_)) {
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

/// Runs a step and returns its result in the form of the expected lines; `None` if it has none.
async fn run_step<E: LogicEngine>(step: &LogicStep, engine: &mut E, marks: &mut CommitMarks) -> Option<Vec<String>> {
    let nothing = |result: Result<(), EngineError>| match result {
        Ok(()) => Vec::new(),
        Err(error) => render::error(&error, &step.expected.lines),
    };
    Some(match &step.kind {
        LogicStepKind::Requires(_) => return None,
        LogicStepKind::Schema(schema) => nothing(engine.init(schema).await),
        LogicStepKind::Branch { name, from } => nothing(engine.create_branch(name, from).await),
        LogicStepKind::Load { mode, branch, lines } => nothing(engine.load(lines, *mode, branch).await),
        LogicStepKind::Query { request, unordered } => match engine.query(request).await {
            Ok(answer) => render::answer(&answer, *unordered),
            Err(error) => render::error(&error, &step.expected.lines),
        },
        LogicStepKind::Mutate { write, unordered } => match engine.mutate(&resolve_marks(write, marks)).await {
            Ok(receipt) => render::receipt(&receipt, *unordered),
            Err(error) => render::error(&error, &step.expected.lines),
        },
        LogicStepKind::Mark { name, branch } => match engine.head(branch).await {
            Ok(commit) => {
                marks.insert(name.clone(), commit);
                Vec::new()
            }
            Err(error) => render::error(&error, &step.expected.lines),
        },
        LogicStepKind::Explain(request) => match engine.explain(request).await {
            Ok(None) => return None,
            Ok(Some(plan)) => {
                // A plan is compared by the expected words only; a plan that lacks some is printed whole.
                let expected = &step.expected.lines;
                let all = expected.iter().all(|line| render::holds(line, &plan));
                if all { expected.clone() } else { plan.lines().map(str::to_owned).collect() }
            }
            Err(error) => render::error(&error, &step.expected.lines),
        },
    })
}

/// Returns the mutation with commits in place of marks. An unknown mark stays as it is and fails as an unknown commit.
fn resolve_marks(write: &LogicMutation, marks: &CommitMarks) -> LogicMutation {
    let commit = |mark: &String| marks.get(mark).unwrap_or(mark).clone();
    let condition = write.condition.as_ref().map(|condition| match condition {
        LogicCondition::Head(mark) => LogicCondition::Head(commit(mark)),
        LogicCondition::UnchangedSince(mark) => LogicCondition::UnchangedSince(commit(mark)),
    });
    LogicMutation { condition, ..write.clone() }
}

/// Returns the expected lines with unordered rows sorted.
fn sorted_rows(step: &LogicStep) -> Vec<String> {
    let mut lines = step.expected.lines.clone();
    let from = match &step.kind {
        LogicStepKind::Query { unordered: true, .. } => 1,
        LogicStepKind::Mutate { unordered: true, .. } => render::rows_of_receipt(&lines),
        _ => return lines,
    };
    if let Some(rows) = lines.get_mut(from..) {
        rows.sort();
    }
    lines
}

/// Runs every `.test` file of a folder, each on an engine of its own. With `UPDATE_EXPECT` in the environment, what is
/// expected lines are rewritten with the results, plans excepted.
///
/// # Errors
/// All differences, or a file that cannot be read or is malformed.
pub async fn run_folder<E: LogicEngine>(
    folder: &Path,
    mut engine: impl FnMut() -> E,
) -> Result<Vec<(String, FileReport)>, String> {
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
        if update_requested() && !outcome.failures.is_empty() {
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

#[expect(clippy::disallowed_methods, reason = "the only switch of the tests")]
fn update_requested() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}
