//! Where the key that decrypts the vault comes from.

use std::{
    ffi::OsString,
    num::NonZeroU32,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use aws_lc_rs::{hkdf, pbkdf2};
use zeroize::Zeroizing;

use super::{
    KeyError,
    files::{read_private, write_private},
};
use crate::b64;

const PASSPHRASE: &str = "PROOFHOUSE_PASSPHRASE";
const PASSPHRASE_FILE: &str = "PROOFHOUSE_PASSPHRASE_FILE";
const UNLOCK_KEY_FILE: &str = "PROOFHOUSE_UNLOCK_KEY_FILE";
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// Name of a service credential that holds the passphrase.
const CREDENTIAL: &str = "proofhouse-passphrase";

/// Environment variables that [`Unlock::from_env`] looks at; the only ones a signer process inherits.
pub const UNLOCK_VARIABLES: [&str; 4] = [PASSPHRASE, PASSPHRASE_FILE, UNLOCK_KEY_FILE, CREDENTIALS];

/// How the vault is unlocked.
pub enum Unlock {
    /// A file with 32 random bytes in base64, made on first use.
    MachineKey(PathBuf),
    /// A passphrase.
    Passphrase(Zeroizing<Vec<u8>>),
}

impl Unlock {
    /// From the environment, else the machine key `unlock.key` in the folder of the vault.
    ///
    /// # Errors
    /// A file that was named cannot be read, or is empty.
    pub fn from_env(get: &dyn Fn(&str) -> Option<OsString>, keys: &Path) -> Result<Self, KeyError> {
        if let Some(passphrase) = get(PASSPHRASE) {
            return Self::passphrase(Zeroizing::new(passphrase.into_vec()));
        }
        let credential = get(CREDENTIALS).map(|dir| PathBuf::from(dir).join(CREDENTIAL));
        let file = get(PASSPHRASE_FILE).map(PathBuf::from).or(credential.filter(|file| file.exists()));
        if let Some(file) = file {
            let text = read_private(&file)?.ok_or_else(|| KeyError::UnlockMissing(file.clone()))?;
            let end = text.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |n| n + 1);
            return Self::passphrase(Zeroizing::new(text[..end].to_vec()));
        }
        let file = get(UNLOCK_KEY_FILE).map_or_else(|| keys.join("unlock.key"), PathBuf::from);
        Ok(Self::MachineKey(file))
    }

    fn passphrase(text: Zeroizing<Vec<u8>>) -> Result<Self, KeyError> {
        if text.is_empty() { Err(KeyError::PassphraseEmpty) } else { Ok(Self::Passphrase(text)) }
    }

    /// Name in the vault file.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::MachineKey(_) => "machine-key-hkdf-sha256",
            Self::Passphrase(_) => "passphrase-pbkdf2-hmac-sha256",
        }
    }

    /// Derives the key-encryption key. `create` allows a new machine key to be made.
    pub(super) fn derive(
        &self,
        salt: &[u8],
        iterations: NonZeroU32,
        create: bool,
    ) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let mut key = Zeroizing::new([0; 32]);
        match self {
            Self::Passphrase(text) => {
                pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, text, key.as_mut_slice());
            }
            Self::MachineKey(path) => {
                let secret = machine_key(path, create)?;
                let expanded = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&secret);
                let info: [&[u8]; 1] = [b"proofhouse vault v1"];
                let okm = expanded.expand(&info, hkdf::HKDF_SHA256).map_err(|_| KeyError::Crypto)?;
                okm.fill(key.as_mut_slice()).map_err(|_| KeyError::Crypto)?;
            }
        }
        Ok(key)
    }
}

fn machine_key(path: &Path, create: bool) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    match read_private(path)? {
        Some(text) => {
            let text = str::from_utf8(&text).unwrap_or_default();
            let key = b64::decode(text.strip_suffix('\n').unwrap_or(text))
                .map(Zeroizing::new)
                .filter(|key| key.len() == 32);
            key.ok_or_else(|| KeyError::Damaged(path.to_owned(), "it is not 32 bytes in base64".into()))
        }
        None if create => {
            let key = Zeroizing::new(super::random::<32>()?.to_vec());
            write_private(path, Zeroizing::new(b64::encode(&key) + "\n").as_bytes())?;
            Ok(key)
        }
        None => Err(KeyError::UnlockMissing(path.to_owned())),
    }
}
