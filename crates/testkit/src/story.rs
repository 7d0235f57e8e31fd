//! One statement of every kind, about one project.

use std::collections::BTreeMap;

use model::{
    By, DeploymentId, Digest, Role, RunId, Sha256, Subject, Timestamp, Via,
    evidence::{Outcome, Reason, RuleResult, Verdict},
    ports::Blobs,
    predicate::*,
};

use crate::{Ledger, deployment_id, finding, hour, run_id};

/// A complete story of one project: run, build, SBOM, tests, trace, scans, decision, deployment.
pub fn story<B: Blobs>(ledger: &mut Ledger<B>) {
    let run = run_id(1);
    let source = || vec![Subject::named("source", "gitTree", "ab".repeat(20))];
    let artifact = Sha256::of("app");
    let subject = || vec![Subject::sha256("app.tar", artifact)];
    let context = |step: &str| Context { project: "demo".into(), run, step: Some(step.into()) };
    ledger.push(source(), &run_predicate(run, RunPhase::Started, ledger.now()));
    ledger.push(subject(), &provenance(context("build"), ledger.now()));
    ledger.push(subject(), &Sbom(sbom_document(run)));
    let mut tested: TestContext = context("test").into();
    let figures = CoverageFigures {
        files: 1,
        lines: Portion { covered: 7, total: 9 },
        branches: Some(Portion { covered: 1, total: 2 }),
    };
    tested.coverage = Some(CodeCoverage { format: "lcov".into(), report: Digest::of("lcov"), figures });
    let test = TestResult {
        result: "FAILED".into(),
        configuration: vec![],
        passed_tests: vec!["a".into(), "b".into()],
        warned_tests: vec![],
        failed_tests: vec!["c\0d".into()],
        proofhouse: tested,
        finished: ledger.now(),
    };
    ledger.push(source(), &test);
    let trace = RuntimeTrace {
        monitor: Monitor { kind: "urn:proofhouse:monitor:seccomp".into() },
        monitored_process: None,
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
        by: By { name: "ann".into(), roles: vec![Role::Security], via: Via::Local },
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
        exploited: 0,
        products: 0,
        refused: vec![],
        actor: "ann".into(),
    };
    ledger.push(vec![Subject::sha256("osv.zip", Sha256::of("osv"))], &feed);
    ledger.filler();
}

/// What a project uses besides packages.
pub fn technologies(at: Timestamp) -> Technologies {
    let postgres = TechnologyUse {
        kind: "service".into(),
        name: "postgres".into(),
        version: Some("16".into()),
        purl: Some("pkg:docker/postgres".into()),
        files: 1,
        places: vec!["compose.yaml".into()],
        share: None,
    };
    let python = TechnologyUse {
        kind: "language".into(),
        name: "Python".into(),
        version: None,
        purl: None,
        share: Some(100),
        ..postgres.clone()
    };
    let gaps = vec!["Dockerfile: which image `$BASE` is, is decided elsewhere".into()];
    Technologies { project: "demo".into(), run: None, uses: vec![python, postgres], gaps, at }
}

/// A run with two steps, of which the second fails.
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
        secrets: vec!["TOKEN".into()],
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
            levels_because: vec![],
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
