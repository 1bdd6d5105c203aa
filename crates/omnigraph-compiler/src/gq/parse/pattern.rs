//! Patterns: blocks and their clauses.

use super::cursor::QueryParser;
use crate::diagnostic::{ParseResult, RelatedSpan};
use crate::gq::ast::{
    AstExpr, AstExprKind, AstName, AstSpan, BindingClause, BlockClause, BlockKind, EdgeSelector, HopBounds, PathClause,
    PathKeyword, PatternClause, PropertyMatch, TraversalClause,
};
use crate::lex::TokenKind;
use crate::span::Span;
use crate::suggest::lower_first;

/// Words that are operators after an operand and edge names after a variable.
const OPERATOR_WORDS: &[&str] = &["contains", "starts_with", "ends_with", "in", "is", "and", "or", "div"];

/// A parsed block.
pub(super) struct ParsedBlock {
    pub(super) clauses: Vec<PatternClause>,
    /// The closing brace; the opening one if it is missing.
    pub(super) end: Span,
}

impl QueryParser<'_> {
    /// Parses `{ clause … }` and its closing brace; continues after an invalid clause.
    pub(super) fn block(&mut self) -> ParseResult<ParsedBlock> {
        let open = self.expect(TokenKind::LeftBrace, "`{`")?;
        let (mut clauses, mut failed, mut height) = (Vec::new(), false, 0);
        loop {
            if self.is_token(TokenKind::RightBrace) {
                break;
            }
            if self.after_pattern() {
                // Only the brace is missing: the rest is parsed as if it were there.
                let message = format!("expected a clause, found `{}`", self.text_at(0));
                let help = "is the `}` missing that closes the block before it?";
                self.error_with_help(self.span(), message, help);
                if let Some(last) = self.diagnostics.last_mut() {
                    last.related.push(RelatedSpan { span: open, remark: "this brace is not closed".to_owned() });
                }
                self.height = height;
                return Ok(ParsedBlock { clauses, end: open });
            }
            if self.kind().is_none() || self.at_query() {
                let reported = self.expected("a clause or `}`");
                if let Some(last) = self.diagnostics.last_mut() {
                    last.related.push(RelatedSpan { span: open, remark: "this brace is not closed".to_owned() });
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
        Ok(ParsedBlock { clauses, end })
    }

    /// Returns `true` if the current token follows a pattern and does not start a clause.
    fn after_pattern(&self) -> bool {
        let statement = self.kind_at(1) == Some(TokenKind::TypeName) && self.at_statement();
        statement
            || (self.is_word("return")
                && (self.kind_at(1) == Some(TokenKind::LeftBrace) || self.is_word_at(1, "distinct")))
    }

    fn clause(&mut self) -> ParseResult<PatternClause> {
        let word = self.text_at(0);
        if self.is_token(TokenKind::Ident) {
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
        if self.is_token(TokenKind::Variable) {
            if self.kind_at(1) == Some(TokenKind::Colon) {
                return self.binding();
            }
            if self.at_traversal() {
                let traversal = self.traversal()?;
                self.reject_second_hop()?;
                return Ok(PatternClause::Traversal(Box::new(traversal)));
            }
        }
        if self.is_token(TokenKind::Comma) {
            let span = self.span();
            let help = "clauses are separated by white space; remove the comma";
            return Err(self.error_with_help(span, "expected a clause, found `,`", help));
        }
        let expr = self.expr()?;
        if let AstExprKind::Alias(name) = &expr.kind {
            let message = format!("expected a clause, found `{name}`");
            if name == "where" {
                let help = "a condition is a clause by itself; leave `where` out";
                return Err(self.error_with_help(expr.span(), message, help));
            }
            return Err(self.error(expr.span(), message));
        }
        self.reject_second_hop()?;
        if let AstExprKind::Exists { negated, clauses } = expr.kind {
            let kind = if negated { BlockKind::Not } else { BlockKind::Exists };
            return Ok(PatternClause::Block(BlockClause { kind, clauses, at: expr.at }));
        }
        Ok(PatternClause::Filter(expr))
    }

    /// Reports `$a e1 $b e2 $c`, which needs two clauses.
    fn reject_second_hop(&mut self) -> ParseResult<()> {
        let chained = matches!(self.kind(), Some(TokenKind::Ident)) && self.kind_at(1) == Some(TokenKind::Variable);
        if !chained || self.is_word("path") || self.is_word("not") {
            return Ok(());
        }
        let (span, word) = (self.span(), self.text_at(0));
        let help = "write each hop as a clause of its own: `$a first $b  $b second $c`";
        Err(self.error_with_help(span, format!("expected a clause or `}}`, found `{word}`"), help))
    }

    /// Returns `true` if the current variable is the left endpoint of a traversal rather than an operand.
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

    /// Returns `true` if the `<` after the current variable opens `<edge | edge>`.
    fn angle_closes(&self) -> bool {
        let mut ahead = 2;
        loop {
            if !matches!(self.kind_at(ahead), Some(TokenKind::Ident | TokenKind::Star)) {
                return false;
            }
            match self.kind_at(ahead + 1) {
                Some(TokenKind::Greater) => return true,
                Some(TokenKind::Pipe) => ahead += 2,
                // Not closed, but not a comparison: the traversal reports what is missing.
                Some(TokenKind::Variable) => return true,
                _ => return false,
            }
        }
    }

    fn block_clause(&mut self, kind: BlockKind) -> ParseResult<PatternClause> {
        let start = self.advance();
        let ParsedBlock { clauses, end } = self.nested(Self::block)?;
        self.height += 1;
        let span = start.cover(end);
        if kind != BlockKind::Optional && (self.is_word("and") || self.is_word("or")) {
            let first = AstExpr::new(AstExprKind::Exists { negated: kind == BlockKind::Not, clauses }, span);
            return Ok(PatternClause::Filter(self.continue_expr(first)?));
        }
        Ok(PatternClause::Block(BlockClause { kind, clauses, at: AstSpan(span) }))
    }

    fn binding(&mut self) -> ParseResult<PatternClause> {
        let var = self.variable("a variable")?;
        self.expect(TokenKind::Colon, "`:`")?;
        let ty = self.type_name()?;
        let properties = if self.is_token(TokenKind::LeftBrace) { self.property_list()? } else { Vec::new() };
        let at = AstSpan(var.span().cover(self.last_span()));
        Ok(PatternClause::Binding(BindingClause { var, ty, properties, at }))
    }

    /// Parses `{ name: expr, … }`, possibly empty or with a trailing comma.
    fn property_list(&mut self) -> ParseResult<Vec<PropertyMatch>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let (mut properties, mut height) = (Vec::new(), 0);
        while !self.eat(TokenKind::RightBrace) {
            let name = self.identifier("the name of a property or `}`")?;
            self.expect(TokenKind::Colon, "`:`")?;
            let value = self.expr()?;
            height = height.max(self.height);
            properties.push(PropertyMatch { name, value });
            if !self.is_token(TokenKind::RightBrace) {
                self.expect(TokenKind::Comma, "`,`, `}` or an operator")?;
            }
        }
        self.height = height;
        Ok(properties)
    }

    fn traversal(&mut self) -> ParseResult<TraversalClause> {
        let left = self.variable("a variable")?;
        let (mut edge_var, mut hop_var) = (None, None);
        while self.is_token(TokenKind::Variable) {
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
        if self.is_token(TokenKind::LeftBrace) && self.kind_at(1) == Some(TokenKind::Integer) {
            bounds = Some(self.bounds()?);
        }
        if self.is_token(TokenKind::LeftBrace) {
            properties = self.property_list()?;
            height = self.height;
        }
        let mut filter = None;
        if self.eat_word("where") {
            filter = Some(self.expr()?);
            height = height.max(self.height);
        }
        let right = self.variable("a variable: the other endpoint of the traversal")?;
        self.height = height;
        let at = AstSpan(left.span().cover(right.span()));
        Ok(TraversalClause { left, edge_var, hop_var, edges, undirected, bounds, properties, filter, right, at })
    }

    fn edge_selector(&mut self) -> ParseResult<(EdgeSelector, bool)> {
        let undirected = self.eat(TokenKind::Less);
        let parenthesized = !undirected && self.eat(TokenKind::LeftParen);
        let mut names = Vec::new();
        if !parenthesized && self.is_token(TokenKind::Star) {
            let span = self.advance();
            if undirected {
                self.expect(TokenKind::Greater, "`>`")?;
            }
            return Ok((EdgeSelector::Any(AstSpan(span)), undirected));
        }
        loop {
            names.push(self.edge_name()?);
            if !(undirected || parenthesized) || !self.eat(TokenKind::Pipe) {
                break;
            }
        }
        if undirected {
            self.expect(TokenKind::Greater, "`>` or `|`")?;
        } else if parenthesized {
            self.expect(TokenKind::RightParen, "`)` or `|`")?;
        } else if self.is_token(TokenKind::Pipe) {
            let span = self.span();
            let help = "several edge types are written in parentheses: `(trusts | likes)`";
            return Err(self.error_with_help(span, "expected a variable, found `|`", help));
        }
        Ok((EdgeSelector::Named(names), undirected))
    }

    fn edge_name(&mut self) -> ParseResult<AstName> {
        if self.is_word("not") {
            return Err(self.expected("an edge"));
        }
        if self.is_token(TokenKind::TypeName) {
            let (span, text) = (self.span(), self.text_at(0));
            let help = format!(
                "an edge type is traversed by its name with a lower-case letter first: `{}`",
                lower_first(text)
            );
            return Err(self.error_with_help(span, format!("expected an edge, found `{text}`"), &help));
        }
        self.identifier("an edge")
    }

    fn bounds(&mut self) -> ParseResult<HopBounds> {
        let open = self.advance();
        let min = self.unsigned("bound")?.node;
        let mut max = Some(min);
        if self.eat(TokenKind::Comma) {
            max = if self.is_token(TokenKind::Integer) { Some(self.unsigned("bound")?.node) } else { None };
        }
        let end = self.expect(TokenKind::RightBrace, "`}` or `,`")?;
        Ok(HopBounds { min, max, at: AstSpan(open.cover(end)) })
    }

    fn path_clause(&mut self) -> ParseResult<PatternClause> {
        let start = self.advance();
        let var = self.variable("a variable")?;
        self.expect(TokenKind::Equal, "`=`")?;
        let mode = match self.text_at(0) {
            "shortest" => PathKeyword::Shortest,
            "all_shortest" => PathKeyword::AllShortest,
            "cheapest" => PathKeyword::Cheapest,
            _ => return Err(self.expected_one_of(&["shortest", "all_shortest", "cheapest"])),
        };
        self.advance();
        let traversal = self.traversal()?;
        let mut height = self.height;
        let cost: Option<AstExpr> = if mode == PathKeyword::Cheapest {
            self.expect_word("by")?;
            Some(self.expr()?)
        } else {
            None
        };
        height = height.max(self.height);
        self.height = height;
        let at = AstSpan(start.cover(self.last_span()));
        Ok(PatternClause::Path(Box::new(PathClause { var, mode, cost, traversal, at })))
    }
}
