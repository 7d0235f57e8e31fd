//! The server from outside: a really listening one, asked by a real client and a real browser.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

mod access;
mod acts;
mod answers;
mod attacks;
mod browser;
mod escaping;
mod limits;
mod live;
mod organisation;
mod people;
mod portfolio;
mod reviewed;
mod tls;
