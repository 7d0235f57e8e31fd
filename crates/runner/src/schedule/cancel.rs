//! Telling everything under way to end.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

type Hook = Box<dyn Fn() + Send>;

#[derive(Default)]
struct Inner {
    cancelled: AtomicBool,
    hooks: Mutex<(u64, BTreeMap<u64, Hook>)>,
}

/// A flag that, once set, stays set and calls everyone who asked. Clones are the same flag.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cancel({})", self.is_cancelled())
    }
}

impl Cancel {
    /// Not cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Cancels. Not for signal handlers: call it from a thread that waits for the signal.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.1.values().for_each(|hook| hook());
    }

    /// Calls `hook` when cancelled, at once if that is already so, until the guard is dropped.
    pub fn on_cancel(&self, hook: impl Fn() + Send + 'static) -> CancelGuard {
        let mut hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_cancelled() {
            hook();
        }
        hooks.0 += 1;
        let number = hooks.0;
        hooks.1.insert(number, Box::new(hook));
        CancelGuard { inner: self.0.clone(), number }
    }
}

/// Forgets the hook when dropped.
#[must_use = "dropping it forgets the hook"]
pub struct CancelGuard {
    inner: Arc<Inner>,
    number: u64,
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.inner.hooks.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.number);
    }
}
