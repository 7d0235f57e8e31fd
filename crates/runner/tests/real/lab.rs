//! A fresh installation in a temporary folder, and short ways to say what a test needs.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use model::{Clock, Digest, Timestamp, UserError};
use runner::{
    ActionCache, ActionSpec, Cas, Executor, ExecutorConfig, SnapshotOptions, StepFailure, StepObserver,
    StepRun, Stream,
    local::RunError,
    proxy::{ProxyLimits, Resolve, SystemResolver, registry::Ask},
    schedule::Cancel,
    snapshot,
};

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A folder, removed at the end unless another process owns it.
pub struct Place {
    path: PathBuf,
    _guard: Option<tempfile::TempDir>,
}

impl Place {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Stores, executor and a source folder.
pub struct Lab {
    pub dir: Place,
    pub cas: Arc<Cas>,
    pub executor: Executor,
}

/// What an observer saw.
#[derive(Default)]
pub struct Seen {
    pub output: Mutex<Vec<u8>>,
    pub warnings: Mutex<Vec<String>>,
    pub retries: Mutex<u32>,
    pub bytes: Mutex<u64>,
}

impl StepObserver for Seen {
    fn output(&self, _: Stream, chunk: &[u8]) {
        *self.bytes.lock().unwrap() += chunk.len() as u64;
        let mut output = self.output.lock().unwrap();
        if output.len() < 1 << 20 {
            output.extend_from_slice(chunk);
        }
    }

    fn warning(&self, code: &str, _: &str) {
        self.warnings.lock().unwrap().push(code.to_owned());
    }

    fn retry(&self, _: u32, _: &StepFailure) {
        *self.retries.lock().unwrap() += 1;
    }
}

impl Seen {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap()).into_owned()
    }
}

impl Lab {
    pub fn new() -> Self {
        Self::resolving(Arc::new(SystemResolver))
    }

    pub fn resolving(resolve: Arc<dyn Resolve>) -> Self {
        let guard = tempfile::tempdir().unwrap();
        Self::at(Place { path: guard.path().to_owned(), _guard: Some(guard) }, resolve)
    }

    fn at(dir: Place, resolve: Arc<dyn Resolve>) -> Self {
        let cas = Arc::new(Cas::open(dir.path().join("cas")).unwrap());
        let executor = executor(dir.path(), cas.clone(), resolve);
        fs::create_dir_all(dir.path().join("src")).unwrap();
        Self { dir, cas, executor }
    }

    /// An installation that another process made and will remove.
    pub fn existing(path: &Path) -> Self {
        Self::at(Place { path: path.to_owned(), _guard: None }, Arc::new(SystemResolver))
    }

    pub fn src(&self) -> PathBuf {
        self.dir.path().join("src")
    }

    /// Writes a source file; one that begins with `#!` is executable.
    pub fn file(&self, path: &str, content: &str) -> &Self {
        let full = self.src().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(&full, content).unwrap();
        let mode = if content.starts_with("#!") { 0o755 } else { 0o644 };
        fs::set_permissions(full, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Digest of the source folder.
    pub fn inputs(&self) -> Digest {
        let paths = paths_below(&self.src());
        snapshot(&self.cas, &self.src(), &paths, &SnapshotOptions::default()).unwrap().root
    }

    /// A shell step on the source folder.
    pub fn sh(&self, script: &str, outputs: &[&str]) -> ActionSpec {
        let argv = ["sh", "-ec", script].map(str::to_owned).to_vec();
        let mut spec = ActionSpec::new("test", argv, self.inputs());
        spec.outputs = outputs.iter().map(|output| (*output).to_owned()).collect();
        spec.timeout = Duration::from_secs(60);
        spec
    }

    pub fn run(&self, spec: &ActionSpec) -> (StepRun, Seen) {
        let seen = Seen::default();
        let run = self.try_run(spec, &seen).unwrap();
        (run, seen)
    }

    pub fn try_run(&self, spec: &ActionSpec, seen: &Seen) -> Result<StepRun, RunError> {
        self.executor.run(spec, seen, &Cancel::new())
    }

    /// Runs a step that must pass, and gives its file outputs as text.
    pub fn outputs(&self, spec: &ActionSpec) -> BTreeMap<String, String> {
        let (run, seen) = self.run(spec);
        assert!(run.passed(), "{:?}\n{}", run.failure, seen.text());
        self.texts(&run)
    }

    pub fn texts(&self, run: &StepRun) -> BTreeMap<String, String> {
        let mut tree = runner::Folder::default();
        tree.add_outputs(&self.cas, &run.result).unwrap();
        let mut texts = BTreeMap::new();
        tree.walk(&mut |path, entry| {
            let text = match entry {
                runner::tree::Entry::File { digest, .. } => {
                    String::from_utf8(self.cas.get(digest, 1 << 20).unwrap()).unwrap()
                }
                runner::tree::Entry::Link(target) => format!("-> {target}"),
                runner::tree::Entry::Folder(_) => String::new(),
            };
            texts.insert(path.to_owned(), text);
        });
        texts
    }

    /// Code of the failure of a step that must fail.
    pub fn failure(&self, spec: &ActionSpec) -> &'static str {
        self.run(spec).0.failure.expect("the step should fail").code()
    }

    /// The second installation on the same folder, as after a restart.
    pub fn restarted(self) -> Self {
        let cas = Arc::new(Cas::open(self.dir.path().join("cas")).unwrap());
        let executor = executor(self.dir.path(), cas.clone(), Arc::new(SystemResolver));
        Self { dir: self.dir, cas, executor }
    }
}

pub fn executor(dir: &Path, cas: Arc<Cas>, resolve: Arc<dyn Resolve>) -> Executor {
    let cache = Arc::new(ActionCache::open(dir.join("ac")).unwrap());
    let config = ExecutorConfig {
        work: dir.join("work"),
        launcher: None,
        resolve,
        proxy: ProxyLimits::default(),
        ask: ask(dir),
        clock: Arc::new(SystemClock),
    };
    Executor::new(cas, cache, config)
}

pub fn ask(dir: &Path) -> Ask {
    Ask {
        env: std::env::vars_os().collect(),
        scratch: dir.to_owned(),
        clock: Arc::new(SystemClock),
        timeout: Duration::from_secs(120),
    }
}

/// Every file and link below a folder, relative to it.
pub fn paths_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if fs::symlink_metadata(&path).unwrap().is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    found
}
