//! A release of another installation into this one: verified, kept, recorded.

use std::{
    fs::{self, File},
    io::{self, BufReader, Seek},
    path::Path,
};

use attest::{
    Trust,
    release::{Contents, Release, ReleaseError, ReleaseReport, read},
    verify::Policy,
};
use model::{
    Exit, Problem, Sha256, Subject,
    predicate::{ReleaseImport, ReleaseMember},
    problem::erase,
};

use crate::{home::cannot, record::Recorder, statements::statement};

/// How an import went.
pub struct Imported {
    /// What is proven about the release.
    pub report: ReleaseReport,
    /// Ledger index of the record; `None` when the release does not hold: then nothing was kept.
    pub index: Option<u64>,
}

/// Verifies the release `file` under `trust`; when all of it holds, keeps its blobs and bundles, writes its
/// artifacts to the folder `to`, which must not be there or be empty, and records one statement about it.
///
/// # Errors
/// The file is no release or was changed, the folder is in use, or something cannot be written; nothing of
/// it is recorded then (blobs that were stored before the failure may stay: they are what was verified).
pub fn import(
    file: &Path,
    trust: &[u8],
    to: Option<&Path>,
    actor: &str,
    recorder: &Recorder,
) -> Result<Imported, Problem> {
    to.map_or(Ok(()), vacant)?;
    let trusted = Trust::parse(trust).map_err(|e| erase(&e))?;
    let mut input = File::open(file).map_err(|e| cannot(file, "open", &e))?;
    let contents = read(BufReader::new(&input), &mut |_, _| Ok(())).map_err(|e| erase(&e))?;
    let now = recorder.clock().now();
    let release = Release::judge(&contents, &trusted, now).map_err(|e| erase(&e))?;
    let report = release.report(&Policy { provenance: true, ..Policy::default() });
    if !report.ok {
        return Ok(Imported { report, index: None });
    }
    input.rewind().map_err(|e| cannot(file, "read", &e))?;
    let (manifest, evidence) = keep(&input, &contents, recorder)?;
    let staged = to.map(|to| stage(&release, to, recorder)).transpose()?;
    let record = ReleaseImport {
        project: report.project.clone(),
        run: report.run,
        log: report.log.clone(),
        signer: report.signer.clone(),
        trust: Sha256::of(trust),
        manifest,
        evidence,
        statements: report.statements as u64,
        blobs: contents.release.members.len() as u64 - 2,
        actor: actor.to_owned(),
        at: now,
    };
    let subjects = release.artifacts().map(|(path, digest)| Subject::sha256(path, digest)).collect();
    let (logged, _) = recorder.record(&[statement(subjects, &record)?])?;
    if let (Some(staged), Some(to)) = (staged, to) {
        let folder = staged.keep();
        fs::rename(&folder, to).map_err(|e| cannot(&folder, "give its name to", &e))?;
    }
    Ok(Imported { report, index: logged.first().map(|logged| logged.index) })
}

/// The folder can be made, or is there and empty.
fn vacant(to: &Path) -> Result<(), Problem> {
    let empty = fs::read_dir(to).map(|mut files| files.next().is_none());
    match empty {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(true) => Ok(()),
        Ok(false) => {
            let message = format!("{} is not empty", to.display());
            Err(Problem::new("folder-not-empty", Exit::Input, message).with_hint("name a new folder"))
        }
        Err(error) => Err(cannot(to, "look at", &error)),
    }
}

/// Stores every blob, reading the file again. Digests of manifest and evidence.
fn keep(input: &File, verified: &Contents, recorder: &Recorder) -> Result<(Sha256, Sha256), Problem> {
    let blobs = recorder.blobs();
    let mut store = |_: &ReleaseMember, content: &mut dyn io::Read| blobs.put_from(content).map(drop);
    let again = read(BufReader::new(input), &mut store).map_err(|e| erase(&e))?;
    if again.manifest != verified.manifest {
        // Somebody exchanged it while it was read; what was verified is something else.
        return Err(erase(&ReleaseError::Changed(attest::release::MANIFEST.to_owned())));
    }
    let cannot = |e: io::Error| cannot(&recorder.home().blobs(), "store a blob in", &e);
    let put = |bytes: &[u8]| blobs.put_from(&mut &*bytes).map(|stored| stored.hash).map_err(cannot);
    Ok((put(&verified.manifest)?, put(&verified.evidence)?))
}

/// Writes the artifacts to a folder beside `to`, which takes its name when all is done.
fn stage(release: &Release, to: &Path, recorder: &Recorder) -> Result<tempfile::TempDir, Problem> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let parent = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || -> io::Result<tempfile::TempDir> {
        fs::create_dir_all(parent)?;
        let folder = tempfile::Builder::new().prefix(".release-").tempdir_in(parent)?;
        for (path, digest) in release.artifacts() {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path)?;
            io::copy(&mut recorder.blobs().open(&digest)?, &mut file)?;
            file.sync_all()?;
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        Ok(folder)
    };
    write().map_err(|e| cannot(to, "write the artifacts to", &e))
}
