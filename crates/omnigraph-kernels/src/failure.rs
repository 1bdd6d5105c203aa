//! What can go wrong: a kernel that does not exist, and a row that has no answer.
//!
//! Messages say what happened and what to do about it. They know the row of the batch; who evaluates adds which node or
//! edge that was.

use std::fmt;

use arrow::error::ArrowError;
use omnigraph_compiler::ir::Type;

/// The longest text a message quotes, in characters.
const QUOTED: usize = 60;

/// An operation over types that it is not defined for. The compiler lets no such expression through.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{operation}` is not defined for {operands}; the type checker should have refused it: please report this")]
pub struct KernelError {
    /// The operation, as it is written in the language.
    pub operation: String,
    /// The types it was asked for, result last.
    pub operands: String,
}

impl KernelError {
    pub(crate) fn new(operation: &str, operands: &[&Type]) -> Self {
        let listed: Vec<String> = operands.iter().map(|ty| format!("`{ty}`")).collect();
        Self { operation: operation.to_owned(), operands: listed.join(", ") }
    }
}

/// A row for which an expression has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{problem}")]
pub struct Failure {
    /// Index of the row within the batch that was evaluated; 0 if all operands are constants.
    pub row: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

impl Failure {
    /// Puts the row where the batch it was counted in came from.
    #[must_use]
    pub fn at(self, row: usize) -> Self {
        Self { row, ..self }
    }

    /// A broken promise between the caller and this crate.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { row: 0, problem: Problem::Internal(message.into()) }
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::OffsetOverflowError(_) => Self { row: 0, problem: Problem::TooLarge },
            other => Self::internal(other.to_string()),
        }
    }
}

/// Why a row has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    /// A result outside of its type, or a float that is not finite.
    #[error("the result of `{operation}` is outside of {target}; {}", overflow_help(target))]
    Overflow {
        /// The operation.
        operation: &'static str,
        /// The type of the result, in words.
        target: &'static str,
    },
    /// A zero divisor.
    #[error("`{operation}` divides by zero; leave such rows out, or write `if(divisor = 0, null, …)`")]
    DivisionByZero {
        /// The operation.
        operation: &'static str,
    },
    /// A function outside of where it is defined.
    #[error("`{function}({arguments})` is no number; leave such rows out, or guard it with `if`")]
    Undefined {
        /// The function.
        function: &'static str,
        /// Its arguments.
        arguments: String,
    },
    /// A value that its target type cannot hold.
    #[error("{value} does not fit {target}; {help}")]
    OutOfRange {
        /// The value.
        value: String,
        /// The type it should become.
        target: String,
        /// What to do.
        help: &'static str,
    },
    /// Text of the wrong form.
    #[error("{} cannot be read as {wanted}; write it like {example}", quoted(text))]
    BadText {
        /// The text.
        text: String,
        /// What it should be.
        wanted: &'static str,
        /// A text that is right.
        example: &'static str,
    },
    /// Text that is no blob.
    #[error("{reason}; give a blob as \"base64:…\"")]
    BadBlob {
        /// Why not.
        reason: String,
    },
    /// A negative position or count.
    #[error("`{function}` counts from 0 and takes no negative `{argument}`; it is {value}")]
    Negative {
        /// The function.
        function: &'static str,
        /// The argument.
        argument: &'static str,
        /// Its value.
        value: i64,
    },
    /// A regular expression that is none.
    #[error(
        "{} is no regular expression: {reason}; escape characters that stand for themselves with `\\`",
        quoted(pattern)
    )]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A unit that `date_trunc` does not know.
    #[error("`date_trunc` knows no unit {} for a {of}, only {known}", quoted(unit))]
    BadUnit {
        /// The unit.
        unit: String,
        /// Date or DateTime.
        of: &'static str,
        /// What it knows.
        known: &'static str,
    },
    /// A duration with hours, minutes or seconds that meets a Date.
    #[error("only whole days can be added to a Date; convert it first: `to_datetime(…)`")]
    PartOfDay,
    /// A word outside of the closed set of an enum.
    #[error("{} is not one of {expected}; convert the text to one of these words", quoted(word))]
    NotInEnum {
        /// The word.
        word: String,
        /// The words there are.
        expected: String,
    },
    /// A list of the wrong length for a vector.
    #[error("a vector of {expected} numbers is needed and the list has {found}; give as many numbers")]
    WrongLength {
        /// Dimensions of the vector.
        expected: usize,
        /// Items of the list.
        found: usize,
    },
    /// More than one column of results can hold.
    #[error("the results of one batch take more than 2 GiB; shorten the texts or lists, or leave rows out")]
    TooLarge,
    /// A broken promise of our own.
    #[error("internal: {0}; please report this")]
    Internal(String),
}

impl Problem {
    /// A stable name of the kind of problem.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Overflow { .. } => "overflow",
            Self::DivisionByZero { .. } => "division-by-zero",
            Self::Undefined { .. } => "undefined",
            Self::OutOfRange { .. } => "out-of-range",
            Self::BadText { .. } | Self::BadBlob { .. } => "bad-text",
            Self::Negative { .. } => "negative",
            Self::BadPattern { .. } => "bad-pattern",
            Self::BadUnit { .. } => "bad-unit",
            Self::PartOfDay => "part-of-day",
            Self::NotInEnum { .. } => "not-in-enum",
            Self::WrongLength { .. } => "wrong-length",
            Self::TooLarge => "too-large",
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn out_of_range(value: impl fmt::Display, target: impl fmt::Display, help: &'static str) -> Self {
        Self::OutOfRange { value: value.to_string(), target: target.to_string(), help }
    }
}

fn overflow_help(target: &str) -> &'static str {
    match target {
        "I64" => "use smaller numbers, or floats with `to_float` where rounding does no harm",
        "F64" => "use smaller numbers, or leave such rows out",
        _ => "use a value nearer to the present, or leave such rows out",
    }
}

/// The text in quotes, cut where it is long.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
