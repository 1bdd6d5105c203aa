//! Headers and bodies of declarations, and imports.

use super::cursor::{DECLARATION_KEYWORDS, SchemaParser};
use crate::diagnostic::{Code, Diagnostic, ErrorReported, ParseResult, RelatedSpan};
use crate::lex::TokenKind;
use crate::pg::ast::{
    AnnotationSyntax, BaseType, ConstraintDecl, ImportDecl, MemberDecl, PropertyDecl, SchemaDocument, SourceComment,
    TypeDecl, TypeDeclKind, TypeExpr,
};
use crate::span::{Span, Spanned};

impl SchemaParser<'_> {
    /// Parses `{ import } { declaration } EOF`.
    pub(super) fn schema(&mut self) -> SchemaDocument {
        let mut schema = SchemaDocument::default();
        while !self.at_end() {
            let leading = self.leading_comments();
            match self.text(0) {
                "import" => self.import(leading, &mut schema),
                "node" | "edge" | "interface" => match self.declaration(leading) {
                    Ok(declaration) => schema.declarations.push(declaration),
                    Err(_) => self.skip_to_declaration(),
                },
                _ => {
                    self.expected_one_of("`node`, `edge`, `interface` or `import`", DECLARATION_KEYWORDS);
                    self.bump();
                    self.skip_to_declaration();
                }
            }
        }
        schema.tail = self.leading_comments();
        schema
    }

    fn import(&mut self, leading: Vec<SourceComment>, schema: &mut SchemaDocument) {
        let start = self.here();
        self.bump();
        let Ok(path) = self.string("the path of a schema file in double quotes") else {
            self.skip_to_declaration();
            return;
        };
        let span = self.since(start);
        if !schema.declarations.is_empty() {
            let message = "an import follows a declaration";
            let error = Diagnostic::error(Code::S003, span, message).with_help("move it to the top of the file");
            self.report(error);
        }
        let comments = self.close_comments(leading);
        schema.imports.push(ImportDecl { path, comments });
    }

    fn declaration(&mut self, leading: Vec<SourceComment>) -> ParseResult<TypeDecl> {
        let start = self.here();
        let keyword = self.bump().map_or("", |token| self.text_of(token));
        let name = self.type_name("a type name")?;
        let header = match keyword {
            "node" => self.node_header(),
            "edge" => self.edge_header(),
            _ => self.annotations().map(|annotations| (TypeDeclKind::Interface, annotations)),
        };
        let (kind, mut annotations) = match header {
            Ok(header) => header,
            Err(reported) => return self.half_declaration(keyword, name, reported),
        };
        annotations.extend(self.stray_annotations(keyword));
        let span = self.since(start);
        let mut leading = leading;
        let body_optional = keyword == "edge";
        let header_comments = self.comments_before(self.local_end());
        leading.extend(header_comments.into_iter().map(|comment| SourceComment { blank_after: false, ..comment }));
        let (members, tail) = if self.kind(0) == Some(TokenKind::LeftBrace) {
            self.body(keyword)
        } else if body_optional {
            self.expect_border()?;
            (Vec::new(), Vec::new())
        } else {
            return Err(self.expected("`{`"));
        };
        let comments = self.close_comments(leading);
        Ok(TypeDecl { kind, name, annotations, members, comments, tail, span })
    }

    /// Keeps a type with an invalid header, without a body: otherwise every edge with this endpoint would be reported too.
    fn half_declaration(
        &mut self,
        keyword: &str,
        name: Spanned<String>,
        reported: ErrorReported,
    ) -> ParseResult<TypeDecl> {
        let kind = match keyword {
            "node" => TypeDeclKind::Node { implements: Vec::new() },
            "interface" => TypeDeclKind::Interface,
            _ => return Err(reported),
        };
        self.skip_to_declaration();
        let comments = self.close_comments(Vec::new());
        let span = name.span;
        Ok(TypeDecl { kind, name, annotations: Vec::new(), members: Vec::new(), comments, tail: Vec::new(), span })
    }

    fn node_header(&mut self) -> ParseResult<(TypeDeclKind, Vec<AnnotationSyntax>)> {
        let annotations = self.annotations()?;
        let mut implements = Vec::new();
        if self.eat_word("implements").is_some() {
            loop {
                implements.push(self.type_name("the name of an interface")?);
                if self.eat(TokenKind::Comma).is_none() {
                    break;
                }
            }
        }
        Ok((TypeDeclKind::Node { implements }, annotations))
    }

    fn edge_header(&mut self) -> ParseResult<(TypeDeclKind, Vec<AnnotationSyntax>)> {
        self.expect(TokenKind::Colon, "`:` and the two node types, as in `edge Knows: Person -> Person`")?;
        let from = self.type_name("the source's node type")?;
        self.expect(TokenKind::Arrow, "`->`")?;
        let to = self.type_name("the target's node type")?;
        let annotations = self.annotations()?;
        Ok((TypeDeclKind::Edge { from, to }, annotations))
    }

    /// Reports misplaced annotations once, then parses them as if they were in the right place.
    fn stray_annotations(&mut self, keyword: &str) -> Vec<AnnotationSyntax> {
        if self.kind(0) != Some(TokenKind::At) {
            return Vec::new();
        }
        let help = match keyword {
            "node" => "annotations of a node are written before `implements`",
            _ => "constraints are written between the braces",
        };
        let error = Diagnostic::error(Code::S000, self.here(), "expected `{`, found an annotation").with_help(help);
        self.report(error);
        self.annotations().unwrap_or_default()
    }

    /// Expects the next declaration or the end of the file, after an edge without a body.
    fn expect_border(&mut self) -> ParseResult<()> {
        if self.at_end() || DECLARATION_KEYWORDS.contains(&self.text(0)) {
            return Ok(());
        }
        let mut names = DECLARATION_KEYWORDS.to_vec();
        names.push("implements");
        let reported = self.expected_one_of("`{`, an annotation or the next declaration", &names);
        if self.text(0) == "implements"
            && let Some(error) = self.diagnostics.last_mut()
        {
            error.help = Some("only node types implement interfaces".to_owned());
        }
        Err(reported)
    }

    fn body(&mut self, keyword: &str) -> (Vec<MemberDecl>, Vec<SourceComment>) {
        let open = self.here();
        self.bump();
        let mut members = Vec::new();
        loop {
            let leading = self.leading_comments();
            if self.eat(TokenKind::RightBrace).is_some() {
                return (members, leading);
            }
            if self.at_end() || self.at_declaration() {
                self.expected("`}`");
                if let Some(error) = self.diagnostics.last_mut() {
                    error.related.push(RelatedSpan { span: open, remark: "this `{` is not closed".to_owned() });
                }
                return (members, leading);
            }
            let before = self.local_offset();
            if self.member(keyword, leading, &mut members).is_err() {
                if self.local_offset() == before {
                    self.bump();
                }
                self.skip_to_member();
            }
        }
    }

    fn member(&mut self, keyword: &str, leading: Vec<SourceComment>, members: &mut Vec<MemberDecl>) -> ParseResult<()> {
        if self.kind(0) == Some(TokenKind::At) {
            return self.constraint(keyword, leading, members);
        }
        if self.kind(0) == Some(TokenKind::Comma) {
            let error = Diagnostic::error(Code::S000, self.here(), "expected a property or a constraint, found `,`")
                .with_help("members are separated by white space; remove the comma");
            self.bump();
            self.report(error);
            return Ok(());
        }
        let name = self.property_name()?;
        let ty = self.property_type();
        let annotations = match ty {
            Ok(_) => self.annotations(),
            Err(reported) => Err(reported),
        };
        let outcome = annotations.as_ref().map(drop).map_err(|reported| *reported);
        let comments = self.close_comments(leading);
        // An incomplete property is kept: otherwise every constraint that names it would be reported too.
        let ty = ty.unwrap_or(TypeExpr { base: BaseType::Invalid, list: false, nullable: false, span: name.span });
        let annotations = annotations.unwrap_or_default();
        members.push(MemberDecl::Property(PropertyDecl { name, ty, annotations, comments }));
        outcome
    }

    fn property_type(&mut self) -> ParseResult<TypeExpr> {
        self.expect(TokenKind::Colon, "`:` and a type")?;
        self.type_expr()
    }

    fn constraint(
        &mut self,
        keyword: &str,
        leading: Vec<SourceComment>,
        members: &mut Vec<MemberDecl>,
    ) -> ParseResult<()> {
        let is_constraint = self.at_constraint();
        let annotation = self.annotation()?;
        if keyword == "interface" {
            let message =
                format!("expected a property, found `@{}`: an interface holds properties only", annotation.name.node);
            let error = Diagnostic::error(Code::S000, annotation.span, message)
                .with_help("write the annotation without arguments after the property, or move it to the node types");
            self.report(error);
        } else if is_constraint {
            let comments = self.close_comments(leading);
            members.push(MemberDecl::Constraint(ConstraintDecl { annotation, comments }));
        } else {
            let message = format!("expected a property or a constraint, found `@{}`", annotation.name.node);
            let names = ["key", "unique", "index", "range", "check"];
            let mut error = Diagnostic::error(Code::S000, annotation.span, message);
            error.help = crate::suggest::did_you_mean(&annotation.name.node, names)
                .or_else(|| Some("an annotation is written after its property or in its header".to_owned()));
            self.report(error);
        }
        Ok(())
    }

    /// Parses a type's name. A lower-case first letter is reported and accepted.
    fn type_name(&mut self, what: &str) -> ParseResult<Spanned<String>> {
        let here = self.here();
        if self.kind(0) == Some(TokenKind::Ident) {
            let text = self.text(0).to_owned();
            let mut letters = text.chars();
            let capital: String = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
            let message = format!("expected {what}, found `{text}`: type names begin with an upper-case letter");
            let mut error = Diagnostic::error(Code::S000, here, message);
            error.help =
                capital.starts_with(|c: char| c.is_ascii_uppercase()).then(|| format!("did you mean `{capital}`?"));
            self.report(error);
            self.bump();
            return Ok(Spanned::new(text, here));
        }
        let token = self.expect(TokenKind::TypeName, what)?;
        Ok(Spanned::new(self.text_of(token).to_owned(), here))
    }

    /// Parses a property's name. An upper-case first letter is reported and accepted.
    fn property_name(&mut self) -> ParseResult<Spanned<String>> {
        let here = self.here();
        if self.kind(0) == Some(TokenKind::TypeName) && self.kind(1) == Some(TokenKind::Colon) {
            let text = self.text(0).to_owned();
            let message = format!("expected a property, found `{text}`: property names begin with a lower-case letter");
            self.report(Diagnostic::error(Code::S000, here, message));
            self.bump();
            return Ok(Spanned::new(text, here));
        }
        let token = self.expect(TokenKind::Ident, "a property, a constraint or `}`")?;
        Ok(Spanned::new(self.text_of(token).to_owned(), here))
    }

    /// Parses a string with its escapes decoded.
    pub(super) fn string(&mut self, what: &str) -> ParseResult<Spanned<String>> {
        let span = self.here();
        let token = self.expect(TokenKind::String, what)?;
        let text = self.text_of(token);
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
        match crate::lex::unescape(inner) {
            Ok(decoded) => Ok(Spanned::new(decoded, span)),
            Err(bad) => {
                let start = span.start + 1 + bad.offset;
                let place = Span::new(start, start + bad.length);
                let message = format!("unsupported escape sequence `{}`", bad.text);
                let help = "write one of \\\" \\\\ \\n \\r \\t; every other character represents itself";
                self.report(Diagnostic::error(Code::S002, place, message).with_help(help));
                Ok(Spanned::new(inner.to_owned(), span))
            }
        }
    }
}
