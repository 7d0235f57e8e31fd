//! The key of a witness: one Ed25519 key in a private file, in the text form that note tools use.

use std::{
    fs,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    rand::{SecureRandom, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair},
};
use zeroize::Zeroizing;

use super::{
    KeyError,
    files::{read_private, write_private},
};
use crate::{
    b64,
    log::{NoteSignature, VerifierKey, WitnessKey, cosigned_message, is_key_name},
};

/// How the text of a private key begins.
const PREFIX: &str = "PRIVATE+KEY+";
/// Signature type of Ed25519 cosigners (C2SP tlog-cosignature).
const COSIGNER: u8 = 4;

/// Makes cosignatures. Only the process of the witness has one.
pub struct WitnessSigner {
    pair: Ed25519KeyPair,
    key: WitnessKey,
}

impl WitnessSigner {
    /// Makes a new key of `name` in a file (mode 0600) that must not be there yet.
    ///
    /// # Errors
    /// Any [`KeyError`]; an unusable name or an existing file among them.
    pub fn create(path: &Path, name: &str) -> Result<Self, KeyError> {
        let unusable = |why: &str| KeyError::Damaged(path.to_owned(), why.into());
        if !is_key_name(name) || name.len() > 200 {
            return Err(unusable("a key name has no blanks and no `+`"));
        }
        if fs::symlink_metadata(path).is_ok() {
            return Err(KeyError::Io(path.to_owned(), std::io::ErrorKind::AlreadyExists.into()));
        }
        let mut seed = Zeroizing::new([COSIGNER; 33]);
        SystemRandom::new().fill(&mut seed[1..]).map_err(|_| KeyError::Crypto)?;
        let signer = Self::of(name, &seed[1..])?;
        let encoded = Zeroizing::new(b64::encode(seed.as_slice()));
        let id = u32::from_be_bytes(signer.key.id());
        let text = Zeroizing::new(format!("{PREFIX}{name}+{id:08x}+{}\n", encoded.as_str()));
        // A name in the working folder has an empty parent.
        let path = if path.parent() == Some(Path::new("")) { Path::new(".").join(path) } else { path.into() };
        write_private(&path, text.as_bytes())?;
        Ok(signer)
    }

    /// Opens the key in a file that only its owner can read.
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let missing = || KeyError::Io(path.to_owned(), std::io::ErrorKind::NotFound.into());
        let bytes = read_private(path)?.ok_or_else(missing)?;
        let damaged = || KeyError::Damaged(PathBuf::from(path), "it is no witness key".into());
        let text = str::from_utf8(&bytes).map_err(|_| damaged())?;
        let line = text.trim_end().strip_prefix(PREFIX).ok_or_else(damaged)?;
        let (name, rest) = line.split_once('+').ok_or_else(damaged)?;
        let (id, encoded) = rest.split_once('+').ok_or_else(damaged)?;
        let material = Zeroizing::new(b64::decode(encoded).ok_or_else(damaged)?);
        let (kind, seed) = material.split_first().ok_or_else(damaged)?;
        if *kind != COSIGNER || seed.len() != 32 || !is_key_name(name) {
            return Err(damaged());
        }
        let signer = Self::of(name, seed)?;
        let own = format!("{:08x}", u32::from_be_bytes(signer.key.id()));
        if own == id { Ok(signer) } else { Err(damaged()) }
    }

    fn of(name: &str, seed: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Crypto)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Crypto)?;
        Ok(Self { key: WitnessKey { name: name.to_owned(), key: public }, pair })
    }

    /// Who verifies its cosignatures.
    pub fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// The same as a line for others.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::Witness(self.key.clone())
    }

    /// Cosigns the text of a checkpoint at `seconds` after 1970.
    ///
    /// # Errors
    /// [`KeyError::Crypto`].
    pub fn cosign(&self, seconds: u64, text: &str) -> Result<NoteSignature, KeyError> {
        let signature = self.pair.try_sign(&cosigned_message(seconds, text)).map_err(|_| KeyError::Crypto)?;
        Ok(self.key.line(seconds, signature.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Checkpoint, Note, NoteKey, SignedCheckpoint};

    #[test]
    fn a_key_survives_its_file_and_its_cosignature_holds_for_the_text_and_time_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = WitnessSigner::create(&path, "witness.example/w").unwrap();
        assert!(WitnessSigner::create(&path, "other").is_err(), "a key is never overwritten");
        let signer = WitnessSigner::open(&path).unwrap();
        assert_eq!((signer.key(), signer.verifier().to_string().parse()), (made.key(), Ok(made.verifier())));
        let checkpoint = Checkpoint { origin: "log".into(), size: 1, root: model::Sha256::of("r") };
        let log = NoteKey { name: "log".into(), key: [1; 32] };
        let note = Note::sign(checkpoint.to_text(), &log, vec![0; 64]);
        let mut signed = SignedCheckpoint { checkpoint, note };
        let line = signer.cosign(1_900_000_000, &signed.note.text).unwrap();
        assert!(signed.add_cosignatures(std::slice::from_ref(&line), signer.key()));
        assert_eq!(signed.cosigned_by(signer.key()).unwrap().as_second(), 1_900_000_000);
        for place in [7, 20] {
            let mut changed = line.clone();
            changed.signature[place] ^= 1;
            assert!(!signed.add_cosignatures(&[changed], signer.key()));
        }
        let other = signer.cosign(1_900_000_000, "another text\n").unwrap();
        assert!(!signed.add_cosignatures(&[other], signer.key()));
        assert_eq!(signed.witnesses(&[signer.key().clone(), signer.key().clone()]).len(), 1);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_was_changed_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        WitnessSigner::create(&path, "w").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("+w+", "+v+")).unwrap();
        assert!(matches!(WitnessSigner::open(&path), Err(KeyError::Damaged(..))));
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(WitnessSigner::open(&path), Err(KeyError::Permissions(..))));
        assert!(WitnessSigner::create(&folder.path().join("k2"), "a b").is_err());
    }
}
