//! What a run has done so far, written before anything else knows of it. A run killed midway leaves
//! a journal without its last line; the next command finds it and says so. Results themselves are
//! in the action cache: running again takes finished steps from there.
//!
//! A line is the first 16 hex digits of the SHA-256 of its JSON, a space, the JSON. The last line of
//! a killed process may be torn and is then ignored.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use model::{Digest, Exit, Sha256, Timestamp, UserError, predicate::StepResult};
use serde::{Deserialize, Serialize};

/// Largest journal that is read.
const MAX_BYTES: u64 = 64 << 20;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process is writing it.
    #[error("the run {} is still under way in another process", .0.display())]
    Busy(PathBuf),
    /// A line in the middle is not what was written.
    #[error("the journal {} was changed: line {line} is not what was written", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// The operating system refused.
    #[error("cannot {what} the journal {}: {source}", .path.display())]
    Io {
        /// `read`, `write`, …
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl JournalError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

impl UserError for JournalError {
    fn code(&self) -> &'static str {
        match self {
            Self::Busy(_) => "run-busy",
            Self::Changed { .. } => "journal-changed",
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => "disk-full",
            Self::Io { .. } => "journal-io",
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Changed { .. } => Exit::Integrity,
            _ => Exit::Environment,
        }
    }
}

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The plan is fixed; `about` is the caller's own description of the run.
    RunStarted {
        /// Anything the caller needs to record the run's end later.
        about: serde_json::Value,
    },
    /// A step begins.
    StepStarted {
        /// Step.
        step: String,
        /// Action digest, when known at that moment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Digest>,
    },
    /// A step ended.
    StepFinished {
        /// Step.
        step: String,
        /// Action digest; absent when skipped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Digest>,
        /// How.
        result: StepResult,
        /// From the action cache.
        cached: bool,
    },
    /// Nothing more will happen.
    RunFinished {
        /// `passed`, `failed`, `interrupted`.
        result: String,
    },
}

/// An event and its moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// What a journal says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Entries in order.
    pub entries: Vec<Entry>,
    /// The last line was torn and left out.
    pub torn: bool,
}

impl Record {
    /// The caller's description of the run.
    pub fn about(&self) -> Option<&serde_json::Value> {
        self.entries.iter().find_map(|entry| match &entry.event {
            Event::RunStarted { about } => Some(about),
            _ => None,
        })
    }

    /// Whether the run came to its end.
    pub fn is_finished(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.event, Event::RunFinished { .. }))
    }

    /// Steps that had started and not ended.
    pub fn interrupted(&self) -> Vec<&str> {
        let mut open: Vec<&str> = Vec::new();
        for entry in &self.entries {
            match &entry.event {
                Event::StepStarted { step, .. } => open.push(step),
                Event::StepFinished { step, .. } => open.retain(|known| known != step),
                _ => {}
            }
        }
        open
    }
}

/// A journal being written, locked against other processes.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Makes a new journal; the file must not exist.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, JournalError> {
        let path = path.into();
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(JournalError::io("create", &path))?;
        }
        let file = File::options()
            .append(true)
            .create_new(true)
            .open(&path)
            .map_err(JournalError::io("create", &path))?;
        Self::locked(path, file)
    }

    /// Opens the journal of a dead process to go on with it or to close it. A torn last line is cut.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn resume(path: impl Into<PathBuf>) -> Result<(Self, Record), JournalError> {
        let path = path.into();
        let file =
            File::options().append(true).read(true).open(&path).map_err(JournalError::io("open", &path))?;
        let journal = Self::locked(path, file)?;
        let bytes = read_bytes(&journal.path)?;
        let (record, good) = parse(&journal.path, &bytes)?;
        {
            let file = journal.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.set_len(good as u64).map_err(JournalError::io("repair", &journal.path))?;
        }
        Ok((journal, record))
    }

    fn locked(path: PathBuf, file: File) -> Result<Self, JournalError> {
        match file.try_lock() {
            Ok(()) => Ok(Self { path, file: Mutex::new(file) }),
            Err(fs::TryLockError::WouldBlock) => Err(JournalError::Busy(path)),
            Err(fs::TryLockError::Error(error)) => Err(JournalError::io("lock", &path)(error)),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes an event; when this returns it is on disk.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub fn append(&self, at: Timestamp, event: Event) -> Result<(), JournalError> {
        let json = serde_json::to_string(&Entry { at, event })
            .map_err(|error| JournalError::io("write", &self.path)(io::Error::other(error)))?;
        let line = format!("{} {json}\n", sum(json.as_bytes()));
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
            .and_then(|()| file.sync_data())
            .map_err(JournalError::io("write", &self.path))
    }

    /// Reads a journal without locking it.
    ///
    /// # Errors
    /// [`JournalError::Changed`], [`JournalError::Io`].
    pub fn read(path: &Path) -> Result<Record, JournalError> {
        Ok(parse(path, &read_bytes(path)?)?.0)
    }
}

/// Journals (`*.journal`) in a folder whose run did not finish and whose process is gone, sorted.
///
/// # Errors
/// [`JournalError`] of the first that cannot be read.
pub fn unfinished(folder: &Path) -> Result<Vec<(PathBuf, Record)>, JournalError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(JournalError::io("list", folder))?,
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "journal"));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let file = File::open(&path).map_err(JournalError::io("open", &path))?;
        if file.try_lock_shared().is_err() {
            continue;
        }
        let record = Journal::read(&path)?;
        if !record.is_finished() {
            found.push((path, record));
        }
    }
    Ok(found)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(JournalError::io("read", path))?;
    Ok(bytes)
}

fn sum(json: &[u8]) -> String {
    Sha256::of(json).hex()[..16].to_owned()
}

/// The entries, and how many bytes of whole lines there are.
fn parse(path: &Path, bytes: &[u8]) -> Result<(Record, usize), JournalError> {
    let mut record = Record::default();
    let mut good = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match parse_line(line) {
            Some(entry) => record.entries.push(entry),
            None if good + line.len() == bytes.len() => {
                record.torn = true;
                break;
            }
            None => return Err(JournalError::Changed { path: path.to_owned(), line: number + 1 }),
        }
        good += line.len();
    }
    Ok((record, good))
}

fn parse_line(line: &[u8]) -> Option<Entry> {
    let line = line.strip_suffix(b"\n")?;
    let (expected, json) = line.split_at_checked(17)?;
    let right = expected.strip_suffix(b" ")? == sum(json).as_bytes();
    right.then(|| serde_json::from_slice(json).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path) {
        let journal = Journal::create(path).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        journal.append(at, Event::RunStarted { about: serde_json::json!({"run": 1}) }).unwrap();
        journal.append(at, Event::StepStarted { step: "build".into(), action: None }).unwrap();
    }

    #[test]
    fn a_run_killed_at_any_byte_is_found_and_can_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.journal");
        write(&path);
        let whole = fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let (journal, record) = Journal::resume(&path).unwrap();
            assert!(!record.is_finished() && record.entries.len() <= 2);
            let end = Event::RunFinished { result: "interrupted".into() };
            journal.append(Timestamp::UNIX_EPOCH, end).unwrap();
            let after = Journal::read(&path).unwrap();
            assert!(after.is_finished() && !after.torn, "cut at {length}");
        }
    }

    #[test]
    fn a_changed_line_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.journal");
        write(&path);
        let text = fs::read_to_string(&path).unwrap().replace("\"run\":1", "\"run\":2");
        fs::write(&path, text).unwrap();
        let error = Journal::read(&path).unwrap_err();
        assert_eq!(error.code(), "journal-changed");
        assert!(error.to_string().contains("line 1"));
    }

    #[test]
    fn a_run_under_way_is_not_taken_for_dead() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.journal");
        let journal = Journal::create(&path).unwrap();
        assert!(unfinished(dir.path()).unwrap().is_empty());
        assert_eq!(Journal::resume(&path).unwrap_err().code(), "run-busy");
        drop(journal);
        assert_eq!(unfinished(dir.path()).unwrap().len(), 1);
    }
}
