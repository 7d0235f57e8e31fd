//! Requests that are too large, too many, not of this world.

use std::io::{Read as _, Write as _};

use reqwest::{StatusCode, header};

use crate::support::{Server, code};

/// Sends bytes as they are, because a client would tidy them up; returns the answer's first line.
fn raw(server: &Server, request: &str) -> String {
    let mut stream = std::net::TcpStream::connect(server.bound.address).unwrap();
    // A server that has refused may close before everything is written.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).lines().next().unwrap_or("").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_assets_or_the_logs() {
    let server = Server::over(testkit::demo).await;
    std::fs::write(server.folder.path().join("secret.log"), "secret").unwrap();
    let run = testkit::run_id(1);
    let token = server.token();
    let host = server.bound.address;
    for path in [
        "/assets/../Cargo.toml".to_owned(),
        "/assets/..%2fCargo.toml".into(),
        "/assets/%2e%2e/Cargo.toml".into(),
        "/assets/".into(),
        "/assets".into(),
        "/assets//etc/passwd".into(),
        "/assets/%2fetc%2fpasswd".into(),
        "/assets/style.css%00".into(),
        format!("/api/v1/runs/{run}/steps/..%2f..%2fsecret/log"),
        format!("/api/v1/runs/{run}/steps/%2fetc%2fpasswd/log"),
        format!("/api/v1/runs/{run}/steps/.../log"),
        format!("/api/v1/runs/..%2f{run}/steps/a/log"),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(raw(&server, &request), "HTTP/1.1 404 Not Found", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused() {
    let server = Server::over(|_| {}).await;
    let host = server.bound.address;
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "421"),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n"), "421"),
        (format!("GET http://evil.example/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), "421"),
        (format!("TRACE / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), "401"),
        ("\u{16}\u{3}\u{1}hello".to_owned(), ""),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: {host}\r\nX: {}\r\nConnection: close\r\n\r\n",
                "a".repeat(200_000)
            ),
            "431",
        ),
        (format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "a".repeat(100_000)), ""),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\n{}\r\n", "x: 1\r\n".repeat(100)), "431"),
        (
            format!(
                "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            "",
        ),
    ] {
        let line = raw(&server, &request);
        let short = &request[..request.len().min(60)];
        assert!(!line.contains(" 200 ") && !line.contains(" 500 "), "{short:?} {line}");
        assert!(line.contains(expected), "{short:?} {line}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::over(|_| {}).await;
    let request = server.stranger().post(server.url("/login")).body(format!("token={}", "a".repeat(100_000)));
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    // The server may close the connection before the whole body is sent.
    if let Ok(answer) = request.send().await {
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn only_reading_is_possible() {
    let server = Server::over(testkit::demo).await;
    let program = server.program();
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/api/v1/projects", "/api/v1/ledger/0", "/runs", "/api/v1/exceptions"] {
            let request = program.request(method.parse().unwrap(), server.url(path));
            assert_eq!(
                request.send().await.unwrap().status(),
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn only_so_many_logs_are_followed_at_once() {
    let server = Server::over(testkit::demo).await;
    let path = format!("/api/v1/runs/{}/steps/compile/log/stream", testkit::run_id(9));
    let program = server.program();
    let mut open = Vec::new();
    for _ in 0..64 {
        let answer = program.get(server.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        open.push(answer);
    }
    assert_eq!(code(server.get(&path).await).await, (503, "too-many-streams".into()));
}
