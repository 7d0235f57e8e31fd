//! Certificate paths, validated by webpki (RFC 5280), against one authority and one moment.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use der::Decode;
use model::{Sha256, Timestamp};
use pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_cert::{Certificate, ext::pkix::ExtendedKeyUsage};

use super::root::Authority;

/// Content of the object identifier of code signing, 1.3.6.1.5.5.7.3.3.
pub(super) const CODE_SIGNING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x03];
/// Content of the object identifier of time-stamping, 1.3.6.1.5.5.7.3.8.
pub(super) const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// Most paths that are remembered.
const MOST: usize = 10_000;

/// Seconds since 1970, both ends included.
type Span = (i64, i64);

/// Paths that were validated, and while which time they hold: apart from time nothing about them changes.
#[derive(Default)]
pub(crate) struct Paths(RefCell<HashMap<Sha256, Span>>);

impl Paths {
    /// The certificate of `authority` that issued `leaf`, when there is a path for `usage` at `at`.
    pub fn issuer<'a>(
        &self,
        leaf: &[u8],
        authority: &'a Authority,
        usage: &'static [u8],
        at: Timestamp,
    ) -> Result<&'a [u8], String> {
        if !authority.window.holds(at) {
            return Err("the authority is not trusted at that time".into());
        }
        // Chains stand from the issuing certificate to the root.
        let first = authority.chain.first().map(Vec::as_slice).unwrap_or_default();
        let question = question(leaf, authority, usage);
        let known = self.0.borrow().get(&question).copied();
        if known.is_some_and(|(from, until)| (from..=until).contains(&at.as_second())) {
            return Ok(first);
        }
        validate(leaf, authority, usage, at)?;
        let mut paths = self.0.borrow_mut();
        if let Some(span) = span(leaf, authority).filter(|_| paths.len() < MOST) {
            paths.insert(question, span);
        }
        Ok(first)
    }
}

/// Whether a certificate for signing code verifies under `authority` at `at`.
pub(crate) fn code_signing(
    paths: &Paths,
    leaf: &[u8],
    authority: &Authority,
    at: Timestamp,
) -> Result<(), String> {
    paths.issuer(leaf, authority, CODE_SIGNING, at).map(drop)
}

fn question(leaf: &[u8], authority: &Authority, usage: &[u8]) -> Sha256 {
    let parts = [usage, leaf].into_iter().chain(authority.chain.iter().map(Vec::as_slice));
    let framed = parts.flat_map(|part| [&(part.len() as u64).to_be_bytes(), part].concat());
    Sha256::of(framed.collect::<Vec<u8>>())
}

fn validate(leaf: &[u8], authority: &Authority, usage: &'static [u8], at: Timestamp) -> Result<(), String> {
    let (root, between) = authority.chain.split_last().ok_or("the authority has no certificate")?;
    let root = CertificateDer::from(root.as_slice());
    let anchor = anchor_from_trusted_cert(&root).map_err(|error| error.to_string())?;
    let between: Vec<_> = between.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    if !is_for(leaf, usage) {
        return Err("the certificate is not for this use".into());
    }
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(|error| error.to_string())?;
    let seconds = u64::try_from(at.as_second()).map_err(|_| "a time before 1970")?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    // Authorities that name no use may certify for any (RFC 5280, section 4.2.1.12).
    let usage = KeyUsage::required_if_present(usage);
    let anchors = [anchor];
    let path = leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &between, time, usage, None, None);
    path.map(drop).map_err(|error| error.to_string())
}

/// Whether the certificate itself names this use.
fn is_for(leaf: &[u8], usage: &[u8]) -> bool {
    let usages = Certificate::from_der(leaf).ok();
    let usages = usages.and_then(|leaf| leaf.tbs_certificate.get::<ExtendedKeyUsage>().ok().flatten());
    usages.is_some_and(|(_, usages)| usages.0.iter().any(|found| found.as_bytes() == usage))
}

/// While which time the leaf and everything between it and the root are valid.
fn span(leaf: &[u8], authority: &Authority) -> Option<Span> {
    let between = authority.chain.split_last().map(|(_, between)| between).unwrap_or_default();
    let mut span = (i64::MIN, i64::MAX);
    for der in std::iter::once(leaf).chain(between.iter().map(Vec::as_slice)) {
        let validity = Certificate::from_der(der).ok()?.tbs_certificate.validity;
        let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).ok();
        span = (span.0.max(seconds(validity.not_before)?), span.1.min(seconds(validity.not_after)?));
    }
    Some(span)
}
