//! Every way in which an identity token can fail, each with its own code.

use model::{Exit, Timestamp, UserError};

/// Why an identity token was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a JWT of acceptable size and form.
    #[error("the identity token is malformed: {0}")]
    Malformed(String),
    /// `none`, a shared secret, or anything else that is not on the list.
    #[error("the identity token is signed with `{0}`; RS256, ES256 or EdDSA is expected")]
    Algorithm(String),
    /// An issuer that nobody chose.
    #[error("the identity token is by `{found}`, which is not an issuer that is trusted here")]
    Issuer {
        /// `iss` of the token.
        found: String,
    },
    /// Made for somebody else.
    #[error("the identity token is for `{found}`, not for `{expected}`")]
    Audience {
        /// `aud` of the token.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// Its time is over.
    #[error("the identity token expired at {0}")]
    Expired(Timestamp),
    /// Its time has not come.
    #[error("the identity token is not valid before {0}")]
    NotYet(Timestamp),
    /// The key set cannot be used.
    #[error("the issuer's key set is malformed: {0}")]
    Keys(String),
    /// No key of that name.
    #[error("the issuer's key set has no usable key `{0}`")]
    UnknownKey(String),
    /// The signature is wrong.
    #[error("the signature of the identity token is wrong")]
    Signature,
}

impl UserError for TokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "token-malformed",
            Self::Algorithm(_) => "token-algorithm",
            Self::Issuer { .. } => "token-issuer",
            Self::Audience { .. } => "token-audience",
            Self::Expired(_) => "token-expired",
            Self::NotYet(_) => "token-not-yet-valid",
            Self::Keys(_) => "token-keys-malformed",
            Self::UnknownKey(_) => "token-key-unknown",
            Self::Signature => "token-signature",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Issuer { .. } => "name the issuers that you trust with --issuer".into(),
            Self::Audience { .. } => "let the CI make the token for that audience, or give --audience".into(),
            Self::Expired(_) => "tokens of a CI live for minutes: fetch one in the same job".into(),
            Self::NotYet(_) => "set the clock of this machine".into(),
            Self::UnknownKey(_) => "the key set may be an older one: fetch it anew".into(),
            _ => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Malformed(_) | Self::Keys(_) => Exit::Input,
            _ => Exit::Verdict,
        }
    }
}
