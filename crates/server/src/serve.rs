//! Listening: what must be in place first, TLS, limits, stopping.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::IntoResponse as _,
    routing::{get, post},
};
use axum_server::{Handle, Server, tls_rustls::RustlsConfig};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use store::Store;
use tokio::sync::{Semaphore, watch};
use tower_http::{csrf::CsrfLayer, limit::RequestBodyLimitLayer};

use crate::{
    Backend, Config, ServerError, TlsFiles, TokenFile,
    access::{
        Failures, Hosts, Sessions, accounts::AccountFile, check_host, guard, invitation, provider,
        refuse_foreign, sign_in,
    },
    api, assets, headers, pages,
    problem::Refusal,
    publiclog,
    state::{App, MOST_HASHING, MOST_STREAMS},
};

/// Largest request body of somebody unknown, in bytes: a sign-in form.
const LARGEST_OPEN: usize = 64 * 1024;
/// Largest request body of somebody known: an organisation's file in a form.
const LARGEST_BODY: usize = 1024 * 1024;
/// Largest form with files.
const LARGEST_UPLOAD: usize = 16 * 1024 * 1024;
/// Time for the head of a request, and for a whole answer that is not a stream.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time for requests under way when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// Where the server listens, known before the first request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Address and port.
    pub address: SocketAddr,
    /// `http://127.0.0.1:8080`, without a slash at the end.
    pub url: String,
    /// The link that signs a browser in, once.
    pub login: String,
}

/// Serves until `stop` resolves. `ready` is called once when the address is bound.
///
/// # Errors
/// `server-insecure-listen` for an address that is not loopback without TLS, a host name and a valid
/// access token; `server-listen`, `server-tls`, `server-stopped`, and those of the token file.
pub async fn serve(
    config: Config,
    store: Store,
    backend: Arc<dyn Backend>,
    ready: impl FnOnce(&Bound) + Send,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let tokens = TokenFile::in_folder(&config.folder);
    refuse_insecure(&config, &tokens)?;
    let tls = config.tls.as_ref().map(tls).transpose()?;
    let listener = TcpListener::bind(config.listen);
    let listen = |source| ServerError::Listen { address: config.listen, source };
    let listener = listener.and_then(|l| l.set_nonblocking(true).map(|()| l)).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;
    let (stopping, stopped) = watch::channel(false);
    let app = Arc::new(App {
        store,
        backend,
        sessions: Sessions::new(tls.is_some(), address.port()),
        accounts: AccountFile::in_folder(&config.folder),
        pendings: provider::Pendings::default(),
        tokens,
        failures: Failures::of_addresses(),
        locked: Failures::of_accounts(),
        hashing: Arc::new(Semaphore::new(MOST_HASHING)),
        jobs: std::sync::Mutex::default(),
        reports: crate::controls::Reports::default(),
        known: std::sync::Mutex::default(),
        owner: config.owner.clone(),
        hosts: Hosts::new(address, &config.names, tls.is_some()),
        clock: Arc::clone(&config.clock),
        tls: tls.is_some(),
        streams: Arc::new(Semaphore::new(MOST_STREAMS)),
        stopping: stopped,
    });
    let handle = Handle::new();
    tokio::spawn({
        let handle = handle.clone();
        async move {
            stop.await;
            let _ = stopping.send(true);
            handle.graceful_shutdown(Some(FAREWELL));
        }
    });
    ready(&bound(&config, &app, address)?);
    run(listener, tls, handle, router(app, config.public_log)).await.map_err(ServerError::Stopped)
}

fn bound(config: &Config, app: &App, address: SocketAddr) -> Result<Bound, ServerError> {
    let scheme = if app.tls { "https" } else { "http" };
    let host = match config.names.first().filter(|_| !address.ip().is_loopback()) {
        Some(name) => format!("{name}:{}", address.port()),
        None => address.to_string(),
    };
    let url = format!("{scheme}://{host}");
    let link = app.sessions.new_link().map_err(crate::TokenError::from)?;
    Ok(Bound { address, login: format!("{url}/login?token={link}"), url })
}

fn refuse_insecure(config: &Config, tokens: &TokenFile) -> Result<(), ServerError> {
    let address = config.listen;
    // A file that others can read is refused on loopback too.
    let any_token = tokens.any_valid(config.clock.now())?;
    let any_account = AccountFile::in_folder(&config.folder).list()?.iter().any(|account| account.ready);
    if address.ip().is_loopback() {
        return Ok(());
    }
    let missing = match () {
        () if config.tls.is_none() => "there is no TLS certificate and key",
        () if config.names.is_empty() => "no host name is configured",
        () if !any_token && !any_account => "there is neither an account nor a valid access token",
        () => return Ok(()),
    };
    Err(ServerError::InsecureListen { address, missing })
}

async fn run(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    router: Router,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    match tls {
        Some(tls) => tune(axum_server::from_tcp_rustls(listener, tls)?.handle(handle)).serve(service).await,
        None => tune(axum_server::from_tcp(listener)?.handle(handle)).serve(service).await,
    }
}

pub(crate) fn tune<A>(server: Server<SocketAddr, A>) -> Server<SocketAddr, A> {
    let mut server = server.http1_only().first_request_timeout(PATIENCE);
    server.http_builder().http1().header_read_timeout(PATIENCE).max_buf_size(64 * 1024).max_headers(64);
    server
}

fn tls(files: &TlsFiles) -> Result<RustlsConfig, ServerError> {
    let bad =
        |file: &std::path::Path, why: String| ServerError::Tls { file: file.display().to_string(), why };
    let chain = CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let chain: Vec<CertificateDer<'static>> = chain.map_err(|e| bad(&files.certificate, e.to_string()))?;
    let exposed = std::fs::metadata(&files.key).map_err(|e| bad(&files.key, e.to_string()))?;
    if std::os::unix::fs::PermissionsExt::mode(&exposed.permissions()) & 0o007 != 0 {
        return Err(bad(&files.key, "everybody on this machine can read the key".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| bad(&files.key, e.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key));
    let mut config = config.map_err(|e| bad(&files.certificate, e.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

/// All routes inside all layers; the first layer here is the innermost.
fn router(app: Arc<App>, public_log: bool) -> Router {
    let guarded = Router::new()
        .merge(pages::routes())
        .merge(api::routes())
        .route("/logout", post(sign_in::sign_out))
        .fallback(async || Refusal::not_found("page"))
        .layer(from_fn(pages::errors_as_pages))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(RequestBodyLimitLayer::new(LARGEST_BODY));
    let uploads = pages::uploads()
        .layer(from_fn(pages::errors_as_pages))
        .layer(DefaultBodyLimit::max(LARGEST_UPLOAD))
        .layer(RequestBodyLimitLayer::new(LARGEST_UPLOAD));
    // Whoever may not upload is refused before a byte of it is read.
    let guarded = guarded.merge(uploads).layer(from_fn_with_state(Arc::clone(&app), guard));
    let public = if public_log { publiclog::routes() } else { Router::new() };
    let open = public
        .route("/login", get(sign_in::page).post(sign_in::submit))
        .route("/login/with/{provider}", get(provider::out))
        .route("/login/callback", get(provider::back))
        .route("/invitation", get(invitation::page).post(invitation::accept))
        .layer(from_fn(pages::errors_as_pages))
        .route("/assets/{file}", get(assets::serve))
        .route("/healthz", get(async || "ok\n"))
        .layer(DefaultBodyLimit::max(LARGEST_OPEN))
        .layer(RequestBodyLimitLayer::new(LARGEST_OPEN));
    let refuse = |_| {
        let why = "another site's page may not do this";
        Refusal::new(StatusCode::FORBIDDEN, "cross-site", why).into_response()
    };
    open.merge(guarded)
        .layer(from_fn(patience))
        .layer(from_fn(refuse_nul))
        .layer(from_fn(refuse_foreign))
        .layer(CsrfLayer::new().with_rejection_response(refuse))
        .layer(from_fn_with_state(Arc::clone(&app), check_host))
        .layer(from_fn_with_state(Arc::clone(&app), headers::security))
        .with_state(app)
}

/// No name and no text that is looked for has a NUL, and pages that repeat it would be no HTML.
async fn refuse_nul(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let uri = request.uri();
    match uri.query().is_some_and(|query| query.contains("%00")) {
        true => Refusal::bad_query("a parameter has a NUL").into_response(),
        false if uri.path().contains("%00") => Refusal::not_found("page").into_response(),
        false => next.run(request).await,
    }
}

/// An answer must begin within [`PATIENCE`]; streams go on as long as they like.
async fn patience(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Result<axum::response::Response, Refusal> {
    let late = |_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "the answer took too long");
    tokio::time::timeout(PATIENCE, next.run(request)).await.map_err(late)
}
