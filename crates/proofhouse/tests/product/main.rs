//! The product as its users meet it: the real binary, real repositories, real databases.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod arguments;
mod attacks;
mod attesting;
mod awareness;
mod controls;
mod coverage;
mod demo;
mod deploying;
mod foreign;
mod interop;
mod keyless;
mod keys;
mod manual;
mod offline;
mod organisation_pages;
mod others;
mod people;
mod played;
mod project;
mod projects;
mod radar;
mod release;
mod release_review;
mod reminders;
mod requirement_tags;
mod requirements;
mod reviews;
mod roles;
mod running;
mod scanners;
mod serving;
mod standards;
mod support;
mod technologies;
mod triage;
