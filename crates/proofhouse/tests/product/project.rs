//! First contact: init, plan, schema, completions, errors that point at the place, the demo.

use std::fs;

use crate::support::{Answer, Site, free_port};

#[test]
fn the_demo_shows_a_newcomer_both_a_warning_and_a_block() {
    let site = Site::new();
    let home = site.path().join("demo");
    let mut command =
        site.command(&["demo", "--no-serve", "--format", "json", "--home", home.to_str().unwrap()]);
    let shown = Answer::of(command.output().unwrap()).expect(0).json();
    assert_eq!(shown["run"], "passed");
    assert_eq!(shown["staging"], "deployed");
    assert_eq!(shown["production"], "denied");
}

#[test]
fn init_writes_a_file_that_runs_as_it_is_and_never_overwrites() {
    let site = Site::new();
    site.write(
        "setup.py",
        "from setuptools import setup\nsetup(name='tiny', version='1', packages=['tiny'])\n",
    );
    site.write("tiny/__init__.py", "def double(n):\n    return 2 * n\n");
    site.write("tests/test_tiny.py", "import unittest\nimport tiny\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(tiny.double(2), 4)\n");
    site.commit("Tiny");
    site.proofhouse(&["init"]).expect(0);
    let text = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    assert!(text.contains('#'), "it is commented");
    site.proofhouse(&["plan"]).expect(0);
    site.proofhouse(&["run"]).expect(0);
    let again = site.proofhouse(&["init"]).expect(2);
    assert!(again.err.contains("config-exists"), "{}", again.err);
    assert_eq!(fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap(), text);
}

#[test]
fn a_wrong_configuration_is_told_with_place_and_suggestion() {
    let site = Site::new();
    site.write(
        "proofhouse.yaml",
        "version: 1\nproject: x\nsteps:\n  build:\n    kind: build\n    ruun: make\n",
    );
    let told = site.proofhouse(&["plan"]).expect(2).err;
    assert!(told.contains("config-unknown-key") && told.contains("proofhouse.yaml:6:5"), "{told}");
    assert!(told.contains('^') && told.contains("run"), "{told}");
    let outside = Site::new().proofhouse(&["plan"]).expect(2).err;
    assert!(outside.contains("config-not-found") && outside.contains("proofhouse init"), "{outside}");
}

#[test]
fn any_folder_can_be_scanned_without_a_configuration_in_git_or_not() {
    let site = Site::new();
    site.write("0123/Dockerfile", "FROM debian:latest\nUSER 1\n");
    let folder = site.project().join("0123");
    let scan = ["scan", "-C", folder.to_str().unwrap()];
    let told = site.proofhouse(&scan).expect(0).text();
    assert!(told.contains("there is no proofhouse.yaml") && told.contains("docker-floating"), "{told}");
    site.commit("A Dockerfile and nothing else");
    assert!(site.proofhouse(&scan).expect(0).out.contains("docker-floating"));
    let listed = site.proofhouse(&["findings", "--project", "0123"]).expect(0).out;
    assert!(listed.contains("docker-floating"), "{listed}");
}

#[test]
fn a_gate_rule_that_cannot_be_used_stops_the_plan_and_the_run_in_one_line() {
    let site = Site::new();
    let config = "version: 1\nproject: x\nsteps:\n  a: { kind: test, run: 'true' }\ngate:\n  rules: ['policy/*.rego']\n";
    site.write("proofhouse.yaml", config);
    let missing = site.proofhouse(&["plan"]).expect(2).err;
    assert!(missing.contains("policy-missing") && missing.contains("proofhouse.yaml:6:11"), "{missing}");
    for (text, code) in [
        ("package proofhouse.gate.own\nimport rego.v1\ndeny contains x if {\n", "policy-syntax"),
        ("package proofhouse.gate.own\nx := 1\n", "policy-no-verdict"),
        (
            "package proofhouse.gate.no_secrets\nimport rego.v1\ndeny contains {\"code\": \"a\", \"message\": \"b\"} if false\n",
            "policy-duplicate-rule",
        ),
    ] {
        site.write("policy/own.rego", text);
        for command in ["plan", "run"] {
            let told = site.proofhouse(&[command]).expect(2).err;
            let line =
                told.lines().find(|line| line.contains(code)).unwrap_or_else(|| panic!("{code}: {told}"));
            assert!(line.contains("policy/own.rego"), "{told}");
            assert!(told.lines().count() <= 2, "one line and a hint: {told}");
        }
    }
}

#[test]
fn schema_and_completions_are_printed() {
    let site = Site::new();
    let schema = site.proofhouse(&["schema"]).expect(0).json();
    assert!(schema["properties"]["steps"].is_object());
    for shell in ["bash", "zsh", "fish"] {
        assert!(site.proofhouse(&["completions", shell]).expect(0).out.contains("proofhouse"));
    }
}

#[test]
fn a_server_that_would_be_open_to_the_network_does_not_start() {
    let site = Site::new();
    let refused = site.proofhouse(&["serve", "--listen", &format!("0.0.0.0:{}", free_port())]).expect(2);
    assert!(refused.err.contains("server-insecure-listen"), "{}", refused.err);
}

#[test]
fn doctor_tells_what_is_good_and_what_is_weak() {
    let site = Site::new();
    let told = site.proofhouse(&["doctor"]).expect(0).out;
    assert!(told.contains("sandbox") && told.contains("home") && told.contains("advisories"), "{told}");
}
