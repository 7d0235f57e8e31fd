//! Everything about one run into one file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufWriter},
    path::Path,
};

use attest::release::{BLOBS, EVIDENCE, TRUST, Writer, usable};
use model::{
    Exit, Problem, RunId, Sha256, Statement, Subject,
    predicate::{Provenance, ReleaseBundle, ReleaseMember, Run, RunPhase},
    problem::erase,
};
use serde::Serialize;

use crate::{evidence, home::cannot, inspect::named, record::Recorder, ship, statements::statement};

/// What was exported.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// Ledger index of the manifest.
    pub index: u64,
    /// Artifacts.
    pub artifacts: usize,
    /// Bundles.
    pub statements: usize,
    /// Blobs, artifacts among them.
    pub blobs: usize,
    /// Bytes of the members.
    pub bytes: u64,
}

/// Writes what `run` made, all evidence about it and, with `complete`, every blob that the evidence names,
/// to the file `to`; the manifest is signed and recorded. Either all of the file is there afterwards or none.
///
/// # Errors
/// The run is unknown or made nothing, a blob is missing, or the file cannot be written.
pub fn export(
    run: RunId,
    complete: bool,
    actor: &str,
    recorder: &Recorder,
    to: &Path,
) -> Result<Exported, Problem> {
    let gathered = gather(run, recorder)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let half = tempfile::NamedTempFile::new_in(folder).map_err(|e| cannot(to, "write", &e))?;
    let trust = recorder.trust()?.to_json();
    let evidence = ship::evidence(&gathered.indices, recorder)?;
    let blobs = if complete { &gathered.blobs } else { &gathered.artifacts.values().copied().collect() };
    let members = members(&evidence, &trust, blobs, recorder)?;
    let release = ReleaseBundle {
        project: gathered.project.clone(),
        run,
        actor: actor.to_owned(),
        at: recorder.clock().now(),
        complete,
        members,
    };
    let subjects = gathered.artifacts.iter().map(|(path, digest)| Subject::sha256(path, *digest));
    let (logged, _) = recorder.record(&[statement(subjects.collect(), &release)?])?;
    let index = logged.first().map_or(0, |logged| logged.index);
    let manifest = recorder.bundle(index)?.to_json().map_err(|e| erase(&e))?;
    let write = || -> io::Result<()> {
        let mut writer = Writer::begin(BufWriter::new(half.as_file()), &manifest)?;
        for member in &release.members {
            match member.name.as_str() {
                EVIDENCE => writer.member(member, &mut &*evidence)?,
                TRUST => writer.member(member, &mut &*trust)?,
                _ => writer.member(member, &mut recorder.blobs().open(&member.sha256)?)?,
            }
        }
        writer.end()?;
        half.as_file().sync_all()
    };
    write().map_err(|e| cannot(to, "write", &e))?;
    open_to_all(half.as_file()).map_err(|e| cannot(to, "write", &e))?;
    half.persist(to).map_err(|e| cannot(to, "write", &e.error))?;
    Ok(Exported {
        index,
        artifacts: gathered.artifacts.len(),
        statements: evidence.iter().filter(|byte| **byte == b'\n').count(),
        blobs: release.members.len() - 2,
        bytes: release.members.iter().map(|member| member.size).sum(),
    })
}

/// A temporary file is its owner's only; a release is for others.
fn open_to_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

struct Gathered {
    project: String,
    /// Path and digest.
    artifacts: BTreeMap<String, Sha256>,
    indices: Vec<u64>,
    /// What the statements name.
    blobs: BTreeSet<Sha256>,
}

/// Finds the run's end, what it made, and every statement about either.
fn gather(run: RunId, recorder: &Recorder) -> Result<Gathered, Problem> {
    let unknown = || {
        Problem::new("run-unknown", Exit::Input, format!("there is no run {run}"))
            .with_hint("`proofhouse outputs` and the dashboard name runs")
    };
    let start = recorder.projection().run_start(run)?.ok_or_else(unknown)?;
    let (mut project, mut files, mut made) = (None, BTreeMap::new(), BTreeSet::new());
    for logged in recorder.from(start)? {
        let statement = logged?.statement;
        if let Some(Ok(found)) = statement.decode::<Run>()
            && (found.run, found.phase) == (run, RunPhase::Finished)
        {
            let outputs = found.steps.iter().flat_map(|step| &step.outputs);
            files.extend(outputs.filter(|o| !o.directory).map(|o| (o.path.clone(), o.digest.hash)));
            project = Some(found.project);
        }
        made.extend(products(&statement, run));
    }
    let project = project.ok_or_else(|| {
        Problem::new("run-unfinished", Exit::Verdict, format!("run {run} has not finished"))
    })?;
    let artifacts: BTreeMap<_, _> = files.into_iter().filter(|(_, digest)| made.contains(digest)).collect();
    if artifacts.is_empty() {
        let message = format!("run {run} made no artifact with a provenance");
        return Err(Problem::new("release-empty", Exit::Verdict, message)
            .with_hint("a step of kind `build` or `package` with outputs makes some"));
    }
    usable(artifacts.keys().map(String::as_str)).map_err(|e| erase(&e))?;
    let runs = BTreeSet::from([run.to_string()]);
    let digests = artifacts.values().copied().collect();
    let (mut indices, mut blobs) = (Vec::new(), BTreeSet::from_iter(artifacts.values().copied()));
    for logged in recorder.from(start)? {
        let logged = logged?;
        // An export says nothing about the artifacts that the next one would need.
        if evidence::concerns(&logged, &digests, &runs)
            && logged.statement.decode::<ReleaseBundle>().is_none()
        {
            blobs.extend(named(&logged.statement).into_iter().map(|(digest, _)| digest));
            indices.push(logged.index);
        }
    }
    Ok(Gathered { project, artifacts, indices, blobs })
}

/// What a provenance of this run says was made.
fn products(statement: &Statement, run: RunId) -> Vec<Sha256> {
    match statement.decode::<Provenance>() {
        Some(Ok(provenance)) if provenance.proofhouse.as_ref().is_some_and(|context| context.run == run) => {
            statement.subject.iter().filter_map(Subject::sha256_digest).collect()
        }
        _ => Vec::new(),
    }
}

fn members(
    evidence: &[u8],
    trust: &[u8],
    blobs: &BTreeSet<Sha256>,
    recorder: &Recorder,
) -> Result<Vec<ReleaseMember>, Problem> {
    let plain = |name: &str, bytes: &[u8]| ReleaseMember {
        name: name.to_owned(),
        size: bytes.len() as u64,
        sha256: Sha256::of(bytes),
    };
    // Every blob is read before anything is signed: one that is missing or was changed ends it here.
    let blob = |digest: &Sha256| -> io::Result<ReleaseMember> {
        let size = io::copy(&mut recorder.blobs().open(digest)?, &mut io::sink())?;
        Ok(ReleaseMember { name: format!("{BLOBS}{digest}"), size, sha256: *digest })
    };
    let members = blobs.iter().map(blob).collect::<io::Result<Vec<_>>>();
    let mut members = members.map_err(|e| cannot(&recorder.home().blobs(), "read a blob in", &e))?;
    members.extend([plain(EVIDENCE, evidence), plain(TRUST, trust)]);
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(members)
}
