//! Tokens of both languages: maximal munch, contextual keywords, spans on everything.

use logos::Logos;

use crate::span::Span;

/// A token with its position. Its text is `&source[span.start..span.end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Kind of token.
    pub kind: TokenKind,
    /// Position in the source.
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

/// Splits `source` into tokens, without white space and comments. It never fails: an invalid character becomes
/// [`TokenKind::Unknown`], which the parser reports.
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

/// Returns the text of the first token, without reading further.
pub(crate) fn first_word(source: &str) -> Option<&str> {
    let mut lexer = TokenKind::lexer(&source[text_start(source)..]);
    lexer.next().map(|_| lexer.slice())
}

/// Returns the offset of the text after an optional byte order mark.
pub(crate) fn text_start(source: &str) -> usize {
    const MARK: char = '\u{feff}';
    if source.starts_with(MARK) { MARK.len_utf8() } else { 0 }
}

/// Returns the spans of the comments of `source`, whose tokens are `tokens`.
pub(crate) fn comment_spans(source: &str, tokens: &[Token]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = text_start(source);
    for token in tokens {
        in_gap(source, Span::new(start, token.span.start), &mut spans);
        start = token.span.end;
    }
    in_gap(source, Span::new(start, source.len()), &mut spans);
    spans
}

/// Finds the comments between two tokens.
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

/// An unknown escape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEscape {
    /// Offset of its backslash, in bytes from the start of the text.
    pub offset: usize,
    /// Its length in bytes.
    pub length: usize,
    /// The escape itself.
    pub text: String,
}

/// Decodes the text between the quotes of a string.
///
/// # Errors
/// The first escape that is not in the list.
pub fn unescape(inner: &str) -> Result<String, InvalidEscape> {
    let mut decoded = String::with_capacity(inner.len());
    let mut characters = inner.char_indices();
    while let Some((offset, c)) = characters.next() {
        if c != '\\' {
            decoded.push(c);
            continue;
        }
        match characters.next().map(|(_, escaped)| escaped) {
            Some('"') => decoded.push('"'),
            Some('\\') => decoded.push('\\'),
            Some('n') => decoded.push('\n'),
            Some('r') => decoded.push('\r'),
            Some('t') => decoded.push('\t'),
            other => {
                let text: String = std::iter::once('\\').chain(other).collect();
                return Err(InvalidEscape { offset, length: text.len(), text });
            }
        }
    }
    Ok(decoded)
}

/// Writes `text` as a string token that decodes to it. Line feeds become `
/// `, so that a printed program keeps its lines.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
