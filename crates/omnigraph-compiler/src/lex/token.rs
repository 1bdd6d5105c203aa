//! The token set and the scanner.

use logos::Logos;

use crate::span::Span;

/// A token and where it stands. Its text is `&source[span.start..span.end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

/// Token kinds. Keywords are [`TokenKind::Ident`]s; the parsers read them by their text.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[logos(skip r"[ \t\r\n]+")]
#[logos(skip(r"//[^\n]*", allow_greedy = true))]
#[logos(skip r"/\*([^*]|\*+[^*/])*\*+/")]
pub enum TokenKind {
    /// `[a-z_][A-Za-z0-9_]*`
    #[regex(r"[a-z_][A-Za-z0-9_]*")]
    Ident,
    /// `[A-Z][A-Za-z0-9_]*`
    #[regex(r"[A-Z][A-Za-z0-9_]*")]
    TypeName,
    /// `$` and an identifier, one token.
    #[regex(r"\$[a-z_][A-Za-z0-9_]*")]
    Variable,
    /// `[0-9]+`
    #[regex(r"[0-9]+")]
    Integer,
    /// A point with digits on both sides, an exponent, or both.
    #[regex(r"[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?")]
    #[regex(r"[0-9]+[eE][+-]?[0-9]+")]
    Float,
    /// A terminated string, quotes included, escapes not yet checked.
    #[regex(r#""([^"\\]|\\[\s\S])*""#)]
    String,
    /// A string that the end of the file cut off.
    #[regex(r#""([^"\\]|\\[\s\S])*"#, priority = 1)]
    UnterminatedString,
    /// A block comment that the end of the file cut off.
    #[regex(r"/\*([^*]|\*+[^*/])*\**", priority = 1)]
    UnterminatedComment,
    /// `{`
    #[token("{")]
    LeftBrace,
    /// `}`
    #[token("}")]
    RightBrace,
    /// `(`
    #[token("(")]
    LeftParen,
    /// `)`
    #[token(")")]
    RightParen,
    /// `[`
    #[token("[")]
    LeftBracket,
    /// `]`
    #[token("]")]
    RightBracket,
    /// `:`
    #[token(":")]
    Colon,
    /// `,`
    #[token(",")]
    Comma,
    /// `;`
    #[token(";")]
    Semicolon,
    /// `.`
    #[token(".")]
    Dot,
    /// `..`
    #[token("..")]
    DotDot,
    /// `@`
    #[token("@")]
    At,
    /// `?`
    #[token("?")]
    Question,
    /// `|`
    #[token("|")]
    Pipe,
    /// `=`
    #[token("=")]
    Equal,
    /// `!=`
    #[token("!=")]
    NotEqual,
    /// `<`
    #[token("<")]
    Less,
    /// `<=`
    #[token("<=")]
    LessEqual,
    /// `>`
    #[token(">")]
    Greater,
    /// `>=`
    #[token(">=")]
    GreaterEqual,
    /// `->`
    #[token("->")]
    Arrow,
    /// `+`
    #[token("+")]
    Plus,
    /// `-`
    #[token("-")]
    Minus,
    /// `*`
    #[token("*")]
    Star,
    /// `/`
    #[token("/")]
    Slash,
    /// `%`
    #[token("%")]
    Percent,
    /// Anything else; one character.
    Unknown,
}

/// Splits `source` into tokens, white space and comments left out. Never fails: what is no token becomes
/// [`TokenKind::Unknown`] and the parser says so.
#[must_use]
pub fn tokenize(source: &str) -> Vec<Token> {
    let start = text_start(source);
    TokenKind::lexer(&source[start..])
        .spanned()
        .map(|(kind, range)| Token {
            kind: kind.unwrap_or(TokenKind::Unknown),
            span: Span::new(start + range.start, start + range.end),
        })
        .collect()
}

/// Where the text begins: some editors put a byte order mark before it, which nobody sees.
pub(crate) fn text_start(source: &str) -> usize {
    const MARK: char = '\u{feff}';
    if source.starts_with(MARK) { MARK.len_utf8() } else { 0 }
}
