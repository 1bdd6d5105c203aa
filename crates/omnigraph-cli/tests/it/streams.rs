//! Stdout, stderr, signals and readers that leave.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::support::{ROWS, TestGraph, command};

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let graph = TestGraph::empty();
    let mut rows = String::new();
    for number in 0..20_000 {
        writeln!(rows, "{{\"type\": \"Person\", \"data\": {{\"name\": \"{number:0>40}\"}}}}").unwrap();
    }
    graph.load(&rows, &["--mode", "append"]).ok();
    for arguments in [&["export"][..], &["query", "-e", "query q() { match { $p: Person } return { $p.name } }"]] {
        let mut child = command(arguments.iter().copied().chain(["--store", &graph.uri()]))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        // More than a megabyte is to come, and a pipe holds far less: the command finds the pipe closed.
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(!first.is_empty());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn an_interrupted_load_ends_with_130_and_changes_nothing() {
    let graph = TestGraph::small();
    let before = graph.head("main");
    let uri = graph.uri();
    let mut child = command(["load", "--data", "-", "--mode", "overwrite", &uri])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Stdin stays open: the load waits for more.
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), ROWS.as_bytes()).unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    // The target is named once the command runs, and by then it listens.
    stderr.read_line(&mut line).unwrap();
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    line.clear();
    stderr.read_line(&mut line).unwrap();
    assert!(line.contains("interrupted"), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(graph.head("main"), before);
}

#[test]
fn a_report_is_plain_without_a_terminal() {
    let graph = TestGraph::empty();
    let message = graph.run(&["branch", "delete", "main"]).fails(1);
    assert!(message.contains("error[OG-BRANCH-004]: cannot delete branch 'main'"), "{message}");
    assert!(!message.contains('\x1b'), "{message:?}");
}
