//! The technology catalogue on disk, and what the ledger knows for it.

mod facts;
mod opinion;
mod sign;

use std::path::Path;

use govern::catalogue::{self, Catalogue, Inventory};
use model::{
    Exit, Problem, Sha256, UserError,
    predicate::{Run, Sbom, Technologies},
    problem::erase,
};

pub use facts::{Knowledge, Usage, evaluate, meant};
pub use opinion::{Opinion, assess, import_scorecard};
pub use sign::{LARGEST_EVIDENCE, Sign, entry, sign, signatures, standings};

use crate::{project::read_bounded, record::Recorder};

/// A catalogue as a configuration names it, read once.
#[derive(Clone, Debug)]
pub struct CatalogueFile {
    /// The path as it was named.
    pub path: String,
    /// Its bytes, or why there are none.
    pub bytes: Result<Vec<u8>, String>,
}

/// Why a catalogue cannot be used.
#[derive(Clone, Debug)]
pub enum Unusable {
    /// It cannot be read.
    Unread(String),
    /// It has mistakes.
    Mistakes(govern::strict::Mistakes),
}

impl Unusable {
    /// The reason without anything that is in the file.
    pub fn without_text(&self) -> String {
        match self {
            Self::Unread(why) => why.clone(),
            Self::Mistakes(error) => {
                let place = error.mistakes.first().map_or((1, 1), |first| (first.line, first.column));
                format!("it has mistakes, the first at {}:{} ({})", place.0, place.1, error.code())
            }
        }
    }
}

impl CatalogueFile {
    /// Reads the file at `path`, which is relative to `root`.
    pub fn read(root: &Path, path: &str) -> Self {
        let file = root.join(path);
        let bytes = match file.exists() {
            false => Err("there is no such file".to_owned()),
            true => read_bounded(&file, catalogue::MAX_BYTES as u64 + 1)
                .map_err(|problem| format!("it cannot be read ({})", problem.code)),
        };
        Self { path: path.to_owned(), bytes }
    }

    /// SHA-256 of the file.
    pub fn digest(&self) -> Option<Sha256> {
        self.bytes.as_ref().ok().map(Sha256::of)
    }

    /// The catalogue.
    ///
    /// # Errors
    /// It cannot be read, or has mistakes.
    pub fn parse(&self) -> Result<Catalogue, Unusable> {
        let bytes = self.bytes.as_ref().map_err(|why| Unusable::Unread(why.clone()))?;
        catalogue::parse(bytes, &self.path).map_err(Unusable::Mistakes)
    }

    /// As [`Self::parse`], for the one who keeps the file: every mistake with its line.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn open(&self) -> Result<Catalogue, Problem> {
        self.parse().map_err(|unusable| match unusable {
            Unusable::Unread(why) => {
                Problem::new("catalogue-unreadable", Exit::Input, format!("{}: {why}", self.path))
                    .with_hint("`proofhouse radar identify --to technologies.yaml` writes a first one")
            }
            Unusable::Mistakes(error) => {
                let excerpt = self.bytes.as_ref().ok().map(|bytes| error.excerpt(bytes));
                // The excerpt has the hints of all mistakes.
                Problem { excerpt, hint: None, ..erase(&error) }
            }
        })
    }
}

/// What the ledger knows of a project: the bill of materials at `sbom`, what else its source uses at `besides`, and
/// the tools of `run`.
///
/// # Errors
/// The ledger cannot be read, or the bill of materials does not verify.
pub fn inventory(
    project: &str,
    sbom: u64,
    besides: Option<u64>,
    run: Option<&Run>,
    recorder: &Recorder,
) -> Result<(Inventory, Vec<String>), Problem> {
    let logged = recorder.entry(sbom)?;
    let proven = recorder.check(sbom, recorder.clock().now()) == (true, true);
    let bom = logged.statement.decode::<Sbom>().and_then(Result::ok).filter(|_| proven);
    let bom = bom.filter(|bom| bom.property("proofhouse:project") == Some(project)).ok_or_else(|| {
        let message = format!("ledger entry {sbom} is not a bill of materials of {project} that verifies");
        Problem::new("sbom-unproven", Exit::Integrity, message).with_hint("see `proofhouse ledger verify`")
    })?;
    let bill = catalogue::bill(&bom.0);
    let mut tools: Vec<_> =
        run.into_iter().flat_map(|run| &run.steps).flat_map(|step| step.tools.iter().cloned()).collect();
    let mut components = bill.components;
    if let Some(index) = besides {
        let found = recorder.row(index)?.statement.decode::<Technologies>().and_then(Result::ok);
        let proven = recorder.check(index, recorder.clock().now()) == (true, true);
        let found = found.filter(|found| proven && found.project == project).ok_or_else(|| {
            let message = format!("ledger entry {index} does not verify as what {project} uses");
            Problem::new("technologies-unproven", Exit::Integrity, message)
                .with_hint("see `proofhouse ledger verify`")
        })?;
        let (more, named) = catalogue::besides(&found.uses);
        components.extend(more);
        tools.extend(named);
    }
    tools.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    tools.dedup_by(|a, b| (&a.name, &a.version) == (&b.name, &b.version));
    Ok((Inventory { project: project.to_owned(), components, tools }, bill.gaps))
}
