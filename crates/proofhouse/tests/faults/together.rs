//! Several commands at once in one installation.

use std::{
    fs,
    process::{Child, Stdio},
};

use crate::{
    kit::{NO_CHECKS, SARIF, Tiny, entries, eventually, intact, no_process_left, refused},
    support::{Answer, Site},
};

fn start(site: &Site, arguments: &[&str]) -> Child {
    site.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Answer {
    Answer::of(child.wait_with_output().unwrap())
}

#[test]
fn two_runs() {
    let site = Site::new();
    site.write("proofhouse.yaml", format!("version: 1\nproject: both\n{NO_CHECKS}steps:\n  make: {{ kind: build, run: sleep 0.5; date > out, outputs: [out] }}\n"));
    site.commit("Both");
    for _ in 0..3 {
        let children: Vec<Child> = (0..3).map(|_| start(&site, &["run", "--no-cache"])).collect();
        for told in children.into_iter().map(end) {
            let told = told.expect(0);
            assert!(
                !told.err.contains("interrupted") && !told.err.contains("not written to its end"),
                "{}",
                told.err
            );
        }
    }
    let runs = entries(&site).iter().filter(|(_, _, kind)| kind.ends_with("run:v1")).count();
    assert_eq!(runs, 18, "each of nine has its beginning and its end");
    intact(&site);
    no_process_left(&site);
}

#[test]
fn two_deployments() {
    let tiny = Tiny::new();
    tiny.site.proofhouse(&["run"]).expect(0);
    tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    tiny.answer("two");
    // Slow to start, so that the second deployment meets the first.
    let app = fs::read_to_string(tiny.site.project().join("app.pl")).unwrap();
    tiny.site.write("app.pl", app.replace("my $server", "sleep 3;\nmy $server"));
    tiny.site.proofhouse(&["run"]).expect(0);
    let first = start(&tiny.site, &["deploy", "staging"]);
    let journal = tiny.site.path().join("environments/tiny/staging/journal.json");
    assert!(eventually(|| journal.exists().then_some(())).is_some());
    let second = tiny.site.proofhouse(&["deploy", "staging"]);
    refused(second, 3, "deploy-busy", &["staging", "hint:"]);
    end(first).expect(0);
    assert_eq!(tiny.says().as_deref(), Some("two"));
    tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    intact(&tiny.site);
    no_process_left(&tiny.site);
}

#[test]
fn a_run_during_an_import() {
    let tiny = Tiny::new();
    let result = SARIF.find("{\"ruleId\"").unwrap();
    let many: Vec<String> =
        (0..5000).map(|n| SARIF[result..SARIF.len() - 4].replace("r1", &format!("r{n}"))).collect();
    let report = tiny.site.path().join("report.sarif");
    fs::write(&report, format!("{}{}]}}]}}", &SARIF[..result], many.join(","))).unwrap();
    let import = start(&tiny.site, &["import", report.to_str().unwrap(), "--format", "json"]);
    let runs: Vec<Child> = (0..2).map(|_| start(&tiny.site, &["run"])).collect();
    let imported = end(import).expect(0).json();
    assert_eq!(imported["findings"], 5000);
    runs.into_iter().for_each(|run| drop(end(run).expect(0)));
    let all = entries(&tiny.site);
    assert!(
        all.iter()
            .any(|(index, _, kind)| Some(*index) == imported["index"].as_u64() && kind.ends_with("scan:v1"))
    );
    intact(&tiny.site);
}
