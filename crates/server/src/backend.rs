//! What the server needs beside the store: files of the installation that are not projections.

use std::{fs, io, io::Read as _, io::Seek as _, path::PathBuf, sync::Arc};

use govern::{
    catalogue::evaluate::Evaluation,
    controls::Report,
    organisation::{Network, Organisation, Provider},
    release_review::{Document, Put, Standing},
};
use model::{FindingId, Problem, RunId, Sha256, Statement};
use serde::{Deserialize, Serialize};
use store::views::FindingView;
use utoipa::ToSchema;

use crate::{act::Act, radar::Radar, requirements::Demanded};

/// A piece of a step's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogChunk {
    /// The bytes from the wanted offset on.
    pub bytes: Vec<u8>,
    /// Size of the log at this moment.
    pub size: u64,
}

/// Proof that an entry is in the ledger (RFC 9162 section 2.1.3), with all that is needed to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InclusionProof {
    /// Position of the entry, from 0.
    pub index: u64,
    /// Number of entries of the tree that the checkpoint describes.
    pub tree_size: u64,
    /// The leaf, a Rekor `hashedrekord` 0.0.2, in base64.
    pub entry: String,
    /// SHA-256 of `0x00 || entry`.
    #[schema(value_type = String)]
    pub leaf_hash: Sha256,
    /// Sibling hashes from the leaf to the root.
    #[schema(value_type = Vec<String>)]
    pub hashes: Vec<Sha256>,
    /// Root hash of the tree.
    #[schema(value_type = String)]
    pub root_hash: Sha256,
    /// The signed checkpoint (C2SP tlog-checkpoint), as it is.
    pub checkpoint: String,
}

/// A release review with its document and what is known of it now.
#[derive(Clone, Debug)]
pub struct ReviewPaper {
    /// The review and its place in the ledger.
    pub put: Put,
    /// What people read.
    pub document: Document,
    /// Whether it counts now, and what was said.
    pub standing: Standing,
}

/// Another scanner's finding that is the same vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The other finding.
    pub finding: FindingId,
    /// Its stream.
    pub stream: u64,
    /// The other scanner.
    pub scanner: String,
    /// Its rule.
    pub rule: String,
    /// Why it is the same, as one phrase.
    pub reason: String,
}

/// The port to the installation. Calls may block; the server makes them on a thread of their own.
pub trait Backend: Send + Sync + 'static {
    /// At most `most` bytes of the log of a step, from `offset` on; `None` when there is no such log.
    ///
    /// # Errors
    /// Any IO error.
    fn log(&self, run: RunId, step: &str, offset: u64, most: usize) -> io::Result<Option<LogChunk>>;

    /// The DSSE envelope of a ledger entry, byte for byte; `None` when there is no such entry.
    ///
    /// # Errors
    /// A problem with its code, e.g. when the ledger is damaged.
    fn envelope(&self, index: u64) -> Result<Option<Vec<u8>>, Problem>;

    /// The proof of inclusion of an entry under the newest checkpoint; `None` when the entry is not
    /// there or no checkpoint covers it yet.
    ///
    /// # Errors
    /// As [`Backend::envelope`].
    fn inclusion_proof(&self, index: u64) -> Result<Option<InclusionProof>, Problem>;

    /// The newest signed checkpoint; `None` for an empty ledger.
    ///
    /// # Errors
    /// As [`Backend::envelope`].
    fn checkpoint(&self) -> Result<Option<String>, Problem>;

    /// A file of the log's public side (C2SP tlog-tiles) by its path below the log's address; `None` for
    /// every other path and for what no signed checkpoint covers.
    ///
    /// # Errors
    /// As [`Backend::envelope`].
    fn public_file(&self, path: &str) -> Result<Option<Vec<u8>>, Problem>;

    /// The trust file (JSON) under which everything here verifies; `None` before the first key.
    ///
    /// # Errors
    /// As [`Backend::envelope`].
    fn trust(&self) -> Result<Option<Vec<u8>>, Problem>;

    /// What other scanners of the project say about the same place or package, and is the same vulnerability.
    ///
    /// # Errors
    /// The database does not answer.
    fn agreements(&self, finding: &FindingView) -> Result<Vec<Agreement>, Problem>;

    /// Records a statement: it is durable and signed when this returns. Its ledger index.
    ///
    /// # Errors
    /// Nothing was recorded.
    fn record(&self, statement: Statement) -> Result<u64, Problem>;

    /// A release review by its ledger index, judged now; `None` when there is none.
    ///
    /// # Errors
    /// It does not verify, or its document cannot be read.
    fn release_review(&self, index: u64) -> Result<Option<ReviewPaper>, Problem>;

    /// A release review as a PDF.
    ///
    /// # Errors
    /// It cannot be written.
    fn release_review_pdf(&self, paper: &ReviewPaper) -> Result<Vec<u8>, Problem>;

    /// Content by its digest; `None` when it is not kept here (any more). Only what somebody may see is asked for.
    ///
    /// # Errors
    /// It cannot be read, or has more than 64 MiB.
    fn content(&self, digest: Sha256) -> Result<Option<Vec<u8>>, Problem>;

    /// Does what somebody wants to do, after holding it against the ledger. Its ledger index.
    ///
    /// # Errors
    /// It makes no sense (`Exit::Input`, `Exit::Verdict`), or cannot be recorded.
    fn act(&self, act: Act) -> Result<u64, Problem>;

    /// The technology catalogue, and what the ledger knows for it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn radar(&self) -> Result<Arc<Radar>, Problem>;

    /// Evaluations of technologies by everything that is known; names after the first that mean nothing are left out.
    ///
    /// # Errors
    /// The first name means nothing (`Exit::Input`), or what is known cannot be read.
    fn evaluate(&self, technologies: &[String]) -> Result<Vec<Evaluation>, Problem>;

    /// The security requirements of a project by its newest finished run; `None` before one ended.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn requirements(&self, project: &str) -> Result<Option<Demanded>, Problem>;

    /// A control report as a PDF document.
    ///
    /// # Errors
    /// It cannot be made.
    fn controls_pdf(&self, report: &Report, title: &str) -> Result<Vec<u8>, Problem>;

    /// The address of a provider's sign-in page, with state, nonce and PKCE verifier in that order.
    ///
    /// # Errors
    /// The provider cannot be asked, or may not be.
    fn provider_page(
        &self,
        provider: &Provider,
        network: Network,
        redirect: &str,
        secrets: [String; 3],
    ) -> Result<String, Problem>;

    /// Who signed in with a provider, and their groups, by its code and our nonce and PKCE verifier.
    ///
    /// # Errors
    /// Nobody did, or the provider cannot be asked.
    fn provider_answer(
        &self,
        provider: &Provider,
        network: Network,
        redirect: &str,
        code: &str,
        secrets: [String; 2],
    ) -> Result<(String, Vec<String>), Problem>;

    /// Workload, issuer and subject of a build system's token.
    ///
    /// # Errors
    /// It is none of the organisation's workloads (`Exit::Verdict`, `Exit::Input`), or its issuer cannot be asked.
    fn job(&self, token: &[u8], organisation: &Organisation) -> Result<(String, String, String), Problem>;
}

/// Reads logs from `runs/<run>/<step>.log` of a home folder; for implementing [`Backend::log`].
#[derive(Clone, Debug)]
pub struct Files {
    runs: PathBuf,
}

impl Files {
    /// `runs` is the folder that has one folder per run.
    pub fn new(runs: impl Into<PathBuf>) -> Self {
        Self { runs: runs.into() }
    }

    /// As [`Backend::log`]. Names of steps that could lead elsewhere are answered by `None`.
    ///
    /// # Errors
    /// Any IO error but "not found".
    pub fn log(&self, run: RunId, step: &str, offset: u64, most: usize) -> io::Result<Option<LogChunk>> {
        let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if step.is_empty() || step.len() > 128 || step.starts_with('.') || !step.chars().all(harmless) {
            return Ok(None);
        }
        let path = self.runs.join(run.to_string()).join(format!("{step}.log"));
        let mut file = match fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = file.metadata()?.len();
        file.seek(io::SeekFrom::Start(offset.min(size)))?;
        let mut bytes = Vec::new();
        file.take(most as u64).read_to_end(&mut bytes)?;
        Ok(Some(LogChunk { bytes, size }))
    }
}
