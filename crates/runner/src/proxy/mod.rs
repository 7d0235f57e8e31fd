//! The only way out of a sandbox: an HTTP proxy that allows names by rule and logs every attempt.
//!
//! The sandbox has no network; its pid 1 listens on a loopback port inside and hands that socket
//! out. Here it is served by threads: absolute-form HTTP requests (RFC 9112 section 3.2.2) and
//! CONNECT (RFC 9110 section 9.3.6). The proxy resolves names itself and connects to exactly the
//! address it checked, so a name that suddenly answers with an inner address leads nowhere.

mod address;
mod head;
mod log;
pub mod registry;
mod relay;
mod rules;
mod serve;

pub use address::{Resolve, SystemResolver, is_public};
pub use log::{EgressAttempt, EgressLog};
pub use registry::{Ecosystem, Endpoint, RegistryError};
pub use rules::{BadRule, Decide, Method, Refusal, Rule, RuleSet};
pub use serve::{Proxy, ProxyLimits};

/// Reads a request head, for the fuzz targets: host, port, and the head that would be sent on.
#[doc(hidden)]
pub fn read_head(bytes: &[u8]) -> Option<(String, u16, Vec<u8>)> {
    head::parse(bytes).ok().map(|head| (head.host, head.port, head.forward))
}
