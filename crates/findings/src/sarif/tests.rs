//! SARIF as its standard says it, in every order of keys.

use model::{Finding, Place, Severity, identity::context};

use crate::{
    ImportOptions,
    adapters::tests::{find, read, read_with},
};

/// The members of a run, to be put in any order.
const MEMBERS: [&str; 6] = [
    r#""tool":{"driver":{"name":"Semgrep OSS","semanticVersion":"1.2.3","rules":[
        {"id":"sql","shortDescription":{"text":"SQL injection"},"helpUri":"https://rules.example/sql",
         "defaultConfiguration":{"level":"error"},"properties":{"tags":["security","external/cwe/cwe-089"],
         "precision":"high"},"messageStrings":{"default":{"text":"Value of {0} reaches the database."}}}]},
      "extensions":[{"name":"more","rules":[{"id":"other","properties":{"security-severity":"9.8"},
         "relationships":[{"target":{"id":"787","toolComponent":{"name":"CWE"}}}]}]}]}"#,
    r#""results":[
      {"ruleId":"sql/1","message":{"id":"default","arguments":["`name`"]},"locations":[{"physicalLocation":
        {"artifactLocation":{"uri":"my%20app.py","uriBaseId":"SRC"},"region":{"startLine":7,"snippet":{"text":" q( x )"}}},
        "logicalLocations":[{"index":0}]}]},
      {"rule":{"index":0,"toolComponent":{"index":0}},"message":{"text":"From [input](1)."},"level":"note",
       "locations":[{"physicalLocation":{"artifactLocation":{"index":1}}}],
       "partialFingerprints":{"primaryLocationLineHash":"abc:1"}},
      {"ruleId":"sql","kind":"pass","message":{"text":"fine"}},
      {"ruleId":"sql","baselineState":"absent","message":{"text":"gone"}},
      {"ruleId":"sql","message":{"text":"known"},"suppressions":[{"kind":"inSource","justification":"tested"}]},
      {"ruleId":"sql","message":{"text":"undecided"},"suppressions":[{"kind":"external","status":"underReview"}]}]"#,
    r#""originalUriBaseIds":{"SRC":{"uri":"src/","uriBaseId":"ROOT"},"ROOT":{"uri":"file:///home/ci/checkout/"}}"#,
    r#""artifacts":[{"location":{"uri":"src/a.c"}},{"location":{"uri":"b.c","uriBaseId":"ROOT"}}]"#,
    r#""logicalLocations":[{"name":"find","fullyQualifiedName":"app.find"}]"#,
    r#""invocations":[{"executionSuccessful":true,"toolExecutionNotifications":[
        {"level":"warning","message":{"text":"too large"},"locations":[{"physicalLocation":
          {"artifactLocation":{"uri":"big.js"}}}]}]}]"#,
];

fn log(order: &[usize]) -> String {
    let members: Vec<&str> = order.iter().map(|n| MEMBERS[*n]).collect();
    format!(r#"{{"runs":[{{{}}}],"version":"2.1.0"}}"#, members.join(","))
}

#[test]
fn the_order_of_keys_does_not_matter() {
    let (findings, info) = read("sarif", &log(&[0, 1, 2, 3, 4, 5]));
    let sql = find(&findings, "sql/1");
    assert_eq!(sql.message, "Value of `name` reaches the database.");
    assert_eq!(
        (sql.severity, sql.cwe.as_slice(), sql.title.as_str()),
        (Severity::High, [89].as_slice(), "SQL injection")
    );
    let Place::Code { path, symbol, context: code, .. } = &sql.place else { panic!() };
    assert_eq!((path.as_str(), symbol.as_deref()), ("src/my app.py", Some("app.find")));
    assert_eq!(*code, Some(context("q( x )")));
    let other = find(&findings, "other");
    assert_eq!((other.severity, other.cwe.as_slice()), (Severity::Critical, [787].as_slice()));
    assert_eq!((other.place.label().as_str(), other.message.as_str()), ("b.c", "From input."));
    assert_eq!((findings.len(), info.suppressed), (3, 1));
    assert_eq!((info.tool.name.as_str(), info.tool.version.as_str()), ("semgrep", "1.2.3"));
    assert!(info.coverage.is_complete() && info.coverage.skipped.iter().any(|s| s.what == "big.js"));

    let ids = |findings: &[Finding]| findings.iter().map(|f| f.id).collect::<Vec<_>>();
    for order in [[1, 0, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 4, 1, 5, 3, 2], [2, 1, 3, 4, 0, 5]] {
        let (again, _) = read("sarif", &log(&order));
        assert_eq!((ids(&again), again), (ids(&findings), findings.clone()), "{order:?}");
    }
}

#[test]
fn several_runs_are_one_report() {
    let (one, two) = (log(&[1, 0, 2, 3, 4]), log(&[0, 1]));
    let run = |log: &str| log[r#"{"runs":["#.len()..log.len() - r#"],"version":"2.1.0"}"#.len()].to_owned();
    let both = format!(r#"{{"version":"2.1.0","runs":[{},{}]}}"#, run(&two), run(&one));
    let (findings, info) = read("sarif", &both);
    assert_eq!((findings.len(), info.suppressed, info.coverage.rules), (6, 2, Some(4)));
}

#[test]
fn what_the_tool_did_not_manage_is_an_error_of_the_scan() {
    let log =
        |run: &str| format!(r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"x"}}}},{run}}}]}}"#);
    for run in [
        r#""results":null,"artifacts":[{}]"#,
        r#""artifacts":[{}]"#,
        r#""artifacts":[{}],"externalPropertyFileReferences":{"results":[{}]}"#,
        r#""results":[],"artifacts":[{}],"invocations":[{"executionSuccessful":false,"exitCodeDescription":"killed"}]"#,
        r#""results":[],"artifacts":[{}],"invocations":[{"executionSuccessful":true,
            "toolExecutionNotifications":[{"level":"error","message":{"text":"no parser"}}]}]"#,
    ] {
        let (_, info) = read("sarif", &log(run));
        assert_eq!((info.coverage.errors.len(), info.coverage.is_complete()), (1, false), "{run}");
    }
    assert!(!read("sarif", &log(r#""results":[]"#)).1.coverage.is_complete());
}

#[test]
fn credentials_packages_and_routes_get_their_own_places() {
    let log = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"gitleaks","rules":[]}},"results":[
        {"ruleId":"aws","message":{"text":"found AKIAZZ12 here"},"locations":[{"physicalLocation":{"artifactLocation":
        {"uri":".env"},"region":{"startLine":2,"snippet":{"text":"AKIAZZ12"}}}}]}]},
      {"tool":{"driver":{"name":"grype","rules":[{"id":"CVE-2020-1-flask","properties":
        {"purls":["pkg:pypi/Flask@1.0"],"security-severity":"7.5"}}]}},"results":[{"ruleId":"CVE-2020-1-flask",
        "ruleIndex":0,"message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"poetry.lock"}}}]}]},
      {"tool":{"driver":{"name":"probe"}},"results":[{"ruleId":"xss","message":{"text":"m"},"webRequest":{"method":"post"},
        "locations":[{"physicalLocation":{"artifactLocation":{"uri":"https://app.example/items/1?q=2"}}}]}]}]}"#;
    let (findings, _) = read("sarif", log);
    assert!(
        matches!(&findings[0].place, Place::Secret { fingerprint, .. } if *fingerprint == model::Sha256::of("AKIAZZ12"))
    );
    assert_eq!(findings[0].message, "found *** here");
    assert_eq!((findings[1].place.label().as_str(), findings[1].cvss), ("pkg:pypi/flask@1.0", Some(7.5)));
    assert_eq!(findings[2].place.label(), "POST /items/1");
}

#[test]
fn paths_are_cut_at_the_root_the_caller_knows() {
    let log = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"ruff"}},"results":[{"ruleId":"S1",
        "message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":
        {"uri":"file:///build/src/app/a.py"},"region":{"startLine":1}}}]}]}]}"#;
    let options = ImportOptions { roots: vec!["/build/src".into()], ..ImportOptions::default() };
    assert_eq!(read_with("sarif", log, &options).0[0].place.label(), "app/a.py:1");
    assert_eq!(read("sarif", log).0[0].place.label(), "build/src/app/a.py:1");
}

/// A run of a tool whose rules are tagged with requirements.
fn tagged(rules: &str, results: &str, more: &str) -> String {
    format!(
        r#"{{"version":"2.1.0","runs":[{{"results":[{results}],"tool":{{"driver":{{"name":"own","rules":[{rules}]}}}}
        {more}}}]}}"#
    )
}

const ARTIFACTS: &str = r#","artifacts":[{"location":{"uri":"a.c"}}]"#;

#[test]
fn rules_and_results_name_security_requirements_by_their_tags() {
    let one = serde_json::from_str(r#"{"title":"t","source":"own"}"#).unwrap();
    let known = model::requirement::Requirements::from([("V1.2.3".to_owned(), one)]);
    let options = ImportOptions { requirements: Some(&known), ..ImportOptions::default() };
    let said = |report: &str| read_with("sarif", report, &options).1.coverage;
    let rules = r#"{"id":"r1","properties":{"tags":["security","V1.2.3","requirement:OWN-1","requirement:no id"]}},
        {"id":"r2","defaultConfiguration":{"enabled":false},"properties":{"tags":["requirement:OWN-2"]}},
        {"id":"r3","properties":{"tags":["requirement: OWN-3"]}}"#;
    let at = r#""message":{"text":"m"},"locations":[{"physicalLocation":{"artifactLocation":{"uri":"a.c"},"region":{"startLine":3}}}]"#;

    // Nothing was found: every rule that was applied says so.
    let clean = said(&tagged(rules, "", ARTIFACTS));
    assert!(clean.is_complete());
    assert_eq!(clean.requirements.keys().collect::<Vec<_>>(), ["OWN-1", "OWN-3", "V1.2.3"]);
    assert_eq!(clean.requirements["V1.2.3"].rules, ["r1"]);
    let overrides = |on: bool| {
        format!(
            r#","invocations":[{{"executionSuccessful":true,"ruleConfigurationOverrides":[
            {{"descriptor":{{"index":2}},"configuration":{{"enabled":{on}}}}},
            {{"descriptor":{{"id":"r2"}},"configuration":{{"enabled":{}}}}}]}}]{ARTIFACTS}"#,
            !on
        )
    };
    let turned = said(&tagged(rules, "", &overrides(false)));
    assert!(turned.requirements.contains_key("OWN-2") && !turned.requirements.contains_key("OWN-3"));
    // Without a list of files nobody knows what was looked at.
    let silent = said(&tagged(rules, "", ""));
    assert!(silent.requirements.values().all(|tags| tags.rules.is_empty() && !tags.withdrawn.is_empty()));

    let results = format!(
        r#"{{"ruleId":"r1",{at}}},{{"ruleId":"r3","suppressions":[{{"kind":"inSource","justification":"tested"}}],{at}}},
        {{"ruleId":"free","properties":{{"tags":["requirement:OWN-4"]}},{at}}},
        {{"ruleId":"other","kind":"pass","properties":{{"tags":["requirement:OWN-5"]}},{at}}},
        {{"ruleId":"other","kind":"notApplicable","properties":{{"tags":["requirement:OWN-6"]}},{at}}}"#
    );
    let found = said(&tagged(rules, &results, ARTIFACTS)).requirements;
    assert_eq!(
        (&found["OWN-1"].found, &found["V1.2.3"].found),
        (&vec!["r1 at a.c:3".into()], &vec!["r1 at a.c:3".into()])
    );
    assert_eq!(found["OWN-3"].withdrawn, ["a.c (r3): suppressed in the code: tested"]);
    assert_eq!((&found["OWN-4"].found, &found["OWN-4"].rules), (&vec!["free at a.c:3".to_owned()], &vec![]));
    assert_eq!(found["OWN-5"].rules, ["other"]);
    assert!(!found.contains_key("OWN-6"));

    // More than a project can have is an error, and what comes first is kept.
    let many: Vec<String> = (0..5001)
        .map(|n| format!(r#"{{"id":"r{n}","properties":{{"tags":["requirement:R-{n}"]}}}}"#))
        .collect();
    let many = said(&tagged(&many.join(","), "", ARTIFACTS));
    assert!(!many.is_complete() && many.requirements.len() == model::Coverage::MOST_REQUIREMENTS);
}
