//! What was exported is verified elsewhere: no home, no ledger, no network; and every change is named.

use std::{fs, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use model::Sha256;

use crate::support::{Answer, PROOFHOUSE, Site};

struct Exported {
    site: Site,
    artifact: std::path::PathBuf,
}

impl Exported {
    fn new() -> Self {
        let site = Site::bookshelf();
        let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
        let digest = run["steps"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|s| s["outputs"].as_array().unwrap().clone())
            .find(|o| o["path"] == "dist/bookshelf.pyz")
            .unwrap()["digest"]["hash"]
            .as_str()
            .unwrap()
            .to_owned();
        site.proofhouse(&["deploy", "staging"]).expect(0);
        let to = site.path().join("evidence.jsonl");
        site.proofhouse(&["ledger", "export", "--artifact", &digest, to.to_str().unwrap()]).expect(0);
        fs::write(site.path().join("trust.json"), site.proofhouse(&["ledger", "trust"]).expect(0).out)
            .unwrap();
        let release = site.environment("staging").join("current").canonicalize().unwrap();
        let artifact = site.path().join("received.pyz");
        fs::copy(release.join("bookshelf.pyz"), &artifact).unwrap();
        Self { site, artifact }
    }

    /// On a machine that has only the three files.
    fn verify(&self, more: &[&str]) -> Answer {
        let nowhere = self.site.path().join("nowhere");
        fs::create_dir_all(&nowhere).unwrap();
        let mut command = Command::new(PROOFHOUSE);
        command.env_clear().current_dir(&nowhere).arg("verify").arg(&self.artifact);
        command.arg("--bundle").arg(self.site.path().join("evidence.jsonl"));
        command.arg("--trust").arg(self.site.path().join("trust.json")).args(more);
        Answer::of(command.output().unwrap())
    }
}

#[test]
fn a_stranger_learns_who_built_it_from_which_commit_with_what_and_what_was_decided() {
    let exported = Exported::new();
    let told = exported.verify(&["--environment", "staging"]).expect(0).out;
    let output = Command::new("git")
        .current_dir(exported.site.project())
        .args(["rev-parse", "HEAD"])
        .output()
        .unwrap();
    let commit = String::from_utf8(output.stdout).unwrap();
    for part in
        ["urn:proofhouse:builder:", commit.trim(), "python", "proofhouse-sast", "sbom", "staging", "verified"]
    {
        assert!(told.contains(part), "no {part} in\n{told}");
    }
    let denied = exported.verify(&["--environment", "production"]).expect(1).out;
    assert!(denied.contains("verify-no-decision"), "{denied}");
}

#[test]
fn a_changed_artifact_statement_or_trust_does_not_verify() {
    let exported = Exported::new();
    let evidence = exported.site.path().join("evidence.jsonl");
    let good = fs::read_to_string(&evidence).unwrap();

    let bytes = fs::read(&exported.artifact).unwrap();
    fs::write(&exported.artifact, [bytes.as_slice(), b"!"].concat()).unwrap();
    assert!(exported.verify(&[]).expect(1).out.contains("verify-digest-not-in-subject"));
    fs::write(&exported.artifact, bytes).unwrap();

    // One statement is exchanged for another one's content.
    let mut lines: Vec<serde_json::Value> = good.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let other = lines[1]["dsseEnvelope"]["payload"].clone();
    lines[0]["dsseEnvelope"]["payload"] = other;
    let forged: String = lines.iter().map(|l| format!("{l}\n")).collect();
    fs::write(&evidence, forged).unwrap();
    assert!(exported.verify(&[]).expect(1).out.contains("verify-bad-signature"));

    fs::write(&evidence, &good[..good.len() / 2]).unwrap();
    exported.verify(&[]).expect(2);

    fs::write(&evidence, good).unwrap();
    let other = Site::new();
    fs::write(exported.site.path().join("trust.json"), other.proofhouse(&["ledger", "trust"]).expect(0).out)
        .unwrap();
    assert!(exported.verify(&[]).expect(1).out.contains("bundle-timestamp-authority"));
}

#[test]
fn the_database_is_made_anew_from_the_ledger_and_a_changed_row_is_named() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let findings = site.proofhouse(&["findings", "--format", "json"]).expect(0).out;
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(site.home().join(format!("db.sqlite{suffix}")));
    }
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    assert_eq!(site.proofhouse(&["findings", "--format", "json"]).expect(0).out, findings);

    let python = "import sqlite3,sys; db=sqlite3.connect(sys.argv[1]); \
                  print(db.execute(\"update findings set severity=0 where severity>=3\").rowcount); db.commit()";
    let changed =
        Command::new("python3").args(["-c", python]).arg(site.home().join("db.sqlite")).output().unwrap();
    assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    let told = site.proofhouse(&["ledger", "verify"]).expect(4).out;
    assert!(told.contains("findings") && told.contains("severity"), "{told}");
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_changed_blob_tile_checkpoint_or_journal_is_detected_and_named() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    let flip = |path: &std::path::Path| {
        let before = fs::read(path).unwrap();
        let mut after = before.clone();
        let middle = after.len() / 2;
        after[middle] ^= 1;
        fs::write(path, after).unwrap();
        before
    };
    let find = |folder: &str| -> std::path::PathBuf {
        let mut stack = vec![site.home().join(folder)];
        while let Some(path) = stack.pop() {
            if path.is_file() && fs::metadata(&path).unwrap().len() > 0 {
                return path;
            }
            if path.is_dir() {
                stack.extend(fs::read_dir(&path).unwrap().flatten().map(|e| e.path()));
            }
        }
        panic!("no file in {folder}")
    };
    for (place, word) in [("blobs", "blob"), ("ledger/tile", "tile"), ("ledger/journal", "record")] {
        let path = find(place);
        let before = flip(&path);
        let told = site.proofhouse(&["ledger", "verify"]);
        assert_eq!(told.code, 4, "{place}: {}", told.text());
        assert!(told.text().contains(word), "{place}: {}", told.text());
        fs::write(&path, before).unwrap();
        site.proofhouse(&["ledger", "verify"]).expect(0);
    }
    let checkpoint = site.home().join("ledger/checkpoint");
    let before = flip(&checkpoint);
    let told = site.proofhouse(&["ledger", "verify"]);
    assert!(told.code == 4 && told.text().contains("checkpoint"), "{}", told.text());
    fs::write(&checkpoint, before).unwrap();
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn a_deployment_is_verified_elsewhere_with_its_decision_and_what_the_target_saw() {
    let exported = Exported::new();
    let told = exported.verify(&["--deployment", "staging"]).expect(0).out;
    for part in ["bookshelf in staging", "deployed", "before-activation", "after-activation", "is verified"] {
        assert!(told.contains(part), "no {part} in\n{told}");
    }
    let own = exported.site.proofhouse(&["verify", "--deployment", "staging", "--format", "json"]);
    let report = own.expect(0).json();
    let id = report["deployment"]["deployment"].as_str().unwrap().to_owned();
    exported.verify(&["--deployment", &id]).expect(0);
    assert!(exported.verify(&["--deployment", "production"]).expect(1).err.contains("verify-no-deployment"));

    // What was not let in is told as such, also by its id.
    let refused = exported.site.proofhouse(&["deploy", "production", "--format", "json"]).expect(1).json();
    let refused = refused["deployment"].as_str().unwrap();
    let told = exported.site.proofhouse(&["verify", "--deployment", refused]).expect(1).text();
    assert!(told.contains("verify-not-deployed"), "{told}");

    // What is left out is missed.
    let evidence = exported.site.path().join("evidence.jsonl");
    let good = fs::read_to_string(&evidence).unwrap();
    let without = |part: &str| {
        let said = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            String::from_utf8(BASE64.decode(line["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap())
                .unwrap()
        };
        let lines = good.lines().filter(|line| !said(line).contains(part));
        fs::write(&evidence, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        exported.verify(&["--deployment", "staging"]).expect(1).text()
    };
    assert!(without("after-activation").contains("verify-no-receipt"));
    assert!(without("\"https://slsa.dev/verification_summary/v1\"").contains("verify-no-decision"));
    fs::write(&evidence, &good).unwrap();
    fs::write(&exported.artifact, "another file").unwrap();
    assert!(exported.verify(&["--deployment", "staging"]).expect(1).err.contains("verify-other-artifact"));
}

/// A file that somebody made, the evidence of it, and the trust file.
fn built(bytes: &str) -> Site {
    let site = Site::new();
    fs::create_dir_all(site.project()).unwrap();
    let script = format!("printf %s '{bytes}' > app");
    let wrap = ["attest", "--project", "app", "--output", "app", "--", "sh", "-c", &script];
    site.proofhouse(&wrap).expect(0);
    let app = site.project().join("app");
    let digest = Sha256::of(fs::read(&app).unwrap()).hex();
    let to = site.path().join("evidence.jsonl");
    site.proofhouse(&["ledger", "export", "--artifact", &digest, to.to_str().unwrap()]).expect(0);
    fs::write(site.path().join("trust.json"), site.proofhouse(&["trust", "file"]).expect(0).out).unwrap();
    site
}

#[test]
fn two_organisations_must_say_the_same_where_two_are_demanded() {
    let (ours, theirs, others) = (built("one"), built("one"), built("two"));
    let file = |site: &Site, name: &str| site.path().join(name).to_str().unwrap().to_owned();
    let evidence = |sites: &[&Site]| -> String {
        sites.iter().map(|site| fs::read_to_string(file(site, "evidence.jsonl")).unwrap()).collect()
    };
    let (app, all) = (ours.project().join("app"), file(&ours, "all.jsonl"));
    let ask = |said: &str, trusts: &[&Site], more: &[&str]| {
        fs::write(&all, said).unwrap();
        let mut command = Command::new(PROOFHOUSE);
        command.env_clear().current_dir(ours.path()).arg("verify").arg(&app).args(["--bundle", &all]);
        for site in trusts {
            command.args(["--trust", &file(site, "trust.json")]);
        }
        Answer::of(command.args(more).output().unwrap())
    };
    let both = evidence(&[&ours, &theirs]);
    ask(&both, &[&ours, &theirs], &["--threshold", "2"]).expect(0);
    let few = |answer: Answer| assert!(answer.expect(1).err.contains("verify-too-few-signers"));
    few(ask(&both, &[&ours], &["--threshold", "2"]));
    few(ask(&evidence(&[&ours, &ours]), &[&ours, &theirs], &["--threshold", "2"]));
    few(ask(&evidence(&[&ours, &others]), &[&ours, &others], &["--threshold", "2"]));
    few(ask(
        &both,
        &[&ours, &theirs],
        &["--threshold", "2", "--predicate-type", "https://example.org/audit"],
    ));
    few(ask(&both, &[&ours, &theirs], &["--threshold", "1", "--by", "https://nobody.example"]));
    // A statement and the file signature of one organisation are of one organisation.
    few(ask(&both, &[&ours, &ours], &["--threshold", "2"]));
    ask(&both, &[&ours, &theirs], &["--threshold", "0"]).expect(2);
    ask(&both, &[&ours, &theirs], &[]).expect(2);

    let told = ours.proofhouse(&["verify", "--statements", "--bundle", &all]).expect(1).out;
    assert!(
        told.contains("https://slsa.dev/provenance/v1 about app")
            && told.contains("[bundle-timestamp-authority]"),
        "{told}"
    );
    let own = file(&ours, "evidence.jsonl");
    ours.proofhouse(&["verify", "--statements", "--bundle", &own, "--format", "json"]).expect(0);
    fs::write(&all, "").unwrap();
    let told = ours.proofhouse(&["verify", "--statements", "--bundle", &all]).expect(2).err;
    assert!(told.contains("bundle-malformed"), "no statements are not good statements: {told}");
}
