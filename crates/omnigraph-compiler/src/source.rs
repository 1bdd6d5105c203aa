//! Several source texts in one address space.
//!
//! A schema may be split over files. Every file gets its own range of offsets, so a [`Span`] identifies both the file and the
//! position in it. The first file starts at offset 0: for a single file, spans are plain byte offsets.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, RelatedSpan, SourceExcerpts};
use crate::span::Span;

/// A file with the base of its offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The name in diagnostics.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// The offset of the text's first byte in the shared address space.
    pub base: usize,
}

impl SourceFile {
    fn end(&self) -> usize {
        self.base + self.text.len()
    }
}

/// The files of one compilation, in the order they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// Makes a map without files.
    #[must_use]
    pub const fn new() -> Self {
        Self { files: Vec::new() }
    }

    /// Makes a map of a single file, at offset 0.
    #[must_use]
    pub fn single(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut sources = Self::new();
        sources.add(name, text);
        sources
    }

    /// Adds a file and returns the offset of its first byte. One offset is unused after every file, so that the end of one is
    /// never the start of the next.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        let base = self.files.last().map_or(0, |file| file.end() + 1);
        self.files.push(SourceFile { name: name.into(), text: text.into(), base });
        base
    }

    /// Returns the files, in the order they were added.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Returns the file of a span, and the span relative to its start; `None` without files.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<(&SourceFile, Span)> {
        let index = self.files.partition_point(|file| file.base <= span.start).checked_sub(1)?;
        let file = self.files.get(index)?;
        Some((file, local(file, span)))
    }

    /// Renders diagnostics as plain text with file, line, column, source line and caret.
    #[must_use]
    pub fn render_text(&self, diagnostics: &[Diagnostic]) -> String {
        self.shown(diagnostics, SourceExcerpts::text).collect()
    }

    /// Renders diagnostics as a JSON array.
    #[must_use]
    pub fn render_json(&self, diagnostics: &[Diagnostic]) -> serde_json::Value {
        serde_json::Value::Array(self.shown(diagnostics, SourceExcerpts::json).collect())
    }

    /// Renders each diagnostic with `show`; the lines of a file are indexed once.
    fn shown<'s, T>(
        &'s self,
        diagnostics: &'s [Diagnostic],
        show: impl Fn(&SourceExcerpts<'s>, &Diagnostic) -> T + 's,
    ) -> impl Iterator<Item = T> + 's {
        let mut counted: HashMap<usize, SourceExcerpts<'s>> = HashMap::new();
        diagnostics.iter().filter_map(|diagnostic| self.localize(diagnostic)).map(move |(file, diagnostic)| {
            let excerpts = counted.entry(file.base).or_insert_with(|| SourceExcerpts::new(&file.name, &file.text));
            show(excerpts, &diagnostic)
        })
    }

    /// Returns the diagnostic with spans relative to its file. Related places in other files become part of the help text.
    fn localize(&self, diagnostic: &Diagnostic) -> Option<(&SourceFile, Diagnostic)> {
        let (file, span) = self.locate(diagnostic.span)?;
        let mut localized = Diagnostic { span, related: Vec::new(), ..diagnostic.clone() };
        for RelatedSpan { span, remark } in &diagnostic.related {
            match self.locate(*span) {
                Some((other, span)) if other.base == file.base => {
                    localized.related.push(RelatedSpan { span, remark: remark.clone() });
                }
                Some((other, _)) => {
                    let remark = format!("{remark}, in {}", other.name);
                    localized.help = Some(localized.help.map_or(remark.clone(), |help| format!("{help}; {remark}")));
                }
                None => {}
            }
        }
        Some((file, localized))
    }
}

fn local(file: &SourceFile, span: Span) -> Span {
    let clamp = |at: usize| at.saturating_sub(file.base).min(file.text.len());
    Span::new(clamp(span.start), clamp(span.end))
}
