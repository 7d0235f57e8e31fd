//! Why a release file is refused.

use std::io;

use model::{Exit, UserError};

use crate::{bundle::BundleError, verify::Failure};

/// Why a release file is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// It cannot be read.
    #[error("the release cannot be read: {0}")]
    Io(io::Error),
    /// It ends before its end.
    #[error("the release is cut short, inside or before {0}")]
    Truncated(String),
    /// Something comes after its end.
    #[error("there are more bytes after the end of the release")]
    Trailing,
    /// It does not begin with a manifest, or that is not one.
    #[error("the release's manifest cannot be used: {0}")]
    Manifest(String),
    /// A link, folder, device, sparse file or the like.
    #[error("`{name}` is {kind}; a release holds plain files only")]
    Kind {
        /// Name in the archive.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// A name that no release has.
    #[error("`{0}` is no name for a member of a release")]
    Name(String),
    /// The same name again.
    #[error("`{0}` is there twice")]
    Twice(String),
    /// A member that the manifest does not list.
    #[error("`{0}` is not in the manifest")]
    Added(String),
    /// A member that the manifest lists.
    #[error("`{0}` is in the manifest, but not in the file at its place")]
    Missing(String),
    /// Another size than the manifest says.
    #[error("`{name}` is {found} bytes long, {expected} by the manifest")]
    Size {
        /// Name in the archive.
        name: String,
        /// As its header says.
        found: u64,
        /// As the manifest says.
        expected: u64,
    },
    /// Another content than the manifest says.
    #[error("`{0}` has another content than the manifest says")]
    Changed(String),
    /// Something around a content that no release has.
    #[error("around `{0}` the file is not as releases are written")]
    Header(String),
    /// An artifact's name that no file may be written under.
    #[error("an artifact is named `{0}`: {1}")]
    Artifact(String, &'static str),
    /// The evidence inside.
    #[error(transparent)]
    Evidence(#[from] BundleError),
    /// The manifest's own bundle does not hold.
    #[error("the release's own statement does not hold: {0}")]
    Unproven(Failure),
}

impl UserError for ReleaseError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "release-io",
            Self::Truncated(_) => "release-truncated",
            Self::Trailing => "release-trailing",
            Self::Manifest(_) => "release-manifest",
            Self::Kind { .. } => "release-member-kind",
            Self::Name(_) => "release-member-name",
            Self::Twice(_) => "release-member-twice",
            Self::Added(_) => "release-member-added",
            Self::Missing(_) => "release-member-missing",
            Self::Size { .. } => "release-member-size",
            Self::Changed(_) => "release-member-changed",
            Self::Header(_) => "release-header",
            Self::Artifact(..) => "release-artifact-name",
            Self::Evidence(error) => error.code(),
            Self::Unproven(failure) => failure.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io(_) => None,
            Self::Evidence(error) => error.hint(),
            Self::Unproven(failure) => failure.hint(),
            Self::Manifest(_) => Some("expected is a file that `proofhouse release export` wrote".into()),
            _ => Some("it was changed after it was exported: ask for it again".into()),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Io(_) => Exit::Environment,
            _ => Exit::Verdict,
        }
    }
}

/// What an end of input inside `name` means.
pub(super) fn inside(name: &str) -> impl Fn(io::Error) -> ReleaseError {
    move |error| match error.kind() {
        io::ErrorKind::UnexpectedEof => ReleaseError::Truncated(name.to_owned()),
        _ => ReleaseError::Io(error),
    }
}
