//! What is scanned, how much of it may be asked, and why a scan cannot start.

use std::time::Duration;

use model::{Exit, UserError};
use url::Url;

/// One deployed application and what the scan may do to it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its address, `http` or `https`; nothing else is ever asked.
    pub base: Url,
    /// An OpenAPI 3.x document (JSON or YAML) that lists its routes, where there is one.
    pub openapi: Option<Vec<u8>>,
    /// Headers sent with every request, e.g. `authorization` of a test account.
    pub headers: Vec<(String, String)>,
    /// Most that the scan may use.
    pub budget: Budget,
    /// The present, to tell how long a certificate is still valid; without it that is not checked.
    pub now: Option<model::Timestamp>,
    /// Whether PUT, PATCH and DELETE of the OpenAPI document may be asked. They change data.
    pub unsafe_methods: bool,
}

impl Target {
    /// A target with the default budget, no headers and only the safe methods plus declared POST.
    pub fn new(base: Url) -> Self {
        Self {
            base,
            openapi: None,
            headers: vec![],
            budget: Budget::default(),
            now: None,
            unsafe_methods: false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), DastError> {
        let usable = matches!(self.base.scheme(), "http" | "https") && self.base.host().is_some();
        if usable { Ok(()) } else { Err(DastError::Address { address: self.base.to_string() }) }
    }
}

/// Upper bounds of one scan.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Requests in all.
    pub max_requests: u32,
    /// Wall-clock time in all.
    pub max_time: Duration,
    /// Bytes read of one response body; the rest is not read.
    pub max_body: usize,
    /// Links followed from the first page.
    pub max_depth: u8,
    /// Time for one request.
    pub request_timeout: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            max_requests: 1500,
            max_time: Duration::from_secs(120),
            max_body: 512 * 1024,
            max_depth: 4,
            request_timeout: Duration::from_secs(10),
        }
    }
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum DastError {
    /// Not an http(s) address with a host.
    #[error("`{address}` is not an http or https address")]
    Address {
        /// As given.
        address: String,
    },
    /// The first request got no answer.
    #[error("{address} does not answer: {why}")]
    Unreachable {
        /// The target.
        address: String,
        /// The network's reason.
        why: String,
    },
    /// The given OpenAPI document cannot be used.
    #[error("the OpenAPI document cannot be used: {why}")]
    OpenApi {
        /// What is wrong with it.
        why: String,
    },
    /// The HTTP client could not be made.
    #[error("cannot make an HTTP client: {why}")]
    Client {
        /// The client's reason.
        why: String,
    },
}

impl UserError for DastError {
    fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } => "dast-address",
            Self::Unreachable { .. } => "dast-unreachable",
            Self::OpenApi { .. } => "dast-openapi",
            Self::Client { .. } => "dast-client",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Address { .. } => "give an address such as http://127.0.0.1:8080/".into(),
            Self::Unreachable { .. } => "check that the deployment runs and listens on this address".into(),
            Self::OpenApi { .. } => "give an OpenAPI 3.x document in JSON or YAML, at most 4 MiB".into(),
            Self::Client { .. } => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Address { .. } | Self::OpenApi { .. } => Exit::Input,
            Self::Unreachable { .. } | Self::Client { .. } => Exit::Environment,
        }
    }
}
