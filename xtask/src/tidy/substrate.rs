//! Which rooms may name the crates we store with. When the substrate changes its shape, these rooms change and no other.

use std::sync::LazyLock;

use regex::Regex;

use super::outline::{Outline, line_of, pattern};
use super::{Finding, Tree};

/// A crate from outside, and the only places below `crates/*/src` that may name it.
struct Door {
    names: LazyLock<Regex>,
    rooms: &'static [&'static str],
    advice: &'static str,
}

static DOORS: [Door; 2] = [
    Door {
        names: LazyLock::new(|| {
            pattern(r"\blance(?:_\w+)?\s*::|\b(?:use|extern\s+crate)\s+(?:::\s*)?lance(?:_\w+)?\b")
        }),
        rooms: &["crates/omnigraph/src/table/"],
        advice: "only crates/omnigraph/src/table/ may name Lance: give the room a function that says what you need",
    },
    Door {
        names: LazyLock::new(|| pattern(r"\bobject_store\s*::|\b(?:use|extern\s+crate)\s+(?:::\s*)?object_store\b")),
        rooms: &["crates/omnigraph-objects/src/", "crates/omnigraph/src/table/", "crates/omnigraph-testkit/src/"],
        advice: "only omnigraph-objects, the table room and the testkit may name object_store: go through omnigraph_objects",
    },
];

/// Reports the lines outside those rooms that name such a crate. Integration tests and benches may: they check it.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.sources().filter(|(path, _)| path.starts_with("crates/")) {
        let mask = Outline::of(text).mask;
        for door in DOORS.iter().filter(|door| !door.rooms.iter().any(|room| path.starts_with(room))) {
            let places = door.names.find_iter(&mask).map(|found| line_of(&mask, found.start()));
            findings.extend(places.map(|line| Finding::new("substrate", path, line, door.advice)));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn lance_is_named_in_its_room_only() {
        for text in
            ["use lance::Dataset;", "use lance as l;", "fn f(x: lance_io::Store) {}", "use ::lance_core::Error;"]
        {
            assert_eq!(found("crates/omnigraph/src/table/open.rs", text), 0, "{text}");
            assert!(found("crates/omnigraph/src/query/run.rs", text) > 0, "{text}");
            assert!(found("crates/omnigraph-cli/src/main.rs", text) > 0, "{text}");
        }
    }

    #[test]
    fn object_store_is_named_in_three_rooms() {
        let text = "use object_store::path::Path;";
        assert_eq!(found("crates/omnigraph-objects/src/put.rs", text), 0);
        assert_eq!(found("crates/omnigraph-testkit/src/fault.rs", text), 0);
        assert_eq!(found("crates/omnigraph/src/table/store.rs", text), 0);
        assert!(found("crates/omnigraph-log/src/append.rs", text) > 0);
    }

    #[test]
    fn words_and_literals_are_no_names() {
        let text = "// lance::Dataset\nlet x = \"use lance\"; let balance = free_lance(ambulance::x);";
        assert_eq!(found("crates/omnigraph/src/query/run.rs", text), 0);
    }
}
