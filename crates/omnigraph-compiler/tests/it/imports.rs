//! Schemas of several files.

use std::collections::BTreeMap;

use omnigraph_compiler::catalog::provisional_ids;
use omnigraph_compiler::pg::{self, LoadedSchema};

fn load(files: &[(&str, &str)]) -> (LoadedSchema, Vec<String>) {
    let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
    let mut asked = Vec::new();
    let (name, source) = files[0];
    let loaded = pg::load(name, source, &mut |path| {
        asked.push(path.to_owned());
        texts.get(path).map(|text| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    });
    (loaded, asked)
}

fn names(loaded: &LoadedSchema) -> Vec<&str> {
    loaded.schema.declarations.iter().map(|declaration| declaration.name.node.as_str()).collect()
}

#[test]
fn joins_files_relative_to_each_other_and_reads_each_once() {
    let (loaded, asked) = load(&[
        ("main.pg", "import \"parts/a.pg\" import \"./parts/../parts/b.pg\" node Main {}"),
        ("parts/a.pg", "import \"../base.pg\" node A {}"),
        ("parts/b.pg", "import \"../base.pg\" import \"a.pg\" node B {}"),
        ("base.pg", "node Base {}"),
    ]);
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(names(&loaded), ["Base", "A", "B", "Main"]);
    assert_eq!(asked, ["parts/a.pg", "base.pg", "parts/b.pg"]);
    assert_eq!(loaded.schema.imports, []);
}

#[test]
fn every_diagnostic_knows_its_file() {
    let (loaded, _) = load(&[
        ("main.pg", "import \"a.pg\"\nnode Main { x: Strin }"),
        ("a.pg", "node A {\n  y: Vectr(3)\n}\nimport \"gone.pg\""),
    ]);
    let rendered = loaded.sources.render_json(&loaded.diagnostics);
    let places: Vec<(String, u64, u64)> = rendered
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            (
                item["file"].as_str().unwrap().to_owned(),
                item["line"].as_u64().unwrap(),
                item["column"].as_u64().unwrap(),
            )
        })
        .collect();
    let mut distinct = places.clone();
    distinct.dedup();
    assert!(distinct.contains(&("main.pg".to_owned(), 2, 16)), "{places:?}");
    assert!(distinct.contains(&("a.pg".to_owned(), 2, 6)), "{places:?}");
    assert!(distinct.contains(&("a.pg".to_owned(), 4, 1)), "{places:?}");
    let text = loaded.sources.render_text(&loaded.diagnostics);
    assert!(text.contains("a.pg:2:6") && text.contains("main.pg:2:16"), "{text}");
}

#[test]
fn semantic_errors_point_into_the_right_file() {
    let (loaded, _) = load(&[("main.pg", "import \"a.pg\"\nnode Same {}"), ("a.pg", "\n\nnode Same {}")]);
    assert_eq!(loaded.diagnostics, []);
    let (catalog, diagnostics) =
        omnigraph_compiler::catalog::build(&loaded.schema, None, &mut crate::support::mint::counting(1));
    assert!(catalog.is_none());
    let text = loaded.sources.render_text(&diagnostics);
    assert!(text.contains("main.pg:2:6") && text.contains("duplicate node type `Same`"), "{text}");
    assert!(text.contains("first declared here, in a.pg"), "{text}");
}

#[test]
fn cycles_are_named() {
    let (loaded, _) =
        load(&[("main.pg", "import \"a.pg\""), ("a.pg", "import \"b.pg\""), ("b.pg", "import \"a.pg\" node B {}")]);
    let messages: Vec<&str> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(messages, ["imports form a cycle: a.pg -> b.pg -> a.pg"]);
    assert_eq!(names(&loaded), ["B"]);
    let (loaded, _) = load(&[("main.pg", "import \"main.pg\"")]);
    assert_eq!(loaded.diagnostics[0].code.as_str(), "S005");
}

#[test]
fn unreadable_and_absolute_paths_are_errors() {
    let source = "import \"gone.pg\" import \"/etc/passwd\" import \"http://x/y.pg\" import \"\"";
    let (loaded, asked) = load(&[("main.pg", source)]);
    assert_eq!(asked, ["gone.pg"]);
    assert_eq!(loaded.diagnostics.len(), 4);
    assert!(loaded.diagnostics.iter().all(|diagnostic| diagnostic.code.as_str() == "S004"));
}

#[test]
fn a_tower_of_imports_ends() {
    let mut depth = 0;
    let loaded = pg::load("0.pg", "import \"1.pg\"", &mut |_| {
        depth += 1;
        Ok(format!("import \"{}.pg\"", depth + 1))
    });
    assert!(depth < 100);
    assert_eq!(loaded.diagnostics.len(), 1);
}

#[test]
fn building_without_resolving_is_refused() {
    let (catalog, diagnostics) =
        omnigraph_compiler::compile_schema("import \"a.pg\"", None, &mut crate::support::mint::counting(1));
    assert!(catalog.is_none());
    assert_eq!(diagnostics[0].code.as_str(), "S003");
}

/// A schema of several files is stored as one text with the same meaning.
#[test]
fn the_printed_whole_stands_alone() {
    let (loaded, _) = load(&[
        (
            "main.pg",
            "// main\nimport \"a.pg\" // the other\n\n// about Main\nnode Main implements I {}\nedge E: Main -> Main",
        ),
        ("a.pg", "// about I\ninterface I { k: String @key }"),
    ]);
    let mint = crate::support::mint::counting;
    let (catalog, diagnostics) = omnigraph_compiler::catalog::build(&loaded.schema, None, &mut mint(1));
    assert_eq!(diagnostics, []);
    let printed = pg::print(&loaded.schema);
    let (again, diagnostics) = omnigraph_compiler::compile_schema(&printed, None, &mut mint(1));
    assert_eq!(diagnostics, []);
    assert_eq!(again, catalog);
    for comment in ["// main", "// about Main", "// about I", "// the other"] {
        assert!(printed.contains(comment), "{comment} is lost:\n{printed}");
    }
}

#[test]
fn a_schema_of_several_files_is_judged_as_one() {
    let (loaded, _) = load(&[("main.pg", "import \"a.pg\"\nedge E: A -> Dokc"), ("a.pg", "node A {}\nnode Dock {}")]);
    let (catalog, diagnostics) = omnigraph_compiler::compile_loaded(&loaded, None, &mut provisional_ids());
    assert!(catalog.is_none());
    let text = loaded.sources.render_text(&diagnostics);
    assert!(text.contains("main.pg:2:14") && text.contains("did you mean `Dock`?"), "{text}");
    let (loaded, _) = load(&[("main.pg", "import \"a.pg\"\nedge E: A -> A"), ("a.pg", "node A {}")]);
    let (catalog, diagnostics) = omnigraph_compiler::compile_loaded(&loaded, None, &mut provisional_ids());
    assert_eq!((diagnostics, catalog.unwrap().edges.len()), (vec![], 1));
}

#[test]
fn a_byte_order_mark_is_not_part_of_the_text() {
    let (schema, diagnostics) = pg::parse("\u{feff}node A {}\n");
    assert_eq!((diagnostics, schema.declarations[0].span.start), (vec![], 3));
    assert_eq!(pg::format("\u{feff}node A {}\n").unwrap(), "node A {}\n");
    let query = "\u{feff}// first\nquery q() { match { $s: Sailor } return { $s } }\n";
    let formatted = omnigraph_compiler::gq::format(query).unwrap();
    assert!(formatted.starts_with("// first\nquery q()"), "{formatted}");
}
