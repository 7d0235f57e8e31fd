//! Which entries may go, and which blobs go with them.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Exit, Predicate, Problem, Sha256, Statement, Timestamp,
    predicate::{Deployment, Exception, KeyEvent, Receipt, ReleaseImport, Removal, RemovedEntry, Vsa},
    statement::OWN_PREFIX,
};
use serde::Serialize;

use crate::{inspect::named, record::Recorder};

/// Most entries that one removal names.
const MOST: usize = 50_000;

/// What is to go.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Entries recorded before this moment.
    pub before: Timestamp,
    /// Of these types: whole URIs, or the word in our own (`scan`).
    pub types: Vec<String>,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub actor: String,
}

/// Entries and blobs that go, and entries that would but must stay.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Choice {
    /// Go.
    pub entries: Vec<RemovedEntry>,
    /// Go with them.
    pub blobs: Vec<Sha256>,
    /// Stay.
    pub kept: Vec<Kept>,
    /// Types of which there is no statement at all, old or new: perhaps misspelt.
    pub unknown: Vec<String>,
    /// There are more than one removal can name; the same again takes the next.
    pub more: bool,
}

/// An entry that stays although it is old and of a named type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Entry.
    pub index: u64,
    /// Why.
    pub why: &'static str,
}

/// Looks through the ledger.
///
/// # Errors
/// No type is named, or the ledger or imported evidence cannot be read.
pub fn choose(policy: &Policy, recorder: &Recorder) -> Result<Choice, Problem> {
    if policy.types.is_empty() {
        return Err(Problem::new("retention-types", Exit::Input, "no type of statement is named")
            .with_hint("e.g. `--types scan,https://slsa.dev/provenance/v1`"));
    }
    let (latest, now) = (latest(recorder)?, recorder.clock().now());
    let (mut choice, mut going, mut staying) = (Choice::default(), BTreeSet::new(), BTreeSet::new());
    choice.unknown.clone_from(&policy.types);
    for logged in recorder.from(0)? {
        let logged = logged?;
        let statement = &logged.statement;
        let blobs = all_named(statement, recorder)?;
        choice.unknown.retain(|kind| !is_of(statement, kind));
        let old = logged.logged_at < policy.before && policy.types.iter().any(|kind| is_of(statement, kind));
        let why = protected(statement, now).or(latest.contains(&logged.index).then_some(LATEST));
        match why {
            None if old && choice.entries.len() < MOST => {
                choice.entries.push(RemovedEntry {
                    index: logged.index,
                    envelope: logged.envelope,
                    predicate_type: statement.predicate_type.clone(),
                });
                going.extend(blobs);
                continue;
            }
            None => choice.more |= old,
            Some(why) if old => choice.kept.push(Kept { index: logged.index, why }),
            Some(_) => {}
        }
        staying.extend(blobs);
    }
    choice.blobs = going.difference(&staying).copied().collect();
    Ok(choice)
}

const LATEST: &str = "it is the newest about an environment, or about what is deployed there";

/// Why a statement of this type never goes, or not yet.
fn protected(statement: &Statement, now: Timestamp) -> Option<&'static str> {
    match statement.predicate_type.as_str() {
        KeyEvent::TYPE => Some("others follow the organisation's keys by it"),
        Removal::TYPE => Some("it says why others went"),
        Exception::TYPE if !matches!(statement.decode::<Exception>(), Some(Ok(e)) if e.expires <= now) => {
            Some("it is still in effect")
        }
        _ => None,
    }
}

/// The newest decision and receipt of each environment, the newest deployment of each result there (what is
/// active is not always the newest: others were refused or taken back), and what those rest on.
fn latest(recorder: &Recorder) -> Result<BTreeSet<u64>, Problem> {
    let (mut latest, mut decisions, mut receipts) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for logged in recorder.from(0)? {
        let logged = logged?;
        let (index, statement) = (logged.index, &logged.statement);
        if let Some(Ok(vsa)) = statement.decode::<Vsa>() {
            decisions.insert(logged.envelope, index);
            let place = (vsa.proofhouse.project, vsa.proofhouse.environment, "decision");
            latest.insert(place, (index, None));
        } else if let Some(Ok(found)) = statement.decode::<Deployment>() {
            let place = (found.project, found.environment, found.result.name());
            latest.insert(place, (index, Some((found.deployment, found.decision))));
        } else if let Some(Ok(receipt)) = statement.decode::<Receipt>() {
            receipts.push((receipt.deployment, index));
            latest.insert((receipt.project, receipt.environment, "receipt"), (index, None));
        }
    }
    let deployed: BTreeMap<_, _> = latest.values().filter_map(|(_, deployed)| *deployed).collect();
    let mut all: BTreeSet<_> = latest.values().map(|(index, _)| *index).collect();
    all.extend(deployed.values().filter_map(|decision| decisions.get(decision)));
    all.extend(receipts.iter().filter(|(of, _)| deployed.contains_key(of)).map(|(_, index)| *index));
    Ok(all)
}

/// Whether a statement is of a type that a user wrote.
fn is_of(statement: &Statement, wanted: &str) -> bool {
    let own = statement.predicate_type.strip_prefix(OWN_PREFIX).and_then(|rest| rest.split(':').next());
    statement.predicate_type == wanted || own == Some(wanted)
}

/// Blobs that a statement names, also by the statements of a release that it imported.
pub(super) fn all_named(statement: &Statement, recorder: &Recorder) -> Result<Vec<Sha256>, Problem> {
    let mut all: Vec<_> = named(statement).into_iter().map(|(digest, _)| digest).collect();
    if let Some(Ok(import)) = statement.decode::<ReleaseImport>() {
        let blobs = recorder.home().blobs();
        let evidence = recorder.blobs().get(&import.evidence);
        let evidence = evidence.map_err(|e| crate::home::cannot(&blobs, "read a blob in", &e))?;
        let bundles = attest::bundle::parse_evidence(&evidence).map_err(|e| model::problem::erase(&e))?;
        let said = bundles.iter().filter_map(|bundle| bundle.content.statement().ok());
        all.extend(said.flat_map(|said| named(&said)).map(|(digest, _)| digest));
        all.extend(statement.subject.iter().filter_map(model::Subject::sha256_digest));
    }
    Ok(all)
}
