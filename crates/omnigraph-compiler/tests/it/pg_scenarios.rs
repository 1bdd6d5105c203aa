//! Every scenario of the schema language that can be decided without data has a case that carries its id.

use std::collections::BTreeSet;

/// Scenarios of lexis, schema and migration that this crate decides. Left out are those about stored rows, access and
/// concurrency, which the engine's tests carry.
const SCENARIOS: &[(&str, &[u32])] = &[
    ("L", &[1, 2, 3, 4, 5, 7, 8, 41, 42, 44]),
    (
        "S",
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
            30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        ],
    ),
    ("K", &[9]),
    ("G", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29]),
];

#[test]
fn every_scenario_is_traceable() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for folder in ["data/pg", "data/pg-fmt", "data/catalog", "data/migrate"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let titles = text.lines().filter_map(|line| line.strip_prefix("# "));
            ids.extend(titles.flat_map(|title| title.split(' ')).map(str::to_owned));
        }
    }
    for file in ["accepted.rs", "migrate_files.rs", "pg_files.rs"] {
        let text = std::fs::read_to_string(root.join("it").join(file)).unwrap();
        let remarks = text.lines().filter_map(|line| line.trim().strip_prefix("/// "));
        ids.extend(remarks.flat_map(|line| line.split([' ', ',', ':', '.', '(', ')'])).map(str::to_owned));
    }
    let wanted =
        SCENARIOS.iter().flat_map(|(area, numbers)| numbers.iter().map(move |number| format!("{area}{number}")));
    let missing: Vec<String> = wanted.filter(|id| !ids.contains(id)).collect();
    assert_eq!(missing, Vec::<String>::new());
}
