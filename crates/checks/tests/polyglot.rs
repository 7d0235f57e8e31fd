//! Recall of the secrets and configuration checks on the seeded project, when it is at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use checks::{FolderTree, config, secrets};

fn project() -> Option<(PathBuf, FolderTree)> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let shared = std::env::var_os("PROOFHOUSE_SHARED_DATA").map_or(default, PathBuf::from);
    match FolderTree::walk(shared.join("scans/_inputs/polyglot")) {
        Ok(tree) => Some((shared, tree)),
        Err(_) => {
            println!("the shared data folder is not here: nothing to test");
            None
        }
    }
}

#[test]
fn every_seeded_credential_is_found() {
    let Some((shared, tree)) = project() else { return };
    let report = secrets::scan(&tree, &secrets::Options::default());
    assert_eq!(report.coverage.errors, [] as [String; 0]);
    let found: BTreeSet<(String, u32)> = report
        .findings
        .iter()
        .map(|f| (f.place.path().unwrap().to_owned(), f.place.line().unwrap()))
        .collect();
    let seeds = fs::read_to_string(shared.join("scans/polyglot-seeds.tsv")).unwrap();
    let mut expected: BTreeSet<(String, u32)> = seeds
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (path, line, cwe) = (fields.next()?, fields.next()?, fields.next()?);
            cwe.contains("CWE-798").then(|| (path.to_owned(), line.parse().unwrap()))
        })
        .collect();
    // Every assignment of the environment file is a credential.
    expected.extend((2..=9).map(|line| ("app/.env.prod".to_owned(), line)));
    let hit = expected.intersection(&found).count();
    println!("recall {hit}/{}; all findings:", expected.len());
    report.findings.iter().for_each(|f| println!("  {} {}", f.rule, f.place.label()));
    assert_eq!(hit, expected.len(), "missed {:?}", expected.difference(&found));
}

#[test]
fn seeded_misconfigurations_are_found() {
    let Some((_, tree)) = project() else { return };
    let report = config::scan(&tree);
    assert_eq!(report.coverage.errors, [] as [String; 0]);
    let found: BTreeSet<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
    println!("{} findings, {found:?}", report.findings.len());
    let expected = [
        "docker-floating-image",
        "docker-secret-in-variable",
        "docker-add-url",
        "docker-pipe-to-shell",
        "docker-root-user",
        "docker-clear-text-download",
        "docker-expose-ssh",
        "gha-untrusted-checkout",
        "gha-script-injection",
        "gha-action-from-branch",
        "gha-unpinned-action",
        "gha-write-all",
        "gha-all-secrets",
        "k8s-privileged",
        "k8s-host-namespace",
        "k8s-runtime-socket",
        "k8s-root-user",
        "k8s-floating-image",
        "k8s-privilege-escalation",
        "k8s-secret-in-clear",
    ];
    for rule in expected {
        assert!(found.contains(rule), "{rule}");
    }
}
