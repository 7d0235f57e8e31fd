//! Carrying a removal out, also after a crash.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    thread,
    time::Duration,
};

use model::{Exit, Problem, Sha256, Subject, predicate::Removal, problem::erase};

use super::choose::{Choice, Policy, all_named};
use crate::{Home, active::locked, home::cannot, record::Recorder, statements::statement};

/// A removal that is recorded and carried out but for the database. [`Work::done`] once that was made anew.
pub struct Work {
    /// Ledger index of the removal.
    pub by: u64,
    /// Entries whose content went now.
    pub entries: u64,
    /// Blobs that went now.
    pub blobs: u64,
    path: PathBuf,
    _lock: File,
}

impl Work {
    /// Nothing is left to do.
    ///
    /// # Errors
    /// The note cannot be removed.
    pub fn done(self) -> Result<(), Problem> {
        fs::remove_file(&self.path).map_err(|e| cannot(&self.path, "remove", &e))
    }
}

fn path(home: &Home) -> PathBuf {
    home.root().join("retention.json")
}

/// How often, and how long between, a run asks whether a removal has ended: half a minute together.
const LOOKS: (u32, Duration) = (600, Duration::from_millis(50));

/// Returns when no removal is under way: what is stored meanwhile could be taken for unneeded.
pub(crate) fn wait(home: &Home) -> io::Result<()> {
    for _ in 0..LOOKS.0 {
        match File::open(path(home)) {
            Ok(note) if note.try_lock_shared().is_ok() => return Ok(()),
            Ok(_) => thread::sleep(LOOKS.1),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "a removal from the ledger is under way"))
}

/// Records the removal of what was chosen and carries it out.
///
/// # Errors
/// Something else is under way, or the ledger cannot be written. What was recorded is carried out by the next
/// command at the latest.
pub fn begin(policy: &Policy, choice: &Choice, recorder: &Recorder) -> Result<Work, Problem> {
    let path = path(recorder.home());
    let busy = |what: String| {
        Problem::new("retention-busy", Exit::Environment, what).with_hint("wait until it has ended")
    };
    let removal = Removal {
        reason: policy.reason.clone(),
        actor: policy.actor.clone(),
        at: recorder.clock().now(),
        before: policy.before,
        entries: choice.entries.clone(),
        blobs: choice.blobs.clone(),
    };
    let subjects = choice.entries.iter();
    let subjects = subjects.map(|entry| Subject::sha256(format!("entry {}", entry.index), entry.envelope));
    let said = statement(subjects.collect(), &removal)?;
    let bytes = serde_json::to_vec(&removal)
        .map_err(|e| Problem::new("statement", Exit::Environment, e.to_string()))?;
    let note = || -> io::Result<File> {
        let mut file = locked(&path)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        File::open(recorder.home().root())?.sync_all()?;
        Ok(file)
    };
    let lock = note().map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => busy("another removal is under way".into()),
        _ => cannot(&path, "write", &e),
    })?;
    // Only now: a run notes that it has begun, and then waits for a removal that was noted before.
    if fs::read_dir(recorder.home().active()).is_ok_and(|mut notes| notes.next().is_some()) {
        // What it has stored may not be named by a statement yet.
        fs::remove_file(&path).map_err(|e| cannot(&path, "remove", &e))?;
        return Err(busy("a run is under way".into()));
    }
    let (logged, _) = recorder.record(&[said])?;
    let by = logged.first().map_or(0, |logged| logged.index);
    carry_out(by, &removal, path, lock, recorder)
}

/// Goes on with a removal that was interrupted: `None` when there is nothing to go on with. What was noted
/// but never recorded is forgotten.
///
/// # Errors
/// As [`begin`].
pub fn resume(recorder: &Recorder) -> Result<Option<Work>, Problem> {
    let path = path(recorder.home());
    let Ok(mut file) = File::open(&path) else { return Ok(None) };
    if file.try_lock().is_err() || file.metadata().is_ok_and(|meta| meta.nlink() == 0) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|e| cannot(&path, "read", &e))?;
    let noted: Option<Removal> = serde_json::from_slice(&bytes).ok();
    if let Some(removal) = noted
        && let Some(by) = recorded(&removal, recorder)?
    {
        return carry_out(by, &removal, path, file, recorder).map(Some);
    }
    fs::remove_file(&path).map_err(|e| cannot(&path, "remove", &e))?;
    Ok(None)
}

/// Where exactly this removal is recorded. It would be among what was recorded since it was noted.
fn recorded(removal: &Removal, recorder: &Recorder) -> Result<Option<u64>, Problem> {
    for logged in recorder.from(removal.entries.last().map_or(0, |entry| entry.index))? {
        let logged = logged?;
        if logged.statement.decode::<Removal>().and_then(Result::ok).as_ref() == Some(removal) {
            return Ok(Some(logged.index));
        }
    }
    Ok(None)
}

fn carry_out(
    by: u64,
    removal: &Removal,
    path: PathBuf,
    lock: File,
    recorder: &Recorder,
) -> Result<Work, Problem> {
    let entries = recorder.with_ledger(|ledger| ledger.remove_payloads(by)).map_err(|e| erase(&e))?;
    let needed = needed_since(removal, recorder)?;
    let mut blobs = 0;
    for digest in removal.blobs.iter().filter(|digest| !needed.contains(digest)) {
        let gone = recorder.blobs().remove(digest);
        blobs += u64::from(gone.map_err(|e| cannot(&recorder.home().blobs(), "remove a blob in", &e))?);
    }
    Ok(Work { by, entries, blobs, path, _lock: lock })
}

/// Blobs that statements name which are still there, also those recorded after the choice was made.
fn needed_since(removal: &Removal, recorder: &Recorder) -> Result<BTreeSet<Sha256>, Problem> {
    let mut needed = BTreeSet::new();
    if removal.blobs.is_empty() {
        return Ok(needed);
    }
    for logged in recorder.from(0)? {
        needed.extend(all_named(&logged?.statement, recorder)?);
    }
    Ok(needed)
}
