//! A note on the target of the deployment under way, so that a crash leaves a trace.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use model::{DeploymentId, Sha256, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::DeployError;

/// What the journal says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Deployment.
    pub deployment: DeploymentId,
    /// Artifact name.
    pub artifact: String,
    /// Digest that is being deployed.
    pub digest: Sha256,
    /// What was active before.
    pub previous: Option<Sha256>,
    /// Envelope digest of the gate's decision.
    pub decision: Sha256,
    /// Who asked.
    pub actor: String,
    /// When it started.
    pub started: Timestamp,
    /// Whether activation was begun: from here on the active release may have changed.
    pub activating: bool,
}

/// The journal file of one environment.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    /// The journal at this path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Writes the note durably.
    ///
    /// # Errors
    /// The old note is still there then.
    pub fn write(&self, note: &Note) -> Result<(), DeployError> {
        let bytes = serde_json::to_vec(note)
            .map_err(|e| DeployError::io(&self.path, "write the journal")(e.into()))?;
        replace(&self.path, &bytes, 0o600)
    }

    /// The note of an unfinished deployment, if there is one.
    ///
    /// # Errors
    /// The file is there and cannot be understood.
    pub fn read(&self) -> Result<Option<Note>, DeployError> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|e| DeployError::io(&self.path, "read the journal")(e.into())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(DeployError::io(&self.path, "read the journal")(e)),
        }
    }

    /// Removes the note: the deployment has ended and is recorded.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn clear(&self) -> Result<(), DeployError> {
        match fs::remove_file(&self.path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                Err(DeployError::io(&self.path, "clear the journal")(e))
            }
            _ => Ok(()),
        }
    }
}

/// Replaces a file so that a reader, and a crash, sees the old or the new content and nothing between.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), DeployError> {
    use std::os::unix::fs::OpenOptionsExt;
    let temporary = path.with_extension("new");
    let write = || {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))
    };
    write().map_err(DeployError::io(path, "write"))
}

/// Makes renames in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    fs::File::open(path)?.sync_all()
}
