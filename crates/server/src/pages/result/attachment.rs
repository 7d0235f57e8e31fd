//! Files that show a result of people, for download only: whoever entered them chose name and content, so that nothing of
//! them is ever shown or run as part of these pages.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use model::Sha256;

use crate::{api::Path, problem::Refusal, state::App};

/// First bytes and the kind that they stand for; none of these can run in a browser that was told `nosniff`.
const KINDS: [(&[u8], &str); 6] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
];

/// The kind of a file by its content; whatever is not surely harmless is bytes.
fn kind(bytes: &[u8]) -> &'static str {
    KINDS
        .into_iter()
        .find(|(begin, _)| bytes.starts_with(begin))
        .map_or("application/octet-stream", |(_, kind)| kind)
}

/// `attachment` with a plain name for old programs and the true one (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' };
    let plain: String = name.chars().map(safe).collect();
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let encoded: String = name
        .bytes()
        .map(|byte| if kept(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// `GET /results/{index}/attachments/{digest}`: a file that the result at this ledger index names.
pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Path((index, digest)): Path<(u64, Sha256)>,
) -> Result<Response, Refusal> {
    let missing = || Refusal::not_found("attachment");
    let manual = app.store.scan(index).await?.and_then(|scan| scan.manual).ok_or_else(missing)?;
    let named = manual.attachments.into_iter().find(|one| one.digest.hash == digest).ok_or_else(missing)?;
    let bytes = app.ask(move |backend| backend.content(digest)).await?.ok_or_else(missing)?;
    let name = HeaderValue::from_str(&disposition(&named.name));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind(&bytes))),
        (header::CONTENT_DISPOSITION, name.unwrap_or(HeaderValue::from_static("attachment"))),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_neither_end_the_header_nor_name_a_folder() {
        let told = disposition("a\"; b/\\ü\r\n.html");
        assert_eq!(
            told,
            "attachment; filename=\"a__ b_____.html\"; filename*=UTF-8''a%22%3B%20b%2F%5C%C3%BC%0D%0A.html"
        );
        assert!(HeaderValue::from_str(&told).is_ok());
    }

    #[test]
    fn nothing_that_a_browser_runs_keeps_its_kind() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nx"), "image/png");
        for bytes in [&b"<html><script>"[..], b"<svg onload=", b"text", b""] {
            assert_eq!(kind(bytes), "application/octet-stream");
        }
    }
}
