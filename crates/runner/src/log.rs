//! The log of a step: both streams as they come, secrets masked, shown live, kept up to a bound.

use std::{
    fs::File,
    io::{self, Read, Write},
    sync::{Mutex, PoisonError},
};

use crate::{
    local::{StepObserver, Stream},
    mask::Masker,
};

/// Size of one read.
const CHUNK: usize = 64 << 10;

/// Where the streams of a step end up.
pub(crate) struct StepLog<'a> {
    observer: &'a dyn StepObserver,
    masker: &'a Masker,
    limit: u64,
    state: Mutex<State>,
}

struct State {
    file: File,
    kept: u64,
    total: u64,
    leaked: Vec<String>,
    failed: Option<io::Error>,
}

/// What became of the log.
pub(crate) struct LogEnd {
    pub(crate) total: u64,
    pub(crate) dropped: u64,
    pub(crate) leaked: Vec<String>,
}

impl<'a> StepLog<'a> {
    pub(crate) fn new(file: File, limit: u64, masker: &'a Masker, observer: &'a dyn StepObserver) -> Self {
        let state = State { file, kept: 0, total: 0, leaked: Vec::new(), failed: None };
        Self { observer, masker, limit, state: Mutex::new(state) }
    }

    /// Reads a stream to its end, however long it is. `too_long` is called once when the bound is
    /// passed.
    pub(crate) fn follow(&self, stream: Stream, source: Option<File>, too_long: &dyn Fn()) {
        let Some(mut source) = source else { return };
        let mut masked = self.masker.stream();
        let mut buffer = vec![0; CHUNK];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => self.take(stream, &masked.feed(&buffer[..n]), too_long),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.take(stream, &masked.finish(), too_long);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.leaked.extend(masked.found().map(str::to_owned));
    }

    fn take(&self, stream: Stream, bytes: &[u8], too_long: &dyn Fn()) {
        if bytes.is_empty() {
            return;
        }
        // Under one lock, so that what is shown and what is kept have the same order.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let was_within = state.total <= self.limit;
        state.total += bytes.len() as u64;
        let room = usize::try_from(self.limit - state.kept).unwrap_or(usize::MAX).min(bytes.len());
        if room > 0 {
            self.observer.output(stream, &bytes[..room]);
            if let Err(error) = state.file.write_all(&bytes[..room]) {
                state.failed.get_or_insert(error);
            }
            state.kept += room as u64;
        }
        if was_within && state.total > self.limit {
            too_long();
        }
    }

    /// Ends the log, with a note when something was not kept.
    pub(crate) fn finish(self) -> io::Result<LogEnd> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let dropped = state.total - state.kept;
        if dropped > 0 {
            let note = format!("\n[{dropped} more bytes of output were not kept]\n");
            self.observer.output(Stream::Stderr, note.as_bytes());
            state.file.write_all(note.as_bytes())?;
        }
        state.leaked.sort();
        state.leaked.dedup();
        match state.failed {
            Some(error) => Err(error),
            None => Ok(LogEnd { total: state.total, dropped, leaked: state.leaked }),
        }
    }
}
