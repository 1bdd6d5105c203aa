//! Generated pages of the manual; `UPDATE_EXPECT=1` rewrites them.

use std::path::PathBuf;

use omnigraph_compiler::diagnostic::render_text;
use omnigraph_compiler::{compile_file, functions};

use crate::gq_files::fleet;

#[expect(clippy::disallowed_methods, reason = "the one switch of the tests")]
pub(crate) fn compare(page: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{} is out of date; run the tests with UPDATE_EXPECT=1", path.display());
}

#[test]
fn the_reference_of_functions_is_up_to_date() {
    compare("reference/functions.md", &functions::reference_markdown());
}

/// Invalid programs with a title each.
const INVALID: &[(&str, &str)] = &[
    ("A misspelled type", "query crew() {\n  match { $s: Sailr }\n  return { $s.handle }\n}\n"),
    (
        "A misspelled property, and what it would have been compared with",
        "query old() {\n  match {\n    $s: Sailor\n    $s.rnak > 28\n    $s.handle > 3\n  }\n  return { $s.handle }\n}\n",
    ),
    (
        "An edge walked from the wrong node",
        "query wrong_end() {\n  match {\n    $h: Harbor\n    $h trusts $x\n  }\n  return { $x.handle }\n}\n",
    ),
    (
        "Text where a date is needed",
        "query since() {\n  match {\n    $s $t: trusts $u\n    $t.since > \"2024-01-01\"\n  }\n  return { $s.handle, $u.handle }\n}\n",
    ),
    (
        "Spellings of other languages",
        "query habits() {\n  match {\n    $s: Sailor\n    $s.rank == 30\n    $s.handle <> 'ana'\n    $s.rank > 1 && $s.rank < 9\n  }\n  return { $s.handle }\n}\n",
    ),
    (
        "A variable bound to two types",
        "query two() {\n  match {\n    $s: Sailor\n    $s basedAt $t\n    $t: Sailor\n  }\n  return { $t.handle }\n}\n",
    ),
    (
        "An aggregate that the rows do not determine",
        "query top() {\n  match { $s trusts $t }\n  return { $s.handle, count(*) as n }\n  order { max($t.rank) desc }\n}\n",
    ),
    (
        "A ranking without end",
        "query close($q: Vector(2)) {\n  match { $n: Note }\n  return { $n.slug }\n  order { nearest($n.v, $q) }\n}\n",
    ),
    (
        "An insertion that leaves something out, an update that moves a key",
        "query write() {\n  insert Sailor { rank: 3.5 }\n  update Sailor set { handle: \"ben\" } where handle = \"ana\"\n}\n",
    ),
    (
        "A brace that is not closed",
        "query first() {\n  match { $s: Sailor\n  return { $s.handle }\n}\nquery second() {\n  match { $s: Sailor }\n  retrun { $s.handle }\n}\n",
    ),
];

#[test]
fn the_page_of_diagnostics_is_up_to_date() {
    let catalog = fleet();
    let mut page = String::from(
        "# Ten invalid programs\n\nThe output of the compiler for ten invalid programs; a test keeps this page up to date.\nThe schema is that of the compiler's tests (`tests/data/fleet.pg`).\n",
    );
    for (title, source) in INVALID {
        let file = compile_file(source, &catalog);
        let mut found = file.diagnostics.clone();
        found.extend(file.queries.iter().flat_map(|query| query.diagnostics.clone()));
        assert!(found.iter().any(|diagnostic| diagnostic.is_error()), "{title}");
        let rendered = render_text("query.gq", source, &found);
        page.push_str(&format!("\n## {title}\n\n```\n{source}```\n\n```text\n{}\n```\n", rendered.trim_end()));
    }
    compare("reference/diagnostics.md", &page);
}
