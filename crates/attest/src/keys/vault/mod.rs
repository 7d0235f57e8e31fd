//! The software vault: the private keys an installation works with, in one sealed file, `vault.json`, and
//! beside it `root.json` with the root's, which is used only to certify authorities and belongs offline.

mod first;
mod life;
mod make;
mod record;
mod source;

use std::{
    cell::OnceCell,
    fs::File,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    KeyError, PublicKey, Signer, Unlock,
    files::{private_dir, private_file},
    sealed::{self, FileKey, Sealed, Secret},
    signers::{self, KeyPlace, StampService, foreign, software},
};
use crate::{issue::Issuer, log::NoteKey};

pub use life::{Changed, OVERLAP};
pub use make::Settings;
pub use record::{Der, KeyRecord, Place, Purpose};
pub use source::{NewKey, Source};

const MEDIA_TYPE: &str = "application/vnd.proofhouse.vault+json;version=2";
const ROOT_MEDIA_TYPE: &str = "application/vnd.proofhouse.root-key+json;version=1";

/// The opened vault. Only the signer process has one.
pub struct Vault {
    header: Header,
    /// One per record; `None` where the private key is gone or elsewhere.
    keys: Vec<Option<Private>>,
    lock: FileKey,
    dir: PathBuf,
    stamp: Option<(u64, i64, i64)>,
}

/// The private side of a key.
pub(super) enum Private {
    /// In this vault.
    Here(Secret, Box<dyn Signer>),
    /// Elsewhere; opened when it is first needed.
    Elsewhere(KeyPlace, OnceCell<Box<dyn Signer>>),
    /// A service does its work.
    Service(StampService),
}

impl Private {
    fn here(secret: Secret, signer: Box<dyn Signer>) -> Self {
        Self::Here(secret, signer)
    }

    fn opened(place: KeyPlace, signer: Box<dyn Signer>) -> Self {
        Self::Elsewhere(place, OnceCell::from(signer))
    }

    /// The key, opened; `expected` is its public side.
    fn signer(&self, expected: &PublicKey) -> Result<&dyn Signer, KeyError> {
        match self {
            Self::Here(_, signer) => Ok(&**signer),
            Self::Elsewhere(place, cell) => match cell.get() {
                Some(signer) => Ok(&**signer),
                None => {
                    let signer = signers::open(place, Some(expected))?;
                    Ok(&**cell.get_or_init(|| signer))
                }
            },
            Self::Service(service) => Err(foreign(service, "it stamps times and signs nothing else")),
        }
    }
}

/// The readable part.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    media_type: String,
    created: Timestamp,
    /// Counts the changes.
    serial: u64,
    organisation: String,
    host: String,
    origin: String,
    keys: Vec<KeyRecord>,
}

/// The readable part of the root's file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RootHeader {
    media_type: String,
    organisation: String,
    public_key: PublicKey,
    certificate: Der,
}

impl Vault {
    /// Opens the vault in `dir`, making it with default names on first use. When several processes do
    /// this at once, one makes the keys and the others open them. `true`: they were made now.
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn open_or_create(dir: &Path, unlock: &Unlock, now: Timestamp) -> Result<(Self, bool), KeyError> {
        private_dir(dir)?;
        let _guard = lock(dir)?;
        match Self::open(dir, unlock, now)? {
            Some(mut vault) => {
                vault.tidy(now);
                Ok((vault, false))
            }
            None => Ok((Self::make(dir, unlock, &Settings::default(), now)?, true)),
        }
    }

    /// Makes the keys of an installation that has none yet.
    ///
    /// # Errors
    /// [`KeyError::Exists`], or any other.
    pub fn init(dir: &Path, unlock: &Unlock, settings: &Settings, now: Timestamp) -> Result<Self, KeyError> {
        private_dir(dir)?;
        let _guard = lock(dir)?;
        match Self::open(dir, unlock, now)? {
            Some(vault) => Err(KeyError::Exists(vault.header.created)),
            None => Self::make(dir, unlock, settings, now),
        }
    }

    fn open(dir: &Path, unlock: &Unlock, now: Timestamp) -> Result<Option<Self>, KeyError> {
        let path = dir.join("vault.json");
        if first::is_here(&path)? {
            return Self::upgrade(dir, unlock, now).map(Some);
        }
        let Some(file) = Sealed::<Header>::read(&path)? else { return Ok(None) };
        let key = file.key(&path, unlock)?;
        Self::opened(dir, file, key).map(Some)
    }

    fn opened(dir: &Path, file: Sealed<Header>, lock: FileKey) -> Result<Self, KeyError> {
        let path = dir.join("vault.json");
        let damaged = |why: &str| KeyError::Damaged(path.clone(), why.to_owned());
        if file.header.media_type != MEDIA_TYPE {
            return Err(damaged(&format!("its media type is {}", file.header.media_type)));
        }
        let secrets = file.open(&path, &lock)?;
        if secrets.len() != file.header.keys.len() {
            return Err(damaged("it has another number of private than of public keys"));
        }
        let keys = file.header.keys.iter().zip(secrets).map(|(record, secret)| open_key(record, secret));
        let keys = keys.collect::<Option<Vec<_>>>();
        let keys = keys.ok_or_else(|| damaged("its public keys are not those of its private keys"))?;
        Ok(Self { header: file.header, keys, lock, dir: dir.to_owned(), stamp: stamp(&path) })
    }

    /// Reads the file again when another process changed it; `true` when so.
    ///
    /// # Errors
    /// Any [`KeyError`].
    pub fn refresh(&mut self, unlock: &Unlock) -> Result<bool, KeyError> {
        let path = self.dir.join("vault.json");
        if stamp(&path) == self.stamp {
            return Ok(false);
        }
        let file = Sealed::<Header>::read(&path)?;
        let file = file.ok_or_else(|| KeyError::Damaged(path.clone(), "it is gone".into()))?;
        let key = file.key(&path, unlock)?;
        *self = Self::opened(&self.dir.clone(), file, key)?;
        Ok(true)
    }

    /// Counts the changes of the keys.
    pub fn serial(&self) -> u64 {
        self.header.serial
    }

    /// Name of the organisation.
    pub fn organisation(&self) -> &str {
        &self.header.organisation
    }

    /// Name of the log.
    pub fn origin(&self) -> &str {
        &self.header.origin
    }

    /// What identities begin with: `https://HOST`.
    pub fn issuer(&self) -> String {
        format!("https://{}", self.header.host)
    }

    /// When the vault was made.
    pub fn created(&self) -> Timestamp {
        self.header.created
    }

    /// When its working keys began to count: those of a vault of the first version began at two moments.
    pub fn begun(&self) -> Timestamp {
        let root = self.header.keys.iter().find(|record| record.purpose == Purpose::Root);
        root.map_or(self.header.created, |root| root.valid_from)
    }

    /// Every key, also those of the past.
    pub fn records(&self) -> &[KeyRecord] {
        &self.header.keys
    }

    /// The newest key for `purpose` that is valid at `now`.
    ///
    /// # Errors
    /// [`KeyError::NoKey`].
    pub fn active(&self, purpose: Purpose, now: Timestamp) -> Result<(&KeyRecord, &dyn Signer), KeyError> {
        let (record, private) = self.privates(purpose, now).last().ok_or(KeyError::NoKey(purpose, now))?;
        Ok((record, private.signer(&record.public_key)?))
    }

    /// A time-stamp (RFC 3161 response, DER) over `signature` at `now`.
    ///
    /// # Errors
    /// [`KeyError::NoKey`], or the key or service cannot be used.
    pub fn stamp(&self, signature: &[u8], now: Timestamp) -> Result<Vec<u8>, KeyError> {
        let stamper = self.privates(Purpose::Time, now).last();
        let (record, private) = stamper.ok_or(KeyError::NoKey(Purpose::Time, now))?;
        source::stamp(record, private, signature, now)
    }

    /// Every key for `purpose` that is valid at `now`, the oldest first.
    ///
    /// # Errors
    /// One of them does not open.
    pub fn all(&self, purpose: Purpose, now: Timestamp) -> Result<Vec<(&KeyRecord, &dyn Signer)>, KeyError> {
        let opened = self
            .privates(purpose, now)
            .map(|(record, private)| private.signer(&record.public_key).map(|signer| (record, signer)));
        opened.collect()
    }

    fn privates(&self, purpose: Purpose, now: Timestamp) -> impl Iterator<Item = (&KeyRecord, &Private)> {
        let pairs = self.header.keys.iter().zip(&self.keys);
        let good = pairs.filter(move |(record, _)| record.purpose == purpose && record.valid_at(now));
        good.filter_map(|(record, key)| Some((record, key.as_ref()?)))
    }

    /// The authority as issuer of certificates.
    ///
    /// # Errors
    /// [`KeyError::NoKey`].
    pub fn authority(&self, now: Timestamp) -> Result<Issuer<'_>, KeyError> {
        let (record, signer) = self.active(Purpose::Authority, now)?;
        Ok(Issuer { signer, certificate: record.chain.first().map(|der| der.0.as_slice()) })
    }

    /// Verifiers of the checkpoints: of every log key that ever was.
    pub fn note_keys(&self) -> Vec<NoteKey> {
        let logs = self.header.keys.iter().filter(|record| record.purpose == Purpose::Log);
        logs.filter_map(|record| self.note_key(&record.public_key)).collect()
    }

    /// Verifier of the checkpoints that `key` signs.
    pub fn note_key(&self, key: &PublicKey) -> Option<NoteKey> {
        Some(NoteKey { name: self.header.origin.clone(), key: key.raw().try_into().ok()? })
    }

    /// Writes the file anew, after a change that others must know of. The caller holds the lock.
    fn save(&mut self) -> Result<(), KeyError> {
        self.header.serial += 1;
        self.write()
    }

    fn write(&mut self) -> Result<(), KeyError> {
        let path = self.dir.join("vault.json");
        let secrets = self.keys.iter().map(|key| match key {
            Some(Private::Here(secret, _)) => secret.clone(),
            _ => Secret::new(Vec::new()),
        });
        sealed::write(&path, self.header.clone(), &secrets.collect::<Vec<_>>(), &self.lock)?;
        self.stamp = stamp(&path);
        Ok(())
    }
}

/// `Some(None)` for a key whose private side is not here.
fn open_key(record: &KeyRecord, secret: Secret) -> Option<Option<Private>> {
    match &record.place {
        Place::Stamper(service) => return Some(Some(Private::Service(service.clone()))),
        Place::Key(KeyPlace::File) => {}
        Place::Key(place) => return Some(Some(Private::Elsewhere(place.clone(), OnceCell::new()))),
    }
    if secret.is_empty() {
        return Some(None);
    }
    let signer = (software(record.public_key.algorithm())?.open)(&secret).ok()?;
    (*signer.public_key() == record.public_key).then_some(Some(Private::Here(secret, signer)))
}

/// Changes whenever the file is replaced.
fn stamp(path: &Path) -> Option<(u64, i64, i64)> {
    let data = std::fs::metadata(path).ok()?;
    Some((data.ino(), data.mtime(), data.mtime_nsec()))
}

/// Takes the lock of the keys folder; it is released when the file is dropped.
pub(crate) fn lock(dir: &Path) -> Result<File, KeyError> {
    let path = dir.join("lock");
    let file = private_file(&path)?;
    file.lock().map_err(|error| KeyError::Io(path, error))?;
    Ok(file)
}
