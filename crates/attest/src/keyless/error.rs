//! Every way in which signing with services of others can fail.

use model::{Exit, Timestamp, UserError};

use crate::{
    dsse::DsseError,
    keys::{KeyError, signers::repeated},
    sigstore::Refusal,
};

/// A kind of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Issues certificates.
    Fulcio,
    /// The log.
    Rekor,
    /// Stamps times.
    Stamper,
}

impl Service {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fulcio => "Fulcio",
            Self::Rekor => "Rekor v2",
            Self::Stamper => "time-stamping",
        }
    }

    /// The code of a failure of each kind of service.
    fn code(self, fulcio: &'static str, rekor: &'static str, stamper: &'static str) -> &'static str {
        match self {
            Self::Fulcio => fulcio,
            Self::Rekor => rekor,
            Self::Stamper => stamper,
        }
    }
}

/// Why something was not signed.
#[derive(Debug, thiserror::Error)]
pub enum KeylessError {
    /// The signing config cannot be used.
    #[error("not a usable signing config: {0}")]
    Config(String),
    /// Fewer services of a kind than are wanted are in force.
    #[error("the signing config names too few {} services that are in force at {at}", .service.name())]
    NoService {
        /// Which kind.
        service: Service,
        /// When.
        at: Timestamp,
    },
    /// Only a log of another version is in force.
    #[error("the log {url} speaks version {version} of Rekor; version 2 is spoken here")]
    RekorVersion {
        /// Its address.
        url: String,
        /// Its version.
        version: u64,
    },
    /// Entries in more than one log are wanted.
    #[error("the signing config wants entries in several logs; a bundle has exactly one here")]
    SeveralLogs,
    /// An address that is not asked.
    #[error("the signing config names an address that is not asked: {0}")]
    Address(String),
    /// The identity token is none.
    #[error("not an identity token: {0}")]
    Token(String),
    /// Its time is over.
    #[error("the identity token expired at {0}")]
    TokenExpired(Timestamp),
    /// No answer.
    #[error("{url} cannot be reached: {why}")]
    Unreachable {
        /// Which kind.
        service: Service,
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// The service said no.
    #[error("{url} refuses: {why}")]
    Refused {
        /// Which kind.
        service: Service,
        /// Where.
        url: String,
        /// What it says.
        why: String,
    },
    /// The service said what it should not.
    #[error("the answer of the {} service is refused: {why}", .service.name())]
    Answer {
        /// Which kind.
        service: Service,
        /// What is wrong.
        why: String,
    },
    /// What the services gave does not hold under the trusted root.
    #[error("what was signed does not hold under the trusted root: {0}")]
    Untrusted(#[from] Refusal),
    /// What is to be signed is no statement.
    #[error(transparent)]
    Statement(#[from] DsseError),
    /// A statement without the digest by which files are named.
    #[error("no subject of the statement has a SHA-256")]
    Subject,
    /// The cryptographic library refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl KeylessError {
    /// An answer that is refused; what it says is shortened, and cannot forge lines.
    pub(super) fn answer(service: Service, why: impl ToString) -> Self {
        Self::Answer { service, why: repeated(&why.to_string()) }
    }
}

impl UserError for KeylessError {
    fn code(&self) -> &'static str {
        match self {
            Self::Config(_) => "signing-config-malformed",
            Self::NoService { .. } => "signing-config-service",
            Self::RekorVersion { .. } => "rekor-version",
            Self::SeveralLogs => "signing-config-logs",
            Self::Address(_) => "signing-config-address",
            Self::Token(_) => "identity-token-malformed",
            Self::TokenExpired(_) => "identity-token-expired",
            Self::Unreachable { service, .. } => {
                service.code("fulcio-unreachable", "rekor-unreachable", "timestamp-unreachable")
            }
            Self::Refused { service, .. } => {
                service.code("fulcio-refused", "rekor-refused", "timestamp-refused")
            }
            Self::Answer { service, .. } => service.code("fulcio-answer", "rekor-answer", "timestamp-answer"),
            Self::Untrusted(refusal) => refusal.code(),
            Self::Statement(error) => error.code(),
            Self::Subject => "statement-subject",
            Self::Key(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Config(_) => "expected is a Sigstore signing_config.json, version 0.2".into(),
            Self::NoService { .. } => "fetch the signing config of the instance anew".into(),
            Self::RekorVersion { .. } => "name a Rekor v2 (majorApiVersion 2) in rekorTlogUrls".into(),
            Self::SeveralLogs => "let rekorTlogConfig select ANY".into(),
            Self::Address(_) => "services are https addresses; http is for this machine only".into(),
            Self::Token(_) => "expected is the JSON Web Token of an OpenID provider".into(),
            Self::TokenExpired(_) => "tokens live for minutes: fetch one just before signing".into(),
            Self::Unreachable { .. } => {
                "nothing was written; check network and address, then try again".into()
            }
            Self::Refused { service: Service::Fulcio, .. } => {
                "is the token made for this Fulcio (audience `sigstore`), and does it know the issuer?".into()
            }
            Self::Answer { .. } | Self::Refused { .. } => {
                "nothing was written; ask who runs the service".into()
            }
            Self::Untrusted(_) => {
                "nothing was written; do trusted root and signing config belong to one instance?".into()
            }
            Self::Subject => "name a subject by its sha256".into(),
            Self::Statement(error) => return error.hint(),
            Self::Key(error) => return error.hint(),
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Answer { .. } | Self::Untrusted(_) | Self::TokenExpired(_) => Exit::Verdict,
            Self::Unreachable { .. } | Self::Refused { .. } => Exit::Environment,
            Self::Key(error) => error.exit(),
            _ => Exit::Input,
        }
    }
}
