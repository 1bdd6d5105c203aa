//! Literals: numbers, strings, dates.

use super::cursor::{Parsed, Parser};
use crate::gq::ast::{Expr, ExprKind, Literal};
use crate::lex::{TokenKind, unescape};
use crate::span::Span;

impl Parser<'_> {
    /// A number; `sign` is the span of a minus directly before it.
    pub(super) fn number(&mut self, sign: Option<Span>) -> Parsed<Expr> {
        let kind = self.kind();
        let digits = self.advance();
        let span = sign.map_or(digits, |sign| sign.to(digits));
        self.require_boundary(digits)?;
        let text = format!("{}{}", if sign.is_some() { "-" } else { "" }, self.slice(digits));
        let literal = if kind == Some(TokenKind::Integer) {
            match text.parse() {
                Ok(value) => Literal::Integer(value),
                Err(_) => {
                    return Err(
                        self.error(span, format!("invalid integer `{text}`: it does not fit 64 bits with sign"))
                    );
                }
            }
        } else {
            match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Literal::Float(value),
                _ => return Err(self.error(span, format!("invalid float `{text}`: it is beyond the range of F64"))),
            }
        };
        Ok(Expr::new(ExprKind::Literal(literal), span))
    }

    /// A number must not run into a word or another number.
    fn require_boundary(&mut self, digits: Span) -> Parsed<()> {
        let glued = self.span().start == digits.end
            && matches!(self.kind(), Some(TokenKind::Ident | TokenKind::TypeName | TokenKind::Dot));
        if !glued {
            return Ok(());
        }
        let span = digits.to(self.span());
        let text = self.slice(span);
        let help = "a float has digits on both sides of its point, and white space separates it from what follows";
        Err(self.error_with_help(span, format!("expected a number, found `{text}`"), help))
    }

    /// An unsigned integer that fits `T`, named `what` in messages.
    pub(super) fn unsigned<T: std::str::FromStr>(&mut self, what: &str) -> Parsed<(T, Span)> {
        let span = self.expect(TokenKind::Integer, what)?;
        match self.slice(span).parse() {
            Ok(value) => Ok((value, span)),
            Err(_) => Err(self.error(span, format!("invalid {what}: `{}` is too large", self.slice(span)))),
        }
    }

    /// A string, escapes decoded.
    pub(super) fn string(&mut self, what: &str) -> Parsed<(String, Span)> {
        let span = self.expect(TokenKind::String, what)?;
        match unescape(&self.slice(span)[1..span.end - span.start - 1]) {
            Ok(text) => Ok((text, span)),
            Err(bad) => {
                let start = span.start + 1 + bad.offset;
                let place = Span::new(start, start + bad.length);
                let message = format!("unsupported escape sequence `{}`", bad.text);
                let help =
                    "the escapes are `\\\"`, `\\\\`, `\\n`, `\\r` and `\\t`; any other character stands for itself";
                Err(self.error_with_help(place, message, help))
            }
        }
    }

    /// `date("…")` or `datetime("…")`, at the word.
    pub(super) fn date_literal(&mut self) -> Parsed<Expr> {
        let word = self.text_at(0);
        let start = self.advance();
        self.expect(TokenKind::LeftParen, "`(`")?;
        if !matches!(self.kind(), Some(TokenKind::String | TokenKind::UnterminatedString)) {
            let span = self.span();
            let message = format!("expected a string in `{word}(…)`");
            let help = format!("`{word}` writes a constant; to convert a value use `to_{word}(…)`");
            return Err(self.error_with_help(span, message, &help));
        }
        let (text, _) = self.string("a string")?;
        let end = self.expect(TokenKind::RightParen, "`)`")?;
        let literal = if word == "date" { Literal::Date(text) } else { Literal::DateTime(text) };
        Ok(Expr::new(ExprKind::Literal(literal), start.to(end)))
    }
}
