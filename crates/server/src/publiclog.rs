//! The log for everybody (C2SP tlog-tiles), below `/log/`: digests, signatures and their verifiers, never a
//! statement. Only mounted when the configuration says so.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{problem::Refusal, state::App};

/// A full tile never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// An unfinished one neither, but it is soon replaced by a longer one.
const DAY: &str = "public, max-age=86400, immutable";
/// A checkpoint does.
const FRESH: &str = "no-cache";

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/log/{*path}", get(file))
}

async fn file(State(app): State<Arc<App>>, Path(path): Path<String>) -> Result<Response, Refusal> {
    let (kind, caching) = match path.as_str() {
        "checkpoint" => ("text/plain; charset=utf-8", FRESH),
        path if path.contains(".p/") => ("application/octet-stream", DAY),
        _ => ("application/octet-stream", FOREVER),
    };
    let bytes = app.ask(move |backend| backend.public_file(&path)).await?;
    let bytes = bytes.ok_or_else(|| Refusal::not_found("file of the log"))?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, caching)], bytes).into_response())
}
