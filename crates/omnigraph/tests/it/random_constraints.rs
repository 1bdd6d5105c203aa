//! Random small loads on a schema with every constraint, compared with a recomputation of the whole graph: refusals, their codes,
//! and the rows afterwards.

use std::collections::{BTreeMap, BTreeSet};

use omnigraph::{LoadMode, Omnigraph, SchemaSource};
use omnigraph_storage::Env;
use serde_json::{Map, Value, json};

use crate::support::{export, load, memory};

const SCHEMA: &str = "\
node P { k: I32 @key  u: I32? @unique  a: String?  b: String?  r: I32?  @unique(a, b)  @range(r, 0..9) }
node Q { w: String? @unique }
edge E: P -> P @card(0..2) @card_in(0..2) { n: I32?  @unique(src, n) }
edge F: P -> Q @card(1..2)
edge G: P -> P @card_in(0..3) { n: I32  @key(@src, @dst, n) }
";

/// Loads of a workload.
const LOADS: usize = 40;
const WORKLOADS: u64 = 30;

/// A type of the schema, written by hand.
struct SchemaType {
    name: &'static str,
    ends: Option<(&'static str, &'static str)>,
    properties: &'static [&'static str],
    key: &'static [&'static str],
    uniques: &'static [&'static [&'static str]],
    card: (usize, usize),
    card_in: (usize, usize),
}

const ANY: (usize, usize) = (0, usize::MAX);

const TYPES: &[SchemaType] = &[
    SchemaType {
        name: "P",
        ends: None,
        properties: &["k", "u", "a", "b", "r"],
        key: &["k"],
        uniques: &[&["u"], &["a", "b"]],
        card: ANY,
        card_in: ANY,
    },
    SchemaType { name: "Q", ends: None, properties: &["w"], key: &[], uniques: &[&["w"]], card: ANY, card_in: ANY },
    SchemaType {
        name: "E",
        ends: Some(("P", "P")),
        properties: &["n"],
        key: &[],
        uniques: &[&["src", "n"]],
        card: (0, 2),
        card_in: (0, 2),
    },
    SchemaType {
        name: "F",
        ends: Some(("P", "Q")),
        properties: &[],
        key: &[],
        uniques: &[],
        card: (1, 2),
        card_in: ANY,
    },
    SchemaType {
        name: "G",
        ends: Some(("P", "P")),
        properties: &["n"],
        key: &["src", "dst", "n"],
        uniques: &[],
        card: ANY,
        card_in: (0, 3),
    },
];

/// The properties of a row, with `src` and `dst` of an edge.
type LoadedRow = Map<String, Value>;
type LoadedState = BTreeMap<&'static str, BTreeMap<String, LoadedRow>>;

struct RandomSource(Env);

impl RandomSource {
    fn random_below(&self, bound: u64) -> u64 {
        self.0.random_u64() % bound
    }

    fn chance(&self, percent: u64) -> bool {
        self.random_below(100) < percent
    }
}

/// Returns a random row, its id, and its line.
fn row(ty: &SchemaType, random: &RandomSource) -> (String, LoadedRow, String) {
    let mut row = LoadedRow::new();
    for name in ty.properties {
        let value = match *name {
            "k" => json!(random.random_below(6)),
            "n" if ty.name == "G" => json!(random.random_below(2)),
            _ if random.chance(40) => Value::Null,
            "u" | "n" => json!(random.random_below(5)),
            "r" => json!(random.random_below(if random.chance(25) { 12 } else { 10 })),
            _ => json!(["x", "y", "z"][usize::try_from(random.random_below(3)).unwrap()]),
        };
        row.insert((*name).to_owned(), value);
    }
    let data = row.clone();
    if let Some((_, to)) = ty.ends {
        let target =
            if to == "P" { random.random_below(6).to_string() } else { format!("q{}", random.random_below(4)) };
        row.insert("src".to_owned(), json!(random.random_below(6).to_string()));
        row.insert("dst".to_owned(), json!(target));
    }
    let parts: Vec<String> = ty.key.iter().map(|name| text(&row[*name])).collect();
    let id = match parts.as_slice() {
        [] => format!("{}{}", ty.name.to_lowercase(), random.random_below(6)),
        [single] => single.clone(),
        parts => json!(parts).to_string(),
    };
    let mut data = data;
    data.insert("id".to_owned(), json!(id));
    let mut line = json!({ "data": data });
    line[if ty.ends.is_some() { "edge" } else { "type" }] = json!(ty.name);
    if ty.ends.is_some() {
        line["from"] = row["src"].clone();
        line["to"] = row["dst"].clone();
    }
    (id, row, line.to_string())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns the state after a load, or the code of its refusal.
fn apply(
    before: &LoadedState,
    mode: LoadMode,
    rows: &[(&'static SchemaType, String, LoadedRow)],
) -> Result<LoadedState, &'static str> {
    if rows.iter().any(|(_, _, row)| row.get("r").and_then(Value::as_i64).is_some_and(|r| !(0..=9).contains(&r))) {
        return Err("OG-CONSTRAINT-003");
    }
    let mut met = BTreeSet::new();
    if !rows.iter().all(|(ty, id, _)| met.insert((ty.name, id))) {
        return Err("OG-LOAD-011");
    }
    let mut after = before.clone();
    if mode == LoadMode::Overwrite {
        rows.iter().for_each(|(ty, ..)| drop(after.remove(ty.name)));
    }
    for (ty, id, row) in rows {
        let known = after.entry(ty.name).or_default().insert(id.clone(), row.clone());
        if mode == LoadMode::Append && known.is_some() {
            return Err("OG-CONSTRAINT-008");
        }
    }
    for ty in TYPES {
        check_uniques(ty, &after)?;
    }
    for ty in TYPES {
        check_endpoints(ty, &after)?;
    }
    for ty in TYPES {
        check_cardinality(ty, before, &after, rows)?;
    }
    Ok(after)
}

fn check_uniques(ty: &SchemaType, after: &LoadedState) -> Result<(), &'static str> {
    for columns in ty.uniques {
        let mut met = BTreeSet::new();
        for row in after.get(ty.name).into_iter().flat_map(BTreeMap::values) {
            let tuple: Vec<&Value> = columns.iter().map(|column| &row[*column]).collect();
            if tuple.iter().all(|value| !value.is_null()) && !met.insert(format!("{tuple:?}")) {
                return Err("OG-CONSTRAINT-006");
            }
        }
    }
    Ok(())
}

fn check_endpoints(ty: &SchemaType, after: &LoadedState) -> Result<(), &'static str> {
    let Some((from, to)) = ty.ends else { return Ok(()) };
    for row in after.get(ty.name).into_iter().flat_map(BTreeMap::values) {
        for (end, node) in [("src", from), ("dst", to)] {
            if !after.get(node).is_some_and(|nodes| nodes.contains_key(&text(&row[end]))) {
                return Err("OG-CONSTRAINT-009");
            }
        }
    }
    Ok(())
}

fn check_cardinality(
    ty: &SchemaType,
    before: &LoadedState,
    after: &LoadedState,
    rows: &[(&'static SchemaType, String, LoadedRow)],
) -> Result<(), &'static str> {
    let Some((from, to)) = ty.ends else { return Ok(()) };
    let empty = BTreeMap::new();
    let (old, new) = (before.get(ty.name).unwrap_or(&empty), after.get(ty.name).unwrap_or(&empty));
    for (end, node, (min, max)) in [("src", from, ty.card), ("dst", to, ty.card_in)] {
        let written = rows.iter().filter(|(other, ..)| other.name == ty.name);
        let mut touched: BTreeSet<String> = written.map(|(.., row)| text(&row[end])).collect();
        for (id, row) in old {
            let goes = !new.contains_key(id) || rows.iter().any(|(other, at, _)| other.name == ty.name && at == id);
            if goes {
                touched.insert(text(&row[end]));
            }
        }
        for at in touched {
            let exists = after.get(node).is_some_and(|nodes| nodes.contains_key(&at));
            let count = new.values().filter(|row| text(&row[end]) == at).count();
            if exists && !(min..=max).contains(&count) {
                return Err("OG-CONSTRAINT-007");
            }
        }
    }
    Ok(())
}

/// Returns a state in the form of an export.
fn state_lines(state: &LoadedState) -> BTreeSet<String> {
    let rows = state.iter().flat_map(|(ty, rows)| rows.iter().map(move |(id, row)| (ty, id, row)));
    rows.map(|(ty, id, row)| line(ty, id, row)).collect()
}

fn line(ty: &str, id: &str, row: &LoadedRow) -> String {
    let sorted: BTreeMap<&String, String> = row.iter().map(|(name, value)| (name, value.to_string())).collect();
    format!("{ty} {id} {sorted:?}")
}

fn export_lines(lines: &str) -> BTreeSet<String> {
    let show = |text_line: &str| {
        let whole: Value = serde_json::from_str(text_line).unwrap();
        let mut row = whole["data"].as_object().unwrap().clone();
        let id = row.remove("id").unwrap();
        for (end, name) in [("from", "src"), ("to", "dst")] {
            if let Some(id) = whole.get(end) {
                row.insert(name.to_owned(), id.clone());
            }
        }
        let ty = whole.get("type").or(whole.get("edge")).unwrap();
        line(&text(ty), &text(&id), &row)
    };
    lines.lines().map(show).collect()
}

/// Returns every node that a random edge can name, without values.
fn nodes() -> (Vec<(&'static SchemaType, String, LoadedRow)>, String) {
    let mut rows = Vec::new();
    let mut lines = String::new();
    for (ty, count) in TYPES.iter().filter(|ty| ty.ends.is_none()).zip([6, 4]) {
        for number in 0..count {
            let mut row: LoadedRow = ty.properties.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
            let id = if ty.key.is_empty() { format!("q{number}") } else { number.to_string() };
            let data = if ty.key.is_empty() { json!({ "id": id }) } else { json!({ "k": number }) };
            if !ty.key.is_empty() {
                row.insert("k".to_owned(), json!(number));
            }
            lines.push_str(&json!({ "type": ty.name, "data": data }).to_string());
            lines.push('\n');
            rows.push((ty, id, row));
        }
    }
    (rows, lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_loads_agree_with_a_plain_recomputation() {
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..WORKLOADS {
        let random = RandomSource(Env::seeded(seed));
        let place = memory();
        let mut handles = vec![Omnigraph::create(&place, SchemaSource::new("rules.pg", SCHEMA)).await.unwrap()];
        handles.push(Omnigraph::open(&place).await.unwrap());
        // All nodes that edges can name exist at first. Otherwise most edges would fail on a missing endpoint.
        let (rows, lines) = nodes();
        let mut state = apply(&LoadedState::new(), LoadMode::Merge, &rows).unwrap();
        load(&handles[0], "main", LoadMode::Merge, &lines).await.unwrap();
        for step in 0..LOADS {
            if random.chance(5) {
                handles[1] = Omnigraph::open(&place).await.unwrap();
            }
            let mode = match random.random_below(10) {
                0 => LoadMode::Overwrite,
                1..4 => LoadMode::Append,
                _ => LoadMode::Merge,
            };
            let (mut rows, mut lines): (Vec<(&SchemaType, String, LoadedRow)>, Vec<String>) = Default::default();
            for _ in 0..=random.random_below(4) {
                let ty = &TYPES[usize::try_from(random.random_below(5)).unwrap()];
                let (id, row, line) = row(ty, &random);
                // The model does not cover two rows with one given id.
                if ty.key.is_empty() && rows.iter().any(|(other, at, _)| other.name == ty.name && *at == id) {
                    continue;
                }
                rows.push((ty, id, row));
                lines.push(line);
            }
            let lines = lines.join("\n");
            let expected = apply(&state, mode, &rows);
            let handle = &handles[usize::try_from(random.random_below(2)).unwrap()];
            let actual = load(handle, "main", mode, &lines).await;
            let code = actual.as_ref().map_or_else(|error| error.code().to_owned(), |_| "accepted".to_owned());
            let wanted = expected.as_ref().map_or_else(|code| (*code).to_owned(), |_| "accepted".to_owned());
            assert_eq!(
                code,
                wanted,
                "seed {seed}, load {step}, {mode:?}\n{lines}\n{actual:?}\n{:#?}",
                state_lines(&state)
            );
            *outcomes.entry(code).or_default() += 1;
            if let Ok(next) = expected {
                state = next;
                assert_eq!(
                    export_lines(&export(handle, "main").await),
                    state_lines(&state),
                    "seed {seed}, load {step}"
                );
            }
        }
    }
    println!("{outcomes:?}");
    for code in [
        "accepted",
        "OG-CONSTRAINT-003",
        "OG-LOAD-011",
        "OG-CONSTRAINT-008",
        "OG-CONSTRAINT-006",
        "OG-CONSTRAINT-009",
        "OG-CONSTRAINT-007",
    ] {
        assert!(outcomes.get(code).is_some_and(|times| *times > 5), "{code} is too rare: {outcomes:?}");
    }
}
