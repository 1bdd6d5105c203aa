//! Comments of the source in order; each is printed exactly once.

use crate::lex::{comment_spans, tokenize};
use crate::span::Span;

/// Comments that have not been printed yet.
pub(super) struct CommentQueue<'a> {
    source: &'a str,
    spans: Vec<Span>,
    next: usize,
}

impl<'a> CommentQueue<'a> {
    /// Finds the comments of `source`.
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, spans: comment_spans(source, &tokenize(source)), next: 0 }
    }

    fn take(&mut self) -> Option<&'a str> {
        let span = self.spans.get(self.next)?;
        self.next += 1;
        Some(self.source[span.start..span.end].trim_end())
    }

    /// Returns the next comment, if it starts before `offset`.
    pub(super) fn take_before(&mut self, offset: usize) -> Option<&'a str> {
        if self.spans.get(self.next)?.start < offset { self.take() } else { None }
    }

    /// Returns the next comment if it is inside `span` or after it on the same line, separated by commas only.
    pub(super) fn take_of_line(&mut self, span: Span) -> Option<&'a str> {
        let comment = self.spans.get(self.next)?;
        let between = self.source.get(span.end..comment.start).unwrap_or("");
        let behind = between.chars().all(|c| matches!(c, ' ' | '\t' | ',' | '}' | ';'));
        if comment.start < span.end || behind { self.take() } else { None }
    }

    /// Returns `true` if an unprinted comment is inside `span`.
    pub(super) fn any_within(&self, span: Span) -> bool {
        let rest = &self.spans[self.next..];
        rest.iter().take_while(|comment| comment.start < span.end).any(|comment| comment.start >= span.start)
    }

    /// Returns the offset of the closing brace after `offset`; only commas and comments are between.
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
