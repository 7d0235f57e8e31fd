//! `organisation.yaml`, strictly.

use std::collections::{BTreeMap, BTreeSet};

use model::{Role, Severity};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{
    Grant, Network, Organisation, Provider, Scope, Team, Workload,
    mail::{self, RawMail, RawPerson},
};
use crate::strict::{Mistakes, Place, Reading, place};

/// Largest file, in bytes.
pub const MAX_BYTES: usize = 1 << 18;
/// Most entries of one list.
pub(super) const MOST: usize = 2_000;
/// Longest name, in characters.
const LONGEST_NAME: usize = 100;
/// Kinds of periodic reviews.
const REVIEWS: [&str; 6] =
    ["build-process", "deployment-practice", "scanners", "tools", "catalogue", "access-rights"];

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawFile {
    version: Spanned<String>,
    name: Spanned<String>,
    #[serde(default)]
    service_levels: BTreeMap<String, Spanned<u32>>,
    #[serde(default)]
    reviews: BTreeMap<String, Spanned<u32>>,
    #[serde(default)]
    teams: BTreeMap<String, Spanned<RawTeam>>,
    #[serde(default)]
    roles: Vec<Spanned<RawGrant>>,
    sign_in: Option<RawSignIn>,
    #[serde(default)]
    people: BTreeMap<String, Spanned<RawPerson>>,
    mail: Option<Spanned<RawMail>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTeam {
    #[serde(default)]
    members: Vec<Spanned<String>>,
    lead: Option<Spanned<String>>,
    #[serde(default)]
    projects: Vec<Spanned<String>>,
    mail: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGrant {
    role: Spanned<String>,
    scope: Spanned<String>,
    #[serde(default)]
    people: Vec<Spanned<String>>,
    #[serde(default)]
    teams: Vec<Spanned<String>>,
    #[serde(default)]
    groups: Vec<Spanned<String>>,
    #[serde(default)]
    workloads: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawSignIn {
    second_factor: Option<Spanned<String>>,
    network: Option<Spanned<String>>,
    #[serde(default)]
    providers: Vec<RawProvider>,
    #[serde(default)]
    workloads: Vec<RawWorkload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RawProvider {
    name: Spanned<String>,
    title: Option<Spanned<String>>,
    issuer: Spanned<String>,
    client: Spanned<String>,
    secret_file: Option<Spanned<String>>,
    person: Option<Spanned<String>>,
    groups: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWorkload {
    name: Spanned<String>,
    issuer: Spanned<String>,
    audience: Spanned<String>,
    claims: BTreeMap<String, Spanned<String>>,
}

/// Reads and checks an organisation's file. `file` is only shown.
///
/// # Errors
/// Everything that is wrong with it, each at its place.
pub fn parse(bytes: &[u8], file: &str) -> Result<Organisation, Mistakes> {
    let mut reading = Reading::default();
    let raw = reading.yaml::<RawFile>(bytes, MAX_BYTES);
    let organisation = raw.map(|raw| read(&mut reading, raw));
    reading.end(organisation, file)
}

fn read(reading: &mut Reading, raw: RawFile) -> Organisation {
    if raw.version.value != "1" {
        let message = format!("version `{}` is not known here", raw.version.value);
        reading.add("organisation-version", place(&raw.version), message, Some("write `version: 1`"));
    }
    let default = Organisation::default();
    let teams: BTreeMap<String, Team> =
        raw.teams.into_iter().map(|(name, team)| (name, self::team(reading, team.value))).collect();
    let sign_in = raw.sign_in.unwrap_or_default();
    let providers: Vec<Provider> = sign_in.providers.into_iter().map(|p| provider(reading, p)).collect();
    let workloads: Vec<Workload> = sign_in.workloads.into_iter().map(|w| workload(reading, w)).collect();
    distinct(reading, providers.iter().map(|p| p.name.as_str()), "provider");
    distinct(reading, workloads.iter().map(|w| w.name.as_str()), "workload");
    let known = Known {
        teams: teams.keys().cloned().collect(),
        workloads: workloads.iter().map(|workload| workload.name.clone()).collect(),
    };
    if raw.roles.len() > MOST {
        reading.add("organisation-too-many", (1, 1), format!("more than {MOST} entries of roles"), None);
    }
    Organisation {
        name: text(reading, raw.name),
        service_levels: default
            .service_levels
            .into_iter()
            .chain(levels(reading, raw.service_levels))
            .collect(),
        reviews: reviews(reading, raw.reviews),
        grants: raw.roles.into_iter().take(MOST).filter_map(|grant| known.grant(reading, grant)).collect(),
        teams,
        second_factor: second_factor(reading, sign_in.second_factor),
        providers,
        workloads,
        network: network(reading, sign_in.network),
        addresses: mail::addresses(reading, raw.people),
        mail: raw.mail.map(|raw| mail::server(reading, raw)),
    }
}

fn levels(reading: &mut Reading, raw: BTreeMap<String, Spanned<u32>>) -> BTreeMap<Severity, u32> {
    let mut levels = BTreeMap::new();
    for (name, days) in raw {
        match Severity::from_name(&name) {
            Some(severity) if (1..=3650).contains(&days.value) => drop(levels.insert(severity, days.value)),
            Some(_) => days_wrong(reading, &days),
            None => {
                let hint = "critical, high, medium, low or info";
                let message = format!("`{name}` is no severity");
                reading.add("organisation-unknown-name", place(&days), message, Some(hint));
            }
        }
    }
    levels
}

fn reviews(reading: &mut Reading, raw: BTreeMap<String, Spanned<u32>>) -> BTreeMap<String, u32> {
    for (name, days) in &raw {
        if !REVIEWS.contains(&name.as_str()) {
            let hint = "build-process, deployment-practice, scanners, tools, catalogue or access-rights";
            let message = format!("`{name}` is no kind of review");
            reading.add("organisation-unknown-name", place(days), message, Some(hint));
        } else if !(1..=3650).contains(&days.value) {
            days_wrong(reading, days);
        }
    }
    raw.into_iter().map(|(name, days)| (name, days.value)).collect()
}

fn days_wrong(reading: &mut Reading, days: &Spanned<u32>) {
    let hint = "days, from 1 to 3650";
    reading.add(
        "organisation-days",
        place(days),
        format!("{} is too few or too many", days.value),
        Some(hint),
    );
}

fn team(reading: &mut Reading, raw: RawTeam) -> Team {
    for project in &raw.projects {
        if project.value.trim_end_matches('*').contains('*') || project.value.ends_with("**") {
            let message = format!("`{}` is no name of a project", project.value);
            let hint = "a name, or the beginning of one and `*` at its end";
            reading.add("organisation-project", place(project), message, Some(hint));
        }
    }
    Team {
        members: people(reading, raw.members),
        lead: raw.lead.and_then(|lead| person(reading, lead)),
        projects: raw.projects.into_iter().map(|project| text(reading, project)).collect(),
        mail: raw.mail.map(|mail| mail::address(reading, mail)),
    }
}

/// Names that others refer to.
struct Known {
    teams: BTreeSet<String>,
    workloads: BTreeSet<String>,
}

impl Known {
    fn grant(&self, reading: &mut Reading, raw: Spanned<RawGrant>) -> Option<Grant> {
        let at = place(&raw);
        let raw = raw.value;
        let role = raw.role.value.parse::<Role>().ok();
        if role.is_none() {
            let hint = "devops, security, compliance, developer, architect, manager or admin";
            let message = format!("`{}` is no role", raw.role.value);
            reading.add("organisation-unknown-name", place(&raw.role), message, Some(hint));
        }
        let scope = self.scope(reading, &raw.scope);
        // Read to the end before anything wrong ends it, so that all mistakes are told.
        let grant = Grant {
            role: role.unwrap_or(Role::Developer),
            scope: scope.clone().unwrap_or(Scope::Organisation),
            people: people(reading, raw.people),
            teams: references(reading, raw.teams, &self.teams, "team"),
            groups: raw.groups.into_iter().map(|group| group_name(reading, group)).collect(),
            workloads: references(reading, raw.workloads, &self.workloads, "workload"),
        };
        if grant.people.is_empty()
            && grant.teams.is_empty()
            && grant.groups.is_empty()
            && grant.workloads.is_empty()
        {
            let hint = "name `people`, `teams`, `groups` or `workloads`";
            reading.add("organisation-nobody", at, "nobody has this role".to_owned(), Some(hint));
        }
        (role.is_some() && scope.is_some()).then_some(grant)
    }

    fn scope(&self, reading: &mut Reading, raw: &Spanned<String>) -> Option<Scope> {
        let scope = match raw.value.split_once(':') {
            None if raw.value == "organisation" => Some(Scope::Organisation),
            Some(("team", team)) if self.teams.contains(team) => Some(Scope::Team(team.to_owned())),
            Some(("project", project)) if !project.is_empty() && !project.contains('*') => {
                Some(Scope::Project(project.to_owned()))
            }
            _ => None,
        };
        if scope.is_none() {
            let hint = "`organisation`, `team:NAME` of a team in this file, or `project:NAME`";
            let message = format!("`{}` is no scope", raw.value);
            reading.add("organisation-scope", place(raw), message, Some(hint));
        }
        scope
    }
}

fn references(
    reading: &mut Reading,
    raw: Vec<Spanned<String>>,
    known: &BTreeSet<String>,
    what: &str,
) -> BTreeSet<String> {
    for name in raw.iter().filter(|name| !known.contains(&name.value)) {
        let message = format!("there is no {what} `{}` in this file", name.value);
        reading.add("organisation-unknown-name", place(name), message, None);
    }
    raw.into_iter().map(|name| name.value).collect()
}

fn people(reading: &mut Reading, raw: Vec<Spanned<String>>) -> BTreeSet<String> {
    raw.into_iter().take(MOST).filter_map(|name| person(reading, name)).collect()
}

/// Whether this can be the name of an account here: `ann`, `ann.b-2`.
pub fn is_account(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    (1..=64).contains(&name.len())
        && name.chars().all(inner)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// `ann`, or whatever a provider calls her, `@` and the provider.
pub(super) fn person(reading: &mut Reading, raw: Spanned<String>) -> Option<String> {
    let fine = match raw.value.rsplit_once('@') {
        Some((name, provider)) => !name.is_empty() && is_account(provider) && printable(&raw.value),
        None => is_account(&raw.value),
    };
    if !fine {
        let message = format!("`{}` is no name of a person", raw.value);
        let hint = "an account such as `ann`, or `ann@PROVIDER`";
        reading.add("organisation-person", place(&raw), message, Some(hint));
    }
    fine.then_some(raw.value)
}

fn group_name(reading: &mut Reading, raw: Spanned<String>) -> String {
    if !raw.value.contains('@') {
        let message = format!("`{}` does not say whose group it is", raw.value);
        reading.add("organisation-group", place(&raw), message, Some("write `group@PROVIDER`"));
    }
    text(reading, raw)
}

fn provider(reading: &mut Reading, raw: RawProvider) -> Provider {
    let name = short(reading, raw.name);
    Provider {
        title: raw.title.map_or_else(|| name.clone(), |title| text(reading, title)),
        name,
        issuer: issuer(reading, raw.issuer),
        client: text(reading, raw.client),
        secret_file: raw.secret_file.map(|file| file.value),
        person: raw.person.map_or_else(|| "sub".to_owned(), |claim| text(reading, claim)),
        groups: raw.groups.map(|claim| text(reading, claim)),
    }
}

fn workload(reading: &mut Reading, raw: RawWorkload) -> Workload {
    let name = short(reading, raw.name);
    if raw.claims.is_empty() {
        let message = format!("every job of the issuer would be {name}");
        let hint = "name claims, for example `repository: example/shop`";
        reading.add("organisation-claims", place(&raw.issuer), message, Some(hint));
    }
    Workload {
        name,
        issuer: issuer(reading, raw.issuer),
        audience: text(reading, raw.audience),
        claims: raw.claims.into_iter().map(|(claim, value)| (claim, text(reading, value))).collect(),
    }
}

fn issuer(reading: &mut Reading, raw: Spanned<String>) -> String {
    let fine = raw.value.starts_with("https://") || raw.value.starts_with("http://127.0.0.1:");
    if !fine || !printable(&raw.value) || raw.value.contains(['?', '#', ' ']) {
        let message = format!("`{}` is no issuer", raw.value);
        reading.add(
            "organisation-issuer",
            place(&raw),
            message,
            Some("an address that begins with https://"),
        );
    }
    raw.value
}

fn short(reading: &mut Reading, raw: Spanned<String>) -> String {
    if !is_account(&raw.value) || matches!(raw.value.as_str(), "token" | "workload") {
        let message = format!("`{}` cannot be used as a short name", raw.value);
        let hint = "lower-case letters, digits, `.`, `-`, `_`; not `token` or `workload`";
        reading.add("organisation-short-name", place(&raw), message, Some(hint));
    }
    raw.value
}

fn distinct<'a>(reading: &mut Reading, names: impl Iterator<Item = &'a str>, what: &str) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let at: Place = (1, 1);
            reading.add("organisation-duplicate", at, format!("two {what}s are called `{name}`"), None);
        }
    }
}

fn second_factor(reading: &mut Reading, raw: Option<Spanned<String>>) -> bool {
    match raw.as_ref().map(|raw| (raw, raw.value.as_str())) {
        None | Some((_, "required")) => true,
        Some((_, "optional")) => false,
        Some((raw, other)) => {
            let message = format!("`{other}` is not known here");
            reading.add("organisation-unknown-name", place(raw), message, Some("`required` or `optional`"));
            true
        }
    }
}

fn network(reading: &mut Reading, raw: Option<Spanned<String>>) -> Network {
    match raw.as_ref().map(|raw| (raw, raw.value.as_str())) {
        None | Some((_, "public")) => Network::Public,
        Some((_, "private")) => Network::Private,
        Some((_, "loopback")) => Network::Loopback,
        Some((raw, other)) => {
            let message = format!("`{other}` is not known here");
            reading.add(
                "organisation-unknown-name",
                place(raw),
                message,
                Some("public, private or loopback"),
            );
            Network::Public
        }
    }
}

fn printable(text: &str) -> bool {
    !text.chars().any(char::is_control) && text.chars().count() <= 300
}

pub(super) fn text(reading: &mut Reading, raw: Spanned<String>) -> String {
    let long = raw.value.chars().count() > LONGEST_NAME;
    if raw.value.trim().is_empty() || long || raw.value.chars().any(char::is_control) {
        let hint = "1 to 100 printable characters";
        reading.add("organisation-text", place(&raw), "this text cannot be used".to_owned(), Some(hint));
    }
    raw.value
}
