//! Access tokens for programs, kept as digests in `tokens.json` (0600), written by the command line and
//! read by the server at each request that shows one, so that revoking works at once.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use model::{Exit, Sha256, Timestamp, UserError};
use serde::{Deserialize, Serialize};

use super::token;

/// Largest token file that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// Longest name.
const LONGEST_NAME: usize = 100;

/// Why tokens could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// File system.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Not written by this program.
    #[error("{path} is not a token file: {why}")]
    Malformed {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// Others can read it.
    #[error("{path} can be read or written by others")]
    Exposed {
        /// The file.
        path: String,
    },
    /// An empty or too long name, or one with control characters.
    #[error("a token's name has 1 to {LONGEST_NAME} printable characters")]
    Name,
    /// There is a token of this name.
    #[error("there already is a token called `{0}`")]
    Taken(String),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] token::NoRandom),
}

impl UserError for TokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "token-io",
            Self::Malformed { .. } => "token-file-malformed",
            Self::Exposed { .. } => "token-file-exposed",
            Self::Name => "token-name",
            Self::Taken(_) => "token-name-taken",
            Self::Random(_) => "token-random",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Malformed { path, .. } => Some(format!("move {path} away and create new tokens")),
            Self::Exposed { path } => Some(format!("run `chmod 600 {path}`; revoke the tokens if unsure")),
            Self::Taken(_) => Some("choose another name, or revoke that one first".into()),
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Name | Self::Taken(_) => Exit::Input,
            _ => Exit::Environment,
        }
    }
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
}

impl TokenInfo {
    fn is_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    tokens: Vec<TokenInfo>,
}

/// The file of tokens.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// `tokens.json` in the server's folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("tokens.json") }
    }

    /// Makes a token; the second value is the token itself, to be shown once.
    ///
    /// # Errors
    /// `token-name`, `token-name-taken`, `token-random`, and those of reading and writing the file.
    pub fn create(
        &self,
        name: &str,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(TokenInfo, String), TokenError> {
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(TokenError::Name);
        }
        let secret = token::generate()?;
        let digest = token::digest(&secret);
        let info = TokenInfo { id: digest.short(), name: name.to_owned(), digest, created: now, expires };
        self.change(|tokens| {
            if tokens.iter().any(|token| token.name == name) {
                return Err(TokenError::Taken(name.to_owned()));
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
        match self.open()? {
            Some(file) => self.read(file),
            None => Ok(Vec::new()),
        }
    }

    /// Removes the token with this id or name; `false` when there is none.
    ///
    /// # Errors
    /// Those of reading and writing the file.
    pub fn revoke(&self, id_or_name: &str) -> Result<bool, TokenError> {
        let mut found = false;
        self.change(|tokens| {
            let before = tokens.len();
            tokens.retain(|token| token.id != id_or_name && token.name != id_or_name);
            found = tokens.len() < before;
            Ok(())
        })?;
        Ok(found)
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
        Ok(self.list()?.into_iter().find(|known| same(known) && known.is_valid(now)))
    }

    /// Whether any token is valid.
    ///
    /// # Errors
    /// As [`TokenFile::list`].
    pub(crate) fn any_valid(&self, now: Timestamp) -> Result<bool, TokenError> {
        Ok(self.list()?.iter().any(|token| token.is_valid(now)))
    }

    fn open(&self) -> Result<Option<fs::File>, TokenError> {
        match fs::File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.io(error)),
        }
    }

    fn read(&self, file: fs::File) -> Result<Vec<TokenInfo>, TokenError> {
        let path = || self.path.display().to_string();
        let meta = file.metadata().map_err(|error| self.io(error))?;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(TokenError::Exposed { path: path() });
        }
        if meta.len() > LARGEST {
            return Err(TokenError::Malformed { path: path(), why: "it is too large".into() });
        }
        let wire: Wire = serde_json::from_reader(io::BufReader::new(io::Read::take(file, LARGEST)))
            .map_err(|error| TokenError::Malformed { path: path(), why: error.to_string() })?;
        match wire.version {
            1 => Ok(wire.tokens),
            other => Err(TokenError::Malformed { path: path(), why: format!("version {other} is unknown") }),
        }
    }

    /// Changes the file under a lock: written beside, made durable, put in its place.
    fn change(
        &self,
        change: impl FnOnce(&mut Vec<TokenInfo>) -> Result<(), TokenError>,
    ) -> Result<(), TokenError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let io = |error| self.io(error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let private = |path: &Path| {
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600).open(path)
        };
        let lock = private(&folder.join("tokens.lock")).map_err(io)?;
        lock.lock().map_err(io)?;
        let mut tokens = self.list()?;
        change(&mut tokens)?;
        let bytes = serde_json::to_vec_pretty(&Wire { version: 1, tokens }).map_err(|e| io(e.into()))?;
        let beside = folder.join("tokens.json.new");
        let mut file = private(&beside).map_err(io)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(io)?;
        fs::rename(&beside, &self.path).map_err(io)?;
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)
    }

    fn io(&self, source: io::Error) -> TokenError {
        TokenError::Io { path: self.path.display().to_string(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_works_until_it_ends_or_is_revoked_and_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::in_folder(&folder.path().join("server"));
        let (now, end) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        let (info, secret) = file.create("laptop", Some(end), now).unwrap();
        assert_eq!(file.check(&secret, now).unwrap(), Some(info.clone()));
        assert_eq!(file.check(&secret, end).unwrap(), None);
        assert_eq!(file.create("laptop", None, now).unwrap_err().code(), "token-name-taken");
        let text = fs::read_to_string(&file.path).unwrap();
        assert!(!text.contains(&secret[3..20]) && text.contains("laptop"));
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(file.revoke(&info.id).unwrap());
        assert!(!file.revoke(&info.id).unwrap());
        assert_eq!(file.check(&secret, now).unwrap(), None);
    }

    #[test]
    fn a_token_file_that_others_can_read_or_that_is_not_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::in_folder(folder.path());
        file.create("a", None, at("2026-01-01T00:00:00Z")).unwrap();
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(file.list().unwrap_err().code(), "token-file-exposed");
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o600)).unwrap();
        for bad in ["", "{", "[]", r#"{"version":2,"tokens":[]}"#, r#"{"version":1,"tokens":[{}]}"#] {
            fs::write(&file.path, bad).unwrap();
            assert_eq!(file.list().unwrap_err().code(), "token-file-malformed");
            assert!(file.create("b", None, at("2026-01-01T00:00:00Z")).is_err());
            assert_eq!(fs::read_to_string(&file.path).unwrap(), bad);
        }
    }
}
