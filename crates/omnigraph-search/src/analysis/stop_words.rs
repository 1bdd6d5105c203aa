//! Stop words: articles, conjunctions, prepositions, pronouns and the most common verbs of each language. Nearly every text
//! contains them, so that every text would match.
//!
//! The lists are in lower case, as compared; English without accents. In languages that join words with an apostrophe, the
//! letters beside it are stop words as well: `l'homme`, `the harbour's`, `don't`.

use frostem::Algorithm;

/// Returns the stop words of a language; empty for a language without a list.
pub(super) fn stop_words(algorithm: Algorithm) -> &'static [&'static str] {
    match algorithm {
        Algorithm::Arabic => ARABIC,
        Algorithm::Danish => DANISH,
        Algorithm::Dutch => DUTCH,
        Algorithm::English => ENGLISH,
        Algorithm::Finnish => FINNISH,
        Algorithm::French => FRENCH,
        Algorithm::German => GERMAN,
        Algorithm::Greek => GREEK,
        Algorithm::Hungarian => HUNGARIAN,
        Algorithm::Italian => ITALIAN,
        Algorithm::Norwegian => NORWEGIAN,
        Algorithm::Portuguese => PORTUGUESE,
        Algorithm::Romanian => ROMANIAN,
        Algorithm::Russian => RUSSIAN,
        Algorithm::Spanish => SPANISH,
        Algorithm::Swedish => SWEDISH,
        Algorithm::Turkish => TURKISH,
        _ => &[],
    }
}

const ARABIC: &[&str] = &[
    "و", "في", "من", "على", "إلى", "عن", "أن", "إن", "ما", "لا", "هذا", "هذه", "ذلك", "التي", "الذي", "هو", "هي", "كان",
    "مع", "أو", "ثم", "قد",
];

const DANISH: &[&str] = &[
    "og", "i", "at", "en", "et", "den", "det", "de", "der", "som", "er", "var", "på", "af", "til", "for", "med", "fra",
    "om", "ved", "ikke", "men", "eller", "jeg", "du", "han", "hun", "vi", "har", "havde", "sig", "så", "hvor", "når",
];

const DUTCH: &[&str] = &[
    "de", "het", "een", "en", "van", "in", "op", "te", "dat", "die", "is", "was", "voor", "met", "aan", "om", "er",
    "als", "bij", "ook", "niet", "maar", "of", "uit", "naar", "door", "over", "ik", "je", "hij", "zij", "we", "ze",
    "dit", "tot", "zo", "wat",
];

const ENGLISH: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "s", "such", "t", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was",
    "will", "with",
];

const FINNISH: &[&str] = &[
    "ja", "on", "ei", "se", "että", "hän", "oli", "ovat", "ole", "olla", "joka", "mutta", "tai", "kun", "niin", "kuin",
    "myös", "jos", "minä", "sinä", "me", "te", "he", "ne", "tämä", "vai", "sekä", "en",
];

const FRENCH: &[&str] = &[
    "le", "la", "les", "l", "un", "une", "des", "de", "du", "d", "et", "à", "au", "aux", "en", "dans", "par", "pour",
    "sur", "avec", "ou", "mais", "ne", "n", "pas", "que", "qu", "qui", "se", "s", "ce", "c", "cette", "ces", "il",
    "elle", "ils", "elles", "je", "j", "tu", "nous", "vous", "son", "sa", "ses", "est", "sont", "m", "t", "y",
];

const GERMAN: &[&str] = &[
    "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer", "eines", "und", "oder", "aber",
    "in", "im", "an", "am", "auf", "aus", "bei", "mit", "nach", "von", "vom", "zu", "zum", "zur", "für", "um", "als",
    "wie", "dass", "daß", "wenn", "nicht", "ist", "sind", "war", "wird", "werden", "hat", "ich", "du", "er", "sie",
    "es", "wir", "ihr", "sich", "auch", "so",
];

const GREEK: &[&str] = &[
    "ο",
    "η",
    "το",
    "οι",
    "τα",
    "του",
    "τησ",
    "των",
    "τον",
    "την",
    "και",
    "κι",
    "να",
    "με",
    "σε",
    "στο",
    "στη",
    "στον",
    "στην",
    "για",
    "από",
    "που",
    "πωσ",
    "ότι",
    "δεν",
    "θα",
    "είναι",
    "ήταν",
    "ωσ",
    "ή",
    "αλλά",
    "ένα",
    "μια",
    "τισ",
    "τουσ",
];

const HUNGARIAN: &[&str] = &[
    "a", "az", "egy", "és", "s", "hogy", "nem", "is", "ez", "azt", "ezt", "van", "volt", "de", "ha", "vagy", "mint",
    "már", "csak", "meg", "ki", "be", "el", "le", "fel", "én", "te", "ő", "mi", "ti", "ők",
];

const ITALIAN: &[&str] = &[
    "il", "lo", "la", "l", "i", "gli", "le", "un", "uno", "una", "e", "ed", "o", "ma", "di", "d", "a", "ad", "da",
    "in", "con", "su", "per", "tra", "fra", "del", "dello", "della", "dei", "degli", "delle", "al", "allo", "alla",
    "ai", "alle", "dal", "dalla", "nel", "nella", "nei", "sul", "sulla", "che", "non", "si", "è", "sono", "era",
    "come", "ne", "ci", "c",
];

const NORWEGIAN: &[&str] = &[
    "og", "i", "å", "at", "en", "ei", "et", "den", "det", "de", "der", "som", "er", "var", "på", "av", "til", "for",
    "med", "fra", "om", "ved", "ikke", "men", "eller", "jeg", "du", "han", "hun", "vi", "har", "hadde", "seg", "så",
    "hvor", "når",
];

const PORTUGUESE: &[&str] = &[
    "o", "a", "os", "as", "um", "uma", "uns", "umas", "e", "ou", "mas", "de", "do", "da", "dos", "das", "em", "no",
    "na", "nos", "nas", "por", "pelo", "pela", "para", "com", "ao", "aos", "à", "às", "que", "se", "não", "é", "são",
    "foi", "ele", "ela", "eu", "como", "seu", "sua", "este", "esta",
];

const ROMANIAN: &[&str] = &[
    "și", "şi", "în", "la", "de", "pe", "cu", "din", "un", "o", "a", "al", "ale", "ai", "cel", "cea", "că", "ce",
    "care", "nu", "se", "sa", "să", "este", "sunt", "era", "dar", "sau", "pentru", "prin", "ca", "mai", "eu", "el",
    "ea", "noi", "lui",
];

const RUSSIAN: &[&str] = &[
    "и", "в", "во", "не", "на", "с", "со", "что", "как", "а", "то", "все", "он", "она", "они", "оно", "я", "ты", "мы",
    "вы", "по", "к", "ко", "у", "из", "за", "от", "до", "о", "об", "для", "же", "бы", "ли", "но", "или", "это", "этот",
    "эта", "был", "была", "было", "были", "его", "её", "ее", "их", "при", "так",
];

const SPANISH: &[&str] = &[
    "el", "la", "los", "las", "un", "una", "unos", "unas", "y", "e", "o", "u", "pero", "de", "del", "a", "al", "en",
    "por", "para", "con", "sin", "sobre", "que", "se", "no", "es", "son", "era", "fue", "su", "sus", "lo", "le", "les",
    "yo", "tú", "él", "ella", "como", "más", "este", "esta", "ese", "esa",
];

const SWEDISH: &[&str] = &[
    "och", "i", "att", "en", "ett", "den", "det", "de", "som", "är", "var", "på", "av", "till", "för", "med", "från",
    "om", "vid", "inte", "men", "eller", "jag", "du", "han", "hon", "vi", "har", "hade", "sig", "så", "när", "där",
];

const TURKISH: &[&str] = &[
    "ve", "ile", "bir", "bu", "şu", "o", "da", "de", "ki", "mi", "mı", "mu", "mü", "için", "gibi", "ama", "veya", "ya",
    "çok", "daha", "en", "ne", "ben", "sen", "biz", "siz", "onlar", "olan", "olarak",
];

#[cfg(test)]
mod tests {
    use super::super::normalize;
    use super::*;

    #[test]
    fn every_word_is_normalized() {
        let lists = [ARABIC, DANISH, DUTCH, ENGLISH, FINNISH, FRENCH, GERMAN, GREEK, HUNGARIAN, ITALIAN, NORWEGIAN];
        let more = [PORTUGUESE, ROMANIAN, RUSSIAN, SPANISH, SWEDISH];
        for word in lists.into_iter().chain(more).flatten() {
            assert_eq!(*word, normalize::lower(&normalize::compose(word)));
        }
        for word in TURKISH {
            assert_eq!(*word, normalize::lower_turkish(&normalize::compose(word)));
        }
        assert!(ENGLISH.iter().all(|word| word.is_ascii()));
    }
}
