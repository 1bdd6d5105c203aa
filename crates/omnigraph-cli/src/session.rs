//! What every command gets: the options that hold for all, the two streams, and the way to a graph.

use std::io::{IsTerminal, Write};
use std::path::Path;

use omnigraph::{Omnigraph, OpenOptions, StoreOptions};

use crate::address::Address;
use crate::cli::Global;
use crate::environment::Environment;
use crate::error::Result;
use crate::output::Out;

/// One run of one command.
#[derive(Debug)]
pub(crate) struct Session {
    /// Flags that hold for every command.
    pub(crate) global: Global,
    /// Where results go.
    pub(crate) out: Out,
    environment: Environment,
}

impl Session {
    /// A session of this process.
    pub(crate) fn new(global: Global, environment: Environment) -> Self {
        Self { global, environment, out: Out::stdout() }
    }

    /// The graph that `named` and `--store` mean together.
    ///
    /// # Errors
    ///
    /// As [`Address::resolve`].
    pub(crate) fn address(&self, named: Option<&str>) -> Result<Address> {
        Address::resolve(named, self.global.store.as_deref())
    }

    /// How graphs are opened here.
    pub(crate) fn options(&self) -> OpenOptions {
        let store = StoreOptions {
            durability: self.global.durability.into(),
            s3: self.environment.s3.clone(),
            ..StoreOptions::default()
        };
        OpenOptions { store, ..OpenOptions::default() }
    }

    /// Opens a graph that is only read.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) async fn open_to_read(&self, address: &Address) -> Result<Omnigraph> {
        Ok(Omnigraph::open_read_only(address.as_str(), self.options()).await?)
    }

    /// Opens a graph that is written.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) async fn open_to_write(&self, address: &Address) -> Result<Omnigraph> {
        Ok(Omnigraph::open(address.as_str(), self.options()).await?)
    }

    /// Where temporary files go.
    pub(crate) fn temporary(&self) -> &Path {
        &self.environment.temporary
    }

    /// Who is answerable for what this command writes.
    pub(crate) fn actor(&self) -> Option<&str> {
        self.global.actor.as_deref()
    }
}

/// Waits until heads for outside readers show what was committed. The commit is there whatever comes of it.
pub(crate) async fn settle(graph: &Omnigraph) {
    if let Err(error) = graph.settle().await {
        say(&format!(
            "note: the commit is there; tools that read heads/ do not see it yet ({error}). The next write publishes it, or \
             `omnigraph repair --confirm`"
        ));
    }
}

/// Writes a line for people to stderr. If that fails there is nobody left to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether a person watches stderr.
pub(crate) fn watched() -> bool {
    std::io::stderr().is_terminal()
}
