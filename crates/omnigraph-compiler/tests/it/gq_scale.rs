//! Cost grows with the size of a query and no faster, whatever there is much of.

#![expect(clippy::disallowed_methods, reason = "time is what is tested")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use omnigraph_compiler::diagnostic::render_text;
use omnigraph_compiler::{Diagnostic, compile_file};

use crate::gq_files::fleet;

/// More than any of these takes on a slow machine, and far less than what grows with the square.
const MOST: Duration = Duration::from_secs(10);

#[track_caller]
fn in_time(source: &str) -> Vec<Diagnostic> {
    let catalog = fleet();
    let start = Instant::now();
    let file = compile_file(source, &catalog);
    let found: Vec<Diagnostic> = file.queries.into_iter().flat_map(|query| query.diagnostics).collect();
    let _ = render_text("q.gq", source, &found);
    assert_eq!(file.diagnostics, []);
    assert!(start.elapsed() < MOST, "{:?}", start.elapsed());
    found
}

#[test]
fn columns_that_group_and_order() {
    let mut source = "query q() { match { $s: Sailor } return {\n".to_owned();
    for at in 0..30_000 {
        let _ = writeln!(source, "$s.rank + {at} as k{at}, sum($s.rank * {at}) as n{at}");
    }
    source.push_str("} order {\n");
    for at in 0..30_000 {
        let _ = writeln!(source, "n{at}, sum($s.rank * {at}),");
    }
    source.push_str("k0 } }");
    assert_eq!(in_time(&source), []);
}

#[test]
fn parameters() {
    let mut source = "query q(".to_owned();
    for at in 0..50_000 {
        let _ = write!(source, "$p{at}: I32, ");
    }
    source.push_str("$last: I32) { match { $s: Sailor { rank: $last }\n");
    for at in 0..50_000 {
        let _ = writeln!(source, "$s.rank != $p{at}");
    }
    source.push_str("} return { $s.handle } }");
    assert!(in_time(&source).iter().all(|found| !found.is_error()));
}

#[test]
fn errors() {
    let mut source = "query q() { match { $s: Sailor\n".to_owned();
    for at in 0..20_000 {
        let _ = writeln!(source, "$s.rnk{at} > {at}");
    }
    source.push_str("} return { $s.handle } }");
    assert_eq!(in_time(&source).len(), 20_000);
}
