//! One bundle: signature, log entry, inclusion, checkpoint, in that order.

use model::{Sha256, Statement, Timestamp};

use super::Failure;
use crate::{
    bundle::{Bundle, Content, Material, TlogEntry},
    dsse::{DsseError, Envelope},
    log::{LeafVerifier, LogEntry, SignedCheckpoint, leaf_hash, verify_inclusion},
    trust::{Trust, TrustedKey},
};

/// A statement that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// What was said.
    pub statement: Statement,
    /// SHA-256 of the envelope as it stood in the bundle.
    pub envelope: Sha256,
    /// Name of the key in the trust file.
    pub key: String,
    /// Origin of the log.
    pub log: String,
    /// Position in the log.
    pub index: u64,
    /// Entries that the checkpoint covers.
    pub tree_size: u64,
}

/// Verifies one bundle at the moment `now`.
///
/// # Errors
/// The first [`Failure`].
pub fn verify_bundle(bundle: &Bundle, trust: &Trust, now: Timestamp) -> Result<Verified, Failure> {
    let Content::Dsse(envelope, bytes) = &bundle.content else { return Err(Failure::NoEnvelope) };
    let Material::PublicKey(hint) = &bundle.material else { return Err(Failure::Certificate) };
    let statement = envelope.statement().map_err(|error| match error {
        DsseError::PayloadType(kind) => Failure::PayloadType(kind),
        other => Failure::Statement(other.to_string()),
    })?;
    let pae = envelope.pae();
    let (key, signature) = signer(envelope, &pae, hint, trust)?;
    valid(key, now)?;
    let entry = bundle.tlog.first().ok_or(Failure::NotLogged)?;
    matches_entry(entry, Sha256::of(&pae), signature, &LeafVerifier::Key(key.public_key.clone()))?;
    let (log, tree_size) = included(entry, trust, now)?;
    let (envelope, key) = (Sha256::of(bytes), key.name.clone());
    Ok(Verified { statement, envelope, key, log, index: entry.log_index, tree_size })
}

/// The trusted key and the signature that it made. A hint only narrows the choice.
fn signer<'a>(
    envelope: &'a Envelope,
    pae: &[u8],
    hint: &str,
    trust: &'a Trust,
) -> Result<(&'a TrustedKey, &'a [u8]), Failure> {
    let hinted = |key: &&TrustedKey| hint.is_empty() || key.public_key.hint() == hint;
    let keys: Vec<_> = trust.keys.iter().filter(hinted).collect();
    if keys.is_empty() {
        return Err(Failure::UnknownKey(hint.to_owned()));
    }
    let pairs =
        keys.iter().flat_map(|key| envelope.signatures.iter().map(move |signature| (*key, signature)));
    let mut good = pairs.filter(|(key, signature)| key.public_key.verify(pae, &signature.sig));
    good.next().map(|(key, signature)| (key, signature.sig.as_slice())).ok_or(Failure::BadSignature)
}

fn valid(key: &TrustedKey, now: Timestamp) -> Result<(), Failure> {
    let name = key.name.clone();
    match (key.valid_from, key.valid_until) {
        _ if key.valid_at(now) => Ok(()),
        (Some(from), _) if now < from => Err(Failure::KeyNotYetValid { name, from }),
        (_, until) => Err(Failure::KeyExpired { name, until: until.unwrap_or(now) }),
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

/// Origin of the log and size of the tree in which the entry provably is.
pub(crate) fn included(entry: &TlogEntry, trust: &Trust, now: Timestamp) -> Result<(String, u64), Failure> {
    let proof = entry.inclusion_proof.as_ref().ok_or(Failure::NotLogged)?;
    let note = SignedCheckpoint::parse(&proof.checkpoint.envelope);
    let note = note.map_err(|error| Failure::CheckpointMalformed(error.to_string()))?;
    let origin = note.checkpoint.origin.clone();
    let log = trust.log_of(&note).ok_or_else(|| Failure::WrongLog(origin.clone()))?;
    let key = log.note_key().ok_or_else(|| Failure::WrongLog(origin.clone()))?;
    if entry.log_id.key_id != key.log_id().0 {
        return Err(Failure::WrongLog(origin));
    }
    if !log.valid_at(now) {
        return Err(Failure::LogKeyInvalid(origin));
    }
    note.verify(&key).map_err(|_| Failure::CheckpointSignature)?;
    let (index, size, root) = (entry.log_index, note.checkpoint.size, note.checkpoint.root);
    if index >= size {
        return Err(Failure::CheckpointTooOld { index, size });
    }
    let hashes: Option<Vec<_>> =
        proof.hashes.iter().map(|hash| hash.0.as_slice().try_into().ok().map(Sha256)).collect();
    let hashes = hashes.ok_or(Failure::InclusionProof)?;
    let same = proof.log_index == index && proof.tree_size == size && proof.root_hash == root.0;
    let leaf = leaf_hash(&entry.canonicalized_body);
    match same && verify_inclusion(&leaf, index, size, &hashes, &root) {
        true => Ok((origin, size)),
        false => Err(Failure::InclusionProof),
    }
}
