//! Measures the memory of an idle server: starts one over an empty store, asks for some pages, waits
//! and prints one JSON line.
//!
//! `cargo run --release -p proofhouse-server --example idle_bench`
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod empty;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use empty::Empty;
use model::{FixedClock, Timestamp};
use server::{Bound, Config};

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = store::Store::open(&format!("sqlite:{}/db.sqlite", folder.path().display())).await.unwrap();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        names: vec![],
        tls: None,
        folder: folder.path().join("server"),
        public_log: false,
        owner: "me".into(),
        clock: Arc::new(FixedClock(Timestamp::UNIX_EPOCH)),
    };
    let (tell, told) = tokio::sync::oneshot::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ready = |bound: &Bound| drop(tell.send(bound.clone()));
    let served =
        tokio::spawn(server::serve(config, store, Arc::new(Empty), ready, async { drop(stopped.await) }));
    let bound = told.await.unwrap();
    let address = bound.address;
    let login = bound.login.strip_prefix(&bound.url).unwrap().to_owned();
    let asked = tokio::task::spawn_blocking(move || {
        let answer = get(address, &login, "");
        let cookie = answer.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
        for path in
            ["/", "/runs", "/findings", "/ledger", "/deployments", "/sboms", "/assets/style.css"].repeat(10)
        {
            assert!(get(address, path, &cookie).starts_with("HTTP/1.1 200"), "{path}");
        }
    });
    asked.await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    println!("{{\"bench\":\"server-idle\",\"rss_mb\":{:.1}}}", rss_kb() as f64 / 1024.0);
    drop(stop);
    served.await.unwrap().unwrap();
}

fn get(address: SocketAddr, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn rss_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
