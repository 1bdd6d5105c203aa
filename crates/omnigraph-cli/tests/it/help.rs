//! Help and version.

use expect_test::expect_file;

use crate::support::{command, ended, run};

#[test]
fn both_flags_print_the_version() {
    let version = format!("omnigraph {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(["-v"]).ok(), version);
    assert_eq!(run(["--version"]).ok(), version);
    assert!(run(["-V"]).fails(2).contains("-V"));
}

#[test]
fn the_version_command_names_the_storage_format() {
    assert_eq!(run(["version"]).ok(), format!("omnigraph {}\ninternal-schema 1\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_is_as_promised() {
    let help = ended(command(["--help"]).env("COLUMNS", "100").output().unwrap()).ok();
    for word in ["COMMANDS BY CAPABILITY", "any", "served", "direct", "control", "local"] {
        assert!(help.contains(word), "{word}");
    }
    expect_file!["help.txt"].assert_eq(&help);
}

#[test]
fn every_command_has_an_example() {
    let commands = [
        "init",
        "load",
        "query",
        "snapshot",
        "export",
        "version",
        "commit list",
        "commit show",
        "schema show",
        "schema plan",
        "lint",
        "fmt",
        "branch create",
        "branch list",
        "branch delete",
        "branch merge",
        "branch rename",
        "branch reset",
        "commit changes",
        "commit revert",
        "commit cherry-pick",
        "log",
        "diff",
        "changes poll",
        "changes baseline",
        "tag create",
        "tag list",
        "tag delete",
        "repair",
        "audit",
    ];
    for path in commands {
        let help = run(path.split(' ').chain(["--help"])).ok();
        assert!(help.contains("Example") && help.contains(&format!("omnigraph {path}")), "{path}:\n{help}");
    }
}

#[test]
fn misuse_has_exit_code_2() {
    assert!(run([] as [&str; 0]).fails(2).contains("Usage"));
    assert!(run(["fly"]).fails(2).contains("fly"));
    assert!(run(["export", "--table", "X"]).fails(2).contains("unexpected argument '--table'"));
    assert!(run(["load", "--data", "x", "g"]).fails(2).contains("--mode"));
    assert!(run(["load", "--data", "x", "--mode", "replace", "g"]).fails(2).contains("overwrite"));
    assert!(run(["query", "--query", "f", "-e", "q"]).fails(2).contains("cannot be used with"));
    assert!(run(["query", "-e", "q", "--json", "--format", "csv"]).fails(2).contains("cannot be used with"));
    assert!(run(["query", "-e", "q", "--branch", "b", "--snapshot", "s"]).fails(2).contains("cannot be used with"));
}
