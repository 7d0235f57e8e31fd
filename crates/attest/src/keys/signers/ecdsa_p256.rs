//! ECDSA on P-256 with SHA-256, ASN.1 DER signatures (FIPS 186-5): the organisation key.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
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
    let pair = pair.map_err(|_| KeyError::Crypto)?;
    let public = PublicKey::from_raw(Algorithm::EcdsaP256, pair.public_key().as_ref());
    let public = public.map_err(|_| KeyError::Crypto)?;
    Ok(Box::new(EcdsaP256 { pair, public, random: SystemRandom::new() }))
}
