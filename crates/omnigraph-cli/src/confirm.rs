//! Steps before a write: prints its target on stderr, and confirms destructive operations on remote storage.

use std::io::{IsTerminal, Write};

use crate::context::{CommandContext, print_status};
use crate::error::{CliError, Result};
use crate::target_args::GraphAddress;

/// The reader of a command's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputMode {
    /// Text for a person.
    Human,
    /// JSON for a program, which cannot reply to a prompt.
    Json,
}

impl OutputMode {
    /// Returns the mode that the flag `--json` selects.
    pub(crate) const fn from_flag(json: bool) -> Self {
        if json { Self::Json } else { Self::Human }
    }
}

/// Prints the target of the write `label` on stderr.
pub(crate) fn print_target(context: &CommandContext, label: &str, address: &GraphAddress) {
    if !context.global.quiet {
        let access = if address.is_local() { "direct, local" } else { "direct, remote" };
        print_status(&format!("omnigraph {label} → {address} ({access})"));
    }
}

/// Confirms the destructive write `label`: `--yes` and local graphs pass, a terminal is prompted, all else is refused.
///
/// # Errors
///
/// [`CliError::Confirmation`].
pub(crate) async fn confirm_destructive(
    context: &CommandContext,
    label: &str,
    address: &GraphAddress,
    mode: OutputMode,
) -> Result<()> {
    if address.is_local() || context.global.yes {
        return Ok(());
    }
    if mode == OutputMode::Json || !std::io::stdin().is_terminal() {
        return Err(CliError::Confirmation(format!(
            "refusing destructive `{label}` on {address}: it is not confirmed. No changes were made. Pass --yes to confirm"
        )));
    }
    // On a thread of its own: the prompt blocks.
    let question = format!("`{label}` destroys data on {address}. Continue? [y/N] ");
    let reply = tokio::task::spawn_blocking(move || prompt(&question)).await;
    let reply = reply.map_err(|error| CliError::System(format!("cannot prompt: {error}")))?;
    match reply.map_err(|error| CliError::Confirmation(format!("cannot read the reply: {error}")))?.trim() {
        yes if yes.eq_ignore_ascii_case("y") || yes.eq_ignore_ascii_case("yes") => Ok(()),
        _ => Err(CliError::Confirmation(format!(
            "not confirmed: `{label}` on {address} was not run; no changes were made"
        ))),
    }
}

fn prompt(question: &str) -> std::io::Result<String> {
    let mut stderr = std::io::stderr().lock();
    stderr.write_all(question.as_bytes())?;
    stderr.flush()?;
    let mut reply = String::new();
    std::io::stdin().read_line(&mut reply)?;
    Ok(reply)
}
