//! Any bytes as the certificate-transparency stamps (RFC 6962) of a certificate that a trusted authority
//! issued: only the stamps that the trusted log gave are good.

#![no_main]

use attest::{
    Bundle,
    bundle::{Content, Material, MessageSignature},
    issue::{Issuer, Leaf, TimeStamper, Transparency, authority, root, time_stamper},
    keys::{Algorithm, Der, Signer, signers::software},
    sigstore::{self, Artifact, TrustedRoot, trusted_root},
    trust::{Trust, TrustedAuthority, TrustedKey, TrustedLog},
};
use der::{Decode, Encode, asn1::BitString, oid::AssociatedOid};
use libfuzzer_sys::fuzz_target;
use model::{Sha256, Timestamp, UserError};
use proofhouse_fuzz::edit::{Bytes, edit};
use x509_cert::{Certificate, ext::pkix::SignedCertificateTimestampList};

const ISSUER: &str = "https://seed.example";
const NOW: Timestamp = Timestamp::UNIX_EPOCH;

struct Sample {
    authority: Box<dyn Signer>,
    leaf: Certificate,
    /// Value of its extension.
    stamps: Vec<u8>,
    root: TrustedRoot,
    signature: Vec<u8>,
    timestamp: Vec<u8>,
}

thread_local! {
    static SAMPLE: Sample = sample();
}

fuzz_target!(|input: &[u8]| SAMPLE.with(|sample| stamps(input, sample)));

fn stamps(input: &[u8], sample: &Sample) {
    let Some((kind, bytes)) = input.split_first() else { return };
    let mut stamps = match kind {
        b'r' => bytes.to_vec(),
        _ => sample.stamps.clone(),
    };
    let mut input = Bytes(bytes);
    while *kind != b'r' && !input.is_empty() {
        edit(&mut stamps, &sample.stamps, &mut input);
    }
    let mut leaf = sample.leaf.clone();
    let list = leaf.tbs_certificate.extensions.iter_mut().flatten();
    for extension in list.filter(|one| one.extn_id == SignedCertificateTimestampList::OID) {
        extension.extn_value = der::asn1::OctetString::new(stamps.clone()).expect("short");
    }
    let body = leaf.tbs_certificate.to_der().expect("a certificate");
    leaf.signature = BitString::from_bytes(&sample.authority.sign(&body).expect("a key")).expect("short");
    let good = judge(leaf.to_der().expect("a certificate"), sample);
    assert!(good.is_ok() || stamps != sample.stamps, "good stamps are refused: {good:?}");
    // The signature is over time, log and certificate; what is left may stand in another order only.
    let own = |part: &[u8]| stamps.windows(part.len()).any(|window| window == part);
    let (_, signed) = sample.stamps.split_at(sample.stamps.len().saturating_sub(60));
    assert!(good.is_err() || own(signed), "stamps were forged");
}

fn judge(leaf: Vec<u8>, sample: &Sample) -> Result<(), &'static str> {
    let bundle = Bundle {
        content: Content::Message(MessageSignature::new(Sha256::of("x"), sample.signature.clone())),
        material: Material::Certificate(leaf),
        tlog: Vec::new(),
        timestamps: vec![sample.timestamp.clone()],
    };
    let signer = sigstore::Signer::Identity { identity: format!("{ISSUER}/w"), issuer: ISSUER.into() };
    let verdict = sigstore::verify(&bundle, Artifact::Bytes(b"x"), &signer, &sample.root, NOW);
    // Nothing is logged: whoever gets as far as that passed the stamps.
    match verdict.expect_err("it is not in a log").code() {
        "bundle-log-entries" => Ok(()),
        code => Err(code),
    }
}

fn sample() -> Sample {
    let make = |algorithm| {
        let kind = software(algorithm).expect("software keys");
        (kind.open)(&(kind.generate)().expect("a key")).expect("a key")
    };
    let [first, second, stamps, promises] = [0; 4].map(|_| make(Algorithm::EcdsaP256));
    let top = root("Seed", &*first, NOW, 1000).expect("a root");
    let by = Issuer { signer: &*first, certificate: Some(&top) };
    let issuing = authority("Seed", second.public_key(), &by, NOW, 1000).expect("an authority");
    let stamping = time_stamper("Seed", stamps.public_key(), &by, NOW, 1000).expect("an authority");
    let by = Issuer { signer: &*second, certificate: Some(&issuing) };
    let leaf =
        Leaf::issue(&format!("{ISSUER}/w"), ISSUER, &by, &Transparency(&*promises), NOW).expect("a leaf");
    let signature = leaf.key().sign_digest(&Sha256::of("x")).expect("a key");
    let timestamp = TimeStamper::new(&stamping).and_then(|one| one.stamp(&*stamps, &signature, NOW));
    let chain = |first: &[u8]| TrustedAuthority {
        name: "Seed".into(),
        chain: vec![Der(first.to_vec()), Der(top.clone())],
        valid_from: None,
        valid_until: None,
    };
    let log = make(Algorithm::Ed25519).public_key().clone();
    let log = TrustedLog { origin: "log".into(), public_key: log, valid_from: None, valid_until: None };
    let mut trust = Trust::new(vec![], vec![log]);
    trust.authorities = vec![chain(&issuing)];
    trust.time_stampers = vec![chain(&stamping)];
    let public_key = promises.public_key().clone();
    trust.certificate_logs =
        vec![TrustedKey { name: "Seed".into(), public_key, valid_from: None, valid_until: None }];
    trust.issuers = vec![ISSUER.into()];
    let leaf = Certificate::from_der(leaf.certificate()).expect("a certificate");
    let list = leaf.tbs_certificate.extensions.iter().flatten();
    let list =
        list.into_iter().find(|one| one.extn_id == SignedCertificateTimestampList::OID).expect("stamps");
    Sample {
        stamps: list.extn_value.as_bytes().to_vec(),
        root: TrustedRoot::parse(&trusted_root(&trust)).expect("a root"),
        authority: second,
        leaf,
        signature,
        timestamp: timestamp.expect("a stamp"),
    }
}
