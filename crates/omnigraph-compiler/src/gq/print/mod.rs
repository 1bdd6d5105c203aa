//! The canonical form of a query file.
//!
//! - `expr`      expressions
//! - `pattern`   clauses
//! - `comments`  comments of the source

mod comments;
mod expr;
mod pattern;

use std::collections::BTreeSet;

use self::comments::CommentQueue;
use self::expr::expr;
use super::ast::{
    AstBody, AstMutation, AstRead, AstRowCount, AstSelect, AstStatement, AstStatementKind, BranchAction, FileItem,
    OrderItem, PatternClause, QueryDecl, QueryFile, ReturnItem,
};
use crate::diagnostic::Diagnostic;
use crate::lex::escape;
use crate::span::Span;

/// Greatest width of a list on one line.
const MAX_LINE_WIDTH: usize = 100;

/// Prints a tree in canonical form: `parse(print(file)) == file`.
#[must_use]
pub fn print(file: &QueryFile) -> String {
    QueryPrinter::new("").file(file)
}

/// Formats a source in canonical form. Comments keep their order: those on lines of their own stay before the next item, the
/// others move to the end of their line.
///
/// # Errors
/// The diagnostics of a source that does not parse.
pub fn format(source: &str) -> Result<String, Vec<Diagnostic>> {
    let (file, diagnostics) = super::parse(source);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    Ok(QueryPrinter::new(source).file(&file))
}

/// Prints one expression in canonical form.
#[must_use]
pub fn print_expr(tree: &super::ast::AstExpr) -> String {
    expr(tree)
}

struct QueryPrinter<'a> {
    out: String,
    indent: usize,
    comments: CommentQueue<'a>,
    params: BTreeSet<String>,
}

impl<'a> QueryPrinter<'a> {
    fn new(source: &'a str) -> Self {
        Self { out: String::new(), indent: 0, comments: CommentQueue::new(source), params: BTreeSet::new() }
    }

    fn pad(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.indent));
    }

    /// Writes the comments before `offset`, each on a line of its own.
    fn comments_before(&mut self, offset: usize) {
        while let Some(comment) = self.comments.take_before(offset) {
            self.pad();
            self.out.push_str(comment);
            self.out.push('\n');
        }
    }

    /// Writes a line for the source at `span`, with its comments.
    fn line(&mut self, span: Span, text: &str) {
        self.comments_before(span.start);
        self.pad();
        self.out.push_str(text);
        if let Some(comment) = self.comments.take_of_line(span) {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push('\n');
        self.comments_before(span.end);
    }

    /// Writes a line without a source position.
    fn bare_line(&mut self, text: &str) {
        self.pad();
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn file(mut self, file: &QueryFile) -> String {
        for (index, item) in file.items.iter().enumerate() {
            if index > 0 && (matches!(item, FileItem::Query(_)) || matches!(file.items[index - 1], FileItem::Query(_)))
            {
                self.out.push('\n');
            }
            self.item(item);
        }
        self.comments_before(usize::MAX);
        self.out
    }

    fn item(&mut self, item: &FileItem) {
        match item {
            FileItem::Set(setting) => {
                self.line(setting.at.0, &format!("set {} = {};", setting.name.text, expr(&setting.value)));
            }
            FileItem::Show(show) => {
                let name = show.name.as_ref().map_or("all", |name| &name.text);
                self.line(show.at.0, &format!("show {name};"));
            }
            FileItem::Branch(branch) => self.line(branch.at.0, &branch_text(&branch.action)),
            FileItem::Query(query) => self.query(query),
        }
    }

    fn query(&mut self, query: &QueryDecl) {
        self.comments_before(query.at.0.start);
        self.params = query.params.iter().map(|param| param.name.text.clone()).collect();
        let params: Vec<_> = query.params.iter().map(|param| format!("${}: {}", param.name.text, param.ty)).collect();
        let mut head = format!("query {}({})", query.name.text, params.join(", "));
        for (word, text) in [("description", &query.description), ("instruction", &query.instruction)] {
            if let Some(text) = text {
                head.push_str(&format!(" @{word}({})", escape(text)));
            }
        }
        self.bare_line(&format!("{head} {{"));
        self.indent += 1;
        match &query.body {
            AstBody::Read(read) => self.read(read),
            AstBody::Mutation(mutation) => self.mutation(mutation),
        }
        self.comments_before(query.end.0.start);
        self.indent -= 1;
        self.line(query.end.0, "}");
    }

    fn read(&mut self, read: &AstRead) {
        for (index, select) in read.selects.iter().enumerate() {
            if let Some(word) = index.checked_sub(1).and_then(|before| read.unions.get(before)) {
                self.line(word.at.0, if word.all { "union all" } else { "union" });
            }
            self.select(select);
        }
        if !read.order.is_empty() {
            let items = read.order.iter().map(|item| (item.at.0, order_text(item))).collect();
            self.list("order", items);
        }
        for (word, count) in [("limit", &read.limit), ("offset", &read.offset)] {
            match count {
                Some(AstRowCount::Literal(value, at)) => self.line(at.0, &format!("{word} {value}")),
                Some(AstRowCount::Param(name)) => self.line(name.at.0, &format!("{word} ${}", name.text)),
                None => {}
            }
        }
        if let Some(name) = &read.after {
            self.line(name.at.0, &format!("after ${}", name.text));
        }
    }

    fn select(&mut self, select: &AstSelect) {
        self.block("match", &select.clauses, select.at.0.start);
        let word = if select.distinct { "return distinct" } else { "return" };
        self.list(word, projection_texts(&select.projections));
        if let Some(having) = &select.having {
            self.line(having.at.0, &format!("having {}", expr(having)));
        }
    }

    fn block(&mut self, word: &str, clauses: &[PatternClause], start: usize) {
        self.comments_before(start);
        self.bare_line(&format!("{word} {{"));
        self.indent += 1;
        for clause in clauses {
            self.clause(clause);
        }
        self.indent -= 1;
        self.bare_line("}");
    }

    fn clause(&mut self, clause: &PatternClause) {
        let PatternClause::Block(block) = clause else {
            let text = pattern::simple_clause(clause, &self.params);
            self.line(clause.span(), &text);
            return;
        };
        self.block(pattern::block_word(block.kind), &block.clauses, block.at.0.start);
    }

    /// Writes `word { a, b }`, on one line if it is short and holds no comment.
    fn list(&mut self, word: &str, items: Vec<(Span, String)>) {
        let joined = items.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", ");
        let whole = items.iter().map(|(span, _)| *span).reduce(Span::cover).unwrap_or_default();
        let close = self.comments.closing_brace(whole.end);
        if joined.len() + word.len() <= MAX_LINE_WIDTH && !self.comments.any_within(Span::new(whole.start, close)) {
            self.line(whole, &format!("{word} {{ {joined} }}"));
            return;
        }
        self.comments_before(whole.start);
        self.bare_line(&format!("{word} {{"));
        self.indent += 1;
        let last = items.len().saturating_sub(1);
        for (index, (span, text)) in items.iter().enumerate() {
            self.line(*span, &format!("{text}{}", if index == last { "" } else { "," }));
        }
        self.comments_before(close);
        self.indent -= 1;
        self.bare_line("}");
    }

    fn mutation(&mut self, mutation: &AstMutation) {
        if let Some(clauses) = &mutation.clauses {
            let start = clauses.first().map_or(0, |clause| clause.span().start);
            self.block("match", clauses, start);
        }
        for statement in &mutation.statements {
            self.line(statement.at.0, &statement_text(statement));
        }
        if !mutation.returning.is_empty() {
            self.list("return", projection_texts(&mutation.returning));
        }
    }
}

fn projection_texts(projections: &[ReturnItem]) -> Vec<(Span, String)> {
    let text = |projection: &ReturnItem| match &projection.alias {
        Some(alias) => format!("{} as {}", expr(&projection.expr), alias.text),
        None => expr(&projection.expr),
    };
    projections.iter().map(|projection| (projection.at.0, text(projection))).collect()
}

fn order_text(item: &OrderItem) -> String {
    format!("{}{}", expr(&item.expr), if item.descending { " desc" } else { "" })
}

fn statement_text(statement: &AstStatement) -> String {
    let mut out = statement.var.as_ref().map(|var| format!("${}: ", var.text)).unwrap_or_default();
    out.push_str(match statement.kind {
        AstStatementKind::Insert => "insert",
        AstStatementKind::InsertNew => "insert new",
        AstStatementKind::InsertIfAbsent => "insert if absent",
        AstStatementKind::Merge => "merge",
        AstStatementKind::Update => "update",
        AstStatementKind::Delete => "delete",
    });
    out.push_str(&format!(" {}", statement.ty.text));
    if statement.kind == AstStatementKind::Update {
        out.push_str(" set");
    }
    if statement.kind != AstStatementKind::Delete {
        out.push(' ');
        pattern::properties(&mut out, &statement.assignments);
    }
    if let Some(condition) = &statement.filter {
        out.push_str(&format!(" where {}", expr(condition)));
    }
    out
}

fn branch_text(action: &BranchAction) -> String {
    match action {
        BranchAction::Create { name, from: None } => format!("branch create {}", escape(name)),
        BranchAction::Create { name, from: Some(from) } => {
            format!("branch create {} from {}", escape(name), escape(from))
        }
        BranchAction::List => "branch list".to_owned(),
        BranchAction::Delete { name } => format!("branch delete {}", escape(name)),
        BranchAction::Merge { source, into: None } => format!("branch merge {}", escape(source)),
        BranchAction::Merge { source, into: Some(into) } => {
            format!("branch merge {} into {}", escape(source), escape(into))
        }
    }
}
