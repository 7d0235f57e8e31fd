//! Given facts of projects, when catalogues are held against them, then each rule and control has the right status,
//! coverage, evidence and gap, and nothing passes by absence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use govern::controls::{
    Catalogue, Level, RULES, Report, RuleReport, Scope, Status, built_in, built_in_ids, export, judge, parse,
};
use model::{
    DeploymentId, RunId, Timestamp, UserError as _,
    facts::{EnvironmentFacts, Facts, Mark, Marks, ProjectFacts, RunFacts, Seen, mark},
};
use proptest::prelude::*;

fn day(n: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + std::time::Duration::from_secs(u64::try_from(n).unwrap() * 86_400)
}

fn seen(index: u64) -> Seen {
    Seen { index, at: day(i64::try_from(index).unwrap()) }
}

/// One statement of each name, at its ledger index; a name that begins with `!` is not as it should be.
fn marks(all: &[(&str, u64)]) -> Marks {
    let one = |(name, index): &(&str, u64)| {
        let good = !name.starts_with('!');
        let newest_good = good.then(|| seen(*index));
        let mark = Mark { total: 1, good: u64::from(good), amount: 1, newest: seen(*index), newest_good };
        (name.trim_start_matches('!').to_owned(), mark)
    };
    all.iter().map(one).collect()
}

fn project(
    name: &str,
    history: &[(&str, u64)],
    run: &[(&str, u64)],
    deployed: &[(&str, u64)],
) -> ProjectFacts {
    let run = (!run.is_empty()).then(|| RunFacts {
        run: RunId::new(day(0), [1; 10]),
        ended: seen(20),
        marks: marks(run),
    });
    let environment = |name: &str| EnvironmentFacts {
        name: name.to_owned(),
        deployment: DeploymentId::new(day(0), [2; 10]),
        recorded: seen(30),
        marks: marks(deployed),
    };
    let environments = if deployed.is_empty() { vec![] } else { vec![environment("staging")] };
    ProjectFacts {
        name: name.to_owned(),
        marks: marks(history),
        run,
        environments,
        ..ProjectFacts::default()
    }
}

fn facts(projects: Vec<ProjectFacts>) -> Facts {
    Facts { moment: day(100), statements: 100, first: None, projects, organisation: Marks::new() }
}

/// A catalogue of one control with these rules.
fn catalogue(rules: &str, more: &str) -> Catalogue {
    let text = format!(
        "version: 1\nid: own\ntitle: Own\nedition: '1'\nsource: us\n{more}\ncontrols:\n  - id: A1\n    title: t\n    \
         text: x\n    measures: m\n    rules: [{rules}]\n"
    );
    parse(text.as_bytes(), "own.yaml").unwrap()
}

fn asked(rule: &str, facts: &Facts) -> RuleReport {
    judge(facts, &[catalogue(rule, "")]).rules[rule].clone()
}

fn why(report: &RuleReport) -> String {
    report.missing.iter().map(|one| one.why.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_catalogues_that_come_along_are_whole() {
    assert_eq!(built_in_ids(), ["sss-02-02-07", "ssdf", "samm", "ism"]);
    let ids: Vec<_> = built_in()[0].controls.iter().map(|control| control.id.as_str()).collect();
    let expected = "T1 T2 T3 T4 T5 T6 B1 B2 B3 B4 B5 D1 D2 D3 D4 D5 S1 S2 S3 S4 S5 C1 C2 C3";
    assert_eq!(ids.join(" "), expected);
    let ism: Vec<_> = built_in()[3].controls.iter().map(|control| &control.id[4..]).collect();
    assert_eq!(ism.join(" "), "1730 1780 1796 1797 2026 2027 2028 2030 2031 2032 2056");
    // The registry has no rule twice, and none that no control asks for.
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    let named = built_in().iter().flat_map(|one| &one.controls).flat_map(|one| &one.rules);
    assert_eq!(named.map(String::as_str).collect::<BTreeSet<_>>(), ids);
}

#[test]
fn without_projects_there_is_no_data_whatever_the_organisation_has() {
    let mut facts = facts(vec![]);
    facts.organisation = marks(&[("review-answered", 99), ("key:made", 99), ("access:signed-in", 99)]);
    let report = judge(&facts, built_in());
    for catalogue in &report.catalogues {
        for control in &catalogue.controls {
            assert_eq!(
                (control.status, control.covered, control.of),
                (Status::NoData, 0, 0),
                "{}",
                control.id
            );
            assert!(control.level.is_none_or(|level| level == Level::None));
        }
    }
    assert!(report.rules.values().all(|rule| rule.evidence.is_empty() && rule.of == 0));
}

#[test]
fn a_project_that_did_nothing_meets_nothing() {
    let report = judge(&facts(vec![project("idle", &[], &[], &[])]), built_in());
    for catalogue in &report.catalogues {
        for control in &catalogue.controls {
            assert!(
                matches!(control.status, Status::NotMet | Status::NoData),
                "{}: {:?}",
                control.id,
                control.status
            );
            assert_eq!(control.covered, 0, "{}", control.id);
        }
    }
}

#[test]
fn the_newest_passed_run_must_show_all_and_show_it_well() {
    let good = project("good", &[], &[(mark::ISOLATED, 18)], &[]);
    let bad = project("bad", &[], &[("!isolated", 19)], &[]);
    let without = project("without", &[], &[(mark::SBOM, 17)], &[]);
    let never = project("never", &[(mark::ISOLATED, 5)], &[], &[]);
    let report = asked("steps-isolated", &facts(vec![good, bad, without, never]));
    assert_eq!(
        (report.status, report.holds, report.of, report.scope),
        (Status::Partly, 1, 4, Scope::Projects)
    );
    assert_eq!((report.evidence[0].project.as_deref(), report.evidence[0].index), (Some("good"), 18));
    let why = why(&report);
    for expected in
        ["(isolated, entry 19)", "(entry 20) shows nothing of it (isolated)", "no run has passed yet"]
    {
        assert!(why.contains(expected), "{expected}: {why}");
    }
}

#[test]
fn evidence_gets_old() {
    let ask = |history: &[(&str, u64)], rule| asked(rule, &facts(vec![project("p", history, &[], &[])]));
    assert_eq!(ask(&[(mark::RUN, 10)], "builds-pass").status, Status::Met);
    let old = ask(&[(mark::RUN, 9)], "builds-pass");
    assert_eq!(
        (old.status, why(&old).as_str()),
        (Status::NotMet, "the newest (entry 9) is 91 days old, more than 90")
    );
    assert!(why(&ask(&[("!run", 99)], "builds-pass")).contains("entry 99"));
    // A gate that denied has judged; a repetition that gave other bytes has shown nothing.
    assert_eq!(ask(&[("!rule:findings-threshold", 99)], "threshold-judged").status, Status::Met);
    assert_eq!(ask(&[(mark::REPRODUCTION, 99)], "builds-reproduced").status, Status::Met);
    let mut twice = marks(&[(mark::REPRODUCTION, 98)]);
    let newest = twice.get_mut(mark::REPRODUCTION).unwrap();
    (newest.total, newest.newest) = (2, seen(99));
    let other = ProjectFacts { name: "p".into(), marks: twice, ..ProjectFacts::default() };
    assert!(why(&asked("builds-reproduced", &facts(vec![other]))).contains("does not hold (entry 99)"));
}

#[test]
fn deployments_speak_for_projects_that_are_deployed_and_no_others() {
    let receipts = [("receipt:before-activation", 31), ("receipt:after-activation", 32)];
    let deployed = project("shop", &[], &[], &receipts);
    let half = project("half", &[], &[], &receipts[..1]);
    let library = project("library", &[], &[], &[]);
    let report = asked("verified-on-target", &facts(vec![deployed, half, library.clone()]));
    assert_eq!(
        (report.status, report.holds, report.of, report.scope),
        (Status::Partly, 1, 2, Scope::Deployed)
    );
    assert_eq!(report.evidence[0].index, 32);
    assert!(why(&report).starts_with("what is deployed in staging (entry 30)"));
    // That nothing is deployed is not as good as deployed well, and where it matters it is a gap.
    assert_eq!(asked("verified-on-target", &facts(vec![library.clone()])).status, Status::NoData);
    assert_eq!(asked("deployed", &facts(vec![library])).status, Status::NotMet);
}

#[test]
fn one_environment_of_several_that_lacks_it_is_a_gap() {
    let mut shop = project("shop", &[], &[], &[(mark::HEALTH, 31)]);
    shop.environments.push(EnvironmentFacts {
        name: "production".into(),
        marks: Marks::new(),
        ..shop.environments[0].clone()
    });
    let report = asked("healthy", &facts(vec![shop]));
    assert_eq!((report.holds, report.of), (0, 1));
    assert!(why(&report).contains("production"));
}

#[test]
fn what_the_organisation_did_counts_once_and_may_be_about_a_project() {
    let mut all =
        facts(vec![project("shop", &[("review-answered", 40)], &[], &[]), project("api", &[], &[], &[])]);
    let report = asked("reviewed", &all);
    assert_eq!(
        (report.status, report.holds, report.of, report.scope),
        (Status::Met, 1, 1, Scope::Organisation)
    );
    assert_eq!((report.evidence[0].project.as_deref(), report.evidence[0].index), (None, 40));
    all.projects[0].marks.clear();
    assert_eq!(asked("reviewed", &all).status, Status::NotMet);
    all.organisation = marks(&[("key:rotated", 50), ("!review-answered", 60)]);
    assert_eq!(
        (asked("keys-current", &all).status, asked("reviewed", &all).status),
        (Status::Met, Status::NotMet)
    );
    // Keys are made with the ledger; once it is old, a change must have been recorded.
    all.organisation.clear();
    all.first = Some(seen(0));
    assert_eq!(asked("keys-current", &all).status, Status::Met);
    all.moment = day(732);
    assert!(why(&asked("keys-current", &all)).contains("732 days old"));
}

#[test]
fn rules_of_their_own() {
    let made = |run: &[(&str, u64)]| asked("artifacts-signed", &facts(vec![project("p", &[], run, &[])]));
    assert_eq!(made(&[(mark::ARTIFACTS, 19), (mark::PROVENANCE, 18)]).status, Status::Met);
    assert_eq!(made(&[(mark::ARTIFACTS, 19), ("!provenance", 18)]).status, Status::NotMet);
    assert_eq!(
        made(&[(mark::RUN, 19)]).status,
        Status::NoData,
        "a build that makes nothing has nothing to sign"
    );
    assert_eq!(made(&[]).status, Status::NotMet);

    let checked = |run: &[(&str, u64)], programs: u64| {
        let mut project = project("p", &[], run, &[]);
        let marks = project.run.iter_mut().flat_map(|run| run.marks.get_mut(mark::HARDENING));
        marks.for_each(|mark| mark.amount = programs);
        asked("hardening-checked", &facts(vec![project]))
    };
    assert_eq!(checked(&[(mark::PROVENANCE, 18), (mark::HARDENING, 18)], 1).status, Status::Met);
    assert_eq!(
        checked(&[(mark::PROVENANCE, 18), (mark::HARDENING, 18)], 0).status,
        Status::NoData,
        "what was searched and holds no program is not concerned"
    );
    assert_eq!(checked(&[(mark::RUN, 19)], 0).status, Status::NoData, "nothing was made");
    let unchecked = checked(&[(mark::PROVENANCE, 18), ("scan:config", 17)], 0);
    assert!(why(&unchecked).contains("did not check what it made"), "a run of before, or of others");
    let archives = checked(&[(mark::PROVENANCE, 18), ("!hardening", 18)], 0);
    assert!(why(&archives).contains("not looked into"), "{}", why(&archives));
    assert_eq!(checked(&[], 0).status, Status::NotMet);

    let mut shop = project("p", &[("scan:sast", 7), ("!scan:dast", 8)], &[], &[]);
    let one = facts(vec![shop.clone()]);
    assert_eq!(asked("nothing-critical-open", &one).status, Status::Met);
    assert!(why(&asked("two-techniques", &one)).contains("only one"));
    shop.open.high = 3;
    assert!(why(&asked("nothing-critical-open", &facts(vec![shop]))).contains("0 critical and 3 high"));
    let unscanned = facts(vec![project("p", &[("!scan:sast", 7)], &[], &[])]);
    assert_eq!(asked("nothing-critical-open", &unscanned).status, Status::NotMet, "nobody knows");

    let accepted =
        |history: &[(&str, u64)]| asked("exceptions-end", &facts(vec![project("p", history, &[], &[])]));
    assert_eq!(accepted(&[]).status, Status::NoData);
    assert_eq!(accepted(&[(mark::DECISION, 5)]).status, Status::Met);
    assert_eq!(accepted(&[(mark::DECISION, 5), ("!exception", 6)]).status, Status::NotMet);
}

#[test]
fn a_control_is_covered_by_projects_that_have_everything() {
    let full = |name: &str| project(name, &[], &[(mark::ISOLATED, 18), (mark::PINNED, 19)], &[]);
    let half = |name: &str| project(name, &[], &[(mark::ISOLATED, 18)], &[]);
    let control = |projects: Vec<ProjectFacts>, rules| {
        let report = judge(&facts(projects), &[catalogue(rules, "answers: coverage")]);
        report.catalogues[0].controls[0].clone()
    };
    let some = control(vec![full("a"), half("b"), half("c")], "steps-isolated, tools-pinned");
    assert_eq!((some.status, some.covered, some.of, some.level), (Status::Partly, 1, 3, Some(Level::Some)));
    let most = control(vec![full("a"), full("b")], "steps-isolated, tools-pinned");
    assert_eq!((most.status, most.covered, most.level), (Status::Met, 2, Some(Level::Most)));
    // What the organisation lacks, each of its projects lacks; what nobody could answer keeps it from being met.
    for rules in ["steps-isolated, reviewed", "steps-isolated, verified-on-target"] {
        let control = control(vec![full("a"), full("b")], rules);
        assert_eq!((control.status, control.covered, control.of), (Status::Partly, 0, 2), "{rules}");
        assert_eq!(control.level, Some(Level::None), "{rules}");
    }
    assert_eq!(control(vec![half("b")], "tools-pinned").status, Status::NotMet);
}

#[test]
fn levels_are_those_of_coverage() {
    use Level::{Half, Most, None, Some};
    let levels =
        [(0, 0), (0, 9), (1, 9), (4, 9), (5, 10), (8, 9), (9, 10), (10, 10)].map(|(n, m)| Level::of(n, m));
    assert_eq!(levels, [None, None, Some, Some, Half, Half, Most, Most]);
    assert_eq!([None, Some, Half, Most].map(Level::score), [0.0, 0.25, 0.5, 1.0]);
}

#[test]
fn an_own_catalogue_with_a_mistake_is_refused_with_its_place() {
    let good = "version: 1\nid: own\ntitle: Own\nedition: '1'\nsource: us\ncontrols:\n  - id: A1\n    title: t\n    \
                text: x\n    measures: m\n    rules: [sbom-made]\n";
    assert_eq!(parse(good.as_bytes(), "own.yaml").unwrap().controls.len(), 1);
    let cases = [
        ("sbom-made", "sbom-mad", "controls-unusable", "own.yaml: A1: there is no rule `sbom-mad`"),
        ("[sbom-made]", "[]", "controls-unusable", "A1: it has no rule"),
        ("version: 1", "version: 2", "controls-unusable", "only version 1"),
        ("title: t", "titel: t", "controls-syntax", "own.yaml:8:"),
        ("text: x", "text: ''", "controls-unusable", "A1: a text is empty"),
        ("id: own", "id: 'own stuff'", "controls-unusable", "an id has up to"),
        ("text: x", "text: \"\\e[31m\"", "controls-unusable", "control characters"),
    ];
    for (from, to, code, message) in cases {
        let error = parse(good.replacen(from, to, 1).as_bytes(), "own.yaml").unwrap_err();
        assert_eq!(error.code(), code, "{to}: {error}");
        assert!(error.to_string().contains(message), "{to}: {error}");
        assert!(error.hint().is_some() || code == "controls-unusable");
    }
    let error = parse(good.replace("sbom-made", "sbom-mad").as_bytes(), "own.yaml").unwrap_err();
    assert_eq!(error.hint().unwrap(), "did you mean `sbom-made`?");
    let double = format!("{good}{}", &good[good.find("  - id").unwrap()..]);
    assert!(parse(double.as_bytes(), "x").unwrap_err().to_string().contains("there already"));
    assert_eq!(parse(&vec![b' '; (1 << 20) + 1], "x").unwrap_err().code(), "controls-too-large");
}

/// Two projects, one of them with a name that would like to be something else.
fn shown() -> Report {
    let run = [(mark::ISOLATED, 18), (mark::PINNED, 19), (mark::TRACE, 17), (mark::SBOM, 16)];
    let named = "=cmd|' /C calc'!A0<script>|x";
    let mut all =
        facts(vec![project(named, &[(mark::REPRODUCTION, 99)], &[], &[]), project("shop", &[], &run, &[])]);
    all.projects[1].marks = marks(&[(mark::REPRODUCTION, 98)]);
    judge(&all, built_in())
}

#[test]
fn a_spreadsheet_carries_nothing_out() {
    let text = export::csv(&shown());
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    assert_eq!((&header[0], header.len()), ("catalogue", 16));
    let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let rules: usize = built_in().iter().flat_map(|one| &one.controls).map(|one| one.rules.len()).sum();
    assert_eq!(lines.len(), rules);
    assert!(lines.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
    let t5 = lines.iter().find(|line| &line[1] == "T5").unwrap();
    assert_eq!((&t5[4], &t5[6], &t5[12], &t5[14]), ("met", "whole", "2", "99 98"));
}

#[test]
fn a_page_is_text_and_nothing_of_it_is_markup_of_others() {
    let page = export::markdown(&shown(), "Controls <b>");
    assert!(page.starts_with("# Controls \\<b\\>\n"));
    for expected in
        ["| T5 (SSS-02-02-07 introduction) | **Reproducible builds.**", "| partly met | no |", "[99] [98]"]
    {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(page.contains("=cmd\\|' /C calc'\\!A0\\<script\\>\\|x: no run has passed yet"), "{page}");
    // Each line of a table has as many cells as its header.
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let tables: Vec<&str> = page.split("\n\n").filter(|block| block.starts_with('|')).collect();
    assert_eq!(tables.len(), 5);
    for table in tables {
        let first = table.lines().next().unwrap();
        assert!(table.lines().all(|line| cells(line) == cells(first)), "{table}");
    }
}

#[test]
fn oscal_says_no_more_than_what_is_known_and_the_same_each_time() {
    let report = shown();
    let text = export::oscal::text(&report, Some("https://proofhouse.example/"));
    assert_eq!(text, export::oscal::text(&shown(), Some("https://proofhouse.example/")));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let results = document["assessment-results"]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    let finding = |catalogue: usize, id: &str| {
        let findings = results[catalogue]["findings"].as_array().unwrap();
        findings.iter().find(|one| one["target"]["target-id"] == id).unwrap().clone()
    };
    let status = |finding: &serde_json::Value| {
        let status = &finding["target"]["status"];
        (status["state"].as_str().unwrap().to_owned(), status["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(status(&finding(0, "T5")), ("satisfied".into(), "pass".into()));
    assert_eq!(status(&finding(0, "T6")), ("not-satisfied".into(), "fail".into()));
    assert_eq!(status(&finding(0, "D4")).0, "not-satisfied");
    let evidence = &results[0]["observations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["title"] == "builds-reproduced");
    assert_eq!(evidence.unwrap()["relevant-evidence"][0]["href"], "https://proofhouse.example/ledger/99");
    // Another moment or ledger is another document; within one, no identifier stands for two things.
    let mut other = shown();
    other.statements += 1;
    let ids = |text: &str| -> Vec<String> {
        let is_id = |line: &&str| line.trim_start().starts_with("\"uuid\"");
        text.lines().filter(is_id).map(|line| line.split('"').nth(3).unwrap().to_owned()).collect()
    };
    let (first, second) = (ids(&text), ids(&export::oscal::text(&other, None)));
    let all: BTreeSet<&String> = first.iter().chain(&second).collect();
    assert_eq!(all.len(), first.len() + second.len());
    assert!(first.iter().all(|id| id.as_bytes()[14] == b'5' && b"89ab".contains(&id.as_bytes()[19])));
}

#[test]
fn met_as_far_as_measured_is_not_satisfied() {
    let all = facts(vec![project("shop", &[], &[(mark::SBOM, 18)], &[])]);
    let mut own = catalogue("sbom-made", "");
    let state = |own: &Catalogue| {
        let text = export::oscal::text(&judge(&all, std::slice::from_ref(own)), None);
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        document["assessment-results"]["results"][0]["findings"][0]["target"]["status"].clone()
    };
    assert_eq!(state(&own)["state"], "satisfied");
    own.controls[0].does_not_measure = Some("whether it is right.".into());
    let status = state(&own);
    assert_eq!((status["state"].as_str(), status["reason"].as_str()), (Some("not-satisfied"), Some("other")));
    assert_eq!(status["remarks"], "met as far as measured. Not measured: whether it is right.");
}

proptest! {
    /// Users' files: whatever they hold, they are read or refused, and what is read can be written.
    #[test]
    fn any_bytes_are_a_catalogue_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0..900_usize) {
        let _ = parse(&bytes, "x");
        let real = include_str!("../src/controls/catalogues/samm.yaml");
        let at = real.floor_char_boundary(cut);
        let changed = [&real.as_bytes()[..at], &bytes[..bytes.len().min(9)], &real.as_bytes()[at..]].concat();
        if let Ok(catalogue) = parse(&changed, "x") {
            let report = judge(&facts(vec![project("p", &[], &[], &[])]), &[catalogue]);
            export::csv(&report);
            export::markdown(&report, "t");
            export::oscal::text(&report, None);
        }
    }
}
