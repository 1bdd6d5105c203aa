//! A flag that a command cannot use is refused before anything else happens: whoever typed it meant something by it.

use crate::cli::Global;
use crate::error::Failure;

/// What a command needs of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Works on one graph.
    Any,
    /// Opens the storage of a graph itself.
    Direct,
    /// Touches no graph.
    Local,
}

impl Class {
    const fn word(self) -> &'static str {
        match self {
            Self::Any => "data",
            Self::Direct => "direct (storage-native)",
            Self::Local => "local",
        }
    }

    /// What to do instead, with a space in front.
    const fn hint(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Direct => " Pass a storage URI.",
            Self::Local => " This command does not address a graph.",
        }
    }
}

/// A command as the guard sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verb {
    /// Its name in messages.
    pub(crate) label: &'static str,
    /// What it needs.
    pub(crate) class: Class,
    /// Whether `--store` can name its graph.
    pub(crate) takes_store: bool,
    /// Whether it writes, so that somebody is answerable.
    pub(crate) takes_actor: bool,
}

impl Verb {
    /// A command that reads one graph.
    pub(crate) const fn read(label: &'static str) -> Self {
        Self { label, class: Class::Any, takes_store: true, takes_actor: false }
    }

    /// A command that writes to one graph.
    pub(crate) const fn write(label: &'static str) -> Self {
        Self { label, class: Class::Any, takes_store: true, takes_actor: true }
    }
}

/// Refuses the first flag that `verb` cannot use.
///
/// # Errors
///
/// [`Failure::Flag`].
pub(crate) fn check(verb: Verb, global: &Global) -> Result<(), Failure> {
    let refuse = |purpose: &str| {
        let Verb { label, class, .. } = verb;
        let (word, hint) = (class.word(), class.hint());
        Err(Failure::Flag(format!("`{label}` is a {word} command; {purpose} and does not apply.{hint}")))
    };
    if global.store.is_some() && !verb.takes_store {
        return refuse("--store addresses a single graph's storage directly");
    }
    if global.actor.is_some() && !verb.takes_actor {
        return refuse("--as sets the actor of a direct-engine or actor-bound cluster operation");
    }
    Ok(())
}
