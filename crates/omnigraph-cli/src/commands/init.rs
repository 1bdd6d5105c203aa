//! `init`: create an empty graph with a schema.

use std::path::PathBuf;

use clap::Args;
use omnigraph::{HeadPublication, Omnigraph, OpenOptions};

use crate::address::Address;
use crate::error::Result;
use crate::guard::{Class, Verb};
use crate::schema_file::SchemaFile;
use crate::session::{Session, settle};

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb { label: "init", class: Class::Direct, takes_store: false, takes_actor: false };

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph init --schema cities.pg cities.omni")]
pub(crate) struct Init {
    /// Where the graph will be: a folder, made if it is missing, or s3://bucket/prefix
    uri: String,
    /// The schema: which nodes and edges there are, and what they carry
    #[arg(long, value_name = "PATH")]
    schema: PathBuf,
    /// Never publish `main` under heads/ for tools that read Lance datasets by path
    #[arg(long)]
    no_heads: bool,
}

impl Init {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = Address::new(&self.uri)?;
        let schema = SchemaFile::read(&self.schema)?;
        // Judged here first: only here is it known which of several files a fault is in.
        schema.catalog(None)?;
        let (name, source) = (&schema.name, schema.source());
        let heads = if self.no_heads { HeadPublication::Off } else { HeadPublication::default() };
        let options = OpenOptions { heads, ..session.options() };
        let graph = Omnigraph::init(address.as_str(), name, &source, session.actor(), options).await?;
        settle(&graph).await;
        session.out.line(&format!("initialized {address}"))?;
        Ok(())
    }
}
