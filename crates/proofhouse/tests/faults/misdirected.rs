//! Commands that are pointed at the wrong thing.

use std::{fs, os::unix::net::UnixListener, path::Path, process::Command};

use crate::{
    kit::{SARIF, Tiny, entries, refused, run},
    support::Site,
};

struct Wrong {
    site: Site,
    before: usize,
}

impl Wrong {
    fn new() -> Self {
        let tiny = Tiny::new();
        tiny.site.proofhouse(&["run"]).expect(0);
        let site = tiny.site;
        run(Command::new("mkfifo").arg(site.path().join("pipe")));
        fs::write(site.path().join("noise"), (0..=255).cycle().take(100_000).collect::<Vec<u8>>()).unwrap();
        let before = entries(&site).len();
        Self { site, before }
    }

    fn at(&self, name: &str) -> String {
        self.site.path().join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Wrong {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(entries(&self.site).len(), self.before, "nothing was recorded");
        }
    }
}

#[test]
fn an_import() {
    let wrong = Wrong::new();
    let _listener = UnixListener::bind(wrong.site.path().join("socket")).unwrap();
    let database = wrong.site.home().join("db.sqlite");
    for (path, code, word) in [
        (wrong.at("project"), "not-a-file", "a folder"),
        ("/dev/zero".to_owned(), "not-a-file", "a device"),
        ("/dev/null".to_owned(), "not-a-file", "a device"),
        (wrong.at("pipe"), "not-a-file", "a pipe"),
        (wrong.at("socket"), "not-a-file", "a socket"),
        (wrong.at("nothing"), "file-not-found", "nothing"),
        (database.to_string_lossy().into_owned(), "report-unrecognised", "not a JSON document"),
        (wrong.at("noise"), "report-unrecognised", "not a JSON document"),
    ] {
        refused(wrong.site.proofhouse(&["import", &path]), 2, code, &[word, "hint:"]);
    }
    let path = database.to_string_lossy();
    refused(
        wrong.site.proofhouse(&["import", &path, "--report-format", "sarif"]),
        2,
        "report-wrong-format",
        &["line 1"],
    );
}

#[test]
fn a_verification() {
    let wrong = Wrong::new();
    let artifact = wrong.at("project/app.pl");
    for (path, code) in [
        (wrong.at("project"), "not-a-file"),
        ("/dev/zero".to_owned(), "not-a-file"),
        (wrong.at("pipe"), "not-a-file"),
        (wrong.at("nothing"), "file-not-found"),
    ] {
        refused(wrong.site.proofhouse(&["verify", &path]), 2, code, &[&path, "hint:"]);
        refused(
            wrong.site.proofhouse(&["verify", &artifact, "--bundle", &path, "--trust", &path]),
            2,
            code,
            &[&path],
        );
    }
    let noise = wrong.at("noise");
    refused(
        wrong.site.proofhouse(&["verify", &artifact, "--bundle", &noise, "--trust", &noise]),
        2,
        "bundle-malformed",
        &[],
    );
    refused(wrong.site.proofhouse(&["verify", &wrong.at("noise")]), 1, "artifact-unknown", &["--bundle"]);
}

#[test]
fn feeds() {
    let wrong = Wrong::new();
    fs::create_dir(wrong.at("empty")).unwrap();
    fs::write(wrong.at("not-advisories.json"), "{}").unwrap();
    fs::write(wrong.at("cut.zip"), b"PK\x03\x04 and no more").unwrap();
    for (path, code) in [
        (wrong.at("noise"), "feed-empty"),
        (wrong.at("empty"), "feed-empty"),
        (wrong.at("not-advisories.json"), "feed-empty"),
        (wrong.at("cut.zip"), "feed-archive"),
        ("/dev/zero".to_owned(), "not-a-file"),
        (wrong.at("pipe"), "not-a-file"),
        (wrong.at("nothing"), "file-not-found"),
    ] {
        refused(
            wrong.site.proofhouse(&["feeds", "import", &path, "--name", "wrong"]),
            2,
            code,
            &[&path, "hint:"],
        );
    }
    assert!(wrong.site.proofhouse(&["feeds", "list"]).expect(0).out.is_empty());
}

#[test]
fn a_folder_that_is_none() {
    let wrong = Wrong::new();
    let report = wrong.at("report.sarif");
    fs::write(&report, SARIF).unwrap();
    for (path, code) in [
        (wrong.at("project/app.pl"), "not-a-folder"),
        (wrong.at("nowhere"), "folder-not-found"),
        ("/dev/null".to_owned(), "not-a-folder"),
    ] {
        for command in
            [&["run"][..], &["plan"], &["scan"], &["init"], &["deploy", "staging"], &["import", &report]]
        {
            refused(wrong.site.proofhouse(&[&["-C", &path], command].concat()), 2, code, &[&path, "hint:"]);
        }
    }
    assert!(!Path::new(&wrong.at("nowhere")).exists());
}

#[test]
fn names_that_do_not_exist() {
    let wrong = Wrong::new();
    let site = &wrong.site;
    refused(site.proofhouse(&["deploy", "stagging"]), 2, "environment-unknown", &["staging"]);
    refused(site.proofhouse(&["run", "bulid"]), 2, "step-unknown", &["build"]);
    refused(site.proofhouse(&["ledger", "show", "99999"]), 2, "ledger-no-entry", &["99999"]);
    refused(site.proofhouse(&["ledger", "prove", "99999"]), 2, "ledger-no-entry", &["99999"]);
    refused(
        site.proofhouse(&["deploy", "staging", "--run", "01a20678-0000-7000-8000-000000000000"]),
        2,
        "run-unknown",
        &[],
    );
}
