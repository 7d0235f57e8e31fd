//! Errors as answers: problem documents (RFC 9457) with a stable code for programs, a page for people.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::{Exit, UserError};
use serde::Serialize;
use utoipa::ToSchema;

use govern::organisation::Permission;

use crate::{
    access::{FileError, token::NoRandom, tokens::TokenError},
    text,
};

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProblemDocument {
    /// `urn:proofhouse:problem:` and the code.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The HTTP status in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// Stable kebab-case code.
    pub(crate) code: String,
    /// One sentence.
    pub(crate) detail: String,
    /// Next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// Why a request was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) hint: Option<String>,
    retry_after: Option<u64>,
    allow: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), hint: None, retry_after: None, allow: None }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait.as_secs() + 1);
        self
    }

    /// There is no such thing.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("there is no such {what}"))
    }

    /// Somebody is known, and may not do this.
    pub(crate) fn forbidden(permission: Permission) -> Self {
        let detail = format!("you may not {}", permission.phrase());
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            .with_hint("somebody with the role admin can give you a role that may")
    }

    /// The address has other methods only.
    pub(crate) fn method_not_allowed(methods: &str) -> Self {
        let why = "this address has no such method";
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", why);
        Self { allow: Some(methods.to_owned()), ..refusal }
    }

    /// A parameter of the request is wrong.
    pub(crate) fn bad_query(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "query-invalid", detail)
    }

    /// Detail and hint as sentences for a page.
    pub(crate) fn sentence(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!(" {}", text::sentence(hint)));
        text::sentence(&self.detail) + &hint.unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // Kept for whoever shows it as a page.
        let kept = self.clone();
        let document = ProblemDocument {
            kind: format!("urn:proofhouse:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail,
            hint: self.hint,
        };
        let mut response = (self.status, Json(document)).into_response();
        response.extensions_mut().insert(kept);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(methods) = self.allow.and_then(|methods| HeaderValue::try_from(methods).ok()) {
            headers.insert(header::ALLOW, methods);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What is wrong on our side is logged whole and told by its code and first sentence only.
fn ours(error: &dyn UserError) -> Refusal {
    let problem = model::problem::erase(error);
    tracing::error!(code = problem.code, "{}", problem.message);
    let status = match problem.exit {
        Exit::Environment => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Refusal { hint: problem.hint, ..Refusal::new(status, problem.code, error.to_string()) }
}

impl From<store::StoreError> for Refusal {
    fn from(error: store::StoreError) -> Self {
        match &error {
            store::StoreError::BadCursor(_) => {
                let hint = error.hint();
                Self { hint, ..Self::new(StatusCode::BAD_REQUEST, error.code(), error.to_string()) }
            }
            _ => ours(&error),
        }
    }
}

impl From<model::Problem> for Refusal {
    fn from(problem: model::Problem) -> Self {
        ours(&problem)
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        tracing::error!(%error, "state");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            error.code(),
            "a file of the server's state cannot be used",
        )
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::File(error) => error.into(),
            TokenError::Random(error) => error.into(),
            other => {
                let hint = other.hint();
                Self { hint, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, other.code(), other.to_string()) }
            }
        }
    }
}

impl From<NoRandom> for Refusal {
    fn from(error: NoRandom) -> Self {
        tracing::error!(%error, "session");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "token-random", "no session can be made now")
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "page");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "page-render", "this page cannot be shown")
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "file");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "file-unreadable",
            "a file of the installation cannot be read",
        )
    }
}
