//! Opens a store on each database, and a small ledger to project from.

use std::collections::BTreeMap;

use model::{
    BySeverity, Confidence, Coverage, DeploymentId, Digest, Finding, FindingId, Hasher, Place, Predicate,
    RunId, Severity, Sha256, Statement, Subject, Technique, Timestamp, ToolRef,
    evidence::{Outcome, Reason, RuleResult, Verdict},
    identity,
    ports::{Blobs, LoggedStatement},
    predicate::*,
};
use store::{LocalBlobs, Store};

/// Makes two tests of one: `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($(async fn $name:ident($base:ident: $kind:ty) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run($base: $kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(crate::support::Base::sqlite()).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(crate::support::Base::postgres()).await
            }
        }
    )* };
}

/// Where databases of one kind come from.
pub struct Base {
    folder: tempfile::TempDir,
    pub postgres: bool,
}

impl Base {
    pub fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: false }
    }

    pub fn postgres() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: true }
    }

    /// URL of a new, empty database.
    pub fn url(&self) -> String {
        if self.postgres {
            return testkit::postgres().database();
        }
        let name = format!("{}.sqlite", uuid::Uuid::now_v7());
        format!("sqlite:{}", self.folder.path().join(name).display())
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.url()).await.unwrap()
    }

    pub fn ledger(&self) -> Ledger {
        let blobs = LocalBlobs::open(self.folder.path().join(uuid::Uuid::now_v7().to_string())).unwrap();
        Ledger { statements: Vec::new(), blobs }
    }

    /// Changes the database behind the store's back.
    pub async fn tamper(&self, url: &str, sql: &str) {
        if self.postgres {
            return testkit::postgres().sql(url, sql);
        }
        let pool = sqlx::SqlitePool::connect(url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

/// Statements that are "logged", an hour apart.
pub struct Ledger {
    pub statements: Vec<LoggedStatement>,
    pub blobs: LocalBlobs,
}

pub fn hour(n: u64) -> Timestamp {
    let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    start + jiff_hours(n)
}

fn jiff_hours(n: u64) -> std::time::Duration {
    std::time::Duration::from_secs(n * 3600)
}

pub fn run_id(n: u8) -> RunId {
    RunId::new(hour(u64::from(n)), [n; 10])
}

pub fn deployment_id(n: u8) -> DeploymentId {
    DeploymentId::new(hour(u64::from(n)), [n; 10])
}

impl Ledger {
    pub fn now(&self) -> Timestamp {
        hour(self.statements.len() as u64)
    }

    pub fn push<P: Predicate>(&mut self, subject: Vec<Subject>, predicate: &P) -> u64 {
        self.push_statement(Statement::new(subject, predicate).unwrap())
    }

    pub fn push_statement(&mut self, statement: Statement) -> u64 {
        let index = self.statements.len() as u64;
        let envelope = Sha256::of(serde_json::to_vec(&statement).unwrap());
        self.statements.push(LoggedStatement { index, envelope, logged_at: self.now(), statement });
        index
    }

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
            started: self.now(),
            ended: self.now(),
        }
    }

    pub async fn project_into(&self, store: &Store) {
        let next = store.next_index().await.unwrap() as usize;
        store.project_many(&self.statements[next..], &self.blobs).await.unwrap();
    }

    pub fn iter(&self) -> impl Iterator<Item = std::io::Result<LoggedStatement>> + Send + use<> {
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

/// A complete story of one project: run, build, SBOM, tests, trace, scans, decision, deployment.
pub fn story(ledger: &mut Ledger) {
    let run = run_id(1);
    let source = || vec![Subject::named("source", "gitTree", "ab".repeat(20))];
    let artifact = Sha256::of("app");
    let subject = || vec![Subject::sha256("app.tar", artifact)];
    let context = |step: &str| Context { project: "demo".into(), run, step: Some(step.into()) };
    ledger.push(source(), &run_predicate(run, RunPhase::Started, ledger.now()));
    ledger.push(subject(), &provenance(context("build"), ledger.now()));
    ledger.push(subject(), &Sbom(sbom_document(run)));
    let test = TestResult {
        result: "FAILED".into(),
        configuration: vec![],
        passed_tests: vec!["a".into(), "b".into()],
        warned_tests: vec![],
        failed_tests: vec!["c\0d".into()],
        proofhouse: context("test"),
        finished: ledger.now(),
    };
    ledger.push(source(), &test);
    let trace = RuntimeTrace {
        monitor: Monitor { kind: "urn:proofhouse:monitor:seccomp".into() },
        monitor_log: MonitorLog {
            process: vec!["/bin/cc".into()],
            network: vec![serde_json::json!({"host": "packages.example", "allowed": false})],
            file_access: vec![],
        },
        metadata: serde_json::Value::Null,
        proofhouse: TraceContext { context: context("build"), dropped: 2 },
    };
    ledger.push(subject(), &trace);
    ledger.push(source(), &run_predicate(run, RunPhase::Finished, ledger.now()));
    let scan = ledger.scan(vec![finding("B608", "a.py", "x"), finding("B101", "b.py", "y")], true);
    ledger.statements[scan as usize].statement.predicate["run"] = serde_json::json!(run);
    let exception = Exception {
        project: "demo".into(),
        finding: None,
        rule: Some("B101".into()),
        environment: None,
        reason: "only in tests, see design".into(),
        by: "ann".into(),
        at: ledger.now(),
        expires: hour(100),
    };
    let exception = ledger.push(source(), &exception);
    let decision = ledger.push(subject(), &vsa(run, exception, ledger.now()));
    let decision = ledger.envelope(decision);
    for (n, result) in [DeploymentResult::Deployed, DeploymentResult::Reversed].into_iter().enumerate() {
        let id = deployment_id(n as u8);
        let deployment = deployment(id, run, decision, result, ledger.now());
        ledger.push(subject(), &deployment);
        let receipt = Receipt {
            project: "demo".into(),
            deployment: id,
            environment: "staging".into(),
            phase: ReceiptPhase::BeforeActivation,
            checks: vec![Check { name: "signature".into(), ok: true, detail: "good".into() }],
            at: ledger.now(),
        };
        ledger.push(subject(), &receipt);
    }
    let feed = FeedImport {
        feed: "osv".into(),
        as_of: hour(0),
        imported: ledger.now(),
        advisories: 10,
        refused: vec![],
        actor: "ann".into(),
    };
    ledger.push(vec![Subject::sha256("osv.zip", Sha256::of("osv"))], &feed);
    ledger.filler();
}

pub fn run_predicate(run: RunId, phase: RunPhase, at: Timestamp) -> Run {
    let finished = phase == RunPhase::Finished;
    let record = |name: &str, kind: &str, result, outputs| StepRecord {
        name: name.into(),
        kind: kind.into(),
        result,
        cached: name == "build",
        action: Some(Digest::of(name)),
        exit_code: Some(0),
        message: None,
        started: hour(1),
        ended: at,
        isolation: "rootless".into(),
        outputs,
        log: Some(Digest::of("log")),
        tools: vec![],
        attempts: 1,
    };
    let output = OutputRecord { path: "app.tar".into(), digest: Digest::of("app"), directory: false };
    let steps = vec![
        record("build", "build", StepResult::Passed, vec![output]),
        record("test", "test", StepResult::Failed, vec![]),
    ];
    let planned = |name: &str, needs: &[&str]| PlannedStep {
        name: name.into(),
        kind: name.into(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
    };
    Run {
        project: "demo".into(),
        run,
        phase,
        at,
        started: hour(1),
        commit: Some("c0ffee".repeat(6) + "beef"),
        branch: Some("main".into()),
        tree: Sha256::of("tree"),
        dirty: false,
        trigger: "command-line".into(),
        actor: "ann".into(),
        config: Sha256::of("config"),
        plan: vec![planned("build", &[]), planned("test", &["build"])],
        steps: if finished { steps } else { vec![] },
        result: finished.then_some(RunResult::Failed),
        rules: BTreeMap::new(),
    }
}

fn provenance(context: Context, at: Timestamp) -> Provenance {
    Provenance {
        build_definition: BuildDefinition {
            build_type: provenance::BUILD_TYPE.into(),
            external_parameters: serde_json::Value::Null,
            internal_parameters: serde_json::Value::Null,
            resolved_dependencies: vec![],
        },
        run_details: RunDetails {
            builder: Builder { id: "urn:proofhouse:builder:rootless".into(), version: BTreeMap::new() },
            metadata: BuildMetadata { invocation_id: "x".into(), started_on: at, finished_on: at },
            byproducts: vec![],
        },
        proofhouse: Some(context),
    }
}

fn sbom_document(run: RunId) -> serde_json::Value {
    serde_json::json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": {"properties": [
            {"name": "proofhouse:project", "value": "demo"}, {"name": "proofhouse:run", "value": run},
        ]},
        "components": [
            {"type": "library", "name": "django", "version": "4.2", "purl": "pkg:pypi/django@4.2",
             "licenses": [{"license": {"id": "BSD-3-Clause"}}, {"expression": "MIT OR Apache-2.0"}],
             "components": [{"type": "library", "group": "@babel", "name": "core", "version": "7"}]},
            "not a component",
        ],
    })
}

fn vsa(run: RunId, exception: u64, at: Timestamp) -> Vsa {
    let reason = Reason {
        code: "finding-over-threshold".into(),
        message: "1 high finding".into(),
        outcome: Outcome::Warn,
        findings: vec![],
        exception: Some(exception),
    };
    let rule = RuleResult {
        rule: "findings-threshold".into(),
        title: "No open high findings".into(),
        origin: "built-in".into(),
        outcome: Outcome::Warn,
        reasons: vec![reason],
        looked_at: vec!["2 findings".into()],
    };
    let verdict = Verdict {
        outcome: Outcome::Warn,
        rules: vec![rule],
        policy: Sha256::of("p"),
        evidence: Sha256::of("e"),
    };
    Vsa {
        verifier: Builder { id: "urn:proofhouse:verifier".into(), version: BTreeMap::new() },
        time_verified: at,
        resource_uri: "urn:proofhouse:environment:demo/staging".into(),
        policy: Subject::sha256("policy", Sha256::of("p")),
        input_attestations: vec![Subject::sha256("provenance", Sha256::of("i"))],
        verification_result: "PASSED".into(),
        verified_levels: vec!["SLSA_BUILD_LEVEL_2".into()],
        slsa_version: "1.0".into(),
        proofhouse: DecisionContext {
            project: "demo".into(),
            environment: "staging".into(),
            run: Some(run),
            verdict,
        },
    }
}

fn deployment(
    id: DeploymentId,
    run: RunId,
    decision: Sha256,
    result: DeploymentResult,
    at: Timestamp,
) -> Deployment {
    Deployment {
        project: "demo".into(),
        deployment: id,
        environment: "staging".into(),
        driver: "host".into(),
        run: Some(run),
        artifact: "app.tar".into(),
        digest: Sha256::of("app"),
        decision,
        previous: None,
        actor: "ann".into(),
        started: at,
        ended: at,
        stages: vec![DeploymentStage { name: "gate".into(), ok: true, detail: "let in".into(), at }],
        result,
        health: Some(HealthRecord { healthy: true, attempts: 1, after_ms: 12, detail: "200".into() }),
        address: Some("http://127.0.0.1:8080".into()),
        variables: BTreeMap::from([("TOKEN".to_owned(), Sha256::of("secret"))]),
    }
}

/// Digest of everything in a store.
pub async fn print(store: &Store) -> Sha256 {
    let mut hasher = Hasher::new();
    for table in store.fingerprint().await.unwrap() {
        hasher.update(table.digest.as_bytes());
    }
    hasher.finish()
}
