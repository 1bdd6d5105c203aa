//! "Did you mean …?": the nearest of the names that would have been right.

/// Longer words are not compared: the distance costs the product of the lengths, and nobody mistypes them by hand.
const LONGEST: usize = 100;

/// The candidate closest to `written`, when close enough to be what was meant.
#[must_use]
pub fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = written.chars().count();
    if length > LONGEST {
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

/// The advice as a question, or nothing when no candidate is near.
#[must_use]
pub fn did_you_mean<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(written, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// Names of types that people bring from elsewhere, and ours.
const ALIASES: &[(&str, &str)] = &[
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

/// Our name of a type that is called `text` elsewhere.
pub(crate) fn type_called(text: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(text)).map(|(_, ours)| *ours)
}

/// Looking for a near name costs a pass over all names; a source with more errors than this needs another kind of help.
const MOST: usize = 100;

/// How many suggestions have been looked for in one source.
#[derive(Debug, Default)]
pub(crate) struct Suggestions(usize);

impl Suggestions {
    /// As [`nearest`], as long as not too many have been looked for. `candidates` is not called for otherwise.
    pub(crate) fn near<'a, C: IntoIterator<Item = &'a str>>(
        &mut self,
        written: &str,
        candidates: impl FnOnce() -> C,
    ) -> Option<&'a str> {
        self.0 += 1;
        if self.0 > MOST { None } else { nearest(written, candidates()) }
    }

    /// As [`did_you_mean`], as long as not too many have been looked for.
    pub(crate) fn did_you_mean<'a, C: IntoIterator<Item = &'a str>>(
        &mut self,
        written: &str,
        candidates: impl FnOnce() -> C,
    ) -> Option<String> {
        self.near(written, candidates).map(|name| format!("did you mean `{name}`?"))
    }
}
