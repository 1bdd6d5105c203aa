//! Lance's errors to ours, once.

use lance_core::Error as LanceError;

use crate::error::Error;

/// What was being done to a table when Lance failed.
pub(super) fn failed(action: &'static str, table: &str) -> impl FnOnce(LanceError) -> Error {
    let table = table.to_owned();
    move |error| Error::Table { action, table, problem: plain(&error) }
}

/// The message without the place in Lance's source that it ends with: that is of no use to whoever reads it.
fn plain(error: &LanceError) -> String {
    let text = error.to_string();
    match text.rsplit_once(", ") {
        Some((message, place)) if place.contains(".rs:") => message.to_owned(),
        _ => text,
    }
}
