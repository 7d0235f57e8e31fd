//! A ledger as it looks after some days of work on two projects: for looking at pages.

use std::collections::BTreeMap;

use model::{
    By, Confidence, Coverage, Digest, Finding, FindingId, Place, Role, Severity, Sha256, Subject, Technique,
    Timestamp, ToolRef, Via,
    evidence::{Outcome, Reason, RuleResult, Verdict},
    identity,
    ports::Blobs,
    predicate::*,
};
use serde_json::json;

use crate::{Ledger, deployment_id, run_id};

/// Three runs of `shop` with all evidence, staging deployed and production refused; one of `mailer`,
/// still running.
pub fn demo<B: Blobs>(ledger: &mut Ledger<B>) {
    for n in 1..=3 {
        shop_run(ledger, n);
    }
    let running = plan_run(&Made::new("mailer", 9), RunPhase::Started, ledger.now());
    ledger.push(source("mailer"), &running);
}

struct Made {
    project: &'static str,
    n: u8,
    artifact: Digest,
}

impl Made {
    fn new(project: &'static str, n: u8) -> Self {
        Self { project, n, artifact: Digest { hash: Sha256::of(format!("{project} {n}")), size: 1_830_400 } }
    }

    fn subject(&self) -> Vec<Subject> {
        vec![Subject::sha256("dist/shop-1.4.tar", self.artifact.hash)]
    }

    fn context(&self, step: &str) -> Context {
        Context { project: self.project.into(), run: run_id(self.n), step: Some(step.into()) }
    }
}

fn source(name: &str) -> Vec<Subject> {
    vec![Subject::named(name, "gitTree", Sha256::of(name).hex()[..40].to_owned())]
}

fn shop_run<B: Blobs>(ledger: &mut Ledger<B>, n: u8) {
    let made = Made::new("shop", n);
    let started = plan_run(&made, RunPhase::Started, ledger.now());
    ledger.push(source("shop"), &started);
    let at = ledger.now();
    let mut inputs = vec![ledger.push(made.subject(), &build_provenance(&made, at))];
    inputs.push(ledger.push(made.subject(), &Sbom(bill(&made))));
    inputs.push(ledger.push(source("shop"), &tests(&made, at)));
    inputs.push(ledger.push(made.subject(), &trace(&made)));
    for (technique, tool, findings) in scans(n) {
        inputs.push(scan(ledger, &made, technique, tool, "source", findings, None));
    }
    let finished = plan_run(&made, RunPhase::Finished, ledger.now());
    ledger.push(source("shop"), &finished);
    if n == 2 {
        let exception = exception(ledger.now());
        ledger.push(source("shop"), &exception);
    }
    let inputs: Vec<Subject> =
        inputs.iter().map(|index| Subject::sha256("statement", ledger.envelope(*index))).collect();
    for (k, environment) in ["staging", "production"].into_iter().enumerate() {
        let decision = decide(&made, environment, inputs.clone(), ledger.now());
        let index = ledger.push(made.subject(), &decision);
        let id = deployment_id(n * 2 + k as u8);
        if environment == "staging" {
            let dast = vec![route(
                &format!("missing-csp-{}", n % 2),
                "Content-Security-Policy is missing",
                Severity::Medium,
            )];
            scan(ledger, &made, Technique::Dast, "proofhouse-dast", "environment:staging", dast, Some(id));
        }
        let deployment = deployment(&made, id, environment, ledger.envelope(index), ledger.now());
        ledger.push(made.subject(), &deployment);
        if environment == "staging" {
            for phase in [ReceiptPhase::BeforeActivation, ReceiptPhase::AfterActivation] {
                let receipt = receipt(id, phase, ledger.now());
                ledger.push(made.subject(), &receipt);
            }
        }
    }
}

fn plan_run(made: &Made, phase: RunPhase, at: Timestamp) -> Run {
    let planned = |name: &str, kind: &str, needs: &[&str]| PlannedStep {
        name: name.into(),
        kind: kind.into(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
    };
    let plan = vec![
        planned("compile", "build", &[]),
        planned("assets", "build", &[]),
        planned("unit-tests", "test", &["compile"]),
        planned("lint", "scan", &[]),
        planned("package", "package", &["compile", "assets"]),
    ];
    let tool =
        ToolRef { name: "python3".into(), version: "3.11.2".into(), digest: Some(Sha256::of("python")) };
    let record = |step: &PlannedStep| StepRecord {
        name: step.name.clone(),
        kind: step.kind.clone(),
        result: StepResult::Passed,
        cached: step.name == "assets",
        action: Some(Digest::of(&step.name)),
        exit_code: Some(0),
        message: None,
        started: at - std::time::Duration::from_millis(8_400),
        ended: at,
        isolation: "rootless".into(),
        outputs: match step.name.as_str() {
            "package" => vec![OutputRecord {
                path: "dist/shop-1.4.tar".into(),
                digest: made.artifact,
                directory: false,
            }],
            _ => vec![],
        },
        log: Some(Digest::of("log")),
        tools: vec![tool.clone()],
        attempts: 1,
        secrets: vec![],
    };
    let finished = phase == RunPhase::Finished;
    Run {
        project: made.project.into(),
        run: run_id(made.n),
        phase,
        at,
        started: at - std::time::Duration::from_secs(if finished { 95 } else { 4 }),
        commit: Some(Sha256::of(format!("commit {}", made.n)).hex()[..40].to_owned()),
        branch: Some("main".into()),
        tree: Sha256::of(format!("tree {}", made.n)),
        dirty: made.n == 1,
        trigger: "command-line".into(),
        actor: "ann".into(),
        config: Sha256::of("config"),
        steps: if finished { plan.iter().map(record).collect() } else { vec![] },
        plan,
        result: finished.then_some(RunResult::Passed),
        rules: BTreeMap::new(),
    }
}

fn build_provenance(made: &Made, at: Timestamp) -> Provenance {
    Provenance {
        build_definition: BuildDefinition {
            build_type: provenance::BUILD_TYPE.into(),
            external_parameters: json!({"command": ["make", "package"]}),
            internal_parameters: json!({"isolation": "rootless"}),
            resolved_dependencies: source("shop"),
        },
        run_details: RunDetails {
            builder: Builder { id: "urn:proofhouse:builder:rootless".into(), version: BTreeMap::new() },
            metadata: BuildMetadata {
                invocation_id: format!("{}/package", run_id(made.n)),
                started_on: at,
                finished_on: at,
            },
            byproducts: vec![],
        },
        proofhouse: Some(made.context("package")),
    }
}

fn bill(made: &Made) -> serde_json::Value {
    let component = |(name, version, license): (&str, &str, &str)| {
        json!({"type": "library", "name": name, "version": version, "purl": format!("pkg:pypi/{name}@{version}"),
            "licenses": [{"license": {"id": license}}]})
    };
    let known = [
        ("django", "4.2.1", "BSD-3-Clause"),
        ("jinja2", "3.1.2", "BSD-3-Clause"),
        ("pillow", "9.5.0", "HPND"),
        ("requests", "2.31.0", "Apache-2.0"),
        ("urllib3", "1.26.16", "MIT"),
    ];
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": {"properties": [
            {"name": "proofhouse:project", "value": made.project},
            {"name": "proofhouse:run", "value": run_id(made.n)},
        ]},
        "components": known.map(component),
    })
}

fn tests(made: &Made, at: Timestamp) -> TestResult {
    TestResult {
        result: "PASSED".into(),
        configuration: vec![],
        passed_tests: (0..148).map(|n| format!("test_{n}")).collect(),
        warned_tests: vec![],
        failed_tests: vec![],
        proofhouse: made.context("unit-tests").into(),
        finished: at,
    }
}

fn trace(made: &Made) -> RuntimeTrace {
    RuntimeTrace {
        monitor: Monitor { kind: "urn:proofhouse:monitor:seccomp".into() },
        monitored_process: None,
        monitor_log: MonitorLog {
            process: (0..37).map(|n| json!({"path": format!("/usr/bin/tool{n}")})).collect(),
            network: vec![
                json!({"host": "packages.example", "port": 443, "allowed": true}),
                json!({"host": "telemetry.example", "port": 443, "allowed": false}),
            ],
            file_access: vec![],
        },
        metadata: serde_json::Value::Null,
        proofhouse: TraceContext { context: made.context("package"), dropped: 0 },
    }
}

fn code(rule: &str, title: &str, path: &str, severity: Severity, cwe: u32) -> Finding {
    let context = Some(identity::context(&format!("{rule} {path}")));
    Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: "proofhouse-sast".into(),
        rule: rule.into(),
        technique: Technique::Sast,
        severity,
        confidence: Confidence::High,
        title: title.into(),
        message: format!("{title}. Text from a request reaches this place without being checked."),
        cwe: vec![cwe],
        aliases: vec![],
        place: Place::Code {
            path: path.into(),
            line: Some(42),
            column: Some(9),
            end_line: None,
            symbol: Some("Search.get".into()),
            context,
        },
        fix: Some("Pass the value as a query parameter instead of putting it into the text.".into()),
        help: Some("https://cwe.example/definitions/89".into()),
        cvss: None,
    }
}

fn package(purl: &str, id: &str, severity: Severity) -> Finding {
    Finding {
        scanner: "proofhouse-sca".into(),
        rule: id.into(),
        technique: Technique::Sca,
        title: format!("{id} in {purl}"),
        aliases: vec![id.to_owned(), "CVE-2023-36053".into()],
        place: Place::Package { purl: purl.into(), manifest: Some("requirements.txt".into()) },
        fix: Some("Update to 4.2.3.".into()),
        cvss: Some(7.5),
        ..code(id, "", "", severity, 1333)
    }
}

fn route(rule: &str, title: &str, severity: Severity) -> Finding {
    Finding {
        scanner: "proofhouse-dast".into(),
        technique: Technique::Dast,
        place: Place::Route { method: "GET".into(), route: "/search".into(), parameter: Some("q".into()) },
        ..code(rule, title, "", severity, 693)
    }
}

/// Findings of the n-th run: some go, some come, one moves.
fn scans(n: u8) -> Vec<(Technique, &'static str, Vec<Finding>)> {
    let moving = ["shop/search.py", "shop/search.py", "shop/views/search.py"][usize::from(n - 1)];
    let mut moved =
        code("sql-injection", "SQL text is put together from a request", moving, Severity::Critical, 89);
    if let Place::Code { context, .. } = &mut moved.place {
        *context = Some(identity::context("cursor.execute(f'select {q}')"));
    }
    let mut sast =
        vec![moved, code("weak-hash", "MD5 is used for passwords", "shop/users.py", Severity::High, 328)];
    if n == 1 {
        sast.push(code("debug-mode", "Debug mode is on", "shop/settings.py", Severity::Medium, 489));
    }
    if n == 3 {
        sast.push(code(
            "open-redirect",
            "A redirect goes where a request says",
            "shop/login.py",
            Severity::Medium,
            601,
        ));
        sast.push(code(
            "path-traversal",
            "A path is made from a request",
            "shop/files.py",
            Severity::High,
            22,
        ));
    }
    let sca = vec![
        package("pkg:pypi/django@4.2.1", "GHSA-jh3w-4vvf-mjgr", Severity::High),
        package("pkg:pypi/urllib3@1.26.16", "GHSA-v845-jxx5-vc9f", Severity::Medium),
        package("pkg:pypi/pillow@9.5.0", "PYSEC-2023-175", Severity::Low),
    ];
    vec![
        (Technique::Sast, "proofhouse-sast", sast),
        (Technique::Sca, "proofhouse-sca", sca),
        (Technique::Secrets, "proofhouse-secrets", vec![]),
    ]
}

fn scan<B: Blobs>(
    ledger: &mut Ledger<B>,
    made: &Made,
    technique: Technique,
    tool: &str,
    stream: &str,
    mut findings: Vec<Finding>,
    deployment: Option<model::DeploymentId>,
) -> u64 {
    identity::assign_all(&mut findings);
    findings.sort_by_key(|finding| finding.id);
    let blob = ledger.findings_blob(&findings);
    let scan = Scan {
        project: made.project.into(),
        run: Some(run_id(made.n)),
        deployment,
        tool: ToolRef { name: tool.into(), version: "0.1.0".into(), digest: None },
        technique,
        target: ScanTarget { stream: stream.into(), commit: None },
        coverage: Coverage { seen: 212, scanned: 209, stated: true, rules: Some(64), ..Coverage::default() },
        ..ledger.scan_predicate(blob, true)
    };
    ledger.push(source("shop"), &scan)
}

fn exception(at: Timestamp) -> Exception {
    Exception {
        project: "shop".into(),
        finding: None,
        rule: Some("weak-hash".into()),
        environment: Some("staging".into()),
        reason: "Passwords are re-hashed at the next sign-in; see the plan for March.".into(),
        by: By { name: "sam".into(), roles: vec![Role::Security], via: Via::Local },
        at,
        expires: at + std::time::Duration::from_secs(30 * 86_400),
    }
}

fn decide(made: &Made, environment: &str, inputs: Vec<Subject>, at: Timestamp) -> Vsa {
    let refused = environment == "production";
    let worst = if refused { Outcome::Deny } else { Outcome::Warn };
    let rule = |rule: &str, title: &str, outcome, reasons: Vec<Reason>, looked_at: &[&str]| RuleResult {
        rule: rule.into(),
        title: title.into(),
        origin: "built-in".into(),
        outcome,
        reasons,
        looked_at: looked_at.iter().map(|fact| (*fact).to_owned()).collect(),
    };
    let reason = |code: &str, message: &str, outcome| Reason {
        code: code.into(),
        message: message.into(),
        outcome,
        findings: vec![],
        exception: None,
    };
    let threshold = vec![
        reason(
            "finding-over-threshold",
            "1 critical finding: SQL text is put together from a request",
            worst,
        ),
        reason("finding-over-threshold", "1 high finding: GHSA-jh3w-4vvf-mjgr in django 4.2.1", worst),
    ];
    let rules = vec![
        rule(
            "evidence-present",
            "Everything expected is there",
            Outcome::Pass,
            vec![],
            &["provenance", "sbom", "test", "3 scans"],
        ),
        rule("evidence-fresh", "Nothing is older than a day", Outcome::Pass, vec![], &["oldest: 40 minutes"]),
        rule(
            "findings-threshold",
            "No open finding above the threshold",
            worst,
            threshold,
            &["6 open findings"],
        ),
        rule("no-secrets", "No credentials in the source", Outcome::Pass, vec![], &["0 findings"]),
        rule(
            "signed-and-logged",
            "Every statement is signed and in the ledger",
            Outcome::Pass,
            vec![],
            &["7 statements"],
        ),
        rule(
            "build-isolated",
            "The build ran in a sandbox",
            Outcome::Pass,
            vec![],
            &["rootless, 1 destination refused"],
        ),
    ];
    Vsa {
        verifier: Builder { id: "urn:proofhouse:verifier".into(), version: BTreeMap::new() },
        time_verified: at,
        resource_uri: format!("urn:proofhouse:environment:{}/{environment}", made.project),
        policy: Subject::sha256("policy", Sha256::of("policy")),
        input_attestations: inputs,
        verification_result: if refused { "FAILED" } else { "PASSED" }.into(),
        verified_levels: vec![if refused { "FAILED" } else { "SLSA_BUILD_LEVEL_2" }.into()],
        slsa_version: "1.0".into(),
        proofhouse: DecisionContext {
            project: made.project.into(),
            environment: environment.into(),
            run: Some(run_id(made.n)),
            verdict: Verdict {
                outcome: worst,
                rules,
                policy: Sha256::of("policy"),
                evidence: Sha256::of("evidence"),
            },
            levels_because: vec![],
        },
    }
}

fn deployment(
    made: &Made,
    id: model::DeploymentId,
    environment: &str,
    decision: Sha256,
    at: Timestamp,
) -> Deployment {
    let refused = environment == "production";
    let stage =
        |name: &str, ok, detail: &str| DeploymentStage { name: name.into(), ok, detail: detail.into(), at };
    let all = [
        ("gate", "let in with a warning: 2 findings over the threshold"),
        ("transfer", "1.8 MB to releases/3f6c"),
        ("verify", "signature, inclusion and decision hold on the target"),
        ("activate", "link switched, process 4711 started"),
        ("health", "200 after 120 ms"),
        ("reverify", "the active release is the decided one"),
        ("dast", "14 routes, 1 medium finding"),
    ];
    let stages = match refused {
        true => vec![stage("gate", false, "refused: findings-threshold denies (1 critical, 1 high)")],
        false => all.map(|(name, detail)| stage(name, true, detail)).into(),
    };
    let health =
        HealthRecord { healthy: true, attempts: 2, after_ms: 120, detail: "GET /health: 200".into() };
    Deployment {
        project: made.project.into(),
        deployment: id,
        environment: environment.into(),
        driver: "host".into(),
        run: Some(run_id(made.n)),
        artifact: "dist/shop-1.4.tar".into(),
        digest: made.artifact.hash,
        decision,
        previous: (made.n > 1).then(|| Made::new(made.project, made.n - 1).artifact.hash),
        actor: "ann".into(),
        started: at - std::time::Duration::from_millis(6_300),
        ended: at,
        stages,
        result: if refused { DeploymentResult::Denied } else { DeploymentResult::Deployed },
        health: (!refused).then_some(health),
        address: (!refused).then(|| "http://127.0.0.1:8081".to_owned()),
        variables: BTreeMap::from([("DATABASE_URL".to_owned(), Sha256::of("secret"))]),
    }
}

fn receipt(id: model::DeploymentId, phase: ReceiptPhase, at: Timestamp) -> Receipt {
    let checks = [
        ("signature", "signed by the organisation's key"),
        ("inclusion", "in the ledger under checkpoint 41"),
        ("decision", "let into staging, about this digest"),
        ("digest", "the files are the decided ones"),
    ];
    let check = |(name, detail): (&str, &str)| Check { name: name.into(), ok: true, detail: detail.into() };
    Receipt {
        project: "shop".into(),
        deployment: id,
        environment: "staging".into(),
        phase,
        checks: checks.map(check).into(),
        at,
    }
}
