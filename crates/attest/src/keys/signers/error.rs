//! What can go wrong with keys that live elsewhere.
//!
//! Code, exit status and hint of each error stand in one table, because they are needed twice: in the
//! signer process, and by its client, who only gets the code over the connection.

use std::path::PathBuf;

use model::{Exit, UserError};

/// Most characters of a foreign text that are repeated.
const REPEATED: usize = 200;

/// Any failure of a token or key service, or of the description of where the key is.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PlaceError {
    /// The description cannot be meant.
    #[error("the place of a key is described wrongly: {0}")]
    Invalid(String),
    /// A PIN, token or access key is not where the description says.
    #[error("{0}, which holds a secret that a key needs, is missing or empty")]
    SecretMissing(String),
    /// The PKCS#11 module does not load.
    #[error("the PKCS#11 module {0} does not load: {1}")]
    ModuleMissing(PathBuf, String),
    /// Others could put their code into the signer.
    #[error("{0}, which leads to the PKCS#11 module, can be written by others than root and this user")]
    ModuleWritable(PathBuf),
    /// No token of that name is there.
    #[error("the token {0} is not there")]
    TokenMissing(String),
    /// The token refused the PIN.
    #[error("the token {0} refused the PIN; it was tried once and will not be tried again")]
    PinWrong(String),
    /// One more wrong PIN would lock the token.
    #[error("the token {0} allows only one more try of the PIN; it is not used up")]
    PinFinalTry(String),
    /// Too many wrong PINs were given before.
    #[error("the PIN of the token {0} is locked")]
    PinLocked(String),
    /// A call of the module failed.
    #[error("the token {token} does not sign: {why}")]
    Token {
        /// Which token.
        token: String,
        /// Call and code.
        why: String,
    },
    /// There is no such key.
    #[error("there is no key {0}")]
    NotFound(String),
    /// Several tokens or keys fit the description.
    #[error("several fit the description {0}")]
    Ambiguous(String),
    /// A key was to be made that is there already.
    #[error("the key {0} is there already; it is left as it is")]
    Exists(String),
    /// The private key can leave its place.
    #[error("the private key {0} can be exported from where it lives")]
    Exportable(String),
    /// The key is of another algorithm, or may not sign.
    #[error("the key {key} cannot be used: {why}")]
    Unsuitable {
        /// Which key.
        key: String,
        /// Why.
        why: String,
    },
    /// The public key is another one than expected.
    #[error("the key {0} is not the expected one")]
    Mismatch(String),
    /// A signature came back that the pinned public key does not verify. It is not handed out.
    #[error("the key {0} answered with a signature that is not its own; it was thrown away")]
    ForeignSignature(String),
    /// No answer.
    #[error("{service} cannot be reached: {why}")]
    Unreachable {
        /// Which service.
        service: String,
        /// Why.
        why: String,
    },
    /// The service said no.
    #[error("{service} refuses: {why}")]
    Denied {
        /// Which service.
        service: String,
        /// What it says.
        why: String,
    },
    /// The service said what it should not.
    #[error("{service} gave an answer that makes no sense: {why}")]
    Answer {
        /// Which service.
        service: String,
        /// What is wrong.
        why: String,
    },
}

/// Code, exit status, hint.
pub(crate) type About = (&'static str, Exit, &'static str);

/// Every code.
const ABOUT: [About; 19] = [
    ("key-place-invalid", Exit::Input, "docs/keys.md shows how the place of a key is described"),
    ("key-secret-missing", Exit::Input, "set the variable, or put the secret into the file (chmod 600)"),
    (
        "key-hsm-module-missing",
        Exit::Environment,
        "install the module of the token's maker and give its absolute path",
    ),
    ("key-hsm-module-writable", Exit::Environment, "chown root and chmod go-w, or use a module elsewhere"),
    (
        "key-hsm-token-missing",
        Exit::Environment,
        "plug it in; `pkcs11-tool --module MODULE -T` lists what is there",
    ),
    (
        "key-hsm-pin-wrong",
        Exit::Input,
        "correct the PIN before the next try: tokens lock after a few wrong ones",
    ),
    (
        "key-hsm-pin-final-try",
        Exit::Environment,
        "log in once by the token's own tool, which resets the counter",
    ),
    ("key-hsm-pin-locked", Exit::Environment, "the security officer of the token can set a new PIN"),
    ("key-hsm-failed", Exit::Environment, "look at the token with the tools of its maker, then try again"),
    (
        "key-not-found",
        Exit::Input,
        "compare label, id, name and version with what the token or service lists",
    ),
    ("key-ambiguous", Exit::Input, "name the token by its serial number, and the key by label and id"),
    ("key-exists", Exit::Input, "choose another label or id, or use the key that is there"),
    (
        "key-exportable",
        Exit::Input,
        "make the key where it shall live, so that it cannot leave, or say allow_exportable",
    ),
    ("key-unsuitable", Exit::Input, "use an EC P-256 or Ed25519 key that may sign"),
    (
        "key-mismatch",
        Exit::Integrity,
        "somebody replaced the key, or the place names another one: do not sign with it",
    ),
    (
        "key-signature-foreign",
        Exit::Integrity,
        "somebody sits between here and the key, or replaced it: do not sign with it",
    ),
    (
        "key-service-unreachable",
        Exit::Environment,
        "check address, network and certificate of the service, then try again",
    ),
    (
        "key-service-denied",
        Exit::Environment,
        "renew the credentials, or let them read the public key and sign with it",
    ),
    ("key-service-answer", Exit::Environment, "check that the address is that of the key service"),
];

/// What is known about an error by its code, also on the other side of the signer's connection.
pub(crate) fn about(code: &str) -> Option<&'static About> {
    ABOUT.iter().find(|about| about.0 == code)
}

/// A foreign text, shortened and without control characters, so that it cannot forge lines.
pub fn repeated(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(REPEATED).collect()
}

impl UserError for PlaceError {
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "key-place-invalid",
            Self::SecretMissing(_) => "key-secret-missing",
            Self::ModuleMissing(..) => "key-hsm-module-missing",
            Self::ModuleWritable(_) => "key-hsm-module-writable",
            Self::TokenMissing(_) => "key-hsm-token-missing",
            Self::PinWrong(_) => "key-hsm-pin-wrong",
            Self::PinFinalTry(_) => "key-hsm-pin-final-try",
            Self::PinLocked(_) => "key-hsm-pin-locked",
            Self::Token { .. } => "key-hsm-failed",
            Self::NotFound(_) => "key-not-found",
            Self::Ambiguous(_) => "key-ambiguous",
            Self::Exists(_) => "key-exists",
            Self::Exportable(_) => "key-exportable",
            Self::Unsuitable { .. } => "key-unsuitable",
            Self::Mismatch(_) => "key-mismatch",
            Self::ForeignSignature(_) => "key-signature-foreign",
            Self::Unreachable { .. } => "key-service-unreachable",
            Self::Denied { .. } => "key-service-denied",
            Self::Answer { .. } => "key-service-answer",
        }
    }

    fn hint(&self) -> Option<String> {
        about(self.code()).map(|about| about.2.to_owned())
    }

    fn exit(&self) -> Exit {
        about(self.code()).map_or(Exit::Environment, |about| about.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `docs/keys.md` says the same, and nothing more.
    #[test]
    fn the_documentation_names_every_error_with_its_status() {
        let text = include_str!("../../../../../docs/keys.md");
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `key-")?.split_once("` | "));
        let documented: Vec<_> =
            rows.map(|(code, rest)| (format!("key-{code}"), rest[..1].to_owned())).collect();
        let known: Vec<_> =
            ABOUT.iter().map(|about| (about.0.to_owned(), about.1.code().to_string())).collect();
        assert_eq!(documented, known);
    }

    #[test]
    fn foreign_texts_stay_one_short_line() {
        let text = repeated(&("a\nb\u{1b}[31m".to_owned() + &"c".repeat(1000)));
        assert!(text.starts_with("ab[31mc") && text.len() == REPEATED);
    }
}
