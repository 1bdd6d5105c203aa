//! The token cursor: lookahead, error reports, and recovery.

use super::comment::{self, LocatedComment};
use crate::diagnostic::{Code, Diagnostic, ErrorReported, ParseResult};
use crate::lex::{Token, TokenKind, tokenize};
use crate::span::Span;
use crate::suggest::did_you_mean;

/// The state of one parse.
pub(super) struct SchemaParser<'a> {
    pub(super) source: &'a str,
    base: usize,
    tokens: Vec<Token>,
    position: usize,
    pub(super) comments: Vec<LocatedComment>,
    pub(super) next_comment: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Keywords that start a declaration.
pub(super) const DECLARATION_KEYWORDS: &[&str] = &["node", "edge", "interface", "import"];

impl<'a> SchemaParser<'a> {
    pub(super) fn new(source: &'a str, base: usize) -> Self {
        let tokens = tokenize(source);
        let comments = comment::find(source, &tokens);
        Self { source, base, tokens, position: 0, comments, next_comment: 0, diagnostics: Vec::new() }
    }

    /// Returns the token `ahead` of the current one.
    pub(super) fn peek(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.position + ahead).copied()
    }

    /// Returns the kind of the token `ahead` of the current one.
    pub(super) fn kind(&self, ahead: usize) -> Option<TokenKind> {
        self.peek(ahead).map(|token| token.kind)
    }

    /// Returns the text of the token `ahead` of the current one; empty past the end.
    pub(super) fn text(&self, ahead: usize) -> &'a str {
        self.peek(ahead).map_or("", |token| self.text_of(token))
    }

    /// Returns a token's text.
    pub(super) fn text_of(&self, token: Token) -> &'a str {
        self.source.get(token.span.start..token.span.end).unwrap_or("")
    }

    /// Returns `true` if the file ends here.
    pub(super) fn at_end(&self) -> bool {
        self.position >= self.tokens.len()
    }

    /// Consumes one token and returns it.
    pub(super) fn bump(&mut self) -> Option<Token> {
        let token = self.peek(0);
        self.position += usize::from(token.is_some());
        token
    }

    /// Consumes the current token if it is of `kind`.
    pub(super) fn eat(&mut self, kind: TokenKind) -> Option<Token> {
        (self.kind(0) == Some(kind)).then(|| self.bump()).flatten()
    }

    /// Consumes the current token if it is the word `word`.
    pub(super) fn eat_word(&mut self, word: &str) -> Option<Token> {
        (self.kind(0) == Some(TokenKind::Ident) && self.text(0) == word).then(|| self.bump()).flatten()
    }

    /// Consumes a token of `kind` or reports that `what` was expected.
    pub(super) fn expect(&mut self, kind: TokenKind, what: &str) -> ParseResult<Token> {
        self.eat(kind).ok_or_else(|| self.expected(what))
    }

    /// Returns the start of the current token in this file; the file's length at its end.
    pub(super) fn local_offset(&self) -> usize {
        self.peek(0).map_or(self.source.len(), |token| token.span.start)
    }

    /// Returns the end of the last consumed token in this file.
    pub(super) fn local_end(&self) -> usize {
        self.position.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.span.end)
    }

    /// Returns `true` if the token `ahead` and the one after it are adjacent.
    pub(super) fn glued(&self, ahead: usize) -> bool {
        matches!((self.peek(ahead), self.peek(ahead + 1)), (Some(a), Some(b)) if a.span.end == b.span.start)
    }

    /// Returns the span of the current token; the last byte at the end of the file.
    pub(super) fn here(&self) -> Span {
        let end = self.source.len();
        self.peek(0).map_or_else(|| self.shift(Span::new(end, end + 1)), |token| self.shift(token.span))
    }

    /// Returns the span from `start` to the last consumed token.
    pub(super) fn since(&self, start: Span) -> Span {
        let end = self.local_end() + self.base;
        Span::new(start.start, end.max(start.start))
    }

    fn shift(&self, span: Span) -> Span {
        Span::new(span.start + self.base, span.end + self.base)
    }

    /// Reports a syntax error at the current token.
    pub(super) fn expected(&mut self, what: &str) -> ErrorReported {
        self.expected_one_of(what, &[])
    }

    /// Reports a syntax error at the current token, with a similar one of `names` as advice.
    pub(super) fn expected_one_of(&mut self, what: &str, names: &[&str]) -> ErrorReported {
        let found = match self.kind(0) {
            None => "the end of the file".to_owned(),
            Some(TokenKind::UnterminatedString) => "a string without its closing quote".to_owned(),
            Some(TokenKind::UnterminatedComment) => "a comment without its closing `*/`".to_owned(),
            Some(_) => format!("`{}`", self.text(0).chars().take(40).collect::<String>()),
        };
        // An unterminated token reaches to the end of the file; the error points to its start.
        let mut span = self.here();
        match self.kind(0) {
            Some(TokenKind::UnterminatedString) => span.end = span.start + 1,
            Some(TokenKind::UnterminatedComment) => span.end = span.start + 2,
            _ => {}
        }
        let mut error = Diagnostic::error(Code::S000, span, format!("expected {what}, found {found}"));
        error.help = did_you_mean(self.text(0), names.iter().copied());
        self.report(error)
    }

    /// Adds a diagnostic.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> ErrorReported {
        self.diagnostics.push(diagnostic);
        ErrorReported
    }

    /// Returns `true` if a declaration starts here. Keywords are contextual: a property may be called `node`, but then a colon
    /// follows.
    pub(super) fn at_declaration(&self) -> bool {
        match self.text(0) {
            "node" | "edge" | "interface" => self.kind(1) == Some(TokenKind::TypeName),
            "import" => self.kind(1) == Some(TokenKind::String),
            _ => false,
        }
    }

    /// Returns `true` if a declaration with a misspelled keyword seems to start here.
    fn near_declaration(&self) -> bool {
        let header = matches!(self.kind(2), Some(TokenKind::LeftBrace | TokenKind::Colon | TokenKind::At));
        self.kind(0) == Some(TokenKind::Ident)
            && self.text(0) != "implements"
            && self.kind(1) == Some(TokenKind::TypeName)
            && (header || self.text(2) == "implements")
    }

    /// Skips to the next start of a declaration.
    pub(super) fn skip_to_declaration(&mut self) {
        while !self.at_end() && !self.at_declaration() && !self.near_declaration() {
            self.bump();
        }
    }

    /// Skips to the next member, end of the body or declaration. Parentheses are skipped whole, so that arguments are not taken
    /// for members.
    pub(super) fn skip_to_member(&mut self) {
        let mut depth = 0usize;
        while let Some(kind) = self.kind(0) {
            match kind {
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth = depth.saturating_sub(1),
                TokenKind::RightBrace => return,
                _ if self.at_declaration() => return,
                TokenKind::At if depth == 0 => return,
                TokenKind::Ident if self.kind(1) == Some(TokenKind::Colon) => return,
                _ => {}
            }
            self.bump();
        }
    }
}
