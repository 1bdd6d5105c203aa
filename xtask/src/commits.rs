//! Subjects of commits: `area: imperative subject`, at most [`MAX_SUBJECT`] characters.
//!
//! Commits before the one that added this check are exempt.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use crate::source_tree::pattern;

const MAX_SUBJECT: usize = 72;
/// The file whose first commit is the first that is checked.
const THIS_FILE: &str = "xtask/src/commits.rs";

static SUBJECT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[a-z][a-z0-9-]*(?:, [a-z][a-z0-9-]*)*: ([a-z]+)\b"));
/// Other forms of frequent verbs.
static NOT_IMPERATIVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        "^(?:add|chang|delet|document|fix|implement|improv|introduc|mak|merg|mov|port|remov|renam|rewrit|support|test|updat|us)",
        "(?:s|es|ed|ing)$"
    ))
});

/// Checks the subjects of the commits in a range of git.
///
/// # Errors
/// git cannot be run, or refuses the range.
pub(crate) fn check(root: &Path, range: &str) -> Result<Vec<String>, String> {
    // An archive of the sources has no history.
    if !root.join(".git").exists() {
        return Ok(Vec::new());
    }
    let added = git(root, &["log", "--diff-filter=A", "--format=%P", "-1", "HEAD", "--", THIS_FILE])?;
    let is_uncommitted = git(root, &["ls-tree", "--name-only", "HEAD", THIS_FILE])?.is_empty();
    if is_uncommitted {
        return Ok(Vec::new());
    }
    let exempt: Vec<String> = added.split_whitespace().map(|parent| format!("^{parent}")).collect();
    let mut arguments = vec!["log", "--no-merges", "--format=%h %s", range];
    arguments.extend(exempt.iter().map(String::as_str));
    let log = git(root, &arguments)?;
    Ok(log.lines().filter_map(|line| line.split_once(' ')).filter_map(|(id, subject)| problem(id, subject)).collect())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git").args(arguments).current_dir(root).output();
    let output = output.map_err(|error| format!("cannot run git: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr))),
    }
}

fn problem(id: &str, subject: &str) -> Option<String> {
    let length = subject.chars().count();
    let message = match SUBJECT.captures(subject) {
        _ if length > MAX_SUBJECT => format!("{length} characters, at most {MAX_SUBJECT} are allowed"),
        None => "expected `area: imperative subject`".to_owned(),
        Some(found) if NOT_IMPERATIVE.is_match(&found[1]) => format!("`{}` is not an imperative", &found[1]),
        Some(_) => return None,
    };
    Some(format!("{id}: {message}: {subject}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_have_an_area_and_an_imperative() {
        for good in [
            "storage: fall back to per-file fsync",
            "query, docs: make cursors resume",
            "tests: pass the seed",
            "query: focus on keys",
        ] {
            assert_eq!(problem("1", good), None, "{good}");
        }
        for bad in [
            "Clippy has nothing to say",
            "query: Makes cursors",
            "query: added cursors",
            "query: adds cursors",
            "query:x",
        ] {
            assert!(problem("1", bad).is_some(), "{bad}");
        }
        assert!(problem("1", &format!("query: make {}", "x".repeat(72))).is_some());
    }

    #[test]
    fn the_commits_of_this_repository_can_be_read() {
        check(&crate::workspace_root().unwrap(), "HEAD").unwrap();
    }
}
