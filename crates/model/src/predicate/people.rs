//! Who may do what: the organisation's file, sign-ins, changes of accounts and tokens.

use serde::{Deserialize, Serialize};

use crate::{By, Predicate, Sha256, Subject, Timestamp};

/// The organisation as it was decided: from here on these people have these rights. Subject: the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// The whole file (`organisation.yaml`), UTF-8.
    pub text: String,
    /// What changed since the one before, one sentence each.
    pub changes: Vec<String>,
    /// Who applied it.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

impl Organisation {
    /// The file, as a subject.
    pub fn subject(&self) -> Subject {
        Subject::named("organisation.yaml", "sha256", Sha256::of(&self.text).hex())
    }
}

impl Predicate for Organisation {
    const TYPE: &'static str = "urn:proofhouse:predicate:organisation:v1";
}

/// What happened at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessAction {
    /// Somebody signed in.
    SignedIn,
    /// Somebody ended their session.
    SignedOut,
    /// Too many failed attempts: the account must wait.
    LockedOut,
    /// An invitation to set a password was made.
    Invited,
    /// A password (and second factor) was set.
    PasswordSet,
    /// An account may no longer sign in.
    Disabled,
    /// An account may sign in again.
    Enabled,
    /// An access token was made.
    TokenMade,
    /// An access token was revoked.
    TokenRevoked,
}

impl AccessAction {
    /// All actions.
    pub const ALL: [Self; 9] = [
        Self::SignedIn,
        Self::SignedOut,
        Self::LockedOut,
        Self::Invited,
        Self::PasswordSet,
        Self::Disabled,
        Self::Enabled,
        Self::TokenMade,
        Self::TokenRevoked,
    ];

    /// The action of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// As written in statements.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignedOut => "signed-out",
            Self::LockedOut => "locked-out",
            Self::Invited => "invited",
            Self::PasswordSet => "password-set",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::TokenMade => "token-made",
            Self::TokenRevoked => "token-revoked",
        }
    }
}

/// Something about access. Subject: the account or token, by the SHA-256 of its name or id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// What happened.
    pub action: AccessAction,
    /// The account's name or the token's id.
    pub account: String,
    /// Who did it; absent for a lock-out, which nobody proved to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// Address that it came from, where it came over the network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl Access {
    /// The account or token, as a subject that does not give its name away.
    pub fn subject(&self) -> Subject {
        Subject::named("account", "sha256", Sha256::of(format!("account:{}", self.account)).hex())
    }
}

impl Predicate for Access {
    const TYPE: &'static str = "urn:proofhouse:predicate:access:v1";
}
