//! Access tokens for programs, kept as digests in `tokens.json`, written by the command line and the server, and
//! read at each request that shows one, so that revoking works at once.

use std::path::Path;

use model::{Exit, Role, Sha256, Timestamp, UserError};
use serde::{Deserialize, Serialize};

use super::{
    file::{Entry, FileError, StateFile},
    token,
};

/// Longest name.
const LONGEST_NAME: usize = 100;
/// Most tokens of one person.
const MOST_OF_ONE: usize = 100;

/// Why tokens could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// An empty or too long name, or one with control characters.
    #[error("a token's name has 1 to {LONGEST_NAME} printable characters")]
    Name,
    /// There is a token of this name.
    #[error("there already is a token called `{0}`")]
    Taken(String),
    /// Somebody has very many.
    #[error("there are {MOST_OF_ONE} tokens of `{0}` already")]
    TooMany(String),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] token::NoRandom),
}

impl UserError for TokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Name => "token-name",
            Self::Taken(_) => "token-name-taken",
            Self::TooMany(_) => "token-too-many",
            Self::Random(_) => "token-random",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Taken(_) => Some("choose another name, or revoke that one first".into()),
            Self::TooMany(_) => Some("revoke those that are not used".into()),
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Name | Self::Taken(_) | Self::TooMany(_) => Exit::Input,
            _ => Exit::Environment,
        }
    }
}

/// What a token may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenScope {
    /// Roles.
    pub roles: Vec<Role>,
    /// Projects, by name; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<String>,
    /// The person whose rights it can never exceed; absent: made on the command line, by whoever holds the
    /// installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// What is known of a token; the token itself is shown once and never kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenInfo {
    /// For revoking: the first 12 hex digits of the digest.
    pub id: String,
    /// Given by whoever made it.
    pub name: String,
    /// SHA-256 of the token.
    pub digest: Sha256,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What it may do; absent (made before there were roles): see everything and do nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<TokenScope>,
}

impl TokenInfo {
    fn is_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }

    /// The person whose token it is.
    pub(crate) fn owner(&self) -> Option<&str> {
        self.scope.as_ref()?.owner.as_deref()
    }
}

impl Entry for TokenInfo {
    const NAME: &'static str = "tokens";
    const CODES: [&'static str; 3] = ["token-io", "token-file-malformed", "token-file-exposed"];
}

/// The file of tokens.
#[derive(Clone, Debug)]
pub struct TokenFile(StateFile<TokenInfo>);

impl TokenFile {
    /// `tokens.json` in the server's folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self(StateFile::in_folder(folder))
    }

    /// Makes a token; the second value is the token itself, to be shown once.
    ///
    /// # Errors
    /// `token-name`, `token-name-taken`, `token-too-many`, `token-random`, and those of the file.
    pub fn create(
        &self,
        name: &str,
        scope: Option<TokenScope>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(TokenInfo, String), TokenError> {
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(TokenError::Name);
        }
        let secret = token::generate()?;
        let digest = token::digest(&secret);
        let info =
            TokenInfo { id: digest.short(), name: name.to_owned(), digest, created: now, expires, scope };
        self.0.change(|tokens| {
            tokens.retain(|token| token.owner().is_none() || token.is_valid(now));
            let mut own = tokens.iter().filter(|token| token.owner() == info.owner());
            if own.any(|token| token.name == name) {
                return Err(TokenError::Taken(name.to_owned()));
            }
            let owner = info.owner().unwrap_or_default();
            if !owner.is_empty() && tokens.iter().filter(|t| t.owner() == Some(owner)).count() >= MOST_OF_ONE
            {
                return Err(TokenError::TooMany(owner.to_owned()));
            }
            tokens.push(info.clone());
            Ok(())
        })?;
        Ok((info, secret))
    }

    /// All tokens, oldest first, ended ones too.
    ///
    /// # Errors
    /// `token-io`, `token-file-malformed`, `token-file-exposed`.
    pub fn list(&self) -> Result<Vec<TokenInfo>, TokenError> {
        Ok(Vec::clone(&*self.0.list()?))
    }

    /// Removes the token with this id or name; `false` when there is none.
    ///
    /// # Errors
    /// Those of reading and writing the file.
    pub fn revoke(&self, id_or_name: &str) -> Result<bool, TokenError> {
        self.revoke_where(|token| token.id == id_or_name || token.name == id_or_name)
    }

    /// Removes tokens; `false` when there is none.
    pub(crate) fn revoke_where(&self, meant: impl Fn(&TokenInfo) -> bool) -> Result<bool, TokenError> {
        self.0.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|token| !meant(token));
            Ok(tokens.len() < before)
        })
    }

    /// The valid token with this secret.
    ///
    /// # Errors
    /// As [`TokenFile::list`].
    pub(crate) fn check(&self, secret: &str, now: Timestamp) -> Result<Option<TokenInfo>, TokenError> {
        if !token::well_formed(secret) {
            return Ok(None);
        }
        let digest = token::digest(secret);
        let same = |known: &TokenInfo| {
            aws_lc_rs::constant_time::verify_slices_are_equal(&known.digest.0, &digest.0).is_ok()
        };
        Ok(self.0.list()?.iter().find(|known| same(known) && known.is_valid(now)).cloned())
    }

    /// The valid token of this id.
    pub(crate) fn by_id(&self, id: &str, now: Timestamp) -> Result<Option<TokenInfo>, TokenError> {
        Ok(self.0.list()?.iter().find(|known| known.id == id && known.is_valid(now)).cloned())
    }

    /// Whether any token is valid.
    ///
    /// # Errors
    /// As [`TokenFile::list`].
    pub(crate) fn any_valid(&self, now: Timestamp) -> Result<bool, TokenError> {
        Ok(self.list()?.iter().any(|token| token.is_valid(now)))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_works_until_it_ends_or_is_revoked_and_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::in_folder(&folder.path().join("server"));
        let (now, end) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        let (info, secret) = file.create("laptop", None, Some(end), now).unwrap();
        assert_eq!(file.check(&secret, now).unwrap(), Some(info.clone()));
        assert_eq!(file.check(&secret, end).unwrap(), None);
        assert_eq!(file.create("laptop", None, None, now).unwrap_err().code(), "token-name-taken");
        let text = fs::read_to_string(file.0.path()).unwrap();
        assert!(!text.contains(&secret[3..20]) && text.contains("laptop"));
        assert_eq!(fs::metadata(file.0.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(file.revoke(&info.id).unwrap());
        assert!(!file.revoke(&info.id).unwrap());
        assert_eq!(file.check(&secret, now).unwrap(), None);
    }

    #[test]
    fn a_token_file_that_others_can_read_or_that_is_not_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::in_folder(folder.path());
        file.create("a", None, None, at("2026-01-01T00:00:00Z")).unwrap();
        fs::set_permissions(file.0.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(file.list().unwrap_err().code(), "token-file-exposed");
        fs::set_permissions(file.0.path(), fs::Permissions::from_mode(0o600)).unwrap();
        for bad in ["", "{", "[]", r#"{"version":2,"tokens":[]}"#, r#"{"version":1,"tokens":[{}]}"#] {
            fs::write(file.0.path(), bad).unwrap();
            assert_eq!(file.list().unwrap_err().code(), "token-file-malformed");
            assert!(file.create("b", None, None, at("2026-01-01T00:00:00Z")).is_err());
            assert_eq!(fs::read_to_string(file.0.path()).unwrap(), bad);
        }
    }
}
