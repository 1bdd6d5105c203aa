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
