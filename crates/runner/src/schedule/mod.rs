//! Running a graph of steps: in parallel, cancellable, with a journal that survives the process.

mod cancel;
mod graph;
mod journal;

pub use cancel::{Cancel, CancelGuard};
pub use graph::{End, GraphError, GraphObserver, GraphOptions, Node, Work, run_graph};
pub use journal::{Entry, Event, Journal, JournalError, Record, unfinished};
