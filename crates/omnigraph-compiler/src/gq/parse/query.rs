//! Queries: header, parameters, reads.

use super::cursor::{CLAUSE_ORDER_HELP, QueryParser};
use crate::diagnostic::ParseResult;
use crate::gq::ast::{
    AstBody, AstExprKind, AstName, AstRead, AstRowCount, AstSelect, AstSpan, OrderItem, ParamDecl, QueryDecl,
    ReturnItem, UnionKeyword,
};
use crate::lex::TokenKind;
use crate::suggest::canonical_type_name;
use crate::types::{PropType, ScalarType};

impl QueryParser<'_> {
    /// Parses `query name(params) annotations { body }`
    pub(super) fn query(&mut self) -> ParseResult<QueryDecl> {
        let start = self.advance();
        let name = self.identifier("the name of the query")?;
        self.params.clear();
        let params = self.params()?;
        self.params = params.iter().map(|param| param.name.text.clone()).collect();
        let (description, instruction) = self.annotations()?;
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let body = self.body()?;
        let end = self.expect(TokenKind::RightBrace, "`}`")?;
        Ok(QueryDecl { name, params, description, instruction, body, at: AstSpan(start.cover(end)), end: AstSpan(end) })
    }

    fn params(&mut self) -> ParseResult<Vec<ParamDecl>> {
        self.expect(TokenKind::LeftParen, "`(`")?;
        let mut params = Vec::new();
        if self.eat(TokenKind::RightParen) {
            return Ok(params);
        }
        loop {
            let name = self.variable("a parameter")?;
            self.expect(TokenKind::Colon, "`:`")?;
            let ty = self.param_type()?;
            let at = AstSpan(name.span().cover(self.last_span()));
            params.push(ParamDecl { name, ty, at });
            if self.eat(TokenKind::RightParen) {
                return Ok(params);
            }
            if self.is_token(TokenKind::Equal) {
                let help = "a parameter has no default; let it be null (`?`) and write `coalesce($x, …)`";
                return Err(self.error_with_help(self.span(), "expected `,` or `)`, found `=`", help));
            }
            self.expect(TokenKind::Comma, "`,` or `)`")?;
        }
    }

    fn param_type(&mut self) -> ParseResult<PropType> {
        let list = self.eat(TokenKind::LeftBracket);
        let scalar = self.scalar(list)?;
        if list {
            self.expect(TokenKind::RightBracket, "`]`")?;
        }
        let nullable = self.eat(TokenKind::Question);
        Ok(PropType { list, nullable, ..PropType::new(scalar) })
    }

    fn scalar(&mut self, in_list: bool) -> ParseResult<ScalarType> {
        if self.is_word("enum") {
            let message = "expected the type of a parameter, found `enum`";
            return Err(self.error_with_help(self.span(), message, "the words of an enum are passed as `String`"));
        }
        if !matches!(self.kind(), Some(TokenKind::TypeName | TokenKind::Ident)) {
            return Err(self.expected("the type of a parameter"));
        }
        let scalar = match self.text_at(0) {
            "Json" | "Vector" if in_list => None,
            "Vector" => {
                self.advance();
                self.expect(TokenKind::LeftParen, "`(`")?;
                let dimension = self.unsigned("dimension")?.node;
                self.expect(TokenKind::RightParen, "`)`")?;
                return Ok(ScalarType::Vector(dimension));
            }
            name => ScalarType::from_name(name),
        };
        let Some(scalar) = scalar else {
            let written = self.text_at(0);
            let ours = canonical_type_name(written).filter(|ours| *ours != written);
            let reported = self.expected_one_of(&[
                "String", "Bool", "I32", "I64", "U32", "U64", "F32", "F64", "Date", "DateTime", "Blob", "Json",
                "Vector",
            ]);
            if let (Some(ours), Some(last)) = (ours, self.diagnostics.last_mut()) {
                last.help = Some(format!("did you mean `{ours}`?"));
            }
            return Err(reported);
        };
        self.advance();
        Ok(scalar)
    }

    fn annotations(&mut self) -> ParseResult<(Option<String>, Option<String>)> {
        let (mut description, mut instruction) = (None, None);
        while self.is_token(TokenKind::At) {
            let start = self.advance();
            let word = self.text_at(0);
            let slot = match word {
                "description" => &mut description,
                "instruction" => &mut instruction,
                _ => return Err(self.expected_one_of(&["description", "instruction"])),
            };
            let span = start.cover(self.advance());
            self.expect(TokenKind::LeftParen, "`(`")?;
            let text = self.string("a string")?.node;
            self.expect(TokenKind::RightParen, "`)`")?;
            if slot.replace(text).is_some() {
                return Err(self.error(span, format!("duplicate @{word} annotations")));
            }
        }
        Ok((description, instruction))
    }

    fn body(&mut self) -> ParseResult<AstBody> {
        if !self.is_word("match") {
            if self.at_statement() || self.is_word("mutation") {
                return Ok(AstBody::Mutation(self.mutation(None)?));
            }
            return Err(self.expected_one_of(&["match", "insert", "update", "delete", "merge"]));
        }
        let start = self.advance();
        let clauses = self.block()?.clauses;
        if self.at_statement() {
            return Ok(AstBody::Mutation(self.mutation(Some(clauses))?));
        }
        let (mut selects, mut unions) = (vec![self.select(clauses, start)?], Vec::new());
        while self.is_word("union") {
            let at = AstSpan(self.advance());
            unions.push(UnionKeyword { all: self.eat_word("all"), at });
            let start = self.expect_word("match")?;
            let clauses = self.block()?.clauses;
            selects.push(self.select(clauses, start)?);
        }
        let mut read = AstRead { selects, unions, order: Vec::new(), limit: None, offset: None, after: None };
        if self.eat_word("order") {
            read.order = self.ordering()?;
        }
        self.paging(&mut read)?;
        Ok(AstBody::Read(read))
    }

    fn select(&mut self, clauses: Vec<crate::gq::ast::PatternClause>, start: crate::Span) -> ParseResult<AstSelect> {
        self.expect_word("return")?;
        let distinct = self.eat_word("distinct");
        let projections = self.projections()?;
        let having = if self.eat_word("having") { Some(self.expr()?) } else { None };
        let at = AstSpan(start.cover(self.last_span()));
        Ok(AstSelect { clauses, distinct, projections, having, at })
    }

    /// Parses `{ expr [as name] [,] … }`
    pub(super) fn projections(&mut self) -> ParseResult<Vec<ReturnItem>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let (mut projections, mut failed) = (Vec::new(), false);
        while !self.is_token(TokenKind::RightBrace) {
            if self.kind().is_none() || self.at_query() {
                return Err(self.expected("an expression or `}`"));
            }
            let from = self.at;
            match self.projection() {
                Ok(projection) => projections.push(projection),
                Err(_) => {
                    failed = true;
                    self.skip_item(from);
                }
            }
        }
        let end = self.advance();
        if projections.is_empty() && !failed {
            return Err(self.error(end, "expected an expression to return, found `}`"));
        }
        Ok(projections)
    }

    fn projection(&mut self) -> ParseResult<ReturnItem> {
        let expr = self.expr()?;
        if matches!(&expr.kind, AstExprKind::Alias(name) if name == "distinct")
            && !matches!(self.kind(), Some(TokenKind::Comma | TokenKind::RightBrace))
        {
            let help = "`distinct` is written before the brace: `return distinct { … }`";
            return Err(self.error_with_help(expr.span(), "expected an expression, found `distinct`", help));
        }
        let alias = if self.eat_word("as") { Some(self.identifier("the name of a column")?) } else { None };
        let at = AstSpan(expr.span().cover(self.last_span()));
        self.eat(TokenKind::Comma);
        Ok(ReturnItem { expr, alias, at })
    }

    fn ordering(&mut self) -> ParseResult<Vec<OrderItem>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let mut items = Vec::new();
        loop {
            let expr = self.expr()?;
            let direction = self.span();
            let descending = self.eat_word("desc");
            let worded = descending || self.eat_word("asc");
            if worded && matches!(&expr.kind, AstExprKind::Call { name, .. } if name.text == "nearest") {
                let message = "expected `,` or `}`: `nearest` takes no direction";
                return Err(self.error_with_help(direction, message, "it always puts the nearest first"));
            }
            let at = AstSpan(expr.span().cover(self.last_span()));
            items.push(OrderItem { expr, descending, at });
            if self.eat(TokenKind::RightBrace) {
                return Ok(items);
            }
            self.expect(TokenKind::Comma, "`,` or `}`")?;
        }
    }

    /// Parses `limit`, `offset`, `after`: each at most once, in any order.
    fn paging(&mut self, read: &mut AstRead) -> ParseResult<()> {
        loop {
            let (span, word) = (self.span(), self.text_at(0));
            let again = match word {
                "limit" => {
                    self.advance();
                    read.limit.replace(self.count("limit")?).is_some()
                }
                "offset" => {
                    self.advance();
                    read.offset.replace(self.count("offset")?).is_some()
                }
                "after" => {
                    self.advance();
                    read.after.replace(self.cursor()?).is_some()
                }
                "order" => {
                    return Err(self.error_with_help(span, "expected `}`, found `order`", CLAUSE_ORDER_HELP));
                }
                "}" => return Ok(()),
                _ if read.limit.is_none() && read.order.is_empty() && self.is_token(TokenKind::Ident) => {
                    return Err(self.expected_one_of(&["order", "limit", "offset", "having", "union", "}"]));
                }
                _ => return Err(self.expected("`limit`, `offset`, `after` or `}`")),
            };
            if again {
                return Err(self.error(span, format!("expected `}}`: `{word}` is given twice")));
            }
        }
    }

    fn count(&mut self, what: &str) -> ParseResult<AstRowCount> {
        if self.is_token(TokenKind::Variable) {
            return Ok(AstRowCount::Param(self.variable("a parameter")?));
        }
        if !self.is_token(TokenKind::Integer) {
            return Err(self.expected("an integer or a parameter"));
        }
        let value = self.unsigned(what)?;
        Ok(AstRowCount::Literal(value.node, AstSpan(value.span)))
    }

    fn cursor(&mut self) -> ParseResult<AstName> {
        self.variable("a parameter that holds a cursor")
    }
}
