//! What one record must be in itself: a leaf that vouches for its envelope, signed by a trusted key.

use std::{num::NonZeroUsize, thread};

use super::scan::Row;
use crate::{
    dsse::Envelope,
    ledger::record::Record,
    log::{LeafVerifier, LogEntry},
    trust::{Trust, TrustedKey},
};

/// Checks the good records among `rows` on all processors; entry numbers and reasons of the others.
pub fn check_all(first: u64, rows: &[Row], trust: &Trust) -> Vec<(u64, &'static str)> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let part = rows.len().div_ceil(threads).max(16);
    let check_part = |(n, rows): (usize, &[Row])| -> Vec<(u64, &'static str)> {
        let numbers = first + (n * part) as u64..;
        let numbered = numbers.zip(rows).filter_map(|(n, row)| Some((n, row.record.as_ref()?)));
        numbered.filter_map(|(n, record)| Some((n, check(record, trust).err()?))).collect()
    };
    thread::scope(|scope| {
        let parts = rows.chunks(part).enumerate();
        let running: Vec<_> = parts.map(|part| scope.spawn(move || check_part(part))).collect();
        // A thread that panicked has found a bug; its part must not count as good.
        let joined = running.into_iter().map(|thread| thread.join());
        joined.flat_map(|found| found.unwrap_or_else(|_| vec![(first, "checking it failed")])).collect()
    })
}

pub(in crate::ledger) fn check(record: &Record, trust: &Trust) -> Result<(), &'static str> {
    let entry = LogEntry::parse(&record.leaf).map_err(|_| "its leaf is malformed")?;
    let envelope = Envelope::parse(&record.envelope).map_err(|_| "its envelope is malformed")?;
    envelope.statement().map_err(|_| "its envelope holds no in-toto statement")?;
    let pae = envelope.pae();
    if model::Sha256::of(&pae) != entry.digest || envelope.signatures.iter().all(|s| s.sig != entry.signature)
    {
        return Err("its leaf vouches for another envelope");
    }
    let signed = |key: &&TrustedKey| entry.verifier == LeafVerifier::Key(key.public_key.clone());
    let key = trust.keys.iter().find(signed);
    let key = key.ok_or("it is signed by a key that is not in the trust file")?;
    if !key.valid_at(record.logged_at) {
        return Err("it was signed when its key was not valid");
    }
    match key.public_key.verify(&pae, &entry.signature) {
        true => Ok(()),
        false => Err("its signature is wrong"),
    }
}
