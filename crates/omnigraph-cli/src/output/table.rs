//! Columns for people.

use std::io;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell::one_line;
use super::{Answer, Out};

/// The widest a column gets, in columns of a terminal. A longer cell is cut and ends with an ellipsis.
const MOST_WIDTH: usize = 80;

pub(super) fn write(answer: &Answer<'_>, out: &mut Out) -> io::Result<()> {
    out.line(&answer.headline())?;
    if answer.columns.is_empty() {
        return out.line("(no rows)");
    }
    let header: Vec<String> = answer.columns.iter().map(|column| cut(column.clone())).collect();
    let rows: Vec<Vec<String>> =
        answer.rows.iter().map(|row| answer.cells(row).map(one_line).map(cut).collect()).collect();
    let width = |column: usize| rows.iter().chain([&header]).map(|row| row[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    out.line(&joined(&header, &widths, " | "))?;
    out.line(&joined(&rule, &widths, "-+-"))?;
    rows.iter().try_for_each(|row| out.line(&joined(row, &widths, " | ")))
}

fn joined(cells: &[String], widths: &[usize], between: &str) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, width)| {
        let missing = width.saturating_sub(cell.width());
        format!("{cell}{}", " ".repeat(missing))
    });
    let mut line = padded.collect::<Vec<_>>().join(between);
    line.truncate(line.trim_end().len());
    line
}

fn cut(cell: String) -> String {
    if cell.width() <= MOST_WIDTH {
        return cell;
    }
    let mut width = 0;
    let fits = |character: &char| {
        width += character.width().unwrap_or(0);
        width < MOST_WIDTH
    };
    let mut kept: String = cell.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cell_is_cut_to_the_width() {
        assert_eq!(cut("x".repeat(80)), "x".repeat(80));
        assert_eq!(cut("x".repeat(81)), format!("{}…", "x".repeat(79)));
        // A wide character takes two columns and is not cut in half.
        let wide = cut("漢".repeat(41));
        assert_eq!(wide, format!("{}…", "漢".repeat(39)));
    }

    #[test]
    fn cells_line_up_by_what_the_eye_sees() {
        let widths = [4, 2];
        assert_eq!(joined(&["漢".to_owned(), "b".to_owned()], &widths, " | "), "漢   | b");
        assert_eq!(joined(&["----".to_owned(), "--".to_owned()], &widths, "-+-"), "-----+---");
    }
}
