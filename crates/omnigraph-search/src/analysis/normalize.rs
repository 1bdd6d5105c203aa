//! Normalization: composition, case and accents, so that spellings of one word compare equal.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Returns the text in compatibility composition (NFKC): the ligature `ﬁ` becomes `fi`, full-width letters become ordinary
/// ones, a letter and its accent become one character if there is one. Characters that only control typesetting are dropped.
pub(super) fn compose(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|character| !is_typesetting_control(*character)).nfkc().collect())
}

/// Returns true for soft hyphen, joiners and byte order mark, which do not change a word.
fn is_typesetting_control(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Returns the text in lower case by the Unicode rules for all languages. A final sigma becomes an ordinary one.
pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).map(|letter| if letter == 'ς' { 'σ' } else { letter }).collect()
}

/// Returns the text in Turkish lower case: `I` becomes `ı`, and `İ` becomes `i`.
pub(super) fn lower_turkish(text: &str) -> String {
    let dotted = text.chars().map(|letter| match letter {
        'I' => 'ı',
        'İ' => 'i',
        other => other,
    });
    dotted.flat_map(char::to_lowercase).collect()
}

/// Folds lower-case text: removes accents from Latin letters, and transcribes other Latin letters to ASCII. Other scripts are
/// unchanged: there a mark makes another letter.
pub(super) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut on_latin = false;
    let bare = text.nfd().filter(move |character| {
        if is_combining_mark(*character) {
            return !on_latin;
        }
        on_latin = character.is_ascii_alphabetic() || transcription(*character).is_some();
        true
    });
    let mut folded = String::with_capacity(text.len());
    for character in bare.nfc() {
        match transcription(character) {
            Some(ascii) => folded.push_str(ascii),
            None => folded.push(character),
        }
    }
    folded
}

/// Returns the ASCII transcription of a Latin letter that is not an accented ASCII letter.
fn transcription(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ĸ' => "k",
        'ŋ' => "n",
        'ŧ' => "t",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        fold(&lower(&compose(text)))
    }

    #[test]
    fn case_accents_and_encoding_do_not_matter() {
        for (written, read) in [
            ("Café", "cafe"),
            ("CAFE\u{301}", "cafe"),
            ("ﬁne", "fine"),
            ("ＦＵＬＬ", "full"),
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("Øresund", "oresund"),
            ("Ǿ", "o"),
            ("İstanbul", "istanbul"),
            ("Łódź", "lodz"),
            ("co\u{ad}operate", "cooperate"),
            ("ΟΔΟΣ", "οδοσ"),
            ("οδος", "οδοσ"),
        ] {
            assert_eq!(plain(written), read, "{written}");
        }
    }

    #[test]
    fn marks_of_other_scripts_make_letters() {
        assert_eq!(plain("Йод"), "йод");
        assert_ne!(plain("й"), plain("и"));
        assert_eq!(plain("தமிழ்"), "தமிழ்");
    }

    #[test]
    fn turkish_has_two_letters_i() {
        assert_eq!(lower_turkish("ISPARTA İZMİR"), "ısparta izmir");
    }
}
