//! People: the organisation's file into the ledger, and proof of who somebody is from others' identity services.

mod keys;
mod provider;
mod workload;

use govern::organisation::{self, Network, Organisation, Permission};
use model::{By, Exit, Problem, Role, Statement, Timestamp, problem::erase};

pub use keys::IssuerKeys;
pub use provider::{Exchange, Started, finish, start};
pub use workload::{Job, job};

use crate::{identity::Reach, record::Recorder, statements::statement};

/// The reach of requests to identity services under an organisation's file.
fn reach(network: Network) -> Reach {
    match network {
        Network::Public => Reach::Public,
        Network::Private => Reach::Private,
        Network::Loopback => Reach::Loopback,
    }
}

/// The statement that makes a file the organisation's from now on. `before` is the one that held until now.
///
/// # Errors
/// The file has mistakes, or it is the one that holds already.
pub fn apply(text: &str, before: Option<&str>, by: By, at: Timestamp) -> Result<Statement, Problem> {
    if before == Some(text) {
        let message = "this is the file that holds already";
        return Err(Problem::new("organisation-same", Exit::Input, message));
    }
    let applied = organisation::applied(text, &current(before)?, by, at).map_err(|e| erase(&e))?;
    statement(vec![applied.subject()], &applied)
}

/// The organisation that a text says; the default when there is none yet.
///
/// # Errors
/// It cannot be read: it was written by another version of this program.
pub fn current(text: Option<&str>) -> Result<Organisation, Problem> {
    match text {
        Some(text) => organisation::parse(text.as_bytes(), "organisation.yaml").map_err(|e| erase(&e)),
        None => Ok(Organisation::default()),
    }
}

/// Roles whose exceptions and waivers count: those that may accept risks in the organisation, and of these the ones
/// that an environment names. `None`: nobody has a role yet, and no environment asks for one.
///
/// # Errors
/// The database or the ledger cannot be read, or the organisation's file does not verify.
pub fn accepting(narrowed: Option<&[Role]>, recorder: &Recorder) -> Result<Option<Vec<Role>>, Problem> {
    let of_all = holders(Permission::AcceptRisk, recorder)?;
    Ok(match (of_all, narrowed) {
        (Some(all), Some(named)) => Some(all.into_iter().filter(|role| named.contains(role)).collect()),
        (all, named) => all.or_else(|| named.map(<[Role]>::to_vec)),
    })
}

/// Roles that may do something; `None` while nobody has a role.
///
/// # Errors
/// As [`accepting`].
pub fn holders(permission: Permission, recorder: &Recorder) -> Result<Option<Vec<Role>>, Problem> {
    let known = crate::reviews::organisation(recorder)?;
    Ok(known.and_then(|(organisation, _)| organisation.entitled(permission)))
}

/// As [`entitled`], by what a role may do in the organisation.
///
/// # Errors
/// `role-missing`, or as [`holders`].
pub fn allowed(by: &By, permission: Permission, what: &str, recorder: &Recorder) -> Result<(), Problem> {
    entitled(by, holders(permission, recorder)?.as_deref(), what)
}

/// Lets nobody do what would count for nothing afterwards.
///
/// # Errors
/// `role-missing`: they have none of the roles.
pub fn entitled(by: &By, roles: Option<&[Role]>, what: &str) -> Result<(), Problem> {
    if by.is_among(roles) {
        return Ok(());
    }
    let names: Vec<&str> = roles.unwrap_or_default().iter().map(|role| role.name()).collect();
    let hint = match names.is_empty() {
        true => "no role may: see `accepting` of the environment".to_owned(),
        false => format!(
            "ask somebody with one of the roles {}; `proofhouse organisation show --roles`",
            names.join(", ")
        ),
    };
    Err(Problem::new("role-missing", Exit::Verdict, format!("{} may not {what} here", by.label()))
        .with_hint(hint))
}
