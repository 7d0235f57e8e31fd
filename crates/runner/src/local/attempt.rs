//! The attempts of one step: fresh folder, sandbox, log, proxy, outputs.

use std::{
    fs::{self, File},
    path::Path,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use model::{Digest, Timestamp};
use sandbox::{Identity, Limits, Outcome, SandboxError, Spec, Status, Trace};

use super::{
    Executor, RunError, StepFailure, StepObserver, StepRun, Stream, owner,
    space::{self, Space},
};
use crate::{
    action::{
        ActionResult, BuiltAction,
        messages::{Duration as WireDuration, ExecutedActionMetadata},
    },
    cas::{CasError, CollectLimits, MaterializeOptions, WorkDir, collect, materialize},
    evidence::StepEvidence,
    log::{LogEnd, StepLog},
    mask::Masker,
    proxy::{EgressLog, Proxy, RuleSet},
    schedule::Cancel,
    spec::{ActionSpec, ExitRule, TraceLevel},
};

pub(super) struct Attempts<'a> {
    pub(super) executor: &'a Executor,
    pub(super) spec: &'a ActionSpec,
    pub(super) built: &'a BuiltAction,
    pub(super) rules: RuleSet,
    pub(super) masker: Masker,
    pub(super) observer: &'a dyn StepObserver,
    pub(super) cancel: &'a Cancel,
}

/// What one sandbox gave.
struct Ran {
    outcome: Result<Outcome, SandboxError>,
    log: LogEnd,
    egress: EgressLog,
    too_long: bool,
    used_up: bool,
}

/// Bounds that were crossed while the command ran.
#[derive(Default)]
struct Crossed {
    too_long: AtomicBool,
    used_up: AtomicBool,
}

impl Attempts<'_> {
    pub(super) fn run(&self) -> Result<StepRun, RunError> {
        let started = self.executor.config.clock.now();
        let mut egress = EgressLog::default();
        let mut number = 1;
        loop {
            let mut run = self.once(started, number, &mut egress)?;
            match &run.failure {
                Some(why) if number <= self.spec.retries && why.is_worth_retrying() => {
                    number += 1;
                    self.observer.retry(number, why);
                }
                _ => {
                    run.evidence.egress = egress;
                    return Ok(run);
                }
            }
        }
    }

    fn once(&self, started: Timestamp, number: u32, egress: &mut EgressLog) -> Result<StepRun, RunError> {
        let executor = self.executor;
        let identity = Identity::default();
        let work = WorkDir::create(&executor.config.work)?;
        let owner = owner(identity);
        let tree = work.subfolder("tree", owner)?;
        let options =
            MaterializeOptions { owner, mtime: self.spec.source_date_epoch, ..MaterializeOptions::default() };
        materialize(&executor.cas, &self.spec.inputs, &tree, &options)?;
        for output in &self.spec.outputs {
            make_parents(&tree, output, owner)?;
        }
        let log_path = work.path().join("log");
        let log = File::create(&log_path).map_err(CasError::io("create", &log_path))?;
        let begun = executor.config.clock.now();
        let ran = self.sandboxed(&tree, identity, log)?;
        for mut attempt in ran.egress.attempts.iter().cloned() {
            attempt.host = self.masker.text(&attempt.host);
            attempt.reason = attempt.reason.map(|reason| self.masker.text(&reason));
            egress.add(attempt);
        }
        egress.dropped += ran.egress.dropped;
        let mut log = File::open(&log_path).map_err(CasError::io("read", &log_path))?;
        let log = executor.cas.put_from(&mut log)?;
        let ended = executor.config.clock.now();
        let mut run = self.record(&ran, log, started, ended, number)?;
        run.result.execution_metadata = Some(ExecutedActionMetadata {
            worker: run.evidence.isolation.clone(),
            execution_start_timestamp: Some(wire(begun)),
            execution_completed_timestamp: Some(wire(ended)),
        });
        run.failure = self.failure(ran);
        if matches!(run.failure, Some(StepFailure::Exit(_) | StepFailure::Signal(_))) && space::is_full(&tree)
        {
            // It says nothing about the project that it fails on a full disk.
            let source = std::io::ErrorKind::StorageFull.into();
            return Err(RunError::Io { what: "give the command room to write", source });
        }
        match (&run.failure, self.spec.exit) {
            (None, _) => run.failure = self.collect(&tree, &mut run.result)?,
            // What a failed test run left is worth having; what it did not leave is no second failure.
            (Some(StepFailure::Exit(_)), ExitRule::ZeroKeepOutputs) => {
                drop(self.collect(&tree, &mut run.result)?);
            }
            _ => {}
        }
        Ok(run)
    }

    fn record(
        &self,
        ran: &Ran,
        log: Digest,
        started: Timestamp,
        ended: Timestamp,
        attempts: u32,
    ) -> Result<StepRun, RunError> {
        let outcome = ran.outcome.as_ref().ok();
        let trace = match outcome {
            Some(outcome) if self.spec.trace > TraceLevel::None => {
                let json = serde_json::to_vec(&self.without_secrets(&outcome.trace)).map_err(|error| {
                    RunError::Io { what: "keep the trace", source: std::io::Error::other(error) }
                })?;
                Some(self.executor.cas.put(&json)?)
            }
            _ => None,
        };
        for warning in outcome.map_or(&[][..], |outcome| &outcome.warnings) {
            self.observer.warning("sandbox-limited", warning);
        }
        let evidence = StepEvidence {
            isolation: outcome.map_or("none", |outcome| outcome.isolation.name()).to_owned(),
            warnings: outcome.map(|outcome| outcome.warnings.clone()).unwrap_or_default(),
            started,
            ended,
            attempts,
            log: Some(log),
            log_bytes: ran.log.total,
            log_dropped: ran.log.dropped,
            trace_level: self.spec.trace,
            trace,
            egress: EgressLog::default(),
            peak_memory: outcome.and_then(|outcome| outcome.peak_memory),
            cpu_millis: outcome
                .map_or(0, |outcome| u64::try_from(outcome.cpu_time.as_millis()).unwrap_or(u64::MAX)),
        };
        let exit_code = match outcome.map(|outcome| outcome.status) {
            Some(Status::Exited(code)) => code,
            // As shells report it; never taken for success.
            Some(Status::Signaled(signal)) => 128 + signal,
            _ => 127,
        };
        let result = ActionResult { exit_code, stdout_digest: Some(log.into()), ..ActionResult::default() };
        Ok(StepRun { action: self.built.digest, cached: false, failure: None, result, evidence })
    }

    /// A program may be given a secret as an argument; what is kept must not have it.
    fn without_secrets(&self, trace: &sandbox::TraceLog) -> sandbox::TraceLog {
        let mut trace = trace.clone();
        for event in &mut trace.exec {
            event.path = self.masker.text(&event.path);
            event.argv.iter_mut().for_each(|argument| *argument = self.masker.text(argument));
        }
        for event in &mut trace.connect {
            event.address = self.masker.text(&event.address);
        }
        for event in &mut trace.opens {
            event.path = self.masker.text(&event.path);
        }
        trace
    }

    fn failure(&self, ran: Ran) -> Option<StepFailure> {
        if !ran.log.leaked.is_empty() {
            return Some(StepFailure::SecretLeaked(ran.log.leaked));
        }
        if ran.too_long && self.spec.limits.fail_on_long_log {
            return Some(StepFailure::LogTooLong(self.spec.limits.log_bytes));
        }
        if ran.used_up {
            return Some(StepFailure::DiskLimit(self.spec.limits.disk_bytes.unwrap_or(0)));
        }
        match ran.outcome {
            Err(error) => Some(StepFailure::NotStarted(error)),
            Ok(outcome) => match outcome.status {
                Status::Exited(0) => None,
                Status::Exited(_) if self.spec.exit == ExitRule::Any => None,
                Status::Exited(code) => Some(StepFailure::Exit(code)),
                _ if self.cancel.is_cancelled() => Some(StepFailure::Cancelled),
                Status::Signaled(signal) => Some(StepFailure::Signal(signal)),
                Status::TimedOut => Some(StepFailure::TimedOut(self.spec.timeout)),
                Status::OutOfMemory => Some(StepFailure::OutOfMemory),
                Status::Killed => Some(StepFailure::Killed),
            },
        }
    }

    fn collect(&self, tree: &Path, result: &mut ActionResult) -> Result<Option<StepFailure>, RunError> {
        let limits =
            CollectLimits { bytes: self.spec.limits.output_bytes, entries: self.spec.limits.output_entries };
        match collect(&self.executor.cas, tree, &self.spec.outputs, &limits, &self.masker) {
            Ok(collected) => {
                result.output_files = collected.result.output_files;
                result.output_directories = collected.result.output_directories;
                result.output_symlinks = collected.result.output_symlinks;
                Ok(None)
            }
            Err(crate::cas::CollectError::Store(error)) => Err(error.into()),
            Err(error) => Ok(Some(StepFailure::Output(error))),
        }
    }

    fn sandboxed(&self, tree: &Path, identity: Identity, log: File) -> Result<Ran, RunError> {
        let log = StepLog::new(log, self.spec.limits.log_bytes, &self.masker, self.observer);
        let space = self.spec.limits.disk_bytes.map(|limit| Space::new(tree, limit));
        let crossed = Crossed::default();
        let (outcome, egress) = if self.cancel.is_cancelled() {
            (Ok(cancelled()), EgressLog::default())
        } else {
            self.spawned(&self.sandbox_spec(tree, identity), &log, space.as_ref(), &crossed)?
        };
        let outcome = match outcome {
            Err(error @ SandboxError::Exec { .. }) => Err(error),
            other => Ok(other?),
        };
        let log = log.finish().map_err(|source| RunError::Io { what: "keep the log", source })?;
        // What it wrote in its last moments counts too.
        let used_up = crossed.used_up.into_inner() || space.is_some_and(|space| space.is_used_up());
        Ok(Ran { outcome, log, egress, too_long: crossed.too_long.into_inner(), used_up })
    }

    fn spawned(
        &self,
        spec: &Spec,
        log: &StepLog<'_>,
        space: Option<&Space>,
        crossed: &Crossed,
    ) -> Result<(Result<Outcome, SandboxError>, EgressLog), RunError> {
        let config = &self.executor.config;
        let mut running = match sandbox::spawn(spec) {
            Ok(running) => running,
            Err(error) => return Ok((Err(error), EgressLog::default())),
        };
        let killer = running.killer();
        let on_cancel = killer.clone();
        let _cancelling = self.cancel.on_cancel(move || on_cancel.kill());
        let proxy = match running.egress_listener() {
            Some(listener) => {
                let rules = self.rules.clone();
                let started =
                    Proxy::start(listener, rules, config.resolve.clone(), config.clock.clone(), config.proxy);
                match started {
                    Ok(proxy) => Some(proxy),
                    Err(source) => {
                        killer.kill();
                        let _ = running.wait();
                        return Err(RunError::Io { what: "start the egress proxy", source });
                    }
                }
            }
            None => None,
        };
        let (out, err) = (running.stdout(), running.stderr());
        let stop_if_too_long = || {
            crossed.too_long.store(true, Ordering::SeqCst);
            if self.spec.limits.fail_on_long_log {
                killer.kill();
            }
        };
        let stop_if_used_up = || {
            crossed.used_up.store(true, Ordering::SeqCst);
            killer.kill();
        };
        let (running_on, ended) = mpsc::channel::<()>();
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| log.follow(Stream::Stdout, out, &stop_if_too_long));
            scope.spawn(|| log.follow(Stream::Stderr, err, &stop_if_too_long));
            if let Some(space) = space {
                let stop = &stop_if_used_up;
                scope.spawn(move || space.watch(&ended, stop));
            }
            let outcome = running.wait();
            drop(running_on);
            outcome
        });
        Ok((outcome, proxy.map(Proxy::stop).unwrap_or_default()))
    }

    fn sandbox_spec(&self, tree: &Path, identity: Identity) -> Spec {
        let mut spec = Spec::new(tree, &self.spec.argv);
        if !self.spec.network.is_empty() {
            spec.egress = true;
            let url = format!("http://127.0.0.1:{}", sandbox::EGRESS_PORT);
            for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
                spec = spec.env(name, &url);
            }
        }
        for (name, value) in &self.built.env {
            spec = spec.env(name, value);
        }
        for secret in &self.spec.secrets {
            use std::os::unix::ffi::OsStrExt;
            spec = spec.env(&secret.name, std::ffi::OsStr::from_bytes(&secret.value));
        }
        let binds = self.spec.tools.iter().flat_map(|tool| &tool.binds);
        spec.read_only = binds
            .map(|bind| sandbox::Bind { host: bind.host.clone(), inside: (&bind.inside).into() })
            .collect();
        spec.limits = self.limits();
        spec.trace = match self.spec.trace {
            TraceLevel::None => Trace::Off,
            TraceLevel::Processes => Trace::Processes,
            TraceLevel::Files => Trace::Files,
        };
        spec.identity = identity;
        spec.launcher = self.executor.config.launcher.clone();
        spec
    }

    fn limits(&self) -> Limits {
        let wanted = &self.spec.limits;
        let usual = Limits::default();
        Limits {
            memory_bytes: wanted.memory_bytes.or(usual.memory_bytes),
            processes: wanted.processes.or(usual.processes),
            cpu_percent: wanted.cpu_percent.or(usual.cpu_percent),
            file_bytes: wanted.file_bytes.or(usual.file_bytes),
            open_files: wanted.open_files.unwrap_or(usual.open_files),
            tmp_bytes: wanted.tmp_bytes.unwrap_or(usual.tmp_bytes),
            wall: Some(self.spec.timeout),
        }
    }
}

/// The end of a command that was never started because everything was cancelled before.
fn cancelled() -> Outcome {
    Outcome {
        status: Status::Killed,
        trace: sandbox::TraceLog::default(),
        isolation: if nix::unistd::geteuid().is_root() {
            sandbox::Isolation::Root
        } else {
            sandbox::Isolation::Rootless
        },
        warnings: Vec::new(),
        peak_memory: None,
        cpu_time: Duration::ZERO,
    }
}

/// Makes the folders that lead to an output, as the Remote Execution API asks. Stops at anything
/// that is not a real folder; collecting then says what is wrong.
fn make_parents(tree: &Path, output: &str, owner: Option<(u32, u32)>) -> Result<(), CasError> {
    let mut path = tree.to_owned();
    let Some((parents, _)) = output.rsplit_once('/') else { return Ok(()) };
    for segment in parents.split('/') {
        path.push(segment);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Ok(()),
            Err(_) => {
                fs::create_dir(&path).map_err(CasError::io("create", &path))?;
                if let Some((user, group)) = owner {
                    std::os::unix::fs::chown(&path, Some(user), Some(group))
                        .map_err(CasError::io("change the owner of", &path))?;
                }
            }
        }
    }
    Ok(())
}

fn wire(at: Timestamp) -> WireDuration {
    WireDuration { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}
