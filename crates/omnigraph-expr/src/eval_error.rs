//! Errors: an operation without a kernel, and a row without a value.
//!
//! Messages state the error and the next step. They refer to the row of the batch; the caller adds the node or edge.

use std::fmt;

use arrow::error::ArrowError;
use omnigraph_compiler::ir::ExprType;

/// Maximum characters of a text that a message quotes.
const MAX_QUOTED_CHARS: usize = 60;

/// The error of an operation that is not defined for its operand types. The type checker rejects such expressions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{operation}` is not defined for {operands}; the type checker should have rejected it: please report this")]
pub struct KernelError {
    /// The operation, in the syntax of the query language.
    pub operation: String,
    /// The operand types, then the result type.
    pub operands: String,
}

impl KernelError {
    pub(crate) fn new(operation: &str, operands: &[&ExprType]) -> Self {
        let listed: Vec<String> = operands.iter().map(|ty| format!("`{ty}`")).collect();
        Self { operation: operation.to_owned(), operands: listed.join(", ") }
    }
}

/// The error of a row for which an expression has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{kind}")]
pub struct EvalError {
    /// Index of the row within the evaluated batch; 0 if all operands are constants.
    pub row: usize,
    /// The kind of error.
    pub kind: EvalErrorKind,
}

impl EvalError {
    /// Returns the error with another row index.
    #[must_use]
    pub fn with_row(self, row: usize) -> Self {
        Self { row, ..self }
    }

    /// Creates the error of a broken contract between caller and crate.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { row: 0, kind: EvalErrorKind::Internal(message.into()) }
    }
}

impl From<ArrowError> for EvalError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::OffsetOverflowError(_) => Self { row: 0, kind: EvalErrorKind::TooLarge },
            other => Self::internal(other.to_string()),
        }
    }
}

/// The kind of an evaluation error.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvalErrorKind {
    /// A result out of the range of its type, or a float that is not finite.
    #[error("the result of `{operation}` is out of the range of {target}; {}", overflow_help(target))]
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
    /// A function outside its domain.
    #[error("`{function}({arguments})` is undefined; leave such rows out, or guard it with `if`")]
    Undefined {
        /// The function.
        function: &'static str,
        /// The arguments.
        arguments: String,
    },
    /// A value that its target type cannot hold.
    #[error("{value} does not fit {target}; {help}")]
    OutOfRange {
        /// The value.
        value: String,
        /// The target type.
        target: String,
        /// The next step.
        help: &'static str,
    },
    /// Text that does not have the expected format.
    #[error("cannot read {} as {wanted}; write it like {example}", quoted(text))]
    InvalidText {
        /// The text.
        text: String,
        /// The expected format.
        wanted: &'static str,
        /// A valid text.
        example: &'static str,
    },
    /// Text that does not encode a blob.
    #[error("invalid blob: {reason}; write it as \"base64:…\"")]
    InvalidBlob {
        /// The reason.
        reason: String,
    },
    /// A negative position or count.
    #[error("invalid `{argument}` of `{function}`: {value} is negative; positions and counts start at 0")]
    Negative {
        /// The function.
        function: &'static str,
        /// The argument.
        argument: &'static str,
        /// The value.
        value: i64,
    },
    /// An invalid regular expression.
    #[error("invalid regular expression {}: {reason}; escape literal characters with `\\`", quoted(pattern))]
    InvalidPattern {
        /// The pattern.
        pattern: String,
        /// The syntax error.
        reason: String,
    },
    /// A unit that `date_trunc` does not support.
    #[error("invalid unit {} of `date_trunc` for a {value_type}; expected {expected}", quoted(unit))]
    InvalidUnit {
        /// The unit.
        unit: String,
        /// `Date` or `DateTime`.
        value_type: &'static str,
        /// The supported units.
        expected: &'static str,
    },
    /// A duration with hours, minutes or seconds that is added to a Date.
    #[error("only whole days can be added to a Date; convert it first: `to_datetime(…)`")]
    PartOfDay,
    /// A word that is not a value of an enum.
    #[error("{} is not one of {expected}; convert the text to one of these words", quoted(word))]
    NotInEnum {
        /// The word.
        word: String,
        /// The values of the enum.
        expected: String,
    },
    /// A list of the wrong length for a vector.
    #[error("invalid vector length {found}; expected {expected} numbers")]
    WrongLength {
        /// Dimension of the vector.
        expected: usize,
        /// Number of list items.
        found: usize,
    },
    /// A result column that exceeds the size of an Arrow array.
    #[error("the results of one batch take more than 2 GiB; shorten the texts or lists, or leave rows out")]
    TooLarge,
    /// A broken internal contract.
    #[error("internal: {0}; please report this")]
    Internal(String),
}

impl EvalErrorKind {
    /// Returns the stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Overflow { .. } => "overflow",
            Self::DivisionByZero { .. } => "division-by-zero",
            Self::Undefined { .. } => "undefined",
            Self::OutOfRange { .. } => "out-of-range",
            Self::InvalidText { .. } | Self::InvalidBlob { .. } => "bad-text",
            Self::Negative { .. } => "negative",
            Self::InvalidPattern { .. } => "bad-pattern",
            Self::InvalidUnit { .. } => "bad-unit",
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

/// Returns the text in quotes, truncated to [`MAX_QUOTED_CHARS`].
fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
