//! The port of a deployment target: what every driver must be able to do.

use std::path::PathBuf;

use model::{
    DeploymentId, Sha256,
    predicate::{Check, HealthRecord, ReceiptPhase},
};

use crate::{error::DeployError, journal::Journal};

/// What is to be deployed.
#[derive(Clone, Debug)]
pub struct Release {
    /// Project name.
    pub project: String,
    /// Environment name.
    pub environment: String,
    /// Deployment id.
    pub deployment: DeploymentId,
    /// File name that the artifact gets inside the release.
    pub artifact: String,
    /// Digest of the artifact.
    pub digest: Sha256,
    /// The artifact's bytes on this side: a file or a folder.
    pub source: PathBuf,
    /// Bundles that prove it, one JSON document a line.
    pub evidence: Vec<u8>,
    /// The trust file of the organisation.
    pub trust: Vec<u8>,
}

/// A place that releases can be brought to.
pub trait Driver {
    /// Base address of the running application, if it has one.
    fn address(&self) -> Option<String>;

    /// Takes the environment's lock; held until the returned value is dropped.
    ///
    /// # Errors
    /// [`DeployError::Busy`] when another deployment holds it.
    fn lock(&self) -> Result<Box<dyn Send>, DeployError>;

    /// The journal of the deployment that is, or was, under way.
    fn journal(&self) -> &Journal;

    /// Digest of the active release.
    ///
    /// # Errors
    /// The target cannot be read.
    fn current(&self) -> Result<Option<Sha256>, DeployError>;

    /// Brings the bytes and their evidence to the target, without touching what is active.
    ///
    /// # Errors
    /// Nothing is half-written: a release folder is there whole or not at all.
    fn transfer(&self, release: &Release) -> Result<String, DeployError>;

    /// Has the *target* check, by itself and with the trust it keeps, what it got.
    ///
    /// # Errors
    /// The check could not be made. A check that was made and failed is in the list.
    fn verify(&self, release: &Release, phase: ReceiptPhase) -> Result<Vec<Check>, DeployError>;

    /// Makes the release the active one, atomically, and starts it.
    ///
    /// # Errors
    /// It could not be started.
    fn activate(&self, release: &Release) -> Result<String, DeployError>;

    /// Waits until the application answers as expected, or the time is over.
    fn health(&self) -> HealthRecord;

    /// Makes `previous` active again; `None` stops the application.
    ///
    /// # Errors
    /// The target is in neither state; the message says what is active.
    fn restore(&self, previous: Option<Sha256>) -> Result<String, DeployError>;

    /// Removes old releases beyond the environment's `keep`, never the active or previous one.
    ///
    /// # Errors
    /// A folder could not be removed.
    fn tidy(&self, previous: Option<Sha256>) -> Result<(), DeployError>;
}

/// Registry: names of the drivers that exist.
pub const DRIVERS: &[&str] = &["host"];
