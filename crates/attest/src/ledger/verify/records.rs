//! What one record must be in itself: a leaf that vouches for its envelope, signed by a trusted key.

use std::{num::NonZeroUsize, thread};

use super::scan::Row;
use crate::{
    bundle::Content,
    ledger::record::Record,
    log::{LeafVerifier, LogEntry},
    sigstore::Refusal,
    trust::Trust,
    verify::{Failure, Verifier, Who},
};

/// Checks the good records among `rows` on all processors; entry numbers and reasons of the others.
pub fn check_all(first: u64, rows: &[Row], trust: &Trust) -> Vec<(u64, &'static str)> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let part = rows.len().div_ceil(threads).max(16);
    let check_part = |(n, rows): (usize, &[Row])| -> Vec<(u64, &'static str)> {
        let verifier = Verifier::new(trust);
        let numbers = first + (n * part) as u64..;
        let numbered = numbers.zip(rows).filter_map(|(n, row)| Some((n, row.record.as_ref()?)));
        numbered.filter_map(|(n, record)| Some((n, check(record, &verifier).err()?))).collect()
    };
    thread::scope(|scope| {
        let parts = rows.chunks(part).enumerate();
        let running: Vec<_> = parts.map(|part| scope.spawn(move || check_part(part))).collect();
        // A thread that panicked has found a bug; its part must not count as good.
        let joined = running.into_iter().map(|thread| thread.join());
        joined.flat_map(|found| found.unwrap_or_else(|_| vec![(first, "checking it failed")])).collect()
    })
}

pub(in crate::ledger) fn check(record: &Record, verifier: &Verifier<'_>) -> Result<(), &'static str> {
    let entry = LogEntry::parse(&record.leaf).map_err(|_| "its leaf is malformed")?;
    if record.removed.is_some() {
        // Its leaf is compared with the tree, and who removed the rest is asked elsewhere.
        return Ok(());
    }
    let content = Content::read(record.envelope.clone()).map_err(|_| "its envelope is malformed")?;
    let statement = content.statement().map_err(|_| "its envelope holds no in-toto statement")?;
    if content.signed_digest() != Some(entry.digest)
        || content.signatures().iter().all(|signature| *signature != entry.signature)
    {
        return Err("its leaf vouches for another envelope");
    }
    let who = match &entry.verifier {
        LeafVerifier::Key(key) => Who::Key(key),
        LeafVerifier::Certificate(der, _) => Who::Certificate(der),
    };
    let signed = verifier.signed(&content, &statement, &who, &record.stamps(), record.logged_at);
    match signed.map_err(|failure| sentence(&failure))? {
        signed if signed.verifier != entry.verifier => Err("its leaf names another kind of key"),
        _ => Ok(()),
    }
}

fn sentence(failure: &Failure) -> &'static str {
    match failure {
        Failure::UnknownKey(_) => "it is signed by a key that is not in the trust file",
        Failure::KeyExpired { .. } | Failure::KeyNotYetValid { .. } => {
            "it was signed when its key was not valid"
        }
        Failure::BadSignature => "its signature is wrong",
        Failure::Certificate(refusal) => match **refusal {
            Refusal::CertificatePath { .. } => "no trusted authority vouches for its certificate at its time",
            Refusal::Identity { .. } | Refusal::Issuer { .. } => {
                "its certificate is for signing something else"
            }
            Refusal::Sct(_) => "its certificate was never promised to be public",
            Refusal::TimestampFuture { .. } => "its time-stamp is later than the ledger's own time",
            Refusal::TimestampMissing => "it is signed with a certificate and has no time-stamp",
            _ => "its certificate or its time-stamp does not hold",
        },
        _ => "it does not verify",
    }
}
