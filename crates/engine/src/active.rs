//! What is under way: one locked note per run, so that a crash is noticed by the next command.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use model::{
    Problem,
    predicate::{Run, RunPhase, RunResult},
};

use crate::{
    home::{Home, cannot},
    record::Recorder,
    statements::statement,
};

/// The note of a run under way; removed when the run is recorded.
pub struct Active {
    path: PathBuf,
    _lock: fs::File,
}

impl Active {
    /// Notes that `run` has begun. The note holds its `started` predicate.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn begin(home: &Home, run: &Run) -> Result<Self, Problem> {
        let path = home.active().join(format!("{}.json", run.run));
        let write = || {
            let mut file = locked(&path)?;
            file.write_all(&serde_json::to_vec(run)?)?;
            file.sync_all()?;
            crate::retain::wait(home)?;
            Ok(file)
        };
        fs::create_dir_all(home.active()).map_err(|e| cannot(&home.active(), "make", &e))?;
        let lock = write().map_err(|e: io::Error| {
            let _ = fs::remove_file(&path);
            cannot(&path, "write", &e)
        })?;
        Ok(Self { path, _lock: lock })
    }

    /// The run is recorded.
    pub fn end(self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A new file at `path` that we hold. Another command may take the file for a dead one's and remove it
/// between our making and our locking it: then it is made again.
pub(crate) fn locked(path: &Path) -> io::Result<fs::File> {
    loop {
        let file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        file.lock()?;
        if file.metadata()?.nlink() > 0 {
            return Ok(file);
        }
    }
}

/// Records runs whose process died as interrupted. Returns a sentence for each. The database must be
/// up with the ledger: where a run began is asked there.
///
/// # Errors
/// The ledger cannot be written.
pub fn recover(recorder: &Recorder) -> Result<Vec<String>, Problem> {
    let folder = recorder.home().active();
    let mut told = Vec::new();
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(told) };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(mut file) = fs::File::open(&path) else { continue };
        if file.try_lock().is_err() || file.metadata().is_ok_and(|meta| meta.nlink() == 0) {
            continue;
        }
        match read(&mut file) {
            Some(run) => told.push(interrupted(recorder, run)?),
            None => told.push(format!("{} was not written to its end and is removed", path.display())),
        }
        let _ = fs::remove_file(&path);
    }
    Ok(told)
}

fn read(file: &mut fs::File) -> Option<Run> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Records the end of a run that had none. A run that died before its start was recorded, or after
/// its end was, needs nothing.
fn interrupted(recorder: &Recorder, run: Run) -> Result<String, Problem> {
    let start = recorder.projection().run_start(run.run)?;
    let Some(start) = start else {
        return Ok(format!("run {} stopped before it began", run.run));
    };
    for logged in recorder.from(start)? {
        if let Some(Ok(found)) = logged?.statement.decode::<Run>()
            && found.run == run.run
            && found.phase == RunPhase::Finished
        {
            return Ok(format!("run {} had been recorded to its end", run.run));
        }
    }
    let now = recorder.clock().now();
    let (id, source) = (run.run, run.source());
    let ended = Run { phase: RunPhase::Finished, at: now, result: Some(RunResult::Interrupted), ..run };
    recorder.record(&[statement(vec![source], &ended)?])?;
    Ok(format!("run {id} was interrupted; that is recorded, and its finished steps are kept in the cache"))
}
