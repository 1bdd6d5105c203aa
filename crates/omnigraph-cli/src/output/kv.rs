//! A block of lines per row.

use std::io;

use super::cell::one_line;
use super::{Answer, Out};

pub(super) fn write(answer: &Answer<'_>, out: &mut Out) -> io::Result<()> {
    out.line(&answer.headline())?;
    if answer.rows.is_empty() {
        return out.line("(no rows)");
    }
    for (position, row) in answer.rows.iter().enumerate() {
        if position > 0 {
            out.line("")?;
        }
        out.line(&format!("row {}", position + 1))?;
        for (column, value) in answer.columns.iter().zip(answer.cells(row)) {
            out.line(&format!("{column}: {}", one_line(value)))?;
        }
    }
    Ok(())
}
