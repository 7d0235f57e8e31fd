//! One bundle: signature, log entry, inclusion, checkpoint, in that order.

use std::collections::HashMap;

use model::{Sha256, Statement, Timestamp};

use super::Failure;
use crate::{
    bundle::{Bundle, Content, Material, TlogEntry},
    dsse::Envelope,
    issue::{self, ARTIFACT},
    keys::PublicKey,
    log::{LeafVerifier, LogEntry, SignedCheckpoint, leaf_hash, verify_inclusion},
    sigstore::{Leaf, Refusal, Session, TrustedRoot},
    trust::{Trust, TrustedKey, TrustedLog},
};

/// Most checkpoints that are remembered.
const MOST_CHECKPOINTS: usize = 10_000;

/// A statement that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// What was said.
    pub statement: Statement,
    /// SHA-256 of the envelope as it stood in the bundle.
    pub envelope: Sha256,
    /// Name of the key in the trust file, or the identity in the certificate.
    pub key: String,
    /// Who vouches for the identity, where it is one: `https://HOST`.
    pub issuer: Option<String>,
    /// Origin of the log.
    pub log: String,
    /// Position in the log.
    pub index: u64,
    /// Entries that the checkpoint covers.
    pub tree_size: u64,
}

/// Verifies one bundle. `now` counts only where no time-stamp says when it was signed.
///
/// # Errors
/// The first [`Failure`].
pub fn verify_bundle(bundle: &Bundle, trust: &Trust, now: Timestamp) -> Result<Verified, Failure> {
    Verifier::new(trust).verify(bundle, now)
}

/// A trust file, and what was verified under it so far.
pub struct Verifier<'a> {
    trust: &'a Trust,
    session: Session<'static>,
}

/// Who is said to have signed.
pub(crate) enum Who<'a> {
    /// A key; the hint only narrows the choice.
    Hinted(&'a str),
    /// Exactly this key.
    Key(&'a PublicKey),
    /// The holder of this certificate, DER.
    Certificate(&'a [u8]),
}

/// An act of signing that holds.
pub(crate) struct Signed<'a> {
    /// Name of the key in the trust file, or identity.
    pub name: String,
    /// Who vouches for the identity.
    pub issuer: Option<String>,
    /// SHA-256 of the signed bytes.
    pub digest: Sha256,
    pub signature: &'a [u8],
    pub verifier: LeafVerifier,
    /// When, as far as it is proven.
    pub at: Timestamp,
}

impl<'a> Verifier<'a> {
    /// A verifier that believes `trust`.
    pub fn new(trust: &'a Trust) -> Self {
        Self { trust, session: Session::owning(TrustedRoot::from(trust)) }
    }

    /// Verifies one bundle; see [`verify_bundle`].
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn verify(&self, bundle: &Bundle, now: Timestamp) -> Result<Verified, Failure> {
        let content = &bundle.content;
        let statement = content.statement().map_err(Failure::from)?;
        let who = match &bundle.material {
            Material::PublicKey(hint) => Who::Hinted(hint),
            Material::Certificate(der) => Who::Certificate(der),
        };
        let signed = self.signed(content, &statement, &who, &bundle.timestamps, now)?;
        let entry = bundle.tlog.first().ok_or(Failure::NotLogged)?;
        matches_entry(entry, signed.digest, signed.signature, &signed.verifier)?;
        let Included { origin, size } = self.session.included(entry, signed.at)?;
        let stored = match content {
            Content::Dsse(_, bytes) => Sha256::of(bytes),
            Content::Message(message) => Sha256::of(serde_json::to_vec(message).unwrap_or_default()),
        };
        let Signed { name: key, issuer, .. } = signed;
        let index = entry.log_index;
        Ok(Verified { statement, envelope: stored, key, issuer, log: origin, index, tree_size: size })
    }

    /// Who signed it, when that holds. Without a time-stamp `now` is taken for the time.
    pub(crate) fn signed<'e>(
        &self,
        content: &'e Content,
        statement: &Statement,
        who: &Who<'_>,
        stamps: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Signed<'e>, Failure> {
        let digest = content.signed_digest().ok_or(Failure::NoEnvelope)?;
        // Where nobody is believed to stamp times, a time-stamp says nothing.
        let stamps = if self.trust.time_stampers.is_empty() { &[] } else { stamps };
        let moments = |signature: &[u8]| self.session.stamped(stamps, signature, now).map_err(Failure::from);
        if let Who::Certificate(der) = who {
            let [signature] = content.signatures()[..] else { return Err(Failure::BadSignature) };
            let leaf = Leaf::parse(der)?;
            if !leaf.key.verify_digest(&digest, signature) {
                return Err(Failure::BadSignature);
            }
            let moments = moments(signature)?;
            self.session.certified(&leaf, der, &moments)?;
            let at = moments.first().copied().unwrap_or(now);
            let name = self.identity(&leaf, content, statement)?;
            let verifier = LeafVerifier::Certificate(der.to_vec(), leaf.key.algorithm());
            return Ok(Signed { name, issuer: leaf.issuer, digest, signature, verifier, at });
        }
        // The plain key signs statements only: see `issue::identity` about files.
        let Content::Dsse(envelope, _) = content else { return Err(Failure::NoEnvelope) };
        let (key, signature) = self.key(envelope, who)?;
        let at = moments(signature)?.first().copied().unwrap_or(now);
        valid(key, at)?;
        let verifier = LeafVerifier::Key(key.public_key.clone());
        Ok(Signed { name: key.name.clone(), issuer: None, digest, signature, verifier, at })
    }

    /// The certificate must be for saying exactly such a thing.
    fn identity(&self, leaf: &Leaf, content: &Content, statement: &Statement) -> Result<String, Failure> {
        let issuer = leaf.issuer.as_deref().unwrap_or_default();
        if !self.trust.issuers.iter().any(|known| known == issuer) {
            let (found, expected) = (issuer.to_owned(), self.trust.issuers.join(", "));
            return Err(Refusal::Issuer { found, expected }.into());
        }
        let expected = match content {
            Content::Dsse(..) => issue::identity(issuer, statement),
            Content::Message(_) => format!("{issuer}/…/{ARTIFACT}"),
        };
        match (leaf.identities.as_slice(), content) {
            ([found], Content::Dsse(..)) if *found == expected => Ok(expected),
            ([found], Content::Message(_)) if issue::is_of_artifact(issuer, found) => Ok(found.clone()),
            (found, _) => Err(Refusal::Identity { found: found.join(", "), expected }.into()),
        }
    }

    /// The trusted key and the signature that it made.
    fn key<'e>(&self, envelope: &'e Envelope, who: &Who<'_>) -> Result<(&'a TrustedKey, &'e [u8]), Failure> {
        let fits = |key: &&TrustedKey| match who {
            Who::Hinted(hint) => hint.is_empty() || key.public_key.hint() == *hint,
            Who::Key(exactly) => key.public_key == **exactly,
            Who::Certificate(_) => false,
        };
        let keys: Vec<_> = self.trust.keys.iter().filter(fits).collect();
        if keys.is_empty() {
            return Err(Failure::UnknownKey(match who {
                Who::Hinted(hint) => (*hint).to_owned(),
                Who::Key(key) => key.hint(),
                Who::Certificate(_) => String::new(),
            }));
        }
        let pae = envelope.pae();
        let pairs =
            keys.iter().flat_map(|key| envelope.signatures.iter().map(move |signature| (*key, signature)));
        let mut good = pairs.filter(|(key, signature)| key.public_key.verify(&pae, &signature.sig));
        good.next().map(|(key, signature)| (key, signature.sig.as_slice())).ok_or(Failure::BadSignature)
    }
}

pub(super) fn valid(key: &TrustedKey, at: Timestamp) -> Result<(), Failure> {
    let name = key.name.clone();
    match (key.valid_from, key.valid_until) {
        _ if key.valid_at(at) => Ok(()),
        (Some(from), _) if at < from => Err(Failure::KeyNotYetValid { name, from }),
        (_, until) => Err(Failure::KeyExpired { name, until: until.unwrap_or(at) }),
    }
}

/// The leaf must be about exactly this signature over a message of this digest, by this verifier.
pub(crate) fn matches_entry(
    entry: &TlogEntry,
    signed: Sha256,
    signature: &[u8],
    verifier: &LeafVerifier,
) -> Result<(), Failure> {
    let kind = &entry.kind_version;
    if kind.kind != LogEntry::KIND || kind.version != LogEntry::VERSION {
        return Err(Failure::EntryMalformed(format!("its kind is {} {}", kind.kind, kind.version)));
    }
    let leaf = LogEntry::parse(&entry.canonicalized_body);
    let leaf = leaf.map_err(|error| Failure::EntryMalformed(error.to_string()))?;
    match leaf {
        _ if leaf.digest != signed => Err(Failure::EntryMismatch("statement")),
        _ if leaf.signature != signature => Err(Failure::EntryMismatch("signature")),
        _ if leaf.verifier != *verifier => Err(Failure::EntryMismatch("key")),
        _ => Ok(()),
    }
}

/// Where an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Included {
    /// Name of the log.
    pub origin: String,
    /// Entries that the checkpoint covers.
    pub size: u64,
}

/// The log and the tree in which the entry provably is. `known`: checkpoints that are good, by the
/// SHA-256 of note and log id.
pub(crate) fn included(
    entry: &TlogEntry,
    trust: &Trust,
    at: Timestamp,
    known: &mut HashMap<Sha256, Included>,
) -> Result<Included, Failure> {
    let proof = entry.inclusion_proof.as_ref().ok_or(Failure::NotLogged)?;
    let note = SignedCheckpoint::parse(&proof.checkpoint.envelope);
    let note = note.map_err(|error| Failure::CheckpointMalformed(error.to_string()))?;
    let origin = note.checkpoint.origin.clone();
    let by = |log: &&TrustedLog| log.note_key().is_some_and(|key| key.log_id().0 == *entry.log_id.key_id);
    let mut logs = trust.logs.iter().filter(|log| log.origin == origin);
    let log = logs.find(by).ok_or_else(|| Failure::WrongLog(origin.clone()))?;
    if !log.valid_at(at) {
        return Err(Failure::LogKeyInvalid(origin));
    }
    let size = note.checkpoint.size;
    let text = [proof.checkpoint.envelope.as_bytes(), entry.log_id.key_id.as_slice()].concat();
    let digest = Sha256::of(text);
    if !known.contains_key(&digest) {
        let key = log.note_key().ok_or_else(|| Failure::WrongLog(origin.clone()))?;
        note.verify(&key).map_err(|_| Failure::CheckpointSignature)?;
        if known.len() < MOST_CHECKPOINTS {
            known.insert(digest, Included { origin: origin.clone(), size });
        }
    }
    let (index, root) = (entry.log_index, note.checkpoint.root);
    if index >= size {
        return Err(Failure::CheckpointTooOld { index, size });
    }
    let hashes: Option<Vec<_>> =
        proof.hashes.iter().map(|hash| hash.0.as_slice().try_into().ok().map(Sha256)).collect();
    let hashes = hashes.ok_or(Failure::InclusionProof)?;
    let same = proof.log_index == index && proof.tree_size == size && proof.root_hash == root.0;
    let leaf = leaf_hash(&entry.canonicalized_body);
    match same && verify_inclusion(&leaf, index, size, &hashes, &root) {
        true => Ok(Included { origin, size }),
        false => Err(Failure::InclusionProof),
    }
}
