//! A file whose readable part is authenticated and whose secret part is encrypted.
//!
//! Everything in the file is either the ciphertext or authenticated with it (AES-256-GCM, the readable
//! part as associated data), so any changed byte is noticed when it is opened.

use std::{num::NonZeroU32, path::Path};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{
    KeyError, Unlock,
    files::{read_private, write_private},
    random,
};
use crate::{b64, json};

/// PBKDF2 iterations of new files (OWASP's figure for HMAC-SHA256).
const ITERATIONS: u32 = 600_000;
/// What a changed file may ask for at most, so that opening it ends.
const MAX_ITERATIONS: u32 = 10_000_000;

/// A secret; PKCS#8 or nothing.
pub type Secret = Zeroizing<Vec<u8>>;

/// A sealed file as read.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sealed<H> {
    /// The readable part.
    #[serde(flatten)]
    pub header: H,
    lock: Lock,
    #[serde(with = "b64")]
    nonce: Vec<u8>,
    #[serde(with = "b64")]
    sealed: Vec<u8>,
}

/// How the key of a file is derived.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    unlock: String,
    #[serde(with = "b64")]
    salt: Vec<u8>,
    iterations: NonZeroU32,
}

/// What opens and closes one file.
pub struct FileKey {
    lock: Lock,
    key: Zeroizing<[u8; 32]>,
}

impl FileKey {
    /// For a new file.
    pub fn new(unlock: &Unlock) -> Result<Self, KeyError> {
        let lock = Lock {
            unlock: unlock.kind().to_owned(),
            salt: random::<16>()?.to_vec(),
            iterations: NonZeroU32::new(ITERATIONS).unwrap_or(NonZeroU32::MIN),
        };
        let key = unlock.derive(&lock.salt, lock.iterations, true)?;
        Ok(Self { lock, key })
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, KeyError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.key.as_slice()).map_err(|_| KeyError::Crypto)
    }
}

impl<H: Serialize + DeserializeOwned> Sealed<H> {
    /// Reads a file; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        let Some(bytes) = read_private(path)? else { return Ok(None) };
        let parsed = json::parse(&bytes, bytes.len());
        parsed.map(Some).map_err(|problem| KeyError::Damaged(path.to_owned(), problem.to_string()))
    }

    /// Derives what opens it.
    pub fn key(&self, path: &Path, unlock: &Unlock) -> Result<FileKey, KeyError> {
        let Lock { unlock: expected, salt, iterations } = &self.lock;
        if *expected != unlock.kind() {
            return Err(KeyError::UnlockKind { expected: expected.clone(), given: unlock.kind() });
        }
        if iterations.get() > MAX_ITERATIONS || salt.len() != 16 {
            return Err(KeyError::Damaged(path.to_owned(), "its key derivation is out of bounds".into()));
        }
        Ok(FileKey { lock: self.lock.clone(), key: unlock.derive(salt, *iterations, false)? })
    }

    /// The secrets, in the order in which they were sealed.
    pub fn open(&self, path: &Path, key: &FileKey) -> Result<Vec<Secret>, KeyError> {
        let damaged = |why: &str| KeyError::Damaged(path.to_owned(), why.to_owned());
        let nonce = Nonce::try_assume_unique_for_key(&self.nonce).map_err(|_| damaged("its nonce"))?;
        let mut secret = Zeroizing::new(self.sealed.clone());
        let opened = key.cipher()?.open_in_place(nonce, associated(&self.header, &self.lock), &mut secret);
        let length = opened.map_err(|_| KeyError::Sealed(path.to_owned()))?.len();
        secret.truncate(length);
        let (mut secrets, mut rest) = (Vec::new(), secret.as_slice());
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (one, after) =
                after.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(KeyError::Crypto)?;
            secrets.push(Zeroizing::new(one.to_vec()));
            rest = after;
        }
        Ok(secrets)
    }
}

/// Writes a file completely or not at all. The caller holds the lock of its folder.
pub fn write<H: Serialize>(
    path: &Path,
    header: H,
    secrets: &[Secret],
    key: &FileKey,
) -> Result<(), KeyError> {
    let room = secrets.iter().map(|secret| secret.len() + 4).sum::<usize>() + 16;
    let mut sealed = Zeroizing::new(Vec::with_capacity(room));
    for secret in secrets {
        sealed.extend_from_slice(&(secret.len() as u32).to_be_bytes());
        sealed.extend_from_slice(secret);
    }
    let nonce = key.cipher()?.seal_in_place_append_tag(associated(&header, &key.lock), &mut *sealed);
    let nonce = nonce.map_err(|_| KeyError::Crypto)?.as_ref().to_vec();
    let file = Sealed { header, lock: key.lock.clone(), nonce, sealed: sealed.to_vec() };
    write_private(path, &serde_json::to_vec_pretty(&file).map_err(|_| KeyError::Crypto)?)
}

fn associated<H: Serialize>(header: &H, lock: &Lock) -> Aad<Vec<u8>> {
    // Strings and numbers only: writing them to memory cannot fail.
    Aad::from(serde_json::to_vec(&(header, lock)).unwrap_or_default())
}
