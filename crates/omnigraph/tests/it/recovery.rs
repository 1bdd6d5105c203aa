//! What is left undone is found on opening for writing, decided about once, finished, and written down.

use std::path::{Path, PathBuf};

use lance::Dataset;
use omnigraph::objects::{RetryPolicy, Verb};
use omnigraph::{
    AuditEntry, Classification, Decision, LoadMode, Omnigraph, OpenOptions, RepairAction, StoreOptions, Target,
};
use omnigraph_testkit::fault::{Fault, Faults, Rule};
use serde_json::{Value, json};

use crate::heads::{assert_heads_show_main, head};
use crate::support::{CREW, MORE, export, fleet, load};

/// The name of an intent that a test puts.
const INTENT: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
/// An operation that no commit carries.
const NOBODY: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";

/// A graph with a first crew and heads that show it.
pub(crate) struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        fleet(&site.place()).await.settle().await.unwrap();
        site
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("graph")
    }

    pub(crate) fn place(&self) -> String {
        self.root().display().to_string()
    }

    pub(crate) async fn open(&self) -> omnigraph::Result<Omnigraph> {
        Omnigraph::open(&self.place(), OpenOptions::default()).await
    }

    async fn head_version(&self, name: &str) -> u64 {
        Dataset::open(&head(&self.root(), name).display().to_string()).await.unwrap().manifest.version
    }

    /// The id of the operation of main's newest commit.
    async fn newest_operation(&self) -> String {
        let graph = Omnigraph::open_read_only(&self.place(), OpenOptions::default()).await.unwrap();
        let newest = graph.commit_of(&Target::Branch("main".into())).await.unwrap();
        newest.operations[0].id.to_string()
    }

    fn intent(&self, name: &str) -> PathBuf {
        self.root().join("__recovery").join(format!("{name}.json"))
    }

    fn put_intent(&self, name: &str, intent: &Value) {
        std::fs::create_dir_all(self.root().join("__recovery")).unwrap();
        std::fs::write(self.intent(name), intent.to_string()).unwrap();
    }

    /// Intents of operations that nobody knows, under fresh names.
    pub(crate) fn put_intents(&self, count: usize) {
        let ambient = omnigraph::objects::Ambient::system();
        for _ in 0..count {
            self.put_intent(&ambient.ulid().to_string(), &intent(NOBODY, &[table("Sailor", 1, 2)]));
        }
    }

    /// Moves a head by `steps` versions as an outside tool does: each deletes a row that is not there, or one that is.
    async fn drift(&self, name: &str, steps: u64) {
        let mut dataset = Dataset::open(&head(&self.root(), name).display().to_string()).await.unwrap();
        for _ in 0..steps {
            let handle = if name == "Harbor" { "oslo" } else { "ana" };
            dataset.delete(&format!("id = '{handle}'")).await.unwrap();
        }
        assert_eq!(dataset.count_rows(None).await.unwrap(), if name == "Harbor" { 0 } else { 1 });
    }

    /// All is well: heads show main, no intent stands, and another open has nothing to do.
    pub(crate) async fn assert_settled(&self) {
        let graph = self.open().await.unwrap();
        assert_heads_show_main(&self.root(), &graph).await;
        // A process that was killed in the middle of a put leaves a part under a name that is no object's, and perhaps the folder.
        let files = std::fs::read_dir(self.root().join("__recovery")).into_iter().flatten().flatten();
        let names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        assert!(!names.iter().any(|name| name.ends_with(".json")), "intents stand: {names:?}");
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

/// Opens for writing, which sweeps; what was written down about the one intent.
async fn swept(site: &Site) -> AuditEntry {
    let graph = site.open().await.unwrap();
    let mut entries = graph.audit().await.unwrap();
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = entries.remove(0);
    assert_eq!((entry.actor_id.as_str(), entry.audit_id.as_str()), ("omnigraph:recovery", INTENT));
    assert_heads_show_main(&site.root(), &graph).await;
    site.assert_settled().await;
    assert_eq!(
        site.open().await.unwrap().audit().await.unwrap(),
        std::slice::from_ref(&entry),
        "nothing is done twice"
    );
    entry
}

fn found(entry: &AuditEntry) -> Vec<(Classification, u64, u64)> {
    entry.tables.iter().map(|table| (table.classification, table.found_version, table.final_version)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_does_not_run_on_clean_open() {
    let site = Site::new().await;
    let before = crate::readonly::tree(&site.root());
    let faults = Faults::new();
    let store = StoreOptions { layer: Some(faults.layer()), ..StoreOptions::default() };
    let graph = Omnigraph::open(&site.place(), OpenOptions { store, ..OpenOptions::default() }).await.unwrap();
    let calls: Vec<String> = faults.calls().iter().map(ToString::to_string).collect();
    assert_eq!(calls.len(), 2, "one read and one listing: {calls:?}");
    assert!(calls[1].ends_with("__recovery"), "{calls:?}");
    assert!(graph.audit().await.unwrap().is_empty());
    assert!(!site.root().join("__recovery").exists());
    assert_eq!(crate::readonly::tree(&site.root()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_refuses_unknown_schema_version_on_open() {
    let site = Site::new().await;
    site.put_intent(INTENT, &json!({"schema_version": 99, "something": "else"}));
    let error = site.open().await.unwrap_err();
    assert_eq!(error.code(), "OG-REC-001");
    let text = error.to_string();
    for word in [format!("__recovery/{INTENT}.json").as_str(), "schema_version 99", "schema_version 1"] {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
    assert!(site.intent(INTENT).exists(), "it stays");
    Omnigraph::open_read_only(&site.place(), OpenOptions::default()).await.unwrap();
    assert_eq!(Omnigraph::repair_heads(&site.place(), OpenOptions::default()).await.unwrap_err().code(), "OG-REC-001");
    assert!(site.intent(INTENT).exists(), "whatever is confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_refuses_what_is_no_intent() {
    let site = Site::new().await;
    let good = intent(NOBODY, &[table("Sailor", 2, 3)]);
    let mut stranger = good.clone();
    stranger["stranger"] = json!(1);
    let mut elsewhere = good.clone();
    elsewhere["branch"] = json!("side");
    for bad in [json!({}), json!({"schema_version": 1}), stranger, elsewhere, json!("text")] {
        site.put_intent(INTENT, &bad);
        let error = site.open().await.unwrap_err();
        assert_eq!(error.code(), "OG-REC-002", "{bad}: {error}");
        assert!(error.to_string().contains(INTENT) && site.intent(INTENT).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_open_skips_recovery_sweep() {
    let site = Site::new().await;
    let nowhere = intent(NOBODY, &[table("Nowhere", 1, 2)]);
    site.put_intent(INTENT, &nowhere);
    let graph = Omnigraph::open_read_only(&site.place(), OpenOptions::default()).await.unwrap();
    assert!(export(&graph, "main").await.contains("ana"));
    assert_eq!(std::fs::read_to_string(site.intent(INTENT)).unwrap(), nowhere.to_string());
}

/// `Abort`: a table that cannot be reached stops an open for writing, until somebody confirms.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_aborts_where_nothing_can_be_proved() {
    let site = Site::new().await;
    site.drift("Sailor", 1).await;
    let before = site.head_version("Sailor").await;
    site.put_intent(INTENT, &intent(NOBODY, &[table("Sailor", 2, 3), table("Nowhere", 1, 2)]));
    let error = site.open().await.unwrap_err();
    assert_eq!(error.code(), "OG-REC-003");
    let text = error.to_string();
    assert!(text.contains("heads/main/Nowhere.lance") && text.contains("omnigraph repair"), "{text}");
    assert_eq!(site.head_version("Sailor").await, before, "all or nothing");
    assert!(site.intent(INTENT).exists());

    let report = Omnigraph::inspect_heads(&site.place(), OpenOptions::default()).await.unwrap();
    assert_eq!(report.intents, [(format!("__recovery/{INTENT}.json"), Decision::Abort)]);
    Omnigraph::repair_heads(&site.place(), OpenOptions::default()).await.unwrap();
    site.assert_settled().await;
    assert_eq!(site.open().await.unwrap().audit().await.unwrap().len(), 2, "the intent and the repair");
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_back_synthetic_drift_on_open() {
    let site = Site::new().await;
    let version = site.head_version("Sailor").await;
    site.drift("Sailor", 1).await;
    site.put_intent(INTENT, &intent(NOBODY, &[table("Sailor", version + 5, version + 6)]));
    let entry = swept(&site).await;
    assert_eq!((entry.decision, entry.commit.as_deref()), (Decision::RollBack, None));
    assert_eq!(entry.operation_actor_id.as_deref(), Some("ada"));
    assert_eq!(found(&entry), [(Classification::UnexpectedAtP1, version + 1, version + 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_back_a_head_that_moved_as_planned_for_nothing() {
    let site = Site::new().await;
    let version = site.head_version("Sailor").await;
    site.drift("Sailor", 1).await;
    site.put_intent(INTENT, &intent(NOBODY, &[table("Sailor", version, version + 1)]));
    let entry = swept(&site).await;
    assert_eq!(entry.decision, Decision::RollBack);
    assert_eq!(found(&entry), [(Classification::RolledPastExpected, version + 1, version + 2)]);
}

/// The writer published its commit and its heads, and died before it deleted the intent.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_finds_a_writer_that_was_nearly_done() {
    let site = Site::new().await;
    let version = site.head_version("Sailor").await;
    let operation = site.newest_operation().await;
    site.put_intent(
        INTENT,
        &intent(&operation, &[table("Sailor", version - 1, version), table("Harbor", version, version + 1)]),
    );
    let entry = swept(&site).await;
    assert_eq!(entry.decision, Decision::RollForward);
    assert_eq!(entry.commit.as_deref(), Some(entry.head_commit.as_str()));
    assert_eq!(
        found(&entry),
        [(Classification::RolledPastExpected, version, version), (Classification::NoMovement, version, version)],
        "what is equal already gets no new version"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_back_many_steps() {
    let site = Site::new().await;
    let version = site.head_version("Sailor").await;
    site.drift("Sailor", 3).await;
    site.put_intent(INTENT, &intent(NOBODY, &[table("Sailor", version, version + 1)]));
    let entry = swept(&site).await;
    assert_eq!(entry.decision, Decision::RollBack);
    assert_eq!(found(&entry), [(Classification::UnexpectedMultistep, version + 3, version + 4)]);
}

/// Handles on a store that a test can crash.
fn faulty(faults: &Faults) -> OpenOptions {
    let retry = RetryPolicy { attempts: 2, base: std::time::Duration::ZERO, cap: std::time::Duration::ZERO };
    let store = StoreOptions { layer: Some(faults.layer()), retry, ..StoreOptions::default() };
    OpenOptions { store, ..OpenOptions::default() }
}

/// A load that dies at the put of its commit record.
async fn die_at_the_record(site: &Site, fault: Fault) {
    let faults = Faults::new();
    let graph = Omnigraph::open(&site.place(), faulty(&faults)).await.unwrap();
    faults.add(Rule::new(fault).verb(Verb::PutIfAbsent).path("__graph/log/"));
    load(&graph, "main", LoadMode::Merge, MORE).await.unwrap_err();
    graph.settle().await.unwrap_err();
}

/// A real crash between the commit and its heads: `Behind`, and rolled forward.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_rolls_a_crashed_writer_forward() {
    let site = Site::new().await;
    let version = site.head_version("Sailor").await;
    die_at_the_record(&site, Fault::CrashAfter).await;
    assert_eq!(site.head_version("Sailor").await, version, "the commit is there and its heads are not");
    let graph = site.open().await.unwrap();
    let entry = graph.audit().await.unwrap().remove(0);
    assert_eq!(entry.decision, Decision::RollForward);
    assert!(entry.tables.iter().all(|table| table.classification == Classification::Behind), "{entry:?}");
    assert!(export(&graph, "main").await.contains("cyd"));
    site.assert_settled().await;
}

/// A crash before the commit. Whether its writer lives cannot be told while nobody has its place, so the intent stays; once
/// somebody has, it goes.
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_judged_once_its_place_is_taken() {
    let site = Site::new().await;
    die_at_the_record(&site, Fault::CrashBefore).await;
    for _ in 0..2 {
        let graph = site.open().await.unwrap();
        let report = graph.sweep().await.unwrap();
        assert_eq!((report.swept.len(), report.left), (0, 1), "it may be about to publish");
        assert!(graph.audit().await.unwrap().is_empty());
    }
    let graph = site.open().await.unwrap();
    load(&graph, "main", LoadMode::Merge, r#"{"type":"Harbor","data":{"code":"piraeus"}}"#).await.unwrap();
    graph.settle().await.unwrap();
    let entries = site.open().await.unwrap().audit().await.unwrap();
    assert_eq!((entries.len(), entries[0].decision), (1, Decision::RollBack));
    site.assert_settled().await;
}

/// Two handles of which one is slow at the very put that decides: the other opens, sweeps, and takes nothing from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_writer_is_not_taken_for_a_dead_one() {
    let site = Site::new().await;
    let faults = Faults::new();
    let slow = Omnigraph::open(&site.place(), faulty(&faults)).await.unwrap();
    let pause = std::time::Duration::from_millis(500);
    faults.add(Rule::new(Fault::Delay(pause)).verb(Verb::PutIfAbsent).path("__graph/log/").nth(0));
    faults.take_calls();
    let writer = slow.clone();
    let writing = tokio::spawn(async move { load(&writer, "main", LoadMode::Merge, MORE).await });
    let deciding =
        |call: &omnigraph_testkit::fault::Call| call.verb == Verb::PutIfAbsent && call.path.contains("__graph/log/");
    while !faults.calls().iter().any(deciding) {
        tokio::task::yield_now().await;
    }
    let other = site.open().await.unwrap();
    let report = other.sweep().await.unwrap();
    assert_eq!((report.swept.len(), report.left), (0, 1), "its operation may be about to be published");
    writing.await.unwrap().unwrap();
    slow.settle().await.unwrap();
    site.assert_settled().await;
    assert!(other.audit().await.unwrap().is_empty());
}

/// One head that moved wrongly, one that is behind, one that is right: one decision for all, and all are right afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn recovery_takes_one_decision_for_mixed_tables() {
    for (known, decision) in [(true, Decision::RollForward), (false, Decision::RollBack)] {
        let site = Site::new().await;
        die_at_the_record(&site, Fault::CrashAfter).await;
        let operation = if known { site.newest_operation().await } else { NOBODY.to_owned() };
        std::fs::remove_dir_all(site.root().join("__recovery")).unwrap();
        let version = site.head_version("Harbor").await;
        site.drift("Harbor", 1).await;
        let behind = site.head_version("Sailor").await;
        let still = site.head_version("BasedAt").await;
        let basedat = json!({"table_key": "edge:BasedAt", "table_path": format!("{}/heads/main/BasedAt.lance", site.place()),
                             "expected_version": still, "post_commit_pin": still + 1});
        let tables = [table("Sailor", behind, behind + 1), table("Harbor", 7, 8), basedat];
        site.put_intent(INTENT, &intent(&operation, &tables));
        let entry = swept(&site).await;
        assert_eq!(entry.decision, decision);
        assert_eq!(
            found(&entry),
            [
                (Classification::Behind, behind, behind + 1),
                (Classification::UnexpectedAtP1, version + 1, version + 2),
                (Classification::NoMovement, still, still),
            ]
        );
    }
}

/// A sweep that is stopped at any of its calls is finished by the next.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_survives_a_fault_at_every_call() {
    async fn wreck() -> Site {
        let site = Site::new().await;
        die_at_the_record(&site, Fault::CrashAfter).await;
        site.drift("Harbor", 2).await;
        site.put_intent(INTENT, &intent(NOBODY, &[table("Harbor", 2, 3)]));
        site
    }
    let faults = Faults::new();
    let site = wreck().await;
    drop(Omnigraph::open(&site.place(), faulty(&faults)).await.unwrap());
    let calls = faults.calls();
    let (mut struck, mut refused) = (0, 0);
    for (at, call) in calls.iter().enumerate() {
        for fault in [Fault::FailBefore, Fault::FailAfter, Fault::CrashBefore, Fault::CrashAfter] {
            let site = wreck().await;
            let faults = Faults::new();
            faults.add(Rule::new(fault).nth(at));
            let opened = Omnigraph::open(&site.place(), faulty(&faults)).await;
            faults.revive();
            refused += usize::from(opened.is_err());
            struck += 1;
            drop(opened);
            let graph = site.open().await.unwrap_or_else(|error| panic!("{call}, {fault:?}: {error}"));
            let entries = graph.audit().await.unwrap();
            assert_eq!(entries.len(), 2, "{call}, {fault:?}: {entries:?}");
            site.assert_settled().await;
        }
    }
    println!(
        "a sweep of two intents: {} calls, {struck} faults, {refused} opens refused; after the next open 0 intents, 0 heads that \
         do not show main",
        calls.len()
    );
    assert!(refused > 0);
}

/// A background sweep finishes what others left undone while a handle stays open.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_lived_handle_sweeps_now_and_then() {
    let site = Site::new().await;
    let options = OpenOptions { sweep_every: Some(std::time::Duration::from_millis(20)), ..OpenOptions::default() };
    let graph = Omnigraph::open(&site.place(), options).await.unwrap();
    site.drift("Sailor", 1).await;
    site.put_intent(INTENT, &intent(NOBODY, &[table("Sailor", 7, 8)]));
    while site.intent(INTENT).exists() {
        tokio::task::yield_now().await;
    }
    assert_heads_show_main(&site.root(), &graph).await;
    assert_eq!(graph.audit().await.unwrap().len(), 1);
}

/// Heads that others moved are shown with what they did, and put right on confirmation only. Pinned files stay as they are.
#[tokio::test(flavor = "multi_thread")]
async fn repair_shows_first_and_heals_on_confirmation() {
    let site = Site::new().await;
    site.drift("Sailor", 2).await;
    std::fs::remove_dir_all(head(&site.root(), "Harbor")).unwrap();
    let pinned = |root: &Path| (crate::readonly::tree(&root.join("nodes")), crate::readonly::tree(&root.join("edges")));
    let (before, whole) = (pinned(&site.root()), crate::readonly::tree(&site.root()));
    let report = Omnigraph::inspect_heads(&site.place(), OpenOptions::default()).await.unwrap();
    assert_eq!(crate::readonly::tree(&site.root()), whole, "a preview writes nothing");
    let state = |report: &omnigraph::RepairReport| -> Vec<_> {
        report.heads.iter().map(|head| (head.table_key.clone(), head.classification, head.action)).collect()
    };
    let key = str::to_owned;
    assert_eq!(
        state(&report),
        [
            (key("edge:BasedAt"), Classification::NoMovement, RepairAction::NoOp),
            (key("edge:Trusts"), Classification::NoMovement, RepairAction::NoOp),
            (key("node:Harbor"), Classification::Behind, RepairAction::Preview),
            (key("node:Sailor"), Classification::UnexpectedMultistep, RepairAction::Preview),
        ]
    );
    assert_eq!(report.heads[3].operations, ["Delete", "Delete"]);
    let healed = Omnigraph::repair_heads(&site.place(), OpenOptions::default()).await.unwrap();
    assert_eq!(healed.heads[3].action, RepairAction::Healed);
    site.assert_settled().await;
    assert_eq!(pinned(&site.root()), before);
    let again = Omnigraph::repair_heads(&site.place(), OpenOptions::default()).await.unwrap();
    assert!(again.heads.iter().all(|head| head.action == RepairAction::NoOp), "{again:?}");
    let entries = site.open().await.unwrap().audit().await.unwrap();
    assert_eq!((entries.len(), entries[0].actor_id.as_str()), (1, "omnigraph:repair"));
    let graph = site.open().await.unwrap();
    load(&graph, "main", LoadMode::Merge, CREW).await.unwrap();
    graph.settle().await.unwrap();
}
