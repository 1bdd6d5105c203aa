//! The one expression grammar.

use super::cursor::{MAX_DEPTH, Parsed, Parser};
use crate::gq::ast::{AggregateWord, At, Expr, ExprKind, Literal, Name, Operator};
use crate::lex::TokenKind;
use crate::span::Span;

/// The function whose arguments may have names.
const TAKES_NAMES: &str = "rrf";

impl Parser<'_> {
    /// `or`: the loosest level.
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.nested(|parser| {
            parser.chain("or", |parser| parser.chain("and", Self::not_level, ExprKind::And), ExprKind::Or)
        })
    }

    /// An expression whose first operand of `and` or `or` has been read already.
    pub(super) fn continued(&mut self, first: Expr) -> Parsed<Expr> {
        let first = self.chain_from(first, "and", Self::not_level, ExprKind::And)?;
        self.chain_from(first, "or", |parser| parser.chain("and", Self::not_level, ExprKind::And), ExprKind::Or)
    }

    fn chain(
        &mut self,
        word: &str,
        operand: impl Fn(&mut Self) -> Parsed<Expr>,
        build: impl Fn(Vec<Expr>) -> ExprKind,
    ) -> Parsed<Expr> {
        let first = operand(self)?;
        self.chain_from(first, word, operand, build)
    }

    /// Operands joined by one word, as one flat node.
    fn chain_from(
        &mut self,
        first: Expr,
        word: &str,
        operand: impl Fn(&mut Self) -> Parsed<Expr>,
        build: impl Fn(Vec<Expr>) -> ExprKind,
    ) -> Parsed<Expr> {
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut height = self.height;
        let mut operands = vec![first];
        while self.eat_word(word) {
            operands.push(operand(self)?);
            height = height.max(self.height);
        }
        let span = operands.first().map_or(Span::default(), Expr::span).to(self.last_span());
        self.grown(build(operands), span, height)
    }

    /// A node above others of this height.
    fn grown(&mut self, kind: ExprKind, span: Span, height: u16) -> Parsed<Expr> {
        self.height = height + 1;
        if self.height > MAX_DEPTH * 2 {
            return Err(self.error(span, format!("this expression is more than {} levels high", MAX_DEPTH * 2)));
        }
        Ok(Expr::new(kind, span))
    }

    fn leaf(&mut self, kind: ExprKind, span: Span) -> Expr {
        self.height = 1;
        Expr::new(kind, span)
    }

    fn not_level(&mut self) -> Parsed<Expr> {
        if !self.is_word("not") || self.kind_at(1) == Some(TokenKind::LeftBrace) {
            return self.comparison();
        }
        let start = self.advance();
        let operand = self.nested(Self::not_level)?;
        let span = start.to(operand.span());
        let height = self.height;
        self.grown(ExprKind::Not(Box::new(operand)), span, height)
    }

    fn comparison_operator(&self) -> Option<Operator> {
        Some(match (self.kind()?, self.text_at(0)) {
            (TokenKind::Equal, _) => Operator::Equal,
            (TokenKind::NotEqual, _) => Operator::NotEqual,
            (TokenKind::Less, _) => Operator::Less,
            (TokenKind::LessEqual, _) => Operator::LessEqual,
            (TokenKind::Greater, _) => Operator::Greater,
            (TokenKind::GreaterEqual, _) => Operator::GreaterEqual,
            (TokenKind::Ident, "contains") => Operator::Contains,
            (TokenKind::Ident, "starts_with") => Operator::StartsWith,
            (TokenKind::Ident, "ends_with") => Operator::EndsWith,
            (TokenKind::Ident, "in") => Operator::In,
            _ => return None,
        })
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.sum()?;
        let height = self.height;
        if self.is_word("is") && (self.is_word_at(1, "null") || self.is_word_at(1, "not")) {
            self.advance();
            let negated = self.eat_word("not");
            let end = self.expect_word("null")?;
            let span = left.span().to(end);
            return self.grown(ExprKind::IsNull { operand: Box::new(left), negated }, span, height);
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
        let span = left.span().to(right.span());
        self.grown(ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span, height)
    }

    fn sum(&mut self) -> Parsed<Expr> {
        self.left_associative(Self::product, |parser| match parser.kind()? {
            TokenKind::Plus => Some(Operator::Add),
            TokenKind::Minus => Some(Operator::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Parsed<Expr> {
        self.left_associative(Self::unary, |parser| match parser.kind()? {
            TokenKind::Star => Some(Operator::Multiply),
            TokenKind::Slash => Some(Operator::Divide),
            TokenKind::Percent => Some(Operator::Remainder),
            TokenKind::Ident if parser.text_at(0) == "div" => Some(Operator::IntegerDivide),
            _ => None,
        })
    }

    fn left_associative(
        &mut self,
        operand: impl Fn(&mut Self) -> Parsed<Expr>,
        operator: impl Fn(&Self) -> Option<Operator>,
    ) -> Parsed<Expr> {
        let mut left = operand(self)?;
        while let Some(op) = operator(self) {
            let height = self.height;
            self.advance();
            let right = operand(self)?;
            let span = left.span().to(right.span());
            let height = height.max(self.height);
            left = self.grown(ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }, span, height)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Expr> {
        if !self.is(TokenKind::Minus) {
            return self.postfix();
        }
        let sign = self.advance();
        if matches!(self.kind(), Some(TokenKind::Integer | TokenKind::Float)) {
            self.height = 1;
            return self.number(Some(sign));
        }
        let operand = self.nested(Self::unary)?;
        let span = sign.to(operand.span());
        let height = self.height;
        self.grown(ExprKind::Negate(Box::new(operand)), span, height)
    }

    /// A primary and the `[index]`es glued to it: after white space `[` starts a list, as at the head of a clause.
    fn postfix(&mut self) -> Parsed<Expr> {
        let mut base = self.primary()?;
        let indexable = !matches!(base.kind, ExprKind::Literal(_));
        while indexable && self.is(TokenKind::LeftBracket) && self.span().start == self.last_span().end {
            let height = self.height;
            self.advance();
            let index = self.expr()?;
            let height = height.max(self.height);
            let end = self.expect(TokenKind::RightBracket, "`]`")?;
            let span = base.span().to(end);
            base = self.grown(ExprKind::Index { base: Box::new(base), index: Box::new(index) }, span, height)?;
        }
        Ok(base)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.kind() {
            Some(TokenKind::Integer | TokenKind::Float) => {
                self.height = 1;
                self.number(None)
            }
            Some(TokenKind::String) => {
                let (text, span) = self.string("a string")?;
                Ok(self.leaf(ExprKind::Literal(Literal::String(text)), span))
            }
            Some(TokenKind::Variable) => self.variable_expr(),
            Some(TokenKind::At) => {
                let start = self.advance();
                let field = self.identifier("`id`, `type`, `src` or `dst`")?;
                let span = start.to(field.span());
                Ok(self.leaf(ExprKind::System { var: None, field }, span))
            }
            Some(TokenKind::LeftBracket) => self.list(),
            Some(TokenKind::LeftParen) => {
                let start = self.advance();
                let mut inner = self.expr()?;
                let end = self.expect(TokenKind::RightParen, "`)` or an operator")?;
                inner.at = At(start.to(end));
                Ok(inner)
            }
            Some(TokenKind::Ident) => self.word_expr(),
            _ => Err(self.expected("an expression")),
        }
    }

    fn variable_expr(&mut self) -> Parsed<Expr> {
        let var = self.variable("a variable")?;
        let span = var.span();
        if !self.eat(TokenKind::Dot) {
            return Ok(self.leaf(ExprKind::Variable(var.text), span));
        }
        if self.eat(TokenKind::At) {
            let field = self.identifier("`id`, `type`, `src` or `dst`")?;
            let span = span.to(field.span());
            return Ok(self.leaf(ExprKind::System { var: Some(var), field }, span));
        }
        let name = self.identifier("the name of a property")?;
        let span = span.to(name.span());
        Ok(self.leaf(ExprKind::Property { var, name }, span))
    }

    fn list(&mut self) -> Parsed<Expr> {
        let start = self.advance();
        let (mut items, mut weights, mut height) = (Vec::new(), Vec::new(), 0);
        while !self.is(TokenKind::RightBracket) {
            items.push(self.expr()?);
            height = height.max(self.height);
            if self.eat(TokenKind::Colon) {
                weights.push(self.expr()?);
                height = height.max(self.height);
            }
            if !self.is(TokenKind::RightBracket) {
                let comma = self.expect(TokenKind::Comma, "`,` or `]`")?;
                if self.is(TokenKind::RightBracket) {
                    return Err(self.error(comma, "expected another item: a list has no comma at its end"));
                }
            }
        }
        let span = start.to(self.advance());
        let kind = if weights.is_empty() {
            ExprKind::List(items)
        } else if weights.len() == items.len() {
            ExprKind::Weighted(items.into_iter().zip(weights).collect())
        } else {
            return Err(self.error(span, "expected a weight after every field or after none"));
        };
        self.grown(kind, span, height)
    }

    /// An expression that starts with a word.
    fn word_expr(&mut self) -> Parsed<Expr> {
        let word = self.text_at(0);
        let next = self.kind_at(1);
        let called = next == Some(TokenKind::LeftParen);
        let literal = match word {
            "true" => Some(Literal::Bool(true)),
            "false" => Some(Literal::Bool(false)),
            "null" => Some(Literal::Null),
            _ => None,
        };
        // Not a call even before a parenthesis, which then opens the next clause.
        if let Some(literal) = literal {
            let span = self.advance();
            return Ok(self.leaf(ExprKind::Literal(literal), span));
        }
        if matches!(word, "exists" | "not") && next == Some(TokenKind::LeftBrace) {
            let start = self.advance();
            let (clauses, end) = self.nested(Self::block)?;
            let negated = word == "not";
            let height = self.height;
            return self.grown(ExprKind::Exists { negated, clauses }, start.to(end), height);
        }
        if word == "count" && next == Some(TokenKind::LeftBrace) {
            let start = self.advance();
            return self.aggregate_block(AggregateWord::Count, false, None, start);
        }
        if !called {
            let span = self.advance();
            return Ok(self.leaf(ExprKind::Alias(word.to_owned()), span));
        }
        if word == "now" && self.kind_at(2) == Some(TokenKind::RightParen) {
            let start = self.advance();
            self.advance();
            let end = self.advance();
            return Ok(self.leaf(ExprKind::Now, start.to(end)));
        }
        if matches!(word, "date" | "datetime") {
            self.height = 1;
            return self.date_literal();
        }
        match AggregateWord::parse(word) {
            Some(function) => self.aggregate(function),
            None => self.call(),
        }
    }

    fn aggregate(&mut self, function: AggregateWord) -> Parsed<Expr> {
        let start = self.advance();
        self.advance();
        if self.is(TokenKind::Star) && function == AggregateWord::Count {
            self.advance();
            let end = self.expect(TokenKind::RightParen, "`)`")?;
            let kind = ExprKind::Aggregate { function, distinct: false, arg: None, block: None };
            return Ok(self.leaf(kind, start.to(end)));
        }
        // `distinct` alone is the name of a column.
        let distinct = self.is_word("distinct") && self.kind_at(1) != Some(TokenKind::RightParen);
        if distinct {
            self.advance();
        }
        let arg = self.expr()?;
        let height = self.height;
        let end = self.expect(TokenKind::RightParen, "`)` or an operator")?;
        if self.is(TokenKind::LeftBrace) {
            return self.aggregate_block(function, distinct, Some(arg), start);
        }
        let kind = ExprKind::Aggregate { function, distinct, arg: Some(Box::new(arg)), block: None };
        self.grown(kind, start.to(end), height)
    }

    /// `{ clauses }` after an aggregate.
    fn aggregate_block(
        &mut self,
        function: AggregateWord,
        distinct: bool,
        arg: Option<Expr>,
        start: Span,
    ) -> Parsed<Expr> {
        let arg_height = self.height;
        let (clauses, end) = self.nested(Self::block)?;
        let block = Some(clauses);
        let kind = ExprKind::Aggregate { function, distinct, arg: arg.map(Box::new), block };
        let height = self.height.max(arg_height);
        self.grown(kind, start.to(end), height)
    }

    fn call(&mut self) -> Parsed<Expr> {
        let name = self.identifier("a function")?;
        let start = name.span();
        self.expect(TokenKind::LeftParen, "`(`")?;
        let takes_names = name.text == TAKES_NAMES;
        let (mut args, mut named, mut height) = (Vec::new(), Vec::new(), 0);
        while !self.is(TokenKind::RightParen) {
            // Everywhere else `name = value` is a comparison.
            if takes_names && self.is(TokenKind::Ident) && self.kind_at(1) == Some(TokenKind::Equal) {
                let key: Name = self.identifier("an argument's name")?;
                self.advance();
                named.push((key, self.expr()?));
            } else if named.is_empty() {
                args.push(self.expr()?);
            } else {
                return Err(self.expected("another named argument"));
            }
            height = height.max(self.height);
            if !self.is(TokenKind::RightParen) {
                self.expect(TokenKind::Comma, "`,`, `)` or an operator")?;
                if self.is(TokenKind::RightParen) {
                    return Err(self.expected("another argument"));
                }
            }
        }
        let end = self.advance();
        self.grown(ExprKind::Call { name, args, named }, start.to(end), height)
    }
}
