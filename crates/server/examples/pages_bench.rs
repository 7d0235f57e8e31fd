//! Measures the server's pages over many projects and findings: fills a SQLite database by projecting
//! synthetic statements (kept, so that the next measurement starts at once), asks each page again and
//! again, and prints one JSON line each.
//!
//! `cargo run --release -p proofhouse-server --example pages_bench -- FOLDER [PROJECTS] [FINDINGS-A-PROJECT]`
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod empty;
#[path = "pages_bench/fill.rs"]
mod fill;

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use empty::Empty;
use model::FixedClock;
use server::{Bound, Config};

/// How often each page is asked for.
const TIMES: usize = 100;

const PAGES: [&str; 12] = [
    "/portfolio",
    "/portfolio?view=security",
    "/portfolio?view=auditor&days=180",
    "/api/v1/portfolio",
    "/",
    "/findings",
    "/findings?status=new,existing,reopened&severity=critical",
    "/projects/project-0007",
    "/coverage?state=stale",
    "/scanners",
    "/decisions?outcome=deny",
    "/deployments",
];

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder that may be filled"));
    let mut number = |usual| arguments.next().map_or(usual, |text| text.parse::<usize>().unwrap());
    let (projects, findings) = (number(1000), number(1000));
    let store = fill::filled(&folder, projects, findings).await;
    let scratch = tempfile::tempdir().unwrap();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        names: vec![],
        tls: None,
        folder: scratch.path().join("server"),
        public_log: false,
        owner: "me".into(),
        clock: Arc::new(FixedClock(fill::now())),
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ready = |bound: &Bound| drop(tell.send(bound.clone()));
    let served =
        tokio::spawn(server::serve(config, store, Arc::new(Empty), ready, async { drop(stopped.await) }));
    let bound = told.await.unwrap();
    tokio::task::spawn_blocking(move || measure(&bound, projects, findings)).await.unwrap();
    drop(stop);
    served.await.unwrap().unwrap();
}

fn measure(bound: &Bound, projects: usize, findings: usize) {
    let login = bound.login.strip_prefix(&bound.url).unwrap();
    let answer = get(bound.address, login, "");
    let cookie = answer.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    for page in PAGES {
        let mut times: Vec<f64> = (0..TIMES)
            .map(|_| {
                let start = Instant::now();
                let answer = get(bound.address, page, &cookie);
                assert!(
                    answer.starts_with("HTTP/1.1 200"),
                    "{page}: {}",
                    answer.lines().next().unwrap_or("")
                );
                start.elapsed().as_secs_f64() * 1000.0
            })
            .collect();
        let first = times[0];
        times.sort_by(f64::total_cmp);
        let line = serde_json::json!({
            "bench": "page", "name": page, "projects": projects, "findings": projects * findings,
            "first_ms": first, "p50_ms": times[TIMES / 2], "p99_ms": times[TIMES * 99 / 100],
        });
        println!("{line}");
    }
}

fn get(address: SocketAddr, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
