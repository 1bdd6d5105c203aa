//! Commands under the names that they had before: rewritten ahead of the parser, with a word about the present name.

use std::ffi::{OsStr, OsString};

/// The command line as it is spelt today, and what to say about the way it was typed.
pub(crate) fn current(arguments: Vec<OsString>) -> (Vec<OsString>, Option<String>) {
    let word = |at: usize| arguments.get(at).and_then(|argument: &OsString| OsStr::to_str(argument));
    let typed = match (word(1), word(2)) {
        (Some("check"), _) => 1,
        (Some("query"), Some("lint" | "check")) => 2,
        _ => return (arguments, None),
    };
    let old: Vec<&str> = (1..=typed).filter_map(word).collect();
    let said = format!("warning: `{}` is deprecated; use `lint`", old.join(" "));
    let program = arguments.iter().take(1).cloned();
    let rest = arguments.iter().skip(1 + typed).cloned();
    (program.chain([OsString::from("lint")]).chain(rest).collect(), Some(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respelt(line: &str) -> (String, Option<String>) {
        let (now, said) = current(line.split(' ').map(OsString::from).collect());
        (now.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" "), said)
    }

    #[test]
    fn old_names_lead_to_lint() {
        for old in ["check", "query lint", "query check"] {
            let (now, said) = respelt(&format!("omnigraph {old} --query f"));
            assert_eq!(now, "omnigraph lint --query f");
            assert!(said.unwrap().contains(&format!("`{old}` is deprecated; use `lint`")));
        }
    }

    #[test]
    fn what_only_looks_like_an_old_name_stays() {
        for line in ["omnigraph", "omnigraph query find --query f", "omnigraph lint check", "omnigraph --yes check"] {
            assert_eq!(respelt(line), (line.to_owned(), None));
        }
    }
}
