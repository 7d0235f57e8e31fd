//! The organisation as code (`organisation.yaml`): teams, who has which role where, how people and machines prove
//! who they are, how long findings may stay open.

mod access;
mod changes;
mod mail;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use model::{Role, Severity};

pub use access::{Permission, Rights};
pub use changes::{applied, changes};
pub use mail::host_and_port;
pub use read::{MAX_BYTES, is_account, parse};

/// Where a role holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere.
    Organisation,
    /// In the projects of a team.
    Team(String),
    /// In one project.
    Project(String),
}

/// Some people, teams, groups or workloads that have a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// Names of people: `ann` for an account here, `ann@company` for one of the provider `company`.
    pub people: BTreeSet<String>,
    /// Teams, all members of which are meant.
    pub teams: BTreeSet<String>,
    /// Groups that a provider tells of, `group@company`.
    pub groups: BTreeSet<String>,
    /// Workloads.
    pub workloads: BTreeSet<String>,
}

/// People who own projects together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// Names as in [`Grant::people`].
    pub members: BTreeSet<String>,
    /// Who leads it.
    pub lead: Option<String>,
    /// Names of projects; one may end in `*`.
    pub projects: Vec<String>,
    /// Where its mail goes.
    pub mail: Option<String>,
}

impl Team {
    /// Whether the team owns this project.
    pub fn owns(&self, project: &str) -> bool {
        self.projects.iter().any(|pattern| matches(pattern, project))
    }
}

/// Whether a name, or a beginning with `*`, means this project.
fn matches(pattern: &str, project: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => project.starts_with(beginning),
        None => pattern == project,
    }
}

/// An OpenID Connect provider that people sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Short name: its people are `claim@name`.
    pub name: String,
    /// What the button says.
    pub title: String,
    /// Issuer, an https address without a slash at the end as the provider writes it.
    pub issuer: String,
    /// Client id that it knows us by.
    pub client: String,
    /// File with the client's secret; none for a public client.
    pub secret_file: Option<String>,
    /// Claim with the person's name.
    pub person: String,
    /// Claim with the groups.
    pub groups: Option<String>,
}

/// A build system whose jobs prove who they are with a token of their issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Short name.
    pub name: String,
    /// Issuer of the tokens.
    pub issuer: String,
    /// Audience that a token must have.
    pub audience: String,
    /// Claims that a token must have, each a text with `*` for any characters.
    pub claims: BTreeMap<String, String>,
}

/// Addresses that providers and issuers may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Of the public internet only.
    #[default]
    Public,
    /// Also of private networks.
    Private,
    /// Of this machine only; for trying things out.
    Loopback,
}

/// How the way to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// TLS after `STARTTLS`, or nothing is sent (RFC 3207).
    #[default]
    StartTls,
    /// None: only to this machine.
    None,
}

/// Where the password of a mail server is; never the password itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// A file on the machine that sends.
    File(String),
    /// A variable of its environment, [`MAIL_VARIABLE`] at its beginning.
    Variable(String),
}

/// Beginning of the name of a variable with a mail server's password: whoever may change the file must not be able
/// to have other secrets of the environment sent somewhere.
pub const MAIL_VARIABLE: &str = "PROOFHOUSE_MAIL_";

/// The mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// Host name.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection of the way.
    pub tls: MailTls,
    /// Who mail is from.
    pub from: String,
    /// User at the server and where the password is.
    pub user: Option<(String, SecretPlace)>,
}

/// Everything that the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its name.
    pub name: String,
    /// Days that a finding of a severity may stay open.
    pub service_levels: BTreeMap<Severity, u32>,
    /// Days between two reviews of one kind.
    pub reviews: BTreeMap<String, u32>,
    /// Teams by name.
    pub teams: BTreeMap<String, Team>,
    /// Who has which role.
    pub grants: Vec<Grant>,
    /// Whether accounts here need a second factor.
    pub second_factor: bool,
    /// Providers that people sign in with.
    pub providers: Vec<Provider>,
    /// Machines.
    pub workloads: Vec<Workload>,
    /// Addresses that providers and issuers may have.
    pub network: Network,
    /// Mail addresses of people, by name.
    pub addresses: BTreeMap<String, String>,
    /// How mail goes out; absent: on no way but one named on the command line.
    pub mail: Option<MailServer>,
}

impl Default for Organisation {
    /// Before anybody decided: nobody has a role, the usual service levels.
    fn default() -> Self {
        Self {
            name: "This installation".to_owned(),
            service_levels: BTreeMap::from([
                (Severity::Critical, 7),
                (Severity::High, 30),
                (Severity::Medium, 90),
                (Severity::Low, 180),
            ]),
            reviews: BTreeMap::new(),
            teams: BTreeMap::new(),
            grants: vec![],
            second_factor: true,
            providers: vec![],
            workloads: vec![],
            network: Network::Public,
            addresses: BTreeMap::new(),
            mail: None,
        }
    }
}

impl Organisation {
    /// Teams that own a project, by name.
    pub fn owners<'a>(&'a self, project: &'a str) -> impl Iterator<Item = (&'a str, &'a Team)> {
        self.teams
            .iter()
            .filter(move |(_, team)| team.owns(project))
            .map(|(name, team)| (name.as_str(), team))
    }

    /// What this file would make the server read of its machine, or ask inside its networks, that `before` did not. To
    /// decide who may do what is not to hold the machine: else a role could have any of its files sent to an issuer of
    /// its own.
    pub fn reaches_beyond(&self, before: &Self) -> Option<String> {
        if self.network != before.network && self.network != Network::Public {
            return Some("the addresses that providers may have (`network`)".to_owned());
        }
        if self.mail.is_some() && self.mail != before.mail {
            return Some("the mail server (`mail`)".to_owned());
        }
        let known = |new: &&Provider| {
            before.providers.iter().any(|p| (&p.issuer, &p.secret_file) == (&new.issuer, &new.secret_file))
        };
        let mut with_file = self.providers.iter().filter(|provider| provider.secret_file.is_some());
        with_file.find(|new| !known(new)).map(|new| format!("the `secret-file` of {}", new.name))
    }

    /// Roles that may do something; `None` while nobody has a role and everybody may.
    pub fn entitled(&self, permission: Permission) -> Option<Vec<Role>> {
        (!self.grants.is_empty()).then(|| access::with(permission))
    }

    /// As [`Organisation::roles_of`], of whoever holds the installation; before anybody has a role, they have all.
    pub fn roles_here(&self, person: &str, project: Option<&str>) -> Vec<Role> {
        if self.grants.is_empty() { Role::ALL.to_vec() } else { self.roles_of(person, project) }
    }

    /// Roles of a person for a project, or of the whole organisation, sorted.
    pub fn roles_of(&self, person: &str, project: Option<&str>) -> Vec<Role> {
        Rights::of_person(self, person, &[]).roles(project)
    }
}
