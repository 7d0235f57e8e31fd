//! Asks sigstore-rust about bundles, offline and by its default policy.
//!
//! Reads one question a line (JSON: bundle, artifact and root are paths; identity and issuer, or key as
//! PEM), answers one line each. The library checks by itself that a subject of the statement is the artifact.

use std::{collections::HashMap, error::Error, fs, io};

use serde_json::{Value, json};
use sigstore_verify::{
    PublicKeyVerificationPolicy, VerificationPolicy, Verifier,
    trust_root::TrustedRoot,
    types::{Bundle, DerPublicKey},
};

const VERSION: &str = "0.15.1";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    println!("{}", json!({ "verifier": "sigstore-rust", "version": VERSION }));
    let mut verifiers = HashMap::new();
    for line in io::stdin().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer = match verify(&question, &mut verifiers) {
            Ok(()) => json!({ "verdict": "ok" }),
            Err(error) => json!({ "verdict": "refused", "why": error.to_string() }),
        };
        println!("{answer}");
    }
    Ok(())
}

fn verify(question: &Value, verifiers: &mut HashMap<String, Verifier>) -> Outcome<()> {
    let text = |name: &str| question[name].as_str().unwrap_or_default();
    let bundle = Bundle::from_json(&fs::read_to_string(text("bundle"))?)?;
    let artifact = fs::read(text("artifact"))?;
    let root = text("root");
    if !verifiers.contains_key(root) {
        verifiers.insert(root.to_owned(), Verifier::new(&TrustedRoot::from_file(root)?)?);
    }
    let verifier = &verifiers[root];
    match text("key") {
        "" => {
            let policy = VerificationPolicy::new(text("identity"), text("issuer"));
            verifier.verify(&artifact[..], &bundle, &policy)?;
        }
        pem => {
            let policy = PublicKeyVerificationPolicy::new(DerPublicKey::from_pem(pem)?);
            verifier.verify(&artifact[..], &bundle, &policy)?;
        }
    }
    Ok(())
}
