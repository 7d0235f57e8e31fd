//! Certificate paths, validated by webpki (RFC 5280), against one authority and one moment.

use std::time::Duration;

use model::Timestamp;
use pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::root::Authority;

/// Content of the object identifier of code signing, 1.3.6.1.5.5.7.3.3.
pub(super) const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
/// Content of the object identifier of time-stamping, 1.3.6.1.5.5.7.3.8.
pub(super) const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// The certificate of `authority` that issued `leaf`, when there is a path for `usage` at `at`.
pub(super) fn issuer<'a>(
    leaf: &[u8],
    authority: &'a Authority,
    usage: &'static [u8],
    at: Timestamp,
) -> Result<&'a [u8], String> {
    if !authority.window.holds(at) {
        return Err("the authority is not trusted at that time".into());
    }
    let (root, between) = authority.chain.split_last().ok_or("the authority has no certificate")?;
    let root = CertificateDer::from(root.as_slice());
    let anchor = anchor_from_trusted_cert(&root).map_err(|error| error.to_string())?;
    let between: Vec<_> = between.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(|error| error.to_string())?;
    let seconds = u64::try_from(at.as_second()).map_err(|_| "a time before 1970")?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let usage = KeyUsage::required(usage);
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &[anchor], &between, time, usage, None, None)
        .map_err(|error| error.to_string())?;
    // Chains stand from the issuing certificate to the root.
    Ok(authority.chain.first().map(Vec::as_slice).unwrap_or_default())
}
