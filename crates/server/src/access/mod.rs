//! Who may ask, from the outside in: host name, cross-site requests, session or token.

mod failures;
mod guard;
mod host;
mod session;
pub(crate) mod sign_in;
pub(crate) mod token;
pub mod tokens;

pub(crate) use failures::Failures;
pub(crate) use guard::{guard, refuse_foreign};
pub(crate) use host::{Hosts, check_host};
pub(crate) use session::Sessions;
