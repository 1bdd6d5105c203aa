//! From a location to the stack of layers that serves it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::count::{CountingStore, RangeCost, Tally};
use crate::local::LocalStore;
use crate::{Location, Result, StoreOptions};

/// The stack, and what its owner needs to know of it.
pub(crate) struct Backend {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) tally: Arc<Tally>,
    /// The innermost layer again, if it is a folder: settling durability is no request and passes no other layer.
    pub(crate) local: Option<LocalStore>,
}

/// The innermost layer.
struct Base {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    ranges: RangeCost,
    local: Option<LocalStore>,
}

impl Backend {
    pub(crate) fn open(location: &Location, options: &StoreOptions) -> Result<Self> {
        let Base { store: base, prefix, ranges, local } = base(location, options)?;
        let layered = match &options.layer {
            Some(layer) => layer(base),
            None => base,
        };
        let tally = Arc::new(Tally::default());
        let counting = CountingStore::new(layered, Arc::clone(&tally), ranges);
        let store: Arc<dyn ObjectStore> =
            if prefix.as_ref().is_empty() { Arc::new(counting) } else { Arc::new(PrefixStore::new(counting, prefix)) };
        Ok(Self { store, tally, local })
    }
}

fn base(location: &Location, options: &StoreOptions) -> Result<Base> {
    Ok(match location {
        Location::Folder(root) => {
            let StoreOptions { durability, disk, ambient, .. } = options;
            let local = LocalStore::new(root.clone(), *durability, Arc::clone(disk), ambient);
            Base {
                store: Arc::new(local.clone()),
                prefix: Path::default(),
                ranges: RangeCost::OneCall,
                local: Some(local),
            }
        }
        Location::S3 { bucket, prefix } => {
            let prefix = Path::parse(prefix).unwrap_or_else(|_| Path::from(prefix.as_str()));
            let store = Arc::new(options.s3.open(bucket)?);
            Base { store, prefix, ranges: RangeCost::PerGroup, local: None }
        }
        Location::Memory(name) => {
            Base { store: memory(name), prefix: Path::default(), ranges: RangeCost::OneCall, local: None }
        }
    })
}

/// The memory stores of this process by name, so that two handles on one name see one graph.
static MEMORY: LazyLock<Mutex<HashMap<String, Arc<InMemory>>>> = LazyLock::new(Mutex::default);

fn memory(name: &str) -> Arc<dyn ObjectStore> {
    let mut stores = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let store: Arc<InMemory> = Arc::clone(stores.entry(name.to_owned()).or_default());
    store
}
