//! Before a write: its target is named on stderr, and what destroys data on storage that others share needs consent.

use std::io::{IsTerminal, Write};

use crate::address::Address;
use crate::error::{Failure, Result};
use crate::session::{Session, say};

/// How the result of the command is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A person reads it.
    Person,
    /// A program reads it: it cannot answer questions.
    Program,
}

impl Audience {
    /// By the flag `--json`.
    pub(crate) const fn of(json: bool) -> Self {
        if json { Self::Program } else { Self::Person }
    }
}

/// Names the target of the write `label`.
pub(crate) fn echo(session: &Session, label: &str, address: &Address) {
    if !session.global.quiet {
        let access = if address.is_local() { "direct, local" } else { "direct, remote" };
        say(&format!("omnigraph {label} → {address} ({access})"));
    }
}

/// Lets the destructive write `label` pass, asks, or refuses. Local graphs are never asked about.
///
/// # Errors
///
/// [`Failure::Consent`].
pub(crate) async fn gate(session: &Session, label: &str, address: &Address, audience: Audience) -> Result<()> {
    if address.is_local() || session.global.yes {
        return Ok(());
    }
    if audience == Audience::Program || !std::io::stdin().is_terminal() {
        return Err(Failure::Consent(format!(
            "refusing destructive `{label}` on {address} without consent; nothing was touched. Pass --yes to consent"
        )));
    }
    // On a thread of its own: this one must not block on a person.
    let question = format!("`{label}` destroys data on {address}. Continue? [y/N] ");
    let answer = tokio::task::spawn_blocking(move || ask(&question)).await;
    let answer = answer.map_err(|error| Failure::Machine(format!("cannot ask: {error}")))?;
    match answer.map_err(|error| Failure::Consent(format!("cannot read the answer: {error}")))?.trim() {
        yes if yes.eq_ignore_ascii_case("y") || yes.eq_ignore_ascii_case("yes") => Ok(()),
        _ => Err(Failure::Consent(format!("not confirmed: `{label}` on {address} was not run; nothing was touched"))),
    }
}

fn ask(question: &str) -> std::io::Result<String> {
    let mut stderr = std::io::stderr().lock();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer)
}
