//! Test names and results from a JUnit XML report (the common subset that test tools write), and the security
//! requirements that tests name: by a property `requirement` of the test (one or several ids), or by `[ID]` or
//! `@ID` in its name.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    predicate::RequirementTests,
    requirement::{in_id, is_id},
};
use quick_xml::{Reader, escape::unescape, events::BytesStart, events::Event};

/// Largest report that is read.
pub const LARGEST: u64 = 64 << 20;
/// Most names kept of each kind.
const MOST: usize = 20_000;
/// Most tests that name a requirement, each counted once for each that it names.
const MOST_NAMED: usize = 100_000;
/// Most ids kept that the project does not have.
const MOST_UNKNOWN: usize = 20;

/// What a report says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Names of tests that passed.
    pub passed: Vec<String>,
    /// Names of tests that were skipped.
    pub skipped: Vec<String>,
    /// Names of tests that failed or broke.
    pub failed: Vec<String>,
    /// Requirements that tests name.
    pub requirements: BTreeMap<String, RequirementTests>,
    /// Ids that properties name and the project does not have.
    pub unknown: BTreeSet<String>,
    named: usize,
}

impl Results {
    /// Number of tests that really ran.
    pub fn ran(&self) -> usize {
        self.passed.len() + self.failed.len()
    }
}

/// Reads a report. `known` tells which ids are requirements of the project; other tags in names mean nothing.
///
/// # Errors
/// Not XML, no `testcase`, nested deeper than 64, a document type (entities are refused), or more than 100,000
/// tests that name a requirement: a failed one must not get lost among them.
pub fn parse(bytes: &[u8], known: &dyn Fn(&str) -> bool) -> Result<Results, String> {
    let mut reader = Reader::from_reader(bytes);
    let mut results = Results::default();
    let mut current: Option<Test> = None;
    let (mut depth, mut seen) = (0_u32, false);
    loop {
        let place = reader.buffer_position();
        let event = reader.read_event().map_err(|e| format!("not XML at byte {place}: {e}"))?;
        match event {
            Event::Eof => break,
            _ if results.named > MOST_NAMED => {
                return Err(format!("more than {MOST_NAMED} tests name a requirement"));
            }
            Event::DocType(_) => return Err("a document type is not accepted".to_owned()),
            // Whatever came of the outer one would be lost.
            Event::Start(tag) | Event::Empty(tag)
                if current.is_some() && tag.local_name().as_ref() == b"testcase" =>
            {
                return Err("a testcase is inside of another".to_owned());
            }
            Event::Start(tag) => {
                depth += 1;
                if depth > 64 {
                    return Err("nested too deep".to_owned());
                }
                open(&tag, &mut current, &mut seen, known);
            }
            Event::Empty(tag) => {
                let own = tag.local_name().as_ref() == b"testcase";
                open(&tag, &mut current, &mut seen, known);
                if own {
                    close(&mut current, &mut results);
                }
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if tag.local_name().as_ref() == b"testcase" {
                    close(&mut current, &mut results);
                }
            }
            _ => {}
        }
    }
    if depth > 0 {
        return Err("the report ends in the middle".to_owned());
    }
    if seen { Ok(results) } else { Err("there is no testcase in it".to_owned()) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Skipped,
    Failed,
}

/// A test that is being read.
struct Test {
    name: String,
    kind: Kind,
    requirements: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

fn open(tag: &BytesStart<'_>, current: &mut Option<Test>, seen: &mut bool, known: &dyn Fn(&str) -> bool) {
    match tag.local_name().as_ref() {
        b"testcase" => {
            *seen = true;
            let whole = name(tag);
            let requirements = tags(&whole).filter(|id| known(id)).map(str::to_owned).collect();
            // A class and a name of 300 characters each, and the point between them.
            let name = whole.chars().take(601).collect();
            *current = Some(Test { name, kind: Kind::Passed, requirements, unknown: BTreeSet::new() });
        }
        b"failure" | b"error" => current.iter_mut().for_each(|c| c.kind = Kind::Failed),
        b"skipped" => {
            current.iter_mut().filter(|c| c.kind != Kind::Failed).for_each(|c| c.kind = Kind::Skipped);
        }
        b"property" if attribute(tag, "name").as_deref() == Some("requirement") => {
            let (Some(test), Some(value)) = (current, attribute(tag, "value")) else { return };
            for id in value.split([',', ' ']).filter(|id| is_id(id)) {
                let list = if known(id) { &mut test.requirements } else { &mut test.unknown };
                if list.len() < MOST {
                    list.insert(id.to_owned());
                }
            }
        }
        _ => {}
    }
}

/// Ids in a name: `[V1.2.3]` or `@V1.2.3`.
fn tags(name: &str) -> impl Iterator<Item = &str> {
    let marks = name.match_indices(['[', '@']);
    marks.filter_map(|(at, mark)| {
        let rest = &name[at + 1..];
        let end = rest.bytes().position(|byte| !in_id(byte)).unwrap_or(rest.len());
        let id = match mark {
            "[" => rest[end..].starts_with(']').then_some(&rest[..end])?,
            _ => rest[..end].trim_end_matches(['.', '-', '_']),
        };
        is_id(id).then_some(id)
    })
}

/// An attribute's text without control characters: names are shown on terminals.
fn attribute(tag: &BytesStart<'_>, key: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(key).ok().flatten()?;
    let raw = String::from_utf8_lossy(&attribute.value).into_owned();
    let text = unescape(&raw).map_or_else(|_| raw.clone(), Into::into);
    Some(text.chars().filter(|c| !c.is_control()).collect())
}

fn name(tag: &BytesStart<'_>) -> String {
    let value = |key: &str| attribute(tag, key).filter(|plain| !plain.is_empty());
    let own = value("name").unwrap_or_else(|| "unnamed".to_owned());
    match value("classname") {
        Some(class) => format!("{class}.{own}"),
        None => own,
    }
}

fn close(current: &mut Option<Test>, results: &mut Results) {
    let Some(test) = current.take() else { return };
    let list = match test.kind {
        Kind::Passed => &mut results.passed,
        Kind::Skipped => &mut results.skipped,
        Kind::Failed => &mut results.failed,
    };
    results.named += test.requirements.len();
    for id in test.requirements {
        let of = results.requirements.entry(id).or_default();
        let list = match test.kind {
            Kind::Passed => &mut of.passed,
            Kind::Skipped => &mut of.skipped,
            Kind::Failed => &mut of.failed,
        };
        if list.len() < RequirementTests::MOST {
            list.push(test.name.clone());
        }
    }
    let room = MOST_UNKNOWN.saturating_sub(results.unknown.len());
    results.unknown.extend(test.unknown.into_iter().take(room));
    if list.len() < MOST {
        list.push(test.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Results, String> {
        parse(text.as_bytes(), &|id| ["V1.2.3", "V1.2.4", "OWN-1"].contains(&id))
    }

    // Made by `python3 -m pytest --junitxml` on three one-line tests, shortened.
    const REPORT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3">
<testcase classname="test_a" name="test_good" time="0.001" />
<testcase classname="test_a" name="test_bad" time="0.001"><failure message="assert 1 == 2">E</failure></testcase>
<testcase classname="test_a" name="test_later" time="0.000"><skipped type="pytest.skip" message="later" /></testcase>
</testsuite></testsuites>"#;

    #[test]
    fn names_are_sorted_by_result() {
        let results = read(REPORT).unwrap();
        assert_eq!(results.passed, ["test_a.test_good"]);
        assert_eq!(results.failed, ["test_a.test_bad"]);
        assert_eq!(results.skipped, ["test_a.test_later"]);
    }

    #[test]
    fn names_are_unescaped_plain_and_never_empty() {
        let text = "<a><testcase classname='' name='x[&lt;&#27;[1m&gt;]'/><testcase name=''/></a>";
        assert_eq!(read(text).unwrap().passed, ["x[<[1m>]", "unnamed"]);
    }

    // Properties made by `record_property("requirement", …)` of pytest 8, shortened.
    const NAMED: &str = r#"<testsuites><testsuite>
<testcase classname="t" name="test_a"><properties><property name="requirement" value="V1.2.3" />
<property name="requirement" value="V1.2.4, OWN-1 V9.9.9"/><property name="other" value="OWN-1"/></properties></testcase>
<testcase classname="t" name="quotes are escaped [V1.2.3] [abc] @V1.2.4."><failure/></testcase>
<testcase name="later @OWN-1"><skipped/></testcase>
<testcase name="neither V1.2.3 nor [V1.2.3x] nor (OWN-1) nor [OWN-1"/>
</testsuite></testsuites>"#;

    #[test]
    fn requirements_are_named_by_property_or_by_tag() {
        let results = read(NAMED).unwrap();
        let of = |id: &str| {
            let of = &results.requirements[id];
            (of.passed.len(), of.failed.len(), of.skipped.len())
        };
        assert_eq!((of("V1.2.3"), of("V1.2.4"), of("OWN-1")), ((1, 1, 0), (1, 1, 0), (1, 0, 1)));
        assert_eq!(results.requirements.len(), 3);
        assert_eq!(results.unknown.iter().collect::<Vec<_>>(), ["V9.9.9"], "an id by mistake is told");
    }

    #[test]
    fn a_failed_test_does_not_get_lost_behind_others_or_a_long_name() {
        let many = "<testcase name='x [V1.2.3]'/>".repeat(1000);
        let long = format!("<testcase name='{} @V1.2.3'><error/></testcase>", "y".repeat(5000));
        let results = read(&format!("<a>{many}{long}</a>")).unwrap();
        let of = &results.requirements["V1.2.3"];
        assert_eq!((of.passed.len(), of.failed.len()), (RequirementTests::MOST, 1));
        assert!(of.failed[0].len() <= 601);
        assert!(read(&format!("<a>{}</a>", "<testcase name='[V1.2.3]'/>".repeat(100_001))).is_err());
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for bad in ["", "{}", "<testsuite/>", &REPORT[..300], "<!DOCTYPE a [<!ENTITY b 'c'>]><testcase/>"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&"<a>".repeat(100)).is_err());
        let inside = "<testcase name='a'><failure/><testcase name='b'/></testcase>";
        assert!(read(inside).unwrap_err().contains("inside"), "a failed one does not get lost");
    }

    #[test]
    fn hostile_reports_are_refused_or_cost_what_they_weigh() {
        let lots = 200_000;
        for bad in [
            "<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;'>]><a><testcase name='&b;'/></a>".to_owned(),
            "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a><testcase/></a>".into(),
            "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY % p SYSTEM 'http://inside.example/'>%p;]><testcase/>"
                .into(),
            "<a><testcase name='b'/>".into(),
            "<a><testcase name='b'></a></testcase>".into(),
            "</a>".repeat(lots),
            "<".repeat(lots),
            format!("<testcase {}", "a='b' ".repeat(lots)),
            format!("<a>{}", "<![CDATA[".repeat(lots)),
            format!("<a>{}", "<!-- ".repeat(lots)),
        ] {
            assert!(read(&bad).is_err(), "{}", &bad[..60.min(bad.len())]);
        }
        // An entity that is not declared stays what it is; marks, attributes and texts without end are only long.
        let attributes =
            format!("<testcase {} name='x'/>", (0..lots).map(|n| format!("a{n}='' ")).collect::<String>());
        assert_eq!(read(&attributes).unwrap().passed, ["x"]);
        assert_eq!(read("<testcase name='&b;&#0;&#x1b;'/>").unwrap().passed, ["&b;&#0;&#x1b;"]);
        for mark in ["[", "@", "[V1", "@V1.2", "&amp;", "]", "\0"] {
            let long = format!("<testcase name='{}' classname='x'><failure/></testcase>", mark.repeat(lots));
            let found = read(&long).unwrap();
            assert!(found.failed[0].chars().count() <= 601 && found.requirements.is_empty());
        }
        let ids = format!(
            "<a><testcase><property name='requirement' value='{}'/></testcase></a>",
            "V9.9.9,".repeat(lots)
        );
        assert_eq!(read(&ids).unwrap().unknown.len(), 1);
        let other = parse(b"<a><testcase name='\xff\xfe'/></a>", &|_| false);
        assert_eq!(other.unwrap().passed, ["\u{fffd}\u{fffd}"]);
        assert!(parse(b"\xff\xfe<\0a\0", &|_| false).is_err(), "another encoding");
    }
}
