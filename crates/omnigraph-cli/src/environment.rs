//! What the environment of the process says, read once and passed on as values.

use std::ffi::OsString;
use std::path::PathBuf;

use omnigraph::objects::S3Config;

/// Settings that come from the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// How buckets are reached: the usual `AWS_*` names.
    pub(crate) s3: S3Config,
    /// Whether `NO_COLOR` asks for plain text.
    pub(crate) plain: bool,
    /// `OMNIGRAPH_LOG`: which internal events are written to stderr, as a filter such as `omnigraph=debug`.
    pub(crate) log: Option<String>,
    /// Where temporary files go.
    pub(crate) temporary: PathBuf,
}

impl Environment {
    /// Takes what is of use from all variables. One that is not Unicode is none of ours.
    pub(crate) fn of(variables: impl Iterator<Item = (OsString, OsString)>, temporary: PathBuf) -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let pairs: Vec<(String, String)> = variables.filter_map(text).collect();
        let find = |wanted: &str| pairs.iter().find(|(name, value)| name == wanted && !value.is_empty());
        let plain = find("NO_COLOR").is_some();
        let log = find("OMNIGRAPH_LOG").map(|(_, value)| value.clone());
        Self { plain, log, temporary, s3: S3Config::from_pairs(pairs) }
    }
}
