//! Bare queries: the body of one query without a name and without declared parameters.
//!
//! A caller that passes parameters by name need not declare them. The compiler takes their types from the values, as far as a
//! JSON value determines them, and tries the candidates in order: a string may be a date, an integer any number.

use serde_json::Value;

use crate::catalog::Catalog;
use crate::compile::{CompiledOperation, compile};
use crate::diagnostic::Diagnostic;
use crate::lex::{first_word, text_start};
use crate::span::Span;

/// The name of the query in results.
const NAME: &str = "query";
/// Combinations of types that are tried.
const MAX_ATTEMPTS: usize = 256;
/// The words that the body of a query begins with.
const BODY_WORDS: &[&str] = &["match", "insert", "update", "delete", "merge", "mutation"];

/// Returns `true` if `source` is the body of a query rather than a query file.
#[must_use]
pub fn is_bare(source: &str) -> bool {
    first_word(source).is_some_and(|word| BODY_WORDS.contains(&word))
}

/// Compiles the body of a query. `params` are the parameters it may use, by name and value.
///
/// # Errors
/// The diagnostics of the first candidate types, with positions in `body`.
pub fn compile_bare(
    body: &str,
    params: &[(&str, &Value)],
    catalog: &Catalog,
) -> Result<CompiledOperation, Vec<Diagnostic>> {
    let used: Vec<(&str, Vec<String>)> = params.iter().map(|(name, value)| (*name, candidates(value))).collect();
    let combinations = used.iter().fold(1_usize, |count, (_, types)| count.saturating_mul(types.len()));
    // A byte order mark is valid at the beginning of a text only, and the header comes first.
    let start = text_start(body);
    let mut first = None;
    for attempt in 0..combinations.min(MAX_ATTEMPTS) {
        let header = header(&used, attempt);
        let offset = header.len() - start;
        match compile(&format!("{header}{}\n}}", &body[start..]), None, catalog) {
            Ok(compiled) => return Ok(shifted(compiled, offset, body.len())),
            Err(diagnostics) if first.is_none() => first = Some((offset, diagnostics)),
            Err(_) => {}
        }
    }
    let (offset, mut diagnostics) = first.unwrap_or_default();
    diagnostics.iter_mut().for_each(|diagnostic| shift(diagnostic, offset, body.len()));
    Err(diagnostics)
}

/// Returns the beginning of the query with the types of combination number `attempt`.
fn header(params: &[(&str, Vec<String>)], mut attempt: usize) -> String {
    let mut declared = Vec::with_capacity(params.len());
    for (name, types) in params {
        declared.push(format!("${name}: {}", types[attempt % types.len()]));
        attempt /= types.len();
    }
    match declared.as_slice() {
        [] => format!("query {NAME}() {{ "),
        declared => format!("query {NAME}({}) {{ ", declared.join(", ")),
    }
}

/// Returns the types that a value can have, the most likely first. Never empty.
fn candidates(value: &Value) -> Vec<String> {
    let scalars: &[&str] = match value {
        Value::Bool(_) => &["Bool"],
        Value::Number(number) if number.is_f64() => &["F64", "F32"],
        Value::Number(_) => &["I64", "I32", "U64", "U32", "F64", "F32"],
        Value::String(_) => &["String", "Date", "DateTime"],
        Value::Null => &["String?", "I64?", "F64?", "Bool?", "Date?", "DateTime?", "I32?", "U64?", "U32?", "F32?"],
        Value::Array(items) => return lists(items),
        Value::Object(_) => &["Json"],
    };
    scalars.iter().map(|&ty| ty.to_owned()).collect()
}

fn lists(items: &[Value]) -> Vec<String> {
    let mut types = Vec::new();
    if !items.is_empty() && items.iter().all(Value::is_number) {
        types.push(format!("Vector({})", items.len()));
    }
    let widest = items.iter().find(|item| item.is_f64()).or(items.first());
    let elements = widest.map_or_else(|| vec!["String".to_owned()], candidates);
    types.extend(elements.iter().map(|element| format!("[{element}]")));
    types
}

fn shifted(mut compiled: CompiledOperation, offset: usize, length: usize) -> CompiledOperation {
    compiled.warnings.iter_mut().for_each(|warning| shift(warning, offset, length));
    compiled
}

/// Moves the positions of a diagnostic from the wrapped query to its body.
fn shift(diagnostic: &mut Diagnostic, offset: usize, length: usize) {
    let position = |at: usize| at.saturating_sub(offset).min(length);
    let moved = |span: Span| Span { start: position(span.start), end: position(span.end) };
    diagnostic.span = moved(diagnostic.span);
    diagnostic.related.iter_mut().for_each(|related| related.span = moved(related.span));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_differ_from_files() {
        assert!(is_bare("match { $c: City } return { $c.name }"));
        assert!(is_bare("// a comment\n insert City { name: $n }"));
        assert!(!is_bare("query all() { match { $c: City } return { $c.name } }"));
        assert!(!is_bare("set timeout = 1\nquery q() {}"));
        assert!(!is_bare("  // nothing"));
    }

    #[test]
    fn many_parameters_and_a_byte_order_mark_are_accepted() {
        let catalog =
            crate::compile_schema("node City { name: String @key }", None, &mut crate::catalog::provisional_ids())
                .0
                .unwrap();
        let names: Vec<String> = (0..64).map(|number| format!("p{number}")).collect();
        let params: Vec<(&str, &Value)> = names.iter().map(|name| (name.as_str(), &Value::Null)).collect();
        let body = "\u{feff}match { $c: City } return { $c.nam }";
        assert!(is_bare(body));
        let diagnostics = compile_bare(body, &params, &catalog).unwrap_err();
        assert_eq!(&body[diagnostics[0].span.start..diagnostics[0].span.end], "nam");
    }

    #[test]
    fn candidates_follow_the_value() {
        assert_eq!(candidates(&json!("x"))[0], "String");
        assert_eq!(candidates(&json!(1))[0], "I64");
        assert_eq!(candidates(&json!([0.5, 1]))[..2], ["Vector(2)", "[F64]"]);
        assert_eq!(candidates(&json!([])), ["[String]"]);
    }
}
