//! Ed25519 (RFC 8032): the key of the log.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use zeroize::Zeroizing;

use super::{Signer, Software};
use crate::keys::{Algorithm, KeyError, PublicKey};

pub(super) const SOFTWARE: Software = Software { algorithm: Algorithm::Ed25519, generate, open };

struct Ed25519 {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl Signer for Ed25519 {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.pair.try_sign(message).map_err(|_| KeyError::Crypto)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::Crypto)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

fn open(pkcs8: &[u8]) -> Result<Box<dyn Signer>, KeyError> {
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Crypto)?;
    let public = PublicKey::from_raw(Algorithm::Ed25519, pair.public_key().as_ref());
    let public = public.map_err(|_| KeyError::Crypto)?;
    Ok(Box::new(Ed25519 { pair, public }))
}
