//! Folders whose content is listed.

use std::{collections::BTreeSet, sync::LazyLock};

use model::{Confidence, Place, Severity};
use regex::Regex;

use super::{Check, Hit, Hits};
use crate::{RuleInfo, client::Ask, session::Session};

pub const CHECK: Check = Check { rules: &[&RULE], run: |session| run(session) };

const RULE: RuleInfo = RuleInfo {
    id: "dast-directory-listing",
    title: "A folder lists its files",
    severity: Severity::Medium,
    confidence: Confidence::High,
    cwe: &[548],
    fix: "Switch listings off, or put an index page there.",
};

/// Folders that applications often serve, besides those on the way to known routes.
const USUAL: [&str; 7] = ["/static/", "/assets/", "/uploads/", "/files/", "/images/", "/backup/", "/media/"];
const MOST_FOLDERS: usize = 40;

static LISTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)<title>\s*(index of /|directory listing (for|of)|listing directory)|<h1>\s*index of /")
        .ok()
});

fn run<'s>(session: &'s Session<'s>) -> Hits<'s> {
    Box::pin(async move {
        let mut folders: BTreeSet<String> = USUAL.iter().map(|folder| (*folder).to_owned()).collect();
        for exchange in &session.exchanges {
            let path = exchange.url.path();
            folders.extend(path.match_indices('/').map(|(at, _)| path[..=at].to_owned()));
        }
        let mut hits = vec![];
        for folder in folders.into_iter().take(MOST_FOLDERS) {
            let answer = session.ask_path(&folder, &Ask::get(session.at(&folder))).await;
            let Some(answer) = answer.filter(|answer| answer.status == 200) else { continue };
            if LISTING.as_ref().is_some_and(|listing| listing.is_match(&answer.body)) {
                let (route, _) = crate::route::template(&folder);
                let place = Place::Route { method: "GET".into(), route, parameter: None };
                hits.push(Hit::new(&RULE, place, format!("{folder} lists its files.")));
            }
        }
        hits
    })
}
