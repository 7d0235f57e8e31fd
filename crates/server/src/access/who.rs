//! Who asks: what a session or token stands for, and the rights that follow from the organisation as it is now.

use std::sync::Arc;

use govern::organisation::{Organisation, Permission, Rights};
use model::{By, Role, Timestamp, Via};

use super::tokens::{TokenInfo, TokenScope};
use crate::{problem::Refusal, state::App};

/// What a session or token stands for. Rights are not kept with it: they are those of this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Whoever started the server.
    Owner,
    /// An account here; whether it showed a second factor; the value of the account that ends its sessions.
    Account { name: String, second: bool, since: Option<Timestamp> },
    /// A person of a provider, with the groups that it told of.
    Person { name: String, groups: Vec<String>, issuer: String },
    /// A token.
    Token(String),
    /// A job of a build system.
    Job { workload: String, issuer: String, subject: String },
}

tokio::task_local! {
    /// Whoever asks, for what every page shows of them.
    pub(crate) static CURRENT: Arc<Principal>;
}

/// Somebody with their rights.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) name: String,
    pub(crate) via: Via,
    pub(crate) rights: Rights,
    /// The account, for what only people with one can do.
    pub(crate) account: Option<String>,
}

impl Principal {
    /// As they are recorded, with the roles that they have for a project or the organisation.
    pub(crate) fn by(&self, project: Option<&str>) -> By {
        By { name: self.name.clone(), roles: self.rights.roles(project), via: self.via.clone() }
    }

    /// Whether a project may be seen.
    pub(crate) fn sees(&self, project: &str) -> bool {
        self.rights.may(Permission::View, Some(project))
    }

    /// The projects of a list that may be seen; `None` when all may.
    pub(crate) fn visible(&self, all: impl IntoIterator<Item = String>) -> Option<Vec<String>> {
        if self.rights.may(Permission::View, None) {
            return None;
        }
        Some(all.into_iter().filter(|project| self.sees(project)).collect())
    }
}

impl Principal {
    /// The projects that may be seen, for queries that take only some; `None` when all may.
    pub(crate) async fn projects(&self, app: &App) -> Result<Option<Vec<String>>, Refusal> {
        match self.rights.may(Permission::View, None) {
            true => Ok(None),
            false => Ok(self.visible(app.store.project_names().await?)),
        }
    }
}

impl Who {
    /// What tells one from another: kind and name.
    pub(crate) fn key(&self) -> (u8, &str) {
        match self {
            Self::Owner => (0, ""),
            Self::Account { name, .. } => (1, name),
            Self::Person { name, .. } => (2, name),
            Self::Token(id) => (3, id),
            Self::Job { workload, .. } => (4, workload),
        }
    }
}

/// The rights of what a session or token stands for; `None` when it does not hold any more.
pub(crate) async fn principal(app: &App, who: &Who) -> Result<Option<Principal>, Refusal> {
    let organisation = app.organisation().await?;
    Ok(match who {
        Who::Owner => Some(Principal {
            name: app.owner.clone(),
            via: Via::Link,
            rights: owner(app, &organisation),
            account: None,
        }),
        Who::Account { name, second, since } => {
            let weak = organisation.second_factor && !second;
            let keeps = app.accounts.keeps(name, *since)? && !weak;
            keeps.then(|| Principal {
                name: name.clone(),
                via: if *second { Via::PasswordAndCode } else { Via::Password },
                rights: Rights::of_person(&organisation, name, &[]),
                account: Some(name.clone()),
            })
        }
        Who::Person { name, groups, issuer } => {
            // A provider that the file no longer names vouches for nobody.
            let known = organisation.providers.iter().any(|p| {
                p.issuer == *issuer && name.rsplit_once('@').is_some_and(|(_, provider)| provider == p.name)
            });
            known.then(|| Principal {
                name: name.clone(),
                via: Via::Oidc { issuer: issuer.clone() },
                rights: Rights::of_person(&organisation, name, groups),
                account: None,
            })
        }
        Who::Token(id) => {
            let token = app.tokens.by_id(id, app.clock.now())?;
            token.map(|token| of_token(app, &organisation, &token)).transpose()?.flatten()
        }
        Who::Job { workload, issuer, subject } => Some(Principal {
            name: format!("{workload}@workload"),
            via: Via::Workload { issuer: issuer.clone(), subject: subject.clone() },
            rights: Rights::of_workload(&organisation, workload),
            account: None,
        }),
    })
}

/// Whoever started the server holds everything until somebody decided otherwise; from then on they can only repair
/// who decides, besides what the organisation gives to their name.
fn owner(app: &App, organisation: &Organisation) -> Rights {
    match organisation.grants.is_empty() {
        true => Rights::owner(),
        false => Rights::of_person(organisation, &app.owner, &[]).with(Role::Admin),
    }
}

/// A token of a person can do what they can do now, at most.
fn of_token(app: &App, organisation: &Organisation, token: &TokenInfo) -> Result<Option<Principal>, Refusal> {
    let old = TokenScope { roles: vec![], projects: vec![], owner: None };
    let scope = token.scope.as_ref().unwrap_or(&old);
    let rights = match (&scope.owner, &token.scope) {
        (Some(owner), _) => {
            if !app.accounts.keeps_token(owner, token.created)? {
                return Ok(None);
            }
            Rights::of_person(organisation, owner, &[]).limited_to(&scope.roles, &scope.projects)
        }
        (None, Some(_)) => Rights::given(&scope.roles, &scope.projects),
        // Those made before there were roles could read everything.
        (None, None) => Rights::given(&[Role::Developer], &[]).reading(),
    };
    let name = scope.owner.clone().unwrap_or_else(|| format!("{}@token", token.name));
    Ok(Some(Principal { name, via: Via::Token { id: token.id.clone() }, rights, account: None }))
}
