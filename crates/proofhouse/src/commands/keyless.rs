//! Signing with a Fulcio, a Rekor v2 and time-stamping authorities of others, as `proofhouse sign --services`
//! and `proofhouse conformance sign-bundle --signing-config`. Our own ledger and keys stay out of it.

use std::path::Path;

use attest::{
    Bundle,
    keyless::Thing,
    sigstore::{Accepted, TrustedRoot},
};
use engine::keyless::Order;
use model::{Exit, Problem, problem::erase};

use super::verify::{digest, read};
use crate::{app::SystemClock, args::SignArgs};

/// Variable with an identity token, as other Sigstore clients have it.
const TOKEN: &str = "SIGSTORE_ID_TOKEN";

/// What is asked for.
pub struct Asked<'a> {
    pub services: &'a Path,
    pub trusted_root: &'a Path,
    pub token: &'a [u8],
    /// The file is a statement.
    pub in_toto: bool,
    pub file: &'a Path,
}

/// A bundle that holds under the trusted root; nothing is written yet.
pub fn sign(asked: &Asked<'_>) -> Result<(Bundle, Accepted), Problem> {
    let root = TrustedRoot::parse(&read(asked.trusted_root)?).map_err(|e| erase(&e))?;
    let services = read(asked.services)?;
    let order = Order { services: &services, token: asked.token, root: &root };
    let thing = match asked.in_toto {
        true => Thing::Statement(read(asked.file)?),
        false => Thing::File(digest(asked.file)?),
    };
    engine::keyless::sign(&order, thing, &SystemClock)
}

/// The token from the file that is named, else from the environment: never from the command line, which
/// every user of a machine can read.
pub fn token(arguments: &SignArgs) -> Result<Vec<u8>, Problem> {
    if let Some(path) = &arguments.identity_token_file {
        return read(path);
    }
    let found = std::env::var(TOKEN).ok().filter(|token| !token.is_empty());
    found.map(String::into_bytes).ok_or_else(no_token)
}

/// Nobody said who signs.
pub fn no_token() -> Problem {
    Problem::new("identity-token-missing", Exit::Input, "there is no identity token to sign with")
        .with_hint(format!("give --identity-token-file, or set {TOKEN}"))
}
