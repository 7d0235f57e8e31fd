//! A ledger in memory, for projecting from: statements an hour apart, findings in blobs.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use model::{
    BySeverity, Confidence, Coverage, DeploymentId, Finding, FindingId, Place, Predicate, RunId, Severity,
    Sha256, Statement, Subject, Technique, Timestamp, ToolRef, identity,
    ports::{Blobs, LoggedStatement},
    predicate::{FindingsBlob, Origin, Scan, ScanTarget},
};

/// Statements that are "logged", an hour apart.
pub struct Ledger<B> {
    /// All of them, in order; tests may change one to see what becomes of it.
    pub statements: Vec<LoggedStatement>,
    /// Where findings are.
    pub blobs: B,
}

/// So many hours after the first statement.
pub fn hour(n: u64) -> Timestamp {
    let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    start + jiff_hours(n)
}

fn jiff_hours(n: u64) -> std::time::Duration {
    std::time::Duration::from_secs(n * 3600)
}

/// The same id for the same number.
pub fn run_id(n: u8) -> RunId {
    RunId::new(hour(u64::from(n)), [n; 10])
}

/// The same id for the same number.
pub fn deployment_id(n: u8) -> DeploymentId {
    DeploymentId::new(hour(u64::from(n)), [n; 10])
}

impl<B: Blobs> Ledger<B> {
    /// An empty ledger whose findings go into `blobs`.
    pub fn new(blobs: B) -> Self {
        Self { statements: Vec::new(), blobs }
    }

    /// When the next statement will be logged.
    pub fn now(&self) -> Timestamp {
        hour(self.statements.len() as u64)
    }

    /// Logs a statement; returns its index.
    pub fn push<P: Predicate>(&mut self, subject: Vec<Subject>, predicate: &P) -> u64 {
        self.push_statement(Statement::new(subject, predicate).unwrap())
    }

    /// Logs a statement as it is; returns its index.
    pub fn push_statement(&mut self, statement: Statement) -> u64 {
        let index = self.statements.len() as u64;
        let envelope = Sha256::of(envelope(&statement));
        self.statements.push(LoggedStatement { index, envelope, logged_at: self.now(), statement });
        index
    }

    /// The bytes of an envelope (DSSE; the signature is not a real one).
    pub fn envelope_bytes(&self, index: u64) -> Vec<u8> {
        envelope(&self.statements[index as usize].statement)
    }

    /// Makes the digests of envelopes right again after statements were changed.
    pub fn reseal(&mut self) {
        self.statements
            .iter_mut()
            .for_each(|logged| logged.envelope = Sha256::of(envelope(&logged.statement)));
    }

    /// Digest of an envelope.
    pub fn envelope(&self, index: u64) -> Sha256 {
        self.statements[index as usize].envelope
    }

    /// A scan of `demo` by `bandit` of the source, with these findings.
    pub fn scan(&mut self, mut findings: Vec<Finding>, complete: bool) -> u64 {
        identity::assign_all(&mut findings);
        findings.sort_by_key(|finding| finding.id);
        let blob = self.findings_blob(&findings);
        let predicate = self.scan_predicate(blob, complete);
        self.push(vec![Subject::named("source", "gitTree", "ab".repeat(20))], &predicate)
    }

    /// A statement of a type that nobody knows.
    pub fn filler(&mut self) -> u64 {
        self.push_statement(Statement {
            kind: model::statement::STATEMENT_TYPE.into(),
            subject: vec![Subject::sha256("app.tar", Sha256::of("app"))],
            predicate_type: "https://example.org/unknown/v1".into(),
            predicate: serde_json::json!({"anything": [1, 2]}),
        })
    }

    /// Puts findings into a blob, one per line.
    pub fn findings_blob(&self, findings: &[Finding]) -> FindingsBlob {
        let mut by_severity = BySeverity::default();
        let mut lines = Vec::new();
        for finding in findings {
            by_severity.add(finding.severity);
            serde_json::to_writer(&mut lines, finding).unwrap();
            lines.push(b'\n');
        }
        FindingsBlob { digest: self.blobs.put(&lines).unwrap(), count: findings.len() as u64, by_severity }
    }

    /// A scan of `demo` by `bandit` of the source.
    pub fn scan_predicate(&self, findings: FindingsBlob, complete: bool) -> Scan {
        Scan {
            project: "demo".into(),
            run: None,
            deployment: None,
            tool: ToolRef { name: "bandit".into(), version: "1.8".into(), digest: None },
            technique: Technique::Sast,
            target: ScanTarget { stream: "source".into(), commit: None },
            findings,
            coverage: Coverage { seen: 3, scanned: 3, stated: complete, ..Coverage::default() },
            origin: Origin::BuiltIn,
            manual: None,
            binaries: vec![],
            started: self.now(),
            ended: self.now(),
        }
    }

    /// All statements, as a rebuild wants them.
    pub fn iter(&self) -> impl Iterator<Item = std::io::Result<LoggedStatement>> + Send + use<B> {
        self.statements.clone().into_iter().map(Ok)
    }
}

/// A finding of `rule` in `path` at this line of code.
pub fn finding(rule: &str, path: &str, code: &str) -> Finding {
    Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: "bandit".into(),
        rule: rule.into(),
        technique: Technique::Sast,
        severity: Severity::High,
        confidence: Confidence::Medium,
        title: format!("{rule} in {path}"),
        message: "text".into(),
        cwe: vec![89],
        aliases: vec![],
        place: Place::Code {
            path: path.into(),
            line: Some(7),
            column: None,
            end_line: None,
            symbol: None,
            context: Some(identity::context(code)),
        },
        fix: None,
        help: None,
        cvss: Some(7.5),
    }
}

fn envelope(statement: &Statement) -> Vec<u8> {
    let payload = BASE64_STANDARD.encode(serde_json::to_vec(statement).unwrap());
    let envelope = serde_json::json!({
        "payload": payload,
        "payloadType": model::statement::PAYLOAD_TYPE,
        "signatures": [{"keyid": "test-key", "sig": "AAAA"}],
    });
    serde_json::to_vec(&envelope).unwrap()
}
