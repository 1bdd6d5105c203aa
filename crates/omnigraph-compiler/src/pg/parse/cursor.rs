//! The token stream: looking ahead, saying what was expected, finding the next border.

use super::comment::{self, Found};
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::{Token, TokenKind, tokenize};
use crate::span::Span;
use crate::suggest::did_you_mean;

/// A parse error has been reported; the caller looks for the next border.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported;

/// A production's outcome.
pub(super) type Parsed<T> = Result<T, Reported>;

/// The state of one parse.
pub(super) struct Parser<'a> {
    pub(super) source: &'a str,
    base: usize,
    tokens: Vec<Token>,
    position: usize,
    pub(super) comments: Vec<Found>,
    pub(super) next_comment: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Words that open a declaration.
pub(super) const DECLARATIONS: &[&str] = &["node", "edge", "interface", "import"];

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str, base: usize) -> Self {
        let tokens = tokenize(source);
        let comments = comment::find(source, &tokens);
        Self { source, base, tokens, position: 0, comments, next_comment: 0, diagnostics: Vec::new() }
    }

    /// The token `ahead` of the current one.
    pub(super) fn peek(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.position + ahead).copied()
    }

    /// Its kind.
    pub(super) fn kind(&self, ahead: usize) -> Option<TokenKind> {
        self.peek(ahead).map(|token| token.kind)
    }

    /// Its text; empty past the end.
    pub(super) fn text(&self, ahead: usize) -> &'a str {
        self.peek(ahead).map_or("", |token| self.text_of(token))
    }

    /// A token's text.
    pub(super) fn text_of(&self, token: Token) -> &'a str {
        self.source.get(token.span.start..token.span.end).unwrap_or("")
    }

    /// Whether the file ends here.
    pub(super) fn at_end(&self) -> bool {
        self.position >= self.tokens.len()
    }

    /// Moves past one token and returns it.
    pub(super) fn bump(&mut self) -> Option<Token> {
        let token = self.peek(0);
        self.position += usize::from(token.is_some());
        token
    }

    /// Moves past the current token if it is of `kind`.
    pub(super) fn eat(&mut self, kind: TokenKind) -> Option<Token> {
        (self.kind(0) == Some(kind)).then(|| self.bump()).flatten()
    }

    /// Moves past the current token if it is the word `word`.
    pub(super) fn eat_word(&mut self, word: &str) -> Option<Token> {
        (self.kind(0) == Some(TokenKind::Ident) && self.text(0) == word).then(|| self.bump()).flatten()
    }

    /// Moves past a token of `kind` or reports that `what` was expected.
    pub(super) fn expect(&mut self, kind: TokenKind, what: &str) -> Parsed<Token> {
        self.eat(kind).ok_or_else(|| self.expected(what))
    }

    /// Where the current token starts in this file; the file's length at its end.
    pub(super) fn local_offset(&self) -> usize {
        self.peek(0).map_or(self.source.len(), |token| token.span.start)
    }

    /// Where the last consumed token ends in this file.
    pub(super) fn local_end(&self) -> usize {
        self.position.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.span.end)
    }

    /// Whether no white space stands between the current token and the next.
    pub(super) fn glued(&self, ahead: usize) -> bool {
        matches!((self.peek(ahead), self.peek(ahead + 1)), (Some(a), Some(b)) if a.span.end == b.span.start)
    }

    /// The current token's place; the last byte at the end of the file.
    pub(super) fn here(&self) -> Span {
        let end = self.source.len();
        self.peek(0).map_or_else(|| self.shift(Span::new(end, end + 1)), |token| self.shift(token.span))
    }

    /// From `start` to the last consumed token.
    pub(super) fn since(&self, start: Span) -> Span {
        let end = self.local_end() + self.base;
        Span::new(start.start, end.max(start.start))
    }

    fn shift(&self, span: Span) -> Span {
        Span::new(span.start + self.base, span.end + self.base)
    }

    /// Reports a syntax error at the current token.
    pub(super) fn expected(&mut self, what: &str) -> Reported {
        self.expected_one_of(what, &[])
    }

    /// Reports a syntax error at the current token, with a near one of `names` as advice.
    pub(super) fn expected_one_of(&mut self, what: &str, names: &[&str]) -> Reported {
        let found = match self.kind(0) {
            None => "the end of the file".to_owned(),
            Some(TokenKind::UnterminatedString) => "a string without its closing quote".to_owned(),
            Some(TokenKind::UnterminatedComment) => "a comment without its closing `*/`".to_owned(),
            Some(_) => format!("`{}`", self.text(0).chars().take(40).collect::<String>()),
        };
        // What is not closed reaches to the end of the file; the place to look at is where it opens.
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

    /// Keeps a diagnostic.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> Reported {
        self.diagnostics.push(diagnostic);
        Reported
    }

    /// Whether a declaration starts here. Keywords are contextual: a property may be called `node`, but then a colon
    /// follows.
    pub(super) fn at_declaration(&self) -> bool {
        match self.text(0) {
            "node" | "edge" | "interface" => self.kind(1) == Some(TokenKind::TypeName),
            "import" => self.kind(1) == Some(TokenKind::String),
            _ => false,
        }
    }

    /// Whether what starts here looks like a declaration whose keyword is misspelt.
    fn near_declaration(&self) -> bool {
        let header = matches!(self.kind(2), Some(TokenKind::LeftBrace | TokenKind::Colon | TokenKind::At));
        self.kind(0) == Some(TokenKind::Ident)
            && self.text(0) != "implements"
            && self.kind(1) == Some(TokenKind::TypeName)
            && (header || self.text(2) == "implements")
    }

    /// Moves to where a declaration starts, past anything else.
    pub(super) fn skip_to_declaration(&mut self) {
        while !self.at_end() && !self.at_declaration() && !self.near_declaration() {
            self.bump();
        }
    }

    /// Moves to where a member, the end of the body or a declaration starts. Parentheses are skipped whole, so that
    /// arguments are not taken for members.
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
