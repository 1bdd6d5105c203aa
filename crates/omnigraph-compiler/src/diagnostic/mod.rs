//! Diagnostics: findings of the compiler about a source text.
//!
//! - `code` the registry of stable codes
//! - `render` text with source line and caret, and the JSON form

mod code;
mod render;

pub use code::Code;
pub use render::{SourceExcerpts, render_json, render_text};

use crate::span::Span;

/// Severity of a diagnostic. Only [`Severity::Error`] prevents execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// An invalid program; nothing runs.
    Error,
    /// Valid and probably wrong.
    Warning,
    /// Information.
    Info,
}

/// One finding, placed in the text it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, never reused for another condition.
    pub code: Code,
    /// Error, warning or info.
    pub severity: Severity,
    /// Description of the problem in one sentence, with names and values.
    pub message: String,
    /// Position of the problem.
    pub span: Span,
    /// A few words at the caret.
    pub label: Option<String>,
    /// Advice ("did you mean `formsPattern`?").
    pub help: Option<String>,
    /// Other places that matter.
    pub related: Vec<RelatedSpan>,
}

/// Another place that a diagnostic refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelatedSpan {
    /// The place.
    pub span: Span,
    /// A remark on it ("first declared here").
    pub remark: String,
}

impl Diagnostic {
    /// Returns an error without label, help or related places.
    #[must_use]
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span,
            label: None,
            help: None,
            related: Vec::new(),
        }
    }

    /// Returns a warning without label, help or related places.
    #[must_use]
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Adds words at the caret.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn with_related(mut self, span: Span, remark: impl Into<String>) -> Self {
        self.related.push(RelatedSpan { span, remark: remark.into() });
        self
    }

    /// Returns `true` if it prevents execution.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Marker of a syntax error that has been reported; the caller that knows a border continues from there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ErrorReported;

/// Result of a grammar production.
pub(crate) type ParseResult<T> = Result<T, ErrorReported>;
