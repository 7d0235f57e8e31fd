//! Signers, one file per kind: the two that the software vault can make ([`SOFTWARE`]), and those whose
//! key lives elsewhere and never comes here ([`KeyPlace`], [`open`]).
//!
//! What a token or service answers is not believed: every signature is checked with the public key that
//! was pinned when the key was opened, before anybody gets it.

mod aws_kms;
mod ecdsa_p256;
mod ed25519;
mod error;
mod https;
mod pkcs11;
mod place;
pub mod point;
mod secret;
mod sigv4;
mod stamps;
mod transit;

pub use ecdsa_p256::Ephemeral;
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, PublicKey};

pub use aws_kms::AwsKms;
pub(crate) use error::about;
pub use error::{PlaceError, repeated};
pub use https::{Answer, Service};
pub use pkcs11::{Pkcs11, generate};
pub use place::{KeyPlace, is_passed_on, open};
pub use secret::SecretSource;
pub use stamps::StampService;
pub(crate) use stamps::foreign;
pub use transit::Transit;

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
