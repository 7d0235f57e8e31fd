//! Who may ask, from the outside in: host name, cross-site requests, session or token, then what they may do.
//!
//! - `sign_in`, `provider`, `invitation`: the ways in. `file`, `accounts`, `tokens`, `password`, `code`: what is kept.
//! - `guard`: before every page and answer; `who`: somebody with their rights; `rules`: what each address asks for.

pub mod accounts;
pub(crate) mod audit;
mod code;
mod failures;
mod file;
mod guard;
mod host;
pub(crate) mod invitation;
mod job;
mod password;
pub(crate) mod provider;
pub(crate) mod rules;
mod session;
pub(crate) mod sign_in;
pub(crate) mod token;
pub mod tokens;
pub(crate) mod who;

pub(crate) use failures::Failures;
pub(crate) use file::FileError;
pub(crate) use guard::{guard, refuse_foreign};
pub(crate) use host::{Hosts, check_host};
pub(crate) use session::Sessions;
pub(crate) use who::Principal;
