//! Comments of the source, in order, each to be printed exactly once.

use crate::lex::{text_start, tokenize};
use crate::span::Span;

/// Comments that have not been printed yet.
pub(super) struct Comments<'a> {
    source: &'a str,
    spans: Vec<Span>,
    next: usize,
}

impl<'a> Comments<'a> {
    /// Finds the comments: whatever stands between tokens and is not white space.
    pub(super) fn new(source: &'a str) -> Self {
        let mut spans = Vec::new();
        let mut start = text_start(source);
        for token in tokenize(source) {
            in_gap(source, Span::new(start, token.span.start), &mut spans);
            start = token.span.end;
        }
        in_gap(source, Span::new(start, source.len()), &mut spans);
        Self { source, spans, next: 0 }
    }

    fn take(&mut self) -> Option<&'a str> {
        let span = self.spans.get(self.next)?;
        self.next += 1;
        Some(self.source[span.start..span.end].trim_end())
    }

    /// The next comment, if it starts before `offset`.
    pub(super) fn take_before(&mut self, offset: usize) -> Option<&'a str> {
        if self.spans.get(self.next)?.start < offset { self.take() } else { None }
    }

    /// The next comment, if it stands within `span` or behind it on the same line with nothing but a comma between.
    pub(super) fn take_of_line(&mut self, span: Span) -> Option<&'a str> {
        let comment = self.spans.get(self.next)?;
        let between = self.source.get(span.end..comment.start).unwrap_or("");
        let behind = between.chars().all(|c| matches!(c, ' ' | '\t' | ',' | '}' | ';'));
        if comment.start < span.end || behind { self.take() } else { None }
    }

    /// Whether a comment that has not been printed stands within `span`.
    pub(super) fn any_within(&self, span: Span) -> bool {
        let rest = &self.spans[self.next..];
        rest.iter().take_while(|comment| comment.start < span.end).any(|comment| comment.start >= span.start)
    }

    /// Where the brace stands that closes what ends at `offset`; only commas and comments stand between.
    pub(super) fn closing_brace(&self, offset: usize) -> usize {
        let mut at = offset;
        let first = self.spans.partition_point(|comment| comment.start < offset);
        for comment in &self.spans[first..] {
            if self.source.get(at..comment.start).is_some_and(|gap| gap.contains('}')) {
                break;
            }
            at = comment.end;
        }
        self.source.get(at..).and_then(|rest| rest.find('}')).map_or(offset, |found| at + found)
    }
}

fn in_gap(source: &str, gap: Span, spans: &mut Vec<Span>) {
    let mut at = gap.start;
    while let Some(found) = source[at..gap.end].find('/') {
        let start = at + found;
        let rest = &source[start..gap.end];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            // The asterisk that opens it is not the one that closes it.
            rest.get(2..).and_then(|inside| inside.find("*/")).map_or(rest.len(), |end| end + 4)
        };
        spans.push(Span::new(start, start + length));
        at = start + length;
    }
}
