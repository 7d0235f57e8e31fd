//! Whether enough distinct signers say the same of one artifact.
//!
//! The rules for one bundle stay what they are ([`super::verify_bundle`]); a threshold is asked beside them,
//! of one or several organisations. Who counts: an organisation once, whatever it signed with, since whoever
//! has its authority can make any identity under it; and each key of a trust file that names no issuer, or
//! several. A key under several names, or a name with several keys (an exchanged one), is one signer, also
//! across trust files.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Predicate, Sha256, Statement, Timestamp,
    predicate::{Reproduction, TestResult, Vsa},
};
use serde::Serialize;
use serde_json::Value;

use super::{Verified, Verifier, follow, single::valid};
use crate::{
    bundle::{Bundle, Content},
    trust::{Trust, TrustedKey},
};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// How many distinct signers.
    pub least: usize,
    /// Only statements of this type count.
    pub predicate_type: String,
    /// Only these signers count: issuers (`https://HOST`) or names of keys; empty: all that are trusted.
    pub signers: Vec<String>,
}

/// Who said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// Whether they are enough.
    pub ok: bool,
    /// How many were asked for.
    pub least: usize,
    /// The distinct signers, each by its first name.
    pub signers: Vec<String>,
}

/// Counts the signers who say something of the asked type about the artifact, at the moment `now`.
///
/// A bundle that holds under one of `trusts` counts for who signed it. Of an envelope with several signatures
/// each good one by a plain key of that trust file counts too: logged is the envelope, whose every signature
/// is over the same bytes.
pub fn agreement(
    digest: &Sha256,
    bundles: &[Bundle],
    trusts: &[Trust],
    now: Timestamp,
    asked: &Threshold,
) -> Agreement {
    let mut parties = Parties::default();
    let followed: Vec<_> =
        trusts.iter().map(|trust| follow(trust, bundles, now).unwrap_or_else(|| trust.clone())).collect();
    let verifiers: Vec<_> = followed.iter().map(|trust| (trust, Verifier::new(trust))).collect();
    for bundle in bundles {
        for (trust, verifier) in &verifiers {
            let Ok(verified) = verifier.verify(bundle, now) else { continue };
            if !counts(&verified, digest, asked) {
                continue;
            }
            match verified.issuer {
                // A trust file does not say whose authority makes whose names: all of them are one.
                Some(issuer) => parties.add(&issuer, Some(trust.issuers.join(" "))),
                None => {
                    for key in good(bundle, &trust.keys, now) {
                        let name = if let [one] = trust.issuers.as_slice() { one } else { &key.name };
                        parties.add(name, Some(key.public_key.hint()));
                    }
                }
            }
        }
    }
    let signers = parties.distinct(&asked.signers);
    Agreement { ok: asked.least > 0 && signers.len() >= asked.least, least: asked.least, signers }
}

/// About the artifact, of the type, and not the contrary of what others say.
fn counts(verified: &Verified, digest: &Sha256, asked: &Threshold) -> bool {
    let mut subjects = verified.statement.subject.iter();
    verified.statement.predicate_type == asked.predicate_type
        && affirms(&verified.statement)
        && subjects.any(|subject| subject.sha256_digest() == Some(*digest))
}

/// Whether a statement of a type that can say yes or no says yes.
fn affirms(statement: &Statement) -> bool {
    let says = |place: &str, yes: Value| statement.predicate.pointer(place) == Some(&yes);
    match statement.predicate_type.as_str() {
        Vsa::TYPE => says("/verificationResult", "PASSED".into()),
        TestResult::TYPE => says("/result", "PASSED".into()),
        Reproduction::TYPE => says("/reproduced", true.into()),
        _ => true,
    }
}

/// Keys that made one of the envelope's signatures, and were valid.
fn good<'t>(bundle: &Bundle, keys: &'t [TrustedKey], now: Timestamp) -> Vec<&'t TrustedKey> {
    let Content::Dsse(envelope, _) = &bundle.content else { return Vec::new() };
    let pae = envelope.pae();
    let signed = |key: &&TrustedKey| {
        valid(key, now).is_ok()
            && envelope.signatures.iter().any(|signature| key.public_key.verify(&pae, &signature.sig))
    };
    keys.iter().filter(signed).collect()
}

/// Names and keys that were seen together.
#[derive(Default)]
struct Parties {
    seen: BTreeSet<(String, Option<String>)>,
}

impl Parties {
    fn add(&mut self, name: &str, key: Option<String>) {
        self.seen.insert((name.to_owned(), key));
    }

    /// One name for each group that shares a name or a key.
    fn distinct(&self, wanted: &[String]) -> Vec<String> {
        let mut by_key: BTreeMap<&str, &str> = BTreeMap::new();
        let mut leader: BTreeMap<&str, &str> = BTreeMap::new();
        for (name, key) in &self.seen {
            let first = key.as_ref().map_or(name.as_str(), |key| by_key.entry(key).or_insert(name));
            let (one, other) = (root(&leader, name), root(&leader, first));
            if one != other {
                leader.insert(one.max(other), one.min(other));
            }
        }
        let names = self.seen.iter().map(|(name, _)| name.as_str());
        let names = names.filter(|name| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name));
        let groups: BTreeMap<&str, &str> = names.map(|name| (root(&leader, name), name)).collect();
        groups.into_values().map(str::to_owned).collect()
    }
}

/// The least name that a name is one signer with.
fn root<'n>(leader: &BTreeMap<&'n str, &'n str>, name: &'n str) -> &'n str {
    let mut name = name;
    while let Some(above) = leader.get(name) {
        name = above;
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parties(seen: &[(u8, Option<u8>)]) -> Parties {
        let seen = seen.iter().map(|(name, key)| (format!("n{name}"), key.map(|key| format!("k{key}"))));
        Parties { seen: seen.collect() }
    }

    #[test]
    fn one_signer_counts_once_under_any_name_and_key() {
        let count = |seen: &[(u8, Option<u8>)]| parties(seen).distinct(&[]).len();
        assert_eq!(count(&[(1, Some(1)), (2, Some(2))]), 2);
        assert_eq!(count(&[(1, Some(1)), (1, Some(2))]), 1, "an exchanged key");
        assert_eq!(count(&[(1, Some(1)), (2, Some(1))]), 1, "one key in two trust files");
        assert_eq!(count(&[(1, Some(1)), (2, Some(2)), (3, Some(1)), (3, Some(2))]), 1, "all hang together");
        assert_eq!(count(&[(1, None), (1, Some(1))]), 1, "an issuer that is also a key's name");
        assert_eq!(parties(&[(1, Some(1)), (2, Some(2))]).distinct(&["n2".into()]), ["n2"]);
    }

    proptest! {
        #[test]
        fn saying_it_again_never_helps_and_no_signer_counts_more_than_once(
            seen in prop::collection::vec((0..6_u8, prop::option::of(0..6_u8)), 0..20),
        ) {
            let all = parties(&seen).distinct(&[]);
            let names: BTreeSet<_> = seen.iter().map(|(name, _)| name).collect();
            prop_assert!(all.len() <= names.len());
            let twice = [&seen[..], &seen[..]].concat();
            prop_assert_eq!(parties(&twice).distinct(&[]), all.clone());
            // The order in which they come does not matter.
            let back: Vec<_> = seen.into_iter().rev().collect();
            prop_assert_eq!(parties(&back).distinct(&[]), all);
        }
    }
}
