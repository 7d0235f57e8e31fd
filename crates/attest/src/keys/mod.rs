//! Keys: public keys as documents carry them, signers, and the software vault.
//!
//! What the vault's encryption is worth, plainly: with a passphrase (`PROOFHOUSE_PASSPHRASE_FILE`, a
//! service credential, or `PROOFHOUSE_PASSPHRASE`) the key-encryption key is derived from it by
//! PBKDF2-HMAC-SHA256 and a thief of the disk has to guess. Without one, a random machine key in
//! `unlock.key` is used: it protects copies of `vault.json` that travel without it (backups,
//! screenshots, a folder shared by mistake) and nobody who can read both files. Point
//! `PROOFHOUSE_UNLOCK_KEY_FILE` at another disk or a credential to keep them apart.

mod error;
mod files;
mod public;
mod sealed;
pub mod signers;
mod unlock;
mod vault;
mod witness;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

pub(crate) use error::IO_HINT;
pub use error::KeyError;
pub(crate) use files::private_file;
pub use public::{Algorithm, BadKey, PublicKey};
pub use signers::Signer;
pub use unlock::{UNLOCK_VARIABLES, Unlock};
pub(crate) use vault::lock;
pub use vault::{Changed, Der, KeyRecord, NewKey, OVERLAP, Place, Purpose, Settings, Source, Vault};
pub use witness::WitnessSigner;

/// The certificates of a PEM file, DER, at most ten; `None` when something in it is none.
pub fn pem_certificates(text: &[u8]) -> Option<Vec<Der>> {
    let text = str::from_utf8(text).ok()?;
    let mut found = Vec::new();
    for part in text.split("-----BEGIN CERTIFICATE-----").skip(1).take(10) {
        let (inner, _) = part.split_once("-----END CERTIFICATE-----")?;
        found.push(Der(crate::b64::decode(&inner.split_whitespace().collect::<String>())?));
    }
    Some(found)
}

/// Random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| KeyError::Crypto)?;
    Ok(bytes)
}
