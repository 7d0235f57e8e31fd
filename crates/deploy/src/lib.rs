//! **Ship**: bring an artifact into an environment as one transaction.
//!
//! transfer, verify on the target, activate, health check, verify again, dynamic checks; whatever
//! goes wrong after activation brings the previous release back. Every stage is recorded, and a
//! journal on the target makes an interrupted deployment visible and repairable.
//!
//! A driver is one folder and one line in [`driver::DRIVERS`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod driver;
pub mod error;
pub mod health;
pub mod host;
pub mod journal;
pub mod transaction;

pub use driver::{Driver, Release};
pub use error::DeployError;
pub use health::HealthCheck;
pub use transaction::{Attempt, Observer, Verdict, deploy, recover};
