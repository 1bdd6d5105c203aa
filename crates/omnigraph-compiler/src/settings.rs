//! Settings: what `set` may set and `show` may show.

use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{ExprKind, File, Item, Literal, Name, Setting as Written};
use crate::ir::{Duration, Value};
use crate::suggest::did_you_mean;

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingType {
    /// A positive integer.
    Count,
    /// A positive duration of days, hours, minutes and seconds, as a string such as `"PT30S"`.
    Duration,
    /// One of these words, as a string.
    Word(&'static [&'static str]),
}

/// How long a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// For the request whose source sets it.
    Request,
    /// For the process; a source cannot set it, only show it.
    Process,
}

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub ty: SettingType,
    /// How long it holds.
    pub scope: Scope,
    /// What it is for.
    pub doc: &'static str,
}

/// Every setting, by name.
pub static SETTINGS: &[Setting] = &[
    Setting {
        name: "cache_limit",
        ty: SettingType::Count,
        scope: Scope::Process,
        doc: "Bytes of tables and adjacency that the process keeps in memory.",
    },
    Setting {
        name: "durability",
        ty: SettingType::Word(&["full", "os"]),
        scope: Scope::Request,
        doc: "When a commit is acknowledged: on the disk (full), or handed to the operating system (os).",
    },
    Setting {
        name: "memory_limit",
        ty: SettingType::Count,
        scope: Scope::Request,
        doc: "Bytes that the query may hold in memory before it spills or fails.",
    },
    Setting {
        name: "row_limit",
        ty: SettingType::Count,
        scope: Scope::Request,
        doc: "Most rows that the query may return.",
    },
    Setting { name: "threads", ty: SettingType::Count, scope: Scope::Process, doc: "Threads that execute queries." },
    Setting {
        name: "timeout",
        ty: SettingType::Duration,
        scope: Scope::Request,
        doc: "Wall-clock time after which the query is cancelled.",
    },
    Setting {
        name: "work_limit",
        ty: SettingType::Count,
        scope: Scope::Request,
        doc: "Most rows and edges that the query may visit.",
    },
];

/// Checks the settings that a file sets and shows.
#[must_use]
pub fn check(file: &File) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in &file.items {
        match item {
            Item::Set(written) => found.extend(value(written).err()),
            Item::Show(show) => found.extend(show.name.as_ref().and_then(|name| lookup(name).err())),
            _ => {}
        }
    }
    found
}

/// The settings of a file with their values, each once: of several, the last counts.
///
/// # Errors
/// Everything that [`check`] finds.
pub fn values(file: &File) -> Result<Vec<(&'static Setting, Value)>, Vec<Diagnostic>> {
    let found = check(file);
    if !found.is_empty() {
        return Err(found);
    }
    let mut values: Vec<(&'static Setting, Value)> = Vec::new();
    for item in &file.items {
        let Item::Set(written) = item else { continue };
        let Ok((setting, value)) = value(written) else { continue };
        match values.iter_mut().find(|(known, _)| known.name == setting.name) {
            Some((_, earlier)) => *earlier = value,
            None => values.push((setting, value)),
        }
    }
    Ok(values)
}

/// The setting and value of one `set` statement.
///
/// # Errors
/// There is no such setting, a source cannot set it, or the value is of another type.
pub fn value(written: &Written) -> Result<(&'static Setting, Value), Diagnostic> {
    let setting = lookup(&written.name)?;
    let span = written.value.span();
    if setting.scope == Scope::Process {
        let message = format!("`{}` is a setting of the process; a query cannot set it", setting.name);
        return Err(Diagnostic::error(Code::T132, written.at.0, message));
    }
    let (fits, wanted) = match (setting.ty, &written.value.kind) {
        (SettingType::Count, ExprKind::Literal(Literal::Integer(value))) if *value > 0 => {
            return Ok((setting, Value::I64(*value)));
        }
        (SettingType::Count, _) => (None, "a positive integer".to_owned()),
        (SettingType::Duration, ExprKind::Literal(Literal::String(text))) => {
            (positive(text).map(Value::Duration), "a positive duration such as \"PT30S\"".to_owned())
        }
        (SettingType::Duration, _) => (None, "a positive duration such as \"PT30S\"".to_owned()),
        (SettingType::Word(words), kind) => {
            let word = match kind {
                ExprKind::Literal(Literal::String(text)) if words.contains(&text.as_str()) => Some(text.clone()),
                _ => None,
            };
            (word.map(Value::String), format!("one of \"{}\"", words.join("\", \"")))
        }
    };
    let message = format!("`{}` takes {wanted}", setting.name);
    fits.map(|value| (setting, value)).ok_or_else(|| Diagnostic::error(Code::T132, span, message))
}

/// A duration of some length that no calendar decides.
fn positive(text: &str) -> Option<Duration> {
    let duration = crate::temporal::parse_duration(text)?;
    let Duration { months, days, milliseconds } = duration;
    let sound = months == 0 && days >= 0 && milliseconds >= 0 && (days > 0 || milliseconds > 0);
    sound.then_some(duration)
}

fn lookup(name: &Name) -> Result<&'static Setting, Diagnostic> {
    SETTINGS.iter().find(|setting| setting.name == name.text).ok_or_else(|| {
        let mut diagnostic = Diagnostic::error(Code::T131, name.span(), format!("there is no setting `{}`", name.text));
        diagnostic.help = did_you_mean(&name.text, SETTINGS.iter().map(|setting| setting.name));
        diagnostic
    })
}
