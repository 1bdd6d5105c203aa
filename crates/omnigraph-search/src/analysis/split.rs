//! Where pieces begin and end, and their positions.

use unicode_normalization::char::is_combining_mark;

use super::{MAX_IDENTIFIER_CHARS, MAX_WORD_CHARS, NGRAM_CHARS, limit_length, normalize};

/// Splits a text into runs of letters, digits and marks. A letter of a script without spaces is a piece of its own.
pub(super) fn words(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    let mut position = 0;
    let mut next = |word: &str| {
        emit(word, position);
        position += 1;
    };
    for run in text.split(|character| !is_word_char(character)).filter(|run| !run.is_empty()) {
        if run.is_ascii() {
            next(run);
            continue;
        }
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let end = if is_single_letter_word(first) {
                // A mark belongs to the letter before it: か with its voicing mark is one letter.
                rest.char_indices().skip(1).find(|(_, next)| !is_combining_mark(*next))
            } else {
                rest.char_indices().find(|(_, next)| is_single_letter_word(*next))
            };
            let (word, left) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
            next(word);
            rest = left;
        }
    }
}

/// Splits a text at white space.
pub(super) fn whitespace(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    for (piece, position) in text.split_whitespace().zip(0..) {
        emit(piece, position);
    }
}

/// Splits a text into the folded n-grams of its words. A word of up to [`NGRAM_CHARS`] characters is one piece.
pub(super) fn ngrams(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    let mut position = 0;
    let mut starts = Vec::new();
    words(text, &mut |word, _| {
        let Some(word) = limit_length(normalize::fold(&normalize::lower(word)), MAX_WORD_CHARS) else {
            position += 1;
            return;
        };
        starts.clear();
        starts.extend(word.char_indices().map(|(at, _)| at).chain([word.len()]));
        let length = NGRAM_CHARS.min(starts.len() - 1);
        for (from, to) in starts.iter().zip(starts.iter().skip(length)) {
            emit(&word[*from..*to], position);
            position += 1;
        }
    });
}

/// Splits a text into folded identifiers and their parts. An identifier has the position of its first part, and is emitted once
/// if it has only one part.
pub(super) fn identifiers(text: &str, emit: &mut dyn FnMut(&str, u32)) {
    let mut position = 0;
    let fold = |piece: &str| limit_length(normalize::fold(&normalize::lower(piece)), MAX_IDENTIFIER_CHARS);
    for identifier in text.split(|character| !is_word_char(character) && character != '_') {
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

/// Returns the parts of an identifier: `parseHTTPRequest2_fast` is `parse`, `HTTP`, `Request`, `2`, `fast`.
fn parts(identifier: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    for run in identifier.split('_').filter(|run| !run.is_empty()) {
        let letters: Vec<(usize, char)> = run.char_indices().collect();
        let mut start = 0;
        for (index, pair) in letters.windows(2).enumerate() {
            let after = letters.get(index + 2).map(|(_, letter)| *letter);
            if let [(_, before), (at, letter)] = *pair
                && is_part_boundary(before, letter, after)
            {
                parts.push(&run[start..at]);
                start = at;
            }
        }
        parts.push(&run[start..]);
    }
    parts
}

/// Returns true if a part ends between two characters: between a digit and a non-digit, between a lower-case and an upper-case
/// letter, and before the last of several upper-case letters if a lower-case one follows.
fn is_part_boundary(before: char, letter: char, after: Option<char>) -> bool {
    if is_combining_mark(letter) {
        return false;
    }
    if before.is_numeric() != letter.is_numeric() {
        return true;
    }
    letter.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && after.is_some_and(char::is_lowercase))
}

/// Returns true for letters, digits and marks.
fn is_word_char(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Returns true for letters of scripts without spaces between words: Han and Hiragana.
fn is_single_letter_word(character: char) -> bool {
    matches!(character, '\u{3041}'..='\u{3096}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
