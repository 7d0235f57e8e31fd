//! Reminders and what was sent before: of each thing one reminder a day to one address, however often somebody asks,
//! and a digest once a week. The ledger remembers, so that it holds over restarts and for several senders.

use std::{collections::BTreeSet, fs::File, path::PathBuf};

use govern::reminders::{Item, Waiting, html, subject, text};
use model::{By, Problem, Sha256, Timestamp, predicate::Notification};
use serde::Serialize;

use crate::{
    home::cannot,
    mail::{self, Letter, Post, Sending, fingerprint},
    record::Recorder,
};

/// Kind of the notifications.
pub const KIND: &str = "reminder";

/// What became of one person's letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Whose it is.
    pub person: String,
    /// Ledger entry; absent: there was nothing new for them today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// How many things it tells.
    pub items: usize,
    /// Why it was not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Holds until it is dropped: two senders at once would not know of each other.
#[must_use]
pub struct Turn(#[expect(dead_code, reason = "the lock ends with the file")] File);

/// Waits until nobody else sends.
///
/// # Errors
/// The lock cannot be made in the home.
pub fn turn(recorder: &Recorder) -> Result<Turn, Problem> {
    let path: PathBuf = recorder.home().root().join("mail.lock");
    let file = File::create(&path).map_err(|e| cannot(&path, "create", &e))?;
    file.lock().map_err(|e| cannot(&path, "lock", &e))?;
    Ok(Turn(file))
}

/// Notifications of a kind that reached their server since a moment and verify.
///
/// # Errors
/// The database or the ledger cannot be read.
pub fn delivered(kind: &str, since: Timestamp, recorder: &Recorder) -> Result<Vec<Notification>, Problem> {
    let now = recorder.clock().now();
    let mut all = Vec::new();
    for index in recorder.projection().of_kind("notification")?.into_iter().rev() {
        let logged = recorder.row(index)?;
        if logged.logged_at < since {
            break;
        }
        let Some(Ok(told)) = logged.statement.decode::<Notification>() else { continue };
        if told.kind == kind && told.delivered && recorder.check(index, now) == (true, true) {
            all.push(told);
        }
    }
    Ok(all)
}

/// Sends each person what they were not told today (UTC). Whoever has no address gets nothing; a letter that the server
/// does not take is tried again the next time, and the others are sent all the same.
///
/// # Errors
/// The database or the ledger cannot be read.
pub fn send(
    waiting: &[Waiting],
    from: &str,
    by: &By,
    post: &dyn Post,
    recorder: &Recorder,
) -> Result<Vec<Sent>, Problem> {
    let _turn = turn(recorder)?;
    recorder.catch_up()?;
    let now = recorder.clock().now();
    let today = Timestamp::from_second(now.as_second().div_euclid(86_400) * 86_400).unwrap_or(now);
    let known: BTreeSet<(Sha256, String)> = delivered(KIND, today, recorder)?
        .into_iter()
        .flat_map(|told| {
            let Notification { recipients, items, .. } = told;
            recipients.into_iter().flat_map(move |to| items.clone().into_iter().map(move |item| (to, item)))
        })
        .collect();
    let mut all = Vec::new();
    for one in waiting {
        let Some(address) = &one.address else { continue };
        let new = |item: &&Item| !known.contains(&(fingerprint(address), item.key.clone()));
        let items: Vec<Item> = one.items.iter().filter(new).cloned().collect();
        let mut sent = Sent { person: one.person.clone(), entry: None, items: items.len(), failed: None };
        if !items.is_empty() {
            match letter(&one.person, address, &items, from, by, post, recorder) {
                Ok(entry) => sent.entry = Some(entry),
                Err(problem) => sent.failed = Some(problem.message),
            }
        }
        all.push(sent);
    }
    Ok(all)
}

fn letter(
    person: &str,
    address: &str,
    items: &[Item],
    from: &str,
    by: &By,
    post: &dyn Post,
    recorder: &Recorder,
) -> Result<u64, Problem> {
    let keys: Vec<String> = items.iter().map(|item| item.key.clone()).collect();
    let projects: BTreeSet<String> = items.iter().filter_map(|item| item.project.clone()).collect();
    // Something about no project at all makes the letter one about the installation.
    let whole = items.iter().any(|item| item.project.is_none());
    let projects: Vec<String> = if whole { vec![] } else { projects.into_iter().collect() };
    let letter = Letter {
        from: from.to_owned(),
        to: vec![address.to_owned()],
        subject: subject(items),
        text: text(person, items),
        html: html(person, items),
    };
    let sending = Sending { kind: KIND, projects: &projects, items: &keys, letter: &letter, by: by.clone() };
    mail::send(sending, post, recorder)
}
