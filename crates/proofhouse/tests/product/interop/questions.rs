//! Corruptions that are no change of one field: another question, another trusted root, parts of another
//! bundle, other forms of the document.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Case, Good, Who, changes::without};

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";
const STAMPS: &str = "/verificationMaterial/timestampVerificationData";

/// All of them for one good bundle. `goods` are the others of its organisation.
pub fn questions(good: &Good, goods: &[Good], dir: &Path) -> Vec<Case> {
    let mut cases = asked(good, dir);
    cases.extend(roots(good, goods));
    cases.extend(swapped(good, goods));
    cases.extend(forms(good));
    cases
}

/// The same bundle, asked about somebody or something else.
fn asked(good: &Good, dir: &Path) -> Vec<Case> {
    let case = |row: &str, who: Who| Case { who, ..good.case(&format!("asked about {row}")) };
    let other = dir.join("other.bin");
    std::fs::write(&other, "other\n").unwrap();
    let mut cases = vec![Case { artifact: other, ..case("another artifact", good.who.clone()) }];
    match &good.who {
        Who::Identity { identity, issuer } => {
            let who = |identity: &str, issuer: &str| Who::Identity {
                identity: identity.into(),
                issuer: issuer.into(),
            };
            cases.push(case("another identity", who("https://elsewhere.example/pipeline", issuer)));
            cases.push(case("the beginning of the identity", who(&identity[..identity.len() - 1], issuer)));
            cases.push(case("another issuer", who(identity, "https://elsewhere.example")));
            cases.push(case("the beginning of the issuer", who(identity, &issuer[..issuer.len() - 1])));
        }
        Who::Key { name, .. } => {
            let who = Who::Key { pem: pem(&ct_key(&good.root)), name: name.clone() };
            cases.push(case("another key", who));
        }
    }
    cases
}

fn ct_key(root: &Value) -> String {
    root["ctlogs"][0]["publicKey"]["rawBytes"].as_str().unwrap().to_owned()
}

fn pem(key: &str) -> String {
    let lines: Vec<&str> = key.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// Trusted roots that do not vouch for the bundle.
fn roots(good: &Good, goods: &[Good]) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |row: String, change: &dyn Fn(&mut Value)| {
        let mut root = good.root.clone();
        change(&mut root);
        cases.push(Case { root, ..good.case(&row) });
    };
    let parts = [
        ("tlogs", "log", "/publicKey/validFor"),
        ("timestampAuthorities", "time-stamp authority", "/validFor"),
        ("certificateAuthorities", "certificate authority", "/validFor"),
        ("ctlogs", "certificate log", "/publicKey/validFor"),
    ];
    let parts = if good.kind.certificate { &parts[..] } else { &parts[..2] };
    for (field, what, window) in parts {
        let window = |root: &mut Value, to: Value| *root[field][0].pointer_mut(window).unwrap() = to;
        add(format!("trusted root: no {what}"), &|root| root[field] = json!([]));
        add(format!("trusted root: {what} valid only before"), &|root| {
            window(root, json!({ "start": "2000-01-01T00:00:00Z", "end": "2001-01-01T00:00:00Z" }));
        });
        add(format!("trusted root: {what} valid only later"), &|root| {
            window(root, json!({ "start": "2200-01-01T00:00:00Z" }));
        });
        add(format!("trusted root: another {what}"), &|root| match *field {
            "tlogs" => root["tlogs"][0]["publicKey"] = root["ctlogs"][0]["publicKey"].clone(),
            "ctlogs" => root["ctlogs"][0]["publicKey"]["rawBytes"] = organisation_key(goods).into(),
            "timestampAuthorities" => {
                let chain = &root["certificateAuthorities"][0]["certChain"]["certificates"];
                let certificate = chain.as_array().unwrap().last().unwrap().clone();
                root[field][0]["certChain"]["certificates"] = json!([certificate, certificate]);
            }
            _ => {
                let chain = &root["timestampAuthorities"][0]["certChain"]["certificates"];
                let certificate = chain.as_array().unwrap().last().unwrap().clone();
                root[field][0]["certChain"]["certificates"] = json!([certificate]);
            }
        });
    }
    add("trusted root: another media type".into(), &|root| root["mediaType"] = "application/json".into());
    cases
}

/// Base64 of the key of the bundles that are signed with a key.
fn organisation_key(goods: &[Good]) -> String {
    let key = goods.iter().find_map(|good| match &good.who {
        Who::Key { pem, .. } => Some(pem),
        Who::Identity { .. } => None,
    });
    key.unwrap().lines().filter(|line| !line.starts_with("---")).collect()
}

/// Parts of another good bundle of the kind, by the same signer, about the same artifact.
fn swapped(good: &Good, goods: &[Good]) -> Vec<Case> {
    let content = if good.kind.statement { "/dsseEnvelope" } else { "/messageSignature" };
    let signature =
        if good.kind.statement { "/dsseEnvelope/signatures/0/sig" } else { "/messageSignature/signature" };
    let mut parts = vec![
        ("log entry", ENTRY.to_owned()),
        ("inclusion proof", format!("{ENTRY}/inclusionProof")),
        ("checkpoint", format!("{ENTRY}/inclusionProof/checkpoint")),
        ("logged body", format!("{ENTRY}/canonicalizedBody")),
        ("time-stamp", STAMPS.to_owned()),
        ("content", content.to_owned()),
        ("signature", signature.to_owned()),
    ];
    if good.kind.certificate {
        parts.push(("certificate", "/verificationMaterial/certificate".to_owned()));
    }
    let mut cases: Vec<Case> = parts
        .iter()
        .map(|(what, pointer)| {
            let mut bundle = good.bundle.clone();
            *bundle.pointer_mut(pointer).unwrap() = good.other.pointer(pointer).unwrap().clone();
            good.changed(&format!("{what} of another bundle"), &bundle)
        })
        .collect();
    let more = if good.kind.statement { "messageSignature" } else { "dsseEnvelope" };
    let mut bundle = good.bundle.clone();
    let other = goods.iter().find(|other| other.kind.statement != good.kind.statement).unwrap();
    bundle[more] = other.bundle[more].clone();
    cases.push(good.changed("message and statement in one bundle", &bundle));
    cases
}

/// Other forms of the document, and things added to it.
fn forms(good: &Good) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |row: &str, change: &dyn Fn(&mut Value)| {
        let mut bundle = good.bundle.clone();
        change(&mut bundle);
        cases.push(good.changed(row, &bundle));
    };
    for version in ["0.1", "0.2", "0.3", "0.4"] {
        let media = format!("application/vnd.dev.sigstore.bundle+json;version={version}");
        add(&format!("media type of version {version}, older spelling"), &|bundle| {
            bundle["mediaType"] = media.as_str().into();
        });
    }
    add("media type of version 0.4", &|bundle| {
        bundle["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json".into();
    });
    if good.kind.certificate {
        add("certificate in a chain, as before version 0.3", &|bundle| {
            let certificate = bundle["verificationMaterial"]["certificate"].take();
            *bundle = without(bundle, "/verificationMaterial/certificate");
            bundle["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": [certificate] });
        });
        add("certificate and key", &|bundle| {
            bundle["verificationMaterial"]["publicKey"] = json!({ "hint": "" });
        });
    }
    add("neither log entry nor time-stamp", &|bundle| {
        bundle.pointer_mut("/verificationMaterial/tlogEntries").unwrap().as_array_mut().unwrap().clear();
        *bundle.pointer_mut(STAMPS).unwrap() = json!({});
    });
    add("log's own time added", &|bundle| {
        bundle.pointer_mut(ENTRY).unwrap()["integratedTime"] = "1700000000".into();
    });
    add("log's promise added", &|bundle| {
        let promise = json!({ "signedEntryTimestamp": STANDARD.encode([7; 64]) });
        bundle.pointer_mut(ENTRY).unwrap()["inclusionPromise"] = promise;
    });
    if good.kind.statement {
        if good.kind.certificate {
            add("key name added to the signature", &|bundle| {
                bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "name".into();
            });
        }
        add("a stranger's signature added to the envelope", &|bundle| {
            let stranger = json!({ "sig": STANDARD.encode([7; 70]), "keyid": "stranger" });
            bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(stranger);
        });
        add("statement about another artifact", &|bundle| {
            let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
            let mut statement: Value = serde_json::from_slice(&payload).unwrap();
            statement["subject"][0]["digest"]["sha256"] = "0".repeat(64).into();
            bundle["dsseEnvelope"]["payload"] = STANDARD.encode(statement.to_string()).into();
        });
    }
    add("an unknown field added", &|bundle| bundle["surprise"] = 1.into());
    let text = good.bundle.to_string();
    let twice = text.replacen('{', "{\"mediaType\":\"application/json\",", 1);
    cases.push(Case { bundle: twice, ..good.case("a field twice") });
    cases.push(Case { bundle: format!("{text}{{}}"), ..good.case("text after the document") });
    cases.push(Case { bundle: text[..text.len() - 1].into(), ..good.case("document cut short") });
    cases
}
