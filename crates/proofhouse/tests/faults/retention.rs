//! Old content goes: what is left still verifies, the way back is closed, and `kill -9` in the middle leaves
//! either everything or nothing to be done.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{
    kit::{SARIF, Tiny, eventually},
    support::{Answer, Site},
};

const RETAIN: [&str; 8] = [
    "ledger",
    "retain",
    "--older-than",
    "0d",
    "--types",
    "scan,run,receipt,deployment,key,https://slsa.dev/provenance/v1",
    "--reason",
    "kept long enough",
];

/// Two deployed runs, a scan, and nothing removed yet.
fn lived_in() -> Tiny {
    let tiny = Tiny::new();
    tiny.site.proofhouse(&["trust", "init"]).expect(0);
    for word in ["one", "two"] {
        tiny.answer(word);
        tiny.site.commit(word);
        tiny.site.proofhouse(&["run"]).expect(0);
        tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    }
    tiny.site.write("report.sarif", SARIF);
    tiny.site.proofhouse(&["import", "report.sarif"]).expect(0);
    tiny
}

fn show(site: &Site) -> Vec<Value> {
    let told = site.proofhouse(&["ledger", "show", "--most", "1000", "--format", "json"]).expect(0).out;
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kind(entry: &Value) -> &str {
    entry["predicateType"].as_str().unwrap().trim_start_matches("urn:proofhouse:predicate:")
}

fn blobs(home: &Path) -> BTreeSet<String> {
    let folders = fs::read_dir(home.join("blobs")).unwrap().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.map(|file| file.path().display().to_string()).collect()
}

#[test]
fn old_content_goes_and_everything_else_stays_provable() {
    let tiny = lived_in();
    let site = &tiny.site;
    let (before, stored) = (show(site), blobs(&site.home()));
    let dry = site.proofhouse(&[&RETAIN[..], &["--dry-run", "--format", "json"]].concat()).expect(0).json();
    assert_eq!(dry["removedBy"], Value::Null);
    assert_eq!((show(site), blobs(&site.home())), (before.clone(), stored.clone()), "a dry run only tells");
    let kept: Vec<_> =
        dry["choice"]["kept"].as_array().unwrap().iter().map(|kept| kept["index"].clone()).collect();
    let newest = |wanted: &str| before.iter().rfind(|entry| kind(entry) == wanted).unwrap()["index"].clone();
    for wanted in ["deployment:v1", "receipt:v1", "key:v1"] {
        assert!(kept.contains(&newest(wanted)), "{wanted} must stay: {kept:?}");
    }

    let done = site.proofhouse(&[&RETAIN[..], &["--format", "json"]].concat()).expect(0).json();
    let by = done["removedBy"].as_u64().unwrap();
    assert_eq!(done["choice"], dry["choice"]);
    let gone: BTreeSet<_> =
        done["choice"]["entries"].as_array().unwrap().iter().map(|e| e["index"].as_u64().unwrap()).collect();
    let after = show(site);
    for (old, new) in before.iter().zip(&after) {
        let index = old["index"].as_u64().unwrap();
        assert_eq!(old["envelope"], new["envelope"]);
        assert_eq!(kind(new) == "removed:v1", gone.contains(&index), "{new}");
    }
    assert!(blobs(&site.home()).len() < stored.len(), "findings and logs went too");

    let one = gone.first().unwrap().to_string();
    let told = site.proofhouse(&["ledger", "show", &one]).expect(0).json();
    assert_eq!(
        (&told["removed"]["by"], &told["removed"]["reason"]),
        (&by.into(), &"kept long enough".into())
    );
    let proof = site.proofhouse(&["ledger", "prove", &one]).expect(0);
    assert!(proof.json()["tlogEntry"]["inclusionProof"]["hashes"].is_array());
    assert!(proof.err.contains("content was removed"), "{}", proof.err);
    let intact = site.proofhouse(&["ledger", "verify"]).expect(0);
    assert!(intact.out.contains("was removed, as the ledger says"), "{}", intact.out);
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    site.proofhouse(&["ledger", "export", "../public"]).expect(0);

    // Life goes on; what leaned on what is gone does not pass.
    let again = site.proofhouse(&RETAIN).expect(0);
    assert!(again.out.contains("nothing is old enough") || again.out.contains("removed the content"));
    let refused = site.proofhouse(&["deploy", "staging"]);
    assert_ne!(refused.code, 0, "the run's evidence is gone: {}", refused.text());
    tiny.answer("six");
    site.commit("six");
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn what_is_deployed_stays_proven_when_a_later_deployment_was_refused() {
    let tiny = Tiny::new();
    let site = &tiny.site;
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    site.write(
        "proofhouse.yaml",
        config.replace("require-clean-source: false", "require-clean-source: true"),
    );
    tiny.answer("two");
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(1);
    site.write("report.sarif", SARIF);
    site.proofhouse(&["import", "report.sarif"]).expect(0);
    let reason = ["--until", "30d", "--reason", "a change that is nowhere yet"];
    site.proofhouse(&[&["gate", "except", "source-clean"], &reason[..]].concat()).expect(0);

    let types = "scan,exception,deployment,receipt,https://slsa.dev/verification_summary/v1";
    let retain = ["ledger", "retain", "--older-than", "0d", "--types", types, "--reason", "long ago"];
    let told = site.proofhouse(&retain).expect(0).out;
    assert!(
        told.contains("3 statements and"),
        "only the report and the checks of what runs made may go: {told}"
    );
    site.proofhouse(&["verify", "--deployment", "staging"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
}

#[test]
fn a_run_waits_for_a_removal_that_is_under_way() {
    let tiny = Tiny::new();
    let site = &tiny.site;
    site.proofhouse(&["trust", "init"]).expect(0);
    let note = site.home().join("retention.json");
    let removal = fs::File::create(&note).unwrap();
    removal.lock().unwrap();
    let mut run = site.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = || fs::read_dir(site.home().join("active")).ok()?.next();
    assert!(eventually(begun).is_some(), "it notes that it has begun");
    let journal = site.home().join("ledger/journal/00000000000000000000.seg");
    let before = fs::metadata(&journal).unwrap().len();
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(fs::metadata(&journal).unwrap().len(), before, "nothing is recorded meanwhile");
    fs::remove_file(&note).unwrap();
    drop(removal);
    assert!(run.wait().unwrap().success());
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

#[test]
fn kill_9_in_the_middle_of_a_removal_leaves_all_or_nothing() {
    let tiny = lived_in();
    let site = &tiny.site;
    let saved = site.path().join("saved");
    copy(&site.home(), &saved);
    let start = std::time::Instant::now();
    site.proofhouse(&RETAIN).expect(0);
    let usual = start.elapsed();
    let (mut nothing, mut ended) = (0, 0);
    for moment in 0..40 {
        fs::remove_dir_all(site.home()).unwrap();
        copy(&saved, &site.home());
        let mut child = site
            .command(&RETAIN)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(usual * moment / 40 + Duration::from_millis(1));
        let _ = child.kill();
        child.wait().unwrap();
        // The signer notices that nobody is there any more.
        let intact: Answer = site.proofhouse(&["ledger", "verify"]);
        assert_eq!(intact.code, 0, "after {moment}/40: {}", intact.text());
        assert!(!site.home().join("retention.json").exists() && !site.home().join("ledger/redo").exists());
        let now = show(site);
        let removals: Vec<_> = now.iter().filter(|entry| kind(entry) == "removal:v1").collect();
        let gone: BTreeSet<_> =
            now.iter().filter(|e| kind(e) == "removed:v1").map(|e| e["index"].clone().to_string()).collect();
        match removals.as_slice() {
            [] => {
                assert!(gone.is_empty(), "nothing goes without a word");
                nothing += 1;
            }
            [removal] => {
                let index = removal["index"].to_string();
                let said = site.proofhouse(&["ledger", "show", &index]).expect(0).json();
                let entries = said["statement"]["predicate"]["entries"].as_array().unwrap();
                let named: BTreeSet<_> = entries.iter().map(|entry| entry["index"].to_string()).collect();
                assert_eq!(named, gone, "what is said to go is gone");
                for blob in said["statement"]["predicate"]["blobs"].as_array().unwrap() {
                    let hex = blob.as_str().unwrap();
                    assert!(!site.home().join("blobs").join(&hex[..2]).join(&hex[2..]).exists());
                }
                ended += 1;
            }
            more => panic!("{} removals", more.len()),
        }
    }
    assert!(nothing > 0 && ended > 0, "{nothing} before, {ended} after: the moments were badly chosen");
}
