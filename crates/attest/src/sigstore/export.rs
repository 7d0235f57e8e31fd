//! Writing a trust file as `trusted_root.json`, in the form that every Sigstore client reads: media type,
//! base address whose host is the checkpoint's name, hash algorithm and validity are all there.

use model::Timestamp;
use serde_json::{Value, json};
use x509_cert::{Certificate, der::Decode};

use super::root::MEDIA_TYPES;
use crate::{
    b64,
    trust::{Trust, TrustedAuthority, TrustedKey, TrustedLog},
};

/// The trusted root, indented for people. Plain keys have no place in it.
pub fn trusted_root(trust: &Trust) -> Vec<u8> {
    let uri = trust.issuers.first().map(String::as_str).unwrap_or_default();
    let authority = |one: &TrustedAuthority| authority(one, uri);
    let document = json!({
        "mediaType": MEDIA_TYPES[0],
        "tlogs": trust.logs.iter().map(log).collect::<Vec<_>>(),
        "certificateAuthorities": trust.authorities.iter().map(authority).collect::<Vec<_>>(),
        "ctlogs": trust.certificate_logs.iter().map(|key| certificate_log(key, uri)).collect::<Vec<_>>(),
        "timestampAuthorities": trust.time_stampers.iter().map(authority).collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_vec_pretty(&document).unwrap_or_default();
    text.push(b'\n');
    text
}

fn log(log: &TrustedLog) -> Value {
    let id = log.note_key().map(|key| b64::encode(&key.log_id().0)).unwrap_or_default();
    json!({
        "baseUrl": format!("https://{}", log.origin),
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64::encode(&log.public_key.spki()),
            "keyDetails": log.public_key.algorithm().sigstore_name(),
            "validFor": window(log.valid_from, log.valid_until),
        },
        "logId": { "keyId": id },
    })
}

fn certificate_log(key: &TrustedKey, uri: &str) -> Value {
    json!({
        "baseUrl": uri,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64::encode(&key.public_key.spki()),
            "keyDetails": key.public_key.algorithm().sigstore_name(),
            "validFor": window(key.valid_from, key.valid_until),
        },
        "logId": { "keyId": key.public_key.hint() },
    })
}

fn authority(authority: &TrustedAuthority, uri: &str) -> Value {
    let raw = |der: &[u8]| json!({ "rawBytes": b64::encode(der) });
    let certificates: Vec<_> = authority.chain.iter().map(|der| raw(&der.0)).collect();
    json!({
        "subject": subject(authority),
        "uri": uri,
        "certChain": { "certificates": certificates },
        "validFor": window(authority.valid_from, authority.valid_until),
    })
}

/// Names of the certificate, for people.
fn subject(authority: &TrustedAuthority) -> Value {
    let first = authority.chain.first().and_then(|der| Certificate::from_der(&der.0).ok());
    let names = first.map(|certificate| certificate.tbs_certificate.subject.0).unwrap_or_default();
    let name = |oid: &str| {
        let pairs = names.iter().flat_map(|part| part.0.iter());
        let found = pairs.filter(|pair| pair.oid.to_string() == oid).map(|pair| pair.value.value().to_vec());
        found.filter_map(|bytes| String::from_utf8(bytes).ok()).next().unwrap_or_default()
    };
    json!({ "organization": name("2.5.4.10"), "commonName": name("2.5.4.3") })
}

/// Whole seconds: the end is the last second that counts.
fn window(from: Option<Timestamp>, until: Option<Timestamp>) -> Value {
    let start = from.unwrap_or(Timestamp::UNIX_EPOCH);
    let last = until.and_then(|until| Timestamp::from_second(until.as_second() - 1).ok());
    match last {
        Some(end) => json!({ "start": start, "end": end }),
        None => json!({ "start": start }),
    }
}
