//! The dashboard and the JSON API: views of the store, and what people do on them as statements of the ledger.
//!
//! - `access/`: who may ask: host names, sessions, tokens, cross-site requests, failed attempts.
//! - `api/`: JSON under `/api/v1`, described by `/api/v1/openapi.json`.
//! - `pages/`: server-rendered pages, each with its templates beside it.
//! - `publiclog`, `witness`: a log's public files, and a witness of logs, for everybody.
//! - `static/` (beside `src/`): style sheets, small ES modules and pictures, embedded in the binary.
//!
//! **Architecture Invariant:** nothing but the sign-in pages, their assets, `/healthz` and (only where it is switched
//! on) `/log/` answers without a session or a token, on loopback too: every user and every web page of the machine can reach it.
//! **Architecture Invariant:** no page carries inline script or style, and nothing is loaded from
//! elsewhere; the content security policy says so and a test compares it.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod access;
mod act;
mod api;
mod assets;
mod backend;
mod config;
mod controls;
mod error;
mod headers;
mod html;
mod live;
mod pages;
mod problem;
mod publiclog;
mod radar;
mod requirements;
mod serve;
mod state;
mod text;
mod witness;

pub use access::{
    accounts::{AccountError, AccountFile, AccountInfo},
    rules::{Address, addresses},
    tokens::{TokenError, TokenFile, TokenInfo, TokenScope},
};
pub use act::{Act, ManualResult, Opinion};
pub use backend::{Agreement, Backend, Files, InclusionProof, LogChunk, ReviewPaper};
pub use config::{Config, TlsFiles};
pub use error::ServerError;
pub use radar::Radar;
pub use requirements::{Demand, Demanded};
pub use serve::{Bound, serve};
pub use witness::{WitnessAnswer, serve_witness};
