//! What a user sees when the file is wrong: one snapshot per family of mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use model::{Exit, Problem, UserError};
use pipeline::{Diagnostics, Known};

const KNOWN: Known<'static> = Known {
    report_formats: &["sarif", "bandit"],
    providers: &["host"],
    registries: &["cargo", "npm", "pypi", "go", "maven"],
};

fn wrong(text: &str) -> Diagnostics {
    pipeline::parse(text, "proofhouse.yaml", &KNOWN).unwrap_err()
}

fn codes(text: &str) -> Vec<&'static str> {
    wrong(text).list().iter().map(|diagnostic| diagnostic.code).collect()
}

/// A valid file with one line after the step `build`.
fn with(lines: &str) -> String {
    format!(
        "version: 1\nproject: demo\nsteps:\n  build:\n    kind: build\n    run: make\n    outputs: [out]\n{lines}"
    )
}

#[test]
fn keys_and_types() {
    let text = "\
version: 1
project: Demo App
tols: {}
steps:
  build:
    kind: biuld
    run: [make, [all]]
    inptus: [src]
    outputs: out
    cache: no
    retries: \"2\"
    timeout: 10 minutes
    limits: { memory: 2G, cpu: lots, processes: 0 }
    timeout: 3m
  empty:
";
    insta::assert_snapshot!(wrong(text).render(false));
}

#[test]
fn names_that_refer_to_each_other() {
    let text = "\
version: 1
project: demo
tools:
  python: { command: python3, version: latest, provider: hots }
steps:
  build: { kind: build, run: make, outputs: [../out, /etc/x, .git/hooks], needs: [tset], tools: [pyhton] }
  test: { kind: test, run: make test, needs: [lint] }
  lint: { kind: test, run: make lint, needs: [test], network: [\"https://packages.example/\"] }
  self: { kind: test, run: make, needs: [self], env: { 1X: y }, inputs: [\"a[\"] }
";
    insta::assert_snapshot!(wrong(text).render(false));
}

#[test]
fn meaning() {
    let text = "\
version: 1
project: demo
steps:
  build: { kind: build, run: make, outputs: [dist/app] }
  package: { kind: package, run: make, outputs: [dist] }
  nothing: { kind: build, run: make }
  scan: { kind: scan, run: bandit, coverage: { format: lcov, path: c.info } }
  test: { kind: test, run: make, report: { format: sarif, path: r.xml }, secrets: [TOKEN], env: { TOKEN: x } }
gate: { expect: [test:tset, scan:dast] }
environments:
  staging: { driver: host, artifact: out/app, run: [x], port: 8081 }
  production: { driver: host, artifact: dist/app, run: [x], port: 8081, gate: { block: medium, warn: high } }
";
    insta::assert_snapshot!(wrong(text).render(false));
}

#[test]
fn yaml_itself() {
    let all: Vec<String> = [
        "steps: [",
        "a: 1\n\tb: 2\n",
        "version: 1\n---\nversion: 1\n",
        "version: !!int 1\nproject: demo\nsteps: {}\n",
        "? [a]\n: b\n",
        "&a [*a]",
        "",
        "- a\n",
        "<<: { a: 1 }\nversion: 2\nproject: \u{1b}[31mred\nsteps: {}\n",
    ]
    .map(|text| wrong(text).render(false))
    .to_vec();
    insta::assert_snapshot!(all.join("────\n"));
}

#[test]
fn colour_and_json() {
    let text = with("    nedes: []\n");
    assert!(wrong(&text).render(true).contains("\u{1b}["));
    insta::assert_snapshot!(serde_json::to_string_pretty(&wrong(&text).to_json()).unwrap());
    let problem = Problem::from(wrong(&text));
    assert_eq!((problem.code, problem.exit), ("config-unknown-key", Exit::Input));
    assert_eq!(problem.message, "proofhouse.yaml:8:5: unknown key `nedes`");
    assert_eq!(wrong(&text).problems()[0].hint.as_deref(), Some("did you mean `needs`?"));
    assert_eq!(wrong(&text).hint(), problem.hint);
}

#[test]
fn what_nobody_knows_is_told_with_what_was_probably_meant() {
    let one = |text: &str| {
        let all = wrong(text);
        let at = all.position(&all.list()[0]);
        (all.list()[0].code, at.line, at.column, all.hint().unwrap_or_default())
    };
    let (code, line, column, hint) = one(&with("    network: [\"registry:crgo\"]\n"));
    assert_eq!((code, line, column), ("config-unknown-registry", 8, 15));
    assert_eq!(hint, "did you mean `registry:cargo`?");
    let (code, line, _, hint) = one(&with("gate:\n  expect: [\"scan:sats\"]\n"));
    assert_eq!((code, line), ("config-unknown-expectation", 9));
    assert_eq!(hint, "did you mean `scan:sast`?");
    let (code, line, column, hint) = one("version: 1\nproject: 123\nsteps: { a: { kind: test, run: x } }\n");
    assert_eq!(
        (code, line, column, hint.as_str()),
        ("config-wrong-type", 2, 10, "write it in quotes: `\"123\"`")
    );
}

#[test]
fn the_caret_is_on_the_line_of_the_tab() {
    for text in
        ["a: 1\nb:\n  c: d\n\te: f\n", "a: 1\nb: 2\nc:\n\td: e\n", "a: 1\nb:\n  c:\n  \t  d: e\n\t  f: g\n"]
    {
        let all = wrong(text);
        assert_eq!(all.position(&all.list()[0]).line, 4, "{}", all.render(false));
    }
}

#[test]
fn rules_of_the_gate_that_are_not_there_are_told_at_their_place() {
    let text = with("gate:\n  rules:\n    - 'nothing/*.rego'\n");
    let told = pipeline::no_gate_rule(text.as_bytes(), "proofhouse.yaml");
    assert_eq!(
        (told.code(), told.to_string()),
        ("policy-missing", "proofhouse.yaml:10:7: no file matches `gate.rules`".to_owned())
    );
}

#[test]
fn limits_of_the_file() {
    assert_eq!(codes(&"#".repeat(pipeline::MAX_BYTES + 1)), ["config-too-large"]);
    assert_eq!(codes(&["[".repeat(40), "]".repeat(40)].concat()), ["config-too-deep"]);
    assert_eq!(codes(&"[".repeat(100_000)), ["config-too-deep"]);
    assert_eq!(codes(&"- ".repeat(100_000)), ["config-too-deep"]);
    let deep = (0..40).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>();
    assert_eq!(codes(&deep), ["config-too-deep"]);
    let bomb = (1..9).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        let item = format!("*a{}", n - 1);
        text + &format!("a{n}: &a{n} [{}]\n", [item.as_str(); 10].join(", "))
    });
    assert_eq!(codes(&bomb), ["config-alias-bomb"]);
    let many = wrong(&with(&(0..200).map(|n| format!("    k{n}: 1\n")).collect::<String>()));
    assert_eq!(many.list().len(), pipeline::MOST_DIAGNOSTICS);
    let long = with(&format!("    {}: 1\n", "k".repeat(1000)));
    assert!(wrong(&long).render(false).len() < 2000);
    assert_eq!(
        pipeline::parse_bytes(b"version: 1\nproject: \xff", "p", &KNOWN).unwrap_err().code(),
        "config-not-utf8"
    );
}

#[test]
fn placeholders_and_ports_of_environments() {
    let environment = |inner: &str| {
        with(&format!("environments:\n  e: {{ driver: host, artifact: out, port: 80, run: [x], {inner} }}\n"))
    };
    assert_eq!(codes(&environment("env: { A: \"{prot}\" }")), ["config-unknown-placeholder"]);
    assert_eq!(codes(&environment("user: Root")), ["config-bad-user"]);
    assert_eq!(codes(&environment("root: rel")), ["config-bad-path"]);
    assert_eq!(codes(&environment("health: { path: x }")), ["config-bad-path"]);
    assert_eq!(codes(&environment("dast: { max-time: 0s }")), ["config-out-of-range"]);
    assert!(pipeline::parse(&environment("env: { A: \"{data}/db\" }"), "p", &KNOWN).is_ok());
}
