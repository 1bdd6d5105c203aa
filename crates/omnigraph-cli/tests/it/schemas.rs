//! `schema show`.

use serde_json::json;

use crate::support::{Graph, SCHEMA, run};

#[test]
fn the_schema_is_shown_as_it_was_written() {
    let graph = Graph::empty();
    assert_eq!(run(["schema", "show", &graph.uri()]).ok(), SCHEMA);
    assert_eq!(graph.run(&["schema", "show", "--json"]).json(), json!({ "schema_source": SCHEMA }));
    assert_eq!(run(["--store", &graph.uri(), "schema", "show"]).ok(), SCHEMA);
}
