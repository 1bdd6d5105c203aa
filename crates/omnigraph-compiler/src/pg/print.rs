//! The canonical text of a schema: two spaces, one member per line, comments kept.
//!
//! Parsing the text gives the same tree, spans aside.

use super::ast::{
    AnnotationSyntax, ArgValue, BaseType, ConstraintDecl, ItemComments, MemberDecl, PropertyDecl, SchemaDocument,
    SourceComment, TypeDecl, TypeDeclKind, TypeExpr,
};
use crate::lex::escape;
use crate::span::Spanned;

/// Prints a tree that parsed without errors.
#[must_use]
pub fn print(schema: &SchemaDocument) -> String {
    let mut out = String::new();
    for import in &schema.imports {
        item(&mut out, "", &import.comments, &format!("import {}", escape(&import.path.node)));
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

/// Returns `true` for a one-line declaration; such declarations follow each other without empty lines.
fn packed(declaration: &TypeDecl) -> bool {
    declaration.members.is_empty() && declaration.tail.is_empty() && declaration.comments.leading.is_empty()
}

fn print_declaration(out: &mut String, declaration: &TypeDecl) {
    let mut header = format!("{} {}", declaration.kind.keyword(), declaration.name.node);
    if let TypeDeclKind::Edge { from, to } = &declaration.kind {
        header.push_str(&format!(": {} -> {}", from.node, to.node));
    }
    for annotation in &declaration.annotations {
        header.push(' ');
        header.push_str(&print_annotation(annotation));
    }
    if let TypeDeclKind::Node { implements } = &declaration.kind
        && !implements.is_empty()
    {
        header.push_str(" implements ");
        header.push_str(&implements.iter().map(|name| name.node.as_str()).collect::<Vec<_>>().join(", "));
    }
    if declaration.members.is_empty() && declaration.tail.is_empty() {
        if !matches!(declaration.kind, TypeDeclKind::Edge { .. }) {
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
            MemberDecl::Property(property) => item(out, "  ", &property.comments, &print_property(property)),
            MemberDecl::Constraint(ConstraintDecl { annotation, comments }) => {
                item(out, "  ", comments, &print_annotation(annotation));
            }
        }
    }
    comment_lines(out, "  ", &declaration.tail);
    out.push('}');
    trailing(out, &declaration.comments);
}

fn item(out: &mut String, indent: &str, comments: &ItemComments, text: &str) {
    comment_lines(out, indent, &comments.leading);
    out.push_str(indent);
    out.push_str(text);
    trailing(out, comments);
}

fn trailing(out: &mut String, comments: &ItemComments) {
    if let Some(comment) = &comments.trailing {
        out.push(' ');
        out.push_str(comment);
    }
    out.push('\n');
}

fn comment_lines(out: &mut String, indent: &str, comments: &[SourceComment]) {
    for comment in comments {
        out.push_str(indent);
        out.push_str(&comment.text);
        out.push('\n');
        if comment.blank_after {
            out.push('\n');
        }
    }
}

fn print_property(property: &PropertyDecl) -> String {
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

fn print_annotation(annotation: &AnnotationSyntax) -> String {
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

fn print_value(value: &ArgValue) -> String {
    match value {
        ArgValue::String(text) => escape(text),
        ArgValue::Number(text) | ArgValue::Name(text) => text.clone(),
        ArgValue::Bool(truth) => truth.to_string(),
        ArgValue::System(name) => format!("@{name}"),
        ArgValue::Bounds(low, high) => {
            format!("{}..{}", low.as_deref().unwrap_or_default(), high.as_deref().unwrap_or_default())
        }
        ArgValue::List(items) => print_list(items),
        ArgValue::Call(name, text) => format!("{name}({})", text.as_deref().map(escape).unwrap_or_default()),
    }
}

fn print_list(items: &[Spanned<ArgValue>]) -> String {
    format!("[{}]", items.iter().map(|item| print_value(&item.node)).collect::<Vec<_>>().join(", "))
}
