//! **The flow**: joins the stages, one function per arrow.
//!
//! Everything that happens becomes a statement; [`record::Recorder`] is the only way into the ledger.
//! The engine knows no database and no web: it speaks to both through [`ports`].
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod active;
pub mod builtin;
pub mod ci;
pub mod coverage;
pub mod evidence;
pub mod feeds;
pub mod foreign;
pub mod gate;
pub mod given;
pub mod home;
pub mod identity;
pub mod import;
pub mod inspect;
pub mod junit;
pub mod keyless;
pub mod keys;
pub mod mail;
pub mod manual;
pub mod people;
pub mod ports;
pub mod project;
pub mod publiclog;
pub mod radar;
pub mod record;
pub mod release;
pub mod release_review;
pub mod remind;
pub mod reports;
pub mod reproduce;
pub mod requirements;
pub mod retain;
pub mod reviews;
pub mod run;
pub mod scan;
pub mod scans;
pub mod ship;
pub mod source;
pub mod standards;
pub mod statements;
pub mod tree;
pub mod triage;
pub mod wrap;

pub use home::Home;
pub use source::Source;
