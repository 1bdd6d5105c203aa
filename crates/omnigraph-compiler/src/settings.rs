//! Settings of `set` and `show`.

use crate::diagnostic::{Code, Diagnostic};
use crate::gq::ast::{AstExprKind, AstLiteral, AstName, FileItem, QueryFile, SetStatement};
use crate::ir::{CalendarDuration, Value};
use crate::suggest::did_you_mean;

/// Type of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingType {
    /// A positive integer.
    Count,
    /// A positive duration of days, hours, minutes and seconds, as a string such as `"PT30S"`.
    Duration,
    /// One of these words, as a string.
    Word(&'static [&'static str]),
}

/// Scope of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingScope {
    /// The request whose source sets it.
    Request,
    /// The process; a source can show it but not set it.
    Process,
}

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingSpec {
    /// Its name.
    pub name: &'static str,
    /// Type of its value.
    pub ty: SettingType,
    /// Its scope.
    pub scope: SettingScope,
    /// Documentation.
    pub doc: &'static str,
}

/// A setting with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingValue {
    /// The setting.
    pub setting: &'static SettingSpec,
    /// Its value.
    pub value: Value,
}

/// All settings, by name.
pub static SETTINGS: &[SettingSpec] = &[
    SettingSpec {
        name: "cache_limit",
        ty: SettingType::Count,
        scope: SettingScope::Process,
        doc: "Bytes of tables and adjacency that the process keeps in memory.",
    },
    SettingSpec {
        name: "durability",
        ty: SettingType::Word(&["full", "os"]),
        scope: SettingScope::Request,
        doc: "When a commit is acknowledged: on the disk (full), or handed to the operating system (os).",
    },
    SettingSpec {
        name: "memory_limit",
        ty: SettingType::Count,
        scope: SettingScope::Request,
        doc: "Bytes that the query may hold in memory before it spills or fails.",
    },
    SettingSpec {
        name: "row_limit",
        ty: SettingType::Count,
        scope: SettingScope::Request,
        doc: "Most rows that the query may return.",
    },
    SettingSpec {
        name: "threads",
        ty: SettingType::Count,
        scope: SettingScope::Process,
        doc: "Threads that execute queries.",
    },
    SettingSpec {
        name: "timeout",
        ty: SettingType::Duration,
        scope: SettingScope::Request,
        doc: "Wall-clock time after which the query is canceled.",
    },
    SettingSpec {
        name: "work_limit",
        ty: SettingType::Count,
        scope: SettingScope::Request,
        doc: "Most rows and edges that the query may visit.",
    },
];

/// Checks the settings that a file sets and shows.
#[must_use]
pub fn check(file: &QueryFile) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in &file.items {
        match item {
            FileItem::Set(written) => found.extend(value(written).err()),
            FileItem::Show(show) => found.extend(show.name.as_ref().and_then(|name| lookup(name).err())),
            _ => {}
        }
    }
    found
}

/// Returns the settings of a file with their values. The last of several values wins.
///
/// # Errors
/// All diagnostics of [`check`].
pub fn values(file: &QueryFile) -> Result<Vec<SettingValue>, Vec<Diagnostic>> {
    let found = check(file);
    if !found.is_empty() {
        return Err(found);
    }
    let mut values: Vec<SettingValue> = Vec::new();
    for item in &file.items {
        let FileItem::Set(written) = item else { continue };
        let Ok(set) = value(written) else { continue };
        match values.iter_mut().find(|known| known.setting.name == set.setting.name) {
            Some(earlier) => *earlier = set,
            None => values.push(set),
        }
    }
    Ok(values)
}

/// Returns the setting and value of one `set` statement.
///
/// # Errors
/// The setting is unknown, a source cannot set it, or the value has another type.
pub fn value(written: &SetStatement) -> Result<SettingValue, Diagnostic> {
    let setting = lookup(&written.name)?;
    let span = written.value.span();
    if setting.scope == SettingScope::Process {
        let message = format!("`{}` is a setting of the process; a query cannot set it", setting.name);
        return Err(Diagnostic::error(Code::T132, written.at.0, message));
    }
    let (fits, wanted) = match (setting.ty, &written.value.kind) {
        (SettingType::Count, AstExprKind::Literal(AstLiteral::Integer(value))) if *value > 0 => {
            return Ok(SettingValue { setting, value: Value::I64(*value) });
        }
        (SettingType::Count, _) => (None, "a positive integer".to_owned()),
        (SettingType::Duration, AstExprKind::Literal(AstLiteral::String(text))) => {
            (positive(text).map(Value::Duration), "a positive duration such as \"PT30S\"".to_owned())
        }
        (SettingType::Duration, _) => (None, "a positive duration such as \"PT30S\"".to_owned()),
        (SettingType::Word(words), kind) => {
            let word = match kind {
                AstExprKind::Literal(AstLiteral::String(text)) if words.contains(&text.as_str()) => Some(text.clone()),
                _ => None,
            };
            (word.map(Value::String), format!("one of \"{}\"", words.join("\", \"")))
        }
    };
    let message = format!("`{}` expects {wanted}", setting.name);
    fits.map(|value| SettingValue { setting, value }).ok_or_else(|| Diagnostic::error(Code::T132, span, message))
}

/// Parses a positive duration without calendar units.
fn positive(text: &str) -> Option<CalendarDuration> {
    let duration = crate::temporal::parse_duration(text)?;
    let CalendarDuration { months, days, milliseconds } = duration;
    let sound = months == 0 && days >= 0 && milliseconds >= 0 && (days > 0 || milliseconds > 0);
    sound.then_some(duration)
}

fn lookup(name: &AstName) -> Result<&'static SettingSpec, Diagnostic> {
    SETTINGS.iter().find(|setting| setting.name == name.text).ok_or_else(|| {
        let mut diagnostic = Diagnostic::error(Code::T131, name.span(), format!("setting `{}` not found", name.text));
        diagnostic.help = did_you_mean(&name.text, SETTINGS.iter().map(|setting| setting.name));
        diagnostic
    })
}
