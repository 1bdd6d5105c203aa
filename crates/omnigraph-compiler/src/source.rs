//! Several source texts in one address space.
//!
//! A schema may be split over files. Every file gets its own stretch of one range of offsets, so a [`Span`] alone names
//! both the file and the place in it, and no diagnostic can lose its file on the way to the user. The first file starts at
//! offset 0: for a single file, spans are plain byte offsets.

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Excerpts};
use crate::span::Span;

/// One file's text and where its offsets begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The name diagnostics print.
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
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// No files yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { files: Vec::new() }
    }

    /// A single file, at offset 0.
    #[must_use]
    pub fn single(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut sources = Self::new();
        sources.add(name, text);
        sources
    }

    /// Adds a file and returns the offset of its first byte. One offset is left free after every file, so that the end of
    /// one is never the start of the next.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        let base = self.files.last().map_or(0, |file| file.end() + 1);
        self.files.push(SourceFile { name: name.into(), text: text.into(), base });
        base
    }

    /// The files, in the order they were added.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The file a span lies in, and the span counted from that file's start. `None` when there is no file at all.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<(&SourceFile, Span)> {
        let index = self.files.partition_point(|file| file.base <= span.start).checked_sub(1)?;
        let file = self.files.get(index)?;
        Some((file, local(file, span)))
    }

    /// Every diagnostic as plain text with file, line, column, source line and caret.
    #[must_use]
    pub fn render_text(&self, diagnostics: &[Diagnostic]) -> String {
        self.shown(diagnostics, Excerpts::text).collect()
    }

    /// Every diagnostic as data, in one array.
    #[must_use]
    pub fn render_json(&self, diagnostics: &[Diagnostic]) -> serde_json::Value {
        serde_json::Value::Array(self.shown(diagnostics, Excerpts::json).collect())
    }

    /// Every diagnostic beside the lines of its file, which are counted once.
    fn shown<'s, T>(
        &'s self,
        diagnostics: &'s [Diagnostic],
        show: impl Fn(&Excerpts<'s>, &Diagnostic) -> T + 's,
    ) -> impl Iterator<Item = T> + 's {
        let mut counted: HashMap<usize, Excerpts<'s>> = HashMap::new();
        diagnostics.iter().filter_map(|diagnostic| self.localise(diagnostic)).map(move |(file, diagnostic)| {
            let excerpts = counted.entry(file.base).or_insert_with(|| Excerpts::new(&file.name, &file.text));
            show(excerpts, &diagnostic)
        })
    }

    /// The diagnostic with spans counted from its own file's start. Related places in another file cannot be drawn beside
    /// this file's lines, so they become words.
    fn localise(&self, diagnostic: &Diagnostic) -> Option<(&SourceFile, Diagnostic)> {
        let (file, span) = self.locate(diagnostic.span)?;
        let mut localised = Diagnostic { span, related: Vec::new(), ..diagnostic.clone() };
        for (place, remark) in &diagnostic.related {
            match self.locate(*place) {
                Some((other, place)) if other.base == file.base => localised.related.push((place, remark.clone())),
                Some((other, _)) => {
                    let remark = format!("{remark}, in {}", other.name);
                    localised.help = Some(localised.help.map_or(remark.clone(), |help| format!("{help}; {remark}")));
                }
                None => {}
            }
        }
        Some((file, localised))
    }
}

fn local(file: &SourceFile, span: Span) -> Span {
    let clamp = |at: usize| at.saturating_sub(file.base).min(file.text.len());
    Span::new(clamp(span.start), clamp(span.end))
}
