//! What the vault says about each key, readable by its owner and part of every trust file.

use std::fmt;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    b64,
    keys::{
        PublicKey,
        signers::{KeyPlace, StampService},
    },
};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Signs statements where a plain key is asked for.
    Organisation,
    /// Signs checkpoints of the log.
    Log,
    /// Issues signing certificates.
    Authority,
    /// Promises that certificates are public (certificate transparency).
    Transparency,
    /// Stamps times.
    Time,
    /// Vouches for the authorities; its private key is elsewhere.
    Root,
}

impl Purpose {
    /// Those whose private keys an installation works with.
    pub const WORKING: [Self; 5] =
        [Self::Organisation, Self::Log, Self::Authority, Self::Transparency, Self::Time];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Log => "log",
            Self::Authority => "authority",
            Self::Transparency => "transparency",
            Self::Time => "time",
            Self::Root => "root",
        }
    }

    /// The reverse of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::WORKING.into_iter().chain([Self::Root]).find(|purpose| purpose.name() == name)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One key, past, present or announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRecord {
    /// What it is for.
    pub purpose: Purpose,
    /// Its public side.
    pub public_key: PublicKey,
    /// First moment at which it counts; later than now: announced.
    pub valid_from: Timestamp,
    /// First moment at which it no longer counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// Why it ended early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<String>,
    /// Where its private side is.
    #[serde(default = "here", skip_serializing_if = "is_here")]
    pub place: Place,
    /// Its certificate and those above it up to the root, DER.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Der>,
}

/// Where a private key is, or who does its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// Somebody else stamps times: `{"kind":"rfc3161","url":"https://…"}`.
    Stamper(StampService),
    /// A key, here or elsewhere.
    Key(KeyPlace),
}

fn here() -> Place {
    Place::Key(KeyPlace::File)
}

fn is_here(place: &Place) -> bool {
    *place == here()
}

/// DER, in base64.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Der(#[serde(with = "b64")] pub Vec<u8>);

impl KeyRecord {
    /// Whether what it signed at `now` counts.
    pub fn valid_at(&self, now: Timestamp) -> bool {
        self.valid_from <= now && self.valid_until.is_none_or(|until| now < until)
    }
}
