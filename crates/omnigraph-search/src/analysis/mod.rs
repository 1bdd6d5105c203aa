//! How text becomes tokens. The same analysis applies to what is stored and to what is looked for.
//!
//! Every analyzer disregards case, the way a character is encoded (compatibility composition, NFKC) and accents on
//! Latin letters. They differ in where they cut and in what they do to a piece:
//!
//! | Analyzer | Cuts | A piece becomes |
//! |---|---|---|
//! | a language | at everything that is not a letter, digit or mark | nothing if it is a stop word, else its stem |
//! | `simple` | the same | itself |
//! | `ngram` | the same | its runs of [`GRAM`] characters; itself if it has no more |
//! | `whitespace` | at white space | itself |
//! | `code` | at everything but letters, digits, marks and `_` | itself, and its parts between `_`, digits and case changes |
//!
//! A piece that is too long ([`LONGEST_WORD`], [`LONGEST_IDENTIFIER`]) and a stop word become no token, and keep
//! their place: positions count pieces, so a phrase tells `state of the art` from `state art`. Letters of scripts
//! that are written without spaces between words (Han, Hiragana) are words of one letter.
//!
//! - `normal`: composition, case, accents;
//! - `split`: where pieces begin and end;
//! - `stop`: stop words.

mod normal;
mod split;
mod stop;

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};
use omnigraph_compiler::catalog::Analyzer;

/// Characters of the longest token of a language, of `simple` and, before it is cut up, of `ngram`. What is longer is
/// encoded data rather than a word, and would only fill the dictionary.
pub const LONGEST_WORD: usize = 40;

/// Characters of the longest token of `whitespace` and `code`: names are longer than words.
pub const LONGEST_IDENTIFIER: usize = 256;

/// Characters of a token of `ngram`.
pub const GRAM: usize = 3;

/// A name that is no analyzer: a catalogue that was checked holds none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown analyzer `{0}`")]
pub struct UnknownAnalyzer(pub String);

/// An analyzer, ready to cut text. Cheap to make and to copy.
#[derive(Clone, Copy, Debug)]
pub struct Tokenizer {
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Language(Language),
    Simple,
    Whitespace,
    Grams,
    Code,
}

#[derive(Clone, Copy, Debug)]
struct Language {
    algorithm: Algorithm,
    stop_words: &'static [&'static str],
}

impl Tokenizer {
    /// The tokenizer of a declared analyzer.
    ///
    /// # Errors
    ///
    /// [`UnknownAnalyzer`] if it is none of [`omnigraph_compiler::catalog::ANALYZERS`].
    pub fn new(analyzer: &Analyzer) -> Result<Self, UnknownAnalyzer> {
        let kind = match analyzer.0.as_str() {
            "simple" => Kind::Simple,
            "whitespace" => Kind::Whitespace,
            "ngram" => Kind::Grams,
            "code" => Kind::Code,
            name => Kind::Language(Language::of(name).ok_or_else(|| UnknownAnalyzer(name.to_owned()))?),
        };
        Ok(Self { kind })
    }

    /// Calls `emit` with every token of `text` and its position, in order of positions. Positions count from 0 and
    /// may have gaps; several tokens stand at one position only under `code`: an identifier and its first part.
    pub fn analyze(&self, text: &str, emit: &mut dyn FnMut(&str, u32)) {
        self.pieces(text, &mut |piece, position| {
            if let Some(token) = self.token(piece) {
                emit(&token, position);
            }
        });
    }

    /// The pieces of `text` with their positions. What becomes of a piece is up to [`Self::token`] and depends on
    /// nothing but the piece, so that whoever reads many texts can remember it.
    pub(crate) fn pieces(&self, text: &str, emit: &mut dyn FnMut(&str, u32)) {
        let text = &normal::compose(text);
        match self.kind {
            Kind::Language(_) | Kind::Simple => split::words(text, emit),
            Kind::Whitespace => split::between_spaces(text, emit),
            Kind::Grams => split::grams(text, emit),
            Kind::Code => split::identifiers(text, emit),
        }
    }

    /// The token that a piece becomes, if any.
    pub(crate) fn token<'p>(&self, piece: &'p str) -> Option<Cow<'p, str>> {
        match self.kind {
            Kind::Language(language) => language.token(piece).map(Cow::Owned),
            Kind::Simple => short(normal::fold(&normal::lower(piece)), LONGEST_WORD).map(Cow::Owned),
            Kind::Whitespace => short(normal::fold(&normal::lower(piece)), LONGEST_IDENTIFIER).map(Cow::Owned),
            // These fold before they cut, and what they cut is a token.
            Kind::Grams | Kind::Code => Some(Cow::Borrowed(piece)),
        }
    }
}

impl Language {
    fn of(name: &str) -> Option<Self> {
        let algorithm = match name {
            "arabic" => Algorithm::Arabic,
            "danish" => Algorithm::Danish,
            "dutch" => Algorithm::Dutch,
            "english" => Algorithm::English,
            "finnish" => Algorithm::Finnish,
            "french" => Algorithm::French,
            "german" => Algorithm::German,
            "greek" => Algorithm::Greek,
            "hungarian" => Algorithm::Hungarian,
            "italian" => Algorithm::Italian,
            "norwegian" => Algorithm::Norwegian,
            "portuguese" => Algorithm::Portuguese,
            "romanian" => Algorithm::Romanian,
            "russian" => Algorithm::Russian,
            "spanish" => Algorithm::Spanish,
            "swedish" => Algorithm::Swedish,
            "tamil" => Algorithm::Tamil,
            "turkish" => Algorithm::Turkish,
            _ => return None,
        };
        Some(Self { algorithm, stop_words: stop::words(algorithm) })
    }

    /// Lower case, stop words, stem, fold. English folds first, because its stemmer knows no accents; the others
    /// last, because theirs need them.
    fn token(self, piece: &str) -> Option<String> {
        let english = self.algorithm == Algorithm::English;
        let lower = match self.algorithm {
            Algorithm::Turkish => normal::lower_turkish(piece),
            Algorithm::English => normal::fold(&normal::lower(piece)),
            _ => normal::lower(piece),
        };
        let lower = short(lower, LONGEST_WORD)?;
        if self.stop_words.contains(&lower.as_str()) {
            return None;
        }
        let stem = Stemmer::new(self.algorithm).stem(&lower).into_owned();
        let token = if english { stem } else { normal::fold(&stem) };
        // A stemmer may take everything away, from a lone suffix.
        Some(token).filter(|token| !token.is_empty())
    }
}

/// `token` unless it is empty or longer than `longest` characters.
fn short(token: String, longest: usize) -> Option<String> {
    let fits = !token.is_empty() && (token.len() <= longest || token.chars().count() <= longest);
    Some(token).filter(|_| fits)
}
