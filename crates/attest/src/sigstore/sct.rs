//! Certificate transparency: the stamp inside a signing certificate (RFC 6962 section 3.2).

use der::{Decode, Encode, oid::AssociatedOid};
use model::{Sha256, Timestamp};
use x509_cert::{Certificate, TbsCertificate, ext::pkix::SignedCertificateTimestampList};

use super::{Refusal, root::CtLog};

/// Most stamps that are looked at.
const MOST: usize = 16;

/// Checks that a trusted log promised to take in this certificate, issued by `issuer`.
pub(super) fn check(leaf: &Certificate, issuer: &[u8], logs: &[CtLog]) -> Result<(), Refusal> {
    let list = leaf.tbs_certificate.get::<SignedCertificateTimestampList>();
    let (_, list) =
        list.map_err(|_| Refusal::Sct("it is unreadable"))?.ok_or(Refusal::Sct("there is none"))?;
    let stamps = list.parse_timestamps().map_err(|_| Refusal::Sct("it is unreadable"))?;
    let issuer = Certificate::from_der(issuer).map_err(|_| Refusal::Sct("the issuer is unreadable"))?;
    let issuer = issuer.tbs_certificate.subject_public_key_info.to_der();
    let issuer = issuer.map(Sha256::of).map_err(|_| Refusal::Sct("the issuer is unreadable"))?;
    let body = without_stamps(&leaf.tbs_certificate).ok_or(Refusal::Sct("the certificate is too long"))?;
    let mut reason = "it is of a log that is not trusted";
    for stamp in stamps.iter().take(MOST) {
        let Ok(stamp) = stamp.parse_timestamp() else { continue };
        let Some(log) = logs.iter().find(|log| log.id == stamp.log_id.key_id) else { continue };
        let at = i64::try_from(stamp.timestamp).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        if !at.is_some_and(|at| log.window.holds(at)) {
            reason = "its log was not trusted at its time";
            continue;
        }
        let extensions = stamp.extensions.as_slice();
        let signed = signed_bytes(stamp.timestamp, &issuer, &body, extensions);
        if log.key.verify(&signed, stamp.signature.signature.as_slice()) {
            return Ok(());
        }
        reason = "its signature is wrong";
    }
    Err(Refusal::Sct(reason))
}

/// The certificate as the log saw it: everything but the stamps.
fn without_stamps(body: &TbsCertificate) -> Option<Vec<u8>> {
    let mut body = body.clone();
    let id = SignedCertificateTimestampList::OID;
    body.extensions.as_mut()?.retain(|extension| extension.extn_id != id);
    body.to_der().ok().filter(|der| der.len() < 1 << 24)
}

/// The `digitally-signed` struct of a precertificate entry.
pub(crate) fn signed_bytes(timestamp: u64, issuer: &Sha256, body: &[u8], extensions: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0];
    out.extend(timestamp.to_be_bytes());
    out.extend([0, 1]);
    out.extend(issuer.as_bytes());
    out.extend(&(body.len() as u32).to_be_bytes()[1..]);
    out.extend(body);
    out.extend((extensions.len() as u16).to_be_bytes());
    out.extend(extensions);
    out
}
