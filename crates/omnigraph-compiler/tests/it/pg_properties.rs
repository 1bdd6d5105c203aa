//! Properties of the schema language for all schemas and all texts.

use std::collections::BTreeSet;

use omnigraph_compiler::catalog::{AcceptedSchema, fingerprint};
use omnigraph_compiler::migrate::{self, DropMode, MigrationStep};
use omnigraph_compiler::{Catalog, compile_schema, pg};
use proptest::prelude::*;
use regex::Regex;

use crate::support::mint;

/// Property types with the annotations that may follow each of them.
const PROPERTIES: &[(&str, &[&str])] = &[
    (
        "String",
        &[
            "@unique",
            "@index",
            "@index(analyzer=code)",
            "@default(\"a\\n\\\"b\")",
            "@default(uuid())",
            "@note(\"x\", k=1)",
        ],
    ),
    ("String?", &["@unique", "@index(analyzer=\"english\")", "@description(\"said\")"]),
    ("I32", &["@unique", "@index", "@default(-5)"]),
    ("I64?", &["@unique", "@default(9223372036854775807)"]),
    ("U32", &["@default(7)"]),
    ("U64?", &["@index"]),
    ("F32", &["@default(1.5e-3)"]),
    ("F64?", &["@default(0.1)", "@unique"]),
    ("Bool", &["@default(true)", "@index"]),
    ("Date", &["@default(date(\"2024-02-29\"))"]),
    ("DateTime?", &["@default(now())", "@unique"]),
    ("enum(b, a, 3-c)", &["@default(\"3-c\")", "@default(a)", "@index"]),
    ("[enum(x, y)]?", &["@default([\"x\"])"]),
    ("[I32]", &["@default([1, -2])"]),
    ("[String]?", &["@default([])"]),
    ("Vector(3)", &["@index", "@index(metric=dot)", "@default([1, 2.5, -3])"]),
    ("Blob?", &["@note"]),
    ("Json?", &["@default([\"a\", 1])", "@flag(true)"]),
];

/// Positions of comments.
const SPACES: &[&str] = &[" ", "\n", "  // remark\n", " /* remark */ ", "\n\n// own line\n\n"];

/// Generates a property without its name.
fn property() -> impl Strategy<Value = String> {
    (0..PROPERTIES.len(), any::<u8>()).prop_map(|(at, chosen)| {
        let (ty, annotations) = PROPERTIES[at];
        // One bit each, at most one annotation per name.
        let mut text = ty.to_owned();
        let mut used: Vec<&str> = Vec::new();
        for (bit, annotation) in annotations.iter().enumerate() {
            let name = annotation.split('(').next().unwrap();
            if chosen >> bit & 1 == 1 && !used.contains(&name) {
                used.push(name);
                text.push(' ');
                text.push_str(annotation);
            }
        }
        text
    })
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(" "), 1 => prop::sample::select(SPACES)]
}

/// Generates a body: properties `p0…`, then constraints over one numeric and one text property that always exist.
fn body(rules: &'static [&'static str]) -> impl Strategy<Value = String> {
    (prop::collection::vec((property(), space()), 0..6), prop::sample::subsequence(rules, 0..=rules.len()), space())
        .prop_map(|(properties, rules, last)| {
            let mut text = "{ num: F64 txt: String ".to_owned();
            for (at, (property, space)) in properties.iter().enumerate() {
                text.push_str(&format!("p{at}: {property}{space}"));
            }
            for rule in rules {
                text.push_str(rule);
                text.push('\n');
            }
            text.push_str(last);
            text.push('}');
            text
        })
}

const NODE_RULES: &[&str] = &[
    "@key(txt, k)",
    "@unique(num, txt)",
    "@index(txt, num)",
    "@index(txt, analyzer=ngram)",
    "@range(num, -1.5..2)",
    "@range(num, ..9, \"nine at most\")",
    "@check(txt, \"^[a-z]+\\\\d$\")",
    "@check(txt, \"x\", \"says\")",
];

const EDGE_RULES: &[&str] =
    &["@key(@src, @dst, txt)", "@unique(src, dst)", "@range(num, 0..)", "@check(txt, \".\")", "@index(num)"];

const EDGE_HEADERS: &[&str] =
    &["@card(0..3)", "@card_in(1..)", "@on_delete(restrict)", "@description(\"d\")", "@other(1, a=b)"];

/// Generates a schema that is valid by construction.
fn schema() -> impl Strategy<Value = String> {
    let nodes = prop::collection::vec((body(NODE_RULES), any::<bool>(), space()), 1..5);
    let headers = prop::sample::subsequence(EDGE_HEADERS, 0..=EDGE_HEADERS.len());
    let edges =
        prop::collection::vec((any::<u8>(), any::<u8>(), headers, prop::option::of(body(EDGE_RULES)), space()), 0..5);
    (nodes, edges, property()).prop_map(|(nodes, edges, shared)| {
        let mut text = format!("interface Shared {{ k: String  shared: {shared} }}\n");
        for (at, (body, documented, space)) in nodes.iter().enumerate() {
            let annotation = if *documented { "@description(\"a \\\"node\\\"\") " } else { "" };
            text.push_str(&format!("{space}node N{at} {annotation}implements Shared {body}\n"));
        }
        for (at, (from, to, headers, body, space)) in edges.iter().enumerate() {
            let (from, to) = (*from as usize % nodes.len(), *to as usize % nodes.len());
            let body = body.as_deref().unwrap_or_default();
            text.push_str(&format!("edge E{at}: N{from} -> N{to} {}{space}{body}\n", headers.join(" ")));
        }
        text
    })
}

/// Renames every node type, edge type and own property of a generated schema, with hints to the old names.
fn rename_all(source: &str) -> String {
    let replace = |text: &str, pattern: &str, by: &str| Regex::new(pattern).unwrap().replace_all(text, by).into_owned();
    let text = replace(
        source,
        r"(num|txt|p\d): ((?:\[?enum\([^)]*\)|\[?Vector\(3\)|\[?[A-Z]\w*)\]?\??)",
        "new_$1: $2 @rename_from($1)",
    );
    let text = replace(&text, r"([(, ])(num|txt)([,)])", "$1 new_$2 $3");
    let text = replace(&text, r"([(, ])(num|txt)([,)])", "$1 new_$2 $3").replace("rename_from( new_", "rename_from(");
    let text = replace(&text, r"node N(\d) ", "node M$1 @rename_from(\"N$1\") ");
    replace(&text, r"edge E(\d): N(\d) -> N(\d) ", "edge F$1: M$2 -> M$3 @rename_from(\"E$1\") ")
}

/// Returns all ids of a catalog.
fn ids(catalog: &Catalog) -> BTreeSet<String> {
    let nodes = catalog.nodes.values().map(|ty| (ty.id, ty.table, &ty.properties));
    let edges = catalog.edges.values().map(|ty| (ty.id, ty.table, &ty.properties));
    nodes
        .chain(edges)
        .flat_map(|(id, table, properties)| {
            let own = [id.to_string(), table.to_string()];
            own.into_iter().chain(properties.iter().map(|property| property.id.to_string()))
        })
        .collect()
}

fn build(source: &str, previous: Option<&Catalog>, first: u128) -> Catalog {
    let (catalog, diagnostics) = compile_schema(source, previous, &mut mint::counting(first));
    catalog.unwrap_or_else(|| panic!("{source}\n{diagnostics:?}"))
}

/// Runs all functions on any text. A text without errors prints to a text with the same tree.
fn exercise(text: &str) {
    let (mut schema, parsed) = pg::parse(text);
    let (catalog, diagnostics) = compile_schema(text, None, &mut mint::counting(1));
    for diagnostic in parsed.iter().chain(&diagnostics) {
        assert!(diagnostic.span.start <= text.len() && diagnostic.span.start <= diagnostic.span.end);
    }
    let sources = omnigraph_compiler::source::SourceMap::single("any.pg", text);
    let _ = sources.render_text(&diagnostics);
    let _ = sources.render_json(&diagnostics);
    let printed = pg::print(&schema);
    if parsed.is_empty() {
        let (mut again, diagnostics) = pg::parse(&printed);
        assert_eq!(diagnostics, [], "{text}\n=>\n{printed}");
        schema.erase_spans();
        again.erase_spans();
        assert_eq!(again, schema, "{text}\n=>\n{printed}");
    }
    if let Some(catalog) = catalog {
        assert_eq!(catalog.verify(), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Printer, parser, builder and stored form agree.
    #[test]
    fn valid_schemas_survive(source in schema()) {
        let (mut tree, diagnostics) = pg::parse(&source);
        prop_assert_eq!(&diagnostics, &[], "{}", source);
        let printed = pg::print(&tree);
        let (mut again, diagnostics) = pg::parse(&printed);
        prop_assert_eq!(&diagnostics, &[], "{}", printed);
        tree.erase_spans();
        again.erase_spans();
        prop_assert_eq!(&again, &tree, "{}", printed);
        let catalog = build(&source, None, 1);
        prop_assert_eq!(&build(&printed, None, 1), &catalog);
        prop_assert_eq!(catalog.verify(), Ok(()));
        let accepted = AcceptedSchema::new(source, catalog);
        prop_assert_eq!(AcceptedSchema::decode(&accepted.encode().unwrap()).unwrap(), accepted);
    }

    /// A second build on top of the first keeps every id and has an empty plan.
    #[test]
    fn unchanged_schemas_plan_nothing(source in schema()) {
        let old = build(&source, None, 1);
        let (new, _) = compile_schema(&source, Some(&old), &mut || panic!("nothing is new"));
        let new = new.unwrap();
        prop_assert_eq!(&new, &old);
        prop_assert_eq!(migrate::plan(&old, &new, DropMode::Soft).steps, []);
    }

    /// Any two schemas have a plan. It is empty exactly when they have the same fingerprint, and it reads back.
    #[test]
    fn any_two_schemas_have_a_plan(one in schema(), two in schema()) {
        let old = build(&one, None, 1);
        let new = build(&two, Some(&old), 1_000_000);
        let plan = migrate::plan(&old, &new, DropMode::Hard);
        prop_assert_eq!(plan.steps.is_empty(), fingerprint(&old) == fingerprint(&new));
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert!(!text.contains("OG-MF-111"), "{}", text);
        prop_assert_eq!(serde_json::from_str::<migrate::MigrationPlan>(&text).unwrap(), plan.clone());
        for step in &plan.steps {
            prop_assert!(!step.to_string().is_empty());
        }
    }

    /// Renames with hints plan renames only and keep every id.
    #[test]
    fn renamed_schemas_plan_renames_only(source in schema()) {
        let renamed = rename_all(&source);
        let old = build(&source, None, 1);
        let (new, diagnostics) = compile_schema(&renamed, Some(&old), &mut || panic!("nothing is new"));
        let new = new.unwrap_or_else(|| panic!("{renamed}\n{diagnostics:?}"));
        prop_assert_eq!(ids(&new), ids(&old), "{}", renamed);
        let plan = migrate::plan(&old, &new, DropMode::Soft);
        for step in &plan.steps {
            let rename = matches!(step, MigrationStep::RenameType { .. } | MigrationStep::RenameProperty { .. });
            prop_assert!(rename, "{}\n{}", renamed, step);
        }
        let properties: usize = old.nodes.values().map(|ty| ty.properties.len() - 2).sum::<usize>()
            + old.edges.values().map(|ty| ty.properties.len()).sum::<usize>();
        prop_assert_eq!(plan.steps.len(), old.nodes.len() + old.edges.len() + properties);
    }

    /// Valid programs with a few changed, dropped or doubled bytes.
    #[test]
    fn mutated_schemas_never_panic(source in schema(), edits in prop::collection::vec((any::<u32>(), 0u8..4, any::<u8>()), 1..6)) {
        let mut bytes = source.into_bytes();
        for (at, kind, byte) in edits {
            let at = at as usize % bytes.len().max(1);
            match kind {
                0 if at < bytes.len() => { bytes.remove(at); }
                1 => bytes.insert(at, byte),
                2 if at < bytes.len() => bytes[at] = byte,
                _ => {
                    let end = (at + byte as usize).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        exercise(&String::from_utf8_lossy(&bytes));
    }

    /// Arbitrary text.
    #[test]
    fn any_text_never_panics(text in any::<String>()) {
        exercise(&text);
    }

    /// Words of the language in any order.
    #[test]
    fn any_words_never_panic(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        exercise(&words.join(" "));
        exercise(&words.concat());
    }

    /// Arbitrary bytes, and stored schemas with a changed byte, are refused or read without a panic.
    #[test]
    fn damaged_stored_schemas_never_panic(source in schema(), at in any::<u32>(), byte in any::<u8>()) {
        let mut bytes = AcceptedSchema::new(&source, build(&source, None, 1)).encode().unwrap();
        let at = at as usize % bytes.len();
        bytes[at] = byte;
        if let Ok(accepted) = AcceptedSchema::decode(&bytes) {
            let plan = migrate::plan(&accepted.catalog, &build(&source, None, 1), DropMode::Soft);
            let _ = plan.refusal();
        }
    }
}

const WORDS: &[&str] = &[
    "node",
    "edge",
    "interface",
    "import",
    "implements",
    "A",
    "B",
    "x",
    "y",
    "src",
    ":",
    "->",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    "?",
    "@",
    "@key(",
    "@unique",
    "@index(",
    "@range(x,",
    "@check(x,",
    "@card(",
    "@default(",
    "@embed(",
    "@rename_from(",
    "@src",
    "..",
    "-",
    "1",
    "0.5",
    "99999999999999999999",
    "1e999",
    "\"s\"",
    "\"\\q\"",
    "\"",
    "String",
    "I32",
    "Vector(",
    "enum(",
    "[String]",
    "=",
    "// c\n",
    "/* c */",
    "/*",
    "é",
    "metric=l2",
    "now()",
    "true",
    "x: I32",
    "node A {",
    "edge E: A -> A",
];
