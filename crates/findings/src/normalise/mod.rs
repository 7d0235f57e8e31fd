//! One spelling for what scanners spell in many ways: paths, texts, severities, CWE, package URLs,
//! credentials. Pure functions; each is total and never panics.

pub mod cwe;
pub mod path;
pub mod purl;
pub mod secret;
pub mod severity;
pub mod text;
