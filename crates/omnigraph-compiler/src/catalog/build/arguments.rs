//! Arguments of annotations and constraints: one place reads them and reports errors.

use super::CatalogBuilder;
use crate::diagnostic::{Code, Diagnostic};
use crate::pg::ast::{AnnotationSyntax, ArgValue};
use crate::span::{Span, Spanned};
use crate::suggest::did_you_mean;

impl CatalogBuilder {
    /// Reports arguments of an annotation that takes none. Returns `true` if there are none.
    pub(super) fn reject_arguments(&mut self, annotation: &AnnotationSyntax) -> bool {
        if annotation.arguments.is_none() {
            return true;
        }
        let message = format!("`@{}` does not accept a value here", annotation.name.node);
        self.error(Code::S056, annotation.span, message);
        false
    }

    /// Reports named arguments other than `known`, and repeated ones.
    pub(super) fn check_argument_names(&mut self, code: Code, annotation: &AnnotationSyntax, known: &[&str]) {
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

    /// Returns the single text of an annotation such as `@description`.
    pub(super) fn text_argument(&mut self, annotation: &AnnotationSyntax) -> Option<String> {
        let name = &annotation.name.node;
        self.check_argument_names(Code::S056, annotation, &[]);
        let values: Vec<&Spanned<ArgValue>> = annotation.positional().collect();
        match values.as_slice() {
            [Spanned { node: ArgValue::String(text), .. }] if !text.trim().is_empty() => return Some(text.clone()),
            [] | [Spanned { node: ArgValue::String(_), .. }] => {
                self.error(Code::S063, annotation.span, format!("`@{name}` requires a non-empty value"));
            }
            [other] => self.error(Code::S056, other.span, format!("`@{name}` takes a text in double quotes")),
            [_, extra, ..] => self.error(Code::S056, extra.span, format!("`@{name}` takes one text")),
        }
        None
    }

    /// Reports a repeated annotation. Returns `true` for the first one of its name.
    pub(super) fn is_first(&mut self, seen: &mut Vec<(String, Span)>, annotation: &AnnotationSyntax) -> bool {
        let name = &annotation.name.node;
        if let Some((_, first)) = seen.iter().find(|(seen, _)| seen == name) {
            let message = format!("`@{name}` is given multiple times");
            let error = Diagnostic::error(Code::S057, annotation.span, message);
            self.report(error.with_related(*first, "the first one"));
            return false;
        }
        seen.push((name.clone(), annotation.span));
        true
    }
}

/// Returns a value's source text, for annotations without a meaning.
pub(super) fn source_text(value: &ArgValue) -> String {
    match value {
        ArgValue::String(text) | ArgValue::Number(text) | ArgValue::Name(text) => text.clone(),
        ArgValue::Bool(truth) => truth.to_string(),
        ArgValue::System(name) => format!("@{name}"),
        ArgValue::Bounds(low, high) => {
            format!("{}..{}", low.as_deref().unwrap_or_default(), high.as_deref().unwrap_or_default())
        }
        ArgValue::List(items) => {
            format!("[{}]", items.iter().map(|item| source_text(&item.node)).collect::<Vec<_>>().join(", "))
        }
        ArgValue::Call(name, text) => {
            format!("{name}({})", text.as_deref().map(crate::lex::escape).unwrap_or_default())
        }
    }
}
