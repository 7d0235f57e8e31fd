//! Runs the plan's steps through the runner, in parallel where the plan allows it.

use std::{
    fs::{self, File},
    io::Write,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use model::{
    Digest, Exit, Problem, Timestamp,
    predicate::{OutputRecord, Run, StepRecord, StepResult},
    problem::erase,
};
use pipeline::{PlannedStep, StepKind};
use runner::{
    ActionCache, ActionResult, ActionSpec, Bind, Caching, ExitRule, Folder, Rule, Secret, StepEvidence,
    StepLimits, ToolMount, TraceLevel,
    local::{Executor, ExecutorConfig, StepObserver, StepRun, Stream},
    proxy::registry::Ask,
    schedule::{End, GraphOptions, Node, Work, run_graph},
    tree::Entry,
};
use toolchain::{LOCK_NAME, ResolvedTool};

use super::{Event, Prepared, Request, Watch, network};
use crate::{home::cannot, record::Recorder};

/// `SOURCE_DATE_EPOCH` and the time of all inputs: 1980-01-01, the first moment that zip files know.
/// The same for every commit, so that a step whose inputs did not change comes from the cache.
const EPOCH: i64 = 315_532_800;

/// What the store says about content that is not what it was.
const CHANGED: [&str; 2] = ["cas-blob-changed", "cas-blob-missing"];
/// How often a step's inputs are mended: once for its files, and once for each folder, up to a bound.
const MENDS: usize = 8;

/// `/tmp` of a step is in memory.
const LARGEST_TMP: u64 = 1 << 30;

/// A step with what became of it.
pub(super) struct Ended {
    pub step: PlannedStep,
    pub record: StepRecord,
    pub evidence: Option<StepEvidence>,
}

/// What a node of the graph gives to those that need it: how it ended, or why it could not be run.
type Gave = Result<StepRun, Problem>;

/// Runs all steps of the plan; gives them in its order.
pub(super) fn run(
    request: &Request<'_>,
    prepared: &Prepared,
    started: &Run,
    recorder: &Recorder,
    watch: &dyn Watch,
) -> Result<Vec<Ended>, Problem> {
    let home = recorder.home();
    let logs = home.run(started.run);
    fs::create_dir_all(&logs).map_err(|e| cannot(&logs, "make", &e))?;
    let cache = ActionCache::open(home.cache().join("actions")).map_err(|e| erase(&e))?;
    let config = ExecutorConfig {
        work: home.cache().join("work"),
        launcher: Some(request.launcher.clone()),
        resolve: Arc::new(runner::proxy::SystemResolver),
        proxy: runner::proxy::ProxyLimits::default(),
        ask: Ask {
            env: std::env::vars_os().collect(),
            scratch: home.cache().join("work"),
            clock: Arc::new(Wall),
            timeout: Duration::from_secs(60),
        },
        clock: Arc::new(Wall),
    };
    let executor = Executor::new(Arc::clone(&prepared.cas), Arc::new(cache), config);
    let context = Context { request, prepared, executor: &executor, watch, logs, told: Mutex::default() };
    let nodes: Vec<Node> = prepared
        .plan
        .steps
        .iter()
        .map(|step| Node { name: step.name.clone(), needs: step.needs.clone() })
        .collect();
    let options = GraphOptions { jobs: request.jobs.max(1), fail_fast: false };
    let ends = run_graph(&nodes, options, &request.cancel, &(), |node, inputs| context.work(node, inputs));
    let ends = ends.map_err(|e| erase(&e))?;
    let now = recorder.clock().now();
    prepared.plan.steps.iter().zip(ends).map(|(step, end)| context.ended(step, end, now)).collect()
}

struct Context<'a> {
    request: &'a Request<'a>,
    prepared: &'a Prepared,
    executor: &'a Executor,
    watch: &'a dyn Watch,
    logs: std::path::PathBuf,
    told: Told,
}

/// Codes of warnings about this machine that were told: each is told once, not at every step.
type Told = Mutex<std::collections::BTreeSet<String>>;

impl Context<'_> {
    fn work(&self, node: &Node, inputs: &[Arc<Gave>]) -> Work<Gave> {
        self.watch.event(Event::StepStarted(&node.name));
        let Some(step) = self.prepared.plan.steps.iter().find(|step| step.name == node.name) else {
            return Work::Failed(Err(Problem::new(
                "step-unknown",
                Exit::Input,
                "the step is not in the plan",
            )));
        };
        let mut gave = self.attempt(step, inputs);
        for _ in 0..MENDS {
            match &gave {
                Err(problem) if CHANGED.contains(&problem.code) => self.mend(step, problem),
                _ => break,
            }
            gave = self.attempt(step, inputs);
        }
        let passed = gave.as_ref().is_ok_and(StepRun::passed);
        if let Ok(run) = &gave {
            tell_refused(&step.name, run, self.watch);
        }
        if let Ok(record) = self.record(step, &gave) {
            self.watch.event(Event::StepEnded(&record));
        }
        if passed { Work::Passed(gave) } else { Work::Failed(gave) }
    }

    fn attempt(&self, step: &PlannedStep, inputs: &[Arc<Gave>]) -> Gave {
        let spec = self.spec(step, inputs)?;
        let observer = Live::open(step, self.watch, &self.logs, &self.told)?;
        self.executor.run(&spec, &observer, &self.request.cancel).map_err(|e| erase(&e))
    }

    /// Takes source files whose content in the store is gone or was changed from the project again,
    /// where they still are what the snapshot says.
    fn mend(&self, step: &PlannedStep, problem: &Problem) {
        let again = "the source is taken from the project again";
        self.watch.event(Event::Note(&format!("{}: {problem}; {again} ({})", step.name, problem.code)));
        let cas = &self.prepared.cas;
        self.prepared.snapshot.folder.walk(&mut |path, entry| {
            let Entry::File { digest, .. } = entry else { return };
            if cas.verify(digest).is_ok() {
                return;
            }
            let path = self.prepared.source.root.join(path);
            if path.symlink_metadata().is_ok_and(|meta| meta.is_file())
                && let Ok(mut file) = File::open(&path)
            {
                // What cannot be had fails the step with its own message.
                let _ = cas.put_expected(&mut file, digest);
            }
        });
    }

    /// The step as an action over the filtered snapshot and what the needed steps made.
    fn spec(&self, step: &PlannedStep, inputs: &[Arc<Gave>]) -> Result<ActionSpec, Problem> {
        let cas = &self.prepared.cas;
        // Tools are part of the action by their digests; the file that lists them must not be too.
        let mut folder: Folder =
            self.prepared.snapshot.folder.filter(&mut |path| path != LOCK_NAME && step.inputs.matches(path));
        for run in inputs.iter().filter_map(|gave| gave.as_ref().as_ref().ok()) {
            folder.add_outputs(cas, &run.result).map_err(|e| erase(&e))?;
        }
        let root = folder.store(cas).map_err(|e| erase(&e))?;
        let mut spec = ActionSpec::new(&step.name, step.argv.clone(), root);
        spec.env = step.env.clone();
        spec.outputs = step.outputs.clone();
        spec.tools = self.prepared.tools.iter().filter(|t| step.tools.contains(&t.name)).map(mount).collect();
        spec.network = step
            .network
            .iter()
            .map(|rule| rule.to_string().parse::<Rule>())
            .collect::<Result<_, _>>()
            .map_err(|e| erase(&e))?;
        network::outside(&spec.network, &std::env::var(network::INSIDE).unwrap_or_default())?;
        spec.secrets = step.secrets.iter().map(|name| secret(name)).collect::<Result<_, _>>()?;
        spec.limits = limits(step);
        spec.timeout = step.timeout;
        spec.retries = step.attempts.saturating_sub(1);
        spec.trace = match step.trace {
            pipeline::Trace::Off => TraceLevel::None,
            pipeline::Trace::Processes => TraceLevel::Processes,
            pipeline::Trace::Files => TraceLevel::Files,
        };
        spec.caching = match step.cache {
            _ if self.request.fresh => Caching::Never,
            None => Caching::Auto,
            Some(true) => Caching::Always,
            Some(false) => Caching::Never,
        };
        spec.source_date_epoch = EPOCH;
        spec.exit = match (step.kind, &step.report) {
            (StepKind::Scan, Some(_)) => ExitRule::Any,
            (_, Some(_)) => ExitRule::ZeroKeepOutputs,
            (_, None) if step.coverage.is_some() => ExitRule::ZeroKeepOutputs,
            (_, None) => ExitRule::Zero,
        };
        Ok(spec)
    }

    fn ended(&self, step: &PlannedStep, end: End<Gave>, now: Timestamp) -> Result<Ended, Problem> {
        let nothing = |message: String| Ended {
            step: step.clone(),
            record: empty(step, StepResult::Skipped, message, now),
            evidence: None,
        };
        match end {
            End::Skipped { because } => Ok(nothing(format!("not run because {because} did not pass"))),
            End::Cancelled => Ok(nothing("not run: cancelled".to_owned())),
            End::Passed(gave) | End::Failed(gave) => {
                if let Err(problem) = gave.as_ref()
                    && problem.code.ends_with("disk-full")
                {
                    // It says nothing about the project: the run is not over, it is interrupted.
                    return Err(Problem {
                        hint: problem.hint.clone(),
                        ..Problem::new(problem.code, problem.exit, &problem.message)
                    });
                }
                let record = self.record(step, &gave)?;
                let evidence = gave.as_ref().as_ref().ok().map(|run| run.evidence.clone());
                Ok(Ended { step: step.clone(), record, evidence })
            }
        }
    }

    fn record(&self, step: &PlannedStep, gave: &Gave) -> Result<StepRecord, Problem> {
        let run = match gave {
            Ok(run) => run,
            Err(problem) => {
                let now = Timestamp::now();
                return Ok(empty(step, StepResult::Failed, problem.to_string(), now));
            }
        };
        let passed = run.passed();
        let tools = self.prepared.tools.iter().filter(|t| step.tools.contains(&t.name));
        Ok(StepRecord {
            name: step.name.clone(),
            kind: step.kind.name().to_owned(),
            result: if passed { StepResult::Passed } else { StepResult::Failed },
            cached: run.cached,
            action: Some(run.action),
            exit_code: Some(run.result.exit_code),
            message: run.failure.as_ref().map(ToString::to_string),
            started: run.evidence.started,
            ended: run.evidence.ended,
            isolation: run.evidence.isolation.clone(),
            outputs: outputs(&run.result),
            log: run.evidence.log,
            tools: tools.map(ResolvedTool::reference).collect(),
            attempts: run.evidence.attempts,
            // What comes from the cache was given nothing now.
            secrets: if run.cached { vec![] } else { step.secrets.clone() },
        })
    }
}

/// Most refused destinations that are told while a run goes on; the statement lists all.
const MOST_REFUSED: usize = 5;

/// Says what was not let out, which the step's own words rarely do.
fn tell_refused(step: &str, run: &StepRun, watch: &dyn Watch) {
    if run.cached {
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    let refused = run.evidence.egress.refused().filter(|a| seen.insert((a.host.clone(), a.port)));
    for attempt in refused.take(MOST_REFUSED) {
        let why = attempt.reason.as_deref().unwrap_or("no rule allows it");
        watch
            .event(Event::Note(&format!("{step}: {}:{} was not reached: {why}", attempt.host, attempt.port)));
    }
}

/// Outputs in the order of their paths.
pub(super) fn outputs(result: &ActionResult) -> Vec<OutputRecord> {
    let files = result.output_files.iter().filter_map(|file| {
        let digest = file.digest.as_ref()?.typed()?;
        Some(OutputRecord { path: file.path.clone(), digest, directory: false })
    });
    let folders = result.output_directories.iter().filter_map(|folder| {
        let digest: Digest =
            folder.root_directory_digest.as_ref().or(folder.tree_digest.as_ref())?.typed()?;
        Some(OutputRecord { path: folder.path.clone(), digest, directory: true })
    });
    let mut all: Vec<OutputRecord> = files.chain(folders).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn empty(step: &PlannedStep, result: StepResult, message: String, now: Timestamp) -> StepRecord {
    StepRecord {
        name: step.name.clone(),
        kind: step.kind.name().to_owned(),
        result,
        cached: false,
        action: None,
        exit_code: None,
        message: Some(message),
        started: now,
        ended: now,
        isolation: "none".to_owned(),
        outputs: vec![],
        log: None,
        tools: vec![],
        attempts: 0,
        secrets: vec![],
    }
}

fn mount(tool: &ResolvedTool) -> ToolMount {
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let folders: Vec<String> = tool.path_dirs.iter().map(|folder| text(folder)).collect();
    let mut env: Vec<(String, String)> = tool.env.clone().into_iter().collect();
    if !folders.is_empty() {
        env.push(("PATH".to_owned(), folders.join(":")));
    }
    ToolMount {
        name: tool.name.clone(),
        digest: tool.digest,
        binds: tool.binds.iter().map(|path| Bind { host: path.clone(), inside: text(path) }).collect(),
        env,
    }
}

/// A secret's value comes from the variable `PROOFHOUSE_SECRET_<NAME>` of this process.
fn secret(name: &str) -> Result<Secret, Problem> {
    let variable = format!("PROOFHOUSE_SECRET_{name}");
    match std::env::var_os(&variable) {
        Some(value) => Ok(Secret::new(name, std::os::unix::ffi::OsStringExt::into_vec(value))),
        None => {
            Err(Problem::new("secret-missing", Exit::Environment, format!("the secret {name} has no value"))
                .with_hint(format!("set {variable} for this command")))
        }
    }
}

fn limits(step: &PlannedStep) -> StepLimits {
    StepLimits {
        memory_bytes: Some(step.limits.memory),
        processes: Some(u64::from(step.limits.processes)),
        cpu_percent: step.limits.cpu,
        file_bytes: Some(step.limits.disk),
        disk_bytes: Some(step.limits.disk),
        tmp_bytes: Some(step.limits.disk.min(LARGEST_TMP)),
        log_bytes: step.limits.output,
        ..StepLimits::default()
    }
}

/// Passes a step's output on, and keeps it in a file that the dashboard follows.
struct Live<'a> {
    step: &'a str,
    watch: &'a dyn Watch,
    file: Mutex<File>,
    told: &'a Told,
}

impl<'a> Live<'a> {
    fn open(
        step: &'a PlannedStep,
        watch: &'a dyn Watch,
        logs: &std::path::Path,
        told: &'a Told,
    ) -> Result<Self, Problem> {
        let path = logs.join(format!("{}.log", step.name));
        let file = File::create(&path).map_err(|e| cannot(&path, "write", &e))?;
        Ok(Self { step: &step.name, watch, file: Mutex::new(file), told })
    }
}

impl StepObserver for Live<'_> {
    fn output(&self, _: Stream, chunk: &[u8]) {
        let _ = self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(chunk);
        self.watch.event(Event::Output(self.step, chunk));
    }

    fn warning(&self, code: &str, text: &str) {
        let new = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(code.to_owned());
        if new {
            self.watch.event(Event::Note(&format!("{}: {text} ({code})", self.step)));
        }
    }

    fn retry(&self, number: u32, why: &runner::local::StepFailure) {
        self.watch.event(Event::Note(&format!("{}: attempt {number}, because {why}", self.step)));
    }
}

/// The system's clock, for the times of attempts.
struct Wall;

impl model::Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
