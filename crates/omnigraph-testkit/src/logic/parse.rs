//! The parser of test files.

use std::ops::Range;

use serde_json::Value as Json;

use super::engine::{LogicCondition, LogicMutation, LogicQuery};
use crate::oracle::OracleLoadMode;

/// The line between a step and its expected result.
const SEPARATOR: &str = "----";

/// A step of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct LogicStep {
    /// Line of its first word, from 1.
    pub line: usize,
    /// The comment above it, which says what it tests.
    pub description: String,
    /// The action of the step.
    pub kind: LogicStepKind,
    /// The expected result.
    pub expected: ExpectedLines,
}

/// The action of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum LogicStepKind {
    /// Skips the rest of the file where the engine cannot do this.
    Requires(String),
    /// Starts an empty graph.
    Schema(String),
    /// Creates a branch.
    Branch {
        /// Its name.
        name: String,
        /// The branch it starts from.
        from: String,
    },
    /// Loads lines.
    Load {
        /// The treatment of existing rows.
        mode: OracleLoadMode,
        /// The target branch.
        branch: String,
        /// The lines.
        lines: String,
    },
    /// Runs a query.
    Query {
        /// The query.
        request: LogicQuery,
        /// True if the order of rows is not compared.
        unordered: bool,
    },
    /// Runs a mutation.
    Mutate {
        /// The mutation; a commit in its condition is the name of a mark.
        write: LogicMutation,
        /// True if the order of rows is not compared.
        unordered: bool,
    },
    /// Stores the newest commit of a branch under a name.
    Mark {
        /// The name for conditions.
        name: String,
        /// The branch.
        branch: String,
    },
    /// Explains the plan of a query.
    Explain(LogicQuery),
}

/// The expected result of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedLines {
    /// Its lines; empty where nothing but success is expected.
    pub lines: Vec<String>,
    /// Their range as indices of lines.
    pub at: Range<usize>,
}

/// Parses the steps of a file.
///
/// # Errors
/// A line that is not part of the format, with its number.
pub fn parse(text: &str) -> Result<Vec<LogicStep>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if line.trim().is_empty() || line.starts_with('#') {
            at += 1;
            continue;
        }
        let number = at + 1;
        let (step, next) = step(&lines, at).map_err(|problem| format!("line {number}: {problem}"))?;
        steps.push(step);
        at = next;
    }
    Ok(steps)
}

/// Parses the step that begins at `at`, and returns the start of the next.
fn step(lines: &[&str], at: usize) -> Result<(LogicStep, usize), String> {
    let (word, rest) = split_word(lines.get(at).copied().unwrap_or_default());
    let header = StepHeader::parse(rest, word)?;
    let (body, expected_at) = match word {
        "requires" | "branch" | "mark" => (String::new(), at + 1),
        "load" => until(lines, at + 1, |line| line == SEPARATOR || line.trim().is_empty()),
        _ => until(lines, at + 1, |line| line == SEPARATOR),
    };
    let ruled = lines.get(expected_at.wrapping_sub(1)) == Some(&SEPARATOR);
    if matches!(word, "schema" | "query" | "mutate" | "explain") && !ruled {
        return Err(format!("`{word}` has no line `{SEPARATOR}` after it"));
    }
    let from = if ruled { expected_at } else { expected_at.min(lines.len()) };
    let count = if ruled { lines.iter().skip(from).take_while(|line| !line.trim().is_empty()).count() } else { 0 };
    let expected_lines = lines.iter().skip(from).take(count).map(|line| (*line).to_owned()).collect();
    let expected = ExpectedLines { lines: expected_lines, at: from..from + count };
    let kind = kind(word, header, body)?;
    let comment = lines.iter().take(at).rev().map_while(|line| line.strip_prefix("# ")).collect::<Vec<_>>();
    let description = comment.into_iter().rev().collect::<Vec<_>>().join("; ");
    Ok((LogicStep { line: at + 1, description, kind, expected }, from + count))
}

/// Builds the action of a step.
fn kind(word: &str, header: StepHeader, body: String) -> Result<LogicStepKind, String> {
    let StepHeader { words, params, branch, from, name, unordered, condition } = header;
    let branch = branch.unwrap_or_else(|| "main".to_owned());
    let only = |what: &str| words.first().cloned().ok_or_else(|| format!("`{word}` needs {what}"));
    if matches!(word, "schema" | "query" | "mutate" | "explain") && !words.is_empty() {
        return Err(format!("unknown word `{}` after `{word}`", words.join(" ")));
    }
    Ok(match word {
        "requires" => LogicStepKind::Requires(only("a feature")?),
        "schema" => LogicStepKind::Schema(body),
        "branch" => LogicStepKind::Branch { name: only("a name")?, from: from.unwrap_or(branch) },
        "mark" => LogicStepKind::Mark { name: only("a name")?, branch },
        "load" => {
            let mode = match only("a mode")?.as_str() {
                "append" => OracleLoadMode::Append,
                "merge" => OracleLoadMode::Merge,
                "overwrite" => OracleLoadMode::Overwrite,
                other => return Err(format!("invalid mode `{other}`; expected `append`, `merge` or `overwrite`")),
            };
            LogicStepKind::Load { mode, branch, lines: body }
        }
        "query" | "explain" | "mutate" => {
            let request = LogicQuery { source: body, name, params, branch };
            match word {
                "explain" => LogicStepKind::Explain(request),
                "query" => LogicStepKind::Query { request, unordered },
                _ => LogicStepKind::Mutate { write: LogicMutation { request, condition }, unordered },
            }
        }
        other => return Err(format!("unknown step `{other}`")),
    })
}

/// Returns the text up to a line, and the index after that line.
fn until(lines: &[&str], from: usize, last: impl Fn(&str) -> bool) -> (String, usize) {
    let body: Vec<&str> = lines.iter().skip(from).take_while(|line| !last(line)).copied().collect();
    (body.join("\n") + "\n", from + body.len() + 1)
}

/// The arguments after the first word of a step.
#[derive(Default)]
struct StepHeader {
    words: Vec<String>,
    params: Option<Json>,
    branch: Option<String>,
    from: Option<String>,
    name: Option<String>,
    unordered: bool,
    condition: Option<LogicCondition>,
}

impl StepHeader {
    fn parse(mut rest: &str, step: &str) -> Result<Self, String> {
        let mut header = Self::default();
        while !rest.is_empty() {
            let (word, after) = split_word(rest);
            rest = after;
            match word {
                "params" => {
                    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Json>();
                    let value = values.next().ok_or("`params` needs a JSON value")?;
                    header.params = Some(value.map_err(|error| format!("params: {error}"))?);
                    rest = rest.get(values.byte_offset()..).unwrap_or_default().trim_start();
                }
                "branch" | "from" | "name" | "if-head" | "if-unchanged-since" => {
                    let (value, after) = split_word(rest);
                    if value.is_empty() {
                        return Err(format!("`{word}` needs a name"));
                    }
                    header.name(word, value.to_owned());
                    rest = after;
                }
                "unordered" if matches!(step, "query" | "mutate") => header.unordered = true,
                word => header.words.push(word.trim_end_matches(',').to_owned()),
            }
        }
        Ok(header)
    }

    fn name(&mut self, word: &str, value: String) {
        match word {
            "branch" => self.branch = Some(value),
            "from" => self.from = Some(value),
            "name" => self.name = Some(value),
            "if-head" => self.condition = Some(LogicCondition::Head(value)),
            _ => self.condition = Some(LogicCondition::UnchangedSince(value)),
        }
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# about\nrequires search\n\nschema\nnode A { x: I32 }\n\nnode B {}\n----\n\nload merge branch b\n{\"type\":\"B\"}\n\n\
        # one\n# two\nquery params {\"x\": [1, 2]} branch b unordered\nquery q() {\n\n}\n----\nx | y\n1 | 2\n\nexplain\nq\n----\ncontains: a";

    #[test]
    fn every_kind_of_step() {
        let steps = parse(FILE).unwrap();
        let [requires, schema, load, query, explain] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!(requires.kind, LogicStepKind::Requires("search".into()));
        assert_eq!(schema.kind, LogicStepKind::Schema("node A { x: I32 }\n\nnode B {}\n".into()));
        let lines = "{\"type\":\"B\"}\n".to_owned();
        assert_eq!(load.kind, LogicStepKind::Load { mode: OracleLoadMode::Merge, branch: "b".into(), lines });
        assert_eq!((query.line, query.description.as_str()), (15, "one; two"));
        let LogicStepKind::Query { request, unordered: true } = &query.kind else { panic!("{query:?}") };
        assert_eq!(request.source, "query q() {\n\n}\n");
        assert_eq!(request.params, Some(serde_json::json!({"x": [1, 2]})));
        assert_eq!((request.branch.as_str(), &query.expected.at), ("b", &(19..21)));
        assert_eq!(query.expected.lines, ["x | y", "1 | 2"]);
        assert_eq!(explain.expected.lines, ["contains: a"]);
    }

    #[test]
    fn mutations_have_conditions() {
        let text =
            "mark start branch b\n\nmutate branch b name q if-unchanged-since start unordered\nq\n----\nno commit\n";
        let steps = parse(text).unwrap();
        let [mark, mutate] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!(mark.kind, LogicStepKind::Mark { name: "start".into(), branch: "b".into() });
        let LogicStepKind::Mutate { write, unordered: true } = &mutate.kind else { panic!("{mutate:?}") };
        assert_eq!(write.condition, Some(LogicCondition::UnchangedSince("start".into())));
        assert_eq!((write.request.branch.as_str(), write.request.name.as_deref()), ("b", Some("q")));
        assert_eq!(mutate.expected.lines, ["no commit"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, problem) in [
            ("\nquery\nquery q() {}\n", "line 2: `query` has no line `----`"),
            ("query T1\nq\n----\n", "line 1: unknown word `T1` after `query`"),
            ("select 1\n", "line 1: unknown step `select`"),
            ("load often\n{}\n", "line 1: invalid mode `often`"),
            ("query params {\nx\n----\n", "line 1: params"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(problem), "{found}");
        }
    }
}
