//! Style sheets, scripts and pictures, embedded in the binary. Each is revalidated by its `ETag` (the
//! digest of its content), so that an update is seen at once.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use crate::problem::Refusal;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// `GET /assets/{file}`: exactly one of the embedded names; no folders, no listing.
pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    let file = Files::get(&name).ok_or_else(|| Refusal::not_found("file"))?;
    let kind = match name.rsplit_once('.').map(|(_, end)| end) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    let tag = format!("\"{}\"", model::Sha256(file.metadata.sha256_hash()).short());
    Ok(tagged(&headers, &tag, "no-cache", kind, file.data.into_owned()))
}

/// An answer with an `ETag`: 304 when the client has it already (RFC 9110 section 13.1.2).
pub(crate) fn tagged(
    headers: &HeaderMap,
    tag: &str,
    caching: &'static str,
    kind: &'static str,
    body: Vec<u8>,
) -> Response {
    let wanted = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or("");
    let has = wanted.split(',').map(str::trim).any(|known| known == tag || known == "*");
    let mut response = if has {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], body).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(value) = HeaderValue::from_str(tag) {
        answer.insert(header::ETAG, value);
    }
    response
}
