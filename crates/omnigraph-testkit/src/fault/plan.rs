//! The handle by which a test commands a fault store and sees what went through it.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use object_store::{Error, Result};
use omnigraph_objects::{Layer, Verb};

use super::{Fault, FaultStore, Rule};

/// One call that reached the fault store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What was asked for.
    pub verb: Verb,
    /// Of which object or prefix; for a copy, the target.
    pub path: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb.name(), self.path)
    }
}

/// Commands any number of fault stores. Clones command the same ones.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    rules: Vec<Rule>,
    calls: Vec<Call>,
    crashed: bool,
    read_only: bool,
    heedless: bool,
}

/// What is left of a call once it is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Given,
    Lost,
}

impl Faults {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a fault store over a backend, for [`omnigraph_objects::StoreOptions::layer`].
    pub fn layer(&self) -> Layer {
        let faults = self.clone();
        Arc::new(move |inner| Arc::new(FaultStore::new(inner, faults.clone())))
    }

    /// Adds a rule. Of several that strike one call the first decides; all of them count it.
    pub fn add(&self, rule: Rule) {
        self.plan().rules.push(rule);
    }

    /// Drops all rules; a crash stays.
    pub fn clear(&self) {
        self.plan().rules.clear();
    }

    /// Ends a crash and drops all rules, so that the store works again.
    pub fn revive(&self) {
        let mut plan = self.plan();
        plan.crashed = false;
        plan.rules.clear();
    }

    /// Whether a crash has struck and is not over.
    pub fn is_crashed(&self) -> bool {
        self.plan().crashed
    }

    /// From now on every write, copy and delete is refused with "permission denied".
    pub fn deny_writes(&self) {
        self.plan().read_only = true;
    }

    /// Ends [`Faults::deny_writes`].
    pub fn allow_writes(&self) {
        self.plan().read_only = false;
    }

    /// From now on conditional writes overwrite, as on a server that ignores the condition.
    pub fn ignore_conditions(&self) {
        self.plan().heedless = true;
    }

    pub(super) fn ignores_conditions(&self) -> bool {
        self.plan().heedless
    }

    /// The calls so far, failed ones included, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.plan().calls.clone()
    }

    /// Forgets the calls so far and returns them.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.plan().calls)
    }

    /// Notes the call at once, and returns the future that carries it out under the rules.
    pub(super) fn call<T, W>(&self, verb: Verb, path: &str, work: W) -> impl Future<Output = Result<T>> + use<T, W>
    where
        W: Future<Output = Result<T>>,
    {
        let fault = self.note(verb, path);
        let (faults, path) = (self.clone(), path.to_owned());
        async move {
            match faults.admit(fault?, verb, &path).await? {
                Answer::Given => work.await,
                Answer::Lost => {
                    let _ = work.await;
                    Err(injected(verb, &path, "its answer was lost"))
                }
            }
        }
    }

    fn note(&self, verb: Verb, path: &str) -> Result<Option<Fault>> {
        let mut plan = self.plan();
        plan.calls.push(Call { verb, path: path.to_owned() });
        if plan.crashed {
            return Err(injected(verb, path, "the store has crashed"));
        }
        if plan.read_only && !matches!(verb, Verb::Get | Verb::Head | Verb::List) {
            return Err(Error::PermissionDenied { path: path.to_owned(), source: "the store is read-only".into() });
        }
        let mut fault = None;
        for rule in &mut plan.rules {
            if rule.strikes(verb, path) && fault.is_none() {
                fault = Some(rule.fault);
            }
        }
        if matches!(fault, Some(Fault::CrashBefore | Fault::CrashAfter)) {
            plan.crashed = true;
        }
        Ok(fault)
    }

    #[expect(clippy::disallowed_methods, reason = "a delay is real, also where the clock of the store is not")]
    async fn admit(&self, fault: Option<Fault>, verb: Verb, path: &str) -> Result<Answer> {
        match fault {
            None => Ok(Answer::Given),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(Answer::Given)
            }
            Some(Fault::FailAfter | Fault::CrashAfter) => Ok(Answer::Lost),
            Some(Fault::FailBefore | Fault::CrashBefore) => Err(injected(verb, path, "it did not arrive")),
        }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An error of no particular kind, as a broken connection gives.
fn injected(verb: Verb, path: &str, what: &str) -> Error {
    Error::Generic { store: "fault", source: format!("injected: {} {path}: {what}", verb.name()).into() }
}
