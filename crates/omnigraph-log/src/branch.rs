//! A branch is one small object.

use omnigraph_objects::Key;

use crate::ids::BranchId;
use crate::record::CommitRef;

/// The version of the branch object's JSON form that this build reads and writes.
pub const BRANCH_FORMAT: u32 = 1;

/// The name of the branch every graph has.
pub const MAIN: &str = "main";

/// What a branch object says. The branch's commits are in the log of its id.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchRecord {
    /// [`BRANCH_FORMAT`].
    pub format: u32,
    /// This incarnation of the name.
    pub id: BranchId,
    /// Any text that is a valid branch name; names are data, so `a` and `a/b` live together.
    pub name: String,
    /// The commit it starts from; none for the first branch of a graph.
    pub forked_from: Option<CommitRef>,
    /// When it was made, in Unix microseconds.
    pub created_at: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// How often it was given another name. Of several objects with one id the one with the most is the branch; the others
    /// are what a rename that died has left.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub renames: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes every field by reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl BranchRecord {
    /// Whether this object is what its branch is called, rather than `other`, which has the same id. Equal numbers of renames
    /// come from two renames that raced; the name decides, so that everybody decides alike.
    #[must_use]
    pub fn supersedes(&self, other: &Self) -> bool {
        (self.renames, std::cmp::Reverse(&self.name)) > (other.renames, std::cmp::Reverse(&other.name))
    }
}

/// Says why `name` cannot name a branch, or nothing if it can.
#[must_use]
pub fn name_problem(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > 200 {
        return Some("it is longer than 200 bytes");
    }
    if name.chars().any(|c| c.is_control() || c == '\\') {
        return Some("it has a control character or a backslash");
    }
    if name.trim() != name {
        return Some("it begins or ends with white space");
    }
    if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Some("a part between slashes is empty, `.` or `..`");
    }
    if Key::encode_segment(name).is_err() {
        return Some(
            "it is too long: 240 bytes are allowed, and what is not a-z, 0-9, `-`, `_` or a dot counts three each",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use super::name_problem;

    #[test]
    fn names_are_data() {
        for good in ["main", "a", "a/b", "agent-7/run 3", "Äpfel", "A", "x".repeat(200).as_str()] {
            assert_eq!(name_problem(good), None, "{good}");
        }
        let long = ["x".repeat(201), "X".repeat(81), "Ä".repeat(41)];
        assert_eq!(name_problem(&"X".repeat(80)), None);
        let bad = ["", " a", "a ", "a//b", "/a", "a/", "..", "a/../b", "a\\b", "a\nb"];
        for bad in bad.into_iter().chain(long.iter().map(String::as_str)) {
            assert!(name_problem(bad).is_some(), "{bad:?}");
        }
    }
}
