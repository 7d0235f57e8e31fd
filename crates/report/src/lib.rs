//! **Paper**: a document of headings, text, tables and charts as an accessible PDF, for people who read and sign
//! reports outside of the dashboard.
//!
//! What is asked for is kept as blocks ([`Document`]); [`Document::finish`] lays them out on A4 pages
//! (`layout`) and writes them as PDF/UA-1 (ISO 14289-1): tagged in reading order, with title, language and
//! outline, each chart with its values as text. The same document gives the same bytes: no clock, no chance.
//!
//! The fonts are Open Sans (`fonts/README.md`): Latin, Greek and Cyrillic. A character that they lack is shown
//! as U+FFFD, never left out silently.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod block;
mod document;
mod error;
mod font;
mod layout;
mod tags;
mod write;

pub use block::{Bar, Line, Table};
pub use document::Document;
pub use error::ReportError;
