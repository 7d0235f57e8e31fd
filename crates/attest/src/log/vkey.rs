//! Verifier keys as one line of text (C2SP signed-note, "Verifier keys"): of logs and of witnesses.

use std::{fmt, str::FromStr};

use super::{NoteKey, WitnessKey, is_key_name};
use crate::b64;

/// Longest line that is read, in bytes.
const MAX_LINE: usize = 1024;
/// Signature type of a log's Ed25519 key.
const LOG: u8 = 1;
/// Signature type of an Ed25519 cosigner (C2SP tlog-cosignature).
const WITNESS: u8 = 4;

/// The line is not a verifier key that is supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a note verifier key (NAME+ID+BASE64, Ed25519): {0}")]
pub struct BadVerifierKey(&'static str);

/// A verifier key; its text form is `<name>+<key id in hex>+<base64 of type and key>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifierKey {
    /// Of a log: verifies checkpoints of the origin that is its name.
    Log(NoteKey),
    /// Of a witness: verifies its cosignatures on anybody's checkpoints.
    Witness(WitnessKey),
}

impl VerifierKey {
    /// The log's key, if it is one.
    pub fn log(self) -> Option<NoteKey> {
        if let Self::Log(key) = self { Some(key) } else { None }
    }

    /// The witness's key, if it is one.
    pub fn witness(self) -> Option<WitnessKey> {
        if let Self::Witness(key) = self { Some(key) } else { None }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, kind, id, key) = match self {
            Self::Log(key) => (&key.name, LOG, key.id(), &key.key),
            Self::Witness(key) => (&key.name, WITNESS, key.id(), &key.key),
        };
        let material = [&[kind], key.as_slice()].concat();
        write!(f, "{name}+{:08x}+{}", u32::from_be_bytes(id), b64::encode(&material))
    }
}

impl FromStr for VerifierKey {
    type Err = BadVerifierKey;

    fn from_str(line: &str) -> Result<Self, BadVerifierKey> {
        if line.len() > MAX_LINE {
            return Err(BadVerifierKey("too long"));
        }
        let mut parts = line.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(BadVerifierKey("it has not three parts"));
        };
        if !is_key_name(name) {
            return Err(BadVerifierKey("its name is empty or has blanks"));
        }
        let material = b64::decode(material).ok_or(BadVerifierKey("its key is not base64"))?;
        let (kind, key) = material.split_first().ok_or(BadVerifierKey("it has no key"))?;
        let key = key.try_into().map_err(|_| BadVerifierKey("its key has not 32 bytes"))?;
        let name = name.to_owned();
        let verifier = match *kind {
            LOG => Self::Log(NoteKey { name, key }),
            WITNESS => Self::Witness(WitnessKey { name, key }),
            _ => return Err(BadVerifierKey("its signature type is neither 1 nor 4")),
        };
        let own = match &verifier {
            Self::Log(key) => key.id(),
            Self::Witness(key) => key.id(),
        };
        match id == format!("{:08x}", u32::from_be_bytes(own)) {
            true => Ok(verifier),
            false => Err(BadVerifierKey("its id is not that of its name and key")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_round_trip_and_a_wrong_id_is_refused() {
        let log = VerifierKey::Log(NoteKey { name: "log.example".into(), key: [7; 32] });
        let witness = VerifierKey::Witness(WitnessKey { name: "log.example".into(), key: [7; 32] });
        for key in [&log, &witness] {
            assert_eq!(key.to_string().parse().as_ref(), Ok(key));
        }
        assert_ne!(log.to_string().split('+').nth(1), witness.to_string().split('+').nth(1));
        let line = log.to_string();
        for wrong in [line.replace("log", "lag"), line.replacen('+', " ", 1), line[..40].to_owned()] {
            assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
        }
    }

    /// The key that the Go checksum database publishes for itself.
    #[test]
    fn a_key_made_by_others_is_read() {
        let key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        let read: VerifierKey = key.parse().unwrap();
        assert_eq!(read.to_string(), key);
        assert_eq!(read.log().unwrap().name, "sum.golang.org");
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_lines_never_panic(line: String, name in "[a-z.]{0,9}", key in "[A-Za-z0-9+/=]{0,60}") {
            let _ = line.parse::<VerifierKey>();
            let _ = format!("{name}+00000000+{key}").parse::<VerifierKey>();
        }
    }
}
