//! How fast `proofhouse ledger monitor` follows a log of a million entries, on one processor.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use super::{
    Figure,
    product::{Place, watch_memory},
};
use crate::run::command;

/// From the first entry to the last, from a folder and over HTTP from somebody else's static server.
pub fn million(root: &Path) -> Result<Vec<Figure>> {
    println!("== monitor of 1,000,000 entries");
    let place = Place::new(root, "monitor")?;
    let log = place.folder.join("log");
    let mut make = command(root, "cargo", &["run", "--release", "--quiet", "-p", "proofhouse-attest"]);
    let made = make.args(["--example", "public_log", "--"]).arg(&log).arg("1000000").output()?;
    ensure!(made.status.success(), "the log was not made: {}", String::from_utf8_lossy(&made.stderr));
    let key = String::from_utf8(made.stdout)?.trim().to_owned();

    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let mut server = Command::new("python3");
    server.args(["-m", "http.server", &port.to_string(), "--bind", "127.0.0.1", "--directory"]).arg(&log);
    let mut server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("python3")?;
    for _ in 0..200 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
    }
    let folder = look(&place, &log.display().to_string(), &key, "folder");
    let http = look(&place, &format!("http://127.0.0.1:{port}"), &key, "http");
    let _ = server.kill();
    let _ = server.wait();
    let (mut figures, (http, memory)) = (Vec::new(), http?);
    let (folder, _) = folder?;
    let what = "monitor, 1,000,000 entries on one processor";
    figures.push(Figure::beside(&format!("{what}, from a folder"), folder, "s"));
    figures.push(Figure::at_most(&format!("{what}, over HTTP"), http, "s", 60.0, "under 60 s"));
    figures.push(Figure::at_most(&format!("{what}: memory"), memory, "MB", 100.0, "under 100 MB"));
    Ok(figures)
}

/// Seconds and megabytes of one look at everything.
fn look(place: &Place, log: &str, key: &str, state: &str) -> Result<(f64, f64)> {
    let state = place.folder.join(state);
    let mut look = Command::new("taskset");
    look.args(["-c", "0"]).arg(&place.binary).args(["ledger", "monitor", log, "--key", key, "--quiet"]);
    look.args(["--expect-identity", "https://seed.example/*", "--expect-issuer", "https://seed.example"]);
    look.arg("--state").arg(state).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let (peak, ok) = watch_memory(&mut look.spawn().context("taskset")?)?;
    ensure!(ok, "the monitor found something");
    Ok((start.elapsed().as_secs_f64(), peak))
}
