//! Text to steps.

use std::ops::Range;

use serde_json::Value as Json;

use super::engine::{Condition, Request, Write};
use crate::oracle::Mode;

/// The line between what is asked and what is expected.
const RULE: &str = "----";

/// A step of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Line of its first word, from 1.
    pub line: usize,
    /// The scenarios it is about.
    pub ids: Vec<String>,
    /// What to do.
    pub kind: StepKind,
    /// What must come of it.
    pub expected: Expected,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
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
        /// What happens to rows that are there.
        mode: Mode,
        /// Into which branch.
        branch: String,
        /// The lines.
        lines: String,
    },
    /// Runs a query.
    Query {
        /// What to run.
        request: Request,
        /// Whether rows may come in any order.
        unordered: bool,
    },
    /// Runs a mutation.
    Mutate {
        /// What to run; a commit in its condition is the name of a mark.
        write: Write,
        /// Whether rows may come in any order.
        unordered: bool,
    },
    /// Remembers the newest commit of a branch.
    Mark {
        /// What conditions call it.
        name: String,
        /// Of which branch.
        branch: String,
    },
    /// Asks how a query would run.
    Explain(Request),
}

/// What must come of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Its lines; empty where nothing but success is expected.
    pub lines: Vec<String>,
    /// Where they stand, as indices of lines.
    pub at: Range<usize>,
}

/// The steps of a file.
///
/// # Errors
/// A line that is no part of the format, with its number.
pub fn parse(text: &str) -> Result<Vec<Step>, String> {
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

/// The step that begins at `at`, and where the next may begin.
fn step(lines: &[&str], at: usize) -> Result<(Step, usize), String> {
    let (word, rest) = split_word(lines.get(at).copied().unwrap_or_default());
    let header = Header::parse(rest, word)?;
    let (body, expected_at) = match word {
        "requires" | "branch" | "mark" => (String::new(), at + 1),
        "load" => until(lines, at + 1, |line| line == RULE || line.trim().is_empty()),
        _ => until(lines, at + 1, |line| line == RULE),
    };
    let ruled = lines.get(expected_at.wrapping_sub(1)) == Some(&RULE);
    if matches!(word, "schema" | "query" | "mutate" | "explain") && !ruled {
        return Err(format!("`{word}` has no line `{RULE}` after it"));
    }
    let from = if ruled { expected_at } else { expected_at.min(lines.len()) };
    let count = if ruled { lines.iter().skip(from).take_while(|line| !line.trim().is_empty()).count() } else { 0 };
    let expected_lines = lines.iter().skip(from).take(count).map(|line| (*line).to_owned()).collect();
    let expected = Expected { lines: expected_lines, at: from..from + count };
    let (ids, kind) = kind(word, header, body)?;
    Ok((Step { line: at + 1, ids, kind, expected }, from + count))
}

/// The scenarios of a step, and what it does.
fn kind(word: &str, header: Header, body: String) -> Result<(Vec<String>, StepKind), String> {
    let Header { words: ids, params, branch, from, name, unordered, condition } = header;
    let branch = branch.unwrap_or_else(|| "main".to_owned());
    let only = |what: &str| ids.first().cloned().ok_or_else(|| format!("`{word}` needs {what}"));
    let kind = match word {
        "requires" => StepKind::Requires(only("a feature")?),
        "schema" => StepKind::Schema(body),
        "branch" => StepKind::Branch { name: only("a name")?, from: from.unwrap_or(branch) },
        "mark" => StepKind::Mark { name: only("a name")?, branch },
        "load" => {
            let mode = match only("a mode")?.as_str() {
                "append" => Mode::Append,
                "merge" => Mode::Merge,
                "overwrite" => Mode::Overwrite,
                other => return Err(format!("`{other}` is no mode; `append`, `merge` and `overwrite` are")),
            };
            StepKind::Load { mode, branch, lines: body }
        }
        "query" | "explain" | "mutate" => {
            let request = Request { source: body, name, params, branch };
            match word {
                "explain" => StepKind::Explain(request),
                "query" => StepKind::Query { request, unordered },
                _ => StepKind::Mutate { write: Write { request, condition }, unordered },
            }
        }
        other => return Err(format!("`{other}` begins no step")),
    };
    Ok((ids, kind))
}

/// The text up to a line, and the index behind that line.
fn until(lines: &[&str], from: usize, last: impl Fn(&str) -> bool) -> (String, usize) {
    let body: Vec<&str> = lines.iter().skip(from).take_while(|line| !last(line)).copied().collect();
    (body.join("\n") + "\n", from + body.len() + 1)
}

/// What stands behind the first word of a step.
#[derive(Default)]
struct Header {
    words: Vec<String>,
    params: Option<Json>,
    branch: Option<String>,
    from: Option<String>,
    name: Option<String>,
    unordered: bool,
    condition: Option<Condition>,
}

impl Header {
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
            "if-head" => self.condition = Some(Condition::Head(value)),
            _ => self.condition = Some(Condition::UnchangedSince(value)),
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
        query T1, T2 params {\"x\": [1, 2]} branch b unordered\nquery q() {\n\n}\n----\nx | y\n1 | 2\n\nexplain\nq\n----\ncontains: a";

    #[test]
    fn every_kind_of_step() {
        let steps = parse(FILE).unwrap();
        let [requires, schema, load, query, explain] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!(requires.kind, StepKind::Requires("search".into()));
        assert_eq!(schema.kind, StepKind::Schema("node A { x: I32 }\n\nnode B {}\n".into()));
        let lines = "{\"type\":\"B\"}\n".to_owned();
        assert_eq!(load.kind, StepKind::Load { mode: Mode::Merge, branch: "b".into(), lines });
        assert_eq!((query.line, query.ids.clone()), (13, vec!["T1".to_owned(), "T2".to_owned()]));
        let StepKind::Query { request, unordered: true } = &query.kind else { panic!("{query:?}") };
        assert_eq!(request.source, "query q() {\n\n}\n");
        assert_eq!(request.params, Some(serde_json::json!({"x": [1, 2]})));
        assert_eq!((request.branch.as_str(), &query.expected.at), ("b", &(17..19)));
        assert_eq!(query.expected.lines, ["x | y", "1 | 2"]);
        assert_eq!(explain.expected.lines, ["contains: a"]);
    }

    #[test]
    fn mutations_have_conditions() {
        let text =
            "mark start branch b\n\nmutate M1 branch b name q if-unchanged-since start unordered\nq\n----\nno commit\n";
        let steps = parse(text).unwrap();
        let [mark, mutate] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!(mark.kind, StepKind::Mark { name: "start".into(), branch: "b".into() });
        let StepKind::Mutate { write, unordered: true } = &mutate.kind else { panic!("{mutate:?}") };
        assert_eq!(write.condition, Some(Condition::UnchangedSince("start".into())));
        assert_eq!((write.request.branch.as_str(), write.request.name.as_deref()), ("b", Some("q")));
        assert_eq!(mutate.expected.lines, ["no commit"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, problem) in [
            ("\nquery T1\nquery q() {}\n", "line 2: `query` has no line `----`"),
            ("select 1\n", "line 1: `select` begins no step"),
            ("load often\n{}\n", "line 1: `often` is no mode"),
            ("query T1 params {\nx\n----\n", "line 1: params"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.starts_with(problem), "{found}");
        }
    }
}
