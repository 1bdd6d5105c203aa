//! The graph that a command addresses, its global flags, and confirmation. Most of these open no graph.

use crate::support::{PEOPLE, TestGraph, command, ended, run};

#[test]
fn a_graph_is_named_once() {
    for both in [
        &["snapshot", "g", "--store", "h"][..],
        &["--store", "h", "export", "g"],
        &["branch", "list", "--uri", "g", "--store", "h"],
        &["commit", "show", "id", "--uri", "g", "--store", "h"],
    ] {
        assert!(run(both).fails(1).contains("mutually exclusive"), "{both:?}");
    }
    let message = run(["init", "--store", "x", "--schema", "f", "u"]).fails(1);
    assert!(message.contains("the URI 'u' and --store 'x' differ"), "{message}");
}

#[test]
fn every_command_takes_its_graph_from_the_flag_or_the_environment() {
    let graph = TestGraph::small();
    let uri = graph.uri();
    let with_env = |store: &str, arguments: &[&str]| {
        ended(command(arguments.iter().copied()).env("OMNIGRAPH_STORE", store).output().unwrap())
    };
    for arguments in [&["snapshot"][..], &["branch", "list"], &["query", "-e", PEOPLE], &["schema", "show"], &["log"]] {
        let expected = graph.run(arguments).ok();
        assert_eq!(with_env(&uri, arguments).ok(), expected, "{arguments:?}");
        // A flag takes precedence over the environment.
        let flag = [arguments, &["--store", &uri]].concat();
        assert_eq!(with_env("elsewhere", &flag).ok(), expected, "{arguments:?}");
    }
    assert_eq!(run(["snapshot", &uri, "--store", &uri]).ok(), graph.run(&["snapshot"]).ok());
    let (new, schema) = (graph.path("new.omni").display().to_string(), graph.path("schema.pg").display().to_string());
    let made = with_env(&new, &["init", "--schema", &schema, "--durability", "os"]).ok();
    assert_eq!(made, format!("initialized {new}\n"));
    // A command without a graph ignores the variable.
    with_env(&uri, &["version"]).ok();
}

#[test]
fn a_graph_must_be_named() {
    for none in [&["snapshot"][..], &["branch", "list"], &["query", "-e", "query q() { }"], &["schema", "show"]] {
        let message = run(none).fails(1);
        assert!(message.contains("error[OG-CLI-001]: no graph addressed"), "{message}");
        assert!(message.contains("--store") && message.contains("OMNIGRAPH_STORE"), "{message}");
    }
}

#[test]
fn a_server_is_not_a_storage() {
    let message = run(["snapshot", "http://localhost/graphs/k"]).fails(1);
    assert!(message.contains("must be addressed with `--server <url>`"), "{message}");
}

#[test]
fn a_missing_graph_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let message = run(["snapshot", &folder.path().join("none.omni").display().to_string()]).fails(1);
    assert!(message.contains("error[OG-GRAPH-001]: graph not found at"), "{message}");
    assert!(message.contains("omnigraph init"), "{message}");
}

#[test]
fn a_flag_that_does_not_apply_is_refused() {
    let message = run(["query", "-e", "x", "--as", "a"]).fails(1);
    assert!(message.contains("`query` is a data command; --as sets the actor"), "{message}");
    assert!(message.ends_with("and does not apply.\n"), "{message}");
    for read in [&["commit", "list", "--as", "a"][..], &["branch", "list", "--as", "a"], &["export", "--as", "a"]] {
        assert!(run(read).fails(1).contains("does not apply"), "{read:?}");
    }
    let message = run(["init", "--as", "a", "--schema", "f", "u"]).fails(1);
    assert!(message.contains("`init` is a direct (storage-native) command; --as sets the actor"), "{message}");
    assert!(run(["version", "--store", "x"]).fails(1).contains("`version` is a local command"));
}

#[test]
fn destructive_operations_on_remote_storage_need_confirmation() {
    let remote = "s3://no-such-bucket/graph";
    for (label, arguments) in [
        ("branch delete", &["branch", "delete", "x", "--store", remote][..]),
        ("load --mode overwrite", &["load", "--mode", "overwrite", "--data", "-", remote]),
        ("load --mode overwrite", &["load", "--mode", "overwrite", "--data", "-", "--json", remote]),
    ] {
        let message = run(arguments).fails(1);
        assert!(message.contains(&format!("refusing destructive `{label}`")), "{message}");
        assert!(message.contains("--yes"), "{message}");
        assert!(!message.contains('→'), "the target was printed before confirmation: {message}");
    }
}
