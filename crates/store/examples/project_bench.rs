//! Measures how fast findings get into a database, from unidentified findings to projected rows:
//! identity, findings blob, projection of a first scan, of a second one that has them all again, and
//! of a third one in which half are fixed. Prints one JSON line each.
//!
//! `cargo run --release -p proofhouse-store --example project_bench -- [FINDINGS] [DATABASE-URL]`
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, time::Instant};

use model::{
    BySeverity, Confidence, Coverage, Finding, FindingId, Place, Severity, Sha256, Statement, Subject,
    Technique, Timestamp, ToolRef,
    identity::{self, Identifier},
    ports::{Blobs as _, LoggedStatement},
    predicate::{FindingsBlob, Origin, Scan, ScanTarget},
};
use store::{LocalBlobs, Store};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(100_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let url = arguments.next().unwrap_or_else(|| format!("sqlite:{}/db.sqlite", folder.path().display()));
    let store = Store::open(&url).await.unwrap();
    let blobs = LocalBlobs::open(folder.path().join("blobs")).unwrap();
    let start = store.next_index().await.unwrap();
    for (n, (name, kept)) in
        [("new", count), ("existing", count), ("half-fixed", count / 2)].iter().enumerate()
    {
        // The scanner's work is not measured.
        let findings: Vec<Finding> = (0..*kept).map(finding).collect();
        let before = Instant::now();
        let logged = statement(start + n as u64, findings, &blobs);
        store.project(&logged, &blobs).await.unwrap();
        let seconds = before.elapsed().as_secs_f64();
        let rate = (*kept as f64 / seconds).round();
        println!(
            "{{\"bench\":\"project\",\"scan\":\"{name}\",\"findings\":{kept},\"seconds\":{seconds:.3},\"findings_per_second\":{rate},\"peak_rss_mb\":{}}}",
            peak_rss_mb()
        );
    }
}

fn finding(n: usize) -> Finding {
    Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: "bandit".into(),
        rule: format!("B{}", n % 300),
        technique: Technique::Sast,
        severity: Severity::ALL[n % 5],
        confidence: Confidence::Medium,
        title: "Possible SQL injection through string concatenation".into(),
        message: "The query is put together from text that a caller controls; use parameters instead.".into(),
        cwe: vec![89],
        aliases: vec![],
        place: Place::Code {
            path: format!("src/package_{}/module_{}.py", n % 50, n / 50),
            line: Some((n % 2000) as u32 + 1),
            column: Some(5),
            end_line: None,
            symbol: Some("handler".into()),
            context: Some(identity::context(&format!(
                "cursor.execute(f\"SELECT * FROM t{n} WHERE id = {{q}}\")"
            ))),
        },
        fix: Some("Use query parameters.".into()),
        help: None,
        cvss: None,
    }
}

fn statement(index: u64, mut findings: Vec<Finding>, blobs: &LocalBlobs) -> LoggedStatement {
    let mut identifier = Identifier::default();
    findings.iter_mut().for_each(|finding| identifier.assign(finding));
    findings.sort_by_key(|finding| finding.id);
    let mut lines = Vec::new();
    let mut by_severity = BySeverity::default();
    for finding in &findings {
        by_severity.add(finding.severity);
        serde_json::to_writer(&mut lines, finding).unwrap();
        lines.push(b'\n');
    }
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let scan = Scan {
        project: "bench".into(),
        run: None,
        deployment: None,
        tool: ToolRef { name: "bandit".into(), version: "1".into(), digest: None },
        technique: Technique::Sast,
        target: ScanTarget { stream: "source".into(), commit: None },
        findings: FindingsBlob {
            digest: blobs.put(&lines).unwrap(),
            count: findings.len() as u64,
            by_severity,
        },
        coverage: Coverage { seen: 1, scanned: 1, stated: true, ..Coverage::default() },
        origin: Origin::BuiltIn,
        manual: None,
        binaries: vec![],
        started: now,
        ended: now,
    };
    let statement = Statement::new(vec![Subject::sha256("source", Sha256::of("source"))], &scan).unwrap();
    LoggedStatement { index, envelope: Sha256::of(index.to_string()), logged_at: now, statement }
}

/// `VmHWM` of this process; the findings of the generator are part of it.
fn peak_rss_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
