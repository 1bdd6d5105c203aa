//! Deprecated command names: rewritten before parsing, with a warning that names the current one.

use std::ffi::{OsStr, OsString};

/// Returns the command line with current names, and a warning if it was rewritten.
pub(crate) fn rewrite(arguments: Vec<OsString>) -> (Vec<OsString>, Option<String>) {
    let word = |index: usize| arguments.get(index).and_then(|argument: &OsString| OsStr::to_str(argument));
    let typed = match (word(1), word(2)) {
        (Some("check"), _) => 1,
        (Some("query"), Some("lint" | "check")) => 2,
        _ => return (arguments, None),
    };
    let old: Vec<&str> = (1..=typed).filter_map(word).collect();
    let warning = format!("warning: `{}` is deprecated; use `lint`", old.join(" "));
    let program = arguments.iter().take(1).cloned();
    let rest = arguments.iter().skip(1 + typed).cloned();
    (program.chain([OsString::from("lint")]).chain(rest).collect(), Some(warning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> (String, Option<String>) {
        let (now, warning) = rewrite(line.split(' ').map(OsString::from).collect());
        (now.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" "), warning)
    }

    #[test]
    fn old_names_lead_to_lint() {
        for old in ["check", "query lint", "query check"] {
            let (now, warning) = rewritten(&format!("omnigraph {old} --query f"));
            assert_eq!(now, "omnigraph lint --query f");
            assert!(warning.unwrap().contains(&format!("`{old}` is deprecated; use `lint`")));
        }
    }

    #[test]
    fn what_only_looks_like_an_old_name_stays() {
        for line in ["omnigraph", "omnigraph query find --query f", "omnigraph lint check", "omnigraph --yes check"] {
            assert_eq!(rewritten(line), (line.to_owned(), None));
        }
    }
}
