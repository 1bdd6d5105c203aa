//! The handle that a test uses to inject faults into a store and to read the calls that it received.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use object_store::{Error, Result};
use omnigraph_storage::{RequestVerb, StoreLayer};

use super::{FaultKind, FaultRule, FaultStore};

/// One call that reached the fault store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCall {
    /// The kind of request.
    pub verb: RequestVerb,
    /// The object or prefix; for a copy, the target.
    pub path: String,
}

impl fmt::Display for RecordedCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.name(), self.path)
    }
}

/// Injects faults into any number of stores. Clones share rules and calls.
#[derive(Debug, Clone, Default)]
pub struct FaultInjector {
    plan: Arc<Mutex<FaultPlan>>,
}

#[derive(Debug, Default)]
struct FaultPlan {
    rules: Vec<FaultRule>,
    calls: Vec<RecordedCall>,
    crashed: bool,
    read_only: bool,
    overwrites_conditional_puts: bool,
}

/// The response to a call that reaches the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResponseFate {
    Delivered,
    Lost,
}

impl FaultInjector {
    /// Creates an injector without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a layer over a backend, for [`omnigraph_storage::StoreOptions::layer`].
    pub fn layer(&self) -> StoreLayer {
        let faults = self.clone();
        Arc::new(move |inner| Arc::new(FaultStore::new(inner, faults.clone())))
    }

    /// Adds a rule. The first of several rules that apply to a call decides; all of them count it.
    pub fn add(&self, rule: FaultRule) {
        self.plan().rules.push(rule);
    }

    /// Removes all rules; a crash remains.
    pub fn clear(&self) {
        self.plan().rules.clear();
    }

    /// Ends a crash and removes all rules, so that the store works again.
    pub fn revive(&self) {
        let mut plan = self.plan();
        plan.crashed = false;
        plan.rules.clear();
    }

    /// Returns true from a crash until [`FaultInjector::revive`].
    pub fn is_crashed(&self) -> bool {
        self.plan().crashed
    }

    /// Refuses every write, copy and delete from now on with "permission denied".
    pub fn deny_writes(&self) {
        self.plan().read_only = true;
    }

    /// Ends [`FaultInjector::deny_writes`].
    pub fn allow_writes(&self) {
        self.plan().read_only = false;
    }

    /// Lets conditional writes overwrite from now on, as on a server that ignores the condition.
    pub fn ignore_conditions(&self) {
        self.plan().overwrites_conditional_puts = true;
    }

    pub(super) fn ignores_conditions(&self) -> bool {
        self.plan().overwrites_conditional_puts
    }

    /// Returns the calls so far, failed ones included, in order of arrival.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.plan().calls.clone()
    }

    /// Returns the calls so far and clears them.
    pub fn take_calls(&self) -> Vec<RecordedCall> {
        std::mem::take(&mut self.plan().calls)
    }

    /// Records the call at once, and returns the future that executes it under the rules.
    pub(super) fn call<T, W>(
        &self,
        verb: RequestVerb,
        path: &str,
        work: W,
    ) -> impl Future<Output = Result<T>> + use<T, W>
    where
        W: Future<Output = Result<T>>,
    {
        let fault = self.record(verb, path);
        let (faults, path) = (self.clone(), path.to_owned());
        async move {
            match faults.admit(fault?, verb, &path).await? {
                ResponseFate::Delivered => work.await,
                ResponseFate::Lost => {
                    let _ = work.await;
                    Err(injected(verb, &path, "its answer was lost"))
                }
            }
        }
    }

    fn record(&self, verb: RequestVerb, path: &str) -> Result<Option<FaultKind>> {
        let mut plan = self.plan();
        plan.calls.push(RecordedCall { verb, path: path.to_owned() });
        if plan.crashed {
            return Err(injected(verb, path, "the store has crashed"));
        }
        if plan.read_only && !matches!(verb, RequestVerb::Get | RequestVerb::Head | RequestVerb::List) {
            return Err(Error::PermissionDenied { path: path.to_owned(), source: "the store is read-only".into() });
        }
        let mut fault = None;
        for rule in &mut plan.rules {
            if rule.applies_to(verb, path) && fault.is_none() {
                fault = Some(rule.fault);
            }
        }
        if matches!(fault, Some(FaultKind::CrashBefore | FaultKind::CrashAfter)) {
            plan.crashed = true;
        }
        Ok(fault)
    }

    #[expect(clippy::disallowed_methods, reason = "a delay is real, also where the clock of the store is not")]
    async fn admit(&self, fault: Option<FaultKind>, verb: RequestVerb, path: &str) -> Result<ResponseFate> {
        match fault {
            None => Ok(ResponseFate::Delivered),
            Some(FaultKind::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(ResponseFate::Delivered)
            }
            Some(FaultKind::FailAfter | FaultKind::CrashAfter) => Ok(ResponseFate::Lost),
            Some(FaultKind::FailBefore | FaultKind::CrashBefore) => Err(injected(verb, path, "it did not arrive")),
        }
    }

    fn plan(&self) -> MutexGuard<'_, FaultPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a generic error, as a broken connection causes.
fn injected(verb: RequestVerb, path: &str, what: &str) -> Error {
    Error::Generic { store: "fault", source: format!("injected: {} {path}: {what}", verb.name()).into() }
}
