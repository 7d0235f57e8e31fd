//! The envelope: a payload, its type, and any number of signatures over both.

use model::{Exit, Statement, UserError, statement::PAYLOAD_TYPE};
use serde::{Deserialize, Serialize};

use crate::{
    b64,
    json::{self, JsonProblem},
};

/// Largest statement (JSON bytes) that is signed or read.
pub const MAX_PAYLOAD: usize = 32 << 20;
/// Largest envelope (JSON bytes) that is read: the payload grows by a third in base64.
pub const MAX_ENVELOPE: usize = 44 << 20;
/// Most signatures in one envelope.
const MAX_SIGNATURES: usize = 64;

/// Why an envelope or its payload was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DsseError {
    /// The envelope is not a bounded DSSE envelope.
    #[error("not a DSSE envelope: {0}")]
    Envelope(JsonProblem),
    /// No signature, or more than are read.
    #[error("{0} signatures; 1 to 64 are expected")]
    Signatures(usize),
    /// Something else than an in-toto statement was signed.
    #[error("the payload type is `{0}`, expected `application/vnd.in-toto+json`")]
    PayloadType(String),
    /// The payload is not an in-toto statement.
    #[error("the payload is not an in-toto statement: {0}")]
    Statement(JsonProblem),
}

impl UserError for DsseError {
    fn code(&self) -> &'static str {
        match self {
            Self::Envelope(_) | Self::Signatures(_) => "envelope-malformed",
            Self::PayloadType(_) => "payload-type-wrong",
            Self::Statement(_) => "statement-malformed",
        }
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// A DSSE envelope. Fields that are not known here are ignored, as the standard asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The signed bytes; base64 in JSON.
    #[serde(with = "b64")]
    pub payload: Vec<u8>,
    /// What they are.
    pub payload_type: String,
    /// Signatures over [`pae`] of the two.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Hint which key made it; not authenticated.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keyid: String,
    /// The signature; base64 in JSON. ECDSA: ASN.1 DER.
    #[serde(with = "b64")]
    pub sig: Vec<u8>,
}

impl Envelope {
    /// An in-toto envelope with one signature.
    pub fn new(statement: Vec<u8>, keyid: String, sig: Vec<u8>) -> Self {
        Self {
            payload: statement,
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: vec![Signature { keyid, sig }],
        }
    }

    /// Reads an envelope; at most [`MAX_ENVELOPE`] bytes, no key twice.
    ///
    /// # Errors
    /// [`DsseError::Envelope`] or [`DsseError::Signatures`].
    pub fn parse(bytes: &[u8]) -> Result<Self, DsseError> {
        let envelope: Self = json::parse(bytes, MAX_ENVELOPE).map_err(DsseError::Envelope)?;
        match envelope.signatures.len() {
            1..=MAX_SIGNATURES => Ok(envelope),
            other => Err(DsseError::Signatures(other)),
        }
    }

    /// Compact JSON in the one form in which the ledger stores it.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and numbers only: writing them to memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The bytes that its signatures sign.
    pub fn pae(&self) -> Vec<u8> {
        pae(&self.payload_type, &self.payload)
    }

    /// The in-toto statement inside.
    ///
    /// # Errors
    /// [`DsseError::PayloadType`] or [`DsseError::Statement`].
    pub fn statement(&self) -> Result<Statement, DsseError> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(DsseError::PayloadType(self.payload_type.clone()));
        }
        let statement: Statement = json::parse(&self.payload, MAX_PAYLOAD).map_err(DsseError::Statement)?;
        let shape = |text: &str| DsseError::Statement(JsonProblem::Shape(text.to_owned()));
        if statement.kind != model::statement::STATEMENT_TYPE {
            return Err(shape("its `_type` is not in-toto Statement v1"));
        }
        if statement.subject.is_empty() {
            return Err(shape("it has no subject"));
        }
        Ok(statement)
    }
}

/// Pre-authentication encoding of DSSE v1: `DSSEv1 len(type) type len(body) body`.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_pae_example_holds() {
        let expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world";
        assert_eq!(pae("http://example.com/HelloWorld", b"hello world"), expected);
    }

    #[test]
    fn many_signatures_and_unknown_fields_are_read() {
        let text = br#"{"payload":"e30=","payloadType":"t","x":1,
            "signatures":[{"sig":"AA=="},{"keyid":"b","sig":"_w==","cert":"c"}]}"#;
        let envelope = Envelope::parse(text).unwrap();
        assert_eq!(envelope.signatures[1].sig, [0xff]);
        assert!(matches!(envelope.statement(), Err(DsseError::PayloadType(t)) if t == "t"));
        assert_eq!(Envelope::parse(&envelope.to_json()), Ok(envelope));
    }

    #[test]
    fn ambiguous_and_unsigned_envelopes_are_refused() {
        let twice = br#"{"payload":"e30=","payload":"AA==","payloadType":"t","signatures":[{"sig":"AA=="}]}"#;
        let error = Envelope::parse(twice).unwrap_err();
        assert_eq!(error, DsseError::Envelope(JsonProblem::DuplicateKey("payload".into())));
        let none = br#"{"payload":"e30=","payloadType":"t","signatures":[]}"#;
        assert_eq!(Envelope::parse(none), Err(DsseError::Signatures(0)));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Envelope::parse(&bytes).map(|envelope| envelope.statement());
        }
    }
}
