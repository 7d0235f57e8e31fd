//! People: the organisation's file into the ledger, and proof of who somebody is from others' identity services.

mod keys;
mod provider;
mod workload;

use govern::organisation::{self, Network, Organisation};
use model::{By, Exit, Problem, Statement, Timestamp, problem::erase};

pub use keys::IssuerKeys;
pub use provider::{Exchange, Started, finish, start};
pub use workload::{Job, job};

use crate::{identity::Reach, statements::statement};

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
