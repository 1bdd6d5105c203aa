//! What went wrong, how it reads on stderr, and the exit code it has.
//!
//! | Exit code | When |
//! |---|---|
//! | 0 | success, also when the reader of stdout went away |
//! | 1 | a failure, of whatever kind |
//! | 2 | misuse of the command line, reported by the argument parser |
//! | 4 | a condition of a write does not hold; nothing was written |
//! | 130 | interrupted by Ctrl-C |

use std::fmt;
use std::io;

/// A result of this crate.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The engine refused or failed.
    Engine(Box<omnigraph::Error>),
    /// No graph, two graphs, or something that is not a storage.
    Address(String),
    /// A flag that the command cannot use.
    Flag(String),
    /// Consent to destruction is missing.
    Consent(String),
    /// A file, text or parameter that the command was given is of no use.
    Input(String),
    /// The result could not be written.
    Output(io::Error),
    /// The machine refused what a process needs to run.
    Machine(String),
    /// Ctrl-C.
    Interrupted,
    /// The command did its work, and its result says that something is wrong.
    Verdict,
}

impl Failure {
    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Engine(error) => error.code(),
            Self::Address(_) => "OG-CLI-001",
            Self::Flag(_) => "OG-CLI-002",
            Self::Consent(_) => "OG-CLI-003",
            Self::Input(_) => "OG-CLI-004",
            Self::Output(_) => "OG-CLI-005",
            Self::Machine(_) => "OG-CLI-006",
            Self::Interrupted => "OG-CLI-007",
            Self::Verdict => "OG-CLI-008",
        }
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Engine(error) if matches!(**error, omnigraph::Error::Precondition { .. }) => 4,
            Self::Engine(_)
            | Self::Address(_)
            | Self::Flag(_)
            | Self::Consent(_)
            | Self::Input(_)
            | Self::Output(_)
            | Self::Machine(_)
            | Self::Verdict => 1,
            Self::Interrupted => 130,
        }
    }

    /// What a program is told of a condition that does not hold.
    pub(crate) fn precondition(&self) -> Option<serde_json::Value> {
        let Self::Engine(error) = self else { return None };
        let omnigraph::Error::Precondition { message, expected, actual } = error.as_ref() else { return None };
        Some(serde_json::json!({
            "error": message,
            "code": error.code(),
            "precondition_failure": { "expected": expected, "actual": actual },
        }))
    }

    /// The report: `error[CODE]: message`. What the engine renders with places and carets stands as it is.
    pub(crate) fn report(&self) -> String {
        let text = self.to_string();
        if text.starts_with("error[") || text.starts_with("warning[") {
            return text;
        }
        let code = self.code();
        // A fault in data states its code itself, because it is also shown without this line.
        let message = text.strip_prefix(code).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
        format!("error[{code}]: {message}")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Address(text) | Self::Flag(text) | Self::Consent(text) | Self::Input(text) | Self::Machine(text) => {
                f.write_str(text)
            }
            Self::Output(error) => write!(f, "cannot write the result: {error}"),
            Self::Verdict => f.write_str("the result says that something is wrong"),
            Self::Interrupted => f.write_str(
                "interrupted. The graph has all of this command's changes or none of them; \
                 `omnigraph commit list` shows which",
            ),
        }
    }
}

impl From<omnigraph::Error> for Failure {
    fn from(error: omnigraph::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// Only writing results lets an I/O error through by `?`; whoever reads a file says which one.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}
