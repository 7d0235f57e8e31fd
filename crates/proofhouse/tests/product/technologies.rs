//! Technologies as people decide about them: evaluated on data, signed by a quorum, void when something changes,
//! reopened when something happens.

use std::fs;

use crate::{release_review::as_user, support::Site};

/// A catalogue of the organisation with one entry; `more` is added to it.
fn catalogue(more: &str) -> String {
    format!(
        "version: 1\nunlisted: ignore\nquorum: {{ not-effective: deny }}\ntechnologies:\n  - name: Waitress\n    \
         quadrant: languages-frameworks\n    ring: adopt\n    match: [{{ purl: \"pkg:pypi/waitress\" }}]\n    \
         owner: web team\n    rationale: Small, and we know it.\n    review-by: 2999-12-31\n{more}"
    )
}

/// The bookshelf with a catalogue beside it, and one run.
fn site() -> Site {
    let site = Site::bookshelf();
    let config = site.project().join("proofhouse.yaml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        text.replace("project: bookshelf\n", "project: bookshelf\ncatalogue: ../technologies.yaml\n"),
    )
    .unwrap();
    site.commit("A catalogue");
    fs::write(site.path().join("technologies.yaml"), catalogue("")).unwrap();
    site.proofhouse(&["run"]).expect(0);
    site
}

fn evaluated(site: &Site) -> String {
    let answer =
        site.proofhouse(&["radar", "evaluate", "Waitress", "--save", "--format", "json"]).expect(0).json();
    answer["digest"].as_str().unwrap().to_owned()
}

fn write(site: &Site, evidence: &str, more: &str) {
    fs::write(site.path().join("technologies.yaml"), catalogue(&format!("    evidence: {evidence}\n{more}")))
        .unwrap();
}

fn everybody_signs(site: &Site) {
    for (name, role) in [("ann", "architect"), ("sam", "security"), ("dee", "developer")] {
        site.proofhouse(&["radar", "sign", "waitress", "--role", role, "--name", name]).expect(0);
    }
}

fn state(site: &Site) -> (String, String) {
    let status = site.proofhouse(&["radar", "status", "--format", "json"]).expect(0).json();
    let entry = &status["entries"][0];
    (entry["state"].as_str().unwrap().to_owned(), entry["because"].to_string())
}

#[test]
fn an_entry_counts_once_its_quorum_signed_and_until_something_changes() {
    let site = site();
    let refused = |arguments: &[&str], code: &str| {
        let answer = site.proofhouse(&[&["radar"], arguments].concat()).expect(2);
        assert!(answer.err.contains(code), "{}", answer.err);
    };
    // Nobody signs what does not say on what it stands.
    assert_eq!(state(&site), ("incomplete".into(), "[\"it has no evidence\"]".into()));
    refused(&["sign", "Waitress", "--role", "architect"], "entry-incomplete");
    let evidence = evaluated(&site);
    assert_eq!(evidence.len(), 64);
    write(&site, &"0".repeat(64), "");
    refused(&["sign", "Waitress", "--role", "architect"], "evidence-unusable");
    write(&site, &evidence, "");
    refused(&["sign", "Waitress", "--role", "manager"], "role-unfit");
    refused(&["sign", "Django", "--role", "architect"], "technology-unknown");
    refused(&["sign", "Waitress", "--role", "security", "--reject", "--reason", "no"], "reason-too-short");
    // Pending: the gate denies what is used and not effective, as the catalogue says.
    assert_eq!(state(&site).0, "pending");
    site.proofhouse(&["radar", "status", "--fail"]).expect(1);
    let denied = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(denied.contains("technology-not-effective"), "{denied}");
    // One person is not a quorum, whatever roles they name.
    for role in ["architect", "security", "developer"] {
        site.proofhouse(&["radar", "sign", "Waitress", "--role", role, "--name", "ann"]).expect(0);
    }
    assert_eq!(state(&site).0, "pending");
    everybody_signs(&site);
    assert_eq!(state(&site).0, "effective");
    site.proofhouse(&["gate", "explain", "staging"]).expect(0);
    let shown = site.proofhouse(&["radar", "status", "waitress"]).expect(0).out;
    assert!(shown.contains("signed by ann as architect") && shown.contains("entered by"), "{shown}");
    // Signed statements are kept like every other: the tables follow from the ledger.
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    assert_eq!(state(&site).0, "effective");

    // A change voids, and says what changed; taking it back is as if it had never been.
    write(&site, &evidence, "    versions: \">=2\"\n");
    let (void, because) = state(&site);
    assert!(
        void == "void" && because.contains("`versions` changed from nothing to `>=2`"),
        "{void}: {because}"
    );
    site.proofhouse(&["gate", "explain", "staging"]).expect(1);
    write(&site, &evidence, "");
    assert_eq!(state(&site).0, "effective");

    // Something happens that nobody could know: it is exploited.
    let kev = r#"{"catalogVersion":"1","dateReleased":"2026-01-02T00:00:00Z","vulnerabilities":[{"cveID":"CVE-2022-31015","dateAdded":"2026-01-01"}]}"#;
    site.write("kev.json", kev);
    site.proofhouse(&["feeds", "import", "kev.json"]).expect(0);
    let (reopened, because) = state(&site);
    assert!(
        reopened == "reopened" && because.contains("CVE-2022-31015 is known to be exploited"),
        "{because}"
    );
    let denied = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(denied.contains("CVE-2022-31015"), "{denied}");
    // Evaluated anew and signed in knowledge of it.
    let evidence = evaluated(&site);
    write(&site, &evidence, "");
    assert_eq!(state(&site).0, "void");
    everybody_signs(&site);
    assert_eq!(state(&site).0, "effective");
    let moves = site.proofhouse(&["radar", "history", "--format", "json"]).expect(0).json();
    let rings: Vec<_> =
        moves.as_array().unwrap().iter().map(|one| (one["from"].as_str(), one["to"].as_str())).collect();
    assert_eq!(rings, [(None, Some("adopt")), (Some("adopt"), Some("adopt"))]);
    assert!(site.proofhouse(&["radar", "history"]).expect(0).out.contains("stays in adopt"));

    // A refusal stops it, with its reason.
    let reason = ["--reject", "--reason", "It is exploited, and no fix is in sight"];
    site.proofhouse(
        &[&["radar", "sign", "Waitress", "--role", "security", "--name", "sam"][..], &reason].concat(),
    )
    .expect(0);
    let (rejected, because) = state(&site);
    assert!(rejected == "rejected" && because.contains("no fix is in sight"), "{because}");
    everybody_signs(&site);
    assert_eq!(state(&site).0, "effective");

    // Evidence that is not what was signed any more.
    let blobs = walk(&site.home().join("blobs"));
    let blob =
        blobs.iter().find(|path| path.to_string_lossy().replace('/', "").ends_with(&evidence)).unwrap();
    let mut permissions = fs::metadata(blob).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    fs::set_permissions(blob, permissions).unwrap();
    fs::write(blob, "{}").unwrap();
    let (void, because) = state(&site);
    assert!(void == "void" && because.contains("the evidence that was signed"), "{void}: {because}");
    site.proofhouse(&["ledger", "verify"]).expect(4);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn an_evaluation_shows_its_data_and_says_what_is_unknown() {
    let site = site();
    let evaluate = |name: &str| {
        let answer = site.proofhouse(&["radar", "evaluate", name, "--format", "json"]).expect(0).json();
        answer["evaluation"].clone()
    };
    let criterion = |evaluation: &serde_json::Value, name: &str| {
        let all = evaluation["criteria"].as_array().unwrap();
        all.iter().find(|one| one["criterion"] == name).cloned().unwrap()
    };
    let evaluation = evaluate("waitress");
    let incidents = criterion(&evaluation, "incidents");
    assert!(incidents["because"].to_string().contains("2022: 1"), "{incidents}");
    assert!(incidents["because"].to_string().contains("known exploited: unknown"), "{incidents}");
    for unknown in ["response", "maintenance", "scorecard", "relevance", "ease"] {
        assert!(criterion(&evaluation, unknown)["score"].is_null(), "{unknown}");
    }
    // Endoflife data, by the file's name: releases, and how soon the fix was there.
    fs::create_dir_all(site.project().join("eol/releases")).unwrap();
    site.write("eol/releases/waitress.json", r#"{"releases":{"2.1":{"eol":"2022-12-31"},"3.0":{"eol":false}},
        "versions":{"2.1.1":{"date":"2022-03-16"},"2.1.2":{"date":"2022-06-10"},"3.0.2":{"date":"2024-11-16"}}}"#);
    let imported = site.proofhouse(&["feeds", "import", "eol", "--name", "endoflife"]).expect(0).out;
    assert!(imported.contains("1 product"), "{imported}");
    fs::write(
        site.path().join("technologies.yaml"),
        catalogue("    product: waitress\n    alternatives: [Gunicorn]\n"),
    )
    .unwrap();
    let evaluation = evaluate("Waitress");
    let response = criterion(&evaluation, "response");
    assert!(response["because"][0].as_str().unwrap().contains("median 10 days"), "{response}");
    let maintenance = criterion(&evaluation, "maintenance");
    assert!(maintenance["because"].to_string().contains("in use past its end: 2.1"), "{maintenance}");
    // People, beside the data; the newest word of each counts.
    let assess = |arguments: &[&str], code| {
        site.proofhouse(&[&["radar", "assess", "Waitress"], arguments].concat()).expect(code)
    };
    assess(&["--criterion", "ease", "--score", "2", "--name", "ann"], 0);
    assess(&["--criterion", "ease", "--score", "4", "--name", "Ann", "--comment", "after the training"], 0);
    assess(&["--vote", "hold", "--name", "sam"], 0);
    assess(&["--criterion", "ease", "--score", "6"], 2);
    assess(&["--vote", "hold", "--criterion", "ease", "--score", "2"], 2);
    site.write(
        "card.json",
        r#"{"date":"2026-01-02T03:04:05Z","repo":{"name":"forge.example/waitress","commit":"00"},
        "scorecard":{"version":"v5.0.0","commit":"00"},"score":6.1,"checks":[]}"#,
    );
    site.proofhouse(&["radar", "scorecard", "Waitress", "card.json"]).expect(0);
    site.write("no-card.json", r#"{"score":11}"#);
    let refused = site.proofhouse(&["radar", "scorecard", "Waitress", "no-card.json"]).expect(2);
    assert!(refused.err.contains("scorecard-unusable"), "{}", refused.err);
    let evaluation = evaluate("Waitress");
    assert_eq!(criterion(&evaluation, "ease")["score"], 8.0);
    assert_eq!(criterion(&evaluation, "scorecard")["score"], 6.1);
    assert_eq!(evaluation["votes"][3], serde_json::json!(["hold", 1]));
    // Weights are code.
    let weighed = catalogue("").replace("technologies:", "weights: { incidents: 0, response: 0, maintenance: 0, licence: 0, relevance: 0, familiarity: 0, ease: 1, scorecard: 1 }\ntechnologies:");
    fs::write(site.path().join("technologies.yaml"), weighed).unwrap();
    assert_eq!(evaluate("Waitress")["total"], 7.1);
    // Side by side; of one entry, with its alternatives.
    fs::write(site.path().join("technologies.yaml"), catalogue("    alternatives: [Gunicorn]\n")).unwrap();
    let table = site.proofhouse(&["radar", "compare", "Waitress"]).expect(0).out;
    assert!(table.contains("Waitress") && table.contains("Gunicorn") && table.contains("unknown"), "{table}");
    site.proofhouse(&["radar", "compare", "Django"]).expect(2);
    site.proofhouse(&["radar", "evaluate", "Nothing Known"]).expect(2);
}

#[test]
fn what_a_source_uses_besides_packages_is_in_the_ledger_counted_and_judged() {
    let site = site();
    site.write("Dockerfile", "FROM python:3.11-slim AS build\nFROM $BASE\n");
    site.write("compose.yaml", "services:\n  db: { image: \"postgres:16.4\" }\n");
    fs::create_dir_all(site.project().join(".github/workflows")).unwrap();
    site.write(
        ".github/workflows/ci.yml",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4\n",
    );
    site.write(
        "main.tf",
        "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n",
    );
    site.commit("Surroundings");
    site.proofhouse(&["run"]).expect(0);
    let found = site.proofhouse(&["radar", "identify", "--format", "json"]).expect(0).json();
    let one = |name: &str| found.as_array().unwrap().iter().find(|one| one["name"] == name).cloned();
    for name in ["Docker Compose", "GitHub Actions", "Terraform", "AWS", "Python", "Proofhouse"] {
        assert!(one(name).is_some(), "{name}");
    }
    assert_eq!(one("PostgreSQL").unwrap()["versions"], serde_json::json!(["16.4"]));
    // A scan alone says it too, for projects that are built elsewhere.
    site.write("main.tf", "");
    site.proofhouse(&["scan"]);
    let found = site.proofhouse(&["radar", "who", "AWS", "--format", "json"]).expect(0).json();
    assert_eq!(found["projects"], serde_json::json!({}));
    // Over the months: this one, and none before.
    let trend = site
        .proofhouse(&["radar", "trend", "postgresql", "--months", "2", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (&trend[0]["months"][0][1], &trend[0]["months"][1][1], &trend[0]["change"]),
        (&0.into(), &1.into(), &1.into())
    );
    assert!(site.proofhouse(&["radar", "trend"]).expect(0).out.contains("PostgreSQL"));
    // The gate holds the run's own against the catalogue.
    let hold = "version: 1\nunlisted: ignore\ntechnologies:\n  - { name: PostgreSQL, quadrant: platforms, ring: adopt, \
        match: [{ purl: pkg:docker/postgres }, { purl: \"pkg:pypi/psycopg*\", client: true }], versions: \">=17\" }\n  \
        - { name: AWS, quadrant: platforms, ring: hold, match: [{ purl: pkg:terraform/hashicorp/aws }] }\n";
    fs::write(site.path().join("technologies.yaml"), hold).unwrap();
    site.git(&["checkout", "main.tf"]);
    let denied = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(denied.contains("pkg:docker/postgres 16.4 is not a version of PostgreSQL"), "{denied}");
    assert!(denied.contains("AWS is on hold (pkg:terraform/hashicorp/aws)"), "{denied}");
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn deadlines_unused_entries_and_objectives_are_told_over_all_projects() {
    let site = site();
    let file = |hold: &str, due: &str| {
        let text = format!(
            "version: 1\nunlisted: ignore\nobjectives:\n  - {{ objective: Waitress is gone, measure: projects-using, technology: Waitress, at-most: 0, due: {due} }}\n\
             technologies:\n  - {{ name: Waitress, quadrant: languages-frameworks, ring: hold, hold-until: {hold}, owner: web team, match: [{{ purl: pkg:pypi/waitress }}] }}\n  \
             - {{ name: Gunicorn, quadrant: languages-frameworks, ring: adopt, match: [{{ purl: pkg:pypi/gunicorn }}] }}\n"
        );
        fs::write(site.path().join("technologies.yaml"), text).unwrap();
    };
    let radar = |arguments: &[&str], code| site.proofhouse(&[&["radar"], arguments].concat()).expect(code);
    file("2999-12-31", "2999-12-31");
    let grace = radar(&["deadlines", "--fail"], 0).out;
    assert!(
        grace.contains("until 2999-12-31")
            && grace.contains("bookshelf")
            && grace.contains("entry: web team"),
        "{grace}"
    );
    let unused = radar(&["unused", "--format", "json"], 0).json();
    assert_eq!((&unused["unused"][0], &unused["misused"][0]), (&"Gunicorn".into(), &"Waitress".into()));
    assert!(radar(&["objectives", "--fail"], 0).out.contains("open"));
    file("2020-01-01", "2020-01-01");
    assert!(radar(&["deadlines", "waitress", "--fail"], 1).out.contains("since 2020-01-01"));
    let missed = radar(&["objectives", "--fail", "--format", "json"], 1).json();
    assert_eq!((&missed[0]["progress"], &missed[0]["number"]), (&"missed".into(), &1.into()));
}

#[test]
fn once_there_is_an_organisation_only_those_who_have_the_role_sign() {
    let site = site();
    let file = "version: 1\nname: Example\nteams:\n  web: { members: [sys], lead: sys, projects: [bookshelf] }\nroles:\n  \
        - { role: admin, scope: organisation, people: [root, olive] }\n  - { role: architect, scope: organisation, people: [daemon] }\n  \
        - { role: security, scope: organisation, people: [bin] }\n  - { role: developer, scope: organisation, people: [sys] }\n";
    site.write("organisation.yaml", file);
    site.proofhouse(&["organisation", "apply", "organisation.yaml"]).expect(0);
    let evidence = evaluated(&site);
    write(&site, &evidence, "");
    let refused = |arguments: &[&str], status: i32, code: &str| {
        let answer = site.proofhouse(&[&["radar"], arguments].concat()).expect(status);
        assert!(answer.err.contains(code), "{}", answer.err);
    };
    refused(&["sign", "Waitress", "--role", "security"], 2, "role-unfit");
    refused(&["assess", "Waitress", "--vote", "hold"], 2, "not-allowed");
    // Nobody is somebody else.
    refused(&["sign", "Waitress", "--role", "architect", "--name", "daemon"], 1, "name-other");
    refused(&["assess", "Waitress", "--vote", "hold", "--name", "bin"], 1, "name-other");
    for (uid, role) in [(1, "architect"), (2, "security"), (3, "developer")] {
        as_user(&site, uid, &["radar", "sign", "waitress", "--role", role]).expect(0);
    }
    assert_eq!(state(&site).0, "effective");
    // Who answers for the project is in the organisation too.
    fs::write(site.path().join("technologies.yaml"), catalogue("").replace("ring: adopt", "ring: hold"))
        .unwrap();
    let told = site.proofhouse(&["radar", "deadlines"]).expect(0).out;
    assert!(told.contains("project: web (lead sys), entry: web team"), "{told}");
}
