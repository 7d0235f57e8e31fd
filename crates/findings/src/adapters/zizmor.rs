//! Zizmor, `--format json` (v1): weaknesses of GitHub Actions workflows.
//!
//! - Severity and confidence: `determinations`; `Unknown` is unrated.
//! - Place: the primary location; lines count from 0 there. `symbol` is the route of keys to the
//!   place (`jobs.build.steps`) without list positions, which change when a step is put before it.
//! - Code: the fragment the finding is about, or the feature when it is short. A whole job as
//!   context would make a new finding of every edit inside it.
//! - `ignored` results are suppressed. The report is silent about coverage.

use std::borrow::Cow;

use model::{Coverage, Technique};
use serde::Deserialize;
use serde_json::Value;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::{Intake, Spot},
    json::lenient,
    normalise::severity,
};

const NAME: &str = "zizmor";
const SHORT: usize = 12;

pub(super) struct Zizmor;

#[derive(Deserialize)]
struct Report<'a> {
    ident: String,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    desc: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    url: Option<Cow<'a, str>>,
    #[serde(default)]
    determinations: Determinations,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    locations: Vec<Location<'a>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    ignored: bool,
    #[serde(default, deserialize_with = "lenient::list")]
    fixes: Vec<Fix>,
}

#[derive(Default, Deserialize)]
struct Determinations {
    confidence: Option<String>,
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Location<'a> {
    symbolic: Symbolic,
    #[serde(borrow)]
    concrete: Concrete<'a>,
}

#[derive(Deserialize)]
struct Symbolic {
    #[serde(default)]
    key: Value,
    #[serde(default)]
    annotation: String,
    #[serde(default)]
    route: Value,
    #[serde(default)]
    feature_kind: Value,
    #[serde(default)]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Concrete<'a> {
    #[serde(default)]
    location: Span,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    feature: Option<Cow<'a, str>>,
}

#[derive(Default, Deserialize)]
struct Span {
    #[serde(default)]
    start_point: Point,
    #[serde(default)]
    end_point: Point,
}

#[derive(Default, Deserialize)]
struct Point {
    #[serde(default, deserialize_with = "lenient::count")]
    row: Option<u64>,
    #[serde(default, deserialize_with = "lenient::count")]
    column: Option<u64>,
}

#[derive(Deserialize)]
struct Fix {
    #[serde(default)]
    title: Option<String>,
}

impl Adapter for Zizmor {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.list_of(&["ident", "determinations"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let mut coverage = Coverage::default();
        scanner.elements(|s| push(s.value()?, intake, &mut coverage))?;
        scanner.finish()?;
        Ok(Read { tool: tool(NAME, None), technique: Technique::Config, coverage })
    }
}

fn push(report: Report<'_>, intake: &mut Intake<'_>, coverage: &mut Coverage) -> Result<(), ImportError> {
    let is = |kind: &'static str| move |l: &&Location<'_>| l.symbolic.kind.as_deref() == Some(kind);
    let locations = &report.locations;
    let visible = || locations.iter().find(|l| !is("Hidden")(l));
    let primary = locations.iter().find(is("Primary")).or_else(visible).or(locations.first());
    let path = primary.map(|l| path(&l.symbolic.key)).unwrap_or_default();
    if report.ignored {
        let what = format!("{} ({})", intake.path(path), report.ident);
        intake.suppress(coverage, &what, "ignored by a comment or the configuration");
        return Ok(());
    }
    let mut finding = intake.finding(NAME, &report.ident, Technique::Config);
    finding.severity = severity::rate(report.determinations.severity.as_deref());
    finding.confidence = severity::confidence(report.determinations.confidence.as_deref());
    finding.title = report.desc.unwrap_or_default().into_owned();
    finding.message = primary.map(|l| l.symbolic.annotation.clone()).unwrap_or_default();
    finding.help = report.url.map(Cow::into_owned);
    finding.fix = report.fixes.into_iter().find_map(|fix| fix.title);
    if let Some(location) = primary {
        finding.place = place(location, path, intake);
    }
    intake.push(finding)
}

fn place(location: &Location<'_>, path: &str, intake: &mut Intake<'_>) -> model::Place {
    let (start, end) = (&location.concrete.location.start_point, &location.concrete.location.end_point);
    let one_based = |n: Option<u64>| n.and_then(|n| u32::try_from(n + 1).ok());
    let fragment = location.symbolic.feature_kind.pointer("/Subfeature/fragment/Raw").and_then(Value::as_str);
    let feature = location.concrete.feature.as_deref().filter(|code| code.lines().count() <= SHORT);
    let symbol = route(&location.symbolic.route);
    // A feature that ends with its line break ends at column 0 of the next line.
    let last = if end.column == Some(0) { end.row.map(|row| row.saturating_sub(1)) } else { end.row };
    let mut place = intake.code(&Spot {
        path,
        line: one_based(start.row),
        column: one_based(start.column),
        end_line: one_based(last),
        symbol: symbol.as_deref(),
        snippet: fragment.or(feature),
        ..Spot::default()
    });
    if let model::Place::Code { context, symbol: Some(_), .. } = &mut place
        && fragment.or(feature).is_none()
    {
        *context = None;
    }
    place
}

fn path(key: &Value) -> &str {
    let (local, remote) = (&key["Local"], &key["Remote"]);
    let paths = [&local["verbatim_path"], &local["given_path"], &remote["path"]];
    paths.into_iter().find_map(Value::as_str).unwrap_or_default()
}

fn route(route: &Value) -> Option<String> {
    let steps = route.get("route").unwrap_or(route).as_array()?;
    let keys: Vec<&str> = steps.iter().filter_map(|step| step["Key"].as_str()).collect();
    (!keys.is_empty()).then(|| keys.join("."))
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::{find, read};
    use model::{Confidence, Place, Severity, identity::context};

    /// zizmor 1.x: `zizmor --offline --no-progress --format json-v1 .github`
    const REPORT: &str = include_str!("../../tests/data/zizmor.json");

    #[test]
    fn a_report_becomes_findings_with_stable_places() {
        let (findings, info) = read("zizmor", REPORT);
        let injection = find(&findings, "template-injection");
        assert_eq!((injection.severity, injection.confidence), (Severity::High, Confidence::High));
        let Place::Code { path, symbol, context: code, line, .. } = &injection.place else { panic!() };
        assert_eq!((path.as_str(), *line), (".github/workflows/ci.yml", Some(8)));
        assert_eq!(symbol.as_deref(), Some("jobs.build.steps.run"));
        assert_eq!(*code, Some(context("github.event.pull_request.title")));
        assert!(!info.coverage.stated);
    }
}
