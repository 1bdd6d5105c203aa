//! Durability of acknowledged writes: the system calls, their order, and their failures.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStoreExt, PutPayload};
use omnigraph_storage::{Disk, Durability, ErrorKind, Key, PutOutcome, Store};

use crate::test_store::{TestStore, key};

/// A disk that records every call and injects failures.
#[derive(Debug, Default)]
struct RecordingDisk {
    seen: Mutex<Vec<(DiskCall, PathBuf)>>,
    failing: Mutex<Vec<(DiskCall, io::ErrorKind, usize)>>,
    /// Too many dirty bytes for a sync of the whole file system.
    busy: AtomicBool,
    /// The folder whose file system was opened.
    opened: Mutex<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DiskCall {
    SyncFile,
    SyncFolder,
    SyncFileSystem,
    Link,
    RenameNew,
}

const ALWAYS: usize = usize::MAX;

impl RecordingDisk {
    fn fail(&self, call: DiskCall, kind: io::ErrorKind, times: usize) {
        self.failing.lock().unwrap().push((call, kind, times));
    }

    fn note(&self, call: DiskCall, path: &Path) -> io::Result<()> {
        self.seen.lock().unwrap().push((call, path.to_owned()));
        for (failing, kind, left) in self.failing.lock().unwrap().iter_mut() {
            if *failing == call && *left > 0 {
                *left -= 1;
                return Err((*kind).into());
            }
        }
        Ok(())
    }

    /// Returns and clears the calls, with paths below `root`. Folders above it are left out.
    fn take(&self, root: &Path) -> Vec<(DiskCall, String)> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let below =
            |(call, path): (DiskCall, PathBuf)| Some((call, path.strip_prefix(root).ok()?.display().to_string()));
        seen.into_iter().filter_map(below).collect()
    }
}

impl Disk for RecordingDisk {
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        self.note(DiskCall::SyncFile, path)?;
        file.sync_data()
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        assert!(folder.is_dir(), "{folder:?} is there when it is synced");
        self.note(DiskCall::SyncFolder, folder)
    }
    fn file_system(&self, folder: &Path) -> Option<File> {
        folder.clone_into(&mut self.opened.lock().unwrap());
        File::open(folder).ok()
    }
    fn sync_file_system(&self, file_system: &File) -> io::Result<bool> {
        assert!(file_system.metadata()?.is_dir());
        if self.busy.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let opened = self.opened.lock().unwrap().clone();
        self.note(DiskCall::SyncFileSystem, &opened).map(|()| true)
    }
    fn link(&self, existing: &Path, name: &Path) -> io::Result<()> {
        self.note(DiskCall::Link, name)?;
        std::fs::hard_link(existing, name)
    }
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(DiskCall::RenameNew, to)?;
        omnigraph_storage::SystemDisk.rename_new(from, to)
    }
}

fn recording(site: &TestStore, durability: Durability) -> (Store, Arc<RecordingDisk>, PathBuf) {
    let disk = Arc::new(RecordingDisk::default());
    let store = site.open_with(|options| {
        options.durability = durability;
        options.disk = Arc::clone(&disk) as Arc<dyn Disk>;
    });
    let root = store.local_root().unwrap().to_owned();
    (store, disk, root)
}

fn calls(expected: &[(DiskCall, &str)]) -> Vec<(DiskCall, String)> {
    expected.iter().map(|(call, path)| (*call, (*path).to_owned())).collect()
}

/// Returns the names of all files below the root, hidden ones included.
fn everything_in(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                names.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    names
}

#[tokio::test]
async fn full_durability_syncs_content_then_name_then_all_folders() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    let _ = store.put_if_absent(&key("a/b/1"), "x".into()).await.unwrap();
    let first = disk.take(&root);
    let expected = [
        (DiskCall::SyncFile, "a/b/1"),
        (DiskCall::Link, "a/b/1"),
        (DiskCall::SyncFolder, "a/b"),
        (DiskCall::SyncFolder, "a"),
        (DiskCall::SyncFolder, ""),
    ];
    assert_eq!(first, calls(&expected));

    let _ = store.put_if_absent(&key("a/b/2"), "x".into()).await.unwrap();
    let again = [(DiskCall::SyncFile, "a/b/2"), (DiskCall::Link, "a/b/2"), (DiskCall::SyncFolder, "a/b")];
    assert_eq!(disk.take(&root), calls(&again), "the folders above are durable");

    store.put(&key("a/b/2"), "y".into()).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(DiskCall::SyncFile, "a/b/2"), (DiskCall::SyncFolder, "a/b")]));

    store.delete(&key("a/b/2")).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(DiskCall::SyncFolder, "a/b")]), "deletions are durable too");
}

#[tokio::test]
async fn a_folder_of_another_process_is_synced() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    std::fs::create_dir_all(root.join("a/b")).unwrap();
    let _ = store.put_if_absent(&key("a/b/1"), "x".into()).await.unwrap();
    let parents: Vec<_> = disk.take(&root).into_iter().filter(|(call, _)| *call == DiskCall::SyncFolder).collect();
    let expected = [(DiskCall::SyncFolder, "a/b"), (DiskCall::SyncFolder, "a"), (DiskCall::SyncFolder, "")];
    assert_eq!(parents, calls(&expected));
}

#[tokio::test]
async fn the_folders_above_a_new_root_are_synced_too() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    store.put(&key("graph.json"), "x".into()).await.unwrap();
    let above = root.parent().unwrap().to_owned();
    let seen = disk.seen.lock().unwrap().clone();
    assert!(seen.contains(&(DiskCall::SyncFolder, above.clone())), "it has the entry of the root");
    assert!(
        seen.contains(&(DiskCall::SyncFolder, above.parent().unwrap().to_owned())),
        "it has the entry of the folder above"
    );
}

/// Puts two deferred objects and a barrier object, all in durable folders.
async fn put_with_barrier(store: &Store, disk: &RecordingDisk, root: &Path) -> omnigraph_storage::Result<PutOutcome> {
    for folder in ["a", "b", "log"] {
        store.put(&key(&format!("{folder}/0")), "x".into()).await?;
    }
    disk.take(root);
    let batch = store.sync_batch();
    store.put_deferred(&key("a/1"), "1".into(), &batch).await?;
    assert_eq!(store.put_if_absent_deferred(&key("a/0"), "0".into(), &batch).await?, PutOutcome::Exists("x".into()));
    disk.take(root);
    assert_eq!(store.put_if_absent_deferred(&key("b/1"), "2".into(), &batch).await?, PutOutcome::Written);
    assert_eq!(store.read(&key("a/1")).await?, Some("1".into()), "it can be read");
    let waiting: Vec<_> = disk.take(root).into_iter().filter(|(call, _)| *call != DiskCall::Link).collect();
    assert_eq!(waiting, [], "no call waits for the disk");
    store.put_if_absent_with_barrier(&key("log/1"), "3".into(), &batch).await
}

#[tokio::test]
async fn several_objects_share_one_sync() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    assert_eq!(put_with_barrier(&store, &disk, &root).await.unwrap(), PutOutcome::Written);
    let one_sync = [(DiskCall::SyncFileSystem, ""), (DiskCall::Link, "log/1"), (DiskCall::SyncFolder, "log")];
    assert_eq!(disk.take(&root), calls(&one_sync), "before the object that refers to them is linked");
}

#[tokio::test]
async fn a_busy_file_system_is_synced_file_by_file() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    disk.busy.store(true, Ordering::Relaxed);
    assert_eq!(put_with_barrier(&store, &disk, &root).await.unwrap(), PutOutcome::Written);
    let one_by_one = [
        (DiskCall::SyncFile, "a/1"),
        (DiskCall::SyncFile, "b/1"),
        (DiskCall::SyncFile, "log/1"),
        (DiskCall::SyncFolder, "a"),
        (DiskCall::SyncFolder, "b"),
        (DiskCall::Link, "log/1"),
        (DiskCall::SyncFolder, "log"),
    ];
    assert_eq!(disk.take(&root), calls(&one_by_one));
}

#[tokio::test]
async fn new_folders_are_synced_one_by_one() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    let batch = store.sync_batch();
    store.put_deferred(&key("a/b/1"), "1".into(), &batch).await.unwrap();
    assert_eq!(store.put_if_absent_with_barrier(&key("log/1"), "2".into(), &batch).await.unwrap(), PutOutcome::Written);
    let chain = [
        (DiskCall::SyncFile, "a/b/1"),
        (DiskCall::SyncFile, "log/1"),
        (DiskCall::SyncFolder, "a/b"),
        (DiskCall::SyncFolder, "a"),
        (DiskCall::SyncFolder, ""),
        (DiskCall::Link, "log/1"),
        (DiskCall::SyncFolder, "log"),
        (DiskCall::SyncFolder, ""),
    ];
    assert_eq!(disk.take(&root), calls(&chain));
}

/// The operating system reports a write-back error once: a second sync would succeed.
#[tokio::test]
async fn a_failed_sync_prevents_the_name() {
    for (call, busy) in [(DiskCall::SyncFileSystem, false), (DiskCall::SyncFile, true), (DiskCall::SyncFolder, true)] {
        let site = TestStore::folder();
        let (store, disk, root) = recording(&site, Durability::Full);
        disk.busy.store(busy, Ordering::Relaxed);
        for folder in ["a", "log"] {
            store.put(&key(&format!("{folder}/0")), "x".into()).await.unwrap();
        }
        let batch = store.sync_batch();
        store.put_deferred(&key("a/1"), "1".into(), &batch).await.unwrap();
        disk.fail(call, io::ErrorKind::Other, 1);
        for _ in 0..2 {
            let error = store.put_if_absent_with_barrier(&key("log/1"), "2".into(), &batch).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Retry, "{error}");
        }
        assert_eq!(store.read(&key("log/1")).await.unwrap(), None, "{call:?}");
        let second = store.sync_batch();
        store.put_deferred(&key("a/2"), "1".into(), &second).await.unwrap();
        assert_eq!(
            store.put_if_absent_with_barrier(&key("log/1"), "2".into(), &second).await.unwrap(),
            PutOutcome::Written
        );
        assert!(!everything_in(&root).iter().any(|name| name.contains(".tmp-")));
    }
}

/// The real disk of this machine.
#[tokio::test]
async fn a_barrier_put_follows_its_batch() {
    for site in [TestStore::folder(), TestStore::memory()] {
        let store = site.open_with(|options| options.durability = Durability::Full);
        for number in 0..3 {
            let batch = store.sync_batch();
            let data = key(&format!("a/{number}"));
            store.put_deferred(&data, "1".into(), &batch).await.unwrap();
            let name = key(&format!("log/{number}"));
            assert_eq!(store.put_if_absent_with_barrier(&name, "2".into(), &batch).await.unwrap(), PutOutcome::Written);
            assert_eq!(
                store.put_if_absent_with_barrier(&name, "3".into(), &batch).await.unwrap(),
                PutOutcome::Exists("2".into())
            );
            assert_eq!(store.read(&data).await.unwrap(), Some("1".into()));
        }
    }
}

#[tokio::test]
async fn os_durability_syncs_nothing() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Os);
    let _ = store.put_if_absent(&key("a/1"), "x".into()).await.unwrap();
    store.put(&key("a/2"), "x".into()).await.unwrap();
    store.delete(&key("a/2")).await.unwrap();
    let raw = store.object_store();
    let mut upload = raw.put_multipart(&ObjectPath::from("a/3")).await.unwrap();
    upload.put_part(PutPayload::from_static(b"x")).await.unwrap();
    upload.complete().await.unwrap();
    let batch = store.sync_batch();
    store.put_deferred(&key("a/4"), "x".into(), &batch).await.unwrap();
    let _ = store.put_if_absent_with_barrier(&key("a/5"), "x".into(), &batch).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(DiskCall::Link, "a/1"), (DiskCall::Link, "a/5")]));
}

#[tokio::test]
async fn uploads_copies_and_renames_are_durable() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    store.put(&key("a/0"), "x".into()).await.unwrap();
    disk.take(&root);
    let raw = store.object_store();
    let path = |text: &str| ObjectPath::from(text);
    let mut upload = raw.put_multipart(&path("a/1")).await.unwrap();
    upload.put_part(PutPayload::from_static(b"x")).await.unwrap();
    assert_eq!(disk.take(&root), []);
    upload.complete().await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(DiskCall::SyncFile, "a/1"), (DiskCall::SyncFolder, "a")]));
    raw.copy(&path("a/1"), &path("a/2")).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(DiskCall::SyncFile, "a/2"), (DiskCall::SyncFolder, "a")]));
    raw.rename(&path("a/2"), &path("b/2")).await.unwrap();
    let moved = [(DiskCall::SyncFolder, "b"), (DiskCall::SyncFolder, ""), (DiskCall::SyncFolder, "a")];
    assert_eq!(disk.take(&root), calls(&moved), "the new name before the old one");
}

#[tokio::test]
async fn unsynced_content_never_gets_a_name() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    disk.fail(DiskCall::SyncFile, io::ErrorKind::StorageFull, ALWAYS);
    let error = store.put_if_absent(&key("a/1"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Full, "OG-STORAGE-012"));
    assert!(error.to_string().contains("a/1"), "{error}");
    assert_eq!(everything_in(&root), [""; 0], "no file is left, hidden files included");
}

#[tokio::test]
async fn an_unsynced_name_is_not_acknowledged() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    store.put(&key("a/0"), "x".into()).await.unwrap();
    disk.take(&root);
    disk.fail(DiskCall::SyncFolder, io::ErrorKind::Other, 1);
    assert_eq!(store.put_if_absent(&key("a/1"), "x".into()).await.unwrap(), PutOutcome::Written);
    let resolved = [
        (DiskCall::SyncFile, "a/1"),
        (DiskCall::Link, "a/1"),
        (DiskCall::SyncFolder, "a"),
        (DiskCall::SyncFile, "a/1"),
        (DiskCall::SyncFolder, "a"),
    ];
    assert_eq!(disk.take(&root), calls(&resolved), "the read-back synced the object before it was acknowledged");

    disk.fail(DiskCall::SyncFolder, io::ErrorKind::Other, ALWAYS);
    let error = store.put_if_absent(&key("a/2"), "x".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
}

/// The winner may be between link and sync, in another process.
#[tokio::test]
async fn a_loser_syncs_the_object_of_the_winner() {
    let site = TestStore::folder();
    let _ = site.open_with(|options| options.durability = Durability::Os).put_if_absent(&key("a/1"), "x".into()).await;
    let (store, disk, root) = recording(&site, Durability::Full);
    assert_eq!(store.put_if_absent(&key("a/1"), "y".into()).await.unwrap(), PutOutcome::Exists("x".into()));
    let expected = [(DiskCall::SyncFile, "a/1"), (DiskCall::SyncFolder, "a"), (DiskCall::SyncFolder, "")];
    assert_eq!(disk.take(&root), calls(&expected));
}

#[tokio::test]
async fn an_exclusive_rename_replaces_missing_hard_links() {
    let site = TestStore::folder();
    let (store, disk, root) = recording(&site, Durability::Full);
    disk.fail(DiskCall::Link, io::ErrorKind::Unsupported, ALWAYS);
    assert_eq!(store.put_if_absent(&key("a"), "x".into()).await.unwrap(), PutOutcome::Written);
    assert_eq!(store.put_if_absent(&key("a"), "y".into()).await.unwrap(), PutOutcome::Exists("x".into()));
    assert_eq!(everything_in(&root), ["a"]);

    std::fs::write(root.join("other"), "y").unwrap();
    let taken = omnigraph_storage::SystemDisk.rename_new(&root.join("other"), &root.join("a")).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    std::fs::remove_file(root.join("other")).unwrap();

    disk.fail(DiskCall::RenameNew, io::ErrorKind::Unsupported, ALWAYS);
    let error = store.put_if_absent(&key("b"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Invalid, "OG-STORAGE-015"), "{error}");
    assert_eq!(everything_in(&root), ["a"]);
}

/// The object exists as a whole or not at all, at whatever time the future is dropped.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "drops a future at a real moment")]
async fn a_dropped_put_leaves_all_or_nothing() {
    let site = TestStore::folder();
    let store = site.open();
    let content = Bytes::from(vec![5_u8; 3 << 20]);
    for round in 0..30_u64 {
        let name = key(&format!("a/{round}"));
        let put = store.put_if_absent(&name, content.clone());
        let _ = tokio::time::timeout(std::time::Duration::from_micros(round * 150), put).await;
        if let Some(found) = store.read(&name).await.unwrap() {
            assert_eq!(found.len(), content.len());
        }
    }
    let raw = store.object_store();
    let mut upload = raw.put_multipart(&ObjectPath::from("dropped/1")).await.unwrap();
    upload.put_part(content.into()).await.unwrap();
    drop(upload);
    assert_eq!(store.list(&key("dropped")).await.unwrap(), []);
    assert_eq!(everything_in(&store.local_root().unwrap().join("dropped")), [""; 0]);
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "files age in real time")]
async fn staged_files_of_dead_processes_are_removed_when_old() {
    use std::time::Duration;
    let site = TestStore::folder();
    let store = site.open_with(|options| options.env = omnigraph_storage::Env::system());
    assert_eq!(store.remove_abandoned(Duration::ZERO).await.unwrap(), 0);
    store.put(&key("a/1"), "x".into()).await.unwrap();
    let root = store.local_root().unwrap();
    std::fs::write(root.join("a/.tmp-left"), "half").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(store.remove_abandoned(Duration::from_secs(3_600)).await.unwrap(), 0, "a process may still write to it");
    assert_eq!(store.remove_abandoned(Duration::from_millis(1)).await.unwrap(), 1);
    assert_eq!(everything_in(root), ["a/1"]);
}

#[tokio::test]
async fn staged_files_are_in_no_listing() {
    let site = TestStore::folder();
    let store = site.open();
    let raw = store.object_store();
    let mut upload = raw.put_multipart(&ObjectPath::from("a/1")).await.unwrap();
    upload.put_part(PutPayload::from_static(b"x")).await.unwrap();
    assert_eq!(everything_in(store.local_root().unwrap()).len(), 1);
    assert_eq!(store.list(&Key::root()).await.unwrap(), []);
    assert_eq!(store.list_shallow(&key("a")).await.unwrap().objects, []);
    upload.complete().await.unwrap();
    assert_eq!(store.list(&Key::root()).await.unwrap().len(), 1);
}
