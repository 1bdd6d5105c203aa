//! The stack of stores that serves a location.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::local::LocalStore;
use crate::metrics::{CountingStore, RangeCost, RequestCounters};
use crate::{Location, Result, StoreOptions};

/// A stack of stores, with the parts that [`crate::Store`] uses directly.
pub(crate) struct StoreStack {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) counters: Arc<RequestCounters>,
    /// The store over a folder. Its syncs are not requests and pass no other layer.
    pub(crate) local: Option<LocalStore>,
}

/// The innermost store.
struct BaseStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    ranges: RangeCost,
    local: Option<LocalStore>,
}

impl StoreStack {
    pub(crate) fn open(location: &Location, options: &StoreOptions) -> Result<Self> {
        let BaseStore { store: base, prefix, ranges, local } = BaseStore::open(location, options)?;
        let layered = match &options.layer {
            Some(layer) => layer(base),
            None => base,
        };
        let counters = Arc::new(RequestCounters::default());
        let counting = CountingStore::new(layered, Arc::clone(&counters), ranges);
        let store: Arc<dyn ObjectStore> =
            if prefix.as_ref().is_empty() { Arc::new(counting) } else { Arc::new(PrefixStore::new(counting, prefix)) };
        Ok(Self { store, counters, local })
    }
}

impl BaseStore {
    fn open(location: &Location, options: &StoreOptions) -> Result<Self> {
        Ok(match location {
            Location::Folder(root) => {
                let StoreOptions { durability, disk, env, .. } = options;
                let local = LocalStore::new(root.clone(), *durability, Arc::clone(disk), env);
                let store = Arc::new(local.clone());
                Self { store, prefix: Path::default(), ranges: RangeCost::OneCall, local: Some(local) }
            }
            Location::S3 { bucket, prefix } => {
                let prefix = Path::parse(prefix).unwrap_or_else(|_| Path::from(prefix.as_str()));
                let store = Arc::new(options.s3.open(bucket)?);
                Self { store, prefix, ranges: RangeCost::PerGroup, local: None }
            }
            Location::Memory(name) => {
                Self { store: memory(name), prefix: Path::default(), ranges: RangeCost::OneCall, local: None }
            }
        })
    }
}

/// The memory stores of this process by name. Two handles on one name see the same objects.
static MEMORY_STORES: LazyLock<Mutex<HashMap<String, Arc<InMemory>>>> = LazyLock::new(Mutex::default);

fn memory(name: &str) -> Arc<dyn ObjectStore> {
    let mut stores = MEMORY_STORES.lock().unwrap_or_else(PoisonError::into_inner);
    let store: Arc<InMemory> = Arc::clone(stores.entry(name.to_owned()).or_default());
    store
}
