//! Bundles made step by step with an authority of the tests' own, so that each step can be wrong: every lie is
//! refused with its own code.

use attest::{
    Bundle, PublicKey, Trust,
    bundle::{Content, Material, MessageSignature, TlogEntry},
    dsse::Envelope,
    issue::{self, Issuer, Leaf, TimeStamper, Transparency},
    keys::{Algorithm, Der, Signer, signers::software},
    ledger::Proof,
    log::{Checkpoint, LeafVerifier, LogEntry, Note, NoteKey, SignedCheckpoint, leaf_hash},
    sigstore::{self, Artifact, TrustedRoot, trusted_root},
    trust::{TrustedAuthority, TrustedKey, TrustedLog},
    verify::{Threshold, agreement, verify_bundle},
};
use model::{Sha256, Timestamp, UserError, statement::PAYLOAD_TYPE};
use serde_json::Value;

use crate::support::{at, statement};

const ISSUER: &str = "https://ph.example";
const HOUR: i64 = 3600;

struct Organisation {
    keys: [Box<dyn Signer>; 5],
    root: Vec<u8>,
    authority: Vec<u8>,
    stamper: Vec<u8>,
}

fn key(algorithm: Algorithm) -> Box<dyn Signer> {
    let kind = software(algorithm).unwrap();
    (kind.open)(&(kind.generate)().unwrap()).unwrap()
}

/// What is made, and when.
#[derive(Clone, Copy)]
struct Plan {
    certified: i64,
    stamped: i64,
    /// The log's key and name are another's.
    other_log: bool,
    /// Payload type of an envelope.
    kind: &'static str,
}

const GOOD: Plan = Plan { certified: 0, stamped: 10, other_log: false, kind: PAYLOAD_TYPE };

impl Organisation {
    /// Root, authority, transparency, time, log. Its authority lives for an hour.
    fn new() -> Self {
        let p256 = || key(Algorithm::EcdsaP256);
        let keys = [p256(), p256(), p256(), p256(), key(Algorithm::Ed25519)];
        let root = issue::root("Acme", &*keys[0], at(0), 24 * HOUR).unwrap();
        let by = Issuer { signer: &*keys[0], certificate: Some(&root) };
        let authority = issue::authority("Acme", keys[1].public_key(), &by, at(0), HOUR).unwrap();
        let stamper = issue::time_stamper("Acme", keys[3].public_key(), &by, at(0), 24 * HOUR).unwrap();
        Self { keys, root, authority, stamper }
    }

    fn log(&self, other: bool) -> NoteKey {
        let name = if other { "log.elsewhere.example" } else { "log.ph.example" };
        NoteKey { name: name.into(), key: self.keys[4].public_key().raw().try_into().unwrap() }
    }

    fn trust(&self) -> Trust {
        let from = Some(at(0));
        let log = self.keys[4].public_key().clone();
        let log =
            TrustedLog { origin: self.log(false).name, public_key: log, valid_from: from, valid_until: None };
        let chain = |first: &[u8]| vec![Der(first.to_vec()), Der(self.root.clone())];
        let authority = |first: &[u8]| TrustedAuthority {
            name: "Acme".into(),
            chain: chain(first),
            valid_from: from,
            valid_until: None,
        };
        let mut trust = Trust::new(vec![], vec![log]);
        trust.authorities = vec![authority(&self.authority)];
        trust.time_stampers = vec![authority(&self.stamper)];
        trust.certificate_logs = vec![TrustedKey {
            name: "Acme".into(),
            public_key: self.keys[2].public_key().clone(),
            valid_from: from,
            valid_until: None,
        }];
        trust.issuers = vec![ISSUER.into()];
        trust
    }

    fn leaf(&self, issuer: &str, identity: &str, plan: Plan) -> Leaf {
        let by = Issuer { signer: &*self.keys[1], certificate: Some(&self.authority) };
        Leaf::issue(identity, issuer, &by, &Transparency(&*self.keys[2]), at(plan.certified)).unwrap()
    }

    /// A bundle over a statement about `name`, or over the bytes of a file.
    fn bundle(&self, name: &str, message: bool, plan: Plan) -> Bundle {
        self.bundle_as(ISSUER, name, message, plan)
    }

    fn bundle_as(&self, issuer: &str, name: &str, message: bool, plan: Plan) -> Bundle {
        let said = statement(name);
        let identity =
            if message { issue::of_artifact(issuer, "shop") } else { issue::identity(issuer, &said) };
        let leaf = self.leaf(issuer, &identity, plan);
        let (content, digest, signature) = match message {
            true => {
                let digest = Sha256::of(name);
                let signature = leaf.key().sign_digest(&digest).unwrap();
                (Content::Message(MessageSignature::new(digest, signature.clone())), digest, signature)
            }
            false => {
                let mut envelope = Envelope::new(serde_json::to_vec(&said).unwrap(), String::new(), vec![]);
                envelope.payload_type = plan.kind.to_owned();
                let signature = leaf.key().sign(&envelope.pae()).unwrap();
                envelope.signatures[0].sig = signature.clone();
                let digest = Sha256::of(envelope.pae());
                (Content::Dsse(envelope.clone(), envelope.to_json()), digest, signature)
            }
        };
        let stamper = TimeStamper::new(&self.stamper).unwrap();
        let stamp = stamper.stamp(&*self.keys[3], &signature, at(plan.stamped)).unwrap();
        let verifier = LeafVerifier::Certificate(leaf.certificate().to_vec(), Algorithm::EcdsaP256);
        let body = LogEntry { digest, signature, verifier }.to_bytes();
        let log = self.log(plan.other_log);
        let checkpoint = Checkpoint { origin: log.name.clone(), size: 1, root: leaf_hash(&body) };
        let signed = self.keys[4].sign(checkpoint.to_text().as_bytes()).unwrap();
        let note = Note::sign(checkpoint.to_text(), &log, signed);
        let proof = Proof { index: 0, hashes: vec![], checkpoint: SignedCheckpoint { checkpoint, note } };
        Bundle {
            content,
            material: Material::Certificate(leaf.certificate().to_vec()),
            tlog: vec![TlogEntry::new(body, &proof, &log)],
            timestamps: vec![stamp],
        }
    }
}

fn verdict(
    organisation: &Organisation,
    bundle: &Bundle,
    message: bool,
    name: &str,
    now: Timestamp,
) -> Result<(), &'static str> {
    let root = TrustedRoot::parse(&trusted_root(&organisation.trust())).unwrap();
    let identity =
        if message { issue::of_artifact(ISSUER, "shop") } else { issue::identity(ISSUER, &statement(name)) };
    let signer = sigstore::Signer::Identity { identity, issuer: ISSUER.into() };
    let artifact = Artifact::Digest(Sha256::of(name));
    let verdict = sigstore::verify(bundle, artifact, &signer, &root, now);
    verdict.map(drop).map_err(|refusal| refusal.code())
}

#[test]
fn what_is_made_step_by_step_holds_when_every_step_is_right() {
    let organisation = Organisation::new();
    for message in [true, false] {
        let bundle = organisation.bundle("a", message, GOOD);
        assert_eq!(verdict(&organisation, &bundle, message, "a", at(30)), Ok(()));
        // Years after certificate and authority ended.
        assert_eq!(verdict(&organisation, &bundle, message, "a", at(90_000 * HOUR)), Ok(()));
        let again = Bundle::parse(&bundle.to_json().unwrap()).unwrap();
        assert_eq!(again, bundle);
    }
}

#[test]
fn every_wrong_step_has_its_own_code() {
    let organisation = Organisation::new();
    let made = |plan: Plan, message| {
        let bundle = organisation.bundle("a", message, plan);
        verdict(&organisation, &bundle, message, "a", at(30)).unwrap_err()
    };
    for message in [true, false] {
        let expired = Plan { certified: 0, stamped: 3599, ..GOOD };
        let bundle = organisation.bundle("a", message, expired);
        let verdict_at = |now| verdict(&organisation, &bundle, message, "a", now);
        assert_eq!(verdict_at(at(4000)), Err("bundle-certificate-path"), "the certificate had ended");
        assert_eq!(verdict_at(at(30)), Err("bundle-timestamp-future"));
        let before = Plan { certified: 1000, stamped: 10, ..GOOD };
        assert_eq!(made(before, message), "bundle-certificate-path", "it was not there yet");
        // Two stamps over one signature, the second after the certificate: each must fit.
        let mut twice = organisation.bundle("a", message, GOOD);
        let stamper = TimeStamper::new(&organisation.stamper).unwrap();
        let signature = match &twice.content {
            Content::Message(signed) => signed.signature.clone(),
            Content::Dsse(envelope, _) => envelope.signatures[0].sig.clone(),
        };
        let mut later = |seconds| {
            let stamp = stamper.stamp(&*organisation.keys[3], &signature, at(seconds)).unwrap();
            twice.timestamps.truncate(1);
            twice.timestamps.push(stamp);
            verdict(&organisation, &twice, message, "a", at(HOUR))
        };
        assert_eq!(later(GOOD.stamped + 1), Ok(()));
        assert_eq!(later(3599), Err("bundle-certificate-path"));
        let late = Plan { certified: 2 * HOUR, stamped: 2 * HOUR + 10, ..GOOD };
        let bundle = organisation.bundle("a", message, late);
        assert_eq!(
            verdict(&organisation, &bundle, message, "a", at(3 * HOUR)),
            Err("bundle-certificate-path"),
            "the authority had ended"
        );
        assert_eq!(made(Plan { other_log: true, ..GOOD }, message), "verify-wrong-log");
        let bundle = organisation.bundle("a", message, GOOD);
        let stranger = Organisation::new();
        assert_eq!(verdict(&stranger, &bundle, message, "a", at(30)), Err("bundle-timestamp-authority"));
        assert_eq!(
            verdict(&organisation, &bundle, message, "b", at(30)).unwrap_err(),
            match message {
                true => "bundle-digest",
                false => "bundle-digest",
            }
        );
    }
}

#[test]
fn parts_of_one_bundle_do_not_serve_another() {
    let organisation = Organisation::new();
    for message in [true, false] {
        let bundle = organisation.bundle("a", message, GOOD);
        let other = organisation.bundle("b", message, GOOD);
        let with = |change: &dyn Fn(&mut Bundle)| {
            let mut bundle = bundle.clone();
            change(&mut bundle);
            verdict(&organisation, &bundle, message, "a", at(30)).unwrap_err()
        };
        assert_eq!(with(&|b| b.timestamps = other.timestamps.clone()), "bundle-timestamp-mismatch");
        assert_eq!(with(&|b| b.timestamps.clear()), "bundle-timestamp-missing");
        assert_eq!(with(&|b| b.timestamps.push(b.timestamps[0].clone())), "bundle-timestamp-malformed");
        let broken = |b: &mut Bundle| *b.timestamps[0].last_mut().unwrap() ^= 1;
        assert_eq!(with(&broken), "bundle-timestamp-signature");
        assert_eq!(with(&|b| b.tlog = other.tlog.clone()), "verify-entry-mismatch");
        assert_eq!(with(&|b| b.tlog.push(b.tlog[0].clone())), "bundle-log-entries");
        assert_eq!(with(&|b| b.tlog[0].inclusion_proof = None), "verify-not-logged");
        assert_eq!(with(&|b| b.tlog[0].canonicalized_body.truncate(9)), "verify-entry-malformed");
        let proof = |b: &mut Bundle| b.tlog[0].inclusion_proof = other.tlog[0].inclusion_proof.clone();
        assert_eq!(with(&proof), "verify-inclusion-proof");
        assert_eq!(with(&|b| b.material = other.material.clone()), "bundle-signature");
        assert_eq!(with(&|b| b.material = Material::PublicKey(String::new())), "bundle-material");
        let content = match (&bundle.content, &other.content) {
            (Content::Message(own), Content::Message(their)) => {
                let mut mixed = own.clone();
                mixed.signature = their.signature.clone();
                Content::Message(mixed)
            }
            (Content::Dsse(own, _), Content::Dsse(their, _)) => {
                let mut mixed = own.clone();
                mixed.signatures = their.signatures.clone();
                Content::Dsse(mixed.clone(), mixed.to_json())
            }
            _ => unreachable!(),
        };
        assert_eq!(with(&|b| b.content = content.clone()), "bundle-timestamp-mismatch");
    }
    // A signature over a file is none over a statement with the same bytes, and the other way round.
    let envelope = organisation.bundle("a", false, GOOD);
    let Content::Dsse(inner, _) = &envelope.content else { unreachable!() };
    let pae = inner.pae();
    let as_file = Bundle {
        content: Content::Message(MessageSignature::new(Sha256::of(&pae), inner.signatures[0].sig.clone())),
        ..envelope.clone()
    };
    let root = TrustedRoot::parse(&trusted_root(&organisation.trust())).unwrap();
    let identity = issue::of_artifact(ISSUER, "shop");
    let signer = sigstore::Signer::Identity { identity, issuer: ISSUER.into() };
    let refusal = sigstore::verify(&as_file, Artifact::Bytes(&pae), &signer, &root, at(30)).unwrap_err();
    assert_eq!(refusal.code(), "bundle-identity");
}

#[test]
fn one_authority_is_one_signer_under_any_names() {
    let organisation = Organisation::new();
    let mut trust = organisation.trust();
    trust.issuers.push("https://other.example".into());
    let bundles = trust.issuers.iter().map(|issuer| organisation.bundle_as(issuer, "a", false, GOOD));
    let bundles: Vec<_> = bundles.collect();
    assert!(bundles.iter().all(|bundle| verify_bundle(bundle, &trust, at(30)).is_ok()));
    let asked = Threshold { least: 2, predicate_type: statement("a").predicate_type, signers: vec![] };
    let agreed = agreement(&Sha256::of("a"), &bundles, &[trust], at(30), &asked);
    assert!(!agreed.ok && agreed.signers.len() == 1, "{agreed:?}");
}

#[test]
fn documents_of_another_form_have_their_own_codes() {
    let organisation = Organisation::new();
    let good: Value =
        serde_json::from_slice(&organisation.bundle("a", false, GOOD).to_json().unwrap()).unwrap();
    let code = |text: &str| Bundle::parse(text.as_bytes()).unwrap_err().code();
    let media = |media: &str| {
        let mut bundle = good.clone();
        bundle["mediaType"] = media.into();
        bundle.to_string()
    };
    assert_eq!(code(&media("application/json")), "bundle-media-type");
    for version in ["0.1", "0.2", "0.4"] {
        let media = media(&format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
        assert_eq!(code(&media), "bundle-version");
    }
    assert!(Bundle::parse(media("application/vnd.dev.sigstore.bundle+json;version=0.3").as_bytes()).is_ok());
    let twice = good.to_string().replacen('{', "{\"mediaType\":\"x\",", 1);
    assert_eq!(code(&twice), "bundle-duplicate-key");
    assert_eq!(code(&format!("{}1{}", "[".repeat(70), "]".repeat(70))), "bundle-too-large");
    let mut other = good.clone();
    other["dsseEnvelope"]["payloadType"] = "text/plain".into();
    let bundle = Bundle::parse(other.to_string().as_bytes()).unwrap();
    assert_eq!(verdict(&organisation, &bundle, false, "a", at(30)), Err("bundle-signature"));
}

/// The attributes under a time-stamp's signature are a set: DER has one order for them.
#[test]
fn unsorted_sets_and_other_curves_are_refused() {
    let organisation = Organisation::new();
    let bundle = organisation.bundle("a", true, GOOD);
    let stamp = &bundle.timestamps[0];
    let content_type = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
    let first = stamp.windows(11).position(|window| window == content_type).unwrap() - 2;
    let length = 2 + usize::from(stamp[first + 1]);
    let next = first + length;
    let mut swapped = stamp[..first].to_vec();
    let second = 2 + usize::from(stamp[next + 1]);
    swapped.extend(&stamp[next..next + second]);
    swapped.extend(&stamp[first..next]);
    swapped.extend(&stamp[next + second..]);
    assert_eq!(swapped.len(), stamp.len());
    let unsorted = Bundle { timestamps: vec![swapped], ..bundle.clone() };
    assert_eq!(verdict(&organisation, &unsorted, true, "a", at(30)), Err("bundle-timestamp-malformed"));

    // secp256k1 in place of P-256: the object identifier of the curve is two bytes shorter.
    let Material::Certificate(der) = &bundle.material else { unreachable!() };
    let p256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let place = der.windows(p256.len()).position(|window| window == p256).unwrap();
    let mut other = der.clone();
    // P-192 has the same length.
    other[place + 9] = 1;
    let curve = Bundle { material: Material::Certificate(other), ..bundle };
    assert_eq!(verdict(&organisation, &curve, true, "a", at(30)), Err("bundle-certificate-key"));
    assert!(PublicKey::from_spki(&[]).is_err());
}

/// Signed well, by the right one, but not as a statement, or with a certificate that is for something else.
#[test]
fn what_was_signed_for_another_purpose_is_refused() {
    let organisation = Organisation::new();
    let other = organisation.bundle("a", false, Plan { kind: "application/vnd.other+json", ..GOOD });
    assert_eq!(verdict(&organisation, &other, false, "a", at(30)), Err("verify-payload-type"));

    let bundle = organisation.bundle("a", true, GOOD);
    let Material::Certificate(der) = &bundle.material else { unreachable!() };
    // Key usage: seven unused bits and digitalSignature; keyAgreement (bit 4) in its place.
    let usage: &[u8] = &[0x03, 0x02, 0x07, 0x80];
    let place = der.windows(usage.len()).position(|window| window == usage).unwrap();
    let mut changed = der.clone();
    changed[place + 2..place + 4].copy_from_slice(&[0x03, 0x08]);
    let agreement = Bundle { material: Material::Certificate(changed), ..bundle };
    assert_eq!(verdict(&organisation, &agreement, true, "a", at(30)), Err("bundle-certificate-usage"));
}
