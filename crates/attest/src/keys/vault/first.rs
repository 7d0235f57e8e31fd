//! Reading vaults of the first version: the organisation key and the log key, nothing else.

use std::{num::NonZeroU32, path::Path};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    b64, json,
    keys::{KeyError, PublicKey, Unlock, files::read_private, sealed::Secret},
};

const MEDIA_TYPE: &str = "application/vnd.proofhouse.vault+json;version=1";

/// What it held.
pub(super) struct First {
    pub organisation: Secret,
    pub log: Secret,
    pub origin: String,
    pub created: Timestamp,
}

#[derive(Deserialize)]
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

/// Whether the file is of the first version.
pub(super) fn is_here(path: &Path) -> Result<bool, KeyError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Kind {
        media_type: String,
    }
    let Some(bytes) = read_private(path)? else { return Ok(false) };
    Ok(json::parse::<Kind>(&bytes, bytes.len()).is_ok_and(|kind| kind.media_type == MEDIA_TYPE))
}

/// Opens it.
pub(super) fn open(path: &Path, unlock: &Unlock) -> Result<First, KeyError> {
    let damaged = |why: String| KeyError::Damaged(path.to_owned(), why);
    let bytes = read_private(path)?.ok_or_else(|| damaged("it is gone".into()))?;
    let VaultFile { header, nonce, sealed } =
        json::parse(&bytes, bytes.len()).map_err(|problem| damaged(problem.to_string()))?;
    if header.unlock != unlock.kind() {
        return Err(KeyError::UnlockKind { expected: header.unlock, given: unlock.kind() });
    }
    if header.iterations.get() > 10_000_000 || header.salt.len() != 16 {
        return Err(damaged("its key derivation is out of bounds".into()));
    }
    let key = unlock.derive(&header.salt, header.iterations, false)?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| KeyError::Crypto)?;
    let nonce = Nonce::try_assume_unique_for_key(&nonce).map_err(|_| damaged("its nonce".into()))?;
    let mut sealed = Zeroizing::new(sealed);
    let associated = Aad::from(serde_json::to_vec(&header).map_err(|_| KeyError::Crypto)?);
    let secret = key.open_in_place(nonce, associated, &mut sealed);
    let secret = secret.map_err(|_| KeyError::Sealed(path.to_owned()))?;
    let (length, rest) = secret.split_first_chunk::<4>().ok_or(KeyError::Crypto)?;
    let (organisation, log) =
        rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(KeyError::Crypto)?;
    let keep = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    Ok(First {
        organisation: keep(organisation),
        log: keep(log),
        origin: header.origin,
        created: header.created,
    })
}
