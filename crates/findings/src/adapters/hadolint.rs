//! Hadolint, `-f json`: Dockerfiles, and the shell inside them (ShellCheck's `SC` rules).
//!
//! - Severity: `error` high, `warning` medium, `info` low, `style` info.
//! - Code: not in the report; the source tree is used.
//! - Coverage: the report is silent. `DL1000` means that a file could not be parsed: an error of
//!   the scan, not a finding.

use std::borrow::Cow;

use model::{Coverage, Severity, Technique};
use serde::Deserialize;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::{Intake, Spot},
    json::lenient,
    normalise::{severity, text},
};

const NAME: &str = "hadolint";

pub(super) struct Hadolint;

#[derive(Deserialize)]
struct Remark<'a> {
    code: String,
    #[serde(default, deserialize_with = "lenient::position")]
    column: Option<u32>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    file: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    level: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::position")]
    line: Option<u32>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
}

impl Adapter for Hadolint {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.list_of(&["code", "level", "line", "message"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let mut coverage = Coverage::default();
        scanner.elements(|s| push(s.value()?, intake, &mut coverage))?;
        scanner.finish()?;
        Ok(Read { tool: tool(NAME, None), technique: Technique::Config, coverage })
    }
}

fn push(remark: Remark<'_>, intake: &mut Intake<'_>, coverage: &mut Coverage) -> Result<(), ImportError> {
    let path = remark.file.as_deref().unwrap_or_default();
    let message = remark.message.unwrap_or_default();
    if remark.code == "DL1000" {
        let path = intake.path(path);
        coverage.error(text::line(&format!("{path}: {message}"), 300));
        return Ok(());
    }
    let mut finding = intake.finding(NAME, &remark.code, Technique::Config);
    finding.severity = match remark.level.as_deref() {
        Some("info") => Severity::Low,
        word => severity::rate(word),
    };
    finding.message = message.into_owned();
    finding.help = help(&remark.code);
    let spot = Spot { path, line: remark.line, column: remark.column, ..Spot::default() };
    finding.place = intake.code(&spot);
    intake.push(finding)
}

fn help(code: &str) -> Option<String> {
    let digits = code.get(2..)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match &code[..2] {
        "DL" => Some(format!("https://github.com/hadolint/hadolint/wiki/{code}")),
        "SC" => Some(format!("https://www.shellcheck.net/wiki/{code}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::tests::{find, read, read_with_source};
    use model::{Place, identity::context};

    /// hadolint 2.x: `hadolint -f json Dockerfile`
    const REPORT: &str = include_str!("../../tests/data/hadolint.json");

    #[test]
    fn a_report_becomes_findings_but_says_nothing_about_coverage() {
        let (findings, info) = read("hadolint", REPORT);
        let latest = find(&findings, "DL3007");
        assert_eq!((latest.severity, latest.place.label()), (Severity::Medium, "Dockerfile:1".into()));
        assert!(!info.coverage.stated);
    }

    #[test]
    fn the_code_comes_from_the_source_tree() {
        let (findings, _) = read_with_source("hadolint", REPORT, "FROM debian:latest\n");
        let Place::Code { context: code, .. } = find(&findings, "DL3007").place else { panic!() };
        assert_eq!(code, Some(context("FROM debian:latest")));
    }

    #[test]
    fn a_file_that_does_not_parse_is_an_error_of_the_scan() {
        let (findings, info) = read(
            "hadolint",
            r#"[{"code":"DL1000","column":1,"file":"Dockerfile","level":"error","line":3,"message":"unexpected 'X'"}]"#,
        );
        assert!(findings.is_empty());
        assert_eq!(info.coverage.errors, ["Dockerfile: unexpected 'X'"]);
    }
}
