//! "Did you mean …?": suggestions of similar names.

/// Longest compared word: the distance costs the product of the lengths.
const MAX_WORD_LENGTH: usize = 100;

/// Returns the candidate closest to `written`, if it is close enough.
#[must_use]
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    if length > MAX_WORD_LENGTH {
        return None;
    }
    let reach = match length {
        0..=1 => 0,
        2..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != written && candidate.len().abs_diff(written.len()) <= 3 * reach.max(1))
        .filter_map(|candidate| {
            let folded = candidate.eq_ignore_ascii_case(written);
            let distance = if folded { 0 } else { strsim::damerau_levenshtein(written, candidate) };
            (folded || distance <= reach).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the advice as a question, or `None` without a similar candidate.
#[must_use]
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// Joins names in backticks.
pub(crate) fn quoted<T: std::fmt::Display>(names: impl IntoIterator<Item = T>, separator: &str) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(separator)
}

/// Returns `name` with a lower-case first letter, as traversals name edge types.
pub(crate) fn lower_first(name: &str) -> String {
    let mut lower = name.to_owned();
    if let Some(first) = lower.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    lower
}

/// Type names of other languages, with ours.
const TYPE_ALIASES: &[(&str, &str)] = &[
    ("Text", "String"),
    ("Str", "String"),
    ("Boolean", "Bool"),
    ("Int", "I64"),
    ("Integer", "I64"),
    ("Long", "I64"),
    ("UInt", "U64"),
    ("Float", "F64"),
    ("Double", "F64"),
    ("Decimal", "F64"),
    ("Timestamp", "DateTime"),
    ("Bytes", "Blob"),
    ("Object", "Json"),
    ("JSON", "Json"),
    ("Enum", "enum"),
];

/// Returns our name of a type that other languages call `text`.
pub(crate) fn canonical_type_name(text: &str) -> Option<&'static str> {
    TYPE_ALIASES.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(text)).map(|(_, ours)| *ours)
}

/// Most suggestions for one source: each costs a pass over all names.
const MAX_SUGGESTIONS: usize = 100;

/// Number of suggestions searched for one source.
#[derive(Debug, Default)]
pub(crate) struct SuggestionBudget(usize);

impl SuggestionBudget {
    /// Returns [`nearest`] within the budget; otherwise `candidates` is not called.
    pub(crate) fn near<'a, C: IntoIterator<Item = &'a str>>(
        &mut self,
        written: &str,
        candidates: impl FnOnce() -> C,
    ) -> Option<&'a str> {
        self.0 += 1;
        if self.0 > MAX_SUGGESTIONS { None } else { nearest(written, candidates()) }
    }

    /// Returns [`did_you_mean`] within the budget.
    pub(crate) fn did_you_mean<'a, C: IntoIterator<Item = &'a str>>(
        &mut self,
        written: &str,
        candidates: impl FnOnce() -> C,
    ) -> Option<String> {
        self.near(written, candidates).map(|name| format!("did you mean `{name}`?"))
    }
}
