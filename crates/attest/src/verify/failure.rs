//! Every way in which evidence can fail, each with its own code.

use model::{Exit, Sha256, Timestamp, UserError};

use crate::{dsse::DsseError, sigstore::Refusal};

/// Why a bundle, or the evidence for an artifact, does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The bundle carries a bare signature, not a statement.
    #[error("the bundle holds no DSSE envelope")]
    NoEnvelope,
    /// Its certificate or time-stamp does not hold.
    #[error(transparent)]
    Certificate(#[from] Box<Refusal>),
    /// Something else than an in-toto statement was signed.
    #[error("the payload type is `{0}`, not in-toto")]
    PayloadType(String),
    /// The signed bytes are no in-toto statement.
    #[error("{0}")]
    Statement(String),
    /// No key of the trust file is the one that is named.
    #[error("signed by a key that is not in the trust file (hint {0})")]
    UnknownKey(String),
    /// No signature is good.
    #[error("the signature does not fit the statement")]
    BadSignature,
    /// The key is no longer believed.
    #[error("the key `{name}` was valid until {until}")]
    KeyExpired {
        /// Name in the trust file.
        name: String,
        /// End of validity.
        until: Timestamp,
    },
    /// The key is not believed yet.
    #[error("the key `{name}` is valid only from {from}")]
    KeyNotYetValid {
        /// Name in the trust file.
        name: String,
        /// Begin of validity.
        from: Timestamp,
    },
    /// No log entry.
    #[error("the statement is signed, but no log entry comes with it")]
    NotLogged,
    /// The log entry is not of a kind that is known.
    #[error("the log entry is malformed: {0}")]
    EntryMalformed(String),
    /// The log entry vouches for something else.
    #[error("the log entry is about another {0}")]
    EntryMismatch(&'static str),
    /// The checkpoint cannot be read.
    #[error("the checkpoint is malformed: {0}")]
    CheckpointMalformed(String),
    /// The checkpoint is of a log that is not trusted.
    #[error("logged in `{0}`, which is not in the trust file")]
    WrongLog(String),
    /// The log's key is not believed at this time.
    #[error("the key of the log `{0}` is not valid at this time")]
    LogKeyInvalid(String),
    /// The log's signature is wrong.
    #[error("the signature on the checkpoint is wrong")]
    CheckpointSignature,
    /// The checkpoint covers fewer entries.
    #[error("the checkpoint covers {size} entries, the statement is number {index}")]
    CheckpointTooOld {
        /// Position of the statement.
        index: u64,
        /// Entries covered.
        size: u64,
    },
    /// The hashes do not lead to the root.
    #[error("the inclusion proof is wrong")]
    InclusionProof,
    /// No verified statement is about the artifact.
    #[error("no verified statement has the artifact {0} as subject")]
    DigestNotInSubject(Sha256),
    /// No provenance among the statements about the artifact.
    #[error("no verified provenance says how the artifact was built")]
    NoProvenance,
    /// Another builder than demanded.
    #[error("built by `{0}`, which was not asked for")]
    WrongBuilder(String),
    /// Another commit than demanded.
    #[error("no verified provenance names the commit {0}")]
    WrongCommit(String),
    /// No decision for the environment.
    #[error("no verified decision is about the environment `{0}`")]
    NoDecision(String),
    /// Decisions of several projects, and none was asked for.
    #[error("several projects decided about an environment `{0}`: {1}")]
    SeveralProjects(String, String),
    /// Entries of several logs, of which none is the newest.
    #[error("what was decided or deployed for `{0}` is in several logs, whose entries have no order: {1}")]
    SeveralLogs(String, String),
    /// The latest decision for the environment is a refusal.
    #[error("the latest decision for the environment `{0}` is a refusal")]
    DecisionDenied(String),
    /// No such deployment.
    #[error("no statement tells of a deployment `{0}`, or to an environment of that name")]
    NoDeployment(String),
    /// It did not go well, or nobody knows.
    #[error("the deployment to `{0}` ended as {1}")]
    NotDeployed(String, &'static str),
    /// The target side did not say what it saw.
    #[error("no receipts of the target say what it checked before and after the activation")]
    NoReceipt,
    /// The target side saw that something is wrong.
    #[error("the target's check `{0}` failed: {1}")]
    ReceiptCheck(String, String),
    /// Fewer distinct signers than demanded.
    #[error("{found} of {least} distinct signers say so")]
    TooFewSigners {
        /// How many do.
        found: usize,
        /// How many must.
        least: usize,
    },
}

impl From<DsseError> for Failure {
    fn from(error: DsseError) -> Self {
        match error {
            DsseError::PayloadType(kind) => Self::PayloadType(kind),
            other => Self::Statement(other.to_string()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Log(failure) => failure,
            other => Self::Certificate(Box::new(other)),
        }
    }
}

impl UserError for Failure {
    fn code(&self) -> &'static str {
        match self {
            Self::NoEnvelope => "verify-no-envelope",
            Self::Certificate(refusal) => refusal.code(),
            Self::PayloadType(_) => "verify-payload-type",
            Self::Statement(_) => "verify-statement-malformed",
            Self::UnknownKey(_) => "verify-unknown-key",
            Self::BadSignature => "verify-bad-signature",
            Self::KeyExpired { .. } => "verify-key-expired",
            Self::KeyNotYetValid { .. } => "verify-key-not-yet-valid",
            Self::NotLogged => "verify-not-logged",
            Self::EntryMalformed(_) => "verify-entry-malformed",
            Self::EntryMismatch(_) => "verify-entry-mismatch",
            Self::CheckpointMalformed(_) => "verify-checkpoint-malformed",
            Self::WrongLog(_) => "verify-wrong-log",
            Self::LogKeyInvalid(_) => "verify-log-key-invalid",
            Self::CheckpointSignature => "verify-checkpoint-signature",
            Self::CheckpointTooOld { .. } => "verify-checkpoint-too-old",
            Self::InclusionProof => "verify-inclusion-proof",
            Self::DigestNotInSubject(_) => "verify-digest-not-in-subject",
            Self::NoProvenance => "verify-no-provenance",
            Self::WrongBuilder(_) => "verify-wrong-builder",
            Self::WrongCommit(_) => "verify-wrong-commit",
            Self::NoDecision(_) => "verify-no-decision",
            Self::SeveralProjects(..) => "verify-several-projects",
            Self::SeveralLogs(..) => "verify-several-logs",
            Self::DecisionDenied(_) => "verify-decision-denied",
            Self::NoDeployment(_) => "verify-no-deployment",
            Self::NotDeployed(..) => "verify-not-deployed",
            Self::NoReceipt => "verify-no-receipt",
            Self::ReceiptCheck(..) => "verify-receipt-check",
            Self::TooFewSigners { .. } => "verify-too-few-signers",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Certificate(refusal) => return refusal.hint(),
            Self::UnknownKey(_) | Self::WrongLog(_) => {
                "give the trust file of whoever made it with --trust".into()
            }
            Self::DigestNotInSubject(_) => {
                "the file was changed, or this is the evidence of another one".into()
            }
            Self::SeveralProjects(..) => "say whose decision counts with --project".into(),
            Self::SeveralLogs(..) => {
                "verify under the trust file of the one installation that is meant".into()
            }
            Self::NoDeployment(_) => {
                "give evidence of where it was deployed from with --bundle and --trust".into()
            }
            Self::NotLogged => "export the evidence again; it must carry the inclusion proof".into(),
            _ => return None,
        })
    }

    fn exit(&self) -> Exit {
        Exit::Verdict
    }
}
