//! Rules for global flags: a command rejects a flag that it cannot use, before any other step. It never ignores one.

use crate::cli::GlobalOptions;
use crate::error::CliError;

/// The resources that a command accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommandClass {
    /// One graph, embedded or served.
    Data,
    /// The storage of one graph.
    Storage,
    /// No graph.
    Local,
}

impl CommandClass {
    const fn label(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Storage => "direct (storage-native)",
            Self::Local => "local",
        }
    }

    /// Returns the next step for the user, with a leading space.
    const fn hint(self) -> &'static str {
        match self {
            Self::Data => "",
            Self::Storage => " Pass a storage URI.",
            Self::Local => " This command does not address a graph.",
        }
    }
}

/// The global flags that a command accepts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlagRules {
    label: &'static str,
    class: CommandClass,
    accepts_actor: bool,
}

impl FlagRules {
    /// Returns the rules of a command that reads one graph.
    pub(crate) const fn read(label: &'static str) -> Self {
        Self { label, class: CommandClass::Data, accepts_actor: false }
    }

    /// Returns the rules of a command that writes to one graph.
    pub(crate) const fn write(label: &'static str) -> Self {
        Self { label, class: CommandClass::Data, accepts_actor: true }
    }

    /// Returns the rules of a command that opens the storage of one graph itself.
    pub(crate) const fn storage(label: &'static str) -> Self {
        Self { label, class: CommandClass::Storage, accepts_actor: false }
    }

    /// Returns the rules of a command without a graph.
    pub(crate) const fn local(label: &'static str) -> Self {
        Self { label, class: CommandClass::Local, accepts_actor: false }
    }
}

/// Rejects the first flag that the command cannot use.
///
/// # Errors
///
/// [`CliError::Flag`].
pub(crate) fn check(rules: FlagRules, global: &GlobalOptions) -> Result<(), CliError> {
    let FlagRules { label, class, accepts_actor } = rules;
    let reject = |purpose: &str| {
        let (word, hint) = (class.label(), class.hint());
        Err(CliError::Flag(format!("`{label}` is a {word} command; {purpose} and does not apply.{hint}")))
    };
    if global.store.is_some() && class == CommandClass::Local {
        return reject("--store addresses a single graph's storage directly");
    }
    if global.actor.is_some() && !accepts_actor {
        return reject("--as sets the actor of a direct-engine or actor-bound cluster operation");
    }
    Ok(())
}
