//! Paths and queries whose errors are problem documents.

use axum::{
    body::Body,
    extract::{
        FromRequest, FromRequestParts, Multipart, Request,
        multipart::MultipartError,
        rejection::{FormRejection, PathRejection},
    },
    http::{HeaderValue, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::{act::MOST_FILES, problem::Refusal};

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
                    Refusal::new(status, "form-too-large", "the form is too large")
                }
                _ => Refusal::new(status, "form-invalid", error.body_text()),
            }
        })
    }
}

/// A form with files (`multipart/form-data`, RFC 7578), or without them in the usual encoding.
pub(crate) struct FormWithFiles<T> {
    /// What was filled in.
    pub(crate) form: T,
    /// Names as they were sent, and contents; those that were left empty are not there.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// Most fields that are text.
const MOST_FIELDS: usize = 100;

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FormWithFiles<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data")) {
            return Ok(Self { form: Form::from_request(request, state).await?.0, files: vec![] });
        }
        let (mut parts, body) = request.into_parts();
        let sent = Request::from_parts(parts.clone(), body);
        let sent = Multipart::from_request(sent, state).await;
        let sent = sent.map_err(|e| Refusal::new(e.status(), "form-invalid", e.body_text()))?;
        let (fields, files) = taken(sent).await?;
        // The fields are read by the same rules in both encodings.
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        parts.headers.remove(header::CONTENT_LENGTH);
        let usual = HeaderValue::from_static("application/x-www-form-urlencoded");
        parts.headers.insert(header::CONTENT_TYPE, usual);
        let form = Form::from_request(Request::from_parts(parts, Body::from(encoded)), state).await?.0;
        Ok(Self { form, files })
    }
}

/// Pairs of names and texts.
type Fields = Vec<(String, String)>;

async fn taken(mut sent: Multipart) -> Result<(Fields, Vec<(String, Vec<u8>)>), Refusal> {
    let broken = |e: MultipartError| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        status => Refusal::new(status, "form-invalid", e.body_text()),
    };
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    while let Some(field) = sent.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(broken)?;
        match file {
            // A browser sends a field for files that nobody chose as one empty file.
            Some(file) if !file.is_empty() || !bytes.is_empty() => files.push((file, bytes.to_vec())),
            Some(_) => {}
            None => fields.push((name, String::from_utf8_lossy(&bytes).into_owned())),
        }
        if files.len() > MOST_FILES || fields.len() > MOST_FIELDS {
            let why = format!("the form has more than {MOST_FILES} files or {MOST_FIELDS} fields");
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "form-invalid", why));
        }
    }
    Ok((fields, files))
}

fn too_large() -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "form-too-large", "the form has more than 16 MiB")
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
