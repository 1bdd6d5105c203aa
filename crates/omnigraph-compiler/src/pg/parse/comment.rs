//! Comments between tokens, attached to items in source order.

use super::cursor::SchemaParser;
use crate::lex::{Token, comment_spans};
use crate::pg::ast::{ItemComments, SourceComment};
use crate::span::Span;

/// A comment with its offset.
#[derive(Clone, Debug)]
pub(super) struct LocatedComment {
    start: usize,
    text: String,
    blank_after: bool,
}

/// Returns the comments of `source`, whose tokens are `tokens`.
pub(super) fn find(source: &str, tokens: &[Token]) -> Vec<LocatedComment> {
    let located = |span: Span| {
        let white = source[span.end..].chars().take_while(char::is_ascii_whitespace);
        let blank_after = white.filter(|&c| c == '\n').count() > 1;
        let text = source[span.start..span.end].trim_end().replace("\r\n", "\n");
        LocatedComment { start: span.start, text, blank_after }
    };
    comment_spans(source, tokens).into_iter().map(located).collect()
}

impl SchemaParser<'_> {
    /// Takes the comments that start before `offset`.
    pub(super) fn comments_before(&mut self, offset: usize) -> Vec<SourceComment> {
        let rest = &self.comments[self.next_comment..];
        let count = rest.partition_point(|comment| comment.start < offset);
        let taken = rest[..count]
            .iter()
            .map(|found| SourceComment { text: found.text.clone(), blank_after: found.blank_after })
            .collect();
        self.next_comment += count;
        taken
    }

    /// Takes the comments before the current token.
    pub(super) fn leading_comments(&mut self) -> Vec<SourceComment> {
        let offset = self.local_offset();
        self.comments_before(offset)
    }

    /// Completes an item's comments: comments inside it move in front of it, one after it on the same line stays there.
    pub(super) fn close_comments(&mut self, leading: Vec<SourceComment>) -> ItemComments {
        let end = self.local_end();
        let mut leading = leading;
        leading
            .extend(self.comments_before(end).into_iter().map(|inner| SourceComment { blank_after: false, ..inner }));
        let next_token = self.local_offset();
        let trailing = self.comments.get(self.next_comment).and_then(|comment| {
            let same_line = self.source.get(end..comment.start).is_some_and(|gap| !gap.contains('\n'));
            (comment.start < next_token && same_line).then(|| comment.text.clone())
        });
        self.next_comment += usize::from(trailing.is_some());
        ItemComments { leading, trailing }
    }
}
