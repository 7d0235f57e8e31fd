//! Signers, one file per kind, and the registry of those that the software vault can make.
//!
//! A hardware module or a key service is another implementation of [`Signer`] that keeps its key
//! elsewhere and therefore needs no entry in [`SOFTWARE`].

mod ecdsa_p256;
mod ed25519;

pub use ecdsa_p256::Ephemeral;
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, PublicKey};

/// Something that can sign.
pub trait Signer: Send {
    /// Who verifies what it signs.
    fn public_key(&self) -> &PublicKey;

    /// Signs `message` (not a hash of it).
    ///
    /// # Errors
    /// The key could not be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// A signer, or why its key does not open.
pub type Opened = Result<Box<dyn Signer>, KeyError>;

/// How keys of one algorithm are made and opened in software.
pub struct Software {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Makes a new private key (PKCS#8).
    pub generate: fn() -> Result<Zeroizing<Vec<u8>>, KeyError>,
    /// Opens a private key (PKCS#8).
    pub open: fn(&[u8]) -> Opened,
}

/// Every software signer.
pub const SOFTWARE: &[Software] = &[ecdsa_p256::SOFTWARE, ed25519::SOFTWARE];

/// The software signer of an algorithm.
pub fn software(algorithm: Algorithm) -> Option<&'static Software> {
    SOFTWARE.iter().find(|entry| entry.algorithm == algorithm)
}
