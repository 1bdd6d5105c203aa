//! From texts to a segment.

use hashbrown::HashMap;

use super::postings::PostingsWriter;
use super::{Entry, Segment};
use crate::analysis::Tokenizer;

/// Takes the texts of a column row by row.
///
/// It remembers what became of every distinct piece of text, so that each is folded and stemmed once.
#[derive(Debug)]
pub struct SegmentBuilder {
    tokenizer: Tokenizer,
    /// The token of a piece as an index into `lists`; `None` if it became none.
    pieces: HashMap<Box<str>, Option<usize>>,
    tokens: HashMap<Box<str>, usize>,
    lists: Vec<PostingsWriter>,
    lengths: Vec<u32>,
}

impl SegmentBuilder {
    /// A builder without rows.
    #[must_use]
    pub fn new(tokenizer: &Tokenizer) -> Self {
        let (pieces, tokens) = (HashMap::new(), HashMap::new());
        Self { tokenizer: *tokenizer, pieces, tokens, lists: Vec::new(), lengths: Vec::new() }
    }

    /// Adds the next row. A segment has room for fewer than 2³² rows: more than a data file can hold.
    pub fn push(&mut self, text: Option<&str>) {
        let row = self.lengths.len() as u32;
        let tokenizer = self.tokenizer;
        let mut length = 0;
        tokenizer.pieces(text.unwrap_or_default(), &mut |piece, position| {
            let token = match self.pieces.get(piece) {
                Some(token) => *token,
                None => self.learn(piece),
            };
            if let Some(list) = token.and_then(|token| self.lists.get_mut(token)) {
                list.push(row, position);
                length += 1;
            }
        });
        self.lengths.push(length);
    }

    /// The token of a piece that was not seen before.
    fn learn(&mut self, piece: &str) -> Option<usize> {
        let token = self.tokenizer.token(piece).map(|token| {
            *self.tokens.entry(token.into()).or_insert_with(|| {
                self.lists.push(PostingsWriter::default());
                self.lists.len() - 1
            })
        });
        self.pieces.insert(piece.into(), token);
        token
    }

    /// The segment of all rows so far.
    #[must_use]
    pub fn finish(self) -> Segment {
        let Self { mut lists, mut lengths, tokens, .. } = self;
        let mut tokens: Vec<(Box<str>, usize)> = tokens.into_iter().collect();
        tokens.sort_unstable();
        lists.iter_mut().for_each(PostingsWriter::close_row);
        lengths.shrink_to_fit();
        let mut segment = Segment {
            text: String::with_capacity(tokens.iter().map(|(token, _)| token.len()).sum()),
            entries: Vec::with_capacity(tokens.len()),
            rows: Vec::with_capacity(lists.iter().map(|list| list.rows.len()).sum()),
            positions: Vec::with_capacity(lists.iter().map(|list| list.positions.len()).sum()),
            lengths,
        };
        for (token, list) in tokens {
            // Taken out, so that the memory of a list is free as soon as it is copied.
            let list = std::mem::take(&mut lists[list]);
            segment.text.push_str(&token);
            segment.rows.extend_from_slice(&list.rows);
            segment.positions.extend_from_slice(&list.positions);
            segment.entries.push(Entry {
                text_end: segment.text.len(),
                rows_end: segment.rows.len(),
                positions_end: segment.positions.len(),
                documents: list.documents,
            });
        }
        segment
    }
}
