//! Mutations that know where tokens begin and that brackets nest, and some that know nothing.

/// A source of choices: the same seed, the same choices.
pub(super) struct Choices(u64);

impl Choices {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; zero if there is none.
    pub(super) const fn below(&mut self, end: usize) -> usize {
        // A counter through a mixing function: neighbouring seeds have nothing in common.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = (mixed ^ (mixed >> 31)) >> 1;
        if end == 0 { 0 } else { mixed as usize % end }
    }
}

/// Inputs longer than this are cut: more of the same finds nothing new.
const LONGEST: usize = 6_000;

/// What nests, opened and closed.
const NESTS: &[(&str, &str)] = &[
    ("(", ")"),
    ("[", "]"),
    ("{ ", " }"),
    ("not { ", " }"),
    ("exists { ", " }"),
    ("optional { ", " }"),
    ("not ", ""),
    ("- ", ""),
    ("lower(", ")"),
    ("if(true, ", ", null)"),
    ("@a(", ")"),
    ("/* ", " */"),
    ("\"", "\""),
];

/// Tokens that matter and that a program may lack.
const WORDS: &[&str] = &[
    "$_",
    "$s",
    "@id",
    "@src",
    "null",
    "true",
    "now()",
    "*",
    "..",
    "{0,}",
    "-1",
    "1e999",
    "9223372036854775808",
    "\"\\",
    "//",
    "/*",
    "é",
    "\u{0}",
    "\r",
    "distinct",
    "count(*)",
    "where",
    "union",
    "having",
    "order",
    "limit 0",
    "?",
    "[]",
    "Vector(0)",
    "enum()",
    "@key",
    "@unique",
    "@default(",
    "@rename_from(\"A\")",
    "implements",
    "[String]",
    "Json",
    "path shortest",
    "is not null",
    "as n",
    "==",
    "<",
    ">",
    "|",
    ".",
    ",",
    ":",
    "}",
    "{",
];

/// A program of the corpus after one to eight mutations.
pub(super) fn input(choices: &mut Choices, corpus: &[String]) -> String {
    let mut text = corpus[choices.below(corpus.len())].clone();
    for _ in 0..=choices.below(8) {
        text = mutate(choices, &text, corpus);
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
        }
    }
    text
}

fn mutate(choices: &mut Choices, text: &str, corpus: &[String]) -> String {
    let mut tokens = tokens(text);
    let at = choices.below(tokens.len());
    let end = (at + 1 + choices.below(6)).min(tokens.len());
    match choices.below(12) {
        0 | 1 if !tokens.is_empty() => drop(tokens.drain(at..end)),
        2 if !tokens.is_empty() => {
            let copied = tokens[at..end].to_vec();
            let to = choices.below(tokens.len());
            tokens.splice(to..to, copied);
        }
        3 if !tokens.is_empty() => {
            let other = choices.below(tokens.len());
            tokens.swap(at, other);
        }
        4 | 5 => {
            let other = self::tokens(&corpus[choices.below(corpus.len())]);
            let from = choices.below(other.len());
            let until = (from + 1 + choices.below(other.len())).min(other.len());
            let cut = if choices.below(2) == 0 { at } else { end };
            tokens.splice(at..cut, other[from.min(until)..until].iter().copied());
        }
        6 => tokens.insert(at, WORDS[choices.below(WORDS.len())]),
        7 if !tokens.is_empty() => tokens[at] = WORDS[choices.below(WORDS.len())],
        8 => return flip(choices, text),
        9 => return text[..text.floor_char_boundary(choices.below(text.len() + 1))].to_owned(),
        10 => return nest(choices, &tokens, at, end),
        _ => drop(number(choices, &mut tokens)),
    }
    tokens.concat()
}

/// One byte changed, dropped or put in; what is no text any more is repaired.
fn flip(choices: &mut Choices, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = choices.below(bytes.len());
    match choices.below(3) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << choices.below(8),
        1 if !bytes.is_empty() => drop(bytes.remove(at)),
        _ => bytes.insert(at, choices.below(256) as u8),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Some tokens inside many brackets, which may not be closed.
fn nest(choices: &mut Choices, tokens: &[&str], at: usize, end: usize) -> String {
    let (open, close) = NESTS[choices.below(NESTS.len())];
    let most = [3, 3, 40, 400][choices.below(4)];
    let depth = 1 + choices.below(most);
    let closed = if choices.below(4) == 0 { depth / 2 } else { depth };
    let (before, inside, after) = (tokens[..at].concat(), tokens[at..end].concat(), tokens[end..].concat());
    format!("{before}{}{inside}{}{after}", open.repeat(depth), close.repeat(closed))
}

/// A number at the edge of what numbers can be, in place of one that is there.
fn number(choices: &mut Choices, tokens: &mut [&str]) -> Option<()> {
    const EDGES: &[&str] = &[
        "0",
        "1",
        "2147483648",
        "4294967295",
        "9223372036854775807",
        "18446744073709551616",
        "0.5",
        "1e308",
        "00",
        "1e-400",
    ];
    let numbers: Vec<usize> =
        (0..tokens.len()).filter(|at| tokens[*at].starts_with(|c: char| c.is_ascii_digit())).collect();
    let at = *numbers.get(choices.below(numbers.len()))?;
    tokens[at] = EDGES[choices.below(EDGES.len())];
    Some(())
}

/// Words, runs of white space, and single characters; together they are the text. It knows less than the scanner does, on purpose.
fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut found = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, c) in text.char_indices() {
        if before.is_some_and(|before| before != kind(c) || before == 2) {
            found.push(&text[start..at]);
            start = at;
        }
        before = Some(kind(c));
    }
    if start < text.len() {
        found.push(&text[start..]);
    }
    found
}
