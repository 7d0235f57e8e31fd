//! Paths and queries whose errors are problem documents.

use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{FormRejection, PathRejection},
    },
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::problem::Refusal;

/// Parameters of the path; what is not of the right form names nothing.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|error: PathRejection| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "not-found",
                format!("no such address: {}", error.body_text()),
            )
        })
    }
}

/// Parameters of the query; unknown ones are refused, so that a typing error does not widen an answer.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|e| Refusal::bad_query(e.body_text()))
    }
}

/// A form that was filled in.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let form = axum::Form::<T>::from_request(request, state).await;
        form.map(|axum::Form(value)| Self(value)).map_err(|error: FormRejection| {
            let status = error.status();
            match status {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Refusal::new(status, "form-too-large", "the form has more than 1 MiB")
                }
                _ => Refusal::new(status, "form-invalid", error.body_text()),
            }
        })
    }
}

/// `next` of the page before, and the number of items.
macro_rules! paged {
    ($query:expr) => {
        store::views::PageRequest {
            after: $query.after.clone().filter(|text| !text.is_empty()),
            limit: $query.limit,
        }
    };
}
pub(super) use paged;

/// A filter from a form: empty is absent.
pub(crate) fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

/// A list of names separated by commas, each known to `from`.
pub(crate) fn list<T>(
    field: &str,
    text: &Option<String>,
    from: fn(&str) -> Option<T>,
) -> Result<Vec<T>, Refusal> {
    let names = text.as_deref().unwrap_or("").split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| from(name).ok_or_else(|| Refusal::bad_query(format!("`{field}` has no value `{name}`"))))
        .collect()
}

/// The beginning of a UTC day, `2026-11-23`.
pub(crate) fn day(field: &str, text: &Option<String>) -> Result<Option<model::Timestamp>, Refusal> {
    let Some(text) = given(text) else { return Ok(None) };
    let day = Some(&text).filter(|text| text.len() == 10);
    let moment = day.and_then(|day| format!("{day}T00:00:00Z").parse().ok());
    moment.map(Some).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Refusal::bad_query(format!("`{field}` is not a day as 2026-11-23: `{shown}`"))
    })
}

/// One name known to `from`.
pub(crate) fn one<T>(
    field: &str,
    text: &Option<String>,
    from: fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(text) = text.as_deref().map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    from(text).map(Some).ok_or_else(|| Refusal::bad_query(format!("`{field}` has no value `{text}`")))
}
