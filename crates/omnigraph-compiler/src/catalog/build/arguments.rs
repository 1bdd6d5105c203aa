//! Reading what an annotation or constraint was given, with one wording for what is wrong with it.

use super::Builder;
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{Annotation, Value};
use crate::span::{Span, Spanned};
use crate::suggest::did_you_mean;

impl Builder {
    /// Complains when an annotation that takes nothing was given something. True when nothing was given.
    pub(super) fn no_arguments(&mut self, annotation: &Annotation) -> bool {
        if annotation.arguments.is_none() {
            return true;
        }
        let message = format!("`@{}` does not accept a value here", annotation.name.node);
        self.error(Code::S056, annotation.span, message);
        false
    }

    /// Complains about named arguments other than `known`.
    pub(super) fn known_names(&mut self, code: Code, annotation: &Annotation, known: &[&str]) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, _) in annotation.named() {
            let text = name.node.as_str();
            if seen.contains(&text) {
                let message = format!("`{text}` is given to `@{}` multiple times", annotation.name.node);
                self.error(Code::S057, name.span, message);
            }
            seen.push(text);
            if known.contains(&text) {
                continue;
            }
            let list = known.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(" and ");
            let allowed = if known.len() == 1 { "is supported" } else { "are supported" };
            let message = if known.is_empty() {
                format!("`@{}` takes no argument `{text}`", annotation.name.node)
            } else {
                format!("`@{}` takes no argument `{text}`: only {list} {allowed}", annotation.name.node)
            };
            let mut error = Diagnostic::error(code, name.span, message);
            error.help = did_you_mean(text, known.iter().copied());
            self.report(error);
        }
    }

    /// The one text of `@description` and its like.
    pub(super) fn one_text(&mut self, annotation: &Annotation) -> Option<String> {
        let name = &annotation.name.node;
        self.known_names(Code::S056, annotation, &[]);
        let values: Vec<&Spanned<Value>> = annotation.positional().collect();
        match values.as_slice() {
            [Spanned { node: Value::String(text), .. }] if !text.trim().is_empty() => return Some(text.clone()),
            [] | [Spanned { node: Value::String(_), .. }] => {
                self.error(Code::S063, annotation.span, format!("`@{name}` requires a non-empty value"));
            }
            [other] => self.error(Code::S056, other.span, format!("`@{name}` takes a text in double quotes")),
            [_, extra, ..] => self.error(Code::S056, extra.span, format!("`@{name}` takes one text")),
        }
        None
    }

    /// Reports a second annotation of the same name. True for the first one.
    pub(super) fn first(&mut self, seen: &mut Vec<(String, Span)>, annotation: &Annotation) -> bool {
        let name = &annotation.name.node;
        if let Some((_, first)) = seen.iter().find(|(seen, _)| seen == name) {
            let message = format!("`@{name}` stands here multiple times");
            let error = Diagnostic::error(Code::S057, annotation.span, message);
            self.report(error.with_related(*first, "the first one"));
            return false;
        }
        seen.push((name.clone(), annotation.span));
        true
    }
}

/// A value's source text, for annotations that are kept without being understood.
pub(super) fn opaque(value: &Value) -> String {
    match value {
        Value::String(text) | Value::Number(text) | Value::Name(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::System(name) => format!("@{name}"),
        Value::Bounds(low, high) => {
            format!("{}..{}", low.as_deref().unwrap_or_default(), high.as_deref().unwrap_or_default())
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| opaque(&item.node)).collect::<Vec<_>>().join(", "))
        }
        Value::Call(name, text) => {
            format!("{name}({})", text.as_deref().map(crate::lex::escape).unwrap_or_default())
        }
    }
}
