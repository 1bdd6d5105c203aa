//! Diagnostics for people (source line, caret) and for programs (JSON).

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};
use crate::span::LineIndex;

/// Renders `diagnostics` about `source` as plain text, one block each, with file, line, column, source line and caret.
#[must_use]
pub fn render_text(file: &str, source: &str, diagnostics: &[Diagnostic]) -> String {
    let renderer = Renderer::plain();
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&[group(file, source, diagnostic)]));
        out.push('\n');
    }
    out
}

fn group<'a>(file: &'a str, source: &'a str, diagnostic: &'a Diagnostic) -> annotate_snippets::Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let clamp = |at: usize| source.floor_char_boundary(at);
    let range = |span: crate::Span| clamp(span.start)..clamp(span.end).max(clamp(span.start));
    let mut primary = AnnotationKind::Primary.span(range(diagnostic.span));
    if let Some(label) = &diagnostic.label {
        primary = primary.label(label.as_str());
    }
    let related = diagnostic
        .related
        .iter()
        .map(|(span, remark)| AnnotationKind::Context.span(range(*span)).label(remark.as_str()));
    let snippet = Snippet::source(source).path(file).annotation(primary).annotations(related);
    let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str()).element(snippet);
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The same as data: code, severity, message, file, line, column (both from 1), byte span, help.
#[must_use]
pub fn render_json(file: &str, source: &str, diagnostics: &[Diagnostic]) -> serde_json::Value {
    let lines = LineIndex::new(source);
    let items = diagnostics.iter().map(|diagnostic| {
        let (line, column) = lines.line_column(source, diagnostic.span.start);
        serde_json::json!({
            "code": diagnostic.code.as_str(),
            "severity": diagnostic.severity,
            "message": diagnostic.message,
            "file": file,
            "line": line,
            "column": column,
            "span": { "start": diagnostic.span.start, "end": diagnostic.span.end },
            "help": diagnostic.help,
        })
    });
    serde_json::Value::Array(items.collect())
}
