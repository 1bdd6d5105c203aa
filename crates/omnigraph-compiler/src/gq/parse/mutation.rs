//! Statements that write.

use super::cursor::{Parsed, Parser};
use crate::gq::ast::{At, Clause, Mutation, PropertyMatch, Statement, StatementKind};
use crate::lex::TokenKind;

/// The words that open a statement.
const WORDS: &[&str] = &["insert", "update", "delete", "merge"];

impl Parser<'_> {
    /// Whether a statement starts at the position.
    pub(super) fn at_statement(&self) -> bool {
        let ahead = if self.is(TokenKind::Variable) && self.kind_at(1) == Some(TokenKind::Colon) { 2 } else { 0 };
        WORDS.iter().any(|word| self.is_word_at(ahead, word))
    }

    /// `statement … [return { … }]`, after a `match` block if there was one.
    pub(super) fn mutation(&mut self, clauses: Option<Vec<Clause>>) -> Parsed<Mutation> {
        let (mut statements, mut failed) = (Vec::new(), false);
        while !self.is(TokenKind::RightBrace) && !self.is_word("return") {
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
        Ok(Mutation { clauses, statements, returning })
    }

    fn skip_to_statement(&mut self) {
        while self.kind().is_some()
            && !self.at_statement()
            && !self.is(TokenKind::RightBrace)
            && !self.is_word("return")
            && !self.at_query()
        {
            let from = self.at;
            self.advance();
            self.skip_item(from);
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let start = self.span();
        let var = if self.is(TokenKind::Variable) {
            let var = self.variable("a variable")?;
            self.expect(TokenKind::Colon, "`:`")?;
            Some(var)
        } else {
            None
        };
        let kind = self.statement_word()?;
        let ty = self.type_name()?;
        let mut assignments = Vec::new();
        if kind == StatementKind::Update {
            self.expect_word("set")?;
        }
        if kind != StatementKind::Delete {
            assignments = self.assignments()?;
        }
        let filter = if matches!(kind, StatementKind::Update | StatementKind::Delete) {
            self.expect_word("where")?;
            Some(self.expr()?)
        } else {
            None
        };
        let at = At(start.to(self.last_span()));
        Ok(Statement { var, kind, ty, assignments, filter, at })
    }

    fn statement_word(&mut self) -> Parsed<StatementKind> {
        if self.is_word("mutation") {
            let span = self.span();
            let help = "statements stand directly in the braces of the query";
            return Err(self.error_with_help(span, "expected a statement, found `mutation`", help));
        }
        if self.eat_word("insert") {
            if self.eat_word("new") {
                return Ok(StatementKind::InsertNew);
            }
            if self.eat_word("if") {
                self.expect_word("absent")?;
                return Ok(StatementKind::InsertIfAbsent);
            }
            return Ok(StatementKind::Insert);
        }
        if self.eat_word("merge") {
            return Ok(StatementKind::Merge);
        }
        if self.eat_word("update") {
            return Ok(StatementKind::Update);
        }
        if self.eat_word("delete") {
            return Ok(StatementKind::Delete);
        }
        Err(self.expected_one_of(WORDS))
    }

    /// `{ name: expr … }`, commas optional, at least one.
    fn assignments(&mut self) -> Parsed<Vec<PropertyMatch>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let mut assignments = Vec::new();
        while !self.is(TokenKind::RightBrace) || assignments.is_empty() {
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
