//! Annotations, constraints and their arguments.
//!
//! All have one shape: a name and a list of values. The catalog builder checks the values.

use super::cursor::SchemaParser;
use crate::diagnostic::{Code, Diagnostic, ParseResult};
use crate::lex::TokenKind;
use crate::pg::ast::{AnnotationArg, AnnotationSyntax, ArgValue};
use crate::span::Spanned;

const CONSTRAINT_NAMES: &[&str] = &["key", "unique", "index", "range", "check"];

impl SchemaParser<'_> {
    /// Parses annotations up to another token or a constraint, which is a member of its own.
    pub(super) fn annotations(&mut self) -> ParseResult<Vec<AnnotationSyntax>> {
        let mut annotations = Vec::new();
        while self.kind(0) == Some(TokenKind::At) && !self.at_constraint() {
            annotations.push(self.annotation()?);
        }
        Ok(annotations)
    }

    /// Returns `true` if a constraint starts here: one of five words directly followed by parentheses. With named arguments only,
    /// as in `@index(metric=l2)`, it speaks of the property it follows and is an annotation.
    pub(super) fn at_constraint(&self) -> bool {
        self.kind(0) == Some(TokenKind::At)
            && CONSTRAINT_NAMES.contains(&self.text(1))
            && self.kind(2) == Some(TokenKind::LeftParen)
            && !(self.kind(3) == Some(TokenKind::Ident) && self.kind(4) == Some(TokenKind::Equal))
    }

    /// Parses `"@" IDENT [ "(" argument { "," argument } ")" ]`
    pub(super) fn annotation(&mut self) -> ParseResult<AnnotationSyntax> {
        let start = self.here();
        self.expect(TokenKind::At, "`@`")?;
        let name_span = self.here();
        let token = self.expect(TokenKind::Ident, "the name of an annotation")?;
        let name = Spanned::new(self.text_of(token).to_owned(), name_span);
        let arguments = match self.eat(TokenKind::LeftParen) {
            Some(_) => Some(self.arguments()?),
            None => None,
        };
        Ok(AnnotationSyntax { name, arguments, span: self.since(start) })
    }

    fn arguments(&mut self) -> ParseResult<Vec<AnnotationArg>> {
        let mut arguments: Vec<AnnotationArg> = Vec::new();
        loop {
            let argument = self.argument()?;
            if argument.name.is_none() && arguments.last().is_some_and(|last| last.name.is_some()) {
                let message = "expected a named argument: values without a name precede those with one";
                let error = Diagnostic::error(Code::S000, argument.value.span, message);
                self.report(error);
            } else {
                arguments.push(argument);
            }
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.expect(TokenKind::RightParen, "`,` or `)`")?;
        Ok(arguments)
    }

    fn argument(&mut self) -> ParseResult<AnnotationArg> {
        let name = if self.kind(0) == Some(TokenKind::Ident) && self.kind(1) == Some(TokenKind::Equal) {
            let span = self.here();
            let name = Spanned::new(self.text(0).to_owned(), span);
            self.bump();
            self.bump();
            Some(name)
        } else {
            None
        };
        Ok(AnnotationArg { name, value: self.value()? })
    }

    fn value(&mut self) -> ParseResult<Spanned<ArgValue>> {
        let start = self.here();
        let value = match self.kind(0) {
            Some(TokenKind::LeftBracket) => self.list()?,
            Some(TokenKind::At) => {
                self.bump();
                let token = self.expect(TokenKind::Ident, "`src` or `dst`")?;
                ArgValue::System(self.text_of(token).to_owned())
            }
            Some(TokenKind::DotDot) => {
                self.bump();
                match self.number()? {
                    Some(high) => ArgValue::Bounds(None, Some(high)),
                    None => return Err(self.expected("a number after `..`")),
                }
            }
            _ => match self.number()? {
                Some(low) if self.eat(TokenKind::DotDot).is_some() => ArgValue::Bounds(Some(low), self.number()?),
                Some(number) => ArgValue::Number(number),
                None => self.word_or_text()?,
            },
        };
        Ok(Spanned::new(value, self.since(start)))
    }

    fn word_or_text(&mut self) -> ParseResult<ArgValue> {
        match (self.kind(0), self.text(0)) {
            (Some(TokenKind::String), _) => Ok(ArgValue::String(self.string("a string")?.node)),
            (Some(TokenKind::Ident), "true" | "false") => {
                let truth = self.text(0) == "true";
                self.bump();
                Ok(ArgValue::Bool(truth))
            }
            (Some(TokenKind::Ident), word) => {
                self.bump();
                if self.eat(TokenKind::LeftParen).is_none() {
                    return Ok(ArgValue::Name(word.to_owned()));
                }
                let text = match self.kind(0) {
                    Some(TokenKind::String) => Some(self.string("a string")?.node),
                    _ => None,
                };
                self.expect(TokenKind::RightParen, "`)`")?;
                Ok(ArgValue::Call(word.to_owned(), text))
            }
            _ => Err(self.expected("a value or a property name")),
        }
    }

    /// Parses a list of scalars. Nested lists are refused, so it does not recurse.
    fn list(&mut self) -> ParseResult<ArgValue> {
        self.bump();
        let mut items = Vec::new();
        if self.eat(TokenKind::RightBracket).is_some() {
            return Ok(ArgValue::List(items));
        }
        loop {
            let start = self.here();
            let item = match self.number()? {
                Some(number) => ArgValue::Number(number),
                None => self.word_or_text()?,
            };
            items.push(Spanned::new(item, self.since(start)));
            if self.eat(TokenKind::Comma).is_none() {
                break;
            }
        }
        self.expect(TokenKind::RightBracket, "`,` or `]`")?;
        Ok(ArgValue::List(items))
    }

    /// Parses an optional number with at most one sign directly before it. Its text is kept: the formatter must not rewrite
    /// `tier=007` of an unknown annotation.
    fn number(&mut self) -> ParseResult<Option<String>> {
        let start = self.here();
        let negative = self.kind(0) == Some(TokenKind::Minus);
        let ahead = usize::from(negative);
        if !matches!(self.kind(ahead), Some(TokenKind::Integer | TokenKind::Float)) {
            return if negative {
                Err(self.expected("a value; a sign is written directly before its number"))
            } else {
                Ok(None)
            };
        }
        if negative && !self.glued(0) {
            return Err(self.expected("a number with its sign directly before it"));
        }
        let float = self.kind(ahead) == Some(TokenKind::Float);
        let mut text = if negative { "-".to_owned() } else { String::new() };
        text.push_str(self.text(ahead));
        for _ in 0..=ahead {
            self.bump();
        }
        let valid = if float { text.parse().is_ok_and(f64::is_finite) } else { text.parse::<i64>().is_ok() };
        if !valid {
            let (kind, why) = if float { ("float", "it is too large") } else { ("integer", "it does not fit 64 bits") };
            let error = Diagnostic::error(Code::S001, self.since(start), format!("invalid {kind} `{text}`: {why}"));
            self.report(error);
            text = "0".to_owned();
        }
        Ok(Some(text))
    }
}
