//! Recovery: an open for writing finds unfinished operations, decides about each once, finishes it, and records it.

use std::path::{Path, PathBuf};

use omnigraph::{
    AuditEntry, LoadMode, Omnigraph, OpenOptions, RecoveryDecision, RepairAction, StoreOptions, TableClassification,
    Target,
};
use omnigraph_storage::{RequestVerb, RetryPolicy};
use omnigraph_testkit::fault::{FaultInjector, FaultKind, FaultRule};
use serde_json::{Value, json};

use crate::mirror::{assert_mirror_matches_main, mirror_dataset, mirror_path};
use crate::support::{CREW, MORE, commit_record, export_rows, fleet, load};

/// The name of an intent that a test writes.
const INTENT: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
/// An operation without a commit.
const UNKNOWN_OPERATION: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";

/// A graph in a folder with a first commit and a current mirror.
pub(crate) struct RecoverySite {
    folder: tempfile::TempDir,
}

impl RecoverySite {
    pub(crate) async fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        fleet(&site.place()).await.flush_mirror().await.unwrap();
        site
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("graph")
    }

    pub(crate) fn place(&self) -> String {
        self.root().display().to_string()
    }

    pub(crate) async fn open(&self) -> omnigraph::Result<Omnigraph> {
        Omnigraph::open(self.place()).await
    }

    fn mirror_version(&self, name: &str) -> u64 {
        mirror_dataset(&self.root(), name).version()
    }

    /// Returns the operation id of the newest commit of `main`.
    async fn newest_operation(&self) -> String {
        let graph = Omnigraph::open_read_only(self.place()).await.unwrap();
        let newest = graph.commit(&Target::Branch("main".into())).await.unwrap();
        commit_record(&self.place(), &newest).await.operations[0].id.to_string()
    }

    fn intent(&self, name: &str) -> PathBuf {
        self.root().join("__recovery").join(format!("{name}.json"))
    }

    fn put_intent(&self, name: &str, intent: &Value) {
        std::fs::create_dir_all(self.root().join("__recovery")).unwrap();
        std::fs::write(self.intent(name), intent.to_string()).unwrap();
    }

    /// Writes intents of operations without commits, under new names.
    pub(crate) fn put_intents(&self, count: usize) {
        let env = omnigraph_storage::Env::system();
        for _ in 0..count {
            self.put_intent(&env.ulid().to_string(), &intent(UNKNOWN_OPERATION, &[table("Sailor", 1, 2)]));
        }
    }

    /// Advances a mirror dataset by `steps` versions, as an external tool does: each deletes a row, which may be missing.
    fn drift(&self, name: &str, steps: u64) {
        let (id, left) = if name == "Harbor" { ("oslo", 0) } else { ("ana", 1) };
        let dataset = mirror_dataset(&self.root(), name);
        for _ in 0..steps {
            dataset.delete(&format!("id = '{id}'"));
        }
        assert_eq!(dataset.count_rows(None), left);
    }

    /// Asserts that the mirror matches `main`, no intent exists, and another open finds no work.
    pub(crate) async fn assert_recovered(&self) {
        let graph = self.open().await.unwrap();
        assert_mirror_matches_main(&self.root(), &graph).await;
        // A process that was killed during a put leaves a temporary file, and perhaps the folder.
        let files = std::fs::read_dir(self.root().join("__recovery")).into_iter().flatten().flatten();
        let names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        assert!(!names.iter().any(|name| name.ends_with(".json")), "intents remain: {names:?}");
        assert!(graph.sweep().await.unwrap().swept.is_empty());
    }
}

fn table(name: &str, expected: u64, planned: u64) -> Value {
    json!({"table_key": format!("node:{name}"), "table_path": format!("heads/main/{name}.lance"),
           "expected_version": expected, "post_commit_pin": planned})
}

fn intent(operation: &str, tables: &[Value]) -> Value {
    json!({"schema_version": 1, "operation_id": operation, "started_at": 0, "branch": "main", "actor_id": "ada",
           "writer_kind": "Load", "tables": tables})
}

/// Opens for writing, which sweeps, and returns the audit entry of the single intent.
async fn swept(site: &RecoverySite) -> AuditEntry {
    let graph = site.open().await.unwrap();
    let mut entries = graph.audit().await.unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = entries.remove(0);
    assert_eq!((entry.actor_id.as_str(), entry.audit_id.as_str()), ("omnigraph:recovery", INTENT));
    assert_mirror_matches_main(&site.root(), &graph).await;
    site.assert_recovered().await;
    assert_eq!(
        site.open().await.unwrap().audit().await.unwrap(),
        std::slice::from_ref(&entry),
        "a second open changes nothing"
    );
    entry
}

fn found(entry: &AuditEntry) -> Vec<(TableClassification, u64, u64)> {
    entry.tables.iter().map(|table| (table.classification, table.found_version, table.final_version)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_does_not_run_on_clean_open() {
    let site = RecoverySite::new().await;
    let before = crate::readonly::tree(&site.root());
    let faults = FaultInjector::new();
    let store = StoreOptions { layer: Some(faults.layer()), ..StoreOptions::default() };
    let graph = Omnigraph::open(site.place()).options(OpenOptions { store, ..OpenOptions::default() }).await.unwrap();
    let calls: Vec<String> = faults.calls().iter().map(ToString::to_string).collect();
    assert_eq!(calls.len(), 2, "one read and one listing: {calls:?}");
    assert!(calls[1].ends_with("__recovery"), "{calls:?}");
    assert!(graph.audit().await.unwrap().is_empty());
    assert!(!site.root().join("__recovery").exists());
    assert_eq!(crate::readonly::tree(&site.root()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_refuses_unknown_schema_version_on_open() {
    let site = RecoverySite::new().await;
    site.put_intent(INTENT, &json!({"schema_version": 99, "something": "else"}));
    let error = site.open().await.unwrap_err();
    assert_eq!(error.code(), "OG-MIRROR-001");
    let text = error.to_string();
    for word in [format!("__recovery/{INTENT}.json").as_str(), "schema_version 99", "schema_version 1"] {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
    assert!(site.intent(INTENT).exists(), "it stays");
    Omnigraph::open_read_only(site.place()).await.unwrap();
    assert_eq!(
        Omnigraph::repair_mirror(&site.place(), OpenOptions::default()).await.unwrap_err().code(),
        "OG-MIRROR-001"
    );
    assert!(site.intent(INTENT).exists(), "also after a confirmed repair");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_refuses_invalid_intents() {
    let site = RecoverySite::new().await;
    let good = intent(UNKNOWN_OPERATION, &[table("Sailor", 2, 3)]);
    let mut stranger = good.clone();
    stranger["stranger"] = json!(1);
    let mut elsewhere = good.clone();
    elsewhere["branch"] = json!("side");
    for bad in [json!({}), json!({"schema_version": 1}), stranger, elsewhere, json!("text")] {
        site.put_intent(INTENT, &bad);
        let error = site.open().await.unwrap_err();
        assert_eq!(error.code(), "OG-MIRROR-002", "{bad}: {error}");
        assert!(error.to_string().contains(INTENT) && site.intent(INTENT).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_open_skips_recovery_sweep() {
    let site = RecoverySite::new().await;
    let nowhere = intent(UNKNOWN_OPERATION, &[table("Nowhere", 1, 2)]);
    site.put_intent(INTENT, &nowhere);
    let graph = Omnigraph::open_read_only(site.place()).await.unwrap();
    assert!(export_rows(&graph, "main").await.contains("Sailor", "ana"));
    assert_eq!(std::fs::read_to_string(site.intent(INTENT)).unwrap(), nowhere.to_string());
}

/// `Abort`: a table that cannot be reached fails an open for writing until a confirmed repair.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_aborts_without_proof() {
    let site = RecoverySite::new().await;
    site.drift("Sailor", 1);
    let before = site.mirror_version("Sailor");
    site.put_intent(INTENT, &intent(UNKNOWN_OPERATION, &[table("Sailor", 2, 3), table("Nowhere", 1, 2)]));
    let error = site.open().await.unwrap_err();
    assert_eq!(error.code(), "OG-MIRROR-003");
    let text = error.to_string();
    assert!(text.contains("heads/main/Nowhere.lance") && text.contains("omnigraph repair"), "{text}");
    assert_eq!(site.mirror_version("Sailor"), before, "all or nothing");
    assert!(site.intent(INTENT).exists());

    let report = Omnigraph::check_mirror(&site.place(), OpenOptions::default()).await.unwrap();
    assert_eq!(report.intents, [(format!("__recovery/{INTENT}.json"), RecoveryDecision::Abort)]);
    Omnigraph::repair_mirror(&site.place(), OpenOptions::default()).await.unwrap();
    site.assert_recovered().await;
    assert_eq!(site.open().await.unwrap().audit().await.unwrap().len(), 2, "the intent and the repair");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_back_synthetic_drift_on_open() {
    let site = RecoverySite::new().await;
    let version = site.mirror_version("Sailor");
    site.drift("Sailor", 1);
    site.put_intent(INTENT, &intent(UNKNOWN_OPERATION, &[table("Sailor", version + 5, version + 6)]));
    let entry = swept(&site).await;
    assert_eq!((entry.decision, entry.commit.as_deref()), (RecoveryDecision::RollBack, None));
    assert_eq!(entry.operation_actor_id.as_deref(), Some("ada"));
    assert_eq!(found(&entry), [(TableClassification::UnexpectedAtP1, version + 1, version + 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_back_a_mirror_version_without_commit() {
    let site = RecoverySite::new().await;
    let version = site.mirror_version("Sailor");
    site.drift("Sailor", 1);
    site.put_intent(INTENT, &intent(UNKNOWN_OPERATION, &[table("Sailor", version, version + 1)]));
    let entry = swept(&site).await;
    assert_eq!(entry.decision, RecoveryDecision::RollBack);
    assert_eq!(found(&entry), [(TableClassification::RolledPastExpected, version + 1, version + 2)]);
}

/// The writer published its commit and its mirror, and died before it deleted the intent.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_deletes_the_intent_of_a_finished_writer() {
    let site = RecoverySite::new().await;
    let version = site.mirror_version("Sailor");
    let operation = site.newest_operation().await;
    site.put_intent(
        INTENT,
        &intent(&operation, &[table("Sailor", version - 1, version), table("Harbor", version, version + 1)]),
    );
    let entry = swept(&site).await;
    assert_eq!(entry.decision, RecoveryDecision::RollForward);
    assert_eq!(entry.commit.as_deref(), Some(entry.head_commit.as_str()));
    assert_eq!(
        found(&entry),
        [
            (TableClassification::RolledPastExpected, version, version),
            (TableClassification::NoMovement, version, version)
        ],
        "a current dataset gets no new version"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_back_many_steps() {
    let site = RecoverySite::new().await;
    let version = site.mirror_version("Sailor");
    site.drift("Sailor", 3);
    site.put_intent(INTENT, &intent(UNKNOWN_OPERATION, &[table("Sailor", version, version + 1)]));
    let entry = swept(&site).await;
    assert_eq!(entry.decision, RecoveryDecision::RollBack);
    assert_eq!(found(&entry), [(TableClassification::UnexpectedMultistep, version + 3, version + 4)]);
}

/// Returns options of a handle on a store that a test can crash.
fn faulty(faults: &FaultInjector) -> OpenOptions {
    let retry = RetryPolicy {
        max_attempts: 2,
        base_backoff: std::time::Duration::ZERO,
        max_backoff: std::time::Duration::ZERO,
    };
    let store = StoreOptions { layer: Some(faults.layer()), retry, ..StoreOptions::default() };
    OpenOptions { store, ..OpenOptions::default() }
}

/// Runs a load that crashes at the put of its commit record.
async fn crash_at_the_record(site: &RecoverySite, fault: FaultKind) {
    let faults = FaultInjector::new();
    let graph = Omnigraph::open(site.place()).options(faulty(&faults)).await.unwrap();
    faults.add(FaultRule::new(fault).verb(RequestVerb::PutIfAbsent).path("__graph/log/"));
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap_err();
    graph.flush_mirror().await.unwrap_err();
}

/// A crash between a commit and its mirror: `Behind`, and rolled forward.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_a_crashed_writer_forward() {
    let site = RecoverySite::new().await;
    let version = site.mirror_version("Sailor");
    crash_at_the_record(&site, FaultKind::CrashAfter).await;
    assert_eq!(site.mirror_version("Sailor"), version, "the commit exists and its mirror version does not");
    let graph = site.open().await.unwrap();
    let entry = graph.audit().await.unwrap().remove(0);
    assert_eq!(entry.decision, RecoveryDecision::RollForward);
    assert!(entry.tables.iter().all(|table| table.classification == TableClassification::Behind), "{entry:?}");
    assert!(export_rows(&graph, "main").await.contains("Sailor", "cyd"));
    site.assert_recovered().await;
}

/// A crash before the commit. The writer may be alive until another commit takes its position, so the intent remains until
/// then.
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_resolved_once_its_commit_position_is_taken() {
    let site = RecoverySite::new().await;
    crash_at_the_record(&site, FaultKind::CrashBefore).await;
    for _ in 0..2 {
        let graph = site.open().await.unwrap();
        let report = graph.sweep().await.unwrap();
        assert_eq!((report.swept.len(), report.left), (0, 1), "it may be about to publish");
        assert!(graph.audit().await.unwrap().is_empty());
    }
    let graph = site.open().await.unwrap();
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Harbor","data":{"code":"piraeus"}}"#).await.unwrap();
    graph.flush_mirror().await.unwrap();
    let entries = site.open().await.unwrap().audit().await.unwrap();
    assert_eq!((entries.len(), entries[0].decision), (1, RecoveryDecision::RollBack));
    site.assert_recovered().await;
}

/// One of two handles is slow at the put of its commit. The other opens and sweeps, and does not disturb it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_writer_is_not_taken_for_a_dead_one() {
    let site = RecoverySite::new().await;
    let faults = FaultInjector::new();
    let slow = Omnigraph::open(site.place()).options(faulty(&faults)).await.unwrap();
    let pause = std::time::Duration::from_millis(500);
    faults.add(FaultRule::new(FaultKind::Delay(pause)).verb(RequestVerb::PutIfAbsent).path("__graph/log/").nth(0));
    faults.take_calls();
    let writer = slow.clone();
    let writing = tokio::spawn(async move { load(&writer, "main", LoadMode::Merge, MORE).await });
    let deciding = |call: &omnigraph_testkit::fault::RecordedCall| {
        call.verb == RequestVerb::PutIfAbsent && call.path.contains("__graph/log/")
    };
    while !faults.calls().iter().any(deciding) {
        tokio::task::yield_now().await;
    }
    let other = site.open().await.unwrap();
    let report = other.sweep().await.unwrap();
    assert_eq!((report.swept.len(), report.left), (0, 1), "its operation may be about to be published");
    writing.await.unwrap().unwrap();
    slow.flush_mirror().await.unwrap();
    site.assert_recovered().await;
    assert!(other.audit().await.unwrap().is_empty());
}

/// One dataset moved wrongly, one is behind, one is current: one decision for all, and all are current afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_takes_one_decision_for_mixed_tables() {
    for (known, decision) in [(true, RecoveryDecision::RollForward), (false, RecoveryDecision::RollBack)] {
        let site = RecoverySite::new().await;
        crash_at_the_record(&site, FaultKind::CrashAfter).await;
        let operation = if known { site.newest_operation().await } else { UNKNOWN_OPERATION.to_owned() };
        std::fs::remove_dir_all(site.root().join("__recovery")).unwrap();
        let version = site.mirror_version("Harbor");
        site.drift("Harbor", 1);
        let behind = site.mirror_version("Sailor");
        let still = site.mirror_version("BasedAt");
        let basedat = json!({"table_key": "edge:BasedAt", "table_path": format!("{}/heads/main/BasedAt.lance", site.place()),
                             "expected_version": still, "post_commit_pin": still + 1});
        let tables = [table("Sailor", behind, behind + 1), table("Harbor", 7, 8), basedat];
        site.put_intent(INTENT, &intent(&operation, &tables));
        let entry = swept(&site).await;
        assert_eq!(entry.decision, decision);
        assert_eq!(
            found(&entry),
            [
                (TableClassification::Behind, behind, behind + 1),
                (TableClassification::UnexpectedAtP1, version + 1, version + 2),
                (TableClassification::NoMovement, still, still),
            ]
        );
    }
}

/// A sweep that fails at any of its calls is finished by the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_survives_a_fault_at_every_call() {
    async fn damaged_site() -> RecoverySite {
        let site = RecoverySite::new().await;
        crash_at_the_record(&site, FaultKind::CrashAfter).await;
        site.drift("Harbor", 2);
        site.put_intent(INTENT, &intent(UNKNOWN_OPERATION, &[table("Harbor", 2, 3)]));
        site
    }
    let faults = FaultInjector::new();
    let site = damaged_site().await;
    drop(Omnigraph::open(site.place()).options(faulty(&faults)).await.unwrap());
    let calls = faults.calls();
    let (mut injected, mut refused) = (0, 0);
    for (at, call) in calls.iter().enumerate() {
        for fault in [FaultKind::FailBefore, FaultKind::FailAfter, FaultKind::CrashBefore, FaultKind::CrashAfter] {
            let site = damaged_site().await;
            let faults = FaultInjector::new();
            faults.add(FaultRule::new(fault).nth(at));
            let opened = Omnigraph::open(site.place()).options(faulty(&faults)).await;
            faults.revive();
            refused += usize::from(opened.is_err());
            injected += 1;
            drop(opened);
            let graph = site.open().await.unwrap_or_else(|error| panic!("{call}, {fault:?}: {error}"));
            let entries = graph.audit().await.unwrap();
            assert_eq!(entries.len(), 2, "{call}, {fault:?}: {entries:?}");
            site.assert_recovered().await;
        }
    }
    println!(
        "a sweep of two intents: {} calls, {injected} faults, {refused} opens failed, the others succeeded",
        calls.len()
    );
    assert!(refused > 0);
}

/// A background sweep finishes operations of other processes while a handle is open.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_lived_handle_sweeps_periodically() {
    let site = RecoverySite::new().await;
    let options = OpenOptions { sweep_every: Some(std::time::Duration::from_millis(20)), ..OpenOptions::default() };
    let graph = Omnigraph::open(site.place()).options(options).await.unwrap();
    site.drift("Sailor", 1);
    site.put_intent(INTENT, &intent(UNKNOWN_OPERATION, &[table("Sailor", 7, 8)]));
    while site.intent(INTENT).exists() {
        tokio::task::yield_now().await;
    }
    assert_mirror_matches_main(&site.root(), &graph).await;
    assert_eq!(graph.audit().await.unwrap().len(), 1);
}

/// A repair reports external changes of the mirror first, and repairs it on confirmation only. Pinned files do not change.
#[tokio::test(flavor = "multi_thread")]
async fn repair_shows_first_and_heals_on_confirmation() {
    let site = RecoverySite::new().await;
    site.drift("Sailor", 2);
    std::fs::remove_dir_all(mirror_path(&site.root(), "Harbor")).unwrap();
    let pinned = |root: &Path| (crate::readonly::tree(&root.join("nodes")), crate::readonly::tree(&root.join("edges")));
    let (before, whole) = (pinned(&site.root()), crate::readonly::tree(&site.root()));
    let report = Omnigraph::check_mirror(&site.place(), OpenOptions::default()).await.unwrap();
    assert_eq!(crate::readonly::tree(&site.root()), whole, "a preview does not write");
    let state = |report: &omnigraph::RepairReport| -> Vec<_> {
        report.datasets.iter().map(|head| (head.table_key.clone(), head.classification, head.action)).collect()
    };
    let key = str::to_owned;
    assert_eq!(
        state(&report),
        [
            (key("edge:BasedAt"), TableClassification::NoMovement, RepairAction::NoOp),
            (key("edge:Trusts"), TableClassification::NoMovement, RepairAction::NoOp),
            (key("node:Harbor"), TableClassification::Behind, RepairAction::Preview),
            (key("node:Sailor"), TableClassification::UnexpectedMultistep, RepairAction::Preview),
        ]
    );
    assert_eq!(report.datasets[3].operations, ["Delete", "Delete"]);
    let healed = Omnigraph::repair_mirror(&site.place(), OpenOptions::default()).await.unwrap();
    assert_eq!(healed.datasets[3].action, RepairAction::Healed);
    site.assert_recovered().await;
    assert_eq!(pinned(&site.root()), before);
    let again = Omnigraph::repair_mirror(&site.place(), OpenOptions::default()).await.unwrap();
    assert!(again.datasets.iter().all(|head| head.action == RepairAction::NoOp), "{again:?}");
    let entries = site.open().await.unwrap().audit().await.unwrap();
    assert_eq!((entries.len(), entries[0].actor_id.as_str()), (1, "omnigraph:repair"));
    let graph = site.open().await.unwrap();
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.flush_mirror().await.unwrap();
}
