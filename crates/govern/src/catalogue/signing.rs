//! Who signed an entry, and whether it is effective for that. Pure: signatures, evidence and the day are
//! arguments.
//!
//! What is signed is one text: the entry and the quorum it is under. Whoever changes either of them has
//! another text, and the signatures under the old one are void. Each person counts once, in the role that they
//! signed in last.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::Date};
use model::{By, Role, Sha256, Timestamp};
use serde::Serialize;
use serde_json::Value;

use super::{
    entry::{Catalogue, Quorum, Ring, Technology},
    judge::today,
};

/// A signature under an entry, or its refusal, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signature {
    /// Ledger index.
    pub index: u64,
    /// Name of the entry.
    pub technology: String,
    /// The text that is signed.
    #[serde(skip)]
    pub text: String,
    /// Its SHA-256.
    pub digest: Sha256,
    /// Whether they agree.
    pub approve: bool,
    /// The role in which they sign.
    pub role: Role,
    /// Who.
    pub by: By,
    /// Who entered it, where that is somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Signed by the quorum, and nothing has happened since.
    Effective,
    /// Something is missing in it that people need to decide on.
    Incomplete,
    /// Nobody signed it yet, or not everybody.
    Pending,
    /// Somebody of the quorum refuses it.
    Rejected,
    /// It was signed, and was changed since.
    Void,
    /// It was signed too long ago, or its review is overdue.
    Expired,
    /// It was signed, and something happened that nobody could know then.
    Reopened,
}

impl State {
    /// As written in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Effective => "effective",
            Self::Incomplete => "incomplete",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
            Self::Void => "void",
            Self::Expired => "expired",
            Self::Reopened => "reopened",
        }
    }
}

/// How far an entry is, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Name of the entry.
    pub technology: String,
    /// What it recommends.
    pub ring: Ring,
    /// How far it is.
    pub state: State,
    /// Why, one sentence each.
    pub because: Vec<String>,
    /// SHA-256 of what is to be signed.
    pub digest: Sha256,
    /// Signatures that are under exactly this entry; the newest of each person.
    pub signatures: Vec<Signature>,
    /// Roles that are still missing.
    pub missing: Vec<Role>,
    /// When the last role signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Last day on which it is effective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

/// Standings by the name of the entry; empty for a catalogue without quorum.
pub type Standings = BTreeMap<String, Standing>;

/// What is known of the evidence that entries name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    /// Why the evidence of an entry cannot be read, by the entry's name.
    pub unreadable: BTreeMap<String, String>,
    /// What happened since the evidence was taken, by the entry's name.
    pub happened: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct Signed<'a> {
    entry: &'a Technology,
    quorum: &'a Quorum,
}

/// The text that is signed for an entry.
pub fn signed_text(entry: &Technology, quorum: &Quorum) -> String {
    // Texts, numbers and lists only: nothing in it can fail to be written.
    serde_json::to_string(&Signed { entry, quorum }).unwrap_or_default()
}

/// What an entry needs before anybody can sign it.
pub fn missing(entry: &Technology) -> Vec<&'static str> {
    let parts = [
        ("owner", entry.owner.is_none()),
        ("rationale", entry.rationale.is_none()),
        ("evidence", entry.evidence.is_none()),
        ("review-by", entry.review_by.is_none()),
    ];
    parts.iter().filter(|(_, absent)| *absent).map(|(name, _)| *name).collect()
}

/// The standing of every entry; nothing without a quorum.
pub fn standings(catalogue: &Catalogue, all: &[Signature], events: &Events, now: Timestamp) -> Standings {
    let Some(quorum) = &catalogue.quorum else { return Standings::new() };
    let mut by_name: BTreeMap<String, Vec<&Signature>> = BTreeMap::new();
    for signature in all {
        by_name.entry(signature.technology.to_lowercase()).or_default().push(signature);
    }
    let entries = catalogue.technologies.iter();
    entries
        .map(|entry| {
            let signatures = by_name.get(&entry.name.to_lowercase()).map_or(&[][..], Vec::as_slice);
            (entry.name.clone(), standing(entry, quorum, signatures, events, now))
        })
        .collect()
}

/// The standing of one entry; `signatures` are those under its name, in the order of the ledger.
pub fn standing(
    entry: &Technology,
    quorum: &Quorum,
    signatures: &[&Signature],
    events: &Events,
    now: Timestamp,
) -> Standing {
    let digest = Sha256::of(signed_text(entry, quorum));
    let under = newest(signatures.iter().copied().filter(|one| one.digest == digest));
    let absent = lacking(&quorum.roles, &under);
    let mut standing = Standing {
        technology: entry.name.clone(),
        ring: entry.ring,
        state: State::Pending,
        because: vec![],
        digest,
        missing: absent,
        since: under.iter().filter(|one| one.approve).map(|one| one.at).max(),
        until: None,
        signatures: under.into_iter().cloned().collect(),
    };
    let (state, because) = judged(entry, quorum, signatures, events, &mut standing, now);
    Standing { state, because, ..standing }
}

fn judged(
    entry: &Technology,
    quorum: &Quorum,
    all: &[&Signature],
    events: &Events,
    standing: &mut Standing,
    now: Timestamp,
) -> (State, Vec<String>) {
    let lacks = missing(entry);
    if !lacks.is_empty() {
        return (State::Incomplete, vec![format!("it has no {}", lacks.join(", no "))]);
    }
    let refused: Vec<String> = standing.signatures.iter().filter(|one| !one.approve).map(refusal).collect();
    if !refused.is_empty() {
        return (State::Rejected, refused);
    }
    if !standing.missing.is_empty() {
        return unsigned(entry, quorum, all, standing);
    }
    if let Some(why) = events.unreadable.get(&entry.name) {
        return (State::Void, vec![format!("the evidence that was signed {why}")]);
    }
    let valid = standing.since.and_then(|at| today(at).checked_add(i64::from(quorum.valid_days).days()).ok());
    standing.until = valid.into_iter().chain(entry.review_by).min();
    if let Some(until) = standing.until.filter(|until| *until < today(now)) {
        return (State::Expired, vec![format!("it was effective until {until}")]);
    }
    match events.happened.get(&entry.name).filter(|happened| !happened.is_empty()) {
        Some(happened) => (State::Reopened, happened.clone()),
        None => (State::Effective, vec![]),
    }
}

fn refusal(one: &Signature) -> String {
    let reason = one.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{} refuses it as {}{reason}", one.by.name, one.role)
}

/// Not everybody signed: because it was changed, or because they did not yet.
fn unsigned(
    entry: &Technology,
    quorum: &Quorum,
    all: &[&Signature],
    standing: &Standing,
) -> (State, Vec<String>) {
    let roles: Vec<&str> = standing.missing.iter().map(|role| role.name()).collect();
    let mut because = vec![format!("signatures are missing: {}", roles.join(", "))];
    // The newest other text that people agreed to.
    let Some(before) = all.iter().rev().find(|one| one.digest != standing.digest && one.approve) else {
        return (State::Pending, because);
    };
    let signed_before = newest(all.iter().copied().filter(|one| one.digest == before.digest));
    let complete = lacking(&quorum_of(&before.text), &signed_before).is_empty();
    let what = changes(&before.text, &signed_text(entry, quorum));
    let number = signed_before.iter().filter(|one| one.approve).count();
    let those = if number == 1 { "1 signature is".to_owned() } else { format!("{number} signatures are") };
    because.push(format!("{those} void, as {} since ledger entry {}", what.join(", "), before.index));
    (if complete { State::Void } else { State::Pending }, because)
}

/// The newest signature of each person, in the order of the ledger.
fn newest<'a>(all: impl Iterator<Item = &'a Signature>) -> Vec<&'a Signature> {
    let mut by: BTreeMap<String, &Signature> = BTreeMap::new();
    for one in all {
        by.insert(one.by.name.to_lowercase(), one);
    }
    let mut newest: Vec<_> = by.into_values().collect();
    newest.sort_by_key(|one| one.index);
    newest
}

/// Roles that nobody signed in, as often as they are missing.
fn lacking(roles: &[Role], under: &[&Signature]) -> Vec<Role> {
    let mut given: Vec<Role> = under.iter().filter(|one| one.approve).map(|one| one.role).collect();
    let mut absent = vec![];
    for role in roles {
        match given.iter().position(|one| one == role) {
            Some(at) => drop(given.swap_remove(at)),
            None => absent.push(*role),
        }
    }
    absent
}

fn quorum_of(text: &str) -> Vec<Role> {
    let signed: Value = serde_json::from_str(text).unwrap_or_default();
    serde_json::from_value(signed["quorum"]["roles"].clone()).unwrap_or_default()
}

/// What differs between two texts that were to be signed, in words.
fn changes(before: &str, after: &str) -> Vec<String> {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (before, after) = (read(before), read(after));
    let mut found = vec![];
    for part in ["entry", "quorum"] {
        let keys = |value: &Value| value[part].as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
        let keys: BTreeSet<String> = [keys(&before), keys(&after)].into_iter().flatten().flatten().collect();
        for key in keys {
            let (old, new) = (&before[part][&key], &after[part][&key]);
            if old != new {
                let of = if part == "quorum" { "quorum " } else { "" };
                found.push(match (short(old), short(new)) {
                    (Some(old), Some(new)) => format!("`{of}{key}` changed from {old} to {new}"),
                    _ => format!("`{of}{key}` changed"),
                });
            }
        }
    }
    if found.is_empty() { vec!["it is written differently".to_owned()] } else { found }
}

/// A value as people read it, when it is short enough.
fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    };
    (text.chars().count() <= 70).then_some(text)
}

/// An entry that became effective.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// Name of the entry.
    pub technology: String,
    /// Ring before; absent for a first one, the same as `to` when it was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Ring>,
    /// Ring from then on.
    pub to: Ring,
    /// When the last of the quorum signed.
    pub at: Timestamp,
    /// Ledger index of that signature.
    pub index: u64,
    /// Who signed, with their roles.
    pub by: Vec<String>,
    /// Why, as the entry said then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
    /// SHA-256 of what was signed.
    pub digest: Sha256,
}

/// From ring to ring, in the order of the ledger; by what each signature itself says.
pub fn history(all: &[Signature]) -> Vec<Moved> {
    let mut moves: Vec<Moved> = vec![];
    let mut under: BTreeMap<(String, Sha256), Vec<&Signature>> = BTreeMap::new();
    let mut current: BTreeMap<String, (Ring, Sha256)> = BTreeMap::new();
    for one in all {
        let name = one.technology.to_lowercase();
        let signatures = under.entry((name.clone(), one.digest)).or_default();
        signatures.push(one);
        let newest = newest(signatures.iter().copied());
        let refused = newest.iter().any(|one| !one.approve);
        let signed: Value = serde_json::from_str(&one.text).unwrap_or_default();
        let ring = signed["entry"]["ring"].as_str().and_then(Ring::from_name);
        let roles = quorum_of(&one.text);
        let Some(ring) = ring.filter(|_| !refused && !roles.is_empty()) else { continue };
        let known = current.get(&name).map(|(_, digest)| *digest) == Some(one.digest);
        if known || !lacking(&roles, &newest).is_empty() {
            continue;
        }
        let from = current.insert(name, (ring, one.digest)).map(|(ring, _)| ring);
        let by = newest.iter().map(|one| format!("{} ({})", one.by.name, one.role)).collect();
        let rationale = signed["entry"]["rationale"].as_str().map(str::to_owned);
        let technology = one.technology.clone();
        moves.push(Moved {
            technology,
            from,
            to: ring,
            at: one.at,
            index: one.index,
            by,
            rationale,
            digest: one.digest,
        });
    }
    moves
}
