//! Is the application up? One bounded HTTP request after another until it answers or time is over.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use model::predicate::HealthRecord;
use serde::{Deserialize, Serialize};

/// What a healthy application answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Path of the request, e.g. `/health`.
    pub path: String,
    /// Expected status.
    pub status: u16,
    /// Longest time until the first good answer.
    pub timeout: Duration,
    /// Pause between attempts.
    pub interval: Duration,
}

/// Asks until the answer is good or the time is over. `alive` says whether the process still runs
/// (`Err` with what happened ends the wait at once).
pub fn wait(
    check: &HealthCheck,
    address: SocketAddr,
    alive: impl Fn() -> Result<(), String>,
) -> HealthRecord {
    let start = Instant::now();
    let mut record =
        HealthRecord { healthy: false, attempts: 0, after_ms: 0, detail: "not asked yet".into() };
    while start.elapsed() < check.timeout {
        if let Err(why) = alive() {
            record.detail = why;
            return record;
        }
        record.attempts += 1;
        match ask(check, address) {
            Ok(status) if status == check.status => {
                record.healthy = true;
                record.after_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                record.detail = format!("{} answered {status}", check.path);
                return record;
            }
            Ok(status) => record.detail = format!("{} answered {status}, not {}", check.path, check.status),
            Err(error) => record.detail = format!("{}: {error}", check.path),
        }
        std::thread::sleep(check.interval.min(check.timeout.saturating_sub(start.elapsed())));
    }
    record
}

/// One request; the status of the answer.
fn ask(check: &HealthCheck, address: SocketAddr) -> std::io::Result<u16> {
    let patience = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_write_timeout(Some(patience))?;
    write!(stream, "GET {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n", check.path)?;
    // All of the beginning within the time, not each byte of it.
    let (end, mut head) = (Instant::now() + patience, Vec::new());
    while head.len() < 64 {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        stream.set_read_timeout(Some(left))?;
        let mut bytes = [0; 64];
        match stream.read(&mut bytes)? {
            0 => break,
            n => head.extend_from_slice(&bytes[..n]),
        }
        if Instant::now() >= end {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
    }
    let line = String::from_utf8_lossy(&head);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|s| s.parse().ok());
    status.ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
}
