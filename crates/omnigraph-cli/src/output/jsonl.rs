//! A line that describes the answer, then a line per row.

use std::io::{self, Write};

use serde::Serialize;

use super::read::Asked;
use super::{Answer, Out};

#[derive(Serialize)]
struct Metadata<'a> {
    kind: &'static str,
    query_name: &'a str,
    target: Asked<'a>,
    row_count: usize,
}

pub(super) fn write(answer: &Answer<'_>, out: &mut Out) -> io::Result<()> {
    let Answer { query_name, target, row_count, .. } = *answer;
    line(out, &Metadata { kind: "metadata", query_name, target, row_count })?;
    answer.rows.iter().try_for_each(|row| line(out, row))
}

fn line(out: &mut Out, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
