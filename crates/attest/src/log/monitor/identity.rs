//! Who an entry says signed it.

use model::{Sha256, Timestamp};
use serde::Serialize;

use crate::{
    log::{LeafVerifier, LogEntry},
    sigstore::{Leaf, Session, TrustedRoot},
    trust::Trust,
};

/// Who verifies the signature of an entry, as the entry says. A certificate is read; it is judged only under
/// the trust that [`Identities::under`] was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// SHA-256 of the SubjectPublicKeyInfo of a plain key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Sha256>,
    /// Subject alternative names of the certificate: addresses and mail addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Who vouched for them (1.3.6.1.4.1.57264.1.8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// An authority that is trusted issued the certificate.
    #[serde(skip)]
    pub vouched: bool,
    /// Why there is nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// Reads identities; remembers the last certificate, since those of one run stand together.
#[derive(Default)]
pub struct Identities {
    sessions: Vec<Session<'static>>,
    last: Option<(Vec<u8>, Identity)>,
}

impl Identities {
    /// Judges certificates too: whether an authority of one of these, and a log of certificates, vouch for them.
    pub fn under(trusts: &[Trust]) -> Self {
        let sessions = trusts.iter().map(|trust| Session::owning(TrustedRoot::from(trust))).collect();
        Self { sessions, last: None }
    }

    /// The identity in an entry; one that cannot be read says why.
    pub fn of(&mut self, entry: &[u8]) -> Identity {
        let entry = match LogEntry::parse(entry) {
            Ok(entry) => entry,
            Err(error) => return Identity { unreadable: Some(error.to_string()), ..Identity::default() },
        };
        match entry.verifier {
            LeafVerifier::Key(key) => Identity { key: Some(key.fingerprint()), ..Identity::default() },
            LeafVerifier::Certificate(der, _) => self.certificate(der),
        }
    }

    fn certificate(&mut self, der: Vec<u8>) -> Identity {
        if let Some((known, identity)) = &self.last
            && *known == der
        {
            return identity.clone();
        }
        let identity = match Leaf::parse(&der) {
            Ok(leaf) => {
                let vouched = self.sessions.iter().any(|session| vouched(session, &leaf, &der));
                Identity { names: leaf.identities, issuer: leaf.issuer, vouched, ..Identity::default() }
            }
            Err(error) => Identity { unreadable: Some(error.to_string()), ..Identity::default() },
        };
        self.last = Some((der, identity.clone()));
        identity
    }
}

/// An entry has no time of its own: its certificate is judged as of when it began, and as of when it ended,
/// since the authority may have been exchanged in between.
fn vouched(session: &Session, leaf: &Leaf, der: &[u8]) -> bool {
    let validity = &leaf.certificate.tbs_certificate.validity;
    [validity.not_before, validity.not_after].iter().any(|end| {
        let seconds = i64::try_from(end.to_unix_duration().as_secs()).ok();
        let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        at.is_some_and(|at| session.certified(leaf, der, &[at]).is_ok())
    })
}
