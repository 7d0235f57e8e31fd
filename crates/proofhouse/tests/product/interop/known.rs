//! Where verifiers differ, and why. An entry that no run bears out fails the test.

use super::Kind;

/// One difference.
pub struct Known {
    /// Whose.
    pub verifier: &'static str,
    /// In bundles that carry what.
    pub only: Only,
    /// Row of the table, or what it begins with when it ends with `…`.
    pub row: &'static str,
    /// The reason.
    pub why: &'static str,
}

/// Kinds of bundles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Only {
    All,
    Certificate,
    Key,
}

impl Known {
    /// Whether this is about that row.
    pub fn is_about(&self, verifier: &str, kind: Kind, row: &str) -> bool {
        let kinds = match self.only {
            Only::All => true,
            Only::Certificate => kind.certificate,
            Only::Key => !kind.certificate,
        };
        let named = match self.row.strip_suffix('…') {
            Some(start) => row.starts_with(start),
            None => row == self.row,
        };
        kinds && named && verifier == self.verifier
    }
}

const fn known(verifier: &'static str, only: Only, row: &'static str, why: &'static str) -> Known {
    Known { verifier, only, row, why }
}

const ENTRY_TIME: &str =
    "Neither time nor promise is looked at: inclusion itself is proven, and a time-stamp proves the time.";
const HINT: &str = "The key is given by whoever asks; what the bundle calls it decides nothing.";
const KEY_NAME: &str = "DSSE has the name as a hint; the key is known otherwise.";
const NO_STAMP: &str = "A key that is given needs no proof of when it signed; a certificate does.";
const NUMBER: &str = "64-bit numbers may stand as text or as numbers in the JSON form of Protocol Buffers.";
const STAMPS: &str = "Wants a time-stamp by default, whoever signed.";
const PROMISE: &str = "Verifies a promise when there is one, although the proof of inclusion needs none.";
const UNSIGNED: &str = "Looks neither at the list of digest algorithms nor at the signature algorithm, which no signature covers.";
const CARRIED: &str =
    "Takes the certificate from the trusted root and reads past the one that the time-stamp carries.";
const TWICE: &str = "Takes the last of two fields with one name.";
const INDEX: &str = "The position beside the proof is not looked at.";
const SIZE: &str = "Root and size stand in the signed checkpoint; those beside it are not compared with it.";
const LOG_ID: &str =
    "Finds the log by the checkpoint's signature; the identifier beside it is not compared with it.";
const SIGNER: &str = "Finds the log's key by its number; the name beside the signature is not compared.";
const LOG_TIME: &str =
    "Takes a log's key for valid after the end of its time: entries have no time of their own.";
const MEDIA: &str = "Reads the document whatever it calls itself.";
const OLDER: &str = "Reads bundles of other versions as well.";
const ONE_OF: &str = "Looks at one of two things of which a bundle may have only one.";

/// Changes that ours accepts, because they change nothing that decides.
pub const SILENT: &[Known] = &[
    known(
        "proofhouse",
        Only::All,
        "media type of version 0.3, older spelling",
        "Version 0.3 was spelled so as well; the others accept it too.",
    ),
    known("proofhouse", Only::All, "an unknown field added", "Fields that are not known are passed over."),
    known("proofhouse", Only::All, "log's own time added", ENTRY_TIME),
    known("proofhouse", Only::All, "log's promise added", ENTRY_TIME),
    known("proofhouse", Only::Certificate, "key name added to the signature", KEY_NAME),
    known(
        "proofhouse",
        Only::All,
        "`tlogEntries[].inclusionProof.checkpoint.envelope`: a stranger's signature added",
        "A signed note may carry signatures of witnesses; those of unknown ones are passed over.",
    ),
    known(
        "proofhouse",
        Only::All,
        "`messageSignature.messageDigest`: left out",
        "The digest is a hint: the signature is checked against the artifact.",
    ),
    known("proofhouse", Only::All, "`tlogEntries[].logIndex`: a number instead of text", NUMBER),
    known(
        "proofhouse",
        Only::All,
        "`tlogEntries[].inclusionProof.logIndex`: a number instead of text",
        NUMBER,
    ),
    known(
        "proofhouse",
        Only::All,
        "`tlogEntries[].inclusionProof.treeSize`: a number instead of text",
        NUMBER,
    ),
    known("proofhouse", Only::Key, "`publicKey`: empty", HINT),
    known("proofhouse", Only::Key, "`publicKey.hint`: …", HINT),
    known("proofhouse", Only::Key, "`dsseEnvelope.signatures[].keyid`: …", KEY_NAME),
    known("proofhouse", Only::Key, "`timestampVerificationData`: …", NO_STAMP),
    known("proofhouse", Only::Key, "`timestampVerificationData.rfc3161Timestamps`: …", NO_STAMP),
    known("proofhouse", Only::Key, "`timestampVerificationData.rfc3161Timestamps[]`: left out", NO_STAMP),
];

/// What another refuses and ours accepts.
pub const STRICTER: &[Known] = &[
    known("sigstore-python", Only::Certificate, "an unknown field added", "Knows no fields but its own."),
    known(
        "sigstore-python",
        Only::Certificate,
        "`tlogEntries[].…",
        "Takes 64-bit numbers only as text; their other JSON form is as good.",
    ),
    known("@sigstore/verify", Only::All, "log's promise added", PROMISE),
    known("sigstore-rust", Only::All, "log's promise added", PROMISE),
    known(
        "@sigstore/verify",
        Only::All,
        "`messageSignature.messageDigest`: left out",
        "Wants the digest that others take for a hint.",
    ),
    known("@sigstore/verify", Only::Key, "`timestampVerificationData…", STAMPS),
    known(
        "in-toto",
        Only::Key,
        "`dsseEnvelope.signatures[].keyid`: …",
        "Finds a signature only by the name of the key; DSSE has the name as a hint.",
    ),
];

/// What ours refuses and another accepts.
pub const LENIENT: &[Known] = &[
    known("sigstore-python", Only::Certificate, "a field twice", TWICE),
    known(
        "sigstore-python",
        Only::Certificate,
        "trusted root: certificate authority valid only before",
        "Judges authorities by their certificates, not by the window beside them when that is over.",
    ),
    known(
        "sigstore-python",
        Only::Certificate,
        "trusted root: certificate log valid only before",
        "Takes keys of logs whose time is over for any moment.",
    ),
    known("sigstore-python", Only::Certificate, "trusted root: log valid only before", LOG_TIME),
    known(
        "sigstore-python",
        Only::Certificate,
        "`timestampVerificationData.rfc3161Timestamps[].signedTimestamp`: any byte changed",
        UNSIGNED,
    ),
    known(
        "sigstore-python",
        Only::Certificate,
        "`tlogEntries[].inclusionProof.checkpoint.envelope`: another signer's name",
        SIGNER,
    ),
    known("sigstore-python", Only::Certificate, "`tlogEntries[].logId.keyId`: …", LOG_ID),
    known("sigstore-python", Only::Certificate, "`tlogEntries[].logIndex`: one more", INDEX),
    known("@sigstore/verify", Only::All, "a field twice", TWICE),
    known(
        "@sigstore/verify",
        Only::Key,
        "`dsseEnvelope.signatures[].keyid`: a number",
        "Takes a number for its digits, and does not look at the name.",
    ),
    known("@sigstore/verify", Only::All, "media type of version 0.…", OLDER),
    known("@sigstore/verify", Only::All, "message and statement in one bundle", ONE_OF),
    known("@sigstore/verify", Only::All, "trusted root: another media type", MEDIA),
    known(
        "@sigstore/verify",
        Only::All,
        "trusted root: log valid only …",
        "Does not look at when a log's key is valid: entries have no time of their own.",
    ),
    known(
        "@sigstore/verify",
        Only::Certificate,
        "`certificate.rawBytes`: any byte changed",
        "Looks neither at the outermost tag nor at the signature algorithm outside of what is signed.",
    ),
    known(
        "@sigstore/verify",
        Only::All,
        "`messageSignature.messageDigest.algorithm`: left out",
        "Does not look at the digest, a hint.",
    ),
    known(
        "@sigstore/verify",
        Only::All,
        "`timestampVerificationData.rfc3161Timestamps[].signedTimestamp`: any byte changed",
        CARRIED,
    ),
    known("@sigstore/verify", Only::All, "`tlogEntries[].inclusionProof.rootHash`: …", SIZE),
    known("@sigstore/verify", Only::All, "`tlogEntries[].inclusionProof.treeSize`: …", SIZE),
    known("@sigstore/verify", Only::All, "`tlogEntries[].logIndex`: …", INDEX),
    known("sigstore-rust", Only::Certificate, "certificate and key", ONE_OF),
    known("sigstore-rust", Only::All, "media type of version 0.…", OLDER),
    known("sigstore-rust", Only::All, "message and statement in one bundle", ONE_OF),
    known("sigstore-rust", Only::All, "trusted root: another media type", MEDIA),
    known("sigstore-rust", Only::All, "trusted root: log valid only before", LOG_TIME),
    known(
        "sigstore-rust",
        Only::All,
        "`timestampVerificationData.rfc3161Timestamps`: each twice",
        "Counts a time-stamp twice; one is enough.",
    ),
    known(
        "sigstore-rust",
        Only::All,
        "`timestampVerificationData.rfc3161Timestamps[].signedTimestamp`: any byte changed",
        CARRIED,
    ),
    known(
        "sigstore-rust",
        Only::All,
        "`tlogEntries`: each twice",
        "Wants at least one entry, and each to hold; ours wants exactly one.",
    ),
    known(
        "sigstore-rust",
        Only::All,
        "`tlogEntries[].inclusionProof.checkpoint.envelope`: another signer's name",
        SIGNER,
    ),
    known(
        "sigstore-rust",
        Only::All,
        "`tlogEntries[].inclusionProof.logIndex`: …",
        "Takes the position from beside the proof; the one in it is not compared.",
    ),
    known("sigstore-rust", Only::All, "`tlogEntries[].inclusionProof.rootHash`: …", SIZE),
    known("sigstore-rust", Only::All, "`tlogEntries[].inclusionProof.treeSize`: …", SIZE),
    known("sigstore-rust", Only::All, "`tlogEntries[].logId.keyId`: …", LOG_ID),
    known(
        "in-toto",
        Only::All,
        "…",
        "Looks at the envelope and its statement only, with a key that is given.",
    ),
];

/// All of them.
pub const ALL: [&[Known]; 3] = [SILENT, STRICTER, LENIENT];
