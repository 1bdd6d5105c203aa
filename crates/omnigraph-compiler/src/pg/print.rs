//! Tree to canonical text: two spaces, one member a line, comments where they were.
//!
//! Parsing the text gives the same tree, spans aside.

use super::ast::{
    Annotation, BaseType, Comment, Comments, Constraint, Declaration, DeclarationKind, Member, Property, Schema,
    TypeExpr, Value,
};
use crate::lex::escape;
use crate::span::Spanned;

/// The canonical text of a tree that parsed without errors.
#[must_use]
pub fn print(schema: &Schema) -> String {
    let mut out = String::new();
    for import in &schema.imports {
        item(&mut out, "", &import.comments, &format!("import {}", quote(&import.path.node)));
    }
    for (index, declaration) in schema.declarations.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|last| schema.declarations.get(last));
        if !out.is_empty() && !previous.is_some_and(|previous| packed(previous) && packed(declaration)) {
            out.push('\n');
        }
        print_declaration(&mut out, declaration);
    }
    if !out.is_empty() && !schema.tail.is_empty() {
        out.push('\n');
    }
    comment_lines(&mut out, "", &schema.tail);
    out
}

/// A string token that decodes to `text`.
#[must_use]
pub fn quote(text: &str) -> String {
    escape(text)
}

/// One-line declarations stand together without empty lines.
fn packed(declaration: &Declaration) -> bool {
    declaration.members.is_empty() && declaration.tail.is_empty() && declaration.comments.leading.is_empty()
}

fn print_declaration(out: &mut String, declaration: &Declaration) {
    let mut header = format!("{} {}", declaration.kind.keyword(), declaration.name.node);
    if let DeclarationKind::Edge { from, to } = &declaration.kind {
        header.push_str(&format!(": {} -> {}", from.node, to.node));
    }
    for annotation in &declaration.annotations {
        header.push(' ');
        header.push_str(&print_annotation(annotation));
    }
    if let DeclarationKind::Node { implements } = &declaration.kind
        && !implements.is_empty()
    {
        header.push_str(" implements ");
        header.push_str(&implements.iter().map(|name| name.node.as_str()).collect::<Vec<_>>().join(", "));
    }
    if declaration.members.is_empty() && declaration.tail.is_empty() {
        if !matches!(declaration.kind, DeclarationKind::Edge { .. }) {
            header.push_str(" {}");
        }
        item(out, "", &declaration.comments, &header);
        return;
    }
    comment_lines(out, "", &declaration.comments.leading);
    out.push_str(&header);
    out.push_str(" {\n");
    for member in &declaration.members {
        match member {
            Member::Property(property) => item(out, "  ", &property.comments, &print_property(property)),
            Member::Constraint(Constraint { annotation, comments }) => {
                item(out, "  ", comments, &print_annotation(annotation));
            }
        }
    }
    comment_lines(out, "  ", &declaration.tail);
    out.push('}');
    trailing(out, &declaration.comments);
}

fn item(out: &mut String, indent: &str, comments: &Comments, text: &str) {
    comment_lines(out, indent, &comments.leading);
    out.push_str(indent);
    out.push_str(text);
    trailing(out, comments);
}

fn trailing(out: &mut String, comments: &Comments) {
    if let Some(comment) = &comments.trailing {
        out.push(' ');
        out.push_str(comment);
    }
    out.push('\n');
}

fn comment_lines(out: &mut String, indent: &str, comments: &[Comment]) {
    for comment in comments {
        out.push_str(indent);
        out.push_str(&comment.text);
        out.push('\n');
        if comment.blank_after {
            out.push('\n');
        }
    }
}

fn print_property(property: &Property) -> String {
    let mut text = format!("{}: {}", property.name.node, print_type(&property.ty));
    for annotation in &property.annotations {
        text.push(' ');
        text.push_str(&print_annotation(annotation));
    }
    text
}

fn print_type(ty: &TypeExpr) -> String {
    let base = match &ty.base {
        BaseType::Scalar(scalar) => scalar.to_string(),
        BaseType::Enum(words) => {
            format!("enum({})", words.iter().map(|word| word.node.as_str()).collect::<Vec<_>>().join(", "))
        }
        BaseType::Vector(dimension) => format!("Vector({})", dimension.node),
        BaseType::Invalid => "Invalid".to_owned(),
    };
    let question = if ty.nullable { "?" } else { "" };
    if ty.list { format!("[{base}]{question}") } else { format!("{base}{question}") }
}

fn print_annotation(annotation: &Annotation) -> String {
    let Some(arguments) = &annotation.arguments else { return format!("@{}", annotation.name.node) };
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| match &argument.name {
            Some(name) => format!("{}={}", name.node, print_value(&argument.value.node)),
            None => print_value(&argument.value.node),
        })
        .collect();
    format!("@{}({})", annotation.name.node, arguments.join(", "))
}

fn print_value(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Number(text) | Value::Name(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::System(name) => format!("@{name}"),
        Value::Bounds(low, high) => {
            format!("{}..{}", low.as_deref().unwrap_or_default(), high.as_deref().unwrap_or_default())
        }
        Value::List(items) => print_list(items),
        Value::Call(name, text) => format!("{name}({})", text.as_deref().map(quote).unwrap_or_default()),
    }
}

fn print_list(items: &[Spanned<Value>]) -> String {
    format!("[{}]", items.iter().map(|item| print_value(&item.node)).collect::<Vec<_>>().join(", "))
}
