//! Statements that write.

use super::cursor::QueryParser;
use crate::diagnostic::ParseResult;
use crate::gq::ast::{AstMutation, AstSpan, AstStatement, AstStatementKind, PatternClause, PropertyMatch};
use crate::lex::TokenKind;

/// Keywords that start a statement.
const STATEMENT_KEYWORDS: &[&str] = &["insert", "update", "delete", "merge"];

impl QueryParser<'_> {
    /// Returns `true` if a statement starts at the position.
    pub(super) fn at_statement(&self) -> bool {
        let ahead = if self.is_token(TokenKind::Variable) && self.kind_at(1) == Some(TokenKind::Colon) { 2 } else { 0 };
        STATEMENT_KEYWORDS.iter().any(|word| self.is_word_at(ahead, word))
    }

    /// Parses `statement … [return { … }]` after an optional `match` block.
    pub(super) fn mutation(&mut self, clauses: Option<Vec<PatternClause>>) -> ParseResult<AstMutation> {
        let (mut statements, mut failed) = (Vec::new(), false);
        while !self.is_token(TokenKind::RightBrace) && !self.is_word("return") {
            if self.kind().is_none() || self.at_query() {
                return Err(self.expected("a statement or `}`"));
            }
            let from = self.at;
            match self.statement() {
                Ok(statement) => statements.push(statement),
                Err(_) => {
                    failed = true;
                    self.skip_item(from);
                    self.skip_to_statement();
                }
            }
        }
        if statements.is_empty() && !failed {
            return Err(self.expected("`insert`, `update`, `delete` or `merge`"));
        }
        let returning = if self.eat_word("return") { self.projections()? } else { Vec::new() };
        Ok(AstMutation { clauses, statements, returning })
    }

    fn skip_to_statement(&mut self) {
        while self.kind().is_some()
            && !self.at_statement()
            && !self.is_token(TokenKind::RightBrace)
            && !self.is_word("return")
            && !self.at_query()
        {
            let from = self.at;
            self.advance();
            self.skip_item(from);
        }
    }

    fn statement(&mut self) -> ParseResult<AstStatement> {
        let start = self.span();
        let var = if self.is_token(TokenKind::Variable) {
            let var = self.variable("a variable")?;
            self.expect(TokenKind::Colon, "`:`")?;
            Some(var)
        } else {
            None
        };
        let kind = self.statement_word()?;
        let ty = self.type_name()?;
        let mut assignments = Vec::new();
        if kind == AstStatementKind::Update {
            self.expect_word("set")?;
        }
        if kind != AstStatementKind::Delete {
            assignments = self.assignments()?;
        }
        let filter = if matches!(kind, AstStatementKind::Update | AstStatementKind::Delete) {
            self.expect_word("where")?;
            Some(self.expr()?)
        } else {
            None
        };
        let at = AstSpan(start.cover(self.last_span()));
        Ok(AstStatement { var, kind, ty, assignments, filter, at })
    }

    fn statement_word(&mut self) -> ParseResult<AstStatementKind> {
        if self.is_word("mutation") {
            let span = self.span();
            let help = "statements are written directly in the braces of the query";
            return Err(self.error_with_help(span, "expected a statement, found `mutation`", help));
        }
        if self.eat_word("insert") {
            if self.eat_word("new") {
                return Ok(AstStatementKind::InsertNew);
            }
            if self.eat_word("if") {
                self.expect_word("absent")?;
                return Ok(AstStatementKind::InsertIfAbsent);
            }
            return Ok(AstStatementKind::Insert);
        }
        if self.eat_word("merge") {
            return Ok(AstStatementKind::Merge);
        }
        if self.eat_word("update") {
            return Ok(AstStatementKind::Update);
        }
        if self.eat_word("delete") {
            return Ok(AstStatementKind::Delete);
        }
        Err(self.expected_one_of(STATEMENT_KEYWORDS))
    }

    /// Parses `{ name: expr … }`, commas optional, at least one.
    fn assignments(&mut self) -> ParseResult<Vec<PropertyMatch>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let mut assignments = Vec::new();
        while !self.is_token(TokenKind::RightBrace) || assignments.is_empty() {
            let name = self.identifier("the name of a property")?;
            self.expect(TokenKind::Colon, "`:`")?;
            let value = self.expr()?;
            assignments.push(PropertyMatch { name, value });
            self.eat(TokenKind::Comma);
        }
        self.advance();
        Ok(assignments)
    }
}
