//! Rendering of diagnostics: text with source line and caret, and JSON.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::span::{LineColumn, LineIndex, Span};

/// Renders `diagnostics` about `source` as plain text, one block each, with file, line, column, source line and caret.
#[must_use]
pub fn render_text(file: &str, source: &str, diagnostics: &[Diagnostic]) -> String {
    let excerpts = SourceExcerpts::new(file, source);
    diagnostics.iter().map(|diagnostic| excerpts.text(diagnostic)).collect()
}

/// Renders `diagnostics` as JSON: code, severity, message, file, line, column (both from 1), byte span, help.
#[must_use]
pub fn render_json(file: &str, source: &str, diagnostics: &[Diagnostic]) -> serde_json::Value {
    let excerpts = SourceExcerpts::new(file, source);
    serde_json::Value::Array(diagnostics.iter().map(|diagnostic| excerpts.json(diagnostic)).collect())
}

/// A source whose lines are indexed once for all diagnostics.
#[derive(Clone, Debug)]
pub struct SourceExcerpts<'a> {
    file: &'a str,
    source: &'a str,
    lines: LineIndex,
}

impl<'a> SourceExcerpts<'a> {
    /// Indexes the lines of `source`, which is called `file`.
    #[must_use]
    pub fn new(file: &'a str, source: &'a str) -> Self {
        Self { file, source, lines: LineIndex::new(source) }
    }

    /// Renders one diagnostic as [`render_text`] does.
    #[must_use]
    pub fn text(&self, diagnostic: &Diagnostic) -> String {
        let mut text = Renderer::plain().render(&[self.group(diagnostic)]);
        text.push('\n');
        text
    }

    /// Renders one diagnostic as [`render_json`] does.
    #[must_use]
    pub fn json(&self, diagnostic: &Diagnostic) -> serde_json::Value {
        let LineColumn { line, column } = self.lines.line_column(self.source, diagnostic.span.start);
        serde_json::json!({
            "code": diagnostic.code.as_str(),
            "severity": diagnostic.severity,
            "message": diagnostic.message,
            "file": self.file,
            "line": line,
            "column": column,
            "span": { "start": diagnostic.span.start, "end": diagnostic.span.end },
            "help": diagnostic.help,
        })
    }

    fn group<'d>(&'d self, diagnostic: &'d Diagnostic) -> annotate_snippets::Group<'d> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let places = diagnostic.related.iter().map(|related| related.span);
        // Only the lines around the places: the renderer reads its whole input again for every diagnostic.
        let around = self.lines.surrounding_lines(self.source, places.fold(diagnostic.span, Span::cover));
        let text = &self.source[around.span.start..around.span.end];
        let clamp = |at: usize| text.floor_char_boundary(at.saturating_sub(around.span.start));
        let range = |span: Span| clamp(span.start)..clamp(span.end).max(clamp(span.start));
        let mut primary = AnnotationKind::Primary.span(range(diagnostic.span));
        if let Some(label) = &diagnostic.label {
            primary = primary.label(label.as_str());
        }
        let related = diagnostic
            .related
            .iter()
            .map(|other| AnnotationKind::Context.span(range(other.span)).label(other.remark.as_str()));
        let snippet = Snippet::source(text).line_start(around.line).path(self.file);
        let snippet = snippet.annotation(primary).annotations(related);
        let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str()).element(snippet);
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }
}
