//! Real scanners as pinned tools in the sandbox: their reports become evidence and meet the gate.
//!
//! `cargo xtask test` installs them and names their folder in `PROOFHOUSE_TEST_SCANNERS`; they are also
//! found in the cache folder where it puts them.

use std::{fs, path::PathBuf};

use crate::support::Site;

pub fn scanner(name: &str) -> (PathBuf, PathBuf) {
    let given = std::env::var_os("PROOFHOUSE_TEST_SCANNERS").map(PathBuf::from);
    let cache = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/proofhouse/scanners/bin");
    let link = given.unwrap_or_else(cache).join(name);
    let command = fs::canonicalize(&link)
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` installs the scanners", link.display()));
    // The link leads to `<environment>/bin/<name>`: the whole environment is the tool.
    let target = fs::read_link(&link).unwrap_or(command);
    let environment = target.parent().unwrap().parent().unwrap().to_owned();
    (target, environment)
}

const WORKFLOW: &str = "on: pull_request_target\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      \
                        - uses: actions/checkout@v4\n        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n";

const RULES: &str = "rules:\n  - id: sql-concatenation\n    languages: [python]\n    severity: ERROR\n    \
                     message: SQL put together from values\n    metadata: { cwe: \"CWE-89: SQL Injection\" }\n    \
                     patterns:\n      - pattern: $DB.execute($QUERY)\n      - pattern-inside: |\n          $QUERY = ... + $X + ...\n          ...\n";

#[test]
fn real_scanners_run_pinned_in_the_sandbox_and_their_findings_are_recorded() {
    let site = Site::bookshelf();
    site.write(".github/workflows/ci.yml", WORKFLOW);
    site.write("rules.yml", RULES);
    let mut config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let steps = [
        ("bandit", "bandit -q -r bookshelf -f json -o bandit.json", "bandit.json"),
        ("hadolint", "hadolint -f json Dockerfile > hadolint.json", "hadolint.json"),
        ("zizmor", "zizmor --offline --no-progress --format json-v1 .github > zizmor.json", "zizmor.json"),
        (
            "semgrep",
            "semgrep scan --metrics=off --disable-version-check --no-git-ignore --config rules.yml --json -o semgrep.json bookshelf",
            "semgrep.json",
        ),
    ];
    let mut tools = String::from("tools:\n");
    let mut more = String::from("steps:\n");
    for (name, run, report) in steps {
        let (command, environment) = scanner(name);
        tools += &format!(
            "  {name}: {{ provider: host, command: {}, paths: [{}] }}\n",
            command.display(),
            environment.display()
        );
        more += &format!(
            "  {name}:\n    kind: scan\n    run: '{run}'\n    tools: [python, {name}]\n    timeout: 5m\n    \
             report: {{ format: {name}, path: {report}, tool: {name} }}\n"
        );
    }
    config = config.replace("tools:\n", &tools).replace("steps:\n", &more);
    site.write("proofhouse.yaml", config);
    site.commit("With scanners");

    let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    for (name, ..) in steps {
        let step = run["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap();
        assert_eq!(step["result"], "passed", "{step}");
        let found = site.proofhouse(&["findings", "--scanner", name, "--format", "json"]).expect(0).json();
        let found = found.as_array().unwrap();
        assert!(!found.is_empty(), "{name} finds the seeded weaknesses");
    }
    let findings =
        site.proofhouse(&["findings", "--scanner", "semgrep", "--format", "json"]).expect(0).json();
    assert_eq!(findings[0]["place"]["path"], "bookshelf/store.py");
    assert_eq!(findings[0]["cwe"][0], 89);

    // Two scanners see one weakness: that is told.
    let agreeing = site.proofhouse(&["findings", "--technique", "sast"]).expect(0).out;
    assert!(agreeing.contains("agrees with"), "{agreeing}");

    // What the scanners found stands in the gate, each from its pinned tool.
    let explained = site.proofhouse(&["gate", "explain", "production", "--format", "json"]).expect(1).json();
    let statements = explained["evidence"]["statements"].as_array().unwrap();
    for (name, ..) in steps {
        let fact = statements.iter().find(|fact| fact["name"] == name).unwrap();
        assert!(fact["tool"]["digest"].is_string() && fact["signed"] == true, "{fact}");
    }
    // Nothing changed: the scans come from the cache, although some of them exited with "found something".
    let again = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    let fresh: Vec<_> = again["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|s| s["cached"] != true)
        .map(|s| s["name"].clone())
        .collect();
    assert!(fresh.is_empty(), "run again: {fresh:?}");
}
