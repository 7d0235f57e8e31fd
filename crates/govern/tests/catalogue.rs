//! The catalogue as its keepers meet it: files with mistakes, what is found and judged, radars of others, and
//! what is written for them.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use govern::catalogue::{
    Catalogue, Component, Goal, Inventory, Match, Measure, Move, Objective, Quadrant, Quorum, Ring,
    Standings, Technology, Weights, bill, denies,
    export::{Form, export},
    identify,
    import::{self, Format},
    judge, months, parse, starter, trend, yaml,
};
use jiff::civil::{Date, date};
use model::{Role, ToolRef, UserError};
use proptest::prelude::*;
use serde_json::json;

const GOOD: &str = r#"version: 1
unlisted: deny
technologies:
  - name: Waitress
    quadrant: languages-frameworks
    ring: hold
    match: [{ purl: "pkg:pypi/waitress" }]
    owner: web
    alternatives: [Gunicorn]
    hold-until: 2026-12-31
  - name: Django
    quadrant: languages-frameworks
    ring: adopt
    match: [{ purl: pkg:pypi/django }]
    versions: ">=5.2"
    review-by: 2026-06-30
  - name: Node.js
    quadrant: platforms
    ring: hold
    match: [{ tool: node, version: "<20" }]
"#;

fn component(purl: &str) -> Component {
    let bom = json!({ "bomFormat": "CycloneDX", "components": [{ "name": "x", "purl": purl }] });
    bill(&bom).components.remove(0)
}

fn tool(name: &str, version: &str) -> ToolRef {
    ToolRef { name: name.into(), version: version.into(), digest: None }
}

fn mistakes(text: &str) -> govern::strict::Mistakes {
    parse(text.as_bytes(), "technologies.yaml").unwrap_err()
}

#[test]
fn every_mistake_is_told_with_place_and_suggestion() {
    let text = GOOD
        .replace("ring: adopt", "ring: adpot")
        .replace("2026-06-30", "30.6.2026")
        .replace("pkg:pypi/django }", "pkg:pypi/django@5.1 }")
        .replace("name: Node.js", "name: WAITRESS");
    let error = mistakes(&text);
    let told: Vec<_> = error.mistakes.iter().map(|m| (m.code, m.line, m.column)).collect();
    let expected = [
        ("catalogue-unknown-name", 13, 11),
        ("catalogue-bad-purl", 14, 21),
        ("catalogue-bad-date", 16, 16),
        ("catalogue-duplicate", 17, 11),
    ];
    // An entry whose ring cannot be read is not looked at further.
    assert_eq!(told, [expected[0], expected[3]]);
    assert_eq!(error.hint().as_deref(), Some("did you mean `adopt`?"));
    let error = mistakes(&text.replace("adpot", "adopt"));
    let told: Vec<_> = error.mistakes.iter().map(|m| (m.code, m.line, m.column)).collect();
    assert_eq!(told, expected[1..]);
    let shown = error.excerpt(text.as_bytes());
    assert!(shown.contains("technologies.yaml:16:16") && shown.contains('^'), "{shown}");
}

#[test]
fn unknown_and_missing_keys_and_bombs_are_refused() {
    let unknown = mistakes(&GOOD.replace("    owner: web", "    ownr: web"));
    assert_eq!((unknown.code(), unknown.mistakes[0].line), ("catalogue-unknown-key", 8));
    assert_eq!(unknown.hint().as_deref(), Some("did you mean `owner`?"), "{unknown}");
    for (text, code) in [
        ("version: 1\ntechnologies:\n  - name: a\n    ring: hold\n".to_owned(), "catalogue-syntax"),
        ("version: 2\ntechnologies: []\n".to_owned(), "catalogue-version"),
        (
            GOOD.replace("ring: hold\n    match: [{ purl", "ring: adopt\n    match: [{ purl"),
            "catalogue-idle-grace",
        ),
        (format!("{GOOD}version: 1\n"), "catalogue-syntax"),
        (
            GOOD.replace("match: [{ tool: node,", "match: [{ tool: node, purl: pkg:a/b,"),
            "catalogue-bad-match",
        ),
        (format!("version: 1\ntechnologies: {}", "[".repeat(5_000)), "catalogue-syntax"),
        (" ".repeat((1 << 20) + 1), "catalogue-too-large"),
        ("a: &a [x]\nb: &b [*a,*a]\nversion: [*b,*b]".to_owned(), "catalogue-unknown-key"),
    ] {
        assert_eq!(mistakes(&text).code(), code, "{}", &text[..text.len().min(200)]);
    }
    assert_eq!(parse(b"\xff", "x").unwrap_err().code(), "catalogue-not-utf8");
}

#[test]
fn hold_warns_until_its_day_is_over_and_nothing_else_slips_by() {
    let catalogue = parse(GOOD.as_bytes(), "x").unwrap();
    let on = |day: Date, purls: &[&str], tools: &[ToolRef]| {
        let components: Vec<_> = purls.iter().map(|purl| component(purl)).collect();
        let violations = judge(&catalogue, &Standings::new(), &components, tools, day).violations;
        violations.iter().map(|v| (v.code.clone(), denies(v, day))).collect::<Vec<_>>()
    };
    let (last, after) = (date(2026, 12, 31), date(2027, 1, 1));
    let hold = |denied| vec![("technology-hold".to_owned(), denied)];
    assert_eq!(on(last, &["pkg:pypi/waitress@2.1.1"], &[]), hold(false));
    assert_eq!(on(after, &["pkg:pypi/waitress@2.1.1"], &[]), hold(true));
    // Other spellings of the same name.
    for purl in ["pkg:pypi/w%61itress@2", "PKG:pypi/Waitress", "pkg:pypi/waitress@1?a=b#c"] {
        assert_eq!(on(after, &[purl], &[]), hold(true), "{purl}");
    }
    assert_eq!(on(last, &["pkg:pypi/flask@3"], &[]), [("technology-unlisted".to_owned(), true)]);
    let django = on(date(2026, 6, 30), &["pkg:pypi/django@5.2.1"], &[]);
    assert!(django.is_empty(), "{django:?}");
    assert_eq!(on(last, &["pkg:pypi/django@5.2"], &[]), [("technology-review-overdue".to_owned(), false)]);
    for purl in ["pkg:pypi/django@4.2", "pkg:pypi/django"] {
        let day = date(2026, 1, 1);
        assert_eq!(on(day, &[purl], &[]), [("technology-version".to_owned(), true)], "{purl}");
    }
    assert_eq!(on(last, &[], &[tool("node", "18.1.0")]), hold(true));
    assert!(on(last, &[], &[tool("node", "22.1.0"), tool("python", "3.12")]).is_empty());
}

#[test]
fn what_others_depend_on_is_not_unlisted_but_held_technologies_are_found_there_too() {
    let catalogue = parse(GOOD.as_bytes(), "x").unwrap();
    let mut deep = component("pkg:pypi/six@1");
    deep.direct = Some(false);
    let mut held = component("pkg:pypi/waitress@2");
    held.direct = Some(false);
    let judged = judge(&catalogue, &Standings::new(), &[deep, held], &[], date(2027, 1, 1));
    assert_eq!((judged.listed, judged.unlisted, judged.violations.len()), (1, 1, 1));
    assert!(judged.violations[0].message.contains("instead: Gunicorn"), "{:?}", judged.violations);
}

#[test]
fn a_bill_with_gaps_says_so() {
    let mut nested = json!([]);
    for _ in 0..30 {
        nested = json!([{ "name": "x", "components": nested }]);
    }
    let errors = json!([{ "name": "proofhouse:error", "value": "poetry.lock: cannot be read" }]);
    let bom = json!({ "bomFormat": "CycloneDX", "components": nested, "metadata": { "properties": errors } });
    assert_eq!(bill(&bom).gaps.len(), 2);
    assert_eq!(bill(&json!({ "components": 7 })).gaps.len(), 1);
}

#[test]
fn what_is_used_is_grouped_and_counted_over_projects() {
    let of = |project: &str, purls: &[&str], tools: Vec<ToolRef>| Inventory {
        project: project.into(),
        components: purls.iter().map(|purl| component(purl)).collect(),
        tools,
    };
    let found = identify(&[
        of(
            "shop",
            &["pkg:npm/%40angular/core@17.0.1", "pkg:npm/%40angular/forms@17.0.1", "pkg:npm/left-pad@1"],
            vec![],
        ),
        of("desk", &["pkg:npm/%40angular/core@16.2.0"], vec![tool("node", "20.1.0"), tool("own", "1")]),
    ]);
    let named = |name: &str| found.iter().find(|one| one.name == name).unwrap();
    let angular = named("Angular");
    assert_eq!((angular.components, angular.projects.len()), (3, 2));
    assert_eq!(angular.versions.iter().map(String::as_str).collect::<Vec<_>>(), ["16.2.0", "17.0.1"]);
    assert!(named("JavaScript").versions.is_empty(), "a library's version is not its language's");
    assert!(named("Node.js").known && !named("own").known);
    assert_eq!(found[0].name, "JavaScript", "most used first");
    let first = parse(yaml(&starter(&found)).as_bytes(), "x").unwrap();
    assert_eq!(first, starter(&found));
}

#[test]
fn radars_of_others_come_in() {
    let zalando = json!({ "date": "2026.01", "entries": [
        { "quadrant": 0, "ring": 0, "label": "Kotlin", "active": true, "moved": 0 },
        { "quadrant": 2, "ring": 3, "label": "Oracle <DB>", "active": true, "moved": -1 },
        { "quadrant": 9, "ring": 0, "label": "Nowhere" } ] });
    let aoe = json!({ "items": [{ "id": "k", "title": "Kotlin", "quadrant": "languages-and-frameworks", "ring": "adopt",
        "body": "<p>Good</p>", "revisions": [{ "release": "2026-02-01", "ring": "adopt" }, { "release": "2025-02-01", "ring": "trial" }] }] });
    let backstage = json!({ "quadrants": [{ "id": "q1", "name": "Languages" }], "rings": [{ "id": "r1", "name": "ADOPT" }, { "id": "r2", "name": "Hold" }],
        "entries": [{ "id": "x", "key": "x", "title": "Perl", "quadrant": "q1", "timeline": [
            { "moved": -1, "ringId": "r2", "date": "2026-01-02T00:00:00Z", "description": "old" },
            { "moved": 0, "ringId": "r1", "date": "2020-08-06T00:00:00Z" }] }] });
    let byor = json!([{ "name": "Composer", "ring": "adopt", "quadrant": "tools", "isNew": "TRUE", "description": "x" }]);
    for (file, format, names) in [
        (zalando, Format::Zalando, vec![("Kotlin", Ring::Adopt), ("Oracle <DB>", Ring::Hold)]),
        (aoe, Format::Aoe, vec![("Kotlin", Ring::Adopt)]),
        (backstage, Format::Backstage, vec![("Perl", Ring::Hold)]),
        (byor, Format::Byor, vec![("Composer", Ring::Adopt)]),
    ] {
        let bytes = file.to_string().into_bytes();
        let found = import::import(&bytes, None).unwrap();
        assert_eq!(found, import::import(&bytes, Some(format)).unwrap());
        let entries: Vec<_> =
            found.catalogue.technologies.iter().map(|t| (t.name.as_str(), t.ring)).collect();
        assert_eq!(entries, names);
        assert_eq!(parse(yaml(&found.catalogue).as_bytes(), "x").unwrap(), found.catalogue);
    }
    let csv = "quadrant,name,ring,isNew,description\r\nlanguages & frameworks,JSF,hold,FALSE,\"no, really\"\r\ntools,JSF,adopt,,\r\n";
    let found = import::import(csv.as_bytes(), None).unwrap();
    assert_eq!(found.catalogue.technologies[0].rationale.as_deref(), Some("no, really"));
    assert_eq!((found.catalogue.technologies.len(), found.notes.len()), (1, 1));
    for (bytes, code) in [
        ("{}", "radar-unknown-form"),
        ("[]", "radar-empty"),
        ("a,b\n", "radar-syntax"),
        ("[1", "radar-syntax"),
    ] {
        assert_eq!(import::import(bytes.as_bytes(), None).unwrap_err().code(), code, "{bytes}");
    }
}

#[test]
fn hostile_radars_are_refused_or_bounded() {
    let formats =
        [None, Some(Format::Zalando), Some(Format::Aoe), Some(Format::Backstage), Some(Format::Byor)];
    let entry = |name: &str| serde_json::json!({"name": name, "ring": "adopt", "quadrant": "tools", "description": "d"});
    let code = |bytes: &[u8], format| import::import(bytes, format).map_or_else(|e| e.code(), |_| "taken");
    for format in formats {
        let huge = vec![b' '; import::MOST_BYTES + 1];
        assert_eq!(code(&huge, format), "radar-too-large");
        for open in ["[", "{\"entries\":", "{\"items\":[", "{\"a\":[", "[[["] {
            assert_eq!(code(open.repeat(200_000).as_bytes(), format), "radar-syntax", "{open}");
        }
        for bad in [
            &b"\xff\xfe[\0]\0"[..],
            b"[\xff]",
            b"{\"items\": 1e999}",
            b"[{\"name\":\"\\ud800\"}]",
            b"\0",
            b"",
        ] {
            assert_ne!(code(bad, format), "taken", "{bad:?}");
        }
    }
    let many: Vec<_> = (0..=govern::catalogue::MOST_TECHNOLOGIES).map(|n| entry(&n.to_string())).collect();
    assert_eq!(code(serde_json::to_string(&many).unwrap().as_bytes(), None), "radar-too-many");
    let rows: String =
        (0..=govern::catalogue::MOST_TECHNOLOGIES).map(|n| format!("{n},adopt,tools,d\n")).collect();
    assert_eq!(code(format!("name,ring,quadrant,description\n{rows}").as_bytes(), None), "radar-too-many");
    // What is only long becomes short, and nothing in it is more than text.
    let texts = [
        "x".repeat(1 << 20),
        "\u{0}a\u{1b}[31m\u{202e}b".to_owned(),
        "<script>alert(1)</script>".into(),
        "=cmd|' /C calc'!A0".into(),
        "&a: *a !!python/object".into(),
    ];
    let long = texts.map(|text| entry(&text));
    let found = import::import(serde_json::to_string(&long).unwrap().as_bytes(), None).unwrap();
    for technology in &found.catalogue.technologies {
        assert!(technology.name.chars().count() <= 200 && !technology.name.chars().any(char::is_control));
    }
    let text = yaml(&found.catalogue);
    assert_eq!(parse(text.as_bytes(), "x").unwrap(), found.catalogue, "{text}");
    let wide = format!("name,ring,quadrant,description{}\na,adopt,tools,d\n", ",x".repeat(500_000));
    let quotes = format!("name,ring,quadrant,description\n{}", "\"".repeat(1 << 20));
    for odd in [wide, quotes] {
        let _ = code(odd.as_bytes(), None);
    }
}

#[test]
fn our_csv_is_one_that_others_read_and_no_spreadsheet_runs() {
    let mut catalogue = parse(GOOD.as_bytes(), "x").unwrap();
    catalogue.technologies[0].rationale = Some("=cmd()".into());
    let csv = export(&catalogue, Form::Csv, "");
    assert!(csv.contains(",'=cmd(),"), "{csv}");
    let back = import::import(csv.as_bytes(), Some(Format::Byor)).unwrap().catalogue;
    let places = |c: &Catalogue| {
        c.technologies.iter().map(|t| (t.name.clone(), t.quadrant, t.ring)).collect::<Vec<_>>()
    };
    assert_eq!(places(&back), places(&catalogue));
}

/// Reads a whole XML document, and fails the test when it is not well-formed or has what can act.
fn well_formed(svg: &str) {
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let mut depth = 0_i32;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) => {
                assert!(
                    !["script", "foreignObject", "a", "style"]
                        .contains(&std::str::from_utf8(tag.name().0).unwrap())
                );
                tag.attributes().for_each(|a| assert!(!a.unwrap().key.0.starts_with(b"on")));
                depth += 1;
            }
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Empty(tag) => tag.attributes().for_each(|a| drop(a.unwrap())),
            quick_xml::events::Event::GeneralRef(name) => {
                assert!(["amp", "lt", "gt", "quot", "#39"].contains(&std::str::from_utf8(&name).unwrap()));
            }
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert!(svg.chars().all(legal), "characters that XML 1.0 does not have");
}

prop_compose! {
    fn technology()(
        name in "[^\\p{C}\\s]([^\\p{C}]{0,40}[^\\p{C}\\s])?",
        quadrant in prop::sample::select(Quadrant::ALL),
        ring in prop::sample::select(Ring::ALL),
        rationale in prop::option::of("[^\\p{Cc}]{0,60}x"),
        owner in prop::option::of("[a-z\"':#\\\\-]{1,20}"),
        alternatives in prop::collection::vec("[\\p{L} \\]\\[,{}]{0,10}y", 0..3),
        requirement in prop::option::of(prop::sample::select(&[">=1, <2", "3.11", "!=4"][..])),
        day in prop::option::of((2000_i16..2100, 1_i8..=12, 1_i8..=28)),
        matched in any::<bool>(),
        client in any::<bool>(),
        cpe in prop::option::of("cpe:2[.]3:[aoh]:[a-z_]{1,8}:[a-z_.]{1,8}"),
        evidence in prop::option::of(any::<[u8; 4]>().prop_map(model::Sha256::of)),
        product in prop::option::of("[a-z][a-z0-9.-]{0,12}"),
    ) -> Technology {
        let day = day.map(|(y, m, d)| date(y, m, d));
        let versions: Option<model::version::Requirement> = requirement.map(|text| text.parse().unwrap());
        let mut matches = match matched {
            true => vec![Match { purl: Some("pkg:npm/@x/**".into()), client, version: versions.clone(), ..Match::default() }],
            false => vec![],
        };
        matches.extend(cpe.map(|cpe| Match { cpe: Some(cpe), ..Match::default() }));
        let hold_until = day.filter(|_| ring == Ring::Hold || versions.is_some());
        let moves = day.map(|date| Move { date, ring, reason: rationale.clone() }).into_iter().collect();
        Technology { matches, product, owner, rationale, evidence, alternatives, versions, review_by: day, hold_until, moves, ..Technology::new(name, quadrant, ring) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn yaml_and_json_read_back_as_they_were(
        technologies in prop::collection::vec(technology(), 0..6),
        roles in prop::option::of(prop::collection::vec(prop::sample::select(&Role::ALL[..]), 1..5)),
        number in 1_u16..100,
        text in "[^\\p{Cc}]{0,20}x",
    ) {
        let quorum = roles.map(|roles| Quorum { roles, valid_days: number, ..Quorum::default() });
        let weights = Weights { ease: number, ..Weights::default() };
        let objective = Objective { objective: text.clone(), measure: Measure::ProjectsUsing, technology: Some(text), goal: Goal::AtMost(number), due: date(2030, 1, 1), owner: None };
        let mut catalogue = Catalogue { technologies, quorum, weights, objectives: vec![objective], ..Catalogue::default() };
        for (n, entry) in catalogue.technologies.iter_mut().enumerate() {
            entry.name = format!("{n}{}", entry.name);
        }
        let written = yaml(&catalogue);
        prop_assert_eq!(&parse(written.as_bytes(), "x").map_err(|e| e.excerpt(written.as_bytes())).unwrap(), &catalogue);
        let json = export(&catalogue, Form::Json, "");
        prop_assert_eq!(&parse(json.as_bytes(), "x").map_err(|e| e.excerpt(json.as_bytes())).unwrap(), &catalogue);
    }

    #[test]
    fn the_picture_is_well_formed_whatever_names_there_are(names in prop::collection::vec(any::<String>(), 0..40), title: String) {
        let entries = names.into_iter().enumerate().map(|(n, name)| {
            Technology::new(name, Quadrant::ALL[n % 4], Ring::ALL[n / 4 % 4])
        });
        let catalogue = Catalogue { technologies: entries.collect(), ..Catalogue::default() };
        let svg = export(&catalogue, Form::Svg, &title);
        well_formed(&svg);
        prop_assert_eq!(&svg, &export(&catalogue, Form::Svg, &title));
        prop_assert_eq!(svg.matches("role=\"listitem\"").count(), catalogue.technologies.len());
        for line in export(&catalogue, Form::Markdown, &title).lines() {
            prop_assert!(!line.contains('<') && !line.chars().any(char::is_control));
        }
    }

    #[test]
    fn no_bytes_make_reading_or_import_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>()) {
        let _ = parse(&bytes, "x").map_err(|error| error.excerpt(&bytes));
        let _ = import::import(&bytes, None);
        // Something nearly right.
        let mut near = GOOD.as_bytes().to_vec();
        let at = at.index(near.len());
        near.splice(at..(at + bytes.len() % 7).min(near.len()), bytes.iter().copied().take(3));
        let _ = parse(&near, "x").map_err(|error| error.excerpt(&near));
        let mut csv = b"name,ring,quadrant,description\n".to_vec();
        csv.extend(&bytes);
        if let Ok(found) = import::import(&csv, None) {
            prop_assert!(parse(yaml(&found.catalogue).as_bytes(), "x").is_ok());
        }
    }

    #[test]
    fn any_json_in_a_radar_is_taken_or_passed_over(text: String, n: i64, format in prop::sample::select(&Format::NAMES[..])) {
        let odd = [json!(null), json!(text), json!(n), json!([text]), json!({ "name": text })];
        for (value, other) in odd.iter().flat_map(|a| odd.iter().map(move |b| (a, b))) {
            let file = json!({ "quadrants": value, "rings": other, "items": [{ "title": text, "ring": "adopt", "quadrant": "tools", "body": text, "revisions": [value, { "release": other, "ring": value }] }, value],
                "entries": [value, { "title": text, "label": text, "quadrant": other, "ring": value, "timeline": [other, { "ringId": "hold", "date": value }] }] });
            let _ = import::import(file.to_string().as_bytes(), None);
            if let Ok(found) = import::import(file.to_string().as_bytes(), Format::from_name(format)) {
                prop_assert_eq!(&parse(yaml(&found.catalogue).as_bytes(), "x").unwrap(), &found.catalogue);
            }
        }
    }
}

#[test]
fn use_is_counted_at_the_end_of_each_month() {
    let now = "2027-02-10T08:00:00Z".parse().unwrap();
    let ends = months(now, 3);
    let labels: Vec<&str> = ends.iter().map(|(label, _)| label.as_str()).collect();
    assert_eq!(labels, ["2026-12", "2027-01", "2027-02"]);
    assert_eq!((ends[0].1.to_string().as_str(), ends[2].1), ("2027-01-01T00:00:00Z", now));
    let inventory = |project: &str, purls: &[&str], tools: &[&str]| Inventory {
        project: project.into(),
        components: purls.iter().map(|purl| component(purl)).collect(),
        tools: tools.iter().map(|name| tool(name, "")).collect(),
    };
    let catalogue = parse(GOOD.as_bytes(), "x").unwrap();
    let before = vec![inventory("a", &["pkg:pypi/waitress", "pkg:pypi/psycopg"], &["python"])];
    let after = vec![
        inventory("a", &["pkg:docker/postgres"], &["python"]),
        inventory("b", &["pkg:npm/x"], &["node"]),
    ];
    let trends = trend(&catalogue, &[("2027-01".into(), before), ("2027-02".into(), after)]);
    let of = |name: &str| {
        let one = trends.iter().find(|one| one.technology == name).unwrap();
        (one.months.iter().map(|(_, n)| *n).collect::<Vec<_>>(), one.change, one.known)
    };
    assert_eq!(of("Waitress"), (vec![1, 0], -1, true));
    assert_eq!(of("PostgreSQL"), (vec![1, 1], 0, true), "a client, then the server");
    assert_eq!(
        of("Node.js"),
        (vec![0, 0], 0, true),
        "the entry is about versions below 20, and this one has none"
    );
    assert_eq!(of("Python"), (vec![1, 1], 0, true));
    assert_eq!(of("x"), (vec![0, 1], 1, false));
}
