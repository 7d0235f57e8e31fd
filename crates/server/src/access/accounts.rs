//! Accounts of people, in `accounts.json`: a password's hash, the second factor, an open invitation. There is no
//! account and no password before somebody makes one.

use std::path::Path;

use model::{Exit, Sha256, Timestamp, UserError};
use serde::{Deserialize, Serialize};

use super::{
    code,
    file::{Entry, FileError, StateFile},
    password,
    token::{self, NoRandom},
};

/// Seconds that an invitation waits.
const INVITATION: i64 = 3 * 24 * 3600;
/// Most accounts.
const MOST: usize = 5_000;

/// Why an account could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a name of an account.
    #[error("`{0}` cannot be the name of an account")]
    Name(String),
    /// There is none of this name.
    #[error("there is no account `{0}`")]
    Unknown(String),
    /// The invitation is not there any more.
    #[error("this invitation was used already, has ended, or was replaced by a later one")]
    Invitation,
    /// The password cannot be used.
    #[error("{0}")]
    Password(&'static str),
    /// The one-time code is wrong.
    #[error("that code does not fit: check the clock of your phone, and type the newest code")]
    Code,
    /// Very many accounts.
    #[error("there are {MOST} accounts already")]
    TooMany,
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

impl UserError for AccountError {
    fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Name(_) => "account-name",
            Self::Unknown(_) => "account-unknown",
            Self::Invitation => "account-invitation",
            Self::Password(_) => "account-password",
            Self::Code => "account-code",
            Self::TooMany => "account-too-many",
            Self::Random(_) => "account-random",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Name(_) => Some("lower-case letters, digits, `.`, `-`, `_`; 64 at most".into()),
            Self::Unknown(_) => Some("`proofhouse account list` shows them".into()),
            Self::Invitation => Some("ask for a new one: `proofhouse account invite NAME`".into()),
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::File(_) | Self::Random(_) => Exit::Environment,
            _ => Exit::Input,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Invitation {
    digest: Sha256,
    ends: Timestamp,
    /// Secret of one-time codes that is being set up.
    second: String,
}

/// An account as it is kept. Its second factor must be kept as it is; everything else is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Account {
    name: String,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second: Option<String>,
    /// The newest step whose code was used.
    #[serde(default)]
    step: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recovery: Vec<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation: Option<Invitation>,
    #[serde(default)]
    disabled: bool,
    /// What was begun or made before has ended. A session remembers the value that it began under, so that it ends
    /// with any other one, whatever the clock does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sessions_since: Option<Timestamp>,
}

impl Account {
    fn end_sessions(&mut self, now: Timestamp) {
        let next = |last: Timestamp| last.checked_add(std::time::Duration::from_nanos(1)).unwrap_or(last);
        self.sessions_since = Some(self.sessions_since.map_or(now, |last| next(last).max(now)));
    }
}

impl Entry for Account {
    const NAME: &'static str = "accounts";
    const CODES: [&'static str; 3] = ["account-io", "account-file-malformed", "account-file-exposed"];
}

/// What others may know of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountInfo {
    /// Name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether a password was set.
    pub ready: bool,
    /// Whether it has a second factor.
    pub second_factor: bool,
    /// Until when an invitation waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_until: Option<Timestamp>,
    /// Whether it may not sign in.
    pub disabled: bool,
}

/// An account whose password and code were right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Whether a second factor was shown.
    pub(crate) second: bool,
    /// The value of the account that sessions are bound to.
    pub(crate) since: Option<Timestamp>,
}

/// What an invited person chooses.
pub(crate) struct Chosen<'a> {
    pub(crate) password: &'a str,
    /// The first code, which shows that the app was set up; empty: no second factor.
    pub(crate) code: &'a str,
}

/// The file of accounts.
#[derive(Clone, Debug)]
pub struct AccountFile(StateFile<Account>);

impl AccountFile {
    /// `accounts.json` in the server's folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self(StateFile::in_folder(folder))
    }

    /// All accounts, oldest first.
    ///
    /// # Errors
    /// `account-io`, `account-file-malformed`, `account-file-exposed`.
    pub fn list(&self) -> Result<Vec<AccountInfo>, AccountError> {
        Ok(self.0.list()?.iter().map(info).collect())
    }

    /// Invites somebody to set a password: a new account, or a new beginning for one that is there. The secret of
    /// the invitation is shown once; an earlier one ends.
    ///
    /// # Errors
    /// `account-name`, `account-too-many`, `account-random`, and those of the file.
    pub fn invite(&self, name: &str, now: Timestamp) -> Result<(AccountInfo, String), AccountError> {
        if !govern::organisation::is_account(name) {
            return Err(AccountError::Name(name.chars().take(100).collect()));
        }
        let secret = token::generate()?;
        let ends = Timestamp::from_second(now.as_second() + INVITATION).unwrap_or(Timestamp::MAX);
        let invitation = Invitation { digest: token::digest(&secret), ends, second: code::secret()? };
        let account = self.0.change(|accounts| {
            if let Some(account) = accounts.iter_mut().find(|account| account.name == name) {
                account.invitation = Some(invitation);
                return Ok(account.clone());
            }
            if accounts.len() >= MOST {
                return Err(AccountError::TooMany);
            }
            let account = Account {
                name: name.to_owned(),
                created: now,
                password: None,
                second: None,
                step: 0,
                recovery: vec![],
                invitation: Some(invitation),
                disabled: false,
                sessions_since: None,
            };
            accounts.push(account.clone());
            Ok(account)
        })?;
        Ok((info(&account), secret))
    }

    /// Lets an account sign in or not. Its sessions end; so does an open invitation of one that may not.
    ///
    /// # Errors
    /// `account-unknown`, and those of the file.
    pub fn set_disabled(&self, name: &str, disabled: bool, now: Timestamp) -> Result<(), AccountError> {
        self.one(name, |account| {
            account.disabled = disabled;
            account.end_sessions(now);
            if disabled {
                // Accepting it would let the account in again.
                account.invitation = None;
            }
            Ok(())
        })
    }

    fn one<R>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Account) -> Result<R, AccountError>,
    ) -> Result<R, AccountError> {
        self.0.change(|accounts| {
            let found = accounts.iter_mut().find(|account| account.name == name);
            change(found.ok_or_else(|| AccountError::Unknown(name.chars().take(100).collect()))?)
        })
    }

    /// Name of the invited, and the secret that their app is to be set up with.
    pub(crate) fn invited(&self, secret: &str, now: Timestamp) -> Result<(String, String), AccountError> {
        let accounts = self.0.list()?;
        let account = accounts.iter().find(|account| is_invited(account, secret, now));
        let account = account.ok_or(AccountError::Invitation)?;
        let second = account.invitation.as_ref().map(|open| open.second.clone()).unwrap_or_default();
        Ok((account.name.clone(), second))
    }

    /// Uses up an invitation: name, and the recovery codes, which are shown once. A wrong code or password leaves
    /// the invitation as it is.
    pub(crate) fn accept(
        &self,
        secret: &str,
        chosen: &Chosen<'_>,
        now: Timestamp,
    ) -> Result<(String, Vec<String>), AccountError> {
        let (name, _) = self.invited(secret, now)?;
        if let Some(why) = password::refuse(chosen.password, &name) {
            return Err(AccountError::Password(why));
        }
        let hash = password::hash(chosen.password)?;
        let (codes, digests) = code::recovery()?;
        self.one(&name, |account| {
            if !is_invited(account, secret, now) {
                return Err(AccountError::Invitation);
            }
            let second = account.invitation.as_ref().map(|open| open.second.clone()).unwrap_or_default();
            (account.second, account.recovery) = (None, vec![]);
            if !chosen.code.is_empty() {
                let step = code::step(&second, chosen.code, now, 0).ok_or(AccountError::Code)?;
                (account.second, account.step, account.recovery) = (Some(second), step, digests);
            }
            (account.password, account.invitation, account.disabled) = (Some(hash), None, false);
            account.end_sessions(now);
            Ok(())
        })?;
        Ok((name, if chosen.code.is_empty() { vec![] } else { codes }))
    }

    /// Whether password and code are right. One answer for every way of being wrong; nothing is written then, so that
    /// the time it takes does not tell that only the code was.
    pub(crate) fn sign_in(
        &self,
        name: &str,
        password: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<Option<Shown>, AccountError> {
        let accounts = self.0.list()?;
        let account = accounts.iter().find(|account| account.name == name && !account.disabled);
        let fits = password::verify(password, account.and_then(|account| account.password.as_deref()));
        let Some(account) = account.filter(|_| fits) else { return Ok(None) };
        if account.second.is_none() {
            return Ok(Some(Shown { second: false, since: account.sessions_since }));
        }
        let began = account.sessions_since;
        // Under the lock, so that two requests cannot use one code.
        let used = self.one(name, |account| {
            if account.disabled || account.sessions_since != began {
                return Err(AccountError::Code);
            }
            let shown = Shown { second: true, since: began };
            let second = account.second.as_deref().unwrap_or_default();
            if let Some(step) = code::step(second, code, now, account.step) {
                account.step = step;
                return Ok(shown);
            }
            let digest = code::recovery_digest(code);
            let before = account.recovery.len();
            account.recovery.retain(|kept| {
                aws_lc_rs::constant_time::verify_slices_are_equal(&kept.0, &digest.0).is_err()
            });
            if account.recovery.len() < before { Ok(shown) } else { Err(AccountError::Code) }
        });
        match used {
            Err(AccountError::Code) => Ok(None),
            used => used.map(Some),
        }
    }

    /// Whether a session that began under this value of the account is still good.
    pub(crate) fn keeps(&self, name: &str, since: Option<Timestamp>) -> Result<bool, AccountError> {
        self.is(name, |account| account.sessions_since == since)
    }

    /// Whether a token of this account that was made then is still good.
    pub(crate) fn keeps_token(&self, name: &str, made: Timestamp) -> Result<bool, AccountError> {
        self.is(name, |account| account.sessions_since.is_none_or(|since| since <= made))
    }

    fn is(&self, name: &str, good: impl Fn(&Account) -> bool) -> Result<bool, AccountError> {
        let accounts = self.0.list()?;
        Ok(accounts.iter().any(|account| account.name == name && !account.disabled && good(account)))
    }
}

fn is_invited(account: &Account, secret: &str, now: Timestamp) -> bool {
    let digest = token::digest(secret);
    account.invitation.as_ref().is_some_and(|open| {
        now < open.ends
            && aws_lc_rs::constant_time::verify_slices_are_equal(&open.digest.0, &digest.0).is_ok()
    })
}

fn info(account: &Account) -> AccountInfo {
    AccountInfo {
        name: account.name.clone(),
        created: account.created,
        ready: account.password.is_some(),
        second_factor: account.second.is_some(),
        invited_until: account.invitation.as_ref().map(|open| open.ends),
        disabled: account.disabled,
    }
}
