//! Errors of a command, their report on stderr, and their exit codes.
//!
//! | Exit code | When |
//! |---|---|
//! | 0 | success, also when the reader of stdout closed the pipe |
//! | 1 | a failure of any kind |
//! | 2 | invalid command line, reported by the argument parser |
//! | 4 | a condition of a write does not hold; no changes were made |
//! | 130 | interrupted by Ctrl-C |

use std::fmt;
use std::io;

/// A result of this crate.
pub(crate) type Result<T, E = CliError> = std::result::Result<T, E>;

/// An error of a command.
#[derive(Debug)]
pub(crate) enum CliError {
    /// The engine refused or failed.
    Engine(Box<omnigraph::Error>),
    /// No graph, two graphs, or a URI that is not a storage.
    Address(String),
    /// A flag that the command cannot use.
    Flag(String),
    /// A destructive operation that was not confirmed.
    Confirmation(String),
    /// An invalid file, text or parameter.
    Input(String),
    /// A result that could not be written.
    Output(io::Error),
    /// A thread or terminal that the operating system did not provide.
    System(String),
    /// Ctrl-C.
    Interrupted,
    /// A check with findings; they are on stdout.
    CheckFailed,
}

impl CliError {
    /// Returns the stable code.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Engine(error) => error.code(),
            Self::Address(_) => "OG-CLI-001",
            Self::Flag(_) => "OG-CLI-002",
            Self::Confirmation(_) => "OG-CLI-003",
            Self::Input(_) => "OG-CLI-004",
            Self::Output(_) => "OG-CLI-005",
            Self::System(_) => "OG-CLI-006",
            Self::Interrupted => "OG-CLI-007",
            Self::CheckFailed => "OG-CLI-008",
        }
    }

    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Engine(error) if matches!(**error, omnigraph::Error::Precondition { .. }) => 4,
            Self::Interrupted => 130,
            _ => 1,
        }
    }

    /// Returns the JSON report of a write condition that does not hold; `None` for any other error.
    pub(crate) fn precondition(&self) -> Option<serde_json::Value> {
        let Self::Engine(error) = self else { return None };
        let omnigraph::Error::Precondition { message, expected, actual } = error.as_ref() else { return None };
        Some(serde_json::json!({
            "error": message,
            "code": error.code(),
            "precondition_failure": { "expected": expected, "actual": actual },
        }))
    }

    /// Returns the report `error[CODE]: message`. Text that the engine rendered with places and carets is kept.
    pub(crate) fn report(&self) -> String {
        let text = self.to_string();
        if text.starts_with("error[") || text.starts_with("warning[") {
            return text;
        }
        let code = self.code();
        // An error in data begins with its code, because it is also shown without this line.
        let message = text.strip_prefix(code).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
        format!("error[{code}]: {message}")
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Address(text)
            | Self::Flag(text)
            | Self::Confirmation(text)
            | Self::Input(text)
            | Self::System(text) => f.write_str(text),
            Self::Output(error) => write!(f, "cannot write the result: {error}"),
            Self::CheckFailed => f.write_str("the check has findings"),
            Self::Interrupted => f.write_str(
                "interrupted. The graph has all changes of this command or none; `omnigraph commit list` shows which",
            ),
        }
    }
}

impl From<omnigraph::Error> for CliError {
    fn from(error: omnigraph::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// Only writing results converts an I/O error by `?`; code that reads a file names the file.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}
