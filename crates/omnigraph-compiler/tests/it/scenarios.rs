//! Scenarios of the language that can be decided without data: each is held by a case that carries its id, and a page of the manual lists
//! them all. The page is made from the cases, so it says nothing that is not tested.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::docs::compare;

/// A group of scenarios.
struct Area {
    /// The letters in front of the number.
    prefix: &'static str,
    about: &'static str,
    /// Scenarios are numbered from 1 to this.
    last: u32,
    /// Those that a case here must carry.
    decided: &'static [u32],
    /// Who decides the others, and why.
    others: &'static str,
}

const AREAS: &[Area] = &[
    Area { prefix: "L", about: "Lexis and grammar", last: 44, decided: &ALL.0, others: "" },
    Area {
        prefix: "S",
        about: "Schema",
        last: 45,
        decided: &BUT_TWO.0,
        others: "the engine: tables, and what creating a graph leaves behind",
    },
    Area { prefix: "K", about: "Physical ids", last: 16, decided: &[9], others: "the engine: ids of rows" },
    Area { prefix: "Q", about: "Static typing", last: 49, decided: &ALL_TYPING.0, others: "" },
    Area {
        prefix: "TR",
        about: "Traversal",
        last: 40,
        decided: &[20, 21, 23, 29, 31],
        others: "the engine: which rows come out",
    },
    Area {
        prefix: "F",
        about: "Filters, negation, nulls",
        last: 39,
        decided: &[
            6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 31, 33, 34, 35, 36, 37, 38,
            39,
        ],
        others: "the engine: which rows come out",
    },
    Area {
        prefix: "A",
        about: "Aggregates",
        last: 16,
        decided: &[1, 2, 3, 4, 5, 6, 8, 9, 10, 13, 14, 15, 16],
        others: "the engine: values",
    },
    Area {
        prefix: "O",
        about: "Order and limit",
        last: 12,
        decided: &[1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12],
        others: "the engine: order of rows",
    },
    Area {
        prefix: "R",
        about: "Search and ranking",
        last: 30,
        decided: &[27, 28, 30],
        others: "the engine: hits and scores",
    },
    Area {
        prefix: "P",
        about: "Parameters and JSON",
        last: 22,
        decided: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 21],
        others: "the engine: cells of results",
    },
    Area {
        prefix: "M",
        about: "Mutations",
        last: 36,
        decided: &[1, 2, 3, 4, 6, 7, 9, 11, 12, 13, 14, 15, 16, 20, 21, 22, 25, 27, 28, 29, 30, 33, 34],
        others: "the engine: rows, commits and writers beside each other",
    },
    Area { prefix: "V", about: "Constraints", last: 24, decided: &[], others: "the engine: values of rows" },
    Area {
        prefix: "G",
        about: "Migration",
        last: 30,
        decided: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29],
        others: "the engine: branches, refusal to apply, writers beside it",
    },
    Area { prefix: "B", about: "Bulk load", last: 30, decided: &[], others: "the engine" },
    Area { prefix: "X", about: "Export", last: 8, decided: &[], others: "the engine" },
    Area { prefix: "N", about: "Lint and descriptors", last: 15, decided: &ALL_LINT.0, others: "" },
    Area { prefix: "H", about: "Merging of branches", last: 13, decided: &[], others: "the engine" },
];

const ALL: Counted<44> = Counted::new();
const BUT_TWO: Counted<43> = Counted::new();
const ALL_TYPING: Counted<49> = Counted::new();
const ALL_LINT: Counted<15> = Counted::new();

/// The numbers from 1 to `N`.
struct Counted<const N: usize>([u32; N]);

impl<const N: usize> Counted<N> {
    const fn new() -> Self {
        let mut numbers = [0; N];
        let mut at = 0;
        while at < N {
            numbers[at] = at as u32 + 1;
            at += 1;
        }
        Self(numbers)
    }
}

/// Words in the title of a case that say that it deviates from the scenario, and how.
const DEVIATIONS: &[&str] = &["superseded: ", "changed: "];

/// The end of the title of a change of schema that the base of the language refuses and its second layer plans.
const PLANNED: &str = "Layer 2)";

#[derive(Default)]
struct Found {
    /// Files that hold an id.
    files: BTreeMap<String, BTreeSet<String>>,
    /// Ids whose case expects something else than the scenario says.
    deviations: BTreeMap<String, Vec<String>>,
}

#[test]
fn every_scenario_is_traceable() {
    let found = collect();
    let wanted = AREAS.iter().flat_map(|area| area.decided.iter().map(|number| format!("{}{number}", area.prefix)));
    let missing: Vec<String> = wanted.filter(|id| !found.files.contains_key(id)).collect();
    assert_eq!(missing, Vec::<String>::new(), "no case carries these ids");
}

#[test]
fn the_page_of_scenarios_is_up_to_date() {
    compare("SCENARIOS.md", &page(&collect()));
}

fn page(found: &Found) -> String {
    let count: usize = AREAS.iter().map(|area| held(area, found).len()).sum();
    let total: u32 = AREAS.iter().map(|area| area.last).sum();
    let mut page = format!(
        "# Scenarios of the language\n\nThe specification of the language ends with {total} scenarios. The compiler decides {count} of them, or what they mean before a row is read; the cases that hold \
         them are listed here by the id of the scenario. A test makes this page from the cases and keeps it up to date; paths are \
         those under `crates/omnigraph-compiler/tests`.\n"
    );
    for area in AREAS {
        let held = held(area, found);
        page.push_str(&format!("\n## {} ({})\n\n", area.about, area.prefix));
        if !held.is_empty() {
            page.push_str("| Scenario | Held by |\n|---|---|\n");
        }
        for (id, files) in &held {
            let files: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
            page.push_str(&format!("| {id} | {} |\n", files.join(", ")));
        }
        let others = others(area, found);
        if !others.is_empty() {
            let space = if held.is_empty() { "" } else { "\n" };
            page.push_str(&format!("{space}Not here: {}. Decided by {}.\n", others.join(", "), area.others));
        }
    }
    page.push_str("\n## Judged differently\n\nThe later edition of the language overrules these; the case holds what is right now.\n\n");
    page.push_str("| Scenario | What holds instead |\n|---|---|\n");
    for (id, reasons) in &found.deviations {
        page.push_str(&format!("| {id} | {} |\n", reasons.join("; ").replace('|', "\\|")));
    }
    page
}

fn held<'f>(area: &Area, found: &'f Found) -> Vec<(String, &'f BTreeSet<String>)> {
    let ids = (1..=area.last).map(|number| format!("{}{number}", area.prefix));
    ids.filter_map(|id| found.files.get(&id).map(|files| (id, files))).collect()
}

/// What is not held here, neighbours as ranges.
fn others(area: &Area, found: &Found) -> Vec<String> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in (1..=area.last).filter(|number| !found.files.contains_key(&format!("{}{number}", area.prefix))) {
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => ranges.push((number, number)),
        }
    }
    let prefix = area.prefix;
    let text = |(start, end): (u32, u32)| match end - start {
        0 => format!("{prefix}{start}"),
        _ => format!("{prefix}{start} to {prefix}{end}"),
    };
    ranges.into_iter().map(text).collect()
}

/// Reads ids off the titles of cases, the remarks of tests and the names of tests.
fn collect() -> Found {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut found = Found::default();
    for folder in std::fs::read_dir(root.join("data")).unwrap() {
        let folder = folder.unwrap().path();
        for path in folder.is_dir().then(|| files(&folder)).into_iter().flatten() {
            let name = shown(&root, &path);
            let text = std::fs::read_to_string(&path).unwrap();
            text.lines().filter_map(|line| line.strip_prefix("# ")).for_each(|title| found.title(title, &name));
        }
    }
    for path in files(&root.join("it")).into_iter().filter(|path| path.is_file()) {
        let name = shown(&root, &path);
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().map(str::trim) {
            if let Some((ids, _)) = line.strip_prefix("/// ").and_then(|remark| remark.split_once(": ")) {
                let ids: Vec<&str> = ids.split(", ").collect();
                found.add(ids.iter().all(|id| is_id(id)).then_some(ids).into_iter().flatten(), &name);
            }
            if let Some(test) = line.strip_prefix("fn ") {
                let ids = in_name(test);
                found.add(ids.iter().map(String::as_str), &name);
            }
        }
    }
    found
}

impl Found {
    fn add<'i>(&mut self, ids: impl IntoIterator<Item = &'i str>, file: &str) {
        for id in ids {
            self.files.entry(id.to_owned()).or_default().insert(file.to_owned());
        }
    }

    /// A title begins with ids.
    fn title(&mut self, title: &str, file: &str) {
        let ids: Vec<&str> = title.split(' ').take_while(|word| is_id(word)).collect();
        self.add(ids.iter().copied(), file);
        for word in DEVIATIONS {
            if let Some((_, reason)) = title.split_once(word) {
                self.deviate(&ids, reason);
            }
        }
        if let Some((change, _)) = title.strip_suffix(PLANNED).and_then(|title| title.split_once(" (")) {
            let change = change.trim_start_matches(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ');
            self.deviate(&ids, &format!("{change}: supported"));
        }
    }

    fn deviate(&mut self, ids: &[&str], reason: &str) {
        for id in ids {
            self.deviations.entry((*id).to_owned()).or_default().push(reason.to_owned());
        }
    }
}

/// The ids a test's name begins with: `p1_p2_objects`, or `n9_to_n14_descriptors` for all between.
fn in_name(test: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut range = false;
    for word in test.split(['_', '(']) {
        let id = word.to_ascii_uppercase();
        if word == "to" {
            range = true;
        } else if !is_id(&id) {
            break;
        } else if let (true, Some(last)) = (range, ids.last()) {
            let split = last.find(|c: char| c.is_ascii_digit()).unwrap();
            let (prefix, from) = (last[..split].to_owned(), last[split..].parse::<u32>().unwrap());
            let to = id[split..].parse::<u32>().unwrap();
            ids.extend((from + 1..=to).map(|number| format!("{prefix}{number}")));
            range = false;
        } else {
            ids.push(id);
        }
    }
    ids
}

fn is_id(word: &str) -> bool {
    AREAS.iter().any(|area| {
        let number = word.strip_prefix(area.prefix).and_then(|number| number.parse::<u32>().ok());
        number.is_some_and(|number| (1..=area.last).contains(&number))
    })
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/")
}
