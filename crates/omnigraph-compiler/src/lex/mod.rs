//! Tokens of both languages: maximal munch, contextual keywords, spans on everything.

mod escape;
mod token;

pub use escape::{BadEscape, escape, unescape};
pub use token::{Token, TokenKind, tokenize};
