//! Actions as content: what the Remote Execution API v2 calls Command, Directory, Action and
//! ActionResult, encoded to the same bytes, so that digests are those a remote server computes.

mod build;
pub mod messages;
mod paths;

pub use build::{BuiltAction, build};
pub use messages::{ActionResult, Directory, Tree};
pub use paths::{BadPath, check_name, check_relative, is_git, link_stays_inside};

#[cfg(test)]
mod tests;
