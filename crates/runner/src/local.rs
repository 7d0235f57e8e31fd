//! The local executor: the only place that starts sandboxes. There is no way to run without one.

mod attempt;
mod error;
mod space;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use model::{Clock, Digest, UserError};
use nix::unistd::geteuid;

pub use error::{RunError, StepFailure};

use crate::{
    action::{ActionResult, BuiltAction, build, check_relative},
    cache::{ActionCache, CachedAction},
    cas::{Cas, WorkDir},
    evidence::StepEvidence,
    mask::Masker,
    proxy::{
        Ecosystem, Endpoint, ProxyLimits, Resolve, RuleSet,
        registry::{Ask, inner_addresses},
    },
    schedule::Cancel,
    spec::{ActionSpec, ExitRule},
};

/// Which stream a piece of output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Sees a step while it runs. Called from several threads, one call at a time per step.
pub trait StepObserver: Sync {
    /// A piece of output, secrets masked; pieces may end anywhere.
    fn output(&self, stream: Stream, chunk: &[u8]) {
        let _ = (stream, chunk);
    }

    /// Something worth knowing that does not stop the step.
    fn warning(&self, code: &str, text: &str) {
        let _ = (code, text);
    }

    /// Attempt `number` (from 2) begins because of `why`.
    fn retry(&self, number: u32, why: &StepFailure) {
        let _ = (number, why);
    }
}

/// Sees nothing.
impl StepObserver for () {}

/// What an executor needs besides the stores.
#[derive(Clone)]
pub struct ExecutorConfig {
    /// Folder for work folders; on the file system where builds may write much.
    pub work: PathBuf,
    /// Executable that calls `sandbox::run_if_launcher`; `None`: this one.
    pub launcher: Option<PathBuf>,
    /// Names to addresses.
    pub resolve: Arc<dyn Resolve>,
    /// Bounds of the egress proxy.
    pub proxy: ProxyLimits,
    /// How `registry:` rules are answered.
    pub ask: Ask,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Runs actions on this machine. Shared by the threads of a schedule.
pub struct Executor {
    cas: Arc<Cas>,
    cache: Arc<ActionCache>,
    config: ExecutorConfig,
    registries: Mutex<Vec<(Ecosystem, Vec<Endpoint>)>>,
}

/// What became of a step.
#[derive(Debug)]
pub struct StepRun {
    /// Digest of the Action message.
    pub action: Digest,
    /// Taken from the action cache.
    pub cached: bool,
    /// Why it did not pass; `None`: it passed.
    pub failure: Option<StepFailure>,
    /// Exit status and outputs; outputs only when it passed.
    pub result: ActionResult,
    /// How it ran.
    pub evidence: StepEvidence,
}

impl StepRun {
    /// Exit status zero, every output there, no secret leaked.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

impl Executor {
    /// An executor on two stores. Removes work folders that dead processes left.
    pub fn new(cas: Arc<Cas>, cache: Arc<ActionCache>, config: ExecutorConfig) -> Self {
        WorkDir::sweep(&config.work);
        Self { cas, cache, config, registries: Mutex::default() }
    }

    /// The store.
    pub fn cas(&self) -> &Arc<Cas> {
        &self.cas
    }

    /// The result of an action if it is in the cache with everything it refers to.
    pub fn cached(&self, spec: &ActionSpec, observer: &dyn StepObserver) -> Option<StepRun> {
        let built = build(spec);
        self.lookup(spec, &built, observer)
    }

    /// Runs a step, or takes its result from the cache. A step that fails is a [`StepRun`] with a
    /// failure; an error means that it could not be run or its result could not be kept.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn run(
        &self,
        spec: &ActionSpec,
        observer: &dyn StepObserver,
        cancel: &Cancel,
    ) -> Result<StepRun, RunError> {
        for output in &spec.outputs {
            check_relative(output).map_err(|why| RunError::BadOutput { path: output.clone(), why })?;
        }
        let masker = Masker::new(&spec.secrets)?;
        let built = build(spec);
        if let Some(run) = self.lookup(spec, &built, observer) {
            return Ok(run);
        }
        let rules = RuleSet::new(&spec.network, |ecosystem| self.registry(ecosystem))?;
        self.cas.put(&built.command)?;
        self.cas.put(&built.action)?;
        let attempts =
            attempt::Attempts { executor: self, spec, built: &built, rules, masker, observer, cancel };
        let run = attempts.run()?;
        if run.passed() && spec.may_cache() {
            let entry = CachedAction { result: run.result.clone(), evidence: run.evidence.clone() };
            if let Err(error) = self.cache.put(&built.digest, &entry) {
                observer.warning(error.code(), &error.to_string());
            }
        }
        Ok(run)
    }

    fn lookup(&self, spec: &ActionSpec, built: &BuiltAction, observer: &dyn StepObserver) -> Option<StepRun> {
        if !spec.may_cache() {
            return None;
        }
        match self.cache.get(&self.cas, &built.digest) {
            // A result whose execution was observed less closely lacks evidence that is wanted now.
            Ok(Some(entry)) if fits(spec, &entry) => Some(StepRun {
                action: built.digest,
                cached: true,
                failure: None,
                result: entry.result,
                evidence: entry.evidence,
            }),
            Ok(_) => None,
            Err(error) => {
                observer.warning(error.code(), &format!("{error}; the step is run again"));
                None
            }
        }
    }

    fn registry(&self, ecosystem: Ecosystem) -> Result<Vec<Endpoint>, RunError> {
        // Held while asking, so that parallel steps ask once.
        let mut known = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, endpoints)) = known.iter().find(|(asked, _)| *asked == ecosystem) {
            return Ok(endpoints.clone());
        }
        let mut endpoints = ecosystem.endpoints(&self.config.ask)?;
        endpoints.extend(inner_addresses(&endpoints, self.config.resolve.as_ref()));
        known.push((ecosystem, endpoints.clone()));
        Ok(endpoints)
    }
}

/// A kept result serves when it was observed as closely and its exit status passes here too.
fn fits(spec: &ActionSpec, entry: &CachedAction) -> bool {
    let passes = entry.result.exit_code == 0 || spec.exit == ExitRule::Any;
    entry.evidence.trace_level >= spec.trace && passes
}

/// Owner of work folders: the sandbox's own user when we are root, else ourselves.
fn owner(identity: sandbox::Identity) -> Option<(u32, u32)> {
    geteuid().is_root().then_some((identity.uid, identity.gid))
}
