//! Which crate may depend on which: the table is `xtask/arrows.txt`, and what it does not name is not allowed.
//!
//! ```text
//! omnigraph-log -> omnigraph-objects      these workspace crates, and no others
//! omnigraph-testkit -> omnigraph?         only as an optional dependency
//! lance* <- omnigraph                     crates from outside that only these may depend on
//! ```
//!
//! Development dependencies follow the same table, with one door more: every crate may have [`TESTKIT`].

use std::collections::BTreeMap;

use super::table;
use super::workspace::{Crate, Dependency, Kind};
use super::{Finding, Tree};

/// Where the table lives.
const PATH: &str = "xtask/arrows.txt";
/// The crate that only tests may use.
const TESTKIT: &str = "omnigraph-testkit";

#[derive(Debug, Default)]
struct Arrows<'a> {
    /// Crate -> the workspace crates it may depend on, as written.
    ours: BTreeMap<&'a str, Vec<&'a str>>,
    /// Outside crate, perhaps ending in `*` -> the crates that may depend on it.
    outside: Vec<(&'a str, Vec<&'a str>)>,
}

/// Reports every dependency that the table does not allow, and crates and lines that the table gets wrong.
pub(crate) fn check(crates: &[Crate], tree: &Tree) -> Vec<Finding> {
    let (arrows, mut findings) = read(tree);
    let ours: Vec<&str> = crates.iter().map(|member| member.name.as_str()).collect();
    for member in crates {
        let Some(allowed) = arrows.ours.get(member.name.as_str()) else {
            let message = format!("`{}` is not in {PATH}: say there what it may depend on", member.name);
            findings.push(Finding::new("arrows", &member.manifest, 0, message));
            continue;
        };
        for dependency in &member.dependencies {
            let message = match ours.contains(&dependency.name.as_str()) {
                true => judge_ours(dependency, allowed),
                false => judge_outside(member, dependency, &arrows.outside),
            };
            findings.extend(message.map(|message| Finding::new("arrows", &member.manifest, 0, message)));
        }
    }
    findings
}

fn read(tree: &Tree) -> (Arrows<'_>, Vec<Finding>) {
    let mut arrows = Arrows::default();
    let mut findings = Vec::new();
    for (line, entry) in table::entries(tree, PATH) {
        if let Some((name, targets)) = entry.split_once("->") {
            arrows.ours.insert(name.trim(), targets.split_whitespace().collect());
        } else if let Some((name, owners)) = entry.split_once("<-") {
            arrows.outside.push((name.trim(), owners.split_whitespace().collect()));
        } else {
            findings.push(Finding::new("arrows", PATH, line, "a line is `crate -> crates…` or `outside <- crates…`"));
        }
    }
    (arrows, findings)
}

fn judge_ours(dependency: &Dependency, allowed: &[&str]) -> Option<String> {
    let name = dependency.name.as_str();
    if name == TESTKIT {
        let misuse = dependency.kind != Kind::Dev && !allowed.contains(&name);
        return misuse.then(|| format!("`{name}` is for tests: make it a development dependency"));
    }
    if allowed.contains(&name) {
        return None;
    }
    match allowed.iter().any(|entry| entry.strip_suffix('?') == Some(name)) {
        true if dependency.optional => None,
        true => Some(format!("`{name}` is allowed only as an optional dependency, behind a feature")),
        false => Some(format!("may not depend on `{name}`: the arrow is not in {PATH}")),
    }
}

fn judge_outside(member: &Crate, dependency: &Dependency, rules: &[(&str, Vec<&str>)]) -> Option<String> {
    let name = dependency.name.as_str();
    let matches = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let (_, owners) = rules.iter().find(|(pattern, _)| matches(pattern))?;
    let allowed = owners.contains(&member.name.as_str());
    (!allowed).then(|| format!("may not depend on `{name}`: {PATH} gives it to {}", owners.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "objects ->\nengine -> objects\nomnigraph-testkit -> engine?\nlance* <- engine\n";

    fn member(name: &str, dependencies: &[(&str, Kind, bool)]) -> Crate {
        let dependency =
            |&(name, kind, optional): &(&str, Kind, bool)| Dependency { name: name.into(), kind, optional };
        Crate {
            name: name.into(),
            manifest: format!("crates/{name}/Cargo.toml"),
            dependencies: dependencies.iter().map(dependency).collect(),
        }
    }

    /// The findings when one of the table's crates has these dependencies.
    fn found(name: &str, dependencies: &[(&str, Kind, bool)]) -> Vec<String> {
        let mut crates = vec![member("objects", &[]), member("engine", &[]), member(TESTKIT, &[])];
        crates.retain(|other| other.name != name);
        crates.push(member(name, dependencies));
        check(&crates, &Tree::of(&[(PATH, TABLE)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_point_down_only() {
        assert!(found("engine", &[("objects", Kind::Normal, false)]).is_empty());
        assert!(found("objects", &[("engine", Kind::Normal, false)])[0].contains("may not depend on `engine`"));
        assert!(found("objects", &[("engine", Kind::Dev, false)])[0].contains("may not depend on `engine`"));
    }

    #[test]
    fn the_testkit_is_for_tests() {
        assert!(found("objects", &[(TESTKIT, Kind::Dev, false)]).is_empty());
        assert!(found("objects", &[(TESTKIT, Kind::Normal, false)])[0].contains("is for tests"));
    }

    #[test]
    fn optional_arrows_must_be_optional() {
        assert!(found(TESTKIT, &[("engine", Kind::Normal, true)]).is_empty());
        assert!(found(TESTKIT, &[("engine", Kind::Normal, false)])[0].contains("only as an optional"));
    }

    #[test]
    fn outside_crates_have_owners() {
        assert!(found("engine", &[("lance-io", Kind::Normal, false), ("serde", Kind::Normal, false)]).is_empty());
        assert!(found("objects", &[("lance-io", Kind::Dev, false)])[0].contains("gives it to engine"));
    }

    #[test]
    fn unknown_crates_and_lines_are_told() {
        assert!(found("stranger", &[])[0].contains("`stranger` is not in"));
        let broken = check(&[], &Tree::of(&[(PATH, "engine objects\n")]));
        assert!(broken[0].to_string().contains("a line is"));
    }
}
