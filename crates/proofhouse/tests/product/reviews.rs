//! Given an installation that has worked for a while, when a review is made, then it suggests what the ledger shows;
//! it is done when each suggestion is answered and somebody who may has signed, and a gate can ask for that.

use std::fs;

use serde_json::Value;

use crate::support::{Answer, Site};

fn review(site: &Site, arguments: &[&str], code: i32) -> Answer {
    site.proofhouse(&[&["review"], arguments].concat()).expect(code)
}

fn ids(answer: &Value) -> Vec<String> {
    let points = answer["review"]["points"].as_array().unwrap();
    points.iter().map(|point| point["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_review_suggests_what_the_ledger_shows_and_is_answered_point_by_point() {
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let config = config
        .replacen("require-clean-source: false }", "require-clean-source: false, reviews: current }", 1)
        .replacen("scans:\n", "scans:\n  config: false\n", 1);
    site.write("proofhouse.yaml", config);
    site.commit("No check of configuration, and reviews must be current");
    site.proofhouse(&["run"]).expect(0);
    // Nothing is due yet in an installation of today.
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let list = review(&site, &["list", "--fail", "--format", "json"], 0).json();
    assert_eq!(list.as_array().unwrap().len(), 6);
    assert_eq!(list[0]["everyDays"], 180);

    // An exception from a rule, for long and everywhere.
    let except =
        ["gate", "except", "findings-threshold", "--reason", "the shop is closed", "--until", "300d"];
    site.proofhouse(&except).expect(0);
    let made =
        review(&site, &["make", "deployment-practice", "--assign", "mia", "--format", "json"], 0).json();
    let found = ids(&made);
    assert!(found.len() == 1 && found[0].starts_with("broad-exception:"), "{found:?}");
    assert_eq!(made["standing"]["assigned"], "mia");
    assert_eq!(made["review"]["figures"][2]["value"], "0 % (0 of 1)");
    let scanners = review(&site, &["make", "scanners", "--within", "1s", "--format", "json"], 0).json();
    assert_eq!(ids(&scanners), ["missing-coverage:bookshelf"]);
    assert!(scanners["review"]["points"][0]["seen"].as_str().unwrap().ends_with(": config"));
    assert!(scanners["review"]["unknown"][0].as_str().unwrap().contains("not known which findings"));

    // What nobody answered in time is overdue, and the gate says so. Its time is over when the next command asks.
    let explain =
        |code: i32| site.proofhouse(&["gate", "explain", "staging", "--format", "json"]).expect(code).json();
    let denied =
        |answer: &Value| answer["verdict"].to_string().contains("the review of scanners has been due since");
    let due: jiff::Timestamp = scanners["review"]["due"].as_str().unwrap().parse().unwrap();
    while jiff::Timestamp::now() <= due {
        std::thread::yield_now();
    }
    assert!(denied(&explain(1)));
    review(&site, &["list", "--fail"], 1);

    // Only who may can answer; a point must be answered before anybody signs.
    let point = "missing-coverage:bookshelf";
    let answer = |verdict: &str, role: &str, text: &str, code: i32| {
        review(&site, &["answer", "scanners", point, verdict, "--role", role, "--text", text], code)
    };
    assert!(answer("accept", "developer", "", 2).err.contains("role-lacking"));
    assert!(answer("decline", "security", "no", 2).err.contains("reason-too-short"));
    let unknown = ["answer", "scanners", "nothing:here", "done", "--role", "security"];
    assert!(review(&site, &unknown, 2).err.contains("point-unknown"));
    assert!(review(&site, &["sign", "scanners", "--role", "security"], 1).err.contains("points-open"));
    answer("decline", "security", "there is no configuration here", 0);
    review(&site, &["assign", "scanners", "sid", "--role", "manager"], 0);
    let signed = review(&site, &["sign", "scanners", "--role", "security"], 0).out;
    assert!(signed.contains("signed by") && signed.contains("for sid"), "{signed}");
    assert!(!denied(&explain(0)));
    review(&site, &["list", "--fail"], 0);

    assert!(review(&site, &["show", "tools"], 1).err.contains("review-missing"));
    assert!(review(&site, &["show", "0"], 2).err.contains("review-unknown"));
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    assert!(review(&site, &["show", "scanners"], 0).out.contains("signed by"));
}

#[test]
fn a_run_records_the_name_of_a_secret_that_a_step_was_given_and_never_its_value() {
    let site = Site::new();
    let step = "{ kind: test, run: 'test -n \"$TOKEN\"', secrets: [TOKEN] }";
    site.write("proofhouse.yaml", format!("version: 1\nproject: shop\nsteps:\n  a: {step}\n"));
    site.commit("Shop");
    let run = site
        .command(&["run", "--format", "json"])
        .env("PROOFHOUSE_SECRET_TOKEN", "hunter2hunter2")
        .output()
        .unwrap();
    let run = Answer::of(run).expect(0).json();
    assert_eq!(run["steps"][0]["secrets"], serde_json::json!(["TOKEN"]), "{run}");
    let all = site.proofhouse(&["ledger", "show", "--most", "100", "--format", "json"]).expect(0).text();
    assert!(!all.contains("hunter2"), "{all}");
    let made = review(&site, &["make", "build-process", "--format", "json"], 0).json();
    assert!(!made["review"]["unknown"].to_string().contains("secret"), "{}", made["review"]["unknown"]);
    assert!(ids(&made).iter().all(|id| !id.starts_with("unused-secret")), "it was used today");
}
