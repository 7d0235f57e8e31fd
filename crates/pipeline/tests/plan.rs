//! A complete file becomes the expected configuration and plan; arbitrary text never panics.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use model::{Severity, Technique, evidence::GateSettings};
use pipeline::{Config, Expect, Known, Placeholders, StepKind, Trace};
use proptest::prelude::*;

const KNOWN: Known<'static> = Known {
    report_formats: &["sarif", "bandit"],
    providers: &["host"],
    registries: &["cargo", "npm", "pypi", "go", "maven"],
};

const COMPLETE: &str = r#"
version: 1
project: demo
tools:
  python: { provider: host, command: python3, version: ">=3.9", paths: [/opt/extra] }
steps:
  package:
    kind: package
    run: [python3, pack.py]
    outputs: [./dist/app.pyz]
    needs: [build, test]
    tools: [python]
  test:
    kind: test
    run: python3 -m unittest
    needs: [build]
    report: { format: junit, path: report.xml }
    coverage: { format: cobertura, path: out-of-tests/coverage.xml }
  build:
    kind: build
    run: |
      python3 build.py
    inputs: ["**", "!docs/**"]
    outputs: [out/, gen]
    network: [packages.example, "*.example.org:443", "registry:pypi"]
    secrets: [TOKEN]
    env: { PORT: 8080, DEBUG: no, V: 1.10 }
    limits: { memory: 2GiB, processes: 512, cpu: 200%, disk: 4GiB, output: 64MiB }
    timeout: 1h30m
    retries: 2
    cache: false
    trace: files
  scan:
    kind: scan
    run: bandit -r . -f sarif -o out.sarif
    report: { format: sarif, path: out.sarif, tool: bandit, technique: sast }
scans: { config: false, exclude: ["vendor/**"] }
gate: { max-age: 2d, rules: [policy/*.rego] }
environments:
  staging:
    driver: host
    artifact: dist/app.pyz
    run: [python3, "{artifact}", --port, "{port}", "{{x}}"]
    port: 8081
    env: { DB: "{data}/db" }
    health: { path: /health, interval: 1s }
    dast: { reverse-at: never }
    gate: { block: critical }
"#;

fn parse(text: &str) -> Config {
    pipeline::parse(text, "proofhouse.yaml", &KNOWN).unwrap_or_else(|all| panic!("{}", all.render(false)))
}

#[test]
fn a_complete_file_reads_as_it_is_meant() {
    let config = parse(COMPLETE);
    let build = config.step("build").unwrap();
    assert_eq!(build.env["DEBUG"], "no");
    assert_eq!(build.env["V"], "1.10");
    assert_eq!(build.outputs, ["out", "gen"]);
    assert_eq!((build.limits.memory, build.limits.cpu), (2 << 30, Some(200)));
    assert_eq!((build.timeout, build.trace), (Duration::from_secs(5400), Trace::Files));
    assert!(!build.inputs.matches("docs/a") && build.inputs.matches("src/a"));
    assert_eq!((build.at.line, build.at.column), (19, 3));
    let expect = [Expect::Provenance, Expect::Sbom, Expect::Test(None)];
    let scans = [Technique::Sast, Technique::Secrets, Technique::Sca].map(Expect::Scan);
    assert_eq!(config.gate.expect, [&expect[..], &scans].concat());
    let staging = config.environment("staging").unwrap();
    assert_eq!((staging.dast.reverse_at, staging.dast.max_requests), (None, 400));
    assert_eq!(GateSettings::from(staging.gate.clone()).block, Some(Severity::Critical));
    assert_eq!(config.maker(&staging.artifact).unwrap().kind, StepKind::Package);
    let values = Placeholders { artifact: "/r/a", port: 8081, release: "/r", data: "/d" };
    assert_eq!(staging.command(values), ["python3", "/r/a", "--port", "8081", "{x}"]);
    assert_eq!(staging.variables(values)["DB"], "/d/db");
}

#[test]
fn the_plan_respects_needs_and_otherwise_the_order_of_the_file() {
    let plan = pipeline::plan(&parse(COMPLETE));
    let names: Vec<&str> = plan.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["build", "test", "package", "scan"]);
    assert_eq!(plan.steps[0].argv[..3], ["/bin/sh", "-eu", "-c"]);
    assert_eq!(plan.steps[0].attempts, 3);
    assert_eq!(plan.steps[1].outputs, ["out-of-tests/coverage.xml", "report.xml"]);
    assert_eq!(plan.steps[2].argv, ["python3", "pack.py"]);
    assert_eq!(pipeline::plan(&parse(COMPLETE)), plan);
    assert!(serde_json::to_value(&plan).unwrap()["steps"][0]["timeout"] == "1h30m");
}

#[test]
fn five_hundred_steps_in_a_row_are_fine_and_one_more_is_refused() {
    let chain = |n: usize| {
        let step = |n: usize| match n {
            0 => "  s0: { kind: test, run: x }\n".to_owned(),
            n => format!("  s{n}: {{ kind: test, run: x, needs: [s{}] }}\n", n - 1),
        };
        format!("version: 1\nproject: p\nsteps:\n{}", (0..n).rev().map(step).collect::<String>())
    };
    assert_eq!(pipeline::plan(&parse(&chain(500))).steps[499].name, "s499");
    let all = pipeline::parse(&chain(501), "p", &KNOWN).unwrap_err();
    assert_eq!(all.list()[0].code, "config-too-many");
}

/// Pieces that make YAML interesting.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "steps:",
        "version: 1",
        "project: p",
        "environments:",
        "needs: [a]",
        "&a",
        "*a",
        "- ",
        "? ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "\n",
        "\n  ",
        "\n    ",
        "\"",
        "'",
        "|",
        ">",
        "#",
        "!!str",
        "<<: *a",
        "---",
        "\t",
        "é",
        "\u{feff}",
        "\u{1b}",
        "\u{85}",
        "\r\n",
        "~",
        "a:",
        "run: x",
        "kind: build",
        "outputs: [a]",
    ];
    prop_oneof![proptest::sample::select(words.to_vec()).prop_map(str::to_owned), ".{0,6}"]
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        if let Err(all) = pipeline::parse_bytes(&bytes, "p", &KNOWN) {
            prop_assert!(!all.list().is_empty());
            all.render(true);
            all.to_json();
        }
    }

    #[test]
    fn pieces_of_yaml_never_panic(pieces in prop::collection::vec(piece(), 0..40)) {
        if let Err(all) = pipeline::parse(&pieces.concat(), "p", &KNOWN) {
            prop_assert!(!all.list().is_empty());
            all.render(false);
            all.to_json();
        }
    }

    #[test]
    fn a_mutated_file_never_panics(at in 0..COMPLETE.len(), length in 0..20usize, new in piece()) {
        let end = (at + length).min(COMPLETE.len());
        let text = format!("{}{new}{}", &COMPLETE[..at], &COMPLETE[end..]);
        match pipeline::parse(&text, "p", &KNOWN) {
            Ok(config) => prop_assert_eq!(pipeline::plan(&config).steps.len(), config.steps.len()),
            Err(all) => prop_assert!(!all.render(true).is_empty()),
        }
    }
}
