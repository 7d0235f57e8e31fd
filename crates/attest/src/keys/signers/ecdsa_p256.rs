//! ECDSA on P-256 with SHA-256, ASN.1 DER signatures (FIPS 186-5): every key but that of the log.

use aws_lc_rs::{
    digest::{Digest, SHA256},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use model::Sha256;
use zeroize::Zeroizing;

use super::{Signer, Software};
use crate::keys::{Algorithm, KeyError, PublicKey};

pub(super) const SOFTWARE: Software = Software { algorithm: Algorithm::EcdsaP256, generate, open };

struct EcdsaP256 {
    pair: EcdsaKeyPair,
    public: PublicKey,
    random: SystemRandom,
}

impl Signer for EcdsaP256 {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.pair.sign(&self.random, message).map_err(|_| KeyError::Crypto)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn generate() -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
    Ok(Zeroizing::new(document.map_err(|_| KeyError::Crypto)?.as_ref().to_vec()))
}

fn open(pkcs8: &[u8]) -> Result<Box<dyn Signer>, KeyError> {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8);
    Ok(Box::new(EcdsaP256::new(pair.map_err(|_| KeyError::Crypto)?)?))
}

impl EcdsaP256 {
    fn new(pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_raw(Algorithm::EcdsaP256, pair.public_key().as_ref());
        let public = public.map_err(|_| KeyError::Crypto)?;
        Ok(Self { pair, public, random: SystemRandom::new() })
    }
}

/// A key that is made for a short while and never leaves memory.
pub struct Ephemeral(EcdsaP256);

impl Ephemeral {
    /// A new key.
    ///
    /// # Errors
    /// The library refused.
    pub fn generate() -> Result<Self, KeyError> {
        EcdsaP256::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| KeyError::Crypto)?)
            .map(Self)
    }

    /// Signs a message of which only the digest is here.
    ///
    /// # Errors
    /// The library refused.
    pub fn sign_digest(&self, digest: &Sha256) -> Result<Vec<u8>, KeyError> {
        let digest = Digest::import_less_safe(digest.as_bytes(), &SHA256).map_err(|_| KeyError::Crypto)?;
        let signature = self.0.pair.sign_digest(&digest).map_err(|_| KeyError::Crypto)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl Signer for Ephemeral {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.0.sign(message)
    }
}
