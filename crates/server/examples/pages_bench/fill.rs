//! A database as a large organisation has it after ninety days: every row is projected from a statement.

use std::{path::Path, time::Duration};

use model::{
    BySeverity, Confidence, Coverage, Finding, FindingId, Place, Severity, Sha256, Statement, Subject,
    Technique, Timestamp, ToolRef,
    identity::{self, Identifier},
    ports::{Blobs as _, LoggedStatement},
    predicate::{FindingsBlob, Origin, RunPhase, Scan, ScanTarget},
};
use serde_json::{Value, json};
use store::{LocalBlobs, Store};

/// Technique, scanner, its share of the findings in percent, days of its scans before today.
const SCANNERS: [(Technique, &str, usize, &[u64]); 4] = [
    (Technique::Sast, "proofhouse-sast", 55, &[80, 45, 12, 2]),
    (Technique::Sca, "proofhouse-sca", 35, &[70, 35, 1]),
    (Technique::Secrets, "proofhouse-secrets", 4, &[60, 3]),
    (Technique::Config, "proofhouse-config", 6, &[50]),
];

/// Runs of a project, each with a decision; every second one is deployed.
const RUNS: usize = 20;

pub fn now() -> Timestamp {
    "2026-06-30T12:00:00Z".parse().unwrap()
}

fn ago(days: u64, minutes: u64) -> Timestamp {
    now() - Duration::from_secs(days * 86_400 + minutes * 60)
}

/// The database in `folder`, filled unless it is already.
pub async fn filled(folder: &Path, projects: usize, findings: usize) -> Store {
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(format!("pages-{projects}-{findings}.sqlite"));
    let store = Store::open(&format!("sqlite:{}", path.display())).await.unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let mut filler = Filler {
        blobs: LocalBlobs::open(scratch.path()).unwrap(),
        templates: templates(),
        index: 0,
        statements: Vec::new(),
    };
    // How many statements one project makes is the same for all.
    filler.project(0, 1);
    let each = filler.index as usize;
    if store.next_index().await.unwrap() as usize == each * projects {
        return store;
    }
    let done = store.next_index().await.unwrap() as usize / each;
    assert_eq!(done * each, store.next_index().await.unwrap() as usize, "remove {}", path.display());
    filler.index = (done * each) as u64;
    filler.statements.clear();
    for n in done..projects {
        filler.project(n, findings);
        store.project_many(&filler.statements, &filler.blobs).await.unwrap();
        filler.statements.clear();
        if n % 50 == 0 {
            eprintln!("filling: project {n} of {projects}");
        }
    }
    store
}

/// Statements that are changed for each project: run, decision, deployment, exception.
struct Templates {
    decision: Value,
    deployment: Value,
    exception: Value,
}

fn templates() -> Templates {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = testkit::Ledger::new(LocalBlobs::open(folder.path()).unwrap());
    testkit::story(&mut ledger);
    let of = |kind: &str| {
        let found = ledger.statements.iter().find(|one| one.statement.predicate_type.contains(kind));
        serde_json::to_value(&found.unwrap().statement).unwrap()
    };
    Templates {
        decision: of("verification_summary"),
        deployment: of("predicate:deployment"),
        exception: of("predicate:exception"),
    }
}

struct Filler {
    blobs: LocalBlobs,
    templates: Templates,
    index: u64,
    statements: Vec<LoggedStatement>,
}

impl Filler {
    fn push(&mut self, statement: Statement) {
        let envelope = Sha256::of(self.index.to_string());
        self.statements.push(LoggedStatement { index: self.index, envelope, logged_at: now(), statement });
        self.index += 1;
    }

    fn changed(&mut self, template: Value, changes: Value) {
        let mut statement = template;
        for (pointer, value) in changes.as_object().unwrap() {
            *statement.pointer_mut(pointer).unwrap() = value.clone();
        }
        self.push(serde_json::from_value(statement).unwrap());
    }

    fn project(&mut self, n: usize, findings: usize) {
        let name = format!("project-{n:04}");
        for run in 0..RUNS {
            self.run(&name, n, run);
        }
        for (technique, scanner, share, days) in SCANNERS {
            for (k, day) in days.iter().enumerate() {
                // Each scan knows a little more, and misses the first few of before.
                let all = (findings * share / 100).max(1);
                let (from, to) = (k * all / 50, all * (k + 1) / days.len() + k * all / 50);
                let wanted = (from..to).map(|i| finding(technique, scanner, i * 31 + n)).collect();
                self.scan(
                    &name,
                    (technique, scanner),
                    ago(*day, n as u64 % 600),
                    wanted,
                    !(n + k).is_multiple_of(40),
                );
            }
        }
        let expires = now() + Duration::from_secs((n as u64 % 100) * 86_400);
        let template = self.templates.exception.clone();
        self.changed(template, json!({"/predicate/project": name, "/predicate/expires": expires}));
    }

    fn run(&mut self, name: &str, n: usize, k: usize) {
        let at = ago((RUNS - k) as u64 * 4, n as u64 % 600);
        let random = Sha256::of(format!("{name} {k}")).0;
        let id = model::RunId::new(at, random[..10].try_into().unwrap());
        let mut run = testkit::run_predicate(id, RunPhase::Finished, at);
        run.project = name.to_owned();
        run.commit = Some(Sha256::of(format!("commit {name} {k}")).hex()[..40].to_owned());
        run.started = at - Duration::from_secs(300);
        self.push(Statement::new(vec![Subject::sha256("source", Sha256::of(name))], &run).unwrap());
        let environment = ["staging", "production"][k % 2];
        let outcome = ["pass", "warn", "deny", "pass"][(n + k) % 4];
        let result = if outcome == "deny" { "FAILED" } else { "PASSED" };
        let template = self.templates.decision.clone();
        self.changed(
            template,
            json!({
                "/predicate/proofhouse/project": name, "/predicate/proofhouse/environment": environment,
                "/predicate/proofhouse/run": id, "/predicate/timeVerified": at,
                "/predicate/verificationResult": result, "/predicate/proofhouse/verdict/outcome": outcome,
            }),
        );
        if k.is_multiple_of(2) {
            let id_of = model::DeploymentId::new(at, random[10..20].try_into().unwrap());
            let result = ["deployed", "deployed", "reversed", "deployed"][(n + k / 2) % 4];
            let template = self.templates.deployment.clone();
            self.changed(
                template,
                json!({
                    "/predicate/project": name, "/predicate/environment": environment,
                    "/predicate/deployment": id_of, "/predicate/run": id, "/predicate/result": result,
                    "/predicate/started": at, "/predicate/ended": at,
                }),
            );
        }
    }

    fn scan(
        &mut self,
        project: &str,
        (technique, scanner): (Technique, &str),
        at: Timestamp,
        mut findings: Vec<Finding>,
        complete: bool,
    ) {
        let mut identifier = Identifier::default();
        findings.iter_mut().for_each(|finding| identifier.assign(finding));
        findings.sort_by_key(|finding| finding.id);
        let (mut lines, mut by_severity) = (Vec::new(), BySeverity::default());
        for finding in &findings {
            by_severity.add(finding.severity);
            serde_json::to_writer(&mut lines, finding).unwrap();
            lines.push(b'\n');
        }
        let scan = Scan {
            manual: None,
            binaries: vec![],
            project: project.into(),
            run: None,
            deployment: None,
            tool: ToolRef { name: scanner.into(), version: "1".into(), digest: None },
            technique,
            target: ScanTarget { stream: "source".into(), commit: None },
            findings: FindingsBlob {
                digest: self.blobs.put(&lines).unwrap(),
                count: findings.len() as u64,
                by_severity,
            },
            coverage: Coverage { seen: 1, scanned: 1, stated: complete, ..Coverage::default() },
            origin: Origin::BuiltIn,
            started: at,
            ended: at,
        };
        self.push(Statement::new(vec![Subject::sha256("source", Sha256::of("source"))], &scan).unwrap());
    }
}

fn finding(technique: Technique, scanner: &str, n: usize) -> Finding {
    Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: scanner.into(),
        rule: format!("R{}", n % 300),
        technique,
        severity: Severity::ALL[[1, 2, 3, 2, 0, 4, 2, 1, 3, 2][n % 10]],
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
            context: Some(identity::context(&format!("cursor.execute(f\"SELECT * FROM t{n}\")"))),
        },
        fix: Some("Use query parameters.".into()),
        help: None,
        cvss: None,
    }
}
