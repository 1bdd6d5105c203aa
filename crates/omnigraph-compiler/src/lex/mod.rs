//! Tokens of both languages: maximal munch, contextual keywords, spans on everything.

mod escape;
mod token;

pub use escape::{BadEscape, escape, unescape};
pub(crate) use token::text_start;
pub use token::{Token, TokenKind, tokenize};
