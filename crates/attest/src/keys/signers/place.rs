//! Where a key is, the registry of those who keep keys, and how a key of theirs is opened.

use serde::{Deserialize, Serialize};

use super::{AwsKms, Opened, Pkcs11, PlaceError, Signer, Transit};
use crate::keys::{KeyError, PublicKey};

/// What is signed once when a key is opened. Nobody else gives a meaning to it: it is no DSSE encoding,
/// no checkpoint (those have three lines or more) and no DER.
const PROOF: &[u8] = b"proofhouse: the key that is opened here\n";
/// Environment variables that begin so reach the signer: PINs and tokens of keys elsewhere.
const PREFIX: &str = "PROOFHOUSE_KEY_";

/// Somebody who keeps keys: one file each, and one line in the table below.
pub(super) trait Provider {
    /// Variables that the provider's own conventions name, beside [`PREFIX`].
    const VARIABLES: &'static [&'static str];

    /// Finds the key. `expected` may stand in for a public key that cannot be read there.
    fn open(&self, expected: Option<&PublicKey>) -> Opened;
}

macro_rules! places {
    ($($(#[$doc:meta])* $kind:literal $place:ident,)*) => {
        /// Where a private key is. In JSON an object; `kind` says which provider it is.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum KeyPlace {
            /// `{"kind":"file"}`: in the software vault.
            #[serde(rename = "file")]
            File,
            $($(#[$doc])* #[serde(rename = $kind)] $place($place),)*
        }

        impl KeyPlace {
            fn provider(&self, expected: Option<&PublicKey>) -> Opened {
                match self {
                    Self::File => Err(PlaceError::Invalid("this key is in the vault itself".into()).into()),
                    $(Self::$place(place) => place.open(expected),)*
                }
            }
        }

        const VARIABLES: &[&[&str]] = &[$($place::VARIABLES),*];
    };
}

places! {
    /// On a token or hardware module (PKCS#11).
    "pkcs11" Pkcs11,
    /// In the transit engine of OpenBao or HashiCorp Vault.
    "transit" Transit,
    /// In AWS KMS.
    "aws-kms" AwsKms,
}

/// Whether the signer process gets this variable of its parent's environment.
pub fn is_passed_on(name: &str) -> bool {
    name.starts_with(PREFIX) || VARIABLES.iter().any(|names| names.contains(&name))
}

/// Opens the key at `place` (not [`KeyPlace::File`], which is the vault's own). It signs once, to show
/// that private and public key belong together.
///
/// # Errors
/// `key-mismatch` when it is not `expected`; any other [`KeyError`].
pub fn open(place: &KeyPlace, expected: Option<&PublicKey>) -> Opened {
    let checked = Checked(place.provider(expected)?);
    if expected.is_some_and(|expected| expected != checked.public_key()) {
        return Err(PlaceError::Mismatch(checked.name()).into());
    }
    checked.sign(PROOF)?;
    Ok(Box::new(checked))
}

/// Hands out only what the pinned public key verifies.
struct Checked(Box<dyn Signer>);

impl Checked {
    fn name(&self) -> String {
        self.public_key().fingerprint().short()
    }
}

impl Signer for Checked {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.0.sign(message)?;
        match self.public_key().verify(message, &signature) {
            true => Ok(signature),
            false => Err(PlaceError::ForeignSignature(self.name()).into()),
        }
    }
}
