//! Mutations of inputs: some respect tokens and brackets, some do not.

/// A deterministic source of choices.
pub(super) struct MutationChoices(u64);

impl MutationChoices {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns a number below `end`; zero if `end` is zero.
    pub(super) const fn next_below(&mut self, end: usize) -> usize {
        // A counter through a mixing function: neighboring seeds are independent.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = (mixed ^ (mixed >> 31)) >> 1;
        if end == 0 { 0 } else { mixed as usize % end }
    }
}

/// Greatest length of an input; longer inputs are cut.
const LONGEST: usize = 6_000;

/// Pairs of brackets.
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

/// Important tokens that a program may lack.
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

/// Returns a program of the corpus after one to eight mutations.
pub(super) fn input(choices: &mut MutationChoices, corpus: &[String]) -> String {
    let mut text = corpus[choices.next_below(corpus.len())].clone();
    for _ in 0..=choices.next_below(8) {
        text = mutate(choices, &text, corpus);
        if text.len() > LONGEST {
            text.truncate(text.floor_char_boundary(LONGEST));
        }
    }
    text
}

fn mutate(choices: &mut MutationChoices, text: &str, corpus: &[String]) -> String {
    let mut tokens = tokens(text);
    let at = choices.next_below(tokens.len());
    let end = (at + 1 + choices.next_below(6)).min(tokens.len());
    match choices.next_below(12) {
        0 | 1 if !tokens.is_empty() => drop(tokens.drain(at..end)),
        2 if !tokens.is_empty() => {
            let copied = tokens[at..end].to_vec();
            let to = choices.next_below(tokens.len());
            tokens.splice(to..to, copied);
        }
        3 if !tokens.is_empty() => {
            let other = choices.next_below(tokens.len());
            tokens.swap(at, other);
        }
        4 | 5 => {
            let other = self::tokens(&corpus[choices.next_below(corpus.len())]);
            let from = choices.next_below(other.len());
            let until = (from + 1 + choices.next_below(other.len())).min(other.len());
            let cut = if choices.next_below(2) == 0 { at } else { end };
            tokens.splice(at..cut, other[from.min(until)..until].iter().copied());
        }
        6 => tokens.insert(at, WORDS[choices.next_below(WORDS.len())]),
        7 if !tokens.is_empty() => tokens[at] = WORDS[choices.next_below(WORDS.len())],
        8 => return flip(choices, text),
        9 => return text[..text.floor_char_boundary(choices.next_below(text.len() + 1))].to_owned(),
        10 => return nest(choices, &tokens, at, end),
        _ => drop(number(choices, &mut tokens)),
    }
    tokens.concat()
}

/// Changes, drops or inserts one byte; invalid UTF-8 is repaired.
fn flip(choices: &mut MutationChoices, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = choices.next_below(bytes.len());
    match choices.next_below(3) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << choices.next_below(8),
        1 if !bytes.is_empty() => drop(bytes.remove(at)),
        _ => bytes.insert(at, choices.next_below(256) as u8),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Wraps some tokens in many brackets, which may not be closed.
fn nest(choices: &mut MutationChoices, tokens: &[&str], at: usize, end: usize) -> String {
    let (open, close) = NESTS[choices.next_below(NESTS.len())];
    let most = [3, 3, 40, 400][choices.next_below(4)];
    let depth = 1 + choices.next_below(most);
    let closed = if choices.next_below(4) == 0 { depth / 2 } else { depth };
    let (before, inside, after) = (tokens[..at].concat(), tokens[at..end].concat(), tokens[end..].concat());
    format!("{before}{}{inside}{}{after}", open.repeat(depth), close.repeat(closed))
}

/// Replaces a number by one at the limits of its type.
fn number(choices: &mut MutationChoices, tokens: &mut [&str]) -> Option<()> {
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
    let at = *numbers.get(choices.next_below(numbers.len()))?;
    tokens[at] = EDGES[choices.next_below(EDGES.len())];
    Some(())
}

/// Splits a text into words, runs of white space, and single characters. It is deliberately simpler than the scanner.
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
