//! Every way in which a Sigstore bundle can fail, each with its own code.

use model::{Exit, Timestamp, UserError};

use crate::verify::Failure;

/// Why a bundle was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A certificate was expected and a key is named, or the other way round.
    #[error("the bundle is signed with a {found}, and a {expected} was asked for")]
    Material {
        /// What the bundle carries.
        found: &'static str,
        /// What the question is about.
        expected: &'static str,
    },
    /// The leaf certificate cannot be used.
    #[error("the signing certificate is malformed: {0}")]
    CertificateMalformed(String),
    /// The key in it is of a sort that is not supported.
    #[error("the signing certificate has a key that is neither P-256 nor Ed25519")]
    CertificateKey,
    /// No authority of the trusted root issued the certificate, at the time of signing.
    #[error("no trusted authority vouches for the signing certificate at {at}: {why}")]
    CertificatePath {
        /// Moment of signing.
        at: Timestamp,
        /// What the path validation says.
        why: String,
    },
    /// The certificate is not for signing code.
    #[error("the signing certificate is not for digital signatures of code")]
    CertificateUsage,
    /// Certificate transparency.
    #[error("the signing certificate carries no good certificate-transparency stamp: {0}")]
    Sct(&'static str),
    /// Another identity than asked for.
    #[error("signed by `{found}`, not by `{expected}`")]
    Identity {
        /// In the certificate.
        found: String,
        /// Asked for.
        expected: String,
    },
    /// Another issuer than asked for.
    #[error("the identity was vouched for by `{found}`, not by `{expected}`")]
    Issuer {
        /// In the certificate.
        found: String,
        /// Asked for.
        expected: String,
    },
    /// No proof of the moment of signing.
    #[error("no time-stamp proves when the bundle was signed")]
    TimestampMissing,
    /// A time-stamp says a time that is not yet.
    #[error("a time-stamp says {at}, and it is only {now}")]
    TimestampFuture {
        /// What it says.
        at: Timestamp,
        /// Moment of asking.
        now: Timestamp,
    },
    /// A time-stamp is not well-formed.
    #[error("a time-stamp is malformed: {0}")]
    TimestampMalformed(String),
    /// A time-stamp is not of a trusted authority.
    #[error("a time-stamp is not by a trusted authority: {0}")]
    TimestampAuthority(String),
    /// A time-stamp is about something else.
    #[error("a time-stamp is about another signature")]
    TimestampMismatch,
    /// A time-stamp's own signature is wrong.
    #[error("the signature of a time-stamp is wrong")]
    TimestampSignature,
    /// Not exactly one log entry.
    #[error("the bundle has {0} log entries; exactly one is expected")]
    LogEntries(usize),
    /// The log entry does not hold.
    #[error(transparent)]
    Log(#[from] Failure),
    /// The signature does not fit.
    #[error("the signature does not fit what was signed")]
    Signature,
    /// Signed for another file.
    #[error("the bundle is about another file: {0}")]
    Digest(String),
}

impl UserError for Refusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Material { .. } => "bundle-material",
            Self::CertificateMalformed(_) => "bundle-certificate-malformed",
            Self::CertificateKey => "bundle-certificate-key",
            Self::TimestampFuture { .. } => "bundle-timestamp-future",
            Self::CertificatePath { .. } => "bundle-certificate-path",
            Self::CertificateUsage => "bundle-certificate-usage",
            Self::Sct(_) => "bundle-sct",
            Self::Identity { .. } => "bundle-identity",
            Self::Issuer { .. } => "bundle-issuer",
            Self::TimestampMissing => "bundle-timestamp-missing",
            Self::TimestampMalformed(_) => "bundle-timestamp-malformed",
            Self::TimestampAuthority(_) => "bundle-timestamp-authority",
            Self::TimestampMismatch => "bundle-timestamp-mismatch",
            Self::TimestampSignature => "bundle-timestamp-signature",
            Self::LogEntries(_) => "bundle-log-entries",
            Self::Log(failure) => failure.code(),
            Self::Signature => "bundle-signature",
            Self::Digest(_) => "bundle-digest",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::CertificatePath { .. } | Self::TimestampAuthority(_) => {
                "give the trusted root of whoever signed it with --trusted-root".into()
            }
            Self::TimestampFuture { .. } => "look at the clock of this machine, or of who stamped it".into(),
            Self::Log(failure) => return failure.hint(),
            Self::Digest(_) => "the file was changed, or this is the bundle of another one".into(),
            _ => return None,
        })
    }

    fn exit(&self) -> Exit {
        Exit::Verdict
    }
}
