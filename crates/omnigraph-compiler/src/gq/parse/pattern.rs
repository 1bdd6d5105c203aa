//! Patterns: blocks and their clauses.

use super::cursor::{Parsed, Parser};
use crate::gq::ast::{
    At, Binding, BlockClause, BlockKind, Bounds, Clause, EdgeSelector, Expr, ExprKind, Name, PathClause, PathMode,
    PropertyMatch, Traversal,
};
use crate::lex::TokenKind;
use crate::span::Span;

/// Words that are operators after an operand and edge names after a variable.
const OPERATOR_WORDS: &[&str] = &["contains", "starts_with", "ends_with", "in", "is", "and", "or", "div"];

impl Parser<'_> {
    /// `{ clause … }`; goes on after a bad clause. Returns the closing brace too.
    pub(super) fn block(&mut self) -> Parsed<(Vec<Clause>, Span)> {
        let open = self.expect(TokenKind::LeftBrace, "`{`")?;
        let (mut clauses, mut failed, mut height) = (Vec::new(), false, 0);
        loop {
            if self.is(TokenKind::RightBrace) {
                break;
            }
            if self.after_pattern() {
                // The brace is missing and nothing else: what follows is read as if it were there.
                let message = format!("expected a clause, found `{}`", self.text_at(0));
                let help = "is the `}` missing that closes the block before it?";
                self.error_with_help(self.span(), message, help);
                if let Some(last) = self.diagnostics.last_mut() {
                    last.related.push((open, "this brace is not closed".to_owned()));
                }
                self.height = height;
                return Ok((clauses, open));
            }
            if self.kind().is_none() || self.at_query() {
                let reported = self.expected("a clause or `}`");
                if let Some(last) = self.diagnostics.last_mut() {
                    last.related.push((open, "this brace is not closed".to_owned()));
                }
                return Err(reported);
            }
            let from = self.at;
            self.height = 0;
            match self.clause() {
                Ok(clause) => clauses.push(clause),
                Err(_) => {
                    failed = true;
                    self.skip_item(from);
                }
            }
            height = height.max(self.height);
        }
        let end = self.advance();
        self.height = height;
        if clauses.is_empty() && !failed {
            return Err(self.error(end, "expected a clause, found `}`"));
        }
        Ok((clauses, end))
    }

    /// Whether what stands here comes after a pattern and is no clause of one.
    fn after_pattern(&self) -> bool {
        let statement = self.kind_at(1) == Some(TokenKind::TypeName) && self.at_statement();
        statement
            || (self.is_word("return")
                && (self.kind_at(1) == Some(TokenKind::LeftBrace) || self.is_word_at(1, "distinct")))
    }

    fn clause(&mut self) -> Parsed<Clause> {
        let word = self.text_at(0);
        if self.is(TokenKind::Ident) {
            let kind = match word {
                "not" => Some(BlockKind::Not),
                "exists" => Some(BlockKind::Exists),
                "optional" => Some(BlockKind::Optional),
                _ => None,
            };
            if let (Some(kind), Some(TokenKind::LeftBrace)) = (kind, self.kind_at(1)) {
                return self.block_clause(kind);
            }
            if word == "path" && self.kind_at(1) == Some(TokenKind::Variable) {
                return self.path_clause();
            }
        }
        if self.is(TokenKind::Variable) {
            if self.kind_at(1) == Some(TokenKind::Colon) {
                return self.binding();
            }
            if self.at_traversal() {
                let traversal = self.traversal()?;
                self.reject_second_hop()?;
                return Ok(Clause::Traversal(Box::new(traversal)));
            }
        }
        if self.is(TokenKind::Comma) {
            let span = self.span();
            let help = "clauses are separated by white space; remove the comma";
            return Err(self.error_with_help(span, "expected a clause, found `,`", help));
        }
        let expr = self.expr()?;
        if let ExprKind::Alias(name) = &expr.kind {
            let message = format!("expected a clause, found `{name}`");
            if name == "where" {
                let help = "a condition is a clause by itself; leave `where` out";
                return Err(self.error_with_help(expr.span(), message, help));
            }
            return Err(self.error(expr.span(), message));
        }
        self.reject_second_hop()?;
        if let ExprKind::Exists { negated, clauses } = expr.kind {
            let kind = if negated { BlockKind::Not } else { BlockKind::Exists };
            return Ok(Clause::Block(BlockClause { kind, clauses, at: expr.at }));
        }
        Ok(Clause::Filter(expr))
    }

    /// `$a e1 $b e2 $c` is two clauses.
    fn reject_second_hop(&mut self) -> Parsed<()> {
        let chained = matches!(self.kind(), Some(TokenKind::Ident)) && self.kind_at(1) == Some(TokenKind::Variable);
        if !chained || self.is_word("path") || self.is_word("not") {
            return Ok(());
        }
        let (span, word) = (self.span(), self.text_at(0));
        let help = "write each hop as a clause of its own: `$a first $b  $b second $c`";
        Err(self.error_with_help(span, format!("expected a clause or `}}`, found `{word}`"), help))
    }

    /// Whether the variable at hand is the left end of a traversal rather than an operand.
    fn at_traversal(&self) -> bool {
        let is_param = self.params.contains(self.text_at(0).trim_start_matches('$'));
        match self.kind_at(1) {
            Some(TokenKind::Variable) => {
                !is_param
                    && matches!(self.kind_at(2), Some(TokenKind::Colon | TokenKind::At))
                    && self.kind_at(3) != Some(TokenKind::TypeName)
            }
            Some(TokenKind::TypeName) => true,
            Some(TokenKind::LeftParen | TokenKind::Star) => !is_param,
            Some(TokenKind::Less) => self.angle_closes(),
            Some(TokenKind::Ident) => {
                let word = self.text_at(1);
                if word == "is" && (self.is_word_at(2, "null") || self.is_word_at(2, "not")) {
                    return false;
                }
                if !OPERATOR_WORDS.contains(&word) {
                    return true;
                }
                let ends = matches!(self.kind_at(2), Some(TokenKind::Variable | TokenKind::LeftBrace))
                    || self.is_word_at(2, "where");
                !is_param && ends
            }
            _ => false,
        }
    }

    /// Whether the `<` after the variable at hand opens `<edge | edge>`.
    fn angle_closes(&self) -> bool {
        let mut ahead = 2;
        loop {
            if !matches!(self.kind_at(ahead), Some(TokenKind::Ident | TokenKind::Star)) {
                return false;
            }
            match self.kind_at(ahead + 1) {
                Some(TokenKind::Greater) => return true,
                Some(TokenKind::Pipe) => ahead += 2,
                // Not closed, but certainly no comparison: let the traversal say what is missing.
                Some(TokenKind::Variable) => return true,
                _ => return false,
            }
        }
    }

    fn block_clause(&mut self, kind: BlockKind) -> Parsed<Clause> {
        let start = self.advance();
        let (clauses, end) = self.nested(Self::block)?;
        self.height += 1;
        let span = start.to(end);
        if kind != BlockKind::Optional && (self.is_word("and") || self.is_word("or")) {
            let first = Expr::new(ExprKind::Exists { negated: kind == BlockKind::Not, clauses }, span);
            return Ok(Clause::Filter(self.continued(first)?));
        }
        Ok(Clause::Block(BlockClause { kind, clauses, at: At(span) }))
    }

    fn binding(&mut self) -> Parsed<Clause> {
        let var = self.variable("a variable")?;
        self.expect(TokenKind::Colon, "`:`")?;
        let ty = self.type_name()?;
        let properties = if self.is(TokenKind::LeftBrace) { self.property_list()? } else { Vec::new() };
        let at = At(var.span().to(self.last_span()));
        Ok(Clause::Binding(Binding { var, ty, properties, at }))
    }

    /// `{ name: expr, … }`, perhaps with a comma at the end, perhaps empty.
    fn property_list(&mut self) -> Parsed<Vec<PropertyMatch>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let (mut properties, mut height) = (Vec::new(), 0);
        while !self.eat(TokenKind::RightBrace) {
            let name = self.identifier("the name of a property or `}`")?;
            self.expect(TokenKind::Colon, "`:`")?;
            let value = self.expr()?;
            height = height.max(self.height);
            properties.push(PropertyMatch { name, value });
            if !self.is(TokenKind::RightBrace) {
                self.expect(TokenKind::Comma, "`,`, `}` or an operator")?;
            }
        }
        self.height = height;
        Ok(properties)
    }

    fn traversal(&mut self) -> Parsed<Traversal> {
        let left = self.variable("a variable")?;
        let (mut edge_var, mut hop_var) = (None, None);
        while self.is(TokenKind::Variable) {
            let name = self.variable("a variable")?;
            if self.eat(TokenKind::Colon) && edge_var.is_none() {
                edge_var = Some(name);
            } else if self.eat(TokenKind::At) && hop_var.is_none() {
                hop_var = Some(name);
            } else {
                return Err(self.expected("`:` and an edge, or `@` and an edge"));
            }
        }
        let (edges, undirected) = self.edge_selector()?;
        let (mut bounds, mut properties, mut height) = (None, Vec::new(), 0);
        if self.is(TokenKind::LeftBrace) && self.kind_at(1) == Some(TokenKind::Integer) {
            bounds = Some(self.bounds()?);
        }
        if self.is(TokenKind::LeftBrace) {
            properties = self.property_list()?;
            height = self.height;
        }
        let mut filter = None;
        if self.eat_word("where") {
            filter = Some(self.expr()?);
            height = height.max(self.height);
        }
        let right = self.variable("a variable: the other end of the traversal")?;
        self.height = height;
        let at = At(left.span().to(right.span()));
        Ok(Traversal { left, edge_var, hop_var, edges, undirected, bounds, properties, filter, right, at })
    }

    fn edge_selector(&mut self) -> Parsed<(EdgeSelector, bool)> {
        let undirected = self.eat(TokenKind::Less);
        let parenthesised = !undirected && self.eat(TokenKind::LeftParen);
        let mut names = Vec::new();
        if !parenthesised && self.is(TokenKind::Star) {
            let span = self.advance();
            if undirected {
                self.expect(TokenKind::Greater, "`>`")?;
            }
            return Ok((EdgeSelector::Any(At(span)), undirected));
        }
        loop {
            names.push(self.edge_name()?);
            if !(undirected || parenthesised) || !self.eat(TokenKind::Pipe) {
                break;
            }
        }
        if undirected {
            self.expect(TokenKind::Greater, "`>` or `|`")?;
        } else if parenthesised {
            self.expect(TokenKind::RightParen, "`)` or `|`")?;
        } else if self.is(TokenKind::Pipe) {
            let span = self.span();
            let help = "several edge types stand in parentheses: `(trusts | likes)`";
            return Err(self.error_with_help(span, "expected a variable, found `|`", help));
        }
        Ok((EdgeSelector::Named(names), undirected))
    }

    fn edge_name(&mut self) -> Parsed<Name> {
        if self.is_word("not") {
            return Err(self.expected("an edge"));
        }
        if self.is(TokenKind::TypeName) {
            let (span, text) = (self.span(), self.text_at(0));
            let mut lower = text.to_owned();
            lower[..1].make_ascii_lowercase();
            let help = format!("an edge type is traversed by its name with a lower-case letter first: `{lower}`");
            return Err(self.error_with_help(span, format!("expected an edge, found `{text}`"), &help));
        }
        self.identifier("an edge")
    }

    fn bounds(&mut self) -> Parsed<Bounds> {
        let open = self.advance();
        let (min, _) = self.unsigned("bound")?;
        let mut max = Some(min);
        if self.eat(TokenKind::Comma) {
            max = if self.is(TokenKind::Integer) { Some(self.unsigned("bound")?.0) } else { None };
        }
        let end = self.expect(TokenKind::RightBrace, "`}` or `,`")?;
        Ok(Bounds { min, max, at: At(open.to(end)) })
    }

    fn path_clause(&mut self) -> Parsed<Clause> {
        let start = self.advance();
        let var = self.variable("a variable")?;
        self.expect(TokenKind::Equal, "`=`")?;
        let mode = match self.text_at(0) {
            "shortest" => PathMode::Shortest,
            "all_shortest" => PathMode::AllShortest,
            "cheapest" => PathMode::Cheapest,
            _ => return Err(self.expected_one_of(&["shortest", "all_shortest", "cheapest"])),
        };
        self.advance();
        let traversal = self.traversal()?;
        let mut height = self.height;
        let cost: Option<Expr> = if mode == PathMode::Cheapest {
            self.expect_word("by")?;
            Some(self.expr()?)
        } else {
            None
        };
        height = height.max(self.height);
        self.height = height;
        let at = At(start.to(self.last_span()));
        Ok(Clause::Path(Box::new(PathClause { var, mode, cost, traversal, at })))
    }
}
