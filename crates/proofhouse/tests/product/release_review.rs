//! Given an environment that demands a signed review, when people in two roles sign it, then the gate opens; and
//! it closes again when what they signed has changed, saying why.

use std::{fs, process::Command};

use serde_json::Value;

use crate::support::{Answer, PROOFHOUSE, Site};

fn site() -> Site {
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let demanded =
        "require-clean-source: false, release-review: { roles: [manager, security], within: 14d } }";
    site.write("proofhouse.yaml", config.replacen("require-clean-source: false }", demanded, 1));
    site.commit("Demand a review");
    site.proofhouse(&["run"]).expect(0);
    site
}

/// The command as another user of the machine: inside a user namespace the owner of the installation has this
/// number, so the operating system itself gives the name.
pub fn as_user(site: &Site, uid: u32, arguments: &[&str]) -> Answer {
    let mut command = Command::new("unshare");
    command.args(["--user", &format!("--map-user={uid}"), PROOFHOUSE]).args(arguments);
    command.current_dir(site.project()).env_clear();
    let from = site.command(&[]);
    command.envs(from.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Answer::of(command.output().unwrap())
}

const DAEMON: u32 = 1;
const BIN: u32 = 2;

fn review(site: &Site, arguments: &[&str], code: i32) -> Answer {
    site.proofhouse(&[&["release", "review"], arguments].concat()).expect(code)
}

fn made(site: &Site) -> Value {
    review(site, &["make", "staging", "--format", "json"], 0).json()
}

fn sign(site: &Site, uid: u32, role: &str) -> Answer {
    as_user(site, uid, &["release", "review", "sign", "staging", "--role", role])
}

/// What the gate denies by.
fn denied(site: &Site) -> Vec<String> {
    let answer = site.proofhouse(&["gate", "explain", "staging", "--format", "json"]).expect(1).json();
    let rules = answer["verdict"]["rules"].as_array().unwrap().clone();
    let reasons = rules.iter().flat_map(|rule| rule["reasons"].as_array().unwrap());
    let denials = reasons.filter(|reason| reason["outcome"] == "deny");
    denials
        .map(|reason| {
            format!("{}: {}", reason["code"].as_str().unwrap(), reason["message"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn a_release_needs_two_people_and_what_they_signed_must_stay_as_it_was() {
    let site = site();
    let told = site.proofhouse(&["deploy", "staging"]).expect(1).text();
    assert!(told.contains("release-review-missing"), "{told}");
    review(&site, &["sign", "staging", "--role", "manager"], 1);

    let first = made(&site);
    let document = &first["document"];
    assert_eq!(document["previous"], serde_json::json!({ "known": null }));
    assert!(
        document["risk"]["before"]["unknown"].is_string()
            && document["risk"]["worst"]["total"].as_u64() > Some(0)
    );
    assert!(document["tests"][0]["passed"].as_u64() > Some(0), "{document}");
    let unknown = document["unknown"].to_string();
    assert!(unknown.contains("how much of the code the tests run"), "{unknown}");
    assert!(!unknown.contains("which commits"), "a first release lacks no comparison: {unknown}");
    assert_eq!(denied(&site).len(), 2, "both roles are missing: {:?}", denied(&site));

    // The owner of the installation started the run. One person counts once, also with another role.
    assert!(review(&site, &["sign", "staging", "--role", "manager"], 0).out.contains("waiting"));
    assert!(denied(&site).iter().any(|why| why.contains("author-alone")), "{:?}", denied(&site));
    let told = review(&site, &["sign", "staging", "--role", "security"], 0).out;
    assert!(told.contains("nobody has signed as manager"), "{told}");
    review(&site, &["sign", "staging", "--role", "manager"], 0);
    let told = review(&site, &["sign", "staging", "--role", "architect"], 2).err;
    assert!(told.contains("role-not-asked"), "{told}");
    assert!(sign(&site, DAEMON, "security").expect(0).out.contains("the review is signed"));
    let show = review(&site, &["show", "staging", "--format", "json"], 0).json();
    assert_eq!(show["standing"]["state"], "signed");
    assert_eq!(show["standing"]["voices"][3]["name"], "daemon");
    site.proofhouse(&["deploy", "staging"]).expect(0);

    // It did its work. The deployed release was looked at from outside: that is newer than what they signed.
    let told = review(&site, &["show", "staging"], 0).out;
    assert!(told.contains("released") && told.contains("needs a new review: a newer scan: dast"), "{told}");
    assert!(denied(&site).iter().all(|why| why.starts_with("release-review-void: the review is void: ")));
    let told = sign(&site, BIN, "security").expect(1).err;
    assert!(told.contains("review-not-current") && told.contains("a newer scan"), "{told}");
    review(&site, &["list", "--fail"], 0);

    // Somebody refuses the next one, and their words are shown.
    let second = made(&site);
    assert!(second["document"]["summary"][0].as_str().unwrap().contains("is deployed in staging already"));
    review(&site, &["sign", "staging", "--role", "manager"], 0);
    sign(&site, DAEMON, "security").expect(0);
    let refuse = |text| {
        as_user(&site, BIN, &["release", "review", "reject", "staging", "--role", "security", "--text", text])
    };
    assert!(refuse("no").expect(2).err.contains("reason-too-short"));
    assert!(refuse("the <b>login</b> page leaks").expect(0).out.contains("the review is rejected"));
    let why = denied(&site);
    assert!(
        why.len() == 1 && why[0].contains("bin rejected it on") && why[0].contains("page leaks"),
        "{why:?}"
    );
    let markdown = review(&site, &["show", "staging", "--markdown"], 1).out;
    assert!(markdown.contains("**Status: rejected**") && markdown.contains("\\<b\\>login"), "{markdown}");
    // Their own later word takes the rejection back; a comment of somebody does not.
    review(&site, &["comment", "staging", "--text", "please look again"], 0);
    assert_eq!(denied(&site).len(), 1);
    sign(&site, BIN, "security").expect(0);
    site.proofhouse(&["gate", "explain", "staging"]).expect(0);

    // A risk that is accepted afterwards was not put before them.
    let finding = &second["document"]["risk"]["worst"]["worst"][0]["id"];
    let except = |text: &str, until: &str| {
        let arguments = ["gate", "except", finding.as_str().unwrap(), "--reason", text, "--until", until];
        site.proofhouse(&arguments).expect(0);
    };
    except("mended with the next release", "10d");
    let why = denied(&site);
    assert!(why.len() == 1 && why[0].contains("a further risk was accepted"), "{why:?}");
    let risks = site.proofhouse(&["gate", "exceptions", "--format", "json", "--fail"]).expect(0).json();
    assert_eq!(risks[0]["state"], "ends-soon");
    assert_eq!(risks[0]["project"], "bookshelf");

    // The next release: what changed, who took part, and what was said before.
    site.write("bookshelf/note.py", "# nothing\n");
    site.commit("A note <script>");
    site.proofhouse(&["run"]).expect(0);
    let third = made(&site);
    let document = &third["document"];
    assert_eq!(document["commits"]["known"]["total"], 1, "{document}");
    assert_eq!(document["commits"]["known"]["newest"][0]["subject"], "A note <script>");
    assert!(
        document["risk"]["appeared"]["known"]["total"].is_u64()
            && document["components"]["known"].is_object()
    );
    // What only a look at the running release can find is not gone because nobody has looked.
    let unknown = document["unknown"].to_string();
    assert!(unknown.contains("has not looked at all of this release yet"), "{unknown}");
    assert_eq!(document["accepted"][0]["state"], "ends-soon");
    assert!(third["review"]["authors"].to_string().contains("test@localhost"));
    let pdf = site.path().join("review.pdf");
    review(&site, &["pdf", "staging", "--to", pdf.to_str().unwrap()], 0);
    assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF-"));

    // Everything follows from the ledger, and the document is evidence too.
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    assert_eq!(review(&site, &["list", "--format", "json"], 0).json().as_array().unwrap().len(), 1);
}
