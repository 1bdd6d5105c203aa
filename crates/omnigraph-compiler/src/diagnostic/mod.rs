//! What the compiler has to say about a source text.
//!
//! - `code` the one registry of stable codes
//! - `render` text with source line and caret, and the JSON form

mod code;
mod render;

pub use code::Code;
pub use render::{Excerpts, render_json, render_text};

use crate::span::Span;

/// How bad it is. Only [`Severity::Error`] stops a program from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program has no meaning; nothing runs.
    Error,
    /// Legal and probably wrong.
    Warning,
    /// Worth knowing.
    Info,
}

/// One finding, placed in the text it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, never reused for another condition.
    pub code: Code,
    /// Error, warning or info.
    pub severity: Severity,
    /// What is wrong, in one sentence, naming names and values.
    pub message: String,
    /// Where.
    pub span: Span,
    /// A few words shown beside the caret.
    pub label: Option<String>,
    /// What to do next ("did you mean `formsPattern`?").
    pub help: Option<String>,
    /// Other places that matter, each with a remark ("first declared here").
    pub related: Vec<(Span, String)>,
}

impl Diagnostic {
    /// An error without label, help or related places.
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

    /// A warning without label, help or related places.
    #[must_use]
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Adds words beside the caret.
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
        self.related.push((span, remark.into()));
        self
    }

    /// Whether this stops the program.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
