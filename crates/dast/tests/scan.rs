//! Scans of real small servers on loopback, one with weaknesses and one without.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Once,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use dast::{Budget, DastError, Target, scan};
use model::{Place, ScanReport, Severity, UserError};

/// `tests/servers/shop.py`, ended with the test.
struct Shop {
    process: Child,
    port: u16,
}

impl Shop {
    fn start(arguments: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/shop.py");
        let mut command = Command::new("python3");
        command.arg(script).args(arguments).stdout(Stdio::piped()).stdin(Stdio::null());
        let mut process = command.spawn().expect("python3 runs");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, port: line.trim().parse().expect("the server says its port") }
    }

    /// The answer to one plain request.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn target(&self, scheme: &str) -> Target {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| drop(rustls::crypto::aws_lc_rs::default_provider().install_default()));
        Target::new(format!("{scheme}://127.0.0.1:{}/", self.port).parse().unwrap())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A listener that only counts who comes.
fn bystander() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let visits = Arc::new(AtomicUsize::new(0));
    let counter = visits.clone();
    thread::spawn(move || {
        listener.incoming().for_each(|_| {
            counter.fetch_add(1, Ordering::SeqCst);
        })
    });
    (address, visits)
}

/// Rule and place of each finding that is worse than info.
fn found(report: &ScanReport) -> BTreeSet<(String, String)> {
    let bad = report.findings.iter().filter(|f| f.severity > Severity::Info);
    bad.map(|f| (f.rule.clone(), f.place.label())).collect()
}

#[tokio::test]
async fn the_weaknesses_of_a_vulnerable_shop_are_found_and_nobody_else_is_asked() {
    let (other, visits) = bystander();
    let shop = Shop::start(&["vulnerable", &other]);
    let report = scan(&shop.target("http")).await.unwrap();
    let found = found(&report);
    for (rule, place) in [
        ("dast-sql-injection", "GET /search (q)"),
        ("dast-sql-injection", "GET /price (below)"),
        ("dast-sql-injection", "GET /api/items/{id} (id)"),
        ("dast-sql-injection", "POST /api/find (name)"),
        ("dast-reflected-xss", "GET /search (q)"),
        ("dast-reflected-xss", "GET /hidden (name)"),
        ("dast-reflected-xss", "POST /login (user)"),
        ("dast-open-redirect", "GET /go (next)"),
        ("dast-exposed-file", "GET /.git/HEAD"),
        ("dast-directory-listing", "GET /files/"),
        ("dast-missing-csp", "GET / (content-security-policy)"),
        ("dast-framing-allowed", "GET / (x-frame-options)"),
        ("dast-missing-nosniff", "GET / (x-content-type-options)"),
        ("dast-cookie-httponly", "GET / (session)"),
        ("dast-cookie-samesite", "GET / (session)"),
        ("dast-version-disclosure", "GET / (server)"),
        ("dast-trace-method", "TRACE /"),
        ("dast-permissive-cors", "GET / (origin)"),
    ] {
        assert!(found.contains(&(rule.to_owned(), place.to_owned())), "{rule} at {place} in {found:#?}");
    }
    assert!(found.iter().any(|(rule, _)| rule == "dast-error-leak"), "{found:#?}");
    let routes = report.findings.iter().filter(|f| f.rule == "dast-sql-injection");
    assert!(routes.clone().all(|f| f.severity == Severity::Critical && f.cwe == [89]));
    assert_eq!(routes.count(), 4, "{found:#?}");
    assert!(
        !found.iter().any(|(_, place)| place.contains("/items/{id} (id)") && place.starts_with("GET /items"))
    );
    assert!(report.coverage.is_complete(), "{:?}", report.coverage.errors);
    let skipped: Vec<_> = report.coverage.skipped.iter().map(|s| s.what.as_str()).collect();
    assert_eq!(skipped, ["DELETE /api/items/{id}", "GET /logout"]);
    assert!(shop.get("/items/1").contains("chair"), "a DELETE was sent");
    assert_eq!(visits.load(Ordering::SeqCst), 0, "another server was asked");
}

#[tokio::test]
async fn a_safe_shop_gets_nothing_worse_than_info() {
    let shop = Shop::start(&["safe"]);
    let report = scan(&shop.target("http")).await.unwrap();
    let found = found(&report);
    assert!(found.is_empty(), "{found:#?}");
    assert!(report.coverage.is_complete());
    assert!(report.coverage.seen >= 9, "{}", report.coverage.seen);
}

#[tokio::test]
async fn a_second_scan_says_the_same() {
    let shop = Shop::start(&["vulnerable"]);
    fn can_move_between_threads(_: &impl Send) {}
    can_move_between_threads(&scan(&shop.target("http")));
    let (first, second) =
        (scan(&shop.target("http")).await.unwrap(), scan(&shop.target("http")).await.unwrap());
    assert_eq!(first.findings, second.findings);
    assert_eq!(first.coverage, second.coverage);
}

#[tokio::test]
async fn a_used_up_budget_is_recorded_at_the_routes_it_left_out() {
    let shop = Shop::start(&["vulnerable"]);
    let mut target = shop.target("http");
    target.budget = Budget { max_requests: 60, ..Budget::default() };
    let report = scan(&target).await.unwrap();
    assert!(report.coverage.scanned < report.coverage.seen);
    assert!(
        report.coverage.skipped.iter().any(|s| s.why == "budget used up (requests)"),
        "{:?}",
        report.coverage
    );
    target.budget = Budget { max_time: Duration::ZERO, ..Budget::default() };
    assert_eq!(scan(&target).await.unwrap_err().code(), "dast-unreachable");
}

#[tokio::test]
async fn what_cannot_be_scanned_is_an_error_with_a_code() {
    let shop = Shop::start(&["safe"]);
    let mut target = shop.target("http");
    target.openapi = Some(b"swagger: '2.0'".to_vec());
    assert!(matches!(scan(&target).await, Err(DastError::OpenApi { .. })));
    target.base = "ftp://127.0.0.1/".parse().unwrap();
    assert_eq!(scan(&target).await.unwrap_err().code(), "dast-address");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    target.base = format!("http://{closed}/").parse().unwrap();
    let error = scan(&target).await.unwrap_err();
    assert_eq!((error.code(), error.exit()), ("dast-unreachable", model::Exit::Environment));
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_found_and_the_scan_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let shop =
        Shop::start(&["safe", "http://127.0.0.1:9", certificate.to_str().unwrap(), key.to_str().unwrap()]);
    let mut target = shop.target("https");
    // The certificate made by the library ends in the year 4096.
    target.now = Some("4095-12-31T00:00:00Z".parse().unwrap());
    let report = scan(&target).await.unwrap();
    let rules: BTreeSet<_> = found(&report).into_iter().map(|(rule, _)| rule).collect();
    let expected = ["dast-missing-hsts", "dast-tls-expires", "dast-tls-untrusted"].map(str::to_owned);
    assert_eq!(rules, BTreeSet::from(expected), "{:#?}", report.findings);
    let at = &report.findings.iter().find(|f| f.rule == "dast-tls-untrusted").unwrap().place;
    assert_eq!(*at, Place::Target { name: format!("https://127.0.0.1:{}", shop.port) });
}
