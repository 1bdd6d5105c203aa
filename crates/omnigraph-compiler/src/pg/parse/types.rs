//! Property types.

use super::cursor::SchemaParser;
use crate::diagnostic::{Code, Diagnostic, ParseResult};
use crate::lex::TokenKind;
use crate::pg::ast::{BaseType, TypeExpr};
use crate::span::{Span, Spanned};
use crate::suggest::{canonical_type_name, did_you_mean};
use crate::types::ScalarType;

/// Names of types, for suggestions.
const TYPE_NAMES: &[&str] =
    &["String", "Bool", "I32", "I64", "U32", "U64", "F32", "F64", "Date", "DateTime", "Blob", "Json", "Vector", "enum"];

impl SchemaParser<'_> {
    /// Parses `( "[" base "]" | base ) [ "?" ]`
    pub(super) fn type_expr(&mut self) -> ParseResult<TypeExpr> {
        let start = self.here();
        let list = self.eat(TokenKind::LeftBracket).is_some();
        let base = self.base_type()?;
        if list {
            self.list_item_border(&base)?;
        }
        let nullable = self.eat(TokenKind::Question).is_some();
        let base = if list { self.checked_item(base) } else { base };
        Ok(TypeExpr { base, list, nullable, span: self.since(start) })
    }

    /// Parses the end of a list's item type; a question mark inside the brackets is reported and skipped.
    fn list_item_border(&mut self, base: &BaseType) -> ParseResult<()> {
        if self.kind(0) == Some(TokenKind::Question) {
            let error =
                Diagnostic::error(Code::S000, self.here(), "expected `]`, found `?`: items of a list are never null")
                    .with_help("put the `?` after the bracket for a list that may be null");
            self.bump();
            self.report(error);
        }
        if matches!(base, BaseType::Invalid) {
            while matches!(self.kind(0), Some(TokenKind::RightBracket)) && self.kind(1) == Some(TokenKind::RightBracket)
            {
                self.bump();
            }
        }
        self.expect(TokenKind::RightBracket, "`]`").map(drop)
    }

    fn checked_item(&mut self, base: BaseType) -> BaseType {
        let BaseType::Vector(dimension) = &base else { return base };
        let message = "expected a type that a list may hold, found `Vector`";
        let error = Diagnostic::error(Code::S000, dimension.span, message).with_help("make it a node type of its own");
        self.report(error);
        BaseType::Invalid
    }

    fn base_type(&mut self) -> ParseResult<BaseType> {
        let here = self.here();
        let text = self.text(0);
        match self.kind(0) {
            Some(TokenKind::Ident) if text == "enum" => self.enum_type(),
            Some(TokenKind::TypeName) if text == "Vector" => self.vector_type(),
            Some(TokenKind::TypeName | TokenKind::Ident) if self.kind(1) != Some(TokenKind::Colon) => {
                self.bump();
                Ok(ScalarType::from_name(text).map_or_else(|| self.unknown_type(text, here), BaseType::Scalar))
            }
            Some(TokenKind::LeftBracket) => {
                let error = Diagnostic::error(Code::S000, here, "expected a type that a list may hold, found a list")
                    .with_help("lists do not nest; a `Json` property holds any shape");
                self.report(error);
                while self.eat(TokenKind::LeftBracket).is_some() {}
                self.base_type().map(|_| BaseType::Invalid)
            }
            _ => Err(self.expected("a type")),
        }
    }

    fn unknown_type(&mut self, text: &str, here: Span) -> BaseType {
        let message = format!("expected a type, found `{text}`");
        let mut error = Diagnostic::error(Code::S000, here, message);
        error.help = canonical_type_name(text)
            .map(|ours| format!("did you mean `{ours}`?"))
            .or_else(|| did_you_mean(text, TYPE_NAMES.iter().copied()))
            .or_else(|| Some(format!("the types are {}", TYPE_NAMES.join(", "))));
        self.report(error);
        BaseType::Invalid
    }

    fn enum_type(&mut self) -> ParseResult<BaseType> {
        self.bump();
        self.expect(TokenKind::LeftParen, "`(` and the words of the enum")?;
        let mut words = Vec::new();
        loop {
            words.push(self.enum_word()?);
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.expect(TokenKind::RightParen, "`,` or `)`")?;
        Ok(BaseType::Enum(words))
    }

    /// Parses a word of letters, digits, `_` and `-`: one or more tokens without white space between them.
    fn enum_word(&mut self) -> ParseResult<Spanned<String>> {
        let start = self.here();
        let fits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let mut word = String::new();
        while fits(self.text(0)) {
            let glued = self.glued(0);
            word.push_str(self.text(0));
            self.bump();
            if !glued {
                break;
            }
        }
        if word.is_empty() {
            return Err(self.expected("a word of letters, digits, `_` and `-`"));
        }
        Ok(Spanned::new(word, self.since(start)))
    }

    fn vector_type(&mut self) -> ParseResult<BaseType> {
        self.bump();
        self.expect(TokenKind::LeftParen, "`(` and the number of dimensions, as in `Vector(384)`")?;
        let span = self.here();
        let token = self.expect(TokenKind::Integer, "the number of dimensions")?;
        let text = self.text_of(token);
        let dimension = text.parse().unwrap_or_else(|_| {
            self.report(Diagnostic::error(
                Code::S001,
                span,
                format!("invalid integer `{text}`: it does not fit 64 bits"),
            ));
            1
        });
        self.expect(TokenKind::RightParen, "`)`")?;
        Ok(BaseType::Vector(Spanned::new(dimension, span)))
    }
}
