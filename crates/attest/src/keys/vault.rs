//! The software vault: both private keys in one encrypted file, `vault.json`.
//!
//! Everything in the file is either the ciphertext or authenticated with it (AES-256-GCM, the header
//! as associated data), so any changed byte is noticed when it is opened.

use std::{
    fs::File,
    io,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    rand::{SecureRandom, SystemRandom},
};
use model::{Exit, Timestamp, UserError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    Algorithm, PublicKey, Signer, Unlock,
    files::{private_dir, private_file, read_private, write_private},
    signers::software,
};
use crate::{b64, json, log::NoteKey};

const MEDIA_TYPE: &str = "application/vnd.proofhouse.vault+json;version=1";
/// PBKDF2 iterations of new vaults (OWASP's figure for HMAC-SHA256).
const ITERATIONS: u32 = 600_000;
/// What a changed file may ask for at most, so that opening it ends.
const MAX_ITERATIONS: u32 = 10_000_000;

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A private file or folder can be read by others.
    #[error("{0} can be used by others (mode {1:03o})")]
    Permissions(PathBuf, u32),
    /// The vault exists, but not what unlocks it.
    #[error("{0}, which unlocks the key vault, is missing")]
    UnlockMissing(PathBuf),
    /// The vault is unlocked in another way than asked.
    #[error("the key vault is unlocked by {expected}, not by {given}")]
    UnlockKind {
        /// What the file says.
        expected: String,
        /// What was given.
        given: &'static str,
    },
    /// A passphrase of no bytes.
    #[error("the passphrase is empty")]
    PassphraseEmpty,
    /// The file does not decrypt: changed, or the wrong passphrase or machine key.
    #[error("{0} does not open: it was changed, or this is not the passphrase or key it was made with")]
    Sealed(PathBuf),
    /// The file is not what it should be.
    #[error("{0} is damaged: {1}")]
    Damaged(PathBuf, String),
    /// Reading or writing failed.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] io::Error),
    /// The cryptographic library refused; it does not say why.
    #[error("a cryptographic operation failed")]
    Crypto,
}

impl UserError for KeyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Permissions(..) => "key-permissions",
            Self::UnlockMissing(_) => "key-unlock-missing",
            Self::UnlockKind { .. } => "key-unlock-kind",
            Self::PassphraseEmpty => "key-passphrase-empty",
            Self::Sealed(_) => "key-vault-sealed",
            Self::Damaged(..) => "key-file-damaged",
            Self::Io(..) => "key-io",
            Self::Crypto => "key-crypto",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Permissions(path, _) => format!("run: chmod go= {}", path.display()),
            Self::UnlockMissing(_) => "restore it from a backup; without it the keys are lost".into(),
            Self::UnlockKind { .. } | Self::PassphraseEmpty => {
                "set PROOFHOUSE_PASSPHRASE_FILE as when the vault was made, or unset it".into()
            }
            Self::Sealed(_) | Self::Damaged(..) => "restore the keys folder from a backup".into(),
            Self::Io(..) | Self::Crypto => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Sealed(_) | Self::Damaged(..) => Exit::Integrity,
            Self::PassphraseEmpty | Self::UnlockKind { .. } => Exit::Input,
            _ => Exit::Environment,
        }
    }
}

/// The opened vault. Only the signer process has one.
pub struct Vault {
    /// The organisation key: signs statements.
    pub organisation: Box<dyn Signer>,
    /// The log key: signs checkpoints.
    pub log: Box<dyn Signer>,
    /// Name of the log.
    pub origin: String,
    /// When the keys were made.
    pub created: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VaultFile {
    #[serde(flatten)]
    header: Header,
    #[serde(with = "b64")]
    nonce: Vec<u8>,
    #[serde(with = "b64")]
    sealed: Vec<u8>,
}

/// The readable part; associated data of the encryption.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    media_type: String,
    created: Timestamp,
    origin: String,
    unlock: String,
    #[serde(with = "b64")]
    salt: Vec<u8>,
    iterations: NonZeroU32,
    organisation: PublicKey,
    log: PublicKey,
}

impl Header {
    fn aad(&self) -> Aad<Vec<u8>> {
        // Strings and numbers only: writing them to memory cannot fail.
        Aad::from(serde_json::to_vec(self).unwrap_or_default())
    }
}

impl Vault {
    /// Opens the vault in `dir`, making it on first use. When several processes do this at once,
    /// one makes the keys and the others open them. `true`: they were made now.
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn open_or_create(dir: &Path, unlock: &Unlock, now: Timestamp) -> Result<(Self, bool), KeyError> {
        private_dir(dir)?;
        let _lock = lock(dir)?;
        match Self::open(dir, unlock)? {
            Some(vault) => Ok((vault, false)),
            None => Ok((Self::create(dir, unlock, now)?, true)),
        }
    }

    /// Verifier of the checkpoints.
    pub fn note_key(&self) -> NoteKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.log.public_key().raw());
        NoteKey { name: self.origin.clone(), key }
    }

    fn open(dir: &Path, unlock: &Unlock) -> Result<Option<Self>, KeyError> {
        let path = dir.join("vault.json");
        let Some(bytes) = read_private(&path)? else { return Ok(None) };
        let damaged = |why: String| KeyError::Damaged(path.clone(), why);
        let VaultFile { header, nonce, mut sealed } =
            json::parse(&bytes, bytes.len()).map_err(|problem| damaged(problem.to_string()))?;
        if header.media_type != MEDIA_TYPE {
            return Err(damaged(format!("its media type is {}", header.media_type)));
        }
        if header.unlock != unlock.kind() {
            return Err(KeyError::UnlockKind { expected: header.unlock, given: unlock.kind() });
        }
        if header.iterations.get() > MAX_ITERATIONS || header.salt.len() != 16 {
            return Err(damaged("its key derivation is out of bounds".into()));
        }
        let key = unlock.derive(&header.salt, header.iterations, false)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| KeyError::Crypto)?;
        let nonce = Nonce::try_assume_unique_for_key(&nonce).map_err(|_| damaged("its nonce".into()))?;
        let opened = key.open_in_place(nonce, header.aad(), &mut sealed);
        let length = opened.map_err(|_| KeyError::Sealed(path.clone()))?.len();
        let mut secret = Zeroizing::new(sealed);
        secret.truncate(length);
        let (organisation, log) = open_pair(&secret)?;
        if *organisation.public_key() != header.organisation || *log.public_key() != header.log {
            return Err(damaged("its public keys are not those of its private keys".into()));
        }
        Ok(Some(Self { organisation, log, origin: header.origin, created: header.created }))
    }

    fn create(dir: &Path, unlock: &Unlock, now: Timestamp) -> Result<Self, KeyError> {
        let make = |algorithm| (software(algorithm).ok_or(KeyError::Crypto)?.generate)();
        let (organisation, log) = (make(Algorithm::EcdsaP256)?, make(Algorithm::Ed25519)?);
        let length = (organisation.len() as u32).to_be_bytes();
        let mut secret = Zeroizing::new(Vec::with_capacity(4 + organisation.len() + log.len() + 16));
        secret.extend_from_slice(&length);
        secret.extend_from_slice(&organisation);
        secret.extend_from_slice(&log);
        let (organisation, log) = open_pair(&secret)?;
        let header = Header {
            media_type: MEDIA_TYPE.to_owned(),
            created: now,
            origin: format!("log-{}.proofhouse.internal", log.public_key().fingerprint().short()),
            unlock: unlock.kind().to_owned(),
            salt: random::<16>()?.to_vec(),
            iterations: NonZeroU32::new(ITERATIONS).unwrap_or(NonZeroU32::MIN),
            organisation: organisation.public_key().clone(),
            log: log.public_key().clone(),
        };
        let key = unlock.derive(&header.salt, header.iterations, true)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| KeyError::Crypto)?;
        let nonce = key.seal_in_place_append_tag(header.aad(), &mut *secret).map_err(|_| KeyError::Crypto)?;
        let vault = Self { organisation, log, origin: header.origin.clone(), created: header.created };
        let file = VaultFile { header, nonce: nonce.as_ref().to_vec(), sealed: secret.to_vec() };
        let text = serde_json::to_vec_pretty(&file).map_err(|_| KeyError::Crypto)?;
        write_private(&dir.join("vault.json"), &text)?;
        Ok(vault)
    }
}

/// Organisation and log signer.
type Pair = (Box<dyn Signer>, Box<dyn Signer>);

/// Both signers from `u32 length, organisation PKCS#8, log PKCS#8`.
fn open_pair(secret: &[u8]) -> Result<Pair, KeyError> {
    let (length, rest) = secret.split_first_chunk::<4>().ok_or(KeyError::Crypto)?;
    let length = u32::from_be_bytes(*length) as usize;
    let (organisation, log) = rest.split_at_checked(length).ok_or(KeyError::Crypto)?;
    let open = |algorithm, pkcs8| (software(algorithm).ok_or(KeyError::Crypto)?.open)(pkcs8);
    Ok((open(Algorithm::EcdsaP256, organisation)?, open(Algorithm::Ed25519, log)?))
}

/// Takes the lock of the keys folder; it is released when the file is dropped.
pub(crate) fn lock(dir: &Path) -> Result<File, KeyError> {
    let path = dir.join("lock");
    let file = private_file(&path)?;
    file.lock().map_err(|error| KeyError::Io(path, error))?;
    Ok(file)
}

/// Random bytes of the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError::Crypto)?;
    Ok(bytes)
}
