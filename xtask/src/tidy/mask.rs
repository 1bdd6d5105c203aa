//! Rust text with comments and literals blanked out, so that braces and names can be found by plain search.
//!
//! The result has the same length and the same line breaks as the input: an offset or a line found in the mask is
//! valid in the file.

/// Blanks comments, strings (plain, byte, C and raw) and character literals. Lifetimes stay.
pub(crate) fn mask(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = skip_blank(bytes, at);
        if end == at {
            at = end_of_word(bytes, at);
            continue;
        }
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    // Only whole literals and comments are blanked, so what remains is still valid text.
    String::from_utf8(out).unwrap_or_default()
}

/// The end of the comment or literal that begins at `at`; `at` itself when none does.
fn skip_blank(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n),
        [b'/', b'*', ..] => end_of_block_comment(bytes, at),
        [b'"', ..] => end_of_quoted(bytes, at, b'"'),
        [b'\'', ..] => end_of_character(bytes, at),
        [b'b' | b'c' | b'r', ..] => end_of_prefixed(bytes, at),
        _ => at,
    }
}

fn end_of_block_comment(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0usize;
    let mut at = start;
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_quoted(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A quote opens a literal when it holds an escape or exactly one character; otherwise it opens a lifetime.
fn end_of_character(bytes: &[u8], at: usize) -> usize {
    match &bytes[at + 1..] {
        [b'\\', ..] => end_of_quoted(bytes, at, b'\''),
        [first, rest @ ..] => {
            let width = utf8_width(*first);
            if rest.get(width - 1) == Some(&b'\'') { at + width + 2 } else { at }
        }
        [] => at,
    }
}

fn utf8_width(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// Literals that begin with letters: `b""`, `b''`, `c""`, `r""`, `r#""#`, `br#""#`, `cr#""#`.
fn end_of_prefixed(bytes: &[u8], at: usize) -> usize {
    let letters = match &bytes[at..] {
        [b'b' | b'c', b'r', ..] => 2,
        _ => 1,
    };
    let raw = bytes[at + letters - 1] == b'r';
    let hashes = bytes[at + letters..].iter().take_while(|&&b| raw && b == b'#').count();
    let quote = at + letters + hashes;
    match bytes.get(quote) {
        Some(b'"') if raw => end_of_raw(bytes, quote + 1, hashes),
        Some(b'"') => end_of_quoted(bytes, quote, b'"'),
        Some(b'\'') if bytes[at] == b'b' && !raw => end_of_quoted(bytes, quote, b'\''),
        _ => at,
    }
}

fn end_of_raw(bytes: &[u8], start: usize, hashes: usize) -> usize {
    let closes = |at: usize| {
        bytes[at] == b'"'
            && bytes[at + 1..].len() >= hashes
            && bytes[at + 1..at + 1 + hashes].iter().all(|&b| b == b'#')
    };
    (start..bytes.len()).find(|&at| closes(at)).map_or(bytes.len(), |at| at + 1 + hashes)
}

/// Past the word at `at`, so that the `r` that ends `for` is not taken for a prefix; past one byte elsewhere.
fn end_of_word(bytes: &[u8], at: usize) -> usize {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
    bytes[at..].iter().position(|&b| !word(b)).map_or(bytes.len(), |n| at + n.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let masked = mask(text);
        assert_eq!(masked.len(), text.len(), "offsets stay valid");
        assert_eq!(masked.split_whitespace().collect::<Vec<_>>().join(" "), expected, "in {text:?}");
    }

    #[test]
    fn comments_go() {
        check("a // { lance::x\nb", "a b");
        check("a /* { /* nested } */ { */ b", "a b");
        check("/// doc }\nfn x() {}", "fn x() {}");
        check("a /* never closed {", "a");
    }

    #[test]
    fn strings_go() {
        check(r#"f("{ \" {", x)"#, "f( , x)");
        check(r###"f(r#"{ " {"#, r"\", br##"{"# "##, x)"###, "f( , , , x)");
        check(r#"f(b"{", c"{", x)"#, "f( , , x)");
        check("f(\"never closed {", "f(");
    }

    #[test]
    fn characters_go_and_lifetimes_stay() {
        check("match c { '{' => 'é', '\\'' => b'}', _ => '\"' }", "match c { => , => , _ => }");
        check("fn f<'a>(x: &'a str, y: &'static str) {}", "fn f<'a>(x: &'a str, y: &'static str) {}");
    }

    #[test]
    fn names_that_look_like_prefixes_stay() {
        check("let r#type = for_r; b.c.r", "let r#type = for_r; b.c.r");
        check("br\nc\nr", "br c r");
    }

    #[test]
    fn line_breaks_stay() {
        assert_eq!(mask("/*\n\n*/\"\n\"x").lines().count(), "/*\n\n*/\"\n\"x".lines().count());
    }
}
