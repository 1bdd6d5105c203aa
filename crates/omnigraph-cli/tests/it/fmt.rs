//! `fmt`: formatted schemas and queries.

use crate::support::{command, feed, run};

const SCHEMA: &str = "node A { a: I32 @index // kept\n}";
const FORMATTED: &str = "node A {\n  a: I32 @index // kept\n}\n";
const QUERY: &str = "query q(){match{$a: A}return{$a.a}}";

#[test]
fn files_are_formatted_in_place_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (schema, query) = (path("a.pg"), path("q.gq"));
    std::fs::write(&schema, SCHEMA).unwrap();
    std::fs::write(&query, QUERY).unwrap();
    assert_eq!(run(["fmt", &schema, &query]).ok(), format!("formatted {schema}\nformatted {query}\n"));
    assert_eq!(std::fs::read_to_string(&schema).unwrap(), FORMATTED);
    assert_eq!(run(["fmt", &schema, &query]).ok(), "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "something was left behind");
}

#[test]
fn a_check_changes_nothing_and_fails_where_something_would_change() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("deep/.hidden")).unwrap();
    let schema = folder.path().join("deep/a.pg");
    std::fs::write(&schema, SCHEMA).unwrap();
    std::fs::write(folder.path().join("deep/.hidden/b.pg"), SCHEMA).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "neither").unwrap();
    let all = folder.path().display().to_string();
    let ended = run(["fmt", "--check", &all]);
    let listed = format!("not formatted: {}\n", schema.display());
    assert_eq!((ended.code, ended.stdout, ended.stderr.as_str()), (1, listed, ""));
    assert_eq!(std::fs::read_to_string(&schema).unwrap(), SCHEMA);
    run(["fmt", &all]).ok();
    assert_eq!(run(["fmt", "--check", &all]).ok(), "");
}

#[test]
fn stdin_goes_to_stdout() {
    assert_eq!(feed(&mut command(["fmt", "--language", "pg", "-"]), SCHEMA).ok(), FORMATTED);
    assert_eq!(feed(&mut command(["fmt", "--language", "pg", "--check", "-"]), FORMATTED).ok(), "");
    assert_eq!(feed(&mut command(["fmt", "--language", "pg", "--check", "-"]), SCHEMA).code, 1);
    assert!(run(["fmt", "-"]).fails(2).contains("--language"));
    assert!(run(["fmt", "--language", "gq", "-", "a.gq"]).fails(1).contains("`-` must be the only path"));
    let message = feed(&mut command(["fmt", "--language", "gq", "-"]), "query q( {").fails(1);
    assert!(message.starts_with("error[Q000]") && message.contains("<stdin>:1:"), "{message}");
}

#[test]
fn what_does_not_parse_is_left_alone_and_the_rest_is_formatted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (bad, good) = (path("a.pg"), path("b.pg"));
    std::fs::write(&bad, "node {").unwrap();
    std::fs::write(&good, SCHEMA).unwrap();
    let ended = run(["fmt", &bad, &good]);
    assert_eq!((ended.code, ended.stdout), (1, format!("formatted {good}\n")));
    assert!(ended.stderr.contains("a.pg:1:6") && ended.stderr.contains("1 file does not parse"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(&bad).unwrap(), "node {");
    let message = run(["fmt", &path("notes.txt")]).fails(1);
    assert!(message.contains("neither .pg nor .gq"), "{message}");
    assert!(run(["fmt", &path("none.gq")]).fails(1).contains("cannot read the file"));
    assert!(run(["fmt", "--store", "g", &good]).fails(1).contains("`fmt` is a local command"));
}
