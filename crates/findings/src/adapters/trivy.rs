//! Trivy, `--format json` (schema 2): vulnerable packages, credentials and misconfigurations.
//!
//! - Severity: as written; `UNKNOWN` is unrated and so medium, also in Trivy's SARIF. CVSS: the highest of the newest version any source
//!   gives.
//! - Packages: the package URL of the report; `Target` is the manifest of language packages (for
//!   operating-system packages it is no path).
//! - Credentials are masked by Trivy itself; fingerprint: rule, path and the masked line.
//! - Misconfigurations: `FAIL` only; symbol: the resource; code: the lines marked as cause.
//! - Coverage: packages listed plus configuration files checked. A scan for credentials lists only
//!   the files where it found some, so it never states its coverage.
//! - `Target` and `Type` may stand after the lists, so the text is read twice.

use std::{borrow::Cow, collections::HashMap};

use model::{Coverage, Place, Severity, Technique};
use serde::Deserialize;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::{Intake, Spot},
    json::{Scanner, lenient},
    normalise::{cwe, purl, secret, severity},
};

const NAME: &str = "trivy";

pub(super) struct Trivy;

/// The head of one result.
#[derive(Default)]
struct Head {
    target: String,
    class: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability<'a> {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(default, rename = "VendorIDs", deserialize_with = "lenient::many")]
    vendor_ids: Vec<String>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pkg_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pkg_path: Option<Cow<'a, str>>,
    #[serde(default)]
    pkg_identifier: Option<Identifier>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    installed_version: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    fixed_version: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "PrimaryURL", deserialize_with = "lenient::text")]
    url: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    severity: Option<Cow<'a, str>>,
    #[serde(default, rename = "CweIDs", deserialize_with = "lenient::many")]
    cwe: Vec<String>,
    #[serde(default, rename = "CVSS")]
    cvss: Option<HashMap<String, Scores>>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(default, rename = "PURL")]
    purl: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Scores {
    #[serde(default, deserialize_with = "lenient::number")]
    v2_score: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    v3_score: Option<f64>,
    #[serde(default, deserialize_with = "lenient::number")]
    v40_score: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Misconfiguration<'a> {
    #[serde(rename = "ID")]
    id: String,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    resolution: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    severity: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "PrimaryURL", deserialize_with = "lenient::text")]
    url: Option<Cow<'a, str>>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    cause_metadata: Option<Cause>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cause {
    #[serde(default)]
    resource: Option<String>,
    #[serde(default, deserialize_with = "lenient::position")]
    start_line: Option<u32>,
    #[serde(default, deserialize_with = "lenient::position")]
    end_line: Option<u32>,
    #[serde(default)]
    code: Option<Code>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Code {
    #[serde(default)]
    lines: Option<Vec<Line>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    #[serde(default)]
    content: String,
    #[serde(default)]
    is_cause: bool,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secret<'a> {
    #[serde(rename = "RuleID")]
    rule: String,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    severity: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    title: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::position")]
    start_line: Option<u32>,
    #[serde(borrow, default, rename = "Match", deserialize_with = "lenient::text")]
    matched: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(default, rename = "Version")]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default, rename = "Successes", deserialize_with = "lenient::count")]
    successes: Option<u64>,
    #[serde(default, rename = "Failures", deserialize_with = "lenient::count")]
    failures: Option<u64>,
}

impl Adapter for Trivy {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.object(&["SchemaVersion"]) || shape.object(&["ArtifactName", "Results"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut coverage = Coverage::default();
        let mut scanner = open(source, intake.options, NAME)?;
        let (heads, version) = survey(&mut scanner, &mut coverage, intake)?;
        scanner.finish()?;
        let mut scanner = open(source, intake.options, NAME)?;
        let mut heads = heads.into_iter();
        scanner.fields(&["Results"], |s, _| {
            s.elements(|s| {
                let head = heads.next().unwrap_or_default();
                result(s, &head, intake, &mut coverage)
            })
        })?;
        // Packages and configuration files listed say nothing about where credentials were searched.
        if intake.options.technique == Some(Technique::Secrets) || intake.has_only(Technique::Secrets) {
            coverage.stated = false;
        }
        let tool = tool(NAME, version.as_deref());
        Ok(Read { tool, technique: Technique::Sca, coverage })
    }
}

fn survey(
    scanner: &mut Scanner<'_>,
    coverage: &mut Coverage,
    intake: &Intake<'_>,
) -> Result<(Vec<Head>, Option<String>), ImportError> {
    let (mut heads, mut version, mut schema, mut size) = (Vec::new(), None, None, 0);
    scanner.fields(&["SchemaVersion", "Trivy", "Results"], |s, key| match key {
        "SchemaVersion" => s.value().map(|number: u64| schema = Some(number)),
        "Trivy" => s.value().map(|trivy: Version| version = trivy.version),
        _ => s.elements(|s| {
            let head = self::head(s, coverage)?;
            size += head.target.len() + head.kind.len() + 100;
            if size > intake.options.limits.tables {
                let limit = intake.options.limits.tables as u64;
                return Err(ImportError::TooLarge { what: "the list of results", limit });
            }
            heads.push(head);
            Ok(())
        }),
    })?;
    match schema {
        Some(2) => Ok((heads, version)),
        Some(other) => Err(scanner.wrong(format!("schema version {other}; 2 is read"))),
        None => Err(scanner.wrong("`SchemaVersion` is missing")),
    }
}

fn head(scanner: &mut Scanner<'_>, coverage: &mut Coverage) -> Result<Head, ImportError> {
    let mut head = Head::default();
    scanner.fields(&["Target", "Class", "Type", "Packages", "MisconfSummary"], |s, key| {
        match key {
            "Target" => head.target = s.value()?,
            "Class" => head.class = s.value()?,
            "Type" => head.kind = s.value()?,
            "Packages" => {
                coverage.stated = true;
                s.elements(|s| {
                    coverage.seen += 1;
                    coverage.scanned += 1;
                    s.skip()
                })?;
            }
            _ => {
                let summary: Summary = s.value()?;
                coverage.stated = true;
                coverage.seen += 1;
                coverage.scanned += 1;
                let checks = summary.successes.unwrap_or(0) + summary.failures.unwrap_or(0);
                coverage.rules = coverage.rules.max(Some(checks));
            }
        }
        Ok(())
    })?;
    Ok(head)
}

fn result(
    scanner: &mut Scanner<'_>,
    head: &Head,
    intake: &mut Intake<'_>,
    coverage: &mut Coverage,
) -> Result<(), ImportError> {
    let lists = ["Vulnerabilities", "Misconfigurations", "Secrets", "ExperimentalModifiedFindings"];
    scanner.fields(&lists, |s, key| match key {
        "Vulnerabilities" => s.elements(|s| vulnerability(s.value()?, head, intake)),
        "Misconfigurations" => s.elements(|s| misconfiguration(s.value()?, head, intake)),
        "Secrets" => s.elements(|s| credential(s.value()?, head, intake)),
        _ => s.elements(|s| {
            s.skip()?;
            intake.suppress(coverage, &head.target, "suppressed by an ignore file or VEX document");
            Ok(())
        }),
    })
}

fn vulnerability(hit: Vulnerability<'_>, head: &Head, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let mut finding = intake.finding(NAME, &hit.id, Technique::Sca);
    finding.severity = severity::rate(hit.severity.as_deref());
    finding.cvss = hit.cvss.as_ref().and_then(score);
    finding.title = hit.title.unwrap_or_default().into_owned();
    finding.message = hit.description.unwrap_or_default().into_owned();
    finding.cwe = cwe::parse_all(hit.cwe.iter().map(String::as_str));
    finding.aliases = [vec![hit.id], hit.vendor_ids].concat();
    finding.help = hit.url.map(Cow::into_owned);
    finding.fix = hit.fixed_version.filter(|v| !v.is_empty()).map(|version| format!("update to {version}"));
    let name = hit.pkg_name.unwrap_or_default();
    let own = hit.pkg_identifier.and_then(|id| purl::clean(&id.purl?));
    let built = || built_purl(&head.kind, &name, hit.installed_version.as_deref());
    let manifest = match (hit.pkg_path.as_deref(), head.class.as_str()) {
        (Some(path), _) if !path.is_empty() => Some(path),
        (_, "lang-pkgs") => Some(head.target.as_str()),
        _ => None,
    };
    let manifest = manifest.map(|path| intake.path(path)).filter(|path| !path.is_empty());
    finding.place = match own.or_else(built) {
        Some(purl) => Place::Package { purl, manifest },
        None => Place::Target { name: name.into_owned() },
    };
    intake.push(finding)
}

fn built_purl(kind: &str, name: &str, version: Option<&str>) -> Option<String> {
    let kind = purl::kind_of(kind).unwrap_or("generic");
    let separator = if kind == "maven" { ':' } else { '/' };
    let (namespace, name) = name.rsplit_once(separator).unwrap_or(("", name));
    purl::build(kind, namespace, name, version)
}

/// The highest score of the newest CVSS version that any source gives.
fn score(sources: &HashMap<String, Scores>) -> Option<f64> {
    let best = |pick: fn(&Scores) -> Option<f64>| {
        sources.values().filter_map(pick).filter(|score| *score > 0.0).max_by(f64::total_cmp)
    };
    best(|s| s.v40_score).or_else(|| best(|s| s.v3_score)).or_else(|| best(|s| s.v2_score))
}

fn misconfiguration(
    hit: Misconfiguration<'_>,
    head: &Head,
    intake: &mut Intake<'_>,
) -> Result<(), ImportError> {
    if hit.status.as_deref().is_some_and(|status| status != "FAIL") {
        return Ok(());
    }
    let mut finding = intake.finding(NAME, &hit.id, Technique::Config);
    finding.severity = severity::rate(hit.severity.as_deref());
    finding.title = hit.title.unwrap_or_default().into_owned();
    let parts = [hit.message.unwrap_or_default(), hit.description.unwrap_or_default()];
    finding.message = parts.join("\n");
    finding.fix = hit.resolution.map(Cow::into_owned);
    finding.help = hit.url.map(Cow::into_owned);
    let cause = hit.cause_metadata.unwrap_or_default();
    let lines = cause.code.and_then(|code| code.lines).unwrap_or_default();
    let whole = !lines.iter().any(|line| line.truncated);
    let code: Vec<String> = lines.into_iter().filter(|line| line.is_cause).map(|line| line.content).collect();
    let code = Some(code.join("\n")).filter(|code| whole && !code.is_empty());
    finding.place = intake.code(&Spot {
        path: &head.target,
        line: cause.start_line,
        end_line: cause.end_line,
        symbol: cause.resource.as_deref(),
        snippet: code.as_deref(),
        ..Spot::default()
    });
    intake.push(finding)
}

fn credential(hit: Secret<'_>, head: &Head, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let mut finding = intake.finding(NAME, &hit.rule, Technique::Secrets);
    finding.severity = hit.severity.as_deref().and_then(severity::from_word).unwrap_or(Severity::High);
    finding.cwe = vec![798];
    finding.title = hit.title.unwrap_or_default().into_owned();
    finding.fix = Some("revoke the credential where it was issued, then remove it from the code".into());
    let path = intake.path(&head.target);
    let matched = hit.matched.unwrap_or_default();
    let fingerprint = secret::substitute(&[NAME, &hit.rule, &path, &matched]);
    finding.place = Place::Secret { path, line: hit.start_line, fingerprint };
    intake.push(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ImportOptions,
        adapters::tests::{find, read, read_with},
    };

    /// Shape of trivy 0.76: `trivy fs --scanners vuln,secret,misconfig --format json`
    const REPORT: &str = r#"{"Results": [
        {"Vulnerabilities": [{"VulnerabilityID": "CVE-2023-30861", "VendorIDs": ["GHSA-1"], "PkgName": "flask",
           "PkgIdentifier": {"PURL": "pkg:pypi/Flask@2.2.2"}, "InstalledVersion": "2.2.2", "FixedVersion": "2.3.2",
           "Severity": "HIGH", "CweIDs": ["CWE-539"], "CVSS": {"nvd": {"V2Score": 9, "V3Score": 7.5}}}],
         "Target": "requirements.txt", "Class": "lang-pkgs", "Type": "pip", "Packages": [{}, {}]},
        {"Target": "Dockerfile", "Class": "config", "Type": "dockerfile",
         "MisconfSummary": {"Successes": 24, "Failures": 1}, "Misconfigurations": [
          {"ID": "DS-0025", "Title": "'apk add' is missing '--no-cache'", "Severity": "LOW", "Status": "FAIL",
           "CauseMetadata": {"StartLine": 2, "EndLine": 2, "Code": {"Lines": [
             {"Number": 2, "Content": "RUN apk add bash", "IsCause": true, "Truncated": false}]}}},
          {"ID": "DS-0001", "Status": "PASS"}]},
        {"Target": "api.yml", "Class": "secret", "Secrets": [{"RuleID": "jwt-token", "Severity": "MEDIUM",
           "Title": "JWT token", "StartLine": 193, "Match": "example: '******'"}]}],
        "SchemaVersion": 2, "Trivy": {"Version": "0.76.0"}}"#;

    #[test]
    fn one_report_holds_three_kinds_of_findings() {
        let (findings, info) = read("trivy", REPORT);
        assert_eq!(findings.len(), 3);
        let flask = find(&findings, "CVE-2023-30861");
        assert_eq!((flask.place.label().as_str(), flask.cvss), ("pkg:pypi/flask@2.2.2", Some(7.5)));
        assert_eq!(flask.place.path(), Some("requirements.txt"));
        assert_eq!(find(&findings, "DS-0025").technique, Technique::Config);
        assert_eq!(find(&findings, "jwt-token").place.label(), "api.yml:193");
        assert_eq!((info.coverage.seen, info.tool.version.as_str()), (3, "0.76.0"));
        assert!(info.coverage.is_complete());
    }

    #[test]
    fn what_nobody_has_rated_is_medium_in_both_formats() {
        let json = REPORT.replace("\"Severity\": \"HIGH\"", "\"Severity\": \"UNKNOWN\"");
        // Shape of trivy 0.76: `trivy fs --scanners vuln --format sarif`
        let sarif = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"Trivy","rules":[
            {"id":"CVE-2023-30861","defaultConfiguration":{"level":"note"},"properties":
             {"security-severity":"0.0","tags":["vulnerability","security","UNKNOWN"]}}]}},
            "results":[{"ruleId":"CVE-2023-30861","level":"note","message":{"text":"Severity: UNKNOWN"}}]}]}"#;
        for (format, report) in [("trivy", json.as_str()), ("sarif", sarif)] {
            let (findings, _) = read(format, report);
            assert_eq!(find(&findings, "CVE-2023-30861").severity, Severity::Medium, "{format}");
        }
        let low = sarif.replace("[\"vulnerability\",\"security\",\"UNKNOWN\"]", "[\"LOW\"]");
        assert_eq!(read("sarif", &low).0[0].severity, Severity::Low);
    }

    #[test]
    fn a_list_of_packages_does_not_prove_a_search_for_credentials() {
        let options = ImportOptions { technique: Some(Technique::Secrets), ..ImportOptions::default() };
        let (_, info) = read_with("trivy", REPORT, &options);
        assert!(!info.coverage.is_complete());
    }
}
