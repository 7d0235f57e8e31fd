//! What can go wrong with a deployment, apart from a verdict against it.

use std::{io, path::Path, path::PathBuf};

use model::{Exit, UserError};

/// A deployment could not go on.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// Reading or writing on the target failed.
    #[error("{path}: {what}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// Another deployment into this environment is under way.
    #[error("another deployment into this environment is under way ({0})")]
    Busy(PathBuf),
    /// Something else answers on the environment's port.
    #[error("port {0} is taken by another program")]
    PortTaken(u16),
    /// The account that the application runs as cannot reach its release.
    #[error("{path} cannot be entered by uid {uid}, which the application runs as")]
    NotReachable {
        /// First folder that stops it.
        path: PathBuf,
        /// The account.
        uid: u32,
    },
    /// Others may write where only the deploying user may.
    #[error("{0} is not a folder that only this user can write")]
    Open(PathBuf),
    /// A release is no longer what it is named by.
    #[error("{0} does not hold the bytes that it is named by")]
    Changed(PathBuf),
    /// The artifact has the name of a file that every release has.
    #[error("an artifact cannot be called {0:?}: releases keep a file of that name")]
    Reserved(String),
    /// The application would run as root.
    #[error("{0:?} is root, and an application does not run as root")]
    AsRoot(String),
    /// Only root can run an application as somebody else.
    #[error("only root can run the application as {0:?}")]
    NeedsRoot(String),
    /// The named account does not exist.
    #[error("there is no user {0:?} on this machine")]
    NoUser(String),
    /// The supervisor did not start or did not answer.
    #[error("the supervisor of {path} does not answer: {why}")]
    Supervisor {
        /// The environment's folder.
        path: PathBuf,
        /// What happened.
        why: String,
    },
    /// The verifier on the target did not give a verdict.
    #[error("the verifier on the target gave no verdict: {0}")]
    Verifier(String),
    /// No driver of this name.
    #[error("there is no driver {0:?}")]
    NoDriver(String),
}

impl DeployError {
    /// For `map_err`: an IO error at a path.
    pub(crate) fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, what, source }
    }
}

impl UserError for DeployError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => "deploy-disk-full",
            Self::Io { .. } => "deploy-io",
            Self::Busy(_) => "deploy-busy",
            Self::PortTaken(_) => "deploy-port-taken",
            Self::NotReachable { .. } => "deploy-not-reachable",
            Self::NoUser(_) => "deploy-no-user",
            Self::NeedsRoot(_) => "deploy-needs-root",
            Self::Open(_) => "deploy-folder-open",
            Self::Changed(_) => "deploy-release-changed",
            Self::Reserved(_) => "deploy-name-reserved",
            Self::AsRoot(_) => "deploy-as-root",
            Self::Supervisor { .. } => "deploy-supervisor",
            Self::Verifier(_) => "deploy-verifier",
            Self::NoDriver(_) => "deploy-no-driver",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space and deploy again; what was active still is"
            }
            Self::Busy(_) => "wait for it to end, or look at `proofhouse env status`",
            Self::PortTaken(_) => "stop that program, or change `port` of the environment in proofhouse.yaml",
            Self::NotReachable { .. } => "set `root` of the environment to a folder that others may enter",
            Self::Open(_) => {
                "let only root or the deploying user own and write it and the folders above, or choose another `root`"
            }
            Self::Changed(_) => "deploy it again",
            Self::Reserved(_) => "give the output another name",
            Self::AsRoot(_) => "name another `user`, or leave it out: a private uid is then used",
            Self::NeedsRoot(_) => "deploy as root, or leave `user` out: the application then runs as you",
            Self::NoUser(_) => "create the account, or leave `user` out: a private uid is then used",
            Self::Supervisor { .. } => "see logs/supervisor.log in that folder",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Reserved(_) | Self::AsRoot(_) => Exit::Input,
            _ => Exit::Environment,
        }
    }
}
