//! From a location to the stack of layers that serves it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::count::{CountingStore, RangeCost, Tally};
use crate::{Location, Result, StoreOptions};

/// The stack, and what its owner needs to know of it.
pub(crate) struct Backend {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) tally: Arc<Tally>,
}

impl Backend {
    pub(crate) fn open(location: &Location, options: &StoreOptions) -> Result<Self> {
        let (base, prefix, ranges) = base(location, options)?;
        let layered = match &options.layer {
            Some(layer) => layer(base),
            None => base,
        };
        let tally = Arc::new(Tally::default());
        let counting = CountingStore::new(layered, Arc::clone(&tally), ranges);
        let store: Arc<dyn ObjectStore> =
            if prefix.as_ref().is_empty() { Arc::new(counting) } else { Arc::new(PrefixStore::new(counting, prefix)) };
        Ok(Self { store, tally })
    }
}

fn base(location: &Location, options: &StoreOptions) -> Result<(Arc<dyn ObjectStore>, Path, RangeCost)> {
    Ok(match location {
        Location::Folder(root) => (folder(root, options)?, Path::default(), RangeCost::OneCall),
        Location::S3 { bucket, prefix } => {
            let prefix = Path::parse(prefix).unwrap_or_else(|_| Path::from(prefix.as_str()));
            (crate::s3::shared(options.s3.open(bucket)?), prefix, RangeCost::PerGroup)
        }
        Location::Memory(name) => (memory(name), Path::default(), RangeCost::OneCall),
    })
}

fn folder(root: &std::path::Path, _options: &StoreOptions) -> Result<Arc<dyn ObjectStore>> {
    std::fs::create_dir_all(root)
        .map_err(|e| crate::Error::InvalidOptions { at: root.display().to_string(), reason: e.to_string() })?;
    let store = object_store::local::LocalFileSystem::new_with_prefix(root)
        .map_err(|e| crate::Error::from_store("open", root.display().to_string(), e))?;
    Ok(Arc::new(store))
}

/// The memory stores of this process by name, so that two handles on one name see one graph.
static MEMORY: LazyLock<Mutex<HashMap<String, Arc<InMemory>>>> = LazyLock::new(Mutex::default);

fn memory(name: &str) -> Arc<dyn ObjectStore> {
    let mut stores = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let store: Arc<InMemory> = Arc::clone(stores.entry(name.to_owned()).or_default());
    store
}
