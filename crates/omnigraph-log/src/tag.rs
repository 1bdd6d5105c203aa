//! A tag is a commit that has a name: one small object.

use crate::branch::name_problem;
use crate::ids::CommitId;
use crate::record::CommitRef;

/// The version of the tag object's JSON form that this build reads and writes.
pub const TAG_FORMAT: u32 = 1;

/// What a tag object says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagRecord {
    /// [`TAG_FORMAT`].
    pub format: u32,
    /// Its name.
    pub name: String,
    /// The commit that it names.
    pub commit: CommitRef,
    /// When it was made, in Unix microseconds.
    pub created_at: i64,
    /// Who made it.
    pub created_by: Option<String>,
}

/// Says why `name` cannot name a tag, or nothing if it can.
#[must_use]
pub fn tag_name_problem(name: &str) -> Option<&'static str> {
    // A tag stands where a commit id can stand, so it must not look like one.
    if name.parse::<CommitId>().is_ok() {
        return Some("it reads like the id of a commit");
    }
    name_problem(name)
}
