//! What processes that ended left undone, found and finished by the next one that opens the graph for writing.
//!
//! Only heads for outside readers can be left half done: a commit is one object. A sweep looks at the intents that stand, says
//! of each named head how it differs from what the newest commit of `main` calls for, decides once for the whole intent, makes
//! the heads show that commit, writes down what it found and did, and deletes the intent last. Stopped anywhere, it is
//! finished by the next.
//!
//! # Living and dead
//!
//! Nobody can tell a slow writer from a dead one without a clock that all agree on, so nothing here tries. An intent names the
//! place in the log that its operation tries to take. While nobody has that place, the operation may be about to, and it has
//! moved no head: the intent stays and nothing is done. Once somebody has it, the operation was published there or can never
//! be, and the intent has done its service, whether its writer lives or not: a living one publishes the same heads, because
//! everybody publishes the newest commit, and finds its intent deleted, which it wanted to do itself. An intent of a busy handle
//! names several places: between the first and the last of them the heads are looked after, and the intent stays.
//!
//! - `classify` how a head differs from what is called for
//! - `inspect`  look at heads
//! - `judge`    one decision for an intent
//! - `sweep`    on opening, and now and then for handles that live long
//! - `repair`   the same on demand, for heads that somebody moved
//! - `audit`    what was found and done

mod audit;
mod classify;
mod inspect;
mod judge;
mod repair;
mod sweep;

pub use audit::{AuditEntry, AuditTable};
pub use classify::{Classification, Decision};
pub use repair::{HeadReport, RepairAction, RepairReport};
pub use sweep::SweepReport;

pub(crate) use audit::list as list_audit;
pub(crate) use repair::{Consent, repair};
pub(crate) use sweep::{sweep, sweep_every};
