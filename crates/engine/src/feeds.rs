//! Vulnerability data from outside: into the advisory index, and a statement that says so.

use std::path::Path;

use checks::osv::{self, IndexDir};
use model::{Problem, Sha256, Subject, predicate::FeedImport, problem::erase};

use crate::{home::cannot, record::Recorder, statements::statement};

/// Imports the feed at `path` under `name`, in place of what had this name.
///
/// # Errors
/// The feed cannot be used (the old one stays), or the ledger cannot be written.
pub fn import(path: &Path, name: &str, actor: &str, recorder: &Recorder) -> Result<FeedImport, Problem> {
    crate::given::file_or_folder(path)?;
    let now = recorder.clock().now();
    let dir = IndexDir::new(recorder.home().feeds());
    let report = osv::import(path, name, &dir, now).map_err(|e| erase(&e))?;
    let mut index = std::fs::File::open(&report.file).map_err(|e| cannot(&report.file, "read", &e))?;
    let mut hasher = model::Hasher::new();
    std::io::copy(&mut index, &mut hasher).map_err(|e| cannot(&report.file, "read", &e))?;
    let digest: Sha256 = hasher.finish();
    let import = FeedImport {
        feed: name.to_owned(),
        as_of: report.newest.unwrap_or(now),
        imported: now,
        advisories: report.advisories,
        exploited: report.exploited,
        products: report.products,
        refused: report.rejected_first,
        actor: actor.to_owned(),
    };
    recorder.record(&[statement(vec![Subject::sha256(format!("feed {name}"), digest)], &import)?])?;
    Ok(import)
}
