//! Lint, descriptors, and the selection of a query.

use omnigraph_compiler::describe::{describe, stored_query};
use omnigraph_compiler::diagnostic::Code;
use omnigraph_compiler::lint::{LintInput, LintLevel, LintLevels, SchemaOrigin, lint};
use omnigraph_compiler::{compile, compile_file};

use crate::gq_files::fleet;
use crate::support::cases;

/// The report as JSON; its exit status is 1 if and only if its status is an error.
#[test]
fn reports() {
    let catalog = fleet();
    cases::run("lint", |title, input| {
        let input = LintInput { query_path: "q.gq", source: input, catalog: &catalog };
        let report = lint(input, SchemaOrigin::File { path: "fleet.pg".to_owned() }, &LintLevels::new());
        assert_eq!(report.exit_status() == 1, report.errors > 0, "{title}");
        serde_json::to_string_pretty(&report).unwrap()
    });
}

#[test]
fn severities_can_be_changed() {
    let catalog = fleet();
    let source = "query q($x: I32) { update Sailor set { rank: $x } where handle = \"a\" }\nquery r($unused: I32) { match { $s: Sailor } return { $s } }";
    let run = |levels: LintLevels| {
        let input = LintInput { query_path: "q.gq", source, catalog: &catalog };
        lint(input, SchemaOrigin::Graph { uri: "g".to_owned() }, &levels)
    };
    assert_eq!(run(LintLevels::new()).warnings, 1);
    assert_eq!(run(LintLevels::from([(Code::W001, LintLevel::Off)])).warnings, 0);
    let strict = run(LintLevels::from([(Code::W001, LintLevel::As(omnigraph_compiler::Severity::Error))]));
    assert_eq!((strict.errors, strict.exit_status()), (1, 1));
    assert!(strict.results[1].operation.is_none());
    let informed = run(LintLevels::from([(Code::W001, LintLevel::As(omnigraph_compiler::Severity::Info))]));
    assert_eq!((informed.warnings, informed.infos, informed.exit_status()), (0, 1, 0));
    assert_eq!(
        (informed.findings[0].code, informed.findings[0].query_names.as_slice()),
        (Code::W001, &["r".to_owned()][..])
    );
}

#[test]
fn no_level_makes_an_error_less() {
    let catalog = fleet();
    let input =
        LintInput { query_path: "q.gq", source: "query q() { match { $s: Boat } return { $s } }", catalog: &catalog };
    let report =
        lint(input, SchemaOrigin::Graph { uri: "g".to_owned() }, &LintLevels::from([(Code::T1, LintLevel::Off)]));
    assert_eq!((report.errors, report.exit_status()), (1, 1));
}

#[test]
fn what_a_mutation_hardcodes_can_be_an_error() {
    let catalog = fleet();
    let input =
        LintInput { query_path: "q.gq", source: "query q() { delete Sailor where rank = 1 }", catalog: &catalog };
    let levels = LintLevels::from([(Code::L101, LintLevel::As(omnigraph_compiler::Severity::Error))]);
    let report = lint(input, SchemaOrigin::Graph { uri: "g".to_owned() }, &levels);
    assert_eq!((report.errors, report.warnings), (1, 0));
    assert_eq!(report.results[0].diagnostics.len(), 1);
}

#[test]
fn descriptors() {
    let catalog = fleet();
    let of = |source: &str| {
        let compiled = compile(source, None, &catalog).unwrap();
        serde_json::to_value(describe(&compiled.operation, &catalog)).unwrap()
    };
    let names = |facts: &serde_json::Value| -> Vec<String> {
        facts
            .as_array()
            .unwrap()
            .iter()
            .map(|fact| format!("{} {}", fact["kind"].as_str().unwrap(), fact["type_name"].as_str().unwrap()))
            .collect()
    };
    let read = of(
        "query q() { match { $s: Sailor not { $s basedAt $h } } return { $s.rank, count(*) as n, avg($s.rank) as a } }",
    );
    assert_eq!(names(&read["reads"]), ["node Harbor", "node Sailor", "edge BasedAt"]);
    assert_eq!(names(&read["writes"]), Vec::<String>::new());
    let kinds: Vec<_> =
        read["result"].as_array().unwrap().iter().map(|field| field["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["int", "bigint", "float"]);
    assert!(
        read["result"].as_array().unwrap().iter().all(|field| field["nullable"] == true),
        "aggregates are nullable"
    );
    let delete = of("query q() { delete Sailor where rank = 1 }");
    assert_eq!(names(&delete["writes"]), ["node Sailor", "edge BasedAt", "edge Likes", "edge Trusts"]);
    assert_eq!(names(&delete["reads"]), names(&delete["writes"]));
    assert_eq!(delete["result"], serde_json::json!([]));
    let edge = of("query q() { insert Trusts { from: \"a\", to: \"b\" } }");
    assert_eq!(names(&edge["reads"]), ["node Sailor", "edge Trusts"]);
    assert_eq!(names(&edge["writes"]), ["edge Trusts"]);
    let fields = of("query q() { match { $p: Photo } return { $p.day, $p.tags, $p.cv, $p, $p.big } }");
    let expected = serde_json::json!([
        { "name": "p.day", "kind": "date", "nullable": true },
        { "name": "p.tags", "kind": "list", "item_kind": "string", "nullable": false },
        { "name": "p.cv", "kind": "vector", "vector_dim": 4, "nullable": true },
        { "name": "p", "kind": "object", "nullable": false },
        { "name": "p.big", "kind": "bigint", "nullable": true },
    ]);
    assert_eq!(fields["result"], expected);
}

#[test]
fn stored_queries_are_described() {
    let file = compile_file(
        "query q($v: Vector(3), $l: [I32]?) @description(\"d\") { match { $s: Sailor } return { $s } }",
        &fleet(),
    );
    let expected = serde_json::json!({
        "name": "q", "tool_name": "q", "description": "d", "mutation": false,
        "params": [
            { "name": "v", "kind": "vector", "vector_dim": 3, "nullable": false },
            { "name": "l", "kind": "list", "item_kind": "int", "nullable": true },
        ],
    });
    assert_eq!(serde_json::to_value(stored_query(&file.queries[0].decl)).unwrap(), expected);
}

#[test]
fn selection() {
    let catalog = fleet();
    let message = |source: &str, name: Option<&str>| compile(source, name, &catalog).unwrap_err().remove(0).message;
    let read = "match { $s: Sailor } return { $s }";
    let two = format!("query a() {{ {read} }} query b() {{ {read} }}");
    assert_eq!(message(&two, Some("x")), "query 'x' not found");
    assert_eq!(message(&two, None), "query file contains multiple queries; pass --name");
    assert_eq!(message("// nothing\n", None), "the file holds no query");
    assert_eq!(compile(&two, Some("b"), &catalog).unwrap().operation.name(), "b");
    assert_eq!(compile(&format!("query a() {{ {read} }}"), None, &catalog).unwrap().operation.name(), "a");
}

#[test]
fn settings_come_with_the_query_each_once() {
    let catalog = fleet();
    let query = "query q() { match { $s: Sailor } return { $s } }";
    let compiled =
        compile(&format!("set row_limit = 5;\nset timeout = \"PT5S\";\nset row_limit = 7;\n{query}"), None, &catalog);
    let settings = compiled.unwrap().settings;
    let found: Vec<_> = settings.iter().map(|set| (set.setting.name, format!("{:?}", set.value))).collect();
    let five = "Duration(CalendarDuration { months: 0, days: 0, milliseconds: 5000 })";
    assert_eq!(found, [("row_limit", "I64(7)".to_owned()), ("timeout", five.to_owned())]);
    let refused = compile(&format!("set rowlimit = 5;\n{query}"), None, &catalog).unwrap_err();
    assert_eq!(refused[0].code, Code::T131);
}

#[test]
fn a_branch_statement_is_no_query() {
    let refused = compile("branch list", None, &fleet()).unwrap_err().remove(0);
    assert_eq!(refused.code, Code::Q003);
    assert!(refused.help.unwrap().contains("omnigraph branch"));
}
