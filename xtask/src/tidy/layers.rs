//! Which room of the engine may import which: the table is `xtask/layers.txt`.
//!
//! ```text
//! layer 4: write load
//! peer load -> write
//! ```
//!
//! A room is a top-level module of the engine. It may use itself, rooms of lower layers, and the peers listed. Cargo
//! enforces direction between crates only; inside a crate nothing does but this. `lib.rs` stands above all layers. Test
//! blocks are free: they may build through the upper rooms what they need.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::outline::{Outline, line_of, pattern};
use super::table;
use super::{Finding, Tree};

/// Where the table lives.
const PATH: &str = "xtask/layers.txt";
/// The crate that has layers.
const ENGINE: &str = "crates/omnigraph/src/";

/// `crate::` or a chain of `super::`, and what follows: a name, or a brace with several.
static IMPORT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(crate|super(?:\s*::\s*super)*)\s*::\s*(?:(?:r#)?(\w+)|(\{))"));

#[derive(Debug, Default)]
struct Layers {
    height: BTreeMap<String, u32>,
    peers: BTreeSet<(String, String)>,
}

/// Reports imports that point up or sideways, rooms the table does not know, and lines it cannot read.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (layers, mut findings) = read(tree);
    let files: Vec<_> = tree.files().filter_map(|(path, text)| Some((path, room_of(path)?, text))).collect();
    let rooms: BTreeSet<&str> = files.iter().map(|(_, room, _)| *room).collect();
    for room in rooms.iter().filter(|room| !layers.height.contains_key(**room)) {
        let message = format!("the room `{room}` is in no layer: add it to {PATH}");
        findings.push(Finding::new("layers", &format!("{ENGINE}{room}"), 0, message));
    }
    for (path, room, text) in &files {
        for (line, target) in imports(path, text, &rooms) {
            let message = layers.judge(room, &target, &rooms);
            findings.extend(message.map(|message| Finding::new("layers", path, line, message)));
        }
    }
    findings
}

impl Layers {
    fn judge(&self, room: &str, target: &str, rooms: &BTreeSet<&str>) -> Option<String> {
        if room == target {
            return None;
        }
        if !rooms.contains(target) {
            return Some(format!(
                "`crate::{target}` is no room: import it from the room that owns it, not through lib.rs"
            ));
        }
        // A room that is in no layer has been reported already, once.
        let (own, other) = (self.height.get(room)?, self.height.get(target)?);
        let peer = self.peers.contains(&(room.to_owned(), target.to_owned()));
        (other >= own && !peer).then(|| {
            format!("`{room}` (layer {own}) may not use `{target}` (layer {other}): move the shared part down a layer")
        })
    }
}

fn read(tree: &Tree) -> (Layers, Vec<Finding>) {
    let mut layers = Layers::default();
    let mut findings = Vec::new();
    for (line, entry) in table::entries(tree, PATH) {
        if let Err(message) = layers.read_line(entry) {
            findings.push(Finding::new("layers", PATH, line, message));
        }
    }
    for (from, to) in &layers.peers {
        if layers.height.get(from) != layers.height.get(to) || !layers.height.contains_key(from) {
            findings.push(Finding::new("layers", PATH, 0, format!("`{from}` and `{to}` are no peers of one layer")));
        }
        if layers.peers.contains(&(to.clone(), from.clone())) {
            findings.push(Finding::new("layers", PATH, 0, format!("`{from}` and `{to}` point at each other")));
        }
    }
    (layers, findings)
}

impl Layers {
    fn read_line(&mut self, entry: &str) -> Result<(), String> {
        if let Some((from, to)) = entry.strip_prefix("peer ").and_then(|rest| rest.split_once("->")) {
            self.peers.insert((from.trim().to_owned(), to.trim().to_owned()));
            return Ok(());
        }
        let layer = entry.strip_prefix("layer ").and_then(|rest| rest.split_once(':'));
        let (height, rooms) = layer.ok_or("a line is `layer <number>: rooms…` or `peer room -> room`")?;
        let height = height.trim().parse().map_err(|_| format!("`{height}` is no layer number"))?;
        for room in rooms.split_whitespace() {
            if self.height.insert(room.to_owned(), height).is_some() {
                return Err(format!("`{room}` is in two layers"));
            }
        }
        Ok(())
    }
}

/// The room that a file of the engine belongs to. `lib.rs` belongs to none.
fn room_of(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(ENGINE)?;
    let first = rest.split('/').next()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (rest.ends_with(".rs") && room != "lib").then_some(room)
}

/// What a file imports from the top of the crate, with lines; test blocks left out.
fn imports(path: &str, text: &str, rooms: &BTreeSet<&str>) -> Vec<(usize, String)> {
    let outline = Outline::of(text);
    let mask = &outline.mask;
    let mut found = Vec::new();
    for import in IMPORT.captures_iter(mask) {
        let line = line_of(mask, import.get_match().start());
        let from_root = &import[1] == "crate";
        if outline.is_test(line) || !from_root && !climbs_out(path, &import[1]) {
            continue;
        }
        let names = match (import.get(2), import.get(3)) {
            (Some(name), _) => vec![name.as_str().to_owned()],
            (None, Some(brace)) => names_in_braces(&mask[brace.end()..]),
            (None, None) => Vec::new(),
        };
        // After `super::` a name that is no room belongs to a module inside this file, not to the crate's top.
        found.extend(
            names.into_iter().filter(|name| from_root || rooms.contains(name.as_str())).map(|name| (line, name)),
        );
    }
    found
}

/// Whether a chain of `super` in this file ends at the top of the crate.
fn climbs_out(path: &str, chain: &str) -> bool {
    let inside = path.strip_prefix(ENGINE).unwrap_or(path).trim_end_matches(".rs").trim_end_matches("/mod");
    chain.matches("super").count() >= inside.split('/').count()
}

/// The first name of each entry of `{a::b, c::{d, e}}`, the opening brace already passed.
fn names_in_braces(rest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut entry) = (0i32, String::new());
    for character in rest.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut entry)),
            _ if depth == 0 => entry.push(character),
            _ => {}
        }
    }
    names.push(entry);
    let first = |entry: String| entry.split([':', ' ', '\n']).find(|word| !word.is_empty()).map(str::to_owned);
    names.into_iter().filter_map(first).filter(|name| name != "self").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "layer 2: write load\nlayer 1: table\nlayer 0: error\npeer load -> write\n";
    const ROOMS: [(&str, &str); 4] = [
        ("crates/omnigraph/src/write/mod.rs", ""),
        ("crates/omnigraph/src/load/run.rs", ""),
        ("crates/omnigraph/src/table/open.rs", ""),
        ("crates/omnigraph/src/error.rs", ""),
    ];

    /// The findings when the file at `path` reads `text`, among the rooms of the table.
    fn found(path: &str, text: &str) -> Vec<String> {
        let path = format!("{ENGINE}{path}");
        let mut files: Vec<_> = ROOMS.into_iter().filter(|(other, _)| *other != path).collect();
        files.extend([(path.as_str(), text), (PATH, TABLE)]);
        check(&Tree::of(&files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn imports_point_down() {
        assert!(
            found("write/stage.rs", "use crate::table::open::Pin;\nuse crate::{error::Error, write::x};").is_empty()
        );
        assert!(
            found("table/open.rs", "use crate::write::stage;")[0].contains("`table` (layer 1) may not use `write`")
        );
        assert_eq!(found("table/open.rs", "use crate::{\n  error::{Error, Kind},\n  load::run,\n};").len(), 1);
        assert_eq!(found("table/open.rs", "fn f() -> crate::write::Receipt { todo() }").len(), 1, "paths count too");
    }

    #[test]
    fn peers_are_one_way() {
        assert!(found("load/run.rs", "use crate::write::stage;").is_empty());
        assert_eq!(found("write/mod.rs", "use crate::load::run;").len(), 1);
    }

    #[test]
    fn climbing_by_super_is_seen() {
        assert_eq!(found("table/open.rs", "use super::super::write::stage;").len(), 1);
        assert_eq!(found("error.rs", "use super::table;").len(), 1);
        assert!(found("table/open.rs", "use super::write;").is_empty(), "a module of the same room");
    }

    #[test]
    fn the_top_of_the_crate_is_no_way_round() {
        assert!(found("table/open.rs", "use crate::Error;")[0].contains("is no room"));
    }

    #[test]
    fn tests_and_comments_are_free() {
        let text = "// crate::write\n#[cfg(test)]\nmod tests {\n    use crate::write::stage;\n}\n";
        assert!(found("table/open.rs", text).is_empty());
    }

    #[test]
    fn unknown_rooms_are_told() {
        assert!(found("shed.rs", "")[0].contains("the room `shed` is in no layer"));
    }

    #[test]
    fn the_table_is_checked() {
        let broken = |table: &str| check(&Tree::of(&[(PATH, table)])).len();
        assert_eq!(broken("layer 1: a b\npeer a -> b\n"), 0);
        assert_eq!(broken("layer one: a\n"), 1);
        assert_eq!(broken("layer 1: a\nlayer 2: a\n"), 1);
        assert_eq!(broken("a b\n"), 1);
        assert_eq!(broken("layer 1: a\nlayer 2: b\npeer b -> a\n"), 1);
        assert_eq!(broken("layer 1: a b\npeer a -> b\npeer b -> a\n"), 2, "told from both ends");
    }
}
