//! The token cursor: lookahead, consumption, error reports, and recovery.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, ErrorReported, ParseResult};
use crate::gq::ast::{AstName, AstSpan};
use crate::lex::{Token, TokenKind, tokenize};
use crate::span::Span;
use crate::suggest::did_you_mean;

/// Greatest nesting depth of a source; it bounds the stack of every tree walk.
pub(super) const MAX_DEPTH: u16 = 100;

/// Advice on the order of the parts of a read.
pub(super) const CLAUSE_ORDER_HELP: &str = "the order of a query is: match, return, having, order, limit";

/// State of one parse.
pub(super) struct QueryParser<'a> {
    pub(super) source: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Parameters of the current query: a bare variable that names one is an operand, not the start of a traversal.
    pub(super) params: BTreeSet<String>,
    /// Nesting depth of the current production.
    pub(super) depth: u16,
    /// Height of the last expression.
    pub(super) height: u16,
}

impl<'a> QueryParser<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let tokens = tokenize(source);
        Self { source, tokens, at: 0, diagnostics: Vec::new(), params: BTreeSet::new(), depth: 0, height: 0 }
    }

    /// Returns the kind of the token `ahead` of the position, if any.
    pub(super) fn kind_at(&self, ahead: usize) -> Option<TokenKind> {
        self.tokens.get(self.at + ahead).map(|token| token.kind)
    }

    pub(super) fn kind(&self) -> Option<TokenKind> {
        self.kind_at(0)
    }

    pub(super) fn is_token(&self, kind: TokenKind) -> bool {
        self.kind() == Some(kind)
    }

    /// Returns the text of the token `ahead`; empty at the end.
    pub(super) fn text_at(&self, ahead: usize) -> &'a str {
        self.tokens.get(self.at + ahead).map_or("", |token| self.slice(token.span))
    }

    pub(super) fn slice(&self, span: Span) -> &'a str {
        &self.source[span.start..span.end]
    }

    /// Returns `true` if the token `ahead` is this word.
    pub(super) fn is_word_at(&self, ahead: usize, word: &str) -> bool {
        self.kind_at(ahead) == Some(TokenKind::Ident) && self.text_at(ahead) == word
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    /// Returns the span of the current token, or the end of the source.
    pub(super) fn span(&self) -> Span {
        self.tokens.get(self.at).map_or(Span::new(self.source.len(), self.source.len()), |token| token.span)
    }

    /// Returns the span of the last consumed token.
    pub(super) fn last_span(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(Span::new(0, 0), |token| token.span)
    }

    pub(super) fn advance(&mut self) -> Span {
        let span = self.span();
        self.at = (self.at + 1).min(self.tokens.len());
        span
    }

    /// Consumes the current token if it is of this kind.
    pub(super) fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.is_token(kind);
        if found {
            self.advance();
        }
        found
    }

    /// Consumes the current token if it is this word.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// Consumes a token of this kind or reports that `what` was expected.
    pub(super) fn expect(&mut self, kind: TokenKind, what: &str) -> ParseResult<Span> {
        if self.is_token(kind) { Ok(self.advance()) } else { Err(self.expected(what)) }
    }

    /// Consumes this word or reports an error, with a suggestion if the current token is similar.
    pub(super) fn expect_word(&mut self, word: &str) -> ParseResult<Span> {
        if self.is_word(word) {
            return Ok(self.advance());
        }
        Err(self.expected_one_of(&[word]))
    }

    /// Reports that one of these words was expected, with a suggestion if the current token is similar to one.
    pub(super) fn expected_one_of(&mut self, words: &[&str]) -> ErrorReported {
        let near = did_you_mean(self.text_at(0), words.iter().copied().filter(|word| word.len() > 1));
        let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        let listed = match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => quoted.concat(),
        };
        let reported = self.expected(&listed);
        if let (Some(near), Some(last)) = (near, self.diagnostics.last_mut()) {
            last.help.get_or_insert(near);
        }
        reported
    }

    /// Reports that `what` was expected here.
    pub(super) fn expected(&mut self, what: &str) -> ErrorReported {
        let span = self.span();
        let found = match self.kind() {
            None => "the end of the file".to_owned(),
            Some(TokenKind::UnterminatedString) => {
                return self.error(span, "this string is not closed; expected `\"`");
            }
            Some(TokenKind::UnterminatedComment) => {
                return self.error(span, "this comment is not closed; expected `*/`");
            }
            Some(_) => format!("`{}`", self.text_at(0)),
        };
        let advice = self.foreign_spelling();
        let reported = self.error(span, format!("expected {what}, found {found}"));
        if let (Some(advice), Some(last)) = (advice, self.diagnostics.last_mut()) {
            last.help = Some(advice.to_owned());
        }
        reported
    }

    /// Returns the kind of the last consumed token.
    fn previous(&self) -> Option<TokenKind> {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|token| token.kind)
    }

    /// Returns advice for spellings of other languages.
    fn foreign_spelling(&self) -> Option<&'static str> {
        match (self.text_at(0), self.text_at(1)) {
            ("=", _) if self.previous() == Some(TokenKind::Equal) => Some("equality is written `=`, once"),
            (">", _) if self.previous() == Some(TokenKind::Less) => Some("inequality is written `!=`"),
            (";", _) => Some("white space separates the parts of a query; remove the `;`"),
            ("order" | "limit", _) => Some(CLAUSE_ORDER_HELP),
            ("&", _) => Some("conjunction is written `and`, or as two clauses"),
            ("|", "|") => Some("disjunction is written `or`"),
            ("'", _) => Some("strings are written in double quotes"),
            ("$", _) => Some("`$` and the name of a variable are written without space between"),
            ("skip", _) => Some("rows are skipped with `offset`"),
            ("!", _) => Some("negation is written `not`"),
            _ => None,
        }
    }

    /// Reports a syntax error.
    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) -> ErrorReported {
        // A zero-width position is widened to one byte, so that the caret is visible.
        let span = if span.start == span.end { Span::new(span.start, span.end + 1) } else { span };
        self.diagnostics.push(Diagnostic::error(Code::Q000, span, message));
        ErrorReported
    }

    /// Reports a syntax error with advice.
    pub(super) fn error_with_help(&mut self, span: Span, message: impl Into<String>, help: &str) -> ErrorReported {
        let reported = self.error(span, message);
        if let Some(last) = self.diagnostics.last_mut() {
            last.help = Some(help.to_owned());
        }
        reported
    }

    /// Runs a production one level deeper.
    pub(super) fn nested<T>(&mut self, production: impl FnOnce(&mut Self) -> ParseResult<T>) -> ParseResult<T> {
        if self.depth >= MAX_DEPTH {
            let span = self.span();
            return Err(self.error(span, format!("this nests deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        let result = production(self);
        self.depth -= 1;
        result
    }

    /// Parses a variable and returns its name without `$`.
    pub(super) fn variable(&mut self, what: &str) -> ParseResult<AstName> {
        let span = self.expect(TokenKind::Variable, what)?;
        Ok(AstName { text: self.slice(span)[1..].to_owned(), at: AstSpan(span) })
    }

    /// Parses an identifier.
    pub(super) fn identifier(&mut self, what: &str) -> ParseResult<AstName> {
        let span = self.expect(TokenKind::Ident, what)?;
        Ok(AstName { text: self.slice(span).to_owned(), at: AstSpan(span) })
    }

    /// Parses a type name.
    pub(super) fn type_name(&mut self) -> ParseResult<AstName> {
        if self.is_token(TokenKind::Ident) {
            let span = self.span();
            let text = self.text_at(0);
            let message = format!("expected a type name, found `{text}`");
            return Err(self.error_with_help(span, message, "type names start with an upper-case letter"));
        }
        let span = self.expect(TokenKind::TypeName, "a type name")?;
        Ok(AstName { text: self.slice(span).to_owned(), at: AstSpan(span) })
    }

    /// Returns `true` if the current token is the first of its line.
    fn starts_line(&self) -> bool {
        let (Some(previous), Some(token)) =
            (self.at.checked_sub(1).and_then(|at| self.tokens.get(at)), self.tokens.get(self.at))
        else {
            return true;
        };
        self.source[previous.span.end..token.span.start].contains('\n')
    }

    /// Returns `true` if a query declaration starts here; a missing brace runs into one.
    pub(super) fn at_query(&self) -> bool {
        self.is_word("query")
            && self.kind_at(1) == Some(TokenKind::Ident)
            && self.kind_at(2) == Some(TokenKind::LeftParen)
    }

    /// Skips to the next possible start of an item of the block: past a comma, to the first token of a line, or to the closing
    /// brace. Nested brackets are skipped whole.
    pub(super) fn skip_item(&mut self, from: usize) {
        let mut depth = 0usize;
        // Brackets that the failed item opened are still open.
        for token in &self.tokens[from..self.at.min(self.tokens.len())] {
            depth = nest(depth, token.kind);
        }
        while let Some(kind) = self.kind() {
            if self.at_query() {
                return;
            }
            if depth == 0 && (kind == TokenKind::RightBrace || (self.at > from && self.starts_line())) {
                return;
            }
            depth = nest(depth, kind);
            self.advance();
            if depth == 0 && kind == TokenKind::Comma {
                return;
            }
        }
    }

    /// Drops the last of several errors about one item if it only states that the item runs into the next one or into the end of
    /// the file: recovery from the earlier errors has skipped the expected token.
    pub(super) fn drop_consequence(&mut self, before: usize) {
        let border = self.kind().is_none() || self.at_query();
        let here = self.diagnostics.last().is_some_and(|last| last.span.start == self.span().start);
        if border && here && self.diagnostics.len() > before + 1 {
            self.diagnostics.pop();
        }
    }

    /// Skips to the next query or statement of the file.
    pub(super) fn skip_declaration(&mut self) {
        while self.kind().is_some() && !self.at_query() {
            self.advance();
        }
    }
}

fn nest(depth: usize, kind: TokenKind) -> usize {
    match kind {
        TokenKind::LeftBrace | TokenKind::LeftParen | TokenKind::LeftBracket => depth + 1,
        TokenKind::RightBrace | TokenKind::RightParen | TokenKind::RightBracket => depth.saturating_sub(1),
        _ => depth,
    }
}
