//! Tokens of both languages: maximal munch, contextual keywords, spans on everything.

mod token;

pub use token::{Token, TokenKind, tokenize};
