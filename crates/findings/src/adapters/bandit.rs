//! Bandit, `-f json`: weaknesses in Python code.
//!
//! - Severity and confidence: `HIGH`, `MEDIUM`, `LOW`; `UNDEFINED` is unrated.
//! - Code: `code` holds numbered lines around the place; only those of `line_range` enter identity.
//! - Coverage: `metrics` has one entry per file begun, `errors` the files given up. A file given up
//!   makes the scan incomplete.
//! - Version: only in the links to the rules (`…/en/1.9.4/…`).

use std::borrow::Cow;

use model::{Coverage, Technique};
use serde::Deserialize;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::{Intake, Spot},
    json::lenient,
    normalise::severity,
};

const NAME: &str = "bandit";

pub(super) struct Bandit;

#[derive(Deserialize)]
struct Issue<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    filename: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    issue_confidence: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    issue_severity: Option<Cow<'a, str>>,
    issue_cwe: Option<Cwe>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    issue_text: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::position")]
    line_number: Option<u32>,
    #[serde(default, deserialize_with = "lenient::list")]
    line_range: Vec<u32>,
    #[serde(default, deserialize_with = "lenient::count")]
    col_offset: Option<u64>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    more_info: Option<Cow<'a, str>>,
    test_id: String,
}

#[derive(Deserialize)]
struct Cwe {
    #[serde(default, deserialize_with = "lenient::count")]
    id: Option<u64>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    filename: String,
    #[serde(default)]
    reason: String,
}

impl Adapter for Bandit {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.object(&["errors", "generated_at"]) || shape.object(&["metrics", "generated_at"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let (mut coverage, mut version, mut results) = (Coverage::default(), None, false);
        let mut failed = 0;
        scanner.fields(&["errors", "metrics", "results"], |s, key| match key {
            "results" => {
                results = true;
                s.elements(|s| {
                    let issue: Issue<'_> = s.value()?;
                    version = version.take().or_else(|| version_in(issue.more_info.as_deref()?));
                    push(issue, intake)
                })
            }
            "metrics" => s.entries(|s, path| {
                coverage.seen += u64::from(path != "_totals");
                coverage.stated = true;
                s.skip()
            }),
            _ => s.elements(|s| {
                let failure: Failure = s.value()?;
                failed += 1;
                let path = intake.path(&failure.filename);
                coverage.error(crate::normalise::text::line(&format!("{path}: {}", failure.reason), 300));
                coverage.skip(path, crate::normalise::text::line(&failure.reason, 300));
                Ok(())
            }),
        })?;
        scanner.finish()?;
        if !results {
            return Err(scanner.wrong("`results` is missing"));
        }
        // Bandit begins the metrics of a file before it parses it; old versions did not.
        coverage.seen = coverage.seen.max(failed);
        coverage.scanned = coverage.seen - failed;
        Ok(Read { tool: tool(NAME, version.as_deref()), technique: Technique::Sast, coverage })
    }
}

fn push(issue: Issue<'_>, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let mut finding = intake.finding(NAME, &issue.test_id, Technique::Sast);
    finding.severity = severity::rate(issue.issue_severity.as_deref());
    finding.confidence = severity::confidence(issue.issue_confidence.as_deref());
    finding.cwe = issue.issue_cwe.and_then(|cwe| cwe.id?.try_into().ok()).into_iter().collect();
    finding.message = issue.issue_text.unwrap_or_default().into_owned();
    finding.help = issue.more_info.map(Cow::into_owned);
    let (first, last) = (issue.line_range.iter().min(), issue.line_range.iter().max());
    let line = issue.line_number.or(first.copied());
    let code =
        issue.code.as_deref().map(|code| lines_of(code, first.copied().or(line), last.copied().or(line)));
    finding.place = intake.code(&Spot {
        path: issue.filename.as_deref().unwrap_or_default(),
        line,
        column: issue.col_offset.and_then(|column| u32::try_from(column + 1).ok()),
        end_line: last.copied(),
        snippet: code.as_deref(),
        ..Spot::default()
    });
    intake.push(finding)
}

/// The lines numbered `first` to `last` of bandit's numbered excerpt, without their numbers.
fn lines_of(code: &str, first: Option<u32>, last: Option<u32>) -> String {
    let wanted = first.unwrap_or(0)..=last.unwrap_or(u32::MAX);
    let numbered = code.lines().filter_map(|line| line.split_once([' ', '\t']));
    let inside = numbered.filter(|(number, _)| number.parse().is_ok_and(|n: u32| wanted.contains(&n)));
    inside.map(|(_, text)| text).collect::<Vec<_>>().join("\n")
}

fn version_in(link: &str) -> Option<String> {
    let version = link.split_once("/en/")?.1.split('/').next()?;
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::{find, read};
    use model::{Place, Severity, identity::context};

    /// bandit 1.9.4: `bandit -q -f json app.py bad.py`
    const REPORT: &str = include_str!("../../tests/data/bandit.json");

    #[test]
    fn a_report_becomes_findings_with_their_code_and_no_password() {
        let (findings, info) = read("bandit", REPORT);
        assert_eq!(info.tool.version, "1.9.4");
        let sql = find(&findings, "B608");
        assert_eq!((sql.severity, sql.cwe.as_slice()), (Severity::Medium, [89].as_slice()));
        let Place::Code { path, context: code, line, .. } = &sql.place else { panic!("{:?}", sql.place) };
        assert_eq!((path.as_str(), *line), ("app.py", Some(8)));
        assert_eq!(
            *code,
            Some(context(r#"return db.execute("SELECT * FROM users WHERE name = '%s'" % name)"#))
        );
        let password = find(&findings, "B105");
        assert_eq!(password.message, "Possible hardcoded password: '***'");
        assert!(!serde_json::to_string(&findings).unwrap().contains("hunter2"));
    }

    #[test]
    fn a_file_that_bandit_gave_up_makes_the_scan_incomplete() {
        let (_, info) = read("bandit", REPORT);
        assert_eq!((info.coverage.seen, info.coverage.scanned), (2, 1));
        assert_eq!(info.coverage.skipped[0].what, "bad.py");
        assert!(info.coverage.stated && !info.coverage.is_complete());
    }
}
