//! `audit`: what was finished for processes that ended, and what was repaired.

use clap::Args;
use omnigraph::AuditEntry;
use serde_json::json;

use crate::error::Result;
use crate::guard::Verb;
use crate::session::Session;

/// The command as the guard sees it.
pub(super) const VERB: Verb = Verb::read("audit");

/// The command line.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  omnigraph audit cities.omni")]
pub(crate) struct Audit {
    /// The graph; or use --store
    uri: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(super) async fn run(self, session: &mut Session) -> Result<()> {
        let address = session.address(self.uri.as_deref())?;
        let entries = session.open_to_read(&address).await?.audit().await?;
        if self.json {
            session.out.json(&json!({ "entries": entries }))?;
            return Ok(());
        }
        for entry in &entries {
            session.out.line(&line(entry))?;
            for table in &entry.tables {
                let (found, last) = (table.found_version, table.final_version);
                session.out.line(&format!("  {} {} {found} -> {last}", table.table_key, table.classification))?;
            }
        }
        Ok(())
    }
}

fn line(entry: &AuditEntry) -> String {
    let AuditEntry { audit_id, actor_id, decision, head_commit, .. } = entry;
    let operation = entry.operation_id.as_ref().map(|id| format!(" operation={id}")).unwrap_or_default();
    format!("{audit_id} actor={actor_id} decision={decision}{operation} heads_at={head_commit}")
}
