//! The expression grammar.

use super::cursor::{MAX_DEPTH, QueryParser};
use super::pattern::ParsedBlock;
use crate::diagnostic::ParseResult;
use crate::functions::AggregateKind;
use crate::gq::ast::{AstExpr, AstExprKind, AstLiteral, AstName, AstSpan, InfixOperator};
use crate::lex::TokenKind;
use crate::span::Span;

/// The only function with named arguments.
const NAMED_ARGUMENT_FUNCTION: &str = "rrf";

impl QueryParser<'_> {
    /// Parses an expression, from `or`, the loosest level.
    pub(super) fn expr(&mut self) -> ParseResult<AstExpr> {
        self.nested(|parser| {
            parser.chain("or", |parser| parser.chain("and", Self::not_level, AstExprKind::And), AstExprKind::Or)
        })
    }

    /// Parses the rest of an expression whose first operand of `and` or `or` is given.
    pub(super) fn continue_expr(&mut self, first: AstExpr) -> ParseResult<AstExpr> {
        let first = self.continue_chain(first, "and", Self::not_level, AstExprKind::And)?;
        self.continue_chain(
            first,
            "or",
            |parser| parser.chain("and", Self::not_level, AstExprKind::And),
            AstExprKind::Or,
        )
    }

    fn chain(
        &mut self,
        word: &str,
        operand: impl Fn(&mut Self) -> ParseResult<AstExpr>,
        build: impl Fn(Vec<AstExpr>) -> AstExprKind,
    ) -> ParseResult<AstExpr> {
        let first = operand(self)?;
        self.continue_chain(first, word, operand, build)
    }

    /// Parses operands joined by one word into one flat node.
    fn continue_chain(
        &mut self,
        first: AstExpr,
        word: &str,
        operand: impl Fn(&mut Self) -> ParseResult<AstExpr>,
        build: impl Fn(Vec<AstExpr>) -> AstExprKind,
    ) -> ParseResult<AstExpr> {
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut height = self.height;
        let mut operands = vec![first];
        while self.eat_word(word) {
            operands.push(operand(self)?);
            height = height.max(self.height);
        }
        let span = operands.first().map_or(Span::default(), AstExpr::span).cover(self.last_span());
        self.parent(build(operands), span, height)
    }

    /// Makes a node above children of this height.
    fn parent(&mut self, kind: AstExprKind, span: Span, height: u16) -> ParseResult<AstExpr> {
        self.height = height + 1;
        if self.height > MAX_DEPTH * 2 {
            return Err(self.error(span, format!("this expression is more than {} levels high", MAX_DEPTH * 2)));
        }
        Ok(AstExpr::new(kind, span))
    }

    fn leaf(&mut self, kind: AstExprKind, span: Span) -> AstExpr {
        self.height = 1;
        AstExpr::new(kind, span)
    }

    fn not_level(&mut self) -> ParseResult<AstExpr> {
        if !self.is_word("not") || self.kind_at(1) == Some(TokenKind::LeftBrace) {
            return self.comparison();
        }
        let start = self.advance();
        let operand = self.nested(Self::not_level)?;
        let span = start.cover(operand.span());
        let height = self.height;
        self.parent(AstExprKind::Not(Box::new(operand)), span, height)
    }

    fn comparison_operator(&self) -> Option<InfixOperator> {
        Some(match (self.kind()?, self.text_at(0)) {
            (TokenKind::Equal, _) => InfixOperator::Equal,
            (TokenKind::NotEqual, _) => InfixOperator::NotEqual,
            (TokenKind::Less, _) => InfixOperator::Less,
            (TokenKind::LessEqual, _) => InfixOperator::LessEqual,
            (TokenKind::Greater, _) => InfixOperator::Greater,
            (TokenKind::GreaterEqual, _) => InfixOperator::GreaterEqual,
            (TokenKind::Ident, "contains") => InfixOperator::Contains,
            (TokenKind::Ident, "starts_with") => InfixOperator::StartsWith,
            (TokenKind::Ident, "ends_with") => InfixOperator::EndsWith,
            (TokenKind::Ident, "in") => InfixOperator::In,
            _ => return None,
        })
    }

    fn comparison(&mut self) -> ParseResult<AstExpr> {
        let left = self.sum()?;
        let height = self.height;
        if self.is_word("is") && (self.is_word_at(1, "null") || self.is_word_at(1, "not")) {
            self.advance();
            let negated = self.eat_word("not");
            let end = self.expect_word("null")?;
            let span = left.span().cover(end);
            return self.parent(AstExprKind::IsNull { operand: Box::new(left), negated }, span, height);
        }
        let Some(op) = self.comparison_operator() else { return Ok(left) };
        self.advance();
        let right = self.sum()?;
        let height = height.max(self.height);
        if self.comparison_operator().is_some() {
            let span = self.span();
            let found = self.text_at(0);
            let help = "join two comparisons with `and`, or put one in parentheses";
            return Err(self.error_with_help(
                span,
                format!("expected the end of the comparison, found `{found}`"),
                help,
            ));
        }
        let span = left.span().cover(right.span());
        self.parent(AstExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span, height)
    }

    fn sum(&mut self) -> ParseResult<AstExpr> {
        self.left_associative(Self::product, |parser| match parser.kind()? {
            TokenKind::Plus => Some(InfixOperator::Add),
            TokenKind::Minus => Some(InfixOperator::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> ParseResult<AstExpr> {
        self.left_associative(Self::unary, |parser| match parser.kind()? {
            TokenKind::Star => Some(InfixOperator::Multiply),
            TokenKind::Slash => Some(InfixOperator::Divide),
            TokenKind::Percent => Some(InfixOperator::Remainder),
            TokenKind::Ident if parser.text_at(0) == "div" => Some(InfixOperator::IntegerDivide),
            _ => None,
        })
    }

    fn left_associative(
        &mut self,
        operand: impl Fn(&mut Self) -> ParseResult<AstExpr>,
        operator: impl Fn(&Self) -> Option<InfixOperator>,
    ) -> ParseResult<AstExpr> {
        let mut left = operand(self)?;
        while let Some(op) = operator(self) {
            let height = self.height;
            self.advance();
            let right = operand(self)?;
            let span = left.span().cover(right.span());
            let height = height.max(self.height);
            left =
                self.parent(AstExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span, height)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> ParseResult<AstExpr> {
        if !self.is_token(TokenKind::Minus) {
            return self.postfix();
        }
        let sign = self.advance();
        if matches!(self.kind(), Some(TokenKind::Integer | TokenKind::Float)) {
            self.height = 1;
            return self.number(Some(sign));
        }
        let operand = self.nested(Self::unary)?;
        let span = sign.cover(operand.span());
        let height = self.height;
        self.parent(AstExprKind::Negate(Box::new(operand)), span, height)
    }

    /// Parses a primary with its `[index]` suffixes. After white space `[` starts a list, as at the start of a clause.
    fn postfix(&mut self) -> ParseResult<AstExpr> {
        let mut base = self.primary()?;
        let indexable = !matches!(base.kind, AstExprKind::Literal(_));
        while indexable && self.is_token(TokenKind::LeftBracket) && self.span().start == self.last_span().end {
            let height = self.height;
            self.advance();
            let index = self.expr()?;
            let height = height.max(self.height);
            let end = self.expect(TokenKind::RightBracket, "`]`")?;
            let span = base.span().cover(end);
            base = self.parent(AstExprKind::Index { base: Box::new(base), index: Box::new(index) }, span, height)?;
        }
        Ok(base)
    }

    fn primary(&mut self) -> ParseResult<AstExpr> {
        match self.kind() {
            Some(TokenKind::Integer | TokenKind::Float) => {
                self.height = 1;
                self.number(None)
            }
            Some(TokenKind::String) => {
                let text = self.string("a string")?;
                Ok(self.leaf(AstExprKind::Literal(AstLiteral::String(text.node)), text.span))
            }
            Some(TokenKind::Variable) => self.variable_expr(),
            Some(TokenKind::At) => {
                let start = self.advance();
                let field = self.identifier("`id`, `type`, `src` or `dst`")?;
                let span = start.cover(field.span());
                Ok(self.leaf(AstExprKind::System { var: None, field }, span))
            }
            Some(TokenKind::LeftBracket) => self.list(),
            Some(TokenKind::LeftParen) => {
                let start = self.advance();
                let mut inner = self.expr()?;
                let end = self.expect(TokenKind::RightParen, "`)` or an operator")?;
                inner.at = AstSpan(start.cover(end));
                Ok(inner)
            }
            Some(TokenKind::Ident) => self.word_expr(),
            _ => Err(self.expected("an expression")),
        }
    }

    fn variable_expr(&mut self) -> ParseResult<AstExpr> {
        let var = self.variable("a variable")?;
        let span = var.span();
        if !self.eat(TokenKind::Dot) {
            return Ok(self.leaf(AstExprKind::Variable(var.text), span));
        }
        if self.eat(TokenKind::At) {
            let field = self.identifier("`id`, `type`, `src` or `dst`")?;
            let span = span.cover(field.span());
            return Ok(self.leaf(AstExprKind::System { var: Some(var), field }, span));
        }
        let name = self.identifier("the name of a property")?;
        let span = span.cover(name.span());
        Ok(self.leaf(AstExprKind::Property { var, name }, span))
    }

    fn list(&mut self) -> ParseResult<AstExpr> {
        let start = self.advance();
        let (mut items, mut weights, mut height) = (Vec::new(), Vec::new(), 0);
        while !self.is_token(TokenKind::RightBracket) {
            items.push(self.expr()?);
            height = height.max(self.height);
            if self.eat(TokenKind::Colon) {
                weights.push(self.expr()?);
                height = height.max(self.height);
            }
            if !self.is_token(TokenKind::RightBracket) {
                let comma = self.expect(TokenKind::Comma, "`,` or `]`")?;
                if self.is_token(TokenKind::RightBracket) {
                    return Err(self.error(comma, "expected another item: a list has no comma at its end"));
                }
            }
        }
        let span = start.cover(self.advance());
        let kind = if weights.is_empty() {
            AstExprKind::List(items)
        } else if weights.len() == items.len() {
            AstExprKind::Weighted(items.into_iter().zip(weights).collect())
        } else {
            return Err(self.error(span, "expected a weight after every field or after none"));
        };
        self.parent(kind, span, height)
    }

    /// Parses an expression that starts with a word.
    fn word_expr(&mut self) -> ParseResult<AstExpr> {
        let word = self.text_at(0);
        let next = self.kind_at(1);
        let called = next == Some(TokenKind::LeftParen);
        let literal = match word {
            "true" => Some(AstLiteral::Bool(true)),
            "false" => Some(AstLiteral::Bool(false)),
            "null" => Some(AstLiteral::Null),
            _ => None,
        };
        // Not a call even before a parenthesis, which opens the next clause.
        if let Some(literal) = literal {
            let span = self.advance();
            return Ok(self.leaf(AstExprKind::Literal(literal), span));
        }
        if matches!(word, "exists" | "not") && next == Some(TokenKind::LeftBrace) {
            let start = self.advance();
            let ParsedBlock { clauses, end } = self.nested(Self::block)?;
            let negated = word == "not";
            let height = self.height;
            return self.parent(AstExprKind::Exists { negated, clauses }, start.cover(end), height);
        }
        if word == "count" && next == Some(TokenKind::LeftBrace) {
            let start = self.advance();
            return self.aggregate_block(AggregateKind::Count, false, None, start);
        }
        if !called {
            let span = self.advance();
            return Ok(self.leaf(AstExprKind::Alias(word.to_owned()), span));
        }
        if word == "now" && self.kind_at(2) == Some(TokenKind::RightParen) {
            let start = self.advance();
            self.advance();
            let end = self.advance();
            return Ok(self.leaf(AstExprKind::Now, start.cover(end)));
        }
        if matches!(word, "date" | "datetime") {
            self.height = 1;
            return self.date_literal();
        }
        match AggregateKind::from_name(word) {
            Some(function) => self.aggregate(function),
            None => self.call(),
        }
    }

    fn aggregate(&mut self, function: AggregateKind) -> ParseResult<AstExpr> {
        let start = self.advance();
        self.advance();
        if self.is_token(TokenKind::Star) && function == AggregateKind::Count {
            self.advance();
            let end = self.expect(TokenKind::RightParen, "`)`")?;
            let kind = AstExprKind::Aggregate { function, distinct: false, arg: None, block: None };
            return Ok(self.leaf(kind, start.cover(end)));
        }
        // `distinct` alone is the name of a column.
        let distinct = self.is_word("distinct") && self.kind_at(1) != Some(TokenKind::RightParen);
        if distinct {
            self.advance();
        }
        let arg = self.expr()?;
        let height = self.height;
        let end = self.expect(TokenKind::RightParen, "`)` or an operator")?;
        if self.is_token(TokenKind::LeftBrace) {
            return self.aggregate_block(function, distinct, Some(arg), start);
        }
        let kind = AstExprKind::Aggregate { function, distinct, arg: Some(Box::new(arg)), block: None };
        self.parent(kind, start.cover(end), height)
    }

    /// Parses `{ clauses }` after an aggregate.
    fn aggregate_block(
        &mut self,
        function: AggregateKind,
        distinct: bool,
        arg: Option<AstExpr>,
        start: Span,
    ) -> ParseResult<AstExpr> {
        let arg_height = self.height;
        let ParsedBlock { clauses, end } = self.nested(Self::block)?;
        let block = Some(clauses);
        let kind = AstExprKind::Aggregate { function, distinct, arg: arg.map(Box::new), block };
        let height = self.height.max(arg_height);
        self.parent(kind, start.cover(end), height)
    }

    fn call(&mut self) -> ParseResult<AstExpr> {
        let name = self.identifier("a function")?;
        let start = name.span();
        self.expect(TokenKind::LeftParen, "`(`")?;
        let takes_names = name.text == NAMED_ARGUMENT_FUNCTION;
        let (mut args, mut named, mut height) = (Vec::new(), Vec::new(), 0);
        while !self.is_token(TokenKind::RightParen) {
            // In all other functions `name = value` is a comparison.
            if takes_names && self.is_token(TokenKind::Ident) && self.kind_at(1) == Some(TokenKind::Equal) {
                let key: AstName = self.identifier("an argument's name")?;
                self.advance();
                named.push((key, self.expr()?));
            } else if named.is_empty() {
                args.push(self.expr()?);
            } else {
                return Err(self.expected("another named argument"));
            }
            height = height.max(self.height);
            if !self.is_token(TokenKind::RightParen) {
                self.expect(TokenKind::Comma, "`,`, `)` or an operator")?;
                if self.is_token(TokenKind::RightParen) {
                    return Err(self.expected("another argument"));
                }
            }
        }
        let end = self.advance();
        self.parent(AstExprKind::Call { name, args, named }, start.cover(end), height)
    }
}
