//! Given rules about who may accept what, when a requirement is waived, a risk accepted or a finding judged, then only
//! what the right people signed opens a gate, the decision says so, and it closes again when the ground is gone.

use std::fs;

use serde_json::{Value, json};

use crate::support::Site;

/// Bookshelf whose staging demands the first level and stops at critical findings.
fn site(gate: &str) -> Site {
    let site = Site::bookshelf();
    configure(&site, gate);
    site.write(
        "security-requirements.yaml",
        "version: 1\nrequirements:\n  SHOP-1: { title: Nobody borrows for others, source: own, level: 1 }\n",
    );
    site.commit("Requirements");
    site.proofhouse(&["run"]).expect(0);
    site
}

/// Replaces the gate of staging.
fn configure(site: &Site, gate: &str) {
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let lines = config.lines().map(|line| match line.contains("require-clean-source: false") {
        true => format!(
            "    gate: {{ block: critical, block-secrets: false, require-clean-source: false, {gate} }}"
        ),
        false => line.to_owned(),
    });
    site.write("proofhouse.yaml", lines.collect::<Vec<_>>().join("\n") + "\n");
}

/// From now on whoever runs these tests has one role.
fn everybody_is(site: &Site, role: &str) {
    let me = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name;
    let file = site.path().join("organisation.yaml");
    let text = format!(
        "version: 1\nname: Test {role}\nroles:\n  - {{ role: admin, scope: organisation, people: [{me}] }}\n  \
         - {{ role: {role}, scope: organisation, people: [{me}] }}\n"
    );
    fs::write(&file, text).unwrap();
    site.proofhouse(&["organisation", "apply", file.to_str().unwrap()]).expect(0);
}

/// What the gate of staging says.
#[track_caller]
fn gate(site: &Site, code: i32) -> String {
    site.proofhouse(&["gate", "explain", "staging"]).expect(code).out
}

fn in_days(days: i64) -> String {
    let day = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    day.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

#[test]
fn a_requirement_is_waived_by_those_who_may_accept_risks() {
    let site = site("requirements: level-1");
    let waive = |until: &str, code: i32| {
        let reason = ["--reason", "the shelf is closed until then"];
        let arguments = [&["requirements", "waive", "SHOP-1", "--until", until][..], &reason].concat();
        site.proofhouse(&arguments).expect(code).text()
    };
    let others = |what: &str, code: i32| {
        let reason = "nobody can reach it any more";
        site.proofhouse(&["requirements", what, "SHOP-1", "--reason", reason]).expect(code).text()
    };
    assert!(gate(&site, 1).contains("1 pending: SHOP-1"));
    // Before there is an organisation, whoever has the installation decides; nothing needs a new run.
    for wrong in [in_days(-1), in_days(400)] {
        assert!(waive(&wrong, 2).contains("until-unusable"));
    }
    assert!(
        site.proofhouse(&["requirements", "waive", "NO-1", "--until", &in_days(3), "--reason", "x"]).code
            == 2
    );
    waive(&in_days(0), 0);
    let told = gate(&site, 0);
    assert!(
        told.contains("SHOP-1 waived: until") && told.contains("the shelf is closed until then"),
        "{told}"
    );
    others("withdraw", 0);
    assert!(gate(&site, 1).contains("1 pending: SHOP-1"));

    // A developer cannot waive what gates their own release, neither by command nor in the file.
    everybody_is(&site, "developer");
    assert!(waive(&in_days(30), 1).contains("role-missing"));
    assert!(others("not-applicable", 1).contains("security, manager"));
    let file = site.project().join("security-requirements.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let waived =
        format!("level: 1, waived: {{ reason: because I say so, until: {}, by: me }} }}", in_days(30));
    fs::write(&file, text.replace("level: 1 }", &waived)).unwrap();
    site.commit("Waived in the file");
    site.proofhouse(&["run"]).expect(0);
    gate(&site, 1);
    let status = site.proofhouse(&["requirements", "status"]).expect(0).out;
    assert!(
        status.contains("does not count unsigned: it takes one of the roles security, manager"),
        "{status}"
    );

    // Somebody with the role can, and it stands in the decision.
    everybody_is(&site, "security");
    waive(&in_days(30), 0);
    assert!(gate(&site, 0).contains("(security, admin), ledger entry"));
    others("not-applicable", 0);
    let status = site.proofhouse(&["requirements", "status", "--format", "json"]).expect(0).json();
    assert_eq!(status["requirements"][0]["state"], "not-applicable");
    // What was signed stays signed when its signer changes their role; who has it now may take it back.
    everybody_is(&site, "developer");
    gate(&site, 0);
    others("withdraw", 1);

    // Other words are another requirement.
    fs::write(&file, text.replace("for others", "for others at all")).unwrap();
    site.commit("Other words");
    site.proofhouse(&["run"]).expect(0);
    gate(&site, 1);
    let status = site.proofhouse(&["requirements", "status"]).expect(0).out;
    assert!(status.contains("was about other words"), "{status}");
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

/// Brings in the report of a scanner with one finding.
fn import(site: &Site, score: &str) {
    let report = json!({"version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": "looker", "version": "1"}},
        "artifacts": [{"location": {"uri": "bookshelf/pages.py"}}],
        "results": [{"ruleId": "R1", "message": {"text": "a text is run"}, "properties": {"security-severity": score},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "bookshelf/pages.py"},
                "region": {"startLine": 3, "snippet": {"text": "run(text)"}}}}]}]}]});
    let file = site.path().join("looker.sarif");
    fs::write(&file, report.to_string()).unwrap();
    site.proofhouse(&["import", file.to_str().unwrap()]).expect(0);
}

/// The finding of that report.
fn finding(site: &Site) -> Value {
    let all = site.proofhouse(&["findings", "--format", "json"]).expect(0).json();
    all.as_array().unwrap().iter().find(|one| one["scanner"] == "looker").unwrap().clone()
}

const WHY: &str = "the text is one of three constants";

#[test]
fn a_judgement_opens_a_gate_only_where_it_is_honoured_and_only_of_those_who_judge() {
    let site = site("triage: honour");
    import(&site, "9.8");
    let id = finding(&site)["id"].as_str().unwrap().to_owned();
    let judge = |state: &str| {
        site.proofhouse(&["findings", "triage", &id, "--as", state, "--reason", WHY]).expect(0);
    };
    assert!(gate(&site, 1).contains("critical: a text is run"));
    everybody_is(&site, "developer");
    let refused = ["findings", "triage", &id, "--as", "false-positive", "--reason", WHY];
    assert!(site.proofhouse(&refused).expect(1).err.contains("role-missing"));
    site.proofhouse(&["findings", "comment", &id, "it cannot be reached"]).expect(0);

    everybody_is(&site, "security");
    judge("confirmed");
    gate(&site, 1);
    judge("not-affected");
    let told = gate(&site, 0);
    assert!(told.contains("left out: critical a text is run at bookshelf/pages.py:3"), "{told}");
    assert!(told.contains("not-affected by") && told.contains(WHY), "{told}");
    // The verdict is what a decision holds, for whoever reads it years later.
    let shown = site.proofhouse(&["gate", "explain", "staging", "--format", "json"]).expect(0).json();
    let rules = shown["verdict"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["rule"] == "findings-threshold").unwrap();
    assert!(rule["looked_at"].to_string().contains("left out: critical"), "{rule}");
    judge("none");
    gate(&site, 1);
    judge("false-positive");
    gate(&site, 0);

    // It is another thing now: worse than what was judged.
    import(&site, "9.1");
    gate(&site, 0);
    site.write("bookshelf/extra.py", "");
    configure(&site, "triage: honour, warn: low");
    site.commit("Lower");
    site.proofhouse(&["run"]).expect(0);
    import(&site, "5.0");
    let told = gate(&site, 0);
    assert!(told.contains("counted although judged") && told.contains("has changed since"), "{told}");

    // An environment that does not honour it has never heard of it.
    configure(&site, "triage: ignore");
    site.commit("Not honoured");
    site.proofhouse(&["run"]).expect(0);
    import(&site, "9.8");
    let told = gate(&site, 1);
    assert!(!told.contains("judged"), "{told}");
}

#[test]
fn a_risk_is_accepted_by_those_who_may_and_where_they_may() {
    let site = site("warn: never");
    import(&site, "9.8");
    let id = finding(&site)["id"].as_str().unwrap().to_owned();
    let except = |code: i32| {
        let reason = ["--reason", "the page goes away next week", "--until", "30d"];
        site.proofhouse(&[&["gate", "except", &id, "--environment", "staging"][..], &reason].concat())
            .expect(code)
    };
    gate(&site, 1);
    everybody_is(&site, "developer");
    assert!(except(1).err.contains("role-missing"));
    gate(&site, 1);
    everybody_is(&site, "security");
    except(0);
    gate(&site, 0);
    let risks = site.proofhouse(&["gate", "exceptions", "--format", "json"]).expect(0).json();
    assert_eq!(risks.as_array().unwrap().len(), 1);

    // An environment can ask for another of the roles that may, and never for one that may not.
    for (roles, made) in [("manager", "manager"), ("developer", "")] {
        configure(&site, &format!("accepting: [{roles}]"));
        site.commit("Narrowed");
        site.proofhouse(&["run"]).expect(0);
        import(&site, "9.8");
        let told = gate(&site, 1);
        assert!(
            told.contains("exception-unentitled") && told.contains(&format!("one of the roles {made}")),
            "{told}"
        );
        assert!(except(1).err.contains("role-missing"));
    }
}

#[test]
fn results_of_people_come_from_those_who_may_enter_them_and_only_who_judges_says_that_something_is_gone() {
    let site = site("warn: low");
    let day = in_days(0);
    let by = |site: &Site, arguments: &[&str], code: i32| {
        let test = ["--tester", "tess", "--date", &day, "--assessment", "spring"];
        site.proofhouse(&[arguments, &test].concat()).expect(code).err
    };
    let found = [
        "findings",
        "add",
        "Loans of others can be ended",
        "--severity",
        "high",
        "--file",
        "bookshelf/app.py:3",
    ];
    let none = site.path().join("none.md");
    fs::write(&none, "# Spring\n\nFindings: none\n").unwrap();
    let nothing = ["import", "manual", none.to_str().unwrap(), "--scope", "everything"];
    let attest = || {
        let evidence = none.to_str().unwrap();
        let why = ["--reason", "tried it by hand", "--evidence", evidence];
        site.proofhouse(&[&["requirements", "attest", "SHOP-1", "--passed"][..], &why].concat())
    };
    everybody_is(&site, "developer");
    assert!(by(&site, &found, 1).contains("role-missing"));
    assert!(attest().expect(1).err.contains("role-missing"));
    // A report that says of itself who tested what is no way round it.
    let own = site.path().join("own.json");
    let report = json!({ "proofhouseManualReport": 1, "tester": "tess", "tested": day, "scope": ["all"], "findings": [] });
    fs::write(&own, report.to_string()).unwrap();
    assert!(site.proofhouse(&["import", own.to_str().unwrap()]).expect(1).err.contains("role-missing"));

    everybody_is(&site, "compliance");
    by(&site, &found, 0);
    attest().expect(0);
    let told = by(&site, &nothing, 1);
    assert!(told.contains("role-missing") && told.contains("counts as fixed"), "{told}");
    let open = || site.proofhouse(&["findings", "--technique", "manual"]).expect(0).out;
    assert!(open().contains("Loans of others can be ended"));

    everybody_is(&site, "security");
    by(&site, &nothing, 0);
    assert!(!open().contains("Loans of others"), "{}", open());
}

#[test]
fn data_that_cannot_be_written_ends_the_command_with_a_reason() {
    let site = Site::new();
    let mut command = site.command(&["schema"]);
    command.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
    let answer = crate::support::Answer::of(command.output().unwrap()).expect(3);
    assert!(answer.err.contains("standard output cannot be written"), "{}", answer.err);
    let device = site.proofhouse(&["organisation", "check", "/dev/zero"]).expect(2).err;
    assert!(device.contains("not a regular file"), "{device}");
}
