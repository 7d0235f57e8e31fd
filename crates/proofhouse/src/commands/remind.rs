//! `proofhouse remind`: what waits for whom, to print or to send; and the same by the server, unasked.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use engine::{
    mail::{self, Sending, fingerprint},
    radar,
    record::Recorder,
    release_review,
    remind::{self, Sent},
    reviews,
};
use govern::{
    awareness::digest::digest as make,
    organisation::{Organisation, Team},
    reminders::{self, Item, Waiting},
};
use model::{By, Exit, Problem, Timestamp, Via};
use serde_json::json;
use store::{Store, views::PageRequest};

use super::{awareness, exceptions, mail as way, radar::files};
use crate::{
    app::App,
    args::{Global, RemindArgs},
    database::Database,
    ui::{self, BAD, BOLD, DIM, println},
};

/// How often the server looks whether something is to be sent.
const LOOK: Duration = Duration::from_secs(600);
/// How long it leaves a mail server alone that took nothing.
const PAUSE: Duration = Duration::from_secs(6 * 3600);
/// Days between two digests to one team.
const WEEK: i64 = 7;

/// The parts of an installation that know what waits; can be handed to another thread.
#[derive(Clone)]
pub struct Desk {
    global: Global,
    store: Arc<Store>,
    database: Arc<Database>,
    recorder: Arc<Recorder>,
    catalogue: Option<PathBuf>,
}

pub fn remind(global: &Global, arguments: &RemindArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let desk = Desk::new(&app, arguments.catalogue.clone());
    let organisation = desk.organisation()?;
    let items = desk.items()?;
    let waiting = reminders::waiting(&items, &organisation);
    let unreached = reminders::unreached(&items, &waiting);
    if !arguments.send {
        show(&app, &waiting, &unreached);
        return Ok(Exit::Success);
    }
    let (smtp, from) = way::way(&arguments.way, &organisation)?;
    let all = remind::send(&waiting, &from, &desk.by(&organisation), &smtp, &app.recorder)?;
    match app.json() {
        true => ui::json(&json!({ "sent": all, "unreached": unreached })),
        false => {
            all.iter().for_each(sent);
            untold(&unreached);
        }
    }
    match all.iter().find_map(|one| one.failed.as_ref()) {
        Some(why) => Err(Problem::new("mail-not-sent", Exit::Environment, why.clone())
            .with_hint("what was not sent is tried again the next time")),
        None => Ok(Exit::Success),
    }
}

fn show(app: &App, waiting: &[Waiting], unreached: &[&Item]) {
    if app.json() {
        return ui::json(&json!({ "waiting": waiting, "unreached": unreached }));
    }
    for one in waiting {
        let address = one.address.as_deref().unwrap_or("no address");
        println!("{BOLD}{}{BOLD:#} {DIM}{address}{DIM:#}", ui::one_line(&one.person));
        one.items.iter().for_each(item);
    }
    if waiting.is_empty() {
        ui::note("nothing waits for anybody");
    }
    untold(unreached);
}

fn item(item: &Item) {
    let late = if item.late { format!("{BAD}late{BAD:#} ") } else { String::new() };
    println!("  {late}{}", ui::one_line(&item.what));
    println!("      {DIM}{}{DIM:#}", ui::one_line(&item.act));
}

fn sent(one: &Sent) {
    let things = ui::count(one.items as u64, "thing");
    match (&one.entry, &one.failed) {
        (Some(entry), _) => println!("{}: {things}, recorded as ledger entry {entry}", one.person),
        (None, Some(why)) => println!("{BAD}{}: not sent{BAD:#}, {}", one.person, ui::one_line(why)),
        (None, None) => println!("{}: nothing new today", one.person),
    }
}

fn untold(items: &[&Item]) {
    for item in items {
        ui::note(&format!("nobody with an address: {}", ui::one_line(&item.what)));
    }
    if !items.is_empty() {
        ui::note("`people: { ann: { mail: ann@shop.example } }` in the organisation's file gives addresses");
    }
}

impl Desk {
    /// The desk of an open installation.
    pub fn new(app: &App, catalogue: Option<PathBuf>) -> Self {
        Self {
            global: app.global.clone(),
            store: Arc::clone(&app.store),
            database: Arc::clone(&app.database),
            recorder: Arc::clone(&app.recorder),
            catalogue,
        }
    }

    fn now(&self) -> Timestamp {
        self.recorder.clock().now()
    }

    fn organisation(&self) -> Result<Organisation, Problem> {
        let applied = self.database.wait(self.store.organisation())?;
        engine::people::current(applied.as_ref().map(|applied| applied.text.as_str()))
    }

    fn by(&self, organisation: &Organisation) -> By {
        let name = crate::app::actor();
        let roles = organisation.roles_here(&name, None);
        By { name, roles, via: Via::Local }
    }

    /// Everything that waits, over all projects.
    fn items(&self) -> Result<Vec<Item>, Problem> {
        let now = self.now();
        let mut all = self.release_reviews(now)?;
        for scheduled in reviews::scheduled(&self.recorder, now)? {
            let open = scheduled.open.map(|index| reviews::load(index, &self.recorder)).transpose()?;
            let assigned = open.and_then(|open| open.standing.assigned);
            all.extend(reminders::periodic(&scheduled, assigned.as_deref()));
        }
        for (project, risk) in exceptions::all(&self.database, &self.store, &self.recorder, None)? {
            all.extend(reminders::risk(&project, &risk));
        }
        all.extend(self.technologies(now)?);
        Ok(all)
    }

    /// Of each environment the newest review counts.
    fn release_reviews(&self, now: Timestamp) -> Result<Vec<Item>, Problem> {
        let page = PageRequest::first(PageRequest::MOST);
        let (mut seen, mut all) = (BTreeSet::new(), Vec::new());
        for review in self.database.wait(self.store.release_reviews(None, None, &page))?.items {
            let newest = seen.insert((review.project.clone(), review.environment.clone()));
            if newest && review.expires > now {
                let loaded = release_review::load(review.index, &self.recorder)?;
                let which = (review.index, review.project.as_str(), review.environment.as_str());
                all.extend(reminders::release_review(which, review.expires, &loaded.standing));
            }
        }
        Ok(all)
    }

    /// Entries of the catalogue; nothing where none is named.
    fn technologies(&self, now: Timestamp) -> Result<Vec<Item>, Problem> {
        let file = match files::catalogue(&self.global, self.catalogue.as_deref()) {
            Ok(file) => file,
            Err(_) if self.catalogue.is_none() => return Ok(vec![]),
            Err(problem) => return Err(problem),
        };
        let catalogue = file.open()?;
        let Some(quorum) = &catalogue.quorum else { return Ok(vec![]) };
        let standings = radar::standings(&catalogue, &self.recorder, now)?;
        let item = |entry: &govern::catalogue::Technology| {
            let standing = standings.get(&entry.name)?;
            reminders::technology(standing, entry.owner.as_deref(), &quorum.roles, now)
        };
        Ok(catalogue.technologies.iter().filter_map(item).collect())
    }

    /// Sends what is due today and this week, when the organisation names a mail server; whether one refused.
    fn tick(&self) -> Result<bool, Problem> {
        let organisation = self.organisation()?;
        let Some(known) = &organisation.mail else { return Ok(false) };
        let (smtp, from) = way::of_organisation(known)?;
        let by = self.by(&organisation);
        let waiting = reminders::waiting(&self.items()?, &organisation);
        let sent = remind::send(&waiting, &from, &by, &smtp, &self.recorder)?;
        let mut refused = sent.iter().any(|one| one.failed.is_some());
        for (name, team) in &organisation.teams {
            if let Err(problem) = self.digest(name, team, &organisation, (&from, &by), &smtp) {
                ui::warning(&problem);
                refused = true;
            }
        }
        Ok(refused)
    }

    /// The week's digest of a team, unless it got one within the week.
    fn digest(
        &self,
        name: &str,
        team: &Team,
        organisation: &Organisation,
        (from, by): (&str, &By),
        smtp: &mail::Smtp,
    ) -> Result<(), Problem> {
        let Some(address) = &team.mail else { return Ok(()) };
        let until = self.now();
        let since = Timestamp::from_second(until.as_second() - WEEK * 86_400).unwrap_or(until);
        let _turn = remind::turn(&self.recorder)?;
        let before = remind::delivered(awareness::DIGEST, since, &self.recorder)?;
        if before.iter().any(|told| told.recipients.contains(&fingerprint(address))) {
            return Ok(());
        }
        let projects = self.database.wait(self.store.projects())?.into_iter().map(|one| one.name);
        let projects: Vec<String> = projects.filter(|project| team.owns(project)).collect();
        if projects.is_empty() {
            return Ok(());
        }
        let facts = self.database.wait(self.store.awareness(&projects, since, until))?;
        let about = format!("team {name}");
        let digest = make(&about, &facts, since, until, &organisation.service_levels);
        let letter = awareness::letter(&digest, from.to_owned(), vec![address.clone()]);
        let (kind, by) = (awareness::DIGEST, by.clone());
        let sending = Sending { kind, projects: &projects, items: &[], letter: &letter, by };
        mail::send(sending, smtp, &self.recorder).map(drop)
    }

    /// Sends reminders each day and digests each week, for as long as the server runs. What was sent already, by it or
    /// by a command, is in the ledger.
    pub async fn follow(self) {
        loop {
            let desk = self.clone();
            let ticked = tokio::task::spawn_blocking(move || desk.tick()).await;
            let refused = match ticked {
                Ok(Ok(refused)) => refused,
                Ok(Err(problem)) => {
                    ui::warning(&problem);
                    true
                }
                Err(_) => return,
            };
            tokio::time::sleep(if refused { PAUSE } else { LOOK }).await;
        }
    }
}
