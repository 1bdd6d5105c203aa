//! Literals: numbers, strings, dates.

use super::cursor::QueryParser;
use crate::diagnostic::ParseResult;
use crate::gq::ast::{AstExpr, AstExprKind, AstLiteral};
use crate::lex::{TokenKind, unescape};
use crate::span::{Span, Spanned};

impl QueryParser<'_> {
    /// Parses a number; `sign` is the span of a minus directly before it.
    pub(super) fn number(&mut self, sign: Option<Span>) -> ParseResult<AstExpr> {
        let kind = self.kind();
        let digits = self.advance();
        let span = sign.map_or(digits, |sign| sign.cover(digits));
        self.require_boundary(digits)?;
        let text = format!("{}{}", if sign.is_some() { "-" } else { "" }, self.slice(digits));
        let literal = if kind == Some(TokenKind::Integer) {
            match text.parse() {
                Ok(value) => AstLiteral::Integer(value),
                Err(_) => {
                    return Err(
                        self.error(span, format!("invalid integer `{text}`: it does not fit 64 bits with sign"))
                    );
                }
            }
        } else {
            match text.parse::<f64>() {
                Ok(value) if value.is_finite() => AstLiteral::Float(value),
                _ => return Err(self.error(span, format!("invalid float `{text}`: it is beyond the range of F64"))),
            }
        };
        Ok(AstExpr::new(AstExprKind::Literal(literal), span))
    }

    /// Reports a number that runs into a word or another number.
    fn require_boundary(&mut self, digits: Span) -> ParseResult<()> {
        let glued = self.span().start == digits.end
            && matches!(self.kind(), Some(TokenKind::Ident | TokenKind::TypeName | TokenKind::Dot));
        if !glued {
            return Ok(());
        }
        let span = digits.cover(self.span());
        let text = self.slice(span);
        let help = "a float has digits on both sides of its point, and white space separates it from what follows";
        Err(self.error_with_help(span, format!("expected a number, found `{text}`"), help))
    }

    /// Parses an unsigned integer that fits `T`, named `what` in messages.
    pub(super) fn unsigned<T: std::str::FromStr>(&mut self, what: &str) -> ParseResult<Spanned<T>> {
        let span = self.expect(TokenKind::Integer, what)?;
        match self.slice(span).parse() {
            Ok(value) => Ok(Spanned::new(value, span)),
            Err(_) => Err(self.error(span, format!("invalid {what}: `{}` is too large", self.slice(span)))),
        }
    }

    /// Parses a string, escapes decoded.
    pub(super) fn string(&mut self, what: &str) -> ParseResult<Spanned<String>> {
        let span = self.expect(TokenKind::String, what)?;
        match unescape(&self.slice(span)[1..span.end - span.start - 1]) {
            Ok(text) => Ok(Spanned::new(text, span)),
            Err(bad) => {
                let start = span.start + 1 + bad.offset;
                let place = Span::new(start, start + bad.length);
                let message = format!("unsupported escape sequence `{}`", bad.text);
                let help =
                    "the escapes are `\\\"`, `\\\\`, `\\n`, `\\r` and `\\t`; any other character represents itself";
                Err(self.error_with_help(place, message, help))
            }
        }
    }

    /// Parses `date("…")` or `datetime("…")` from the word on.
    pub(super) fn date_literal(&mut self) -> ParseResult<AstExpr> {
        let word = self.text_at(0);
        let start = self.advance();
        self.expect(TokenKind::LeftParen, "`(`")?;
        if !matches!(self.kind(), Some(TokenKind::String | TokenKind::UnterminatedString)) {
            let span = self.span();
            let message = format!("expected a string in `{word}(…)`");
            let help = format!("`{word}` writes a constant; to convert a value use `to_{word}(…)`");
            return Err(self.error_with_help(span, message, &help));
        }
        let text = self.string("a string")?.node;
        let end = self.expect(TokenKind::RightParen, "`)`")?;
        let literal = if word == "date" { AstLiteral::Date(text) } else { AstLiteral::DateTime(text) };
        Ok(AstExpr::new(AstExprKind::Literal(literal), start.cover(end)))
    }
}
