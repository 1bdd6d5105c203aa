//! Results in the form of test files, and their differences.

use super::engine::{EngineError, MutationSummary, ResultTable};

/// The line of a result without rows.
const NO_ROWS: &str = "(no rows)";

/// The line of a mutation that made no commit.
const NO_COMMIT: &str = "no commit";

/// Prints column names, then rows with cells of compact JSON; unordered rows are sorted as text.
pub(super) fn answer(answer: &ResultTable, unordered: bool) -> Vec<String> {
    let cells = |row: &Vec<serde_json::Value>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    let mut rows: Vec<String> = answer.rows.iter().map(cells).collect();
    if unordered {
        rows.sort();
    }
    if rows.is_empty() {
        rows.push(NO_ROWS.to_owned());
    }
    rows.insert(0, answer.columns.join(" | "));
    rows
}

/// Prints the affected rows, the lack of a commit, and the returned rows.
pub(super) fn receipt(receipt: &MutationSummary, unordered: bool) -> Vec<String> {
    let mut lines = vec![format!("affected {} nodes, {} edges", receipt.nodes, receipt.edges)];
    if !receipt.committed {
        lines.push(NO_COMMIT.to_owned());
    }
    if !receipt.answer.columns.is_empty() {
        lines.extend(answer(&receipt.answer, unordered));
    }
    lines
}

/// Returns the index of the first row in the lines of a mutation.
pub(super) fn rows_of_receipt(lines: &[String]) -> usize {
    2 + usize::from(lines.get(1).is_some_and(|line| line == NO_COMMIT))
}

/// Prints the code of an error and the expected words that its message contains. An unexpected error prints its message.
pub(super) fn error(error: &EngineError, expected: &[String]) -> Vec<String> {
    let mut lines = vec![format!("error {}", error.code)];
    if !expected.iter().any(|line| line.starts_with("error ")) {
        lines.extend(error.message.lines().next().map(|words| format!("contains: {words}")));
    }
    lines.extend(expected.iter().filter(|line| holds(line, &error.message)).cloned());
    lines
}

/// Returns true if a line `contains: words` or `lacks: words` holds for a text.
pub(super) fn holds(line: &str, text: &str) -> bool {
    match (line.strip_prefix("contains: "), line.strip_prefix("lacks: ")) {
        (Some(words), _) => text.contains(words.trim()),
        (_, Some(words)) => !text.contains(words.trim()),
        _ => false,
    }
}

/// Prints both texts line by line: `-` expected only, `+` actual only, blank both.
pub(super) fn difference(expected: &[String], actual: &[String]) -> String {
    // The longest common subsequence of the rest of both, by where the rests begin.
    let mut common = vec![vec![0usize; actual.len() + 1]; expected.len() + 1];
    for (i, left) in expected.iter().enumerate().rev() {
        for (j, right) in actual.iter().enumerate().rev() {
            common[i][j] =
                if left == right { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = String::new();
    while i < expected.len() || j < actual.len() {
        let (sign, line) = if i < expected.len() && j < actual.len() && expected[i] == actual[j] {
            (i, j) = (i + 1, j + 1);
            (' ', &expected[i - 1])
        } else if j == actual.len() || (i < expected.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', &expected[i - 1])
        } else {
            j += 1;
            ('+', &actual[j - 1])
        };
        out.push_str(&format!("  {sign} {line}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn answers_have_a_header_and_json_cells() {
        let mut result = ResultTable {
            columns: vec!["a".into(), "b".into()],
            rows: vec![vec![json!("x|"), json!(2.0)], vec![json!(null), json!([1])]],
        };
        assert_eq!(answer(&result, false), ["a | b", r#""x|" | 2.0"#, "null | [1]"]);
        assert_eq!(answer(&result, true), ["a | b", r#""x|" | 2.0"#, "null | [1]"]);
        result.rows.clear();
        assert_eq!(answer(&result, false), ["a | b", "(no rows)"]);
    }

    #[test]
    fn mutations_print_their_effect() {
        let mut done = MutationSummary { nodes: 2, edges: 1, committed: true, answer: ResultTable::default() };
        assert_eq!(receipt(&done, false), ["affected 2 nodes, 1 edges"]);
        done.committed = false;
        done.answer = ResultTable { columns: vec!["a".into()], rows: vec![vec![json!(2)], vec![json!(1)]] };
        let lines = receipt(&done, true);
        assert_eq!(lines, ["affected 2 nodes, 1 edges", "no commit", "a", "1", "2"]);
        assert_eq!(rows_of_receipt(&lines), 3);
    }

    #[test]
    fn differences_keep_what_is_common() {
        let text = difference(&lines("a\nb\nc"), &lines("a\nx\nc\nd"));
        assert_eq!(text, "    a\n  - b\n  + x\n    c\n  + d\n");
    }
}
