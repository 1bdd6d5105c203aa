//! What is acknowledged is on the disk: which system calls happen, in which order, and what if one fails.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStoreExt, PutPayload};
use omnigraph_objects::{Disk, Durability, ErrorKind, Key, Put, Store};

use crate::backends::{Site, key};

/// Notes every call, and fails those it is told to fail.
#[derive(Debug, Default)]
struct Watched {
    seen: Mutex<Vec<(Call, PathBuf)>>,
    failing: Mutex<Vec<(Call, io::ErrorKind, usize)>>,
    /// Whether too much waits to be written for a sync of the whole file system.
    busy: AtomicBool,
    /// The folder whose file system was opened.
    opened: Mutex<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    SyncFile,
    SyncFolder,
    SyncFileSystem,
    Link,
    RenameNew,
}

const ALWAYS: usize = usize::MAX;

impl Watched {
    fn fail(&self, call: Call, kind: io::ErrorKind, times: usize) {
        self.failing.lock().unwrap().push((call, kind, times));
    }

    fn note(&self, call: Call, path: &Path) -> io::Result<()> {
        self.seen.lock().unwrap().push((call, path.to_owned()));
        for (failing, kind, left) in self.failing.lock().unwrap().iter_mut() {
            if *failing == call && *left > 0 {
                *left -= 1;
                return Err((*kind).into());
            }
        }
        Ok(())
    }

    /// The calls since the last time, with paths below `root`; folders above it are left out.
    fn take(&self, root: &Path) -> Vec<(Call, String)> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let below = |(call, path): (Call, PathBuf)| Some((call, path.strip_prefix(root).ok()?.display().to_string()));
        seen.into_iter().filter_map(below).collect()
    }
}

impl Disk for Watched {
    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        self.note(Call::SyncFile, path)?;
        file.sync_data()
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        assert!(folder.is_dir(), "{folder:?} is there when it is synced");
        self.note(Call::SyncFolder, folder)
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
        self.note(Call::SyncFileSystem, &opened).map(|()| true)
    }
    fn link(&self, existing: &Path, name: &Path) -> io::Result<()> {
        self.note(Call::Link, name)?;
        std::fs::hard_link(existing, name)
    }
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Call::RenameNew, to)?;
        omnigraph_objects::SystemDisk.rename_new(from, to)
    }
}

fn watched(site: &Site, durability: Durability) -> (Store, Arc<Watched>, PathBuf) {
    let disk = Arc::new(Watched::default());
    let store = site.open_with(|options| {
        options.durability = durability;
        options.disk = Arc::clone(&disk) as Arc<dyn Disk>;
    });
    let root = store.local_root().unwrap().to_owned();
    (store, disk, root)
}

fn calls(expected: &[(Call, &str)]) -> Vec<(Call, String)> {
    expected.iter().map(|(call, path)| (*call, (*path).to_owned())).collect()
}

/// Names below the root, hidden ones included.
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
async fn full_syncs_the_content_then_the_name_then_all_that_leads_to_it() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    let _ = store.put_if_absent(&key("a/b/1"), "x".into()).await.unwrap();
    let first = disk.take(&root);
    let expected = [
        (Call::SyncFile, "a/b/1"),
        (Call::Link, "a/b/1"),
        (Call::SyncFolder, "a/b"),
        (Call::SyncFolder, "a"),
        (Call::SyncFolder, ""),
    ];
    assert_eq!(first, calls(&expected));

    let _ = store.put_if_absent(&key("a/b/2"), "x".into()).await.unwrap();
    let again = [(Call::SyncFile, "a/b/2"), (Call::Link, "a/b/2"), (Call::SyncFolder, "a/b")];
    assert_eq!(disk.take(&root), calls(&again), "what leads there is durable already");

    store.put(&key("a/b/2"), "y".into()).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(Call::SyncFile, "a/b/2"), (Call::SyncFolder, "a/b")]));

    store.delete(&key("a/b/2")).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(Call::SyncFolder, "a/b")]), "a deletion lasts as well");
}

#[tokio::test]
async fn a_folder_that_another_process_made_is_not_trusted() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    std::fs::create_dir_all(root.join("a/b")).unwrap();
    let _ = store.put_if_absent(&key("a/b/1"), "x".into()).await.unwrap();
    let parents: Vec<_> = disk.take(&root).into_iter().filter(|(call, _)| *call == Call::SyncFolder).collect();
    let expected = [(Call::SyncFolder, "a/b"), (Call::SyncFolder, "a"), (Call::SyncFolder, "")];
    assert_eq!(parents, calls(&expected));
}

#[tokio::test]
async fn the_folders_above_a_new_root_are_synced_too() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    store.put(&key("graph.json"), "x".into()).await.unwrap();
    let above = root.parent().unwrap().to_owned();
    let seen = disk.seen.lock().unwrap().clone();
    assert!(seen.contains(&(Call::SyncFolder, above.clone())), "it names the root");
    assert!(seen.contains(&(Call::SyncFolder, above.parent().unwrap().to_owned())), "it names the folder above");
}

/// Puts two objects and one that names them, all in folders that are durable already.
async fn put_after_two(store: &Store, disk: &Watched, root: &Path) -> omnigraph_objects::Result<Put> {
    for folder in ["a", "b", "log"] {
        store.put(&key(&format!("{folder}/0")), "x".into()).await?;
    }
    disk.take(root);
    let unsettled = store.unsettled();
    store.put_unsettled(&key("a/1"), "1".into(), &unsettled).await?;
    assert_eq!(store.put_if_absent_unsettled(&key("a/0"), "0".into(), &unsettled).await?, Put::Exists("x".into()));
    disk.take(root);
    assert_eq!(store.put_if_absent_unsettled(&key("b/1"), "2".into(), &unsettled).await?, Put::Written);
    assert_eq!(store.read(&key("a/1")).await?, Some("1".into()), "it can be read");
    let waiting: Vec<_> = disk.take(root).into_iter().filter(|(call, _)| *call != Call::Link).collect();
    assert_eq!(waiting, [], "nothing waits for the disk");
    store.put_if_absent_after(&key("log/1"), "3".into(), &unsettled).await
}

#[tokio::test]
async fn several_objects_wait_once_for_the_disk() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    assert_eq!(put_after_two(&store, &disk, &root).await.unwrap(), Put::Written);
    let together = [(Call::SyncFileSystem, ""), (Call::Link, "log/1"), (Call::SyncFolder, "log")];
    assert_eq!(disk.take(&root), calls(&together), "before what names them has its name");
}

#[tokio::test]
async fn a_file_system_that_is_busy_is_not_synced_as_a_whole() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    disk.busy.store(true, Ordering::Relaxed);
    assert_eq!(put_after_two(&store, &disk, &root).await.unwrap(), Put::Written);
    let one_by_one = [
        (Call::SyncFile, "a/1"),
        (Call::SyncFile, "b/1"),
        (Call::SyncFile, "log/1"),
        (Call::SyncFolder, "a"),
        (Call::SyncFolder, "b"),
        (Call::Link, "log/1"),
        (Call::SyncFolder, "log"),
    ];
    assert_eq!(disk.take(&root), calls(&one_by_one));
}

#[tokio::test]
async fn new_folders_are_settled_one_by_one() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    let unsettled = store.unsettled();
    store.put_unsettled(&key("a/b/1"), "1".into(), &unsettled).await.unwrap();
    assert_eq!(store.put_if_absent_after(&key("log/1"), "2".into(), &unsettled).await.unwrap(), Put::Written);
    let chain = [
        (Call::SyncFile, "a/b/1"),
        (Call::SyncFile, "log/1"),
        (Call::SyncFolder, "a/b"),
        (Call::SyncFolder, "a"),
        (Call::SyncFolder, ""),
        (Call::Link, "log/1"),
        (Call::SyncFolder, "log"),
        (Call::SyncFolder, ""),
    ];
    assert_eq!(disk.take(&root), calls(&chain));
}

/// The operating system reports once what it could not write: a second sync would succeed.
#[tokio::test]
async fn what_could_not_be_synced_is_not_named() {
    for (call, busy) in [(Call::SyncFileSystem, false), (Call::SyncFile, true), (Call::SyncFolder, true)] {
        let site = Site::folder();
        let (store, disk, root) = watched(&site, Durability::Full);
        disk.busy.store(busy, Ordering::Relaxed);
        for folder in ["a", "log"] {
            store.put(&key(&format!("{folder}/0")), "x".into()).await.unwrap();
        }
        let unsettled = store.unsettled();
        store.put_unsettled(&key("a/1"), "1".into(), &unsettled).await.unwrap();
        disk.fail(call, io::ErrorKind::Other, 1);
        for _ in 0..2 {
            let error = store.put_if_absent_after(&key("log/1"), "2".into(), &unsettled).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Retry, "{error}");
        }
        assert_eq!(store.read(&key("log/1")).await.unwrap(), None, "{call:?}");
        let again = store.unsettled();
        store.put_unsettled(&key("a/2"), "1".into(), &again).await.unwrap();
        assert_eq!(store.put_if_absent_after(&key("log/1"), "2".into(), &again).await.unwrap(), Put::Written);
        assert!(!everything_in(&root).iter().any(|name| name.contains(".tmp-")));
    }
}

/// Not watched: with what this machine has.
#[tokio::test]
async fn what_is_named_is_there_with_what_it_rests_on() {
    for site in [Site::folder(), Site::memory()] {
        let store = site.open_with(|options| options.durability = Durability::Full);
        for number in 0..3 {
            let unsettled = store.unsettled();
            let data = key(&format!("a/{number}"));
            store.put_unsettled(&data, "1".into(), &unsettled).await.unwrap();
            let name = key(&format!("log/{number}"));
            assert_eq!(store.put_if_absent_after(&name, "2".into(), &unsettled).await.unwrap(), Put::Written);
            assert_eq!(
                store.put_if_absent_after(&name, "3".into(), &unsettled).await.unwrap(),
                Put::Exists("2".into())
            );
            assert_eq!(store.read(&data).await.unwrap(), Some("1".into()));
        }
    }
}

#[tokio::test]
async fn os_syncs_nothing() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Os);
    let _ = store.put_if_absent(&key("a/1"), "x".into()).await.unwrap();
    store.put(&key("a/2"), "x".into()).await.unwrap();
    store.delete(&key("a/2")).await.unwrap();
    let raw = store.object_store();
    let mut upload = raw.put_multipart(&ObjectPath::from("a/3")).await.unwrap();
    upload.put_part(PutPayload::from_static(b"x")).await.unwrap();
    upload.complete().await.unwrap();
    let unsettled = store.unsettled();
    store.put_unsettled(&key("a/4"), "x".into(), &unsettled).await.unwrap();
    let _ = store.put_if_absent_after(&key("a/5"), "x".into(), &unsettled).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(Call::Link, "a/1"), (Call::Link, "a/5")]));
}

#[tokio::test]
async fn uploads_copies_and_renames_are_durable() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    store.put(&key("a/0"), "x".into()).await.unwrap();
    disk.take(&root);
    let raw = store.object_store();
    let path = |text: &str| ObjectPath::from(text);
    let mut upload = raw.put_multipart(&path("a/1")).await.unwrap();
    upload.put_part(PutPayload::from_static(b"x")).await.unwrap();
    assert_eq!(disk.take(&root), []);
    upload.complete().await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(Call::SyncFile, "a/1"), (Call::SyncFolder, "a")]));
    raw.copy(&path("a/1"), &path("a/2")).await.unwrap();
    assert_eq!(disk.take(&root), calls(&[(Call::SyncFile, "a/2"), (Call::SyncFolder, "a")]));
    raw.rename(&path("a/2"), &path("b/2")).await.unwrap();
    let moved = [(Call::SyncFolder, "b"), (Call::SyncFolder, ""), (Call::SyncFolder, "a")];
    assert_eq!(disk.take(&root), calls(&moved), "the new name before the old one");
}

#[tokio::test]
async fn content_that_cannot_be_synced_is_never_named() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    disk.fail(Call::SyncFile, io::ErrorKind::StorageFull, ALWAYS);
    let error = store.put_if_absent(&key("a/1"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Full, "OG-IO-012"));
    assert!(error.to_string().contains("a/1"), "{error}");
    assert_eq!(everything_in(&root), [""; 0], "nothing is left behind, hidden files included");
}

#[tokio::test]
async fn a_name_that_is_not_synced_is_not_acknowledged() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    store.put(&key("a/0"), "x".into()).await.unwrap();
    disk.take(&root);
    disk.fail(Call::SyncFolder, io::ErrorKind::Other, 1);
    assert_eq!(store.put_if_absent(&key("a/1"), "x".into()).await.unwrap(), Put::Written);
    let settled = [
        (Call::SyncFile, "a/1"),
        (Call::Link, "a/1"),
        (Call::SyncFolder, "a"),
        (Call::SyncFile, "a/1"),
        (Call::SyncFolder, "a"),
    ];
    assert_eq!(disk.take(&root), calls(&settled), "the read-back found it, and made it durable before saying so");

    disk.fail(Call::SyncFolder, io::ErrorKind::Other, ALWAYS);
    let error = store.put_if_absent(&key("a/2"), "x".into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
}

/// Its winner may be between the name and the sync, in another process.
#[tokio::test]
async fn what_a_loser_is_shown_is_durable_first() {
    let site = Site::folder();
    let _ = site.open_with(|options| options.durability = Durability::Os).put_if_absent(&key("a/1"), "x".into()).await;
    let (store, disk, root) = watched(&site, Durability::Full);
    assert_eq!(store.put_if_absent(&key("a/1"), "y".into()).await.unwrap(), Put::Exists("x".into()));
    let expected = [(Call::SyncFile, "a/1"), (Call::SyncFolder, "a"), (Call::SyncFolder, "")];
    assert_eq!(disk.take(&root), calls(&expected));
}

#[tokio::test]
async fn without_hard_links_a_rename_that_refuses_to_replace_does() {
    let site = Site::folder();
    let (store, disk, root) = watched(&site, Durability::Full);
    disk.fail(Call::Link, io::ErrorKind::Unsupported, ALWAYS);
    assert_eq!(store.put_if_absent(&key("a"), "x".into()).await.unwrap(), Put::Written);
    assert_eq!(store.put_if_absent(&key("a"), "y".into()).await.unwrap(), Put::Exists("x".into()));
    assert_eq!(everything_in(&root), ["a"]);

    std::fs::write(root.join("other"), "y").unwrap();
    let taken = omnigraph_objects::SystemDisk.rename_new(&root.join("other"), &root.join("a")).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
    std::fs::remove_file(root.join("other")).unwrap();

    disk.fail(Call::RenameNew, io::ErrorKind::Unsupported, ALWAYS);
    let error = store.put_if_absent(&key("b"), "x".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Invalid, "OG-IO-015"), "{error}");
    assert_eq!(everything_in(&root), ["a"]);
}

/// Whether the future is dropped at once or late, the object is there as a whole or not at all.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "drops a future at a real moment")]
async fn a_dropped_put_leaves_all_or_nothing() {
    let site = Site::folder();
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
async fn what_a_dead_process_left_is_removed_once_it_is_old() {
    use std::time::Duration;
    let site = Site::folder();
    let store = site.open_with(|options| options.ambient = omnigraph_objects::Ambient::system());
    assert_eq!(store.remove_abandoned(Duration::ZERO).await.unwrap(), 0);
    store.put(&key("a/1"), "x".into()).await.unwrap();
    let root = store.local_root().unwrap();
    std::fs::write(root.join("a/.tmp-left"), "half").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(store.remove_abandoned(Duration::from_secs(3_600)).await.unwrap(), 0, "it may still be written to");
    assert_eq!(store.remove_abandoned(Duration::from_millis(1)).await.unwrap(), 1);
    assert_eq!(everything_in(root), ["a/1"]);
}

#[tokio::test]
async fn staged_files_are_in_no_listing() {
    let site = Site::folder();
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
