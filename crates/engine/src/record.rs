//! The only way into the ledger, and the way back out of it.
//!
//! A statement is acknowledged when it is durable in the ledger and covered by a signed checkpoint.
//! Projecting it into the database comes after: a database that fails delays what people see, never
//! what is recorded, and the next command catches up.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use attest::{
    Bundle, Ledger, SignerClient, Trust,
    bundle::Material,
    keys::Settings,
    ledger::{LedgerError, RemovedPayload},
    signer::{By, Ceremony, KeyInfo},
};
use model::{
    Clock, Digest, Predicate, Problem, Sha256, Statement, Timestamp,
    ports::{Blobs, LoggedStatement},
    predicate::{KeyEvent, Removed},
    problem::erase,
};

use crate::{Home, home::cannot, ports::Projection, statements::statement};

/// Statements projected in one transaction.
const BATCH: usize = 256;

/// Appends to and reads from one ledger.
pub struct Recorder {
    ledger: Mutex<Ledger>,
    signer: Mutex<Option<SignerClient>>,
    home: Home,
    executable: PathBuf,
    blobs: Arc<dyn Blobs>,
    projection: Arc<dyn Projection>,
    clock: Arc<dyn Clock>,
    trust: Mutex<Option<(Trust, Option<SystemTime>)>>,
    /// Whether it was asked if the ledger knows of the newest keys.
    noticed: AtomicBool,
}

impl Recorder {
    /// Opens the ledger of `home`; also returns what a crash before made necessary, for people.
    ///
    /// # Errors
    /// The ledger is damaged or cannot be opened.
    pub fn open(
        home: &Home,
        executable: PathBuf,
        blobs: Arc<dyn Blobs>,
        projection: Arc<dyn Projection>,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Vec<String>), Problem> {
        let (ledger, mut recovery) = Ledger::open(&home.ledger()).map_err(|e| erase(&e))?;
        let recorder = Self {
            ledger: Mutex::new(ledger),
            signer: Mutex::new(None),
            home: home.clone(),
            executable,
            blobs,
            projection,
            clock,
            trust: Mutex::new(None),
            noticed: AtomicBool::new(false),
        };
        if recovery.kept > 0 {
            let now = recorder.clock.now();
            recorder.with_signer(|signer| recorder.lock().settle(signer, now).map_err(|e| erase(&e)))?;
        }
        let rejected = recorder.lock().take_rejected();
        recovery.kept -= rejected.as_ref().map_or(0, |rejected| rejected.count).min(recovery.kept);
        let told = rejected.iter().map(|rejected| set_aside(rejected).message);
        let sentences = recovery.sentences().into_iter().chain(told).collect();
        Ok((recorder, sentences))
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signer process is started when it is first needed.
    fn with_signer<T>(
        &self,
        act: impl FnOnce(&mut SignerClient) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        if signer.is_none() {
            let started = match self.home.signer() {
                Some(socket) => SignerClient::connect_to(socket),
                None => SignerClient::spawn(&self.executable, &["sign", "--stdio"], self.home.root()),
            };
            *signer = Some(started.map_err(|e| erase(&e))?);
        }
        match signer.as_mut() {
            Some(signer) => act(signer),
            None => Err(Problem::new("signer-missing", model::Exit::Environment, "the signer did not start")),
        }
    }

    /// Records statements: when this returns they are durable, signed and in the log. A database that
    /// cannot take them now, or a clock that went back, is a warning, given back beside them.
    ///
    /// # Errors
    /// Nothing was recorded.
    pub fn record(
        &self,
        statements: &[Statement],
    ) -> Result<(Vec<LoggedStatement>, Option<Problem>), Problem> {
        self.record_by(By::Identity, statements)
    }

    /// As [`Self::record`], signed with what `by` says.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn record_by(
        &self,
        by: By,
        statements: &[Statement],
    ) -> Result<(Vec<LoggedStatement>, Option<Problem>), Problem> {
        self.notice_keys(statements)?;
        self.put_down(by, statements)
    }

    /// Keys that are held elsewhere may have been exchanged there, and those held here by a command that died
    /// before it said so: then this ledger says so first.
    fn notice_keys(&self, statements: &[Statement]) -> Result<(), Problem> {
        let here = self.home.signer().is_none();
        let says_so = statements.iter().any(|statement| statement.predicate_type == KeyEvent::TYPE);
        if here && (says_so || self.noticed.swap(true, Ordering::Relaxed)) {
            return Ok(());
        }
        match self.catch_up() {
            // Without a database the next command will find out.
            Err(_) if here => return Ok(()),
            caught_up => caught_up?,
        };
        match crate::keys::noticed(self)? {
            Some(statement) => self.put_down(By::Identity, &[statement]).map(drop),
            None => Ok(()),
        }
    }

    fn put_down(
        &self,
        by: By,
        statements: &[Statement],
    ) -> Result<(Vec<LoggedStatement>, Option<Problem>), Problem> {
        let (logged, step) = self.with_signer(|signer| {
            // Only now: the keys may just have been made, and nothing is signed before they were.
            let now = self.clock.now();
            let mut ledger = self.lock();
            let logged = ledger.append_by(signer, by, statements, now).map_err(|e| erase(&e))?;
            Ok((logged, (ledger.clock_step(), ledger.take_rejected())))
        })?;
        let (step, rejected) = step;
        let seconds = step.map_or(0, |step| step.used.as_second() - step.given.as_second());
        Ok((logged, self.catch_up().err().or(rejected.as_ref().map(set_aside)).or(behind(seconds))))
    }

    /// Signs a file of a project by its digest and puts the signature into the log; its bundle.
    ///
    /// # Errors
    /// Nothing was signed or logged.
    pub fn sign_file(&self, project: &str, digest: Sha256) -> Result<Bundle, Problem> {
        self.notice_keys(&[])?;
        let index = self.with_signer(|signer| {
            let now = self.clock.now();
            self.lock().sign_file(signer, project, digest, now).map_err(|e| erase(&e))
        })?;
        self.bundle(index)
    }

    /// Projects what the database does not have yet. Returns how many statements that were.
    ///
    /// # Errors
    /// The database cannot be reached, or the ledger cannot be read.
    pub fn catch_up(&self) -> Result<u64, Problem> {
        self.lock().refresh().map_err(|e| erase(&e))?;
        let mut next = self.projection.next_index()?;
        let (start, size) = (next, self.lock().size());
        if next > size {
            let message = format!("the database has {next} statements, the ledger only {size}");
            return Err(Problem::new("database-ahead", model::Exit::Integrity, message).with_hint(
                "the ledger was rolled back or the database is of another one: `proofhouse ledger rebuild`",
            ));
        }
        while next < size {
            let end = size.min(next + BATCH as u64);
            let batch: Vec<LoggedStatement> = (next..end).map(|i| self.row(i)).collect::<Result<_, _>>()?;
            self.projection.project(&batch, &*self.blobs)?;
            next = end;
        }
        Ok(next - start)
    }

    /// Number of statements.
    pub fn size(&self) -> u64 {
        self.lock().size()
    }

    /// One statement.
    ///
    /// # Errors
    /// There is none at `index`, or it is damaged.
    pub fn entry(&self, index: u64) -> Result<LoggedStatement, Problem> {
        self.lock().read(index).map(|entry| entry.logged).map_err(|e| erase(&e))
    }

    /// As [`Self::entry`]; where the content was removed, a statement that says so stands for it, which is
    /// what the database knows of such an entry.
    ///
    /// # Errors
    /// As [`Self::entry`], and when the content is gone although nothing says so.
    pub fn row(&self, index: u64) -> Result<LoggedStatement, Problem> {
        if let Some(logged) = self.present(index)? {
            return Ok(logged);
        }
        let gone = self.removed(index)?.ok_or_else(|| erase(&LedgerError::NotCheckpointed(index)))?;
        let statement = statement(vec![], &Removed { by: gone.by })?;
        Ok(LoggedStatement { index, envelope: gone.envelope, logged_at: gone.logged_at, statement })
    }

    /// The statement, `None` when its content was removed and the ledger says so.
    fn present(&self, index: u64) -> Result<Option<LoggedStatement>, Problem> {
        let ledger = self.lock();
        match ledger.read(index) {
            Ok(entry) => Ok(Some(entry.logged)),
            Err(LedgerError::Removed { .. }) => ledger.removed(index).map(|_| None).map_err(|e| erase(&e)),
            Err(error) => Err(erase(&error)),
        }
    }

    /// What happened to an entry whose content was removed; `None` when it is there.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub fn removed(&self, index: u64) -> Result<Option<RemovedPayload>, Problem> {
        self.lock().removed(index).map_err(|e| erase(&e))
    }

    /// The DSSE envelope of a statement, as stored.
    ///
    /// # Errors
    /// As [`Self::entry`].
    pub fn envelope(&self, index: u64) -> Result<Vec<u8>, Problem> {
        self.lock().read(index).map(|entry| entry.envelope).map_err(|e| erase(&e))
    }

    /// All statements from `index` to the newest, but those that were removed and of which the ledger says
    /// so. What counts on one of them does not find it, and nothing passes by absence.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn from(
        &self,
        index: u64,
    ) -> Result<impl Iterator<Item = Result<LoggedStatement, Problem>> + '_, Problem> {
        self.lock().refresh().map_err(|e| erase(&e))?;
        let size = self.size();
        Ok((index..size).filter_map(|index| self.present(index).transpose()))
    }

    /// A statement with its proof, for others.
    ///
    /// # Errors
    /// The statement or its proof cannot be made.
    pub fn bundle(&self, index: u64) -> Result<Bundle, Problem> {
        let trust = self.trust()?;
        self.lock().bundle(index, &trust).map_err(|e| erase(&e))
    }

    /// Whether a statement's signature and its inclusion verify under this installation's own trust.
    pub fn check(&self, index: u64, now: Timestamp) -> (bool, bool) {
        let Ok(trust) = self.trust() else { return (false, false) };
        let Ok(bundle) = self.bundle(index) else { return (false, false) };
        match attest::verify::verify_bundle(&bundle, &trust, now) {
            Ok(_) => (true, true),
            Err(failure) => (is_about_log(&failure), false),
        }
    }

    /// Whether a statement was signed under a certificate, rather than with a key.
    pub fn certified(&self, index: u64) -> bool {
        let certificate = |bundle: Bundle| matches!(bundle.material, Material::Certificate(_));
        self.bundle(index).is_ok_and(certificate)
    }

    /// Confirms that every statement from `index` on is the one that the newest checkpoint covers.
    ///
    /// # Errors
    /// One was taken out, put in or exchanged, or the ledger cannot be read.
    pub fn confirm(&self, index: u64) -> Result<(), Problem> {
        self.lock().confirm(index).map_err(|e| erase(&e))
    }

    /// Index of the first statement that was recorded at `moment` or later.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn since(&self, moment: Timestamp) -> Result<u64, Problem> {
        let (mut low, mut high) = (0, self.size());
        // The times of a ledger never decrease.
        while low < high {
            let middle = low + (high - low) / 2;
            let at = self.lock().logged_at(middle).map_err(|e| erase(&e))?;
            if at < moment { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The trust file of this installation, asked for again when its keys were exchanged.
    ///
    /// # Errors
    /// The signer cannot be reached.
    pub fn trust(&self) -> Result<Trust, Problem> {
        let mut kept = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        let vault = self.home.root().join("keys/vault.json");
        let changed = || std::fs::metadata(&vault).and_then(|data| data.modified()).ok();
        // Keys that are held elsewhere may have been exchanged without our seeing it.
        if let Some((trust, _)) = kept.as_ref().filter(|(_, at)| at.is_some() && *at == changed()) {
            return Ok(trust.clone());
        }
        let trust = self.with_signer(|signer| signer.trust().map_err(|e| erase(&e)))?;
        *kept = Some((trust.clone(), changed()));
        Ok(trust)
    }

    /// Makes the keys of this installation, which has none yet, with these names.
    ///
    /// # Errors
    /// It has some, or they cannot be made.
    pub fn make_keys(&self, settings: Settings) -> Result<(), Problem> {
        let mut signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(socket) = self.home.signer() {
            let message = format!("the keys are held by the signer at {}", socket.display());
            return Err(Problem::new("signer-guarded", model::Exit::Environment, message)
                .with_hint("run it there as the signer's user, with its --home"));
        }
        let made = SignerClient::init(&self.executable, &["sign", "--stdio"], self.home.root(), settings);
        *signer = Some(made.map_err(|e| erase(&e))?);
        Ok(())
    }

    /// Does something about the keys themselves; all keys afterwards.
    ///
    /// # Errors
    /// Nothing changed.
    pub fn ceremony(&self, asked: &Ceremony) -> Result<Vec<KeyInfo>, Problem> {
        self.with_signer(|signer| signer.ceremony(asked).map_err(|e| erase(&e)))
    }

    /// Runs `act` on the ledger itself.
    pub fn with_ledger<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        act(&mut self.lock())
    }

    /// Stores a blob.
    ///
    /// # Errors
    /// It could not be stored; nothing is half-written.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, Problem> {
        self.blobs.put(bytes).map_err(|e| cannot(&self.home.blobs(), "store a blob in", &e))
    }

    /// The blobs.
    pub fn blobs(&self) -> &dyn Blobs {
        &*self.blobs
    }

    /// The database's side.
    pub fn projection(&self) -> &dyn Projection {
        &*self.projection
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The `proofhouse` executable.
    pub fn executable(&self) -> &std::path::Path {
        &self.executable
    }
}

/// Records at the end of the ledger that nobody of this installation wrote.
fn set_aside(rejected: &attest::ledger::Rejected) -> Problem {
    let attest::ledger::Rejected { first, count, why, copy } = rejected;
    let message = format!(
        "{count} ledger records from number {first} on were not written by this installation ({why}); they are \
         set aside in {}",
        copy.display()
    );
    Problem::new("ledger-foreign-records", model::Exit::Integrity, message)
        .with_hint("find out who can write the ledger's folder")
}

/// The clock says an earlier time than the ledger's newest entry has. A little is nothing: another
/// process may have appended between our looking at the clock and our turn.
fn behind(seconds: i64) -> Option<Problem> {
    if seconds < 60 {
        return None;
    }
    let message =
        format!("the clock is {seconds} s behind the newest ledger entry, whose time is used instead");
    let problem = Problem::new("clock-behind", model::Exit::Environment, message);
    Some(problem.with_hint("set the clock of this machine, or find out why it was ahead before"))
}

/// Whether the signature held and only the proof of inclusion did not.
fn is_about_log(failure: &attest::verify::Failure) -> bool {
    use attest::verify::Failure::*;
    matches!(
        failure,
        NotLogged
            | EntryMalformed(_)
            | EntryMismatch(_)
            | CheckpointMalformed(_)
            | WrongLog(_)
            | LogKeyInvalid(_)
            | CheckpointSignature
            | CheckpointTooOld { .. }
            | InclusionProof
    )
}
