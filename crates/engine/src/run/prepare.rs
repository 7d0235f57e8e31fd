//! Everything a run stands on, before its first step: source, tools, plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::Arc,
};

use model::{
    Exit, Problem, RunId, Sha256, Timestamp,
    predicate::{PlannedStep, Run, RunPhase},
    problem::erase,
};
use pipeline::{Globs, Plan, plan};
use runner::{Cas, Folder, Snapshot, SnapshotOptions, snapshot, tree::Entry};
use toolchain::{Host, LOCK_NAME, Lock, LockChange, ResolvedTool, ToolDecl, resolve, verify};

use super::{Event, Request, Watch};
use crate::{
    builtin::Basis,
    home::{Home, cannot},
    project::{Project, read_bounded},
    record::Recorder,
    source::{CONFIG, Source, differs},
    statements::RunFacts,
    tree::SnapshotTree,
};

/// Largest lock file.
const LARGEST_LOCK: u64 = 4 << 20;

/// What a run stands on.
pub struct Prepared {
    /// Content-addressed store.
    pub cas: Arc<Cas>,
    /// Source as listed.
    pub source: Source,
    /// Source as taken.
    pub snapshot: Snapshot,
    /// It differs from its commit.
    pub dirty: bool,
    /// Tools, verified against the lock file.
    pub tools: Vec<ResolvedTool>,
    /// Steps to run.
    pub plan: Plan,
    /// Build platform that this machine is part of.
    pub platform: Option<String>,
}

/// Takes the snapshot, verifies the tools and makes the plan.
///
/// # Errors
/// The source cannot be taken, a tool is missing or differs from the lock file, a named step does
/// not exist.
pub fn prepare(request: &Request<'_>, recorder: &Recorder, watch: &dyn Watch) -> Result<Prepared, Problem> {
    let project = request.project;
    let home = recorder.home();
    let cas = Arc::new(Cas::open(home.cache().join("cas")).map_err(|e| erase(&e))?);
    let source = Source::read(&project.root)?;
    let snapshot = take(&source, &cas, &home.cache())?;
    let mut dirty = differs(&source, &snapshot, &cas)?;
    if let Some(elsewhere) = not_of_the_source(project, &snapshot.folder)? {
        watch.event(Event::Note(&format!("{elsewhere} is not part of the source")));
        dirty = true;
    }
    let commit = source.commit.as_deref();
    watch.event(Event::Source { files: snapshot.files, commit, dirty });
    for skipped in &snapshot.skipped {
        watch.event(Event::Note(&format!("{} is not part of the source: {}", skipped.what, skipped.why)));
    }
    let tools = tools(request, home, watch)?;
    let plan = chosen(plan(&project.config), request.steps)?;
    Ok(Prepared { cas, source, snapshot, dirty, tools, plan, platform: request.platform.map(str::to_owned) })
}

/// The configuration and the rules decide what is built and let in, so they must be of the source too.
/// Gives the first that is not: ignored by git, or a link to elsewhere.
///
/// # Errors
/// One of them was changed after it was read.
pub(crate) fn not_of_the_source(project: &Project, folder: &Folder) -> Result<Option<String>, Problem> {
    let mut read: BTreeMap<String, Sha256> = project.rule_digests();
    read.insert(CONFIG.to_owned(), project.config_digest);
    let (mut contents, mut changed) = (BTreeSet::new(), None);
    folder.walk(&mut |path, entry| {
        if let Entry::File { digest, .. } = entry {
            contents.insert(digest.hash);
            if read.get(path).is_some_and(|expected| *expected != digest.hash) {
                changed = Some(path.to_owned());
            }
        }
    });
    match changed {
        Some(path) => {
            Err(Problem::new("config-changed", Exit::Input, format!("{path} changed while the run began"))
                .with_hint("run the command again"))
        }
        None => Ok(read.into_iter().find(|(_, digest)| !contents.contains(digest)).map(|(path, _)| path)),
    }
}

/// The snapshot of a listed source.
///
/// # Errors
/// A file cannot be read, or a link or name is refused.
pub fn take(source: &Source, cas: &Cas, cache: &std::path::Path) -> Result<Snapshot, Problem> {
    use std::os::unix::ffi::OsStrExt;
    let folder = cache.join("stat");
    fs::create_dir_all(&folder).map_err(|e| cannot(&folder, "make", &e))?;
    let name = Sha256::of(source.root.as_os_str().as_bytes()).short();
    let options = SnapshotOptions {
        stat_cache: Some(folder.join(name)),
        skip_submodules: true,
        skip_special: true,
        blobs: source.naming(),
        ..SnapshotOptions::default()
    };
    // What git still lists but is gone from the disk is a change like any other.
    let files: Vec<PathBuf> =
        source.files.iter().filter(|f| source.root.join(f).symlink_metadata().is_ok()).cloned().collect();
    snapshot(cas, &source.root, &files, &options).map_err(|e| erase(&e))
}

/// Finds the declared tools and compares them with the lock file, which is written when a tool is new.
fn tools(request: &Request<'_>, home: &Home, watch: &dyn Watch) -> Result<Vec<ResolvedTool>, Problem> {
    let project = request.project;
    let declared: Vec<ToolDecl> = project.config.tools.iter().map(declaration).collect();
    if declared.is_empty() {
        return Ok(vec![]);
    }
    let own = own_folders(project, home);
    let named = project.config.tools.iter().flat_map(|tool| {
        let command = Some(&tool.command).filter(|command| command.starts_with('/'));
        command.into_iter().chain(&tool.paths).map(|path| (tool.name.as_str(), PathBuf::from(path)))
    });
    // Before any of them is asked for its version: that is done outside of the sandbox.
    named.into_iter().try_for_each(|(tool, path)| foreign(tool, &path, &own))?;
    let host = Host::current(Some(project.root.clone()), home.cache());
    let found = resolve(&declared, &host).map_err(|errors| {
        let all: Vec<Problem> = errors.iter().map(|e| erase(e)).collect();
        joined(all, "tools-missing")
    })?;
    for tool in &found {
        let paths = tool.roots.iter().chain(&tool.binds).chain([&tool.command]);
        paths.into_iter().try_for_each(|path| foreign(&tool.name, path, &own))?;
    }
    let path = project.root.join(LOCK_NAME);
    let current = Lock::of(&found, &host);
    // Also when it is a link that leads nowhere: it is then refused, not taken for a new project.
    let locked = match path.symlink_metadata() {
        Ok(_) => Some(parse_lock(&path)?),
        Err(_) => None,
    };
    let drift = locked.as_ref().map(|lock| verify(lock, &found, &host)).unwrap_or_default();
    let changed: Vec<Problem> = drift.iter().map(|d| d.problem()).collect();
    if !changed.is_empty() && !request.update_lock {
        return Err(joined(changed, "tool-changed"));
    }
    let added = |lock: &Lock| lock.diff(&current).iter().any(|change| matches!(change, LockChange::Added(_)));
    if locked.as_ref().is_none_or(|lock| added(lock) || !changed.is_empty()) {
        write_lock(&path, &current.render()).map_err(|e| cannot(&path, "write", &e))?;
        watch.event(Event::Note(&format!(
            "{LOCK_NAME} is written: commit it, so that others use the same tools"
        )));
    }
    found.iter().for_each(|tool| watch.event(Event::Tool(&tool.reference())));
    Ok(found)
}

/// Folders of this installation: keys and ledger, and what projects have deployed.
fn own_folders(project: &Project, home: &Home) -> Vec<PathBuf> {
    let beside = home.root().parent().map(|parent| parent.join("environments"));
    let roots = project.config.environments.iter().filter_map(|e| e.root.as_deref()).map(PathBuf::from);
    let usual = PathBuf::from("/var/lib/proofhouse");
    let all = [home.root().to_owned(), usual].into_iter().chain(beside).chain(roots);
    all.filter_map(|folder| folder.canonicalize().ok()).collect()
}

/// Nothing of this installation is a tool: a step would see its keys, or what a project has deployed
/// would be asked for its version outside of the sandbox.
fn foreign(tool: &str, path: &std::path::Path, own: &[PathBuf]) -> Result<(), Problem> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if !own.iter().any(|own| path.starts_with(own) || own.starts_with(&path)) {
        return Ok(());
    }
    let message = format!("the tool {tool}: {} is, or holds, a folder of this installation", path.display());
    Err(Problem::new("tool-in-home", Exit::Input, message)
        .with_hint("name another path, or install it elsewhere"))
}

/// Puts the new lock file in place of the old one; a link of this name is replaced, never followed.
fn write_lock(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::PermissionsExt};
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(std::path::Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

fn parse_lock(path: &std::path::Path) -> Result<Lock, Problem> {
    let text = read_bounded(path, LARGEST_LOCK)?;
    Lock::parse(&String::from_utf8_lossy(&text)).map_err(|e| erase(&e))
}

fn declaration(tool: &pipeline::Tool) -> ToolDecl {
    ToolDecl {
        name: tool.name.clone(),
        provider: tool.provider.clone(),
        command: tool.command.clone(),
        version: tool.version.clone(),
        paths: tool.paths.iter().map(PathBuf::from).collect(),
    }
}

/// Several problems as one, under the first one's code.
fn joined(mut all: Vec<Problem>, code: &'static str) -> Problem {
    if all.len() == 1
        && let Some(one) = all.pop()
    {
        return one;
    }
    let messages: Vec<&str> = all.iter().map(|p| p.message.as_str()).collect();
    let exit = all.first().map_or(Exit::Environment, |p| p.exit);
    let problem = Problem::new(code, exit, messages.join("; "));
    match all.into_iter().find_map(|p| p.hint) {
        Some(hint) => problem.with_hint(hint),
        None => problem,
    }
}

/// The named steps with everything they need; all steps when none is named.
fn chosen(mut plan: Plan, names: &[String]) -> Result<Plan, Problem> {
    if names.is_empty() {
        return Ok(plan);
    }
    let known: Vec<&str> = plan.steps.iter().map(|s| s.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        let message = format!("there is no step {unknown:?}");
        return Err(Problem::new("step-unknown", Exit::Input, message)
            .with_hint(format!("there are: {}", known.join(", "))));
    }
    let mut wanted: Vec<String> = names.to_vec();
    // Backwards through the topological order: a step's needs stand before it.
    for step in plan.steps.iter().rev() {
        if wanted.contains(&step.name) {
            wanted.extend(step.needs.clone());
        }
    }
    plan.steps.retain(|step| wanted.contains(&step.name));
    Ok(plan)
}

impl Prepared {
    /// The run's first predicate.
    pub fn begin(&self, request: &Request<'_>, now: Timestamp) -> Run {
        let planned = self.plan.steps.iter().map(|step| PlannedStep {
            name: step.name.clone(),
            kind: step.kind.name().to_owned(),
            needs: step.needs.clone(),
        });
        Run {
            project: request.project.config.project.clone(),
            run: RunId::new(now, request.random),
            phase: RunPhase::Started,
            at: now,
            started: now,
            commit: self.source.commit.clone(),
            branch: self.source.branch.clone(),
            tree: self.snapshot.root.hash,
            dirty: self.dirty,
            trigger: request.trigger.to_owned(),
            actor: request.actor.to_owned(),
            config: request.project.config_digest,
            rules: request.project.rule_digests(),
            plan: planned.collect(),
            steps: vec![],
            result: None,
        }
    }

    /// What every statement of the run needs.
    pub fn facts(&self, run: &Run) -> RunFacts {
        RunFacts {
            project: run.project.clone(),
            run: run.run,
            commit: run.commit.clone(),
            dirty: run.dirty,
            tree: run.tree,
            config: run.config,
            repository: self.source.repository.clone(),
            platform: self.platform.clone(),
            trigger: run.trigger.clone(),
        }
    }

    /// The snapshot as the checks see it.
    pub fn tree(&self, exclude: &Globs) -> SnapshotTree<'_> {
        SnapshotTree::new(&self.cas, &self.snapshot.folder, exclude)
    }

    /// What decides the result of the built-in checks.
    pub fn basis<'a>(&self, project: &'a Project, recorder: &Recorder) -> Result<Basis<'a>, Problem> {
        Ok(Basis {
            tree: self.snapshot.root.hash,
            scans: &project.config.scans,
            program: crate::builtin::program(recorder.executable())?,
            advisories: crate::builtin::advisories(recorder.home())?,
            project: &project.config.project,
        })
    }
}
