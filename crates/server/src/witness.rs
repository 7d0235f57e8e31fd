//! The HTTP side of a witness (C2SP tlog-witness): one route, for everybody, bounded.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use axum_server::Handle;
use tower_http::{limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::{ServerError, serve::tune};

/// Time for one request.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time for requests under way when it stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the witness says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessAnswer {
    /// HTTP status.
    pub status: u16,
    /// Content type.
    pub kind: &'static str,
    /// Body.
    pub body: String,
}

/// Decides about the body of an `add-checkpoint` request; may block.
type Decide = Arc<dyn Fn(&[u8]) -> WitnessAnswer + Send + Sync>;

/// Serves `POST /add-checkpoint` with bodies of at most `most` bytes until `stop` resolves. `ready` is called
/// once with the address.
///
/// # Errors
/// `server-listen` and `server-stopped`.
pub async fn serve_witness(
    listen: SocketAddr,
    most: usize,
    decide: Decide,
    ready: impl FnOnce(SocketAddr) + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let failed = |source| ServerError::Listen { address: listen, source };
    let listener =
        TcpListener::bind(listen).and_then(|l| l.set_nonblocking(true).map(|()| l)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(most))
        .layer(RequestBodyLimitLayer::new(most))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, PATIENCE))
        .with_state(decide);
    let handle = Handle::new();
    tokio::spawn({
        let handle = handle.clone();
        async move {
            stop.await;
            handle.graceful_shutdown(Some(FAREWELL));
        }
    });
    let server = axum_server::from_tcp(listener).map_err(failed)?.handle(handle);
    ready(address);
    tune(server).serve(router.into_make_service()).await.map_err(ServerError::Stopped)
}

async fn add_checkpoint(State(decide): State<Decide>, body: Bytes) -> Response {
    let answer = tokio::task::spawn_blocking(move || decide(&body)).await;
    let Ok(WitnessAnswer { status, kind, body }) = answer else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}
