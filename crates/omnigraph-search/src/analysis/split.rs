//! Where pieces begin and end, and their positions.

use unicode_normalization::char::is_combining_mark;

use super::{GRAM, LONGEST_IDENTIFIER, LONGEST_WORD, normal, short};

/// Runs of letters, digits and marks; letters that are words by themselves apart.
pub(super) fn words(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    let mut position = 0;
    let mut give = |word: &str| {
        emit(word, position);
        position += 1;
    };
    for run in text.split(|character| !in_word(character)).filter(|run| !run.is_empty()) {
        if run.is_ascii() {
            give(run);
            continue;
        }
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let end = if is_word(first) {
                // Marks belong to the letter before them: か with its voicing mark is one letter.
                rest.char_indices().skip(1).find(|(_, next)| !is_combining_mark(*next))
            } else {
                rest.char_indices().find(|(_, next)| is_word(*next))
            };
            let (word, left) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
            give(word);
            rest = left;
        }
    }
}

/// Runs of anything but white space.
pub(super) fn between_spaces(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    for (piece, position) in text.split_whitespace().zip(0..) {
        emit(piece, position);
    }
}

/// The runs of [`GRAM`] characters of every word; words of no more characters whole. Folded.
pub(super) fn grams(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    let mut position = 0;
    let mut starts = Vec::new();
    words(text, &mut |word, _| {
        let Some(word) = short(normal::fold(&normal::lower(word)), LONGEST_WORD) else {
            position += 1;
            return;
        };
        starts.clear();
        starts.extend(word.char_indices().map(|(at, _)| at).chain([word.len()]));
        let length = GRAM.min(starts.len() - 1);
        for (from, to) in starts.iter().zip(starts.iter().skip(length)) {
            emit(&word[*from..*to], position);
            position += 1;
        }
    });
}

/// Identifiers and their parts, folded: an identifier stands where its first part stands, and is given once if it
/// is its only part.
pub(super) fn identifiers(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    let mut position = 0;
    let fold = |piece: &str| short(normal::fold(&normal::lower(piece)), LONGEST_IDENTIFIER);
    for identifier in text.split(|character| !in_word(character) && character != '_') {
        let parts: Vec<&str> = parts(identifier);
        let [first, ..] = parts.as_slice() else { continue };
        if *first != identifier
            && let Some(whole) = fold(identifier)
        {
            emit(&whole, position);
        }
        for part in parts {
            if let Some(part) = fold(part) {
                emit(&part, position);
            }
            position += 1;
        }
    }
}

/// The parts of an identifier: `parseHTTPRequest2_fast` is `parse`, `HTTP`, `Request`, `2`, `fast`.
fn parts(identifier: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for run in identifier.split('_').filter(|run| !run.is_empty()) {
        let letters: Vec<(usize, char)> = run.char_indices().collect();
        let mut start = 0;
        for (index, pair) in letters.windows(2).enumerate() {
            let after = letters.get(index + 2).map(|(_, letter)| *letter);
            if let [(_, before), (at, letter)] = *pair
                && is_border(before, letter, after)
            {
                parts.push(&run[start..at]);
                start = at;
            }
        }
        parts.push(&run[start..]);
    }
    parts
}

/// Whether a part ends between two characters: between a digit and what is none, before a capital after a small
/// letter, and before the last of several capitals if a small letter follows.
fn is_border(before: char, letter: char, after: Option<char>) -> bool {
    if is_combining_mark(letter) {
        return false;
    }
    if before.is_numeric() != letter.is_numeric() {
        return true;
    }
    letter.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && after.is_some_and(char::is_lowercase))
}

/// Letters, digits, and the marks on them.
fn in_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Letters of scripts that put no spaces between words: Han and Hiragana.
fn is_word(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
