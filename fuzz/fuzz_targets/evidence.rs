//! Any bytes as envelope, statement, bundle, evidence file or trust file: what is read is written again the same.

#![no_main]

use attest::{
    Bundle, Envelope, PublicKey, Trust,
    bundle::{parse_evidence, write_evidence},
};
use libfuzzer_sys::fuzz_target;
use model::{
    Predicate, Statement,
    predicate::{Deployment, KeyEvent, Receipt, Vsa},
};
use serde::{Serialize, de::DeserializeOwned};

/// What decides over trust or about a deployment means the same after it was written again.
fn decoded<P: Predicate + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(statement: &Statement) {
    if let Some(Ok(predicate)) = statement.decode::<P>() {
        let written = serde_json::to_value(&predicate).unwrap();
        assert_eq!(serde_json::from_value::<P>(written).unwrap(), predicate);
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert_eq!(Envelope::parse(&envelope.to_json()).as_ref(), Ok(&envelope));
        if let Ok(statement) = envelope.statement() {
            assert!(!statement.subject.is_empty());
        }
        assert!(envelope.pae().ends_with(&envelope.payload));
    }
    if let Ok(statement) = Envelope::new(bytes.to_vec(), String::new(), Vec::new()).statement() {
        decoded::<Vsa>(&statement);
        decoded::<Deployment>(&statement);
        decoded::<Receipt>(&statement);
        decoded::<KeyEvent>(&statement);
    }
    if let Ok(bundle) = Bundle::parse(bytes)
        && let Ok(written) = bundle.to_json()
    {
        assert!(!written.contains(&b'\n'), "a bundle is one line of an evidence file");
        assert_eq!(Bundle::parse(&written), Ok(bundle));
    }
    if let Ok(bundles) = parse_evidence(bytes)
        && let Ok(written) = write_evidence(&bundles)
    {
        assert_eq!(parse_evidence(&written), Ok(bundles));
    }
    if let Ok(trust) = Trust::parse(bytes) {
        assert!(trust.logs.iter().all(|log| log.note_key().is_some()));
        assert_eq!(Trust::parse(&trust.to_json()), Ok(trust));
    }
    if let Ok(key) = std::str::from_utf8(bytes).map_or(Err(attest::keys::BadKey), PublicKey::from_text) {
        assert_eq!(PublicKey::from_text(&key.pem()).as_ref(), Ok(&key));
        assert_eq!(PublicKey::from_spki(&key.spki()), Ok(key));
    }
});
