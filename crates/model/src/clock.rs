//! Time is passed in, never fetched: verification and policy take it as an argument.

use jiff::Timestamp;

/// A source of the current time. The only implementation that asks the system lives in the binary.
pub trait Clock: Send + Sync {
    /// The current instant (UTC).
    fn now(&self) -> Timestamp;
}

/// A clock that always gives the same instant; for tests and for verification "as of" a moment.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
