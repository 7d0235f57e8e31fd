//! One judge for many bundles: what was found out about a certificate, a time-stamping authority or a
//! checkpoint is not found out again.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use model::{Sha256, Timestamp};

use super::{
    Refusal, TrustedRoot,
    leaf::Leaf,
    path::{CODE_SIGNING, Paths},
    sct, timestamp,
};
use crate::{
    bundle::TlogEntry,
    verify::{Failure, Included, included},
};

/// Most time-stamps that are looked at.
const MOST_STAMPS: usize = 16;
/// How far clocks may differ, in seconds.
const SKEW: i64 = 300;
/// Most facts of one kind that are remembered.
const MOST: usize = 10_000;

/// A trusted root, and what was verified under it so far.
pub struct Session<'a> {
    root: Cow<'a, TrustedRoot>,
    paths: Paths,
    /// Certificates with a good promise, by their SHA-256 and that of their issuer.
    promised: RefCell<HashSet<(Sha256, Sha256)>>,
    /// Checkpoints with a good signature, by SHA-256 of the note, and which log key made it.
    checkpoints: RefCell<HashMap<Sha256, Included>>,
}

impl<'a> Session<'a> {
    /// A session under `root`.
    pub fn new(root: &'a TrustedRoot) -> Self {
        Self::of(Cow::Borrowed(root))
    }

    /// A session under a root that nobody else needs.
    pub fn owning(root: TrustedRoot) -> Session<'static> {
        Session::of(Cow::Owned(root))
    }

    fn of(root: Cow<'_, TrustedRoot>) -> Session<'_> {
        Session {
            root,
            paths: Paths::default(),
            promised: RefCell::default(),
            checkpoints: RefCell::default(),
        }
    }

    /// The moments at which time-stamps prove that `signature` was there, the earliest first.
    /// None may be later than `now`, but for a little, as clocks differ.
    pub(crate) fn stamped(
        &self,
        stamps: &[Vec<u8>],
        signature: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, Refusal> {
        let twice = |(n, stamp): (usize, &Vec<u8>)| stamps[..n].contains(stamp);
        if stamps.len() > MOST_STAMPS || stamps.iter().enumerate().any(twice) {
            return Err(Refusal::TimestampMalformed("one is there twice, or they are too many".into()));
        }
        let check = |stamp: &Vec<u8>| {
            let at = timestamp::check(stamp, signature, &self.root.time_stampers, &self.paths)?;
            match at.as_second() > now.as_second().saturating_add(SKEW) {
                true => Err(Refusal::TimestampFuture { at, now }),
                false => Ok(at),
            }
        };
        let mut moments = stamps.iter().map(check).collect::<Result<Vec<_>, _>>()?;
        moments.sort_unstable();
        Ok(moments)
    }

    /// Whether an authority that was trusted at each of these moments vouches for the certificate `der`, read
    /// as `leaf`, and a certificate log promised it. There must be a moment.
    pub(crate) fn certified(&self, leaf: &Leaf, der: &[u8], moments: &[Timestamp]) -> Result<(), Refusal> {
        if moments.is_empty() {
            return Err(Refusal::TimestampMissing);
        }
        moments.iter().try_for_each(|at| self.certified_at(leaf, der, *at))
    }

    fn certified_at(&self, leaf: &Leaf, der: &[u8], at: Timestamp) -> Result<(), Refusal> {
        let mut why = "the trusted root names no authority".to_owned();
        let mut by = None;
        for authority in &self.root.authorities {
            match self.paths.issuer(der, authority, CODE_SIGNING, at) {
                Ok(certificate) => by = by.or(Some(certificate)),
                Err(reason) => why = reason,
            }
        }
        let by = by.ok_or(Refusal::CertificatePath { at, why })?;
        let known = (Sha256::of(der), Sha256::of(by));
        if !self.promised.borrow().contains(&known) {
            sct::check(&leaf.certificate, by, &self.root.ct_logs)?;
            let mut promised = self.promised.borrow_mut();
            if promised.len() < MOST {
                promised.insert(known);
            }
        }
        Ok(())
    }

    /// Where the entry provably is, at a moment at which the log was trusted.
    pub(crate) fn included(&self, entry: &TlogEntry, at: Timestamp) -> Result<Included, Failure> {
        included(entry, &self.root.logs, at, &mut self.checkpoints.borrow_mut())
    }
}
