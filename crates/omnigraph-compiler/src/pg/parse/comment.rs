//! Comments: found in the gaps between tokens, handed out in source order.

use super::cursor::Parser;
use crate::lex::Token;
use crate::pg::ast::{Comment, Comments};

/// A comment, and where it stands in the text.
#[derive(Clone, Debug)]
pub(super) struct Found {
    start: usize,
    text: String,
    blank_after: bool,
}

/// Every comment of `source`, whose tokens are `tokens`.
pub(super) fn find(source: &str, tokens: &[Token]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut from = 0;
    let ends = tokens.iter().map(|token| (token.span.start, token.span.end)).chain([(source.len(), source.len())]);
    for (start, end) in ends {
        in_gap(source, from, start, &mut found);
        from = end;
    }
    found
}

fn in_gap(source: &str, from: usize, to: usize, found: &mut Vec<Found>) {
    let mut at = from;
    while let Some(offset) = source.get(at..to).and_then(|gap| gap.find('/')) {
        let start = at + offset;
        let rest = &source[start..to];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            rest.get(2..).and_then(|inside| inside.find("*/")).map_or(rest.len(), |end| end + 4)
        };
        at = start + length;
        let white = source[at..].chars().take_while(|c| c.is_ascii_whitespace());
        let blank_after = white.filter(|&c| c == '\n').count() > 1;
        found.push(Found { start, text: source[start..at].trim_end().replace("\r\n", "\n"), blank_after });
    }
}

impl Parser<'_> {
    /// The comments not yet handed out that start before `offset`.
    pub(super) fn comments_before(&mut self, offset: usize) -> Vec<Comment> {
        let rest = &self.comments[self.next_comment..];
        let count = rest.partition_point(|comment| comment.start < offset);
        let taken = rest[..count]
            .iter()
            .map(|found| Comment { text: found.text.clone(), blank_after: found.blank_after })
            .collect();
        self.next_comment += count;
        taken
    }

    /// The comments in front of the current token.
    pub(super) fn leading_comments(&mut self) -> Vec<Comment> {
        let offset = self.local_offset();
        self.comments_before(offset)
    }

    /// Completes an item's comments: those inside it move in front of it, one after it on the same line stays there.
    pub(super) fn close_comments(&mut self, leading: Vec<Comment>) -> Comments {
        let end = self.local_end();
        let mut leading = leading;
        leading.extend(self.comments_before(end).into_iter().map(|inner| Comment { blank_after: false, ..inner }));
        let next_token = self.local_offset();
        let trailing = self.comments.get(self.next_comment).and_then(|comment| {
            let same_line = self.source.get(end..comment.start).is_some_and(|gap| !gap.contains('\n'));
            (comment.start < next_token && same_line).then(|| comment.text.clone())
        });
        self.next_comment += usize::from(trailing.is_some());
        Comments { leading, trailing }
    }
}
