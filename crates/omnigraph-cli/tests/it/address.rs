//! Which graph is meant, which flags a command takes, and consent. None of these opens a graph.

use crate::support::run;

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
}

#[test]
fn a_graph_must_be_named() {
    for none in [&["snapshot"][..], &["branch", "list"], &["query", "-e", "query q() { }"], &["schema", "show"]] {
        let message = run(none).fails(1);
        assert!(message.contains("error[OG-CLI-001]: no graph addressed"), "{message}");
        assert!(message.contains("--store"), "{message}");
    }
}

#[test]
fn a_server_is_no_storage() {
    let message = run(["snapshot", "http://localhost/graphs/k"]).fails(1);
    assert!(message.contains("must be addressed with `--server <url>`"), "{message}");
}

#[test]
fn a_missing_graph_is_said_to_be_missing() {
    let folder = tempfile::tempdir().unwrap();
    let message = run(["snapshot", &folder.path().join("none.omni").display().to_string()]).fails(1);
    assert!(message.contains("error[OG-LOG-001]: there is no graph at"), "{message}");
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
    let message = run(["init", "--store", "x", "--schema", "f", "u"]).fails(1);
    assert!(message.contains("`init` is a direct (storage-native) command; --store addresses"), "{message}");
    assert!(run(["version", "--store", "x"]).fails(1).contains("`version` is a local command"));
}

#[test]
fn destruction_of_remote_data_needs_consent() {
    let remote = "s3://no-such-bucket/graph";
    for (label, arguments) in [
        ("branch delete", &["branch", "delete", "x", "--store", remote][..]),
        ("load --mode overwrite", &["load", "--mode", "overwrite", "--data", "-", remote]),
        ("load --mode overwrite", &["load", "--mode", "overwrite", "--data", "-", "--json", remote]),
    ] {
        let message = run(arguments).fails(1);
        assert!(message.contains(&format!("refusing destructive `{label}`")), "{message}");
        assert!(message.contains("--yes"), "{message}");
        assert!(!message.contains('→'), "the target was named before consent: {message}");
    }
}
