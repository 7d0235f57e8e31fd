//! Good bundles of a real ledger, changed and mixed: what still verifies says what was signed.

#![no_main]

use std::sync::LazyLock;

use attest::{
    Bundle, Envelope,
    bundle::{Content, Material, TlogEntry},
    verify::{Policy, verify_artifact, verify_bundle},
};
use libfuzzer_sys::fuzz_target;
use model::{Sha256, Timestamp};
use proofhouse_fuzz::{
    edit::{Bytes, edit},
    ledger::{Sample, sample},
};

static SAMPLE: LazyLock<Sample> = LazyLock::new(sample);

fuzz_target!(|input: &[u8]| {
    let mut input = Bytes(input);
    let pick = |n: usize| &SAMPLE.bundles[n % SAMPLE.bundles.len()];
    let (good, other) = (pick(input.byte()), pick(input.byte()));
    let bundle = match input.byte() % 3 {
        0 => as_text(good, other, &mut input),
        _ => as_parts(good.clone(), other, &mut input),
    };
    let Some(bundle) = bundle else { return };
    if let Ok(verified) = verify_bundle(&bundle, &SAMPLE.trust, Timestamp::UNIX_EPOCH) {
        let said = SAMPLE.statements.get(verified.index as usize);
        assert_eq!(said, Some(&verified.statement), "number {} said something else", verified.index);
        assert!(verified.index < verified.tree_size && verified.tree_size == SAMPLE.statements.len() as u64);
    }
    let report = verify_artifact(
        &Sha256::of(0_u64.to_be_bytes()),
        &[bundle],
        &SAMPLE.trust,
        Timestamp::UNIX_EPOCH,
        &Policy::default(),
    );
    assert!(!report.ok() || report.names == ["artifact-0"], "{report:?}");
});

fn as_text(good: &Bundle, other: &Bundle, input: &mut Bytes<'_>) -> Option<Bundle> {
    let (mut text, other) = (good.to_json().ok()?, other.to_json().ok()?);
    while !input.is_empty() {
        edit(&mut text, &other, input);
    }
    Bundle::parse(&text).ok()
}

fn as_parts(mut bundle: Bundle, other: &Bundle, input: &mut Bytes<'_>) -> Option<Bundle> {
    for _ in 0..4 {
        if input.is_empty() {
            break;
        }
        let kind = input.byte() % 16;
        let from = other.tlog.first()?;
        match kind {
            0 => bundle.content = other.content.clone(),
            1 => bundle.tlog = other.tlog.clone(),
            2 => bundle.tlog.insert(0, from.clone()),
            3 => bundle.material = Material::PublicKey(String::new()),
            4 => envelope(&mut bundle, other, input)?,
            _ => entry(bundle.tlog.first_mut()?, from, kind, input)?,
        }
    }
    Some(bundle)
}

fn envelope(bundle: &mut Bundle, other: &Bundle, input: &mut Bytes<'_>) -> Option<()> {
    let (Content::Dsse(envelope, bytes), Content::Dsse(from, _)) = (&mut bundle.content, &other.content)
    else {
        return None;
    };
    match input.byte() % 5 {
        0 => edit(&mut envelope.payload, &from.payload, input),
        1 => edit(&mut envelope.signatures.first_mut()?.sig, &from.signatures.first()?.sig, input),
        2 => envelope.signatures.insert(0, from.signatures.first()?.clone()),
        3 => envelope.payload = from.payload.clone(),
        _ => envelope.payload_type.push('x'),
    }
    *bytes = Envelope::to_json(envelope);
    Some(())
}

fn entry(entry: &mut TlogEntry, from: &TlogEntry, kind: usize, input: &mut Bytes<'_>) -> Option<()> {
    let (proof, theirs) = (entry.inclusion_proof.as_mut()?, from.inclusion_proof.as_ref()?);
    let number = input.byte() as u64;
    match kind {
        5 => (entry.log_index, proof.log_index) = (number, number),
        6 => entry.log_index = from.log_index,
        7 => proof.log_index = theirs.log_index,
        8 => proof.tree_size = number,
        9 => proof.hashes = theirs.hashes.clone(),
        10 => edit(&mut proof.hashes.first_mut()?.0, &theirs.hashes.first()?.0, input),
        11 => edit(&mut proof.root_hash, &theirs.root_hash, input),
        12 => drop(proof.hashes.pop()),
        13 => entry.canonicalized_body = from.canonicalized_body.clone(),
        14 => edit(&mut entry.canonicalized_body, &from.canonicalized_body, input),
        _ => {
            let mut note = std::mem::take(&mut proof.checkpoint.envelope).into_bytes();
            edit(&mut note, theirs.checkpoint.envelope.as_bytes(), input);
            proof.checkpoint.envelope = String::from_utf8(note).ok()?;
        }
    }
    Some(())
}
