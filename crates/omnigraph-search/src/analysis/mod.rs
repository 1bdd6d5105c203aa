//! Text analysis: how an analyzer turns text into tokens. Stored texts and queries pass the same analysis.
//!
//! Every analyzer ignores case, Unicode encoding (compatibility composition, NFKC) and accents on Latin letters. Analyzers differ
//! in where they cut the text into pieces, and in how a piece becomes a token:
//!
//! | Analyzer | Cuts | Token of a piece |
//! |---|---|---|
//! | a language | at everything that is not a letter, digit or mark | none for a stop word, else its stem (Snowball) |
//! | `simple` | the same | the piece |
//! | `ngram` | the same | its n-grams of [`NGRAM_CHARS`] characters; a shorter piece itself |
//! | `whitespace` | at white space | the piece |
//! | `code` | at everything but letters, digits, marks and `_` | the piece, and its parts between `_`, digits and case changes |
//!
//! A stop word and a piece that is too long ([`MAX_WORD_CHARS`], [`MAX_IDENTIFIER_CHARS`]) have no token but a position. So the
//! phrase `state of the art` differs from `state art`. In scripts without spaces between words (Han, Hiragana) each letter is a
//! piece.
//!
//! - `normalize`: composition, case and accents
//! - `split`: where pieces begin and end
//! - `stop_words`: stop words per language

mod normalize;
mod split;
mod stop_words;

use std::borrow::Cow;

use frostem::{Algorithm, Stemmer};
use omnigraph_compiler::catalog::TextAnalyzer;

/// Maximum characters of a token of a language or of `simple`, and of a piece of `ngram`. A longer piece is encoded data rather
/// than a word, and would only fill the dictionary.
pub const MAX_WORD_CHARS: usize = 40;

/// Maximum characters of a token of `whitespace` and `code`: identifiers are longer than words.
pub const MAX_IDENTIFIER_CHARS: usize = 256;

/// Number of characters of an n-gram.
pub const NGRAM_CHARS: usize = 3;

/// The error of an unknown analyzer name, which no validated catalog contains.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown analyzer `{0}`")]
pub struct UnknownAnalyzer(pub String);

/// An analyzer of text. Cheap to create and to copy.
#[derive(Clone, Copy, Debug)]
pub struct Tokenizer {
    kind: AnalyzerKind,
}

/// The kinds of analyzers.
#[derive(Clone, Copy, Debug)]
enum AnalyzerKind {
    Language(LanguageAnalyzer),
    Simple,
    Whitespace,
    Ngram,
    Code,
}

/// An analyzer of one language.
#[derive(Clone, Copy, Debug)]
struct LanguageAnalyzer {
    algorithm: Algorithm,
    stop_words: &'static [&'static str],
}

impl Tokenizer {
    /// Creates the tokenizer of a declared analyzer.
    ///
    /// # Errors
    ///
    /// Fails if the name is not in [`omnigraph_compiler::catalog::ANALYZERS`].
    pub fn new(analyzer: &TextAnalyzer) -> Result<Self, UnknownAnalyzer> {
        let kind = match analyzer.0.as_str() {
            "simple" => AnalyzerKind::Simple,
            "whitespace" => AnalyzerKind::Whitespace,
            "ngram" => AnalyzerKind::Ngram,
            "code" => AnalyzerKind::Code,
            name => AnalyzerKind::Language(
                LanguageAnalyzer::from_name(name).ok_or_else(|| UnknownAnalyzer(name.to_owned()))?,
            ),
        };
        Ok(Self { kind })
    }

    /// Calls `emit` with each token of `text` and its position, in order of positions.
    ///
    /// Positions start at 0 and may have gaps. Only `code` emits several tokens at one position: an identifier and its first
    /// part.
    pub fn analyze(&self, text: &str, emit: &mut dyn FnMut(&str, u32)) {
        self.pieces(text, &mut |piece, position| {
            if let Some(token) = self.token(piece) {
                emit(&token, position);
            }
        });
    }

    /// Calls `emit` with each piece of `text` and its position. [`Self::token`] depends on the piece alone, so that callers can
    /// cache tokens by piece.
    pub(crate) fn pieces(&self, text: &str, emit: &mut dyn FnMut(&str, u32)) {
        let text = &normalize::compose(text);
        match self.kind {
            AnalyzerKind::Language(_) | AnalyzerKind::Simple => split::words(text, emit),
            AnalyzerKind::Whitespace => split::whitespace(text, emit),
            AnalyzerKind::Ngram => split::ngrams(text, emit),
            AnalyzerKind::Code => split::identifiers(text, emit),
        }
    }

    /// Returns the token of a piece, if it has one.
    pub(crate) fn token<'p>(&self, piece: &'p str) -> Option<Cow<'p, str>> {
        match self.kind {
            AnalyzerKind::Language(language) => language.token(piece).map(Cow::Owned),
            AnalyzerKind::Simple => {
                limit_length(normalize::fold(&normalize::lower(piece)), MAX_WORD_CHARS).map(Cow::Owned)
            }
            AnalyzerKind::Whitespace => {
                limit_length(normalize::fold(&normalize::lower(piece)), MAX_IDENTIFIER_CHARS).map(Cow::Owned)
            }
            // The split functions of these fold first: their pieces are tokens.
            AnalyzerKind::Ngram | AnalyzerKind::Code => Some(Cow::Borrowed(piece)),
        }
    }
}

impl LanguageAnalyzer {
    fn from_name(name: &str) -> Option<Self> {
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
        Some(Self { algorithm, stop_words: stop_words::stop_words(algorithm) })
    }

    /// Applies lower case, stop words, stemmer and accent folding. English folds first, because its stemmer ignores accents;
    /// other stemmers need the accents.
    fn token(self, piece: &str) -> Option<String> {
        let english = self.algorithm == Algorithm::English;
        let lower = match self.algorithm {
            Algorithm::Turkish => normalize::lower_turkish(piece),
            Algorithm::English => normalize::fold(&normalize::lower(piece)),
            _ => normalize::lower(piece),
        };
        let lower = limit_length(lower, MAX_WORD_CHARS)?;
        if self.stop_words.contains(&lower.as_str()) {
            return None;
        }
        let stem = Stemmer::new(self.algorithm).stem(&lower).into_owned();
        let token = if english { stem } else { normalize::fold(&stem) };
        // A stemmer may reduce a lone suffix to nothing.
        Some(token).filter(|token| !token.is_empty())
    }
}

/// Returns `token` unless it is empty or longer than `max_chars` characters.
fn limit_length(token: String, max_chars: usize) -> Option<String> {
    let fits = !token.is_empty() && (token.len() <= max_chars || token.chars().count() <= max_chars);
    Some(token).filter(|_| fits)
}
