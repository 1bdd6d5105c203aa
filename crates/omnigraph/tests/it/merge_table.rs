//! The truth table of merges: what becomes of one entity, whatever the two sides did to it. The tables in
//! `docs/reference/merges.md` are what this test finds out by merging; `UPDATE_EXPECT=1` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use expect_test::expect_file;
use omnigraph::{Choices, LoadMode, MergePolicy, MergeRequest, Omnigraph, OpenOptions, Side};

use crate::merge_rules;
use crate::support::{branch, export, load, memory, mutate};

const SCHEMA: &str = "\
node Item { key: String @key  a: I64  b: I64 }
node End { key: String @key }
edge Link: End -> End { tag: String  a: I64  b: I64 }
";

/// What a side does to an entity that was there with `a` and `b` 0.
const TO_OLD: [Deed; 5] = [Deed::Nothing, Deed::Set(1, 0), Deed::Set(2, 0), Deed::Set(0, 1), Deed::Delete];
/// What a side does to an entity that was not there.
const TO_NEW: [Deed; 3] = [Deed::Nothing, Deed::Set(1, 0), Deed::Set(2, 0)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Nothing,
    Set(i64, i64),
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Node,
    Edge,
}

impl Deed {
    fn word(self, was_there: bool) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Set(a, b) if !was_there => format!("insert `a={a} b={b}`"),
            Self::Set(a, 0) => format!("set `a={a}`"),
            Self::Set(_, b) => format!("set `b={b}`"),
            Self::Delete => "delete".to_owned(),
        }
    }
}

/// Every pair of deeds, each done to an entity of its own.
fn cells(was_there: bool) -> Vec<(String, Deed, Deed)> {
    let deeds: &[Deed] = if was_there { &TO_OLD } else { &TO_NEW };
    let prefix = if was_there { "old" } else { "new" };
    let pairs = deeds.iter().enumerate().flat_map(|(row, ours)| {
        deeds.iter().enumerate().map(move |(column, theirs)| (format!("{prefix}-{row}-{column}"), *ours, *theirs))
    });
    pairs.collect()
}

fn line(kind: Kind, id: &str, a: i64, b: i64) -> String {
    match kind {
        Kind::Node => format!(r#"{{"type":"Item","data":{{"key":"{id}","a":{a},"b":{b}}}}}"#),
        Kind::Edge => {
            format!(r#"{{"edge":"Link","from":"x","to":"y","data":{{"id":"{id}","tag":"{id}","a":{a},"b":{b}}}}}"#)
        }
    }
}

async fn act(graph: &Omnigraph, on: &str, kind: Kind, deeds: impl Iterator<Item = (String, Deed)>) {
    let (mut rows, mut gone) = (String::new(), String::new());
    for (id, deed) in deeds {
        match deed {
            Deed::Nothing => {}
            Deed::Set(a, b) => rows += &(line(kind, &id, a, b) + "\n"),
            Deed::Delete if kind == Kind::Node => gone += &format!("delete Item where key = \"{id}\" "),
            Deed::Delete => gone += &format!("delete Link where tag = \"{id}\" "),
        }
    }
    load(graph, on, LoadMode::Merge, &rows).await.unwrap();
    if !gone.is_empty() {
        mutate(graph, on, &gone).await.unwrap();
    }
}

/// What became of every cell.
async fn results(kind: Kind, policy: MergePolicy) -> BTreeMap<String, String> {
    let graph = Omnigraph::init(&memory(), "items.pg", SCHEMA, None, OpenOptions::default()).await.unwrap();
    let ends = "{\"type\":\"End\",\"data\":{\"key\":\"x\"}}\n{\"type\":\"End\",\"data\":{\"key\":\"y\"}}\n";
    load(&graph, "main", LoadMode::Merge, ends).await.unwrap();
    let old = cells(true).into_iter().map(|(id, ..)| line(kind, &id, 0, 0) + "\n").collect::<String>();
    load(&graph, "main", LoadMode::Merge, &old).await.unwrap();
    branch(&graph, "side").await;
    let all: Vec<_> = cells(true).into_iter().chain(cells(false)).collect();
    act(&graph, "main", kind, all.iter().map(|(id, ours, _)| (id.clone(), *ours))).await;
    act(&graph, "side", kind, all.iter().map(|(id, _, theirs)| (id.clone(), *theirs))).await;

    let choices = Choices { default: Some(Side::Ours), ..Choices::default() };
    let request =
        MergeRequest { source: "side".to_owned(), target: "main".to_owned(), policy, ..MergeRequest::default() };
    let preview = graph.preview_merge(request.clone()).await.unwrap();
    let mut found: BTreeMap<String, String> =
        preview.conflicts.iter().map(|it| (it.entity_id.clone().unwrap(), it.kind.as_str().to_owned())).collect();
    graph.merge(MergeRequest { choices, ..request }).await.unwrap();
    let rows = export(&graph, "main").await;
    for (id, ..) in all {
        let row = rows.lines().find(|row| row.contains(&format!("\"id\":\"{id}\"")));
        let state = row.map_or("gone".to_owned(), |row| {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            format!("`a={} b={}`", row["data"]["a"], row["data"]["b"])
        });
        found.entry(id).or_insert(state);
    }
    found
}

fn table(found: &BTreeMap<String, String>, was_there: bool) -> String {
    let deeds: &[Deed] = if was_there { &TO_OLD } else { &TO_NEW };
    let prefix = if was_there { "old" } else { "new" };
    let mut text = String::from("| target ╲ source |");
    deeds.iter().for_each(|deed| write!(text, " {} |", deed.word(was_there)).unwrap());
    text += "\n|---|";
    deeds.iter().for_each(|_| text += "---|");
    for (row, deed) in deeds.iter().enumerate() {
        write!(text, "\n| {} |", deed.word(was_there)).unwrap();
        for column in 0..deeds.len() {
            let state = &found[&format!("{prefix}-{row}-{column}")];
            let state = if was_there || state != "gone" { state.as_str() } else { "not there" };
            write!(text, " {state} |").unwrap();
        }
    }
    text + "\n"
}

#[tokio::test]
async fn every_cell_is_decided_in_the_open() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/merges.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (head, _) = text.split_once("<!-- tables -->\n").expect("the page has a mark where its tables begin");
    let mut tables = format!("{head}<!-- tables -->\n");
    for (policy, word) in [(MergePolicy::Field, "field"), (MergePolicy::Entity, "entity")] {
        let nodes = results(Kind::Node, policy).await;
        assert_eq!(nodes, results(Kind::Edge, policy).await, "nodes and edges are merged alike");
        for (was_there, what) in [(true, "that was there with `a=0 b=0`"), (false, "that was not there")] {
            write!(tables, "\n### Policy `{word}`: a node or edge {what}\n\n").unwrap();
            tables += &table(&nodes, was_there);
        }
    }
    tables += "\n### Rules of the schema\n\nEach side is sound by itself. A rule about a value is about one property, which the two sides have or one of them has, \
so together they cannot break it.\n\n";
    tables += &merge_rules::table().await;
    expect_file![page].assert_eq(&tables);
}
