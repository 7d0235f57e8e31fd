//! Making keys: all of them for a new installation, those that are missing for an old one, and single ones
//! later.

use std::path::{Path, PathBuf};

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Der, Header, KeyRecord, MEDIA_TYPE, NewKey, Place, Private, Purpose, ROOT_MEDIA_TYPE, RootHeader, Vault,
    first,
    source::{Taken, try_chain},
};
use crate::{
    issue::{self, Issuer, valid_name},
    keys::{
        Algorithm, KeyError, PublicKey, Signer, Unlock,
        sealed::{self, FileKey, Sealed, Secret},
        signers::{KeyPlace, software},
    },
};

const YEAR: i64 = 365 * 24 * 3600;
/// How long a root lives, in seconds.
const ROOT_LIFE: i64 = 20 * YEAR;
/// How long authorities live, in seconds.
const AUTHORITY_LIFE: i64 = 5 * YEAR;

/// What an organisation decides before its keys are made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Its name in certificates; `Proofhouse` when empty.
    pub organisation: String,
    /// Host that identities and the log are named after; made from the log's key when empty. It need not
    /// exist.
    pub host: String,
    /// Where the root's key goes; beside the vault when `None`.
    pub root_key: Option<PathBuf>,
    /// Keys that are not simply made here.
    #[serde(default)]
    pub keys: Vec<(Purpose, NewKey)>,
}

/// The root, opened.
pub(super) struct Root {
    pub signer: Box<dyn Signer>,
    pub certificate: Der,
}

impl Root {
    fn issuer(&self) -> Issuer<'_> {
        Issuer { signer: &*self.signer, certificate: Some(&self.certificate.0) }
    }

    /// Opens the root's file.
    pub fn open(path: &Path, unlock: &Unlock) -> Result<Self, KeyError> {
        let file = Sealed::<RootHeader>::read(path)?.ok_or_else(|| KeyError::RootAway(path.to_owned()))?;
        let damaged = |why: &str| KeyError::Damaged(path.to_owned(), why.to_owned());
        if file.header.media_type != ROOT_MEDIA_TYPE {
            return Err(damaged("it is no root key"));
        }
        let secrets = file.open(path, &file.key(path, unlock)?)?;
        let secret = secrets.first().ok_or_else(|| damaged("it holds no key"))?;
        let signer = open(Algorithm::EcdsaP256, secret)?;
        match *signer.public_key() == file.header.public_key {
            true => Ok(Self { signer, certificate: file.header.certificate }),
            false => Err(damaged("its public key is not that of its private key")),
        }
    }

    /// Makes a root and writes its file, which must not exist.
    fn make(organisation: &str, path: &Path, unlock: &Unlock, now: Timestamp) -> Result<Self, KeyError> {
        if path.exists() {
            return Err(KeyError::Setting {
                what: "the root key file",
                given: path.display().to_string(),
                why: "it exists already",
            });
        }
        let secret = generate(Algorithm::EcdsaP256)?;
        let signer = open(Algorithm::EcdsaP256, &secret)?;
        let certificate = Der(issue::root(organisation, &*signer, now, ROOT_LIFE)?);
        let header = RootHeader {
            media_type: ROOT_MEDIA_TYPE.to_owned(),
            organisation: organisation.to_owned(),
            public_key: signer.public_key().clone(),
            certificate: certificate.clone(),
        };
        sealed::write(path, header, &[secret], &FileKey::new(unlock)?)?;
        Ok(Self { signer, certificate })
    }
}

impl Vault {
    /// Makes everything. The caller holds the lock.
    pub(super) fn make(
        dir: &Path,
        unlock: &Unlock,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        check(settings)?;
        let log = generate(Algorithm::Ed25519)?;
        let short = open(Algorithm::Ed25519, &log)?.public_key().fingerprint().short();
        let host = match settings.host.as_str() {
            "" => format!("{short}.proofhouse.internal"),
            host => host.to_owned(),
        };
        let origin = format!("log.{host}");
        let mut vault = Self::empty(dir, unlock, settings, host, origin, now)?;
        vault.certify(Purpose::Organisation, &settings.key(Purpose::Organisation), None, now)?;
        match settings.keys.iter().any(|(purpose, _)| *purpose == Purpose::Log) {
            true => vault.certify(Purpose::Log, &settings.key(Purpose::Log), None, now)?,
            false => vault.keep(Purpose::Log, log, now)?,
        }
        vault.complete(unlock, settings, now)?;
        Ok(vault)
    }

    /// Takes over the two keys of a vault of the first version and makes the others.
    pub(super) fn upgrade(dir: &Path, unlock: &Unlock, now: Timestamp) -> Result<Self, KeyError> {
        let old = first::open(&dir.join("vault.json"), unlock)?;
        let host = format!(
            "{}.proofhouse.internal",
            open(Algorithm::Ed25519, &old.log)?.public_key().fingerprint().short()
        );
        let settings = Settings::default();
        let mut vault = Self::empty(dir, unlock, &settings, host, old.origin, old.created)?;
        vault.keep(Purpose::Organisation, old.organisation, old.created)?;
        vault.keep(Purpose::Log, old.log, old.created)?;
        vault.complete(unlock, &settings, now)?;
        Ok(vault)
    }

    fn empty(
        dir: &Path,
        unlock: &Unlock,
        settings: &Settings,
        host: String,
        origin: String,
        created: Timestamp,
    ) -> Result<Self, KeyError> {
        let organisation = match settings.organisation.as_str() {
            "" => "Proofhouse".to_owned(),
            name => name.to_owned(),
        };
        let header = Header {
            media_type: MEDIA_TYPE.to_owned(),
            created: whole(created),
            serial: 0,
            organisation,
            host,
            origin,
            keys: vec![],
        };
        Ok(Self { header, keys: vec![], lock: FileKey::new(unlock)?, dir: dir.to_owned(), stamp: None })
    }

    /// Root and authorities, and the file. The root's file is written first: what follows can be made
    /// again, it cannot.
    fn complete(&mut self, unlock: &Unlock, settings: &Settings, now: Timestamp) -> Result<(), KeyError> {
        let path = settings.root_key.clone().unwrap_or_else(|| self.dir.join("root.json"));
        // A crash may have left one that certified nothing yet.
        let left = settings.root_key.is_none() && path.exists();
        let root = match left {
            true => Root::open(&path, unlock)?,
            false => Root::make(&self.header.organisation, &path, unlock, now)?,
        };
        let done = self.beneath(&root, settings, now);
        if done.is_err() && !left {
            // It certified nothing that is kept.
            let _ = std::fs::remove_file(&path);
        }
        done
    }

    fn beneath(&mut self, root: &Root, settings: &Settings, now: Timestamp) -> Result<(), KeyError> {
        self.header.keys.push(KeyRecord {
            purpose: Purpose::Root,
            public_key: root.signer.public_key().clone(),
            valid_from: whole(now),
            valid_until: None,
            revoked: None,
            place: Place::Key(KeyPlace::File),
            chain: vec![root.certificate.clone()],
        });
        self.keys.push(None);
        for purpose in [Purpose::Authority, Purpose::Transparency, Purpose::Time] {
            self.certify(purpose, &settings.key(purpose), Some(root), now)?;
        }
        self.save()
    }

    /// A new key for `purpose`, certified by the root where that is needed and nobody else did, valid
    /// from `from`.
    pub(super) fn certify(
        &mut self,
        purpose: Purpose,
        key: &NewKey,
        root: Option<&Root>,
        from: Timestamp,
    ) -> Result<(), KeyError> {
        let taken = key.source.take(purpose, &key.chain)?;
        let chain = match root {
            Some(root) if key.chain.is_empty() => self.chain(purpose, &taken.public, root, from)?,
            _ => key.chain.clone(),
        };
        self.add(purpose, taken, chain, from)
    }

    fn chain(
        &self,
        purpose: Purpose,
        public: &PublicKey,
        root: &Root,
        from: Timestamp,
    ) -> Result<Vec<Der>, KeyError> {
        let (name, by) = (&self.header.organisation, root.issuer());
        let certificate = match purpose {
            Purpose::Authority => issue::authority(name, public, &by, from, AUTHORITY_LIFE)?,
            Purpose::Time => issue::time_stamper(name, public, &by, from, AUTHORITY_LIFE)?,
            _ => return Ok(Vec::new()),
        };
        Ok(vec![Der(certificate), root.certificate.clone()])
    }

    fn keep(&mut self, purpose: Purpose, secret: Secret, from: Timestamp) -> Result<(), KeyError> {
        let signer = open(purpose.algorithm(), &secret)?;
        let (place, public) = (Place::Key(KeyPlace::File), signer.public_key().clone());
        self.add(purpose, Taken { place, private: Private::Here(secret, signer), public }, vec![], from)
    }

    fn add(
        &mut self,
        purpose: Purpose,
        taken: Taken,
        chain: Vec<Der>,
        from: Timestamp,
    ) -> Result<(), KeyError> {
        let Taken { place, private, public: public_key } = taken;
        let valid_from = whole(from);
        let valid_until = chain.first().and_then(|der| end_of(&der.0));
        let record = KeyRecord { purpose, public_key, valid_from, valid_until, revoked: None, place, chain };
        try_chain(&record, &private, valid_from)?;
        self.header.keys.push(record);
        self.keys.push(Some(private));
        Ok(())
    }
}

impl Settings {
    fn key(&self, purpose: Purpose) -> NewKey {
        let given = self.keys.iter().find(|(given, _)| *given == purpose);
        given.map(|(_, key)| key.clone()).unwrap_or_default()
    }
}

/// Authorities end with their certificates.
fn end_of(certificate: &[u8]) -> Option<Timestamp> {
    use der::Decode;
    let certificate = x509_cert::Certificate::from_der(certificate).ok()?;
    let seconds = certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

/// Time-stamps have whole seconds: a key must not begin in the middle of one.
pub(super) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn check(settings: &Settings) -> Result<(), KeyError> {
    let refuse = |what, given: &str, why| Err(KeyError::Setting { what, given: given.to_owned(), why });
    let Settings { organisation, host, .. } = settings;
    if !organisation.is_empty() && !valid_name(organisation) {
        return refuse("the organisation's name", organisation, "1 to 40 printable characters are expected");
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !host.is_empty() && (host.len() > 200 || !host.split('.').all(label) || !host.contains('.')) {
        return refuse("the host", host, "a lower-case host name such as proofhouse.example.org is expected");
    }
    Ok(())
}

fn generate(algorithm: Algorithm) -> Result<Secret, KeyError> {
    (software(algorithm).ok_or(KeyError::Crypto)?.generate)()
}

fn open(algorithm: Algorithm, secret: &[u8]) -> Result<Box<dyn Signer>, KeyError> {
    (software(algorithm).ok_or(KeyError::Crypto)?.open)(secret)
}
