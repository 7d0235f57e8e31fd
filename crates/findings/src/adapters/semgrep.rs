//! Semgrep and Opengrep, `--json`: weaknesses in code by pattern.
//!
//! - Severity: `ERROR` high, `WARNING` medium, `INFO` low (as Semgrep itself ranks them), or the
//!   newer `CRITICAL`, `HIGH`, `MEDIUM`, `LOW`.
//! - Code: `extra.lines`, whole lines; without login newer versions write `requires login`, then
//!   the source tree is used.
//! - Supply-chain results (`extra.sca_info`) are about a package, not about a line.
//! - Coverage: `paths.scanned` and `paths.skipped`; `errors` of level `error` make it incomplete,
//!   warnings about a file (a part that did not parse) are listed as skipped.
//! - `is_ignored` (a `nosemgrep` comment) is suppressed.

use std::borrow::Cow;

use model::{Coverage, Place, Technique};
use serde::Deserialize;
use serde_json::Value;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::{Intake, Spot},
    json::lenient,
    normalise::{cwe, purl, severity, text},
};

const NAME: &str = "semgrep";

pub(super) struct Semgrep;

#[derive(Deserialize)]
struct Hit<'a> {
    check_id: String,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    path: Option<Cow<'a, str>>,
    #[serde(default)]
    start: Point,
    #[serde(default)]
    end: Point,
    #[serde(borrow)]
    extra: Extra<'a>,
}

#[derive(Default, Deserialize)]
struct Point {
    #[serde(default, deserialize_with = "lenient::position")]
    line: Option<u32>,
    #[serde(default, deserialize_with = "lenient::position")]
    col: Option<u32>,
}

#[derive(Deserialize)]
struct Extra<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    severity: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    fix: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    lines: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_ignored: bool,
    sca_info: Option<Value>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default, deserialize_with = "lenient::many")]
    cwe: Vec<String>,
    #[serde(default, deserialize_with = "lenient::many")]
    confidence: Vec<String>,
    #[serde(default, deserialize_with = "lenient::many")]
    source: Vec<String>,
    #[serde(default, deserialize_with = "lenient::many")]
    references: Vec<String>,
    #[serde(default, rename = "sca-vuln-database-identifier", deserialize_with = "lenient::many")]
    advisory: Vec<String>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    level: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    path: Option<Cow<'a, str>>,
}

impl Adapter for Semgrep {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        let results = shape.object(&["results"]) && !shape.object(&["generated_at"]);
        results && (shape.object(&["errors"]) || shape.object(&["version"]) || shape.object(&["paths"]))
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let (mut coverage, mut version, mut results) = (Coverage::default(), None::<String>, false);
        scanner.fields(&["version", "results", "errors", "paths"], |s, key| match key {
            "version" => s.value().map(|text| version = text),
            "results" => {
                results = true;
                s.elements(|s| push(s.value()?, intake, &mut coverage))
            }
            "errors" => s.elements(|s| failure(&s.value()?, intake, &mut coverage)),
            _ => paths(s, intake, &mut coverage),
        })?;
        scanner.finish()?;
        if !results {
            return Err(scanner.wrong("`results` is missing"));
        }
        Ok(Read { tool: tool(NAME, version.as_deref()), technique: Technique::Sast, coverage })
    }
}

fn paths(
    scanner: &mut crate::json::Scanner<'_>,
    intake: &mut Intake<'_>,
    coverage: &mut Coverage,
) -> Result<(), ImportError> {
    #[derive(Deserialize)]
    struct Left {
        #[serde(default)]
        path: String,
        #[serde(default)]
        reason: String,
    }
    scanner.fields(&["scanned", "skipped"], |s, key| {
        coverage.stated = true;
        s.elements(|s| {
            coverage.seen += 1;
            if key == "scanned" {
                coverage.scanned += 1;
                return s.skip();
            }
            let left: Left = s.value()?;
            coverage.skip(intake.path(&left.path), text::line(&left.reason.replace('_', " "), 300));
            Ok(())
        })
    })
}

fn failure(
    failure: &Failure<'_>,
    intake: &mut Intake<'_>,
    coverage: &mut Coverage,
) -> Result<(), ImportError> {
    let message = text::line(failure.message.as_deref().unwrap_or("error without message"), 300);
    let path = failure.path.as_deref().map(|path| intake.path(path)).filter(|path| !path.is_empty());
    match (failure.level.as_deref(), path) {
        (Some("warn" | "info"), Some(path)) => coverage.skip(path, message),
        (Some("warn" | "info"), None) => {}
        (_, Some(path)) => coverage.error(format!("{path}: {message}")),
        (_, None) => coverage.error(message),
    }
    Ok(())
}

fn push(hit: Hit<'_>, intake: &mut Intake<'_>, coverage: &mut Coverage) -> Result<(), ImportError> {
    let extra = hit.extra;
    let path = hit.path.as_deref().unwrap_or_default();
    if extra.is_ignored {
        let what = format!("{} ({})", intake.path(path), hit.check_id);
        intake.suppress(coverage, &what, "suppressed by a comment in the code");
        return Ok(());
    }
    let metadata = extra.metadata.unwrap_or_default();
    let package = extra.sca_info.as_ref().and_then(|info| package(info, intake.path(path)));
    let technique = if package.is_some() { Technique::Sca } else { Technique::Sast };
    let mut finding = intake.finding(NAME, &hit.check_id, technique);
    finding.severity = match extra.severity.as_deref() {
        Some("INFO") => model::Severity::Low,
        word => severity::rate(word),
    };
    finding.confidence = severity::confidence(metadata.confidence.first().map(String::as_str));
    finding.cwe = cwe::parse_all(metadata.cwe.iter().map(String::as_str));
    finding.aliases = metadata.advisory;
    finding.message = extra.message.unwrap_or_default().into_owned();
    finding.fix = extra.fix.map(Cow::into_owned);
    finding.help =
        metadata.source.into_iter().chain(metadata.references).find(|link| link.starts_with("http"));
    finding.place = package.unwrap_or_else(|| {
        intake.code(&Spot {
            path,
            line: hit.start.line,
            column: hit.start.col,
            end_line: hit.end.line,
            snippet: extra.lines.as_deref(),
            ..Spot::default()
        })
    });
    intake.push(finding)
}

fn package(info: &Value, lock_file: String) -> Option<Place> {
    let found = info.pointer("/dependency_match/found_dependency")?;
    let kind = purl::kind_of(found["ecosystem"].as_str()?)?;
    let (namespace, name) =
        match found["package"].as_str()?.rsplit_once(if kind == "maven" { ':' } else { '/' }) {
            Some((namespace, name)) => (namespace, name),
            None => ("", found["package"].as_str()?),
        };
    let purl = purl::build(kind, namespace, name, found["version"].as_str())?;
    Some(Place::Package { purl, manifest: Some(lock_file).filter(|file| !file.is_empty()) })
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::{find, read};
    use model::Severity;

    /// semgrep 1.x: `semgrep scan --metrics=off --config rules.yml --json app.py bad.py`
    const REPORT: &str = include_str!("../../tests/data/semgrep.json");

    #[test]
    fn a_report_becomes_findings() {
        let (findings, info) = read("semgrep", REPORT);
        let sql = find(&findings, "sql-format");
        assert_eq!((sql.severity, sql.cwe.as_slice()), (Severity::High, [89].as_slice()));
        assert_eq!(sql.place.label(), "app.py:8");
        assert!(info.coverage.stated && info.coverage.scanned > 0);
    }

    #[test]
    fn supply_chain_results_are_about_a_package() {
        let (findings, _) = read(
            "semgrep",
            r#"{"results":[{"check_id":"ssc-1","path":"package-lock.json","start":{"line":1},"end":{"line":1},
            "extra":{"message":"m","severity":"HIGH","metadata":{"sca-vuln-database-identifier":"CVE-2020-1"},
            "sca_info":{"dependency_match":{"found_dependency":
              {"package":"@scope/Lib","version":"1.0.0","ecosystem":"npm"}}}}}],"errors":[]}"#,
        );
        assert_eq!(findings[0].place.label(), "pkg:npm/%40scope/lib@1.0.0");
        assert_eq!(findings[0].aliases, ["CVE-2020-1"]);
    }
}
