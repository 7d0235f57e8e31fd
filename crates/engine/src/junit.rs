//! Test names and results from a JUnit XML report (the common subset that test tools write).

use quick_xml::{Reader, escape::unescape, events::BytesStart, events::Event};

/// Largest report that is read.
pub const LARGEST: u64 = 64 << 20;
/// Most names kept of each kind.
const MOST: usize = 20_000;

/// What a report says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Names of tests that passed.
    pub passed: Vec<String>,
    /// Names of tests that were skipped.
    pub skipped: Vec<String>,
    /// Names of tests that failed or broke.
    pub failed: Vec<String>,
}

impl Results {
    /// Number of tests that really ran.
    pub fn ran(&self) -> usize {
        self.passed.len() + self.failed.len()
    }
}

/// Reads a report.
///
/// # Errors
/// Not XML, no `testcase`, nested deeper than 64, or a document type (entities are refused).
pub fn parse(bytes: &[u8]) -> Result<Results, String> {
    let mut reader = Reader::from_reader(bytes);
    let mut results = Results::default();
    let mut current: Option<(String, Kind)> = None;
    let (mut depth, mut seen) = (0_u32, false);
    loop {
        let place = reader.buffer_position();
        let event = reader.read_event().map_err(|e| format!("not XML at byte {place}: {e}"))?;
        match event {
            Event::Eof => break,
            Event::DocType(_) => return Err("a document type is not accepted".to_owned()),
            Event::Start(tag) => {
                depth += 1;
                if depth > 64 {
                    return Err("nested too deep".to_owned());
                }
                open(&tag, &mut current, &mut seen);
            }
            Event::Empty(tag) => {
                let own = tag.local_name().as_ref() == b"testcase";
                open(&tag, &mut current, &mut seen);
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

fn open(tag: &BytesStart<'_>, current: &mut Option<(String, Kind)>, seen: &mut bool) {
    match tag.local_name().as_ref() {
        b"testcase" => {
            *seen = true;
            *current = Some((name(tag), Kind::Passed));
        }
        b"failure" | b"error" => current.iter_mut().for_each(|c| c.1 = Kind::Failed),
        b"skipped" => current.iter_mut().filter(|c| c.1 != Kind::Failed).for_each(|c| c.1 = Kind::Skipped),
        _ => {}
    }
}

fn name(tag: &BytesStart<'_>) -> String {
    let value = |key: &str| {
        let attribute = tag.try_get_attribute(key).ok().flatten()?;
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        let text = unescape(&raw).map_or_else(|_| raw.clone(), Into::into);
        // Names are shown on terminals.
        let plain: String = text.chars().filter(|c| !c.is_control()).take(300).collect();
        Some(plain).filter(|plain| !plain.is_empty())
    };
    let own = value("name").unwrap_or_else(|| "unnamed".to_owned());
    match value("classname") {
        Some(class) => format!("{class}.{own}"),
        None => own,
    }
}

fn close(current: &mut Option<(String, Kind)>, results: &mut Results) {
    let Some((name, kind)) = current.take() else { return };
    let list = match kind {
        Kind::Passed => &mut results.passed,
        Kind::Skipped => &mut results.skipped,
        Kind::Failed => &mut results.failed,
    };
    if list.len() < MOST {
        list.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by `python3 -m pytest --junitxml` on three one-line tests, shortened.
    const REPORT: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3">
<testcase classname="test_a" name="test_good" time="0.001" />
<testcase classname="test_a" name="test_bad" time="0.001"><failure message="assert 1 == 2">E</failure></testcase>
<testcase classname="test_a" name="test_later" time="0.000"><skipped type="pytest.skip" message="later" /></testcase>
</testsuite></testsuites>"#;

    #[test]
    fn names_are_sorted_by_result() {
        let results = parse(REPORT.as_bytes()).unwrap();
        assert_eq!(results.passed, ["test_a.test_good"]);
        assert_eq!(results.failed, ["test_a.test_bad"]);
        assert_eq!(results.skipped, ["test_a.test_later"]);
    }

    #[test]
    fn names_are_unescaped_plain_and_never_empty() {
        let text = "<a><testcase classname='' name='x[&lt;&#27;[1m&gt;]'/><testcase name=''/></a>";
        assert_eq!(parse(text.as_bytes()).unwrap().passed, ["x[<[1m>]", "unnamed"]);
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for bad in ["", "{}", "<testsuite/>", &REPORT[..300], "<!DOCTYPE a [<!ENTITY b 'c'>]><testcase/>"] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse("<a>".repeat(100).as_bytes()).is_err());
    }
}
