//! Queries: header, parameters, reads.

use super::cursor::{ORDER_OF_PARTS, Parsed, Parser};
use crate::gq::ast::{
    At, Body, Count, ExprKind, Name, OrderItem, ParamDecl, Projection, QueryDecl, Read, Select, UnionWord,
};
use crate::lex::TokenKind;
use crate::suggest::type_called;
use crate::types::{PropType, Scalar};

impl Parser<'_> {
    /// `query name(params) annotations { body }`
    pub(super) fn query(&mut self) -> Parsed<QueryDecl> {
        let start = self.advance();
        let name = self.identifier("the name of the query")?;
        self.params.clear();
        let params = self.params()?;
        self.params = params.iter().map(|param| param.name.text.clone()).collect();
        let (description, instruction) = self.annotations()?;
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let body = self.body()?;
        let end = self.expect(TokenKind::RightBrace, "`}`")?;
        Ok(QueryDecl { name, params, description, instruction, body, at: At(start.to(end)), end: At(end) })
    }

    fn params(&mut self) -> Parsed<Vec<ParamDecl>> {
        self.expect(TokenKind::LeftParen, "`(`")?;
        let mut params = Vec::new();
        if self.eat(TokenKind::RightParen) {
            return Ok(params);
        }
        loop {
            let name = self.variable("a parameter")?;
            self.expect(TokenKind::Colon, "`:`")?;
            let ty = self.param_type()?;
            let at = At(name.span().to(self.last_span()));
            params.push(ParamDecl { name, ty, at });
            if self.eat(TokenKind::RightParen) {
                return Ok(params);
            }
            if self.is(TokenKind::Equal) {
                let help = "a parameter has no default; let it be null (`?`) and write `coalesce($x, …)`";
                return Err(self.error_with_help(self.span(), "expected `,` or `)`, found `=`", help));
            }
            self.expect(TokenKind::Comma, "`,` or `)`")?;
        }
    }

    fn param_type(&mut self) -> Parsed<PropType> {
        let list = self.eat(TokenKind::LeftBracket);
        let scalar = self.scalar(list)?;
        if list {
            self.expect(TokenKind::RightBracket, "`]`")?;
        }
        let nullable = self.eat(TokenKind::Question);
        Ok(PropType { list, nullable, ..PropType::of(scalar) })
    }

    fn scalar(&mut self, in_list: bool) -> Parsed<Scalar> {
        if self.is_word("enum") {
            let message = "expected the type of a parameter, found `enum`";
            return Err(self.error_with_help(self.span(), message, "the words of an enum are passed as `String`"));
        }
        if !matches!(self.kind(), Some(TokenKind::TypeName | TokenKind::Ident)) {
            return Err(self.expected("the type of a parameter"));
        }
        let scalar = match self.text_at(0) {
            "String" => Scalar::String,
            "Bool" => Scalar::Bool,
            "I32" => Scalar::I32,
            "I64" => Scalar::I64,
            "U32" => Scalar::U32,
            "U64" => Scalar::U64,
            "F32" => Scalar::F32,
            "F64" => Scalar::F64,
            "Date" => Scalar::Date,
            "DateTime" => Scalar::DateTime,
            "Blob" => Scalar::Blob,
            "Json" if !in_list => Scalar::Json,
            "Vector" if !in_list => {
                self.advance();
                self.expect(TokenKind::LeftParen, "`(`")?;
                let (dimension, _) = self.unsigned("dimension")?;
                self.expect(TokenKind::RightParen, "`)`")?;
                return Ok(Scalar::Vector(dimension));
            }
            other => {
                let help =
                    type_called(other).filter(|ours| *ours != other).map(|ours| format!("did you mean `{ours}`?"));
                let reported = self.expected_one_of(&[
                    "String", "Bool", "I32", "I64", "U32", "U64", "F32", "F64", "Date", "DateTime", "Blob", "Json",
                    "Vector",
                ]);
                if let (Some(help), Some(last)) = (help, self.diagnostics.last_mut()) {
                    last.help = Some(help);
                }
                return Err(reported);
            }
        };
        self.advance();
        Ok(scalar)
    }

    fn annotations(&mut self) -> Parsed<(Option<String>, Option<String>)> {
        let (mut description, mut instruction) = (None, None);
        while self.is(TokenKind::At) {
            let start = self.advance();
            let word = self.text_at(0);
            let slot = match word {
                "description" => &mut description,
                "instruction" => &mut instruction,
                _ => return Err(self.expected_one_of(&["description", "instruction"])),
            };
            let span = start.to(self.advance());
            self.expect(TokenKind::LeftParen, "`(`")?;
            let (text, _) = self.string("a string")?;
            self.expect(TokenKind::RightParen, "`)`")?;
            if slot.replace(text).is_some() {
                return Err(self.error(span, format!("duplicate @{word} annotations")));
            }
        }
        Ok((description, instruction))
    }

    fn body(&mut self) -> Parsed<Body> {
        if !self.is_word("match") {
            if self.at_statement() || self.is_word("mutation") {
                return Ok(Body::Mutation(self.mutation(None)?));
            }
            return Err(self.expected_one_of(&["match", "insert", "update", "delete", "merge"]));
        }
        let start = self.advance();
        let (clauses, _) = self.block()?;
        if self.at_statement() {
            return Ok(Body::Mutation(self.mutation(Some(clauses))?));
        }
        let (mut selects, mut unions) = (vec![self.select(clauses, start)?], Vec::new());
        while self.is_word("union") {
            let at = At(self.advance());
            unions.push(UnionWord { all: self.eat_word("all"), at });
            let start = self.expect_word("match")?;
            let (clauses, _) = self.block()?;
            selects.push(self.select(clauses, start)?);
        }
        let mut read = Read { selects, unions, order: Vec::new(), limit: None, offset: None, after: None };
        if self.eat_word("order") {
            read.order = self.ordering()?;
        }
        self.paging(&mut read)?;
        Ok(Body::Read(read))
    }

    fn select(&mut self, clauses: Vec<crate::gq::ast::Clause>, start: crate::Span) -> Parsed<Select> {
        self.expect_word("return")?;
        let distinct = self.eat_word("distinct");
        let projections = self.projections()?;
        let having = if self.eat_word("having") { Some(self.expr()?) } else { None };
        let at = At(start.to(self.last_span()));
        Ok(Select { clauses, distinct, projections, having, at })
    }

    /// `{ expr [as name] [,] … }`
    pub(super) fn projections(&mut self) -> Parsed<Vec<Projection>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let (mut projections, mut failed) = (Vec::new(), false);
        while !self.is(TokenKind::RightBrace) {
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

    fn projection(&mut self) -> Parsed<Projection> {
        let expr = self.expr()?;
        if matches!(&expr.kind, ExprKind::Alias(name) if name == "distinct")
            && !matches!(self.kind(), Some(TokenKind::Comma | TokenKind::RightBrace))
        {
            let help = "`distinct` stands before the brace: `return distinct { … }`";
            return Err(self.error_with_help(expr.span(), "expected an expression, found `distinct`", help));
        }
        let alias = if self.eat_word("as") { Some(self.identifier("the name of a column")?) } else { None };
        let at = At(expr.span().to(self.last_span()));
        self.eat(TokenKind::Comma);
        Ok(Projection { expr, alias, at })
    }

    fn ordering(&mut self) -> Parsed<Vec<OrderItem>> {
        self.expect(TokenKind::LeftBrace, "`{`")?;
        let mut items = Vec::new();
        loop {
            let expr = self.expr()?;
            let direction = self.span();
            let descending = self.eat_word("desc");
            let worded = descending || self.eat_word("asc");
            if worded && matches!(&expr.kind, ExprKind::Call { name, .. } if name.text == "nearest") {
                let message = "expected `,` or `}`: `nearest` takes no direction";
                return Err(self.error_with_help(direction, message, "it always puts the nearest first"));
            }
            let at = At(expr.span().to(self.last_span()));
            items.push(OrderItem { expr, descending, at });
            if self.eat(TokenKind::RightBrace) {
                return Ok(items);
            }
            self.expect(TokenKind::Comma, "`,` or `}`")?;
        }
    }

    /// `limit`, `offset`, `after`: each at most once, in any order.
    fn paging(&mut self, read: &mut Read) -> Parsed<()> {
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
                    return Err(self.error_with_help(span, "expected `}`, found `order`", ORDER_OF_PARTS));
                }
                "}" => return Ok(()),
                _ if read.limit.is_none() && read.order.is_empty() && self.is(TokenKind::Ident) => {
                    return Err(self.expected_one_of(&["order", "limit", "offset", "having", "union", "}"]));
                }
                _ => return Err(self.expected("`limit`, `offset`, `after` or `}`")),
            };
            if again {
                return Err(self.error(span, format!("expected `}}`: `{word}` is given twice")));
            }
        }
    }

    fn count(&mut self, what: &str) -> Parsed<Count> {
        if self.is(TokenKind::Variable) {
            return Ok(Count::Param(self.variable("a parameter")?));
        }
        if !self.is(TokenKind::Integer) {
            return Err(self.expected("an integer or a parameter"));
        }
        let (value, span) = self.unsigned(what)?;
        Ok(Count::Literal(value, At(span)))
    }

    fn cursor(&mut self) -> Parsed<Name> {
        self.variable("a parameter that holds a cursor")
    }
}
