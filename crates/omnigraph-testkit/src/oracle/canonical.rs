//! Exports and rows in a form without generated ids and times of requests.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::{Map, Value as Json};

/// A ULID anywhere in a text. Ids of keyed edges hold those of their ends.
static ULID: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("[0-9A-HJKMNP-TV-Z]{26}").ok());

/// A time of the first month of a logical clock.
static NOW: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^2024-01-[0-9]{2}T").ok());

/// Returns true if an id was generated or contains a generated one.
pub(super) fn contains_generated_id(id: &str) -> bool {
    ULID.as_ref().is_some_and(|ulid| ulid.is_match(id))
}

/// Returns the sorted lines of an export. The values of a node replace its generated id, also in its edges.
#[must_use]
pub fn canonical_export<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let lines: Vec<Json> = lines.into_iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut names = BTreeMap::new();
    for line in lines.iter().filter(|line| line["type"].is_string()) {
        if let (Some(data), Some(id)) = (line["data"].as_object(), line["data"]["id"].as_str()) {
            let values: Map<String, Json> = data
                .iter()
                .filter(|(name, _)| *name != "id")
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            names.insert(id.to_owned(), format!("~{}", plain(&values.into(), &BTreeMap::new())));
        }
    }
    let mut lines: Vec<String> = lines.iter().map(|line| plain(line, &names).to_string()).collect();
    lines.sort();
    lines
}

/// Returns rows of cells as sorted text.
#[must_use]
pub fn canonical_rows(rows: &[Vec<Json>]) -> Vec<String> {
    let row = |row: &Vec<Json>| plain(&row.clone().into(), &BTreeMap::new()).to_string();
    let mut rows: Vec<String> = rows.iter().map(row).collect();
    rows.sort();
    rows
}

fn plain(value: &Json, names: &BTreeMap<String, String>) -> Json {
    match value {
        Json::String(text) if NOW.as_ref().is_some_and(|now| now.is_match(text)) => "~now".into(),
        Json::String(text) => match ULID.as_ref() {
            Some(ulid) => {
                let name = |found: &Captures<'_>| names.get(&found[0]).map_or("~", String::as_str).to_owned();
                ulid.replace_all(text, name).into_owned().into()
            }
            None => text.clone().into(),
        },
        Json::Array(items) => items.iter().map(|item| plain(item, names)).collect(),
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), plain(value, names))).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_and_times_are_replaced() {
        let export = |id: &str, now: &str| {
            [
                format!(r#"{{"edge":"E","from":"{id}","to":"n1","data":{{"id":"[\"{id}\",\"n1\"]"}}}}"#),
                format!(r#"{{"type":"A","data":{{"id":"{id}","x":1,"at":"{now}"}}}}"#),
            ]
        };
        let one = export("01HKXYZ0000000000000000001", "2024-01-01T00:00:01Z");
        let other = export("00000000000000000000000007", "2024-01-02T00:00:05Z");
        let canonical = |lines: &[String; 2]| canonical_export(lines.iter().map(String::as_str));
        assert_eq!(canonical(&one), canonical(&other));
        let different = export("01HKXYZ0000000000000000001", "2024-05-01T00:00:01Z");
        assert_ne!(canonical(&one), canonical(&different));
    }
}
