//! pip-audit, `-f json`: known vulnerabilities of Python packages.
//!
//! - Severity: the report has none, so every finding is unrated.
//! - Coverage: `dependencies` lists every package looked at; one with `skip_reason` was not.
//! - Version 1 wrote the list of packages alone, without the document around it.

use std::borrow::Cow;

use model::{Coverage, Place, Technique};
use serde::Deserialize;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::Intake,
    json::{Scanner, lenient},
    normalise::{purl, severity, text},
};

const NAME: &str = "pip-audit";

pub(super) struct PipAudit;

#[derive(Deserialize)]
struct Package<'a> {
    name: String,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    version: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    skip_reason: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    vulns: Vec<Vulnerability<'a>>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    id: String,
    #[serde(default, deserialize_with = "lenient::many")]
    fix_versions: Vec<String>,
    #[serde(default, deserialize_with = "lenient::many")]
    aliases: Vec<String>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
}

impl Adapter for PipAudit {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        let document = shape.object(&["dependencies"]) && !shape.object(&["bomFormat"]);
        let bom = shape.object(&["components"]) || shape.object(&["specVersion"]);
        (document && !bom) || shape.list_of(&["name", "vulns"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let mut coverage = Coverage::default();
        if scanner.peek()? == b'[' {
            packages(&mut scanner, intake, &mut coverage)?;
        } else {
            scanner.fields(&["dependencies"], |s, _| packages(s, intake, &mut coverage))?;
            if !coverage.stated {
                return Err(scanner.wrong("`dependencies` is missing"));
            }
        }
        scanner.finish()?;
        Ok(Read { tool: tool(NAME, None), technique: Technique::Sca, coverage })
    }
}

fn packages(
    scanner: &mut Scanner<'_>,
    intake: &mut Intake<'_>,
    coverage: &mut Coverage,
) -> Result<(), ImportError> {
    coverage.stated = true;
    scanner.elements(|s| {
        let package: Package<'_> = s.value()?;
        coverage.seen += 1;
        match package.skip_reason {
            Some(reason) => coverage.skip(text::line(&package.name, 200), text::line(&reason, 300)),
            None => coverage.scanned += 1,
        }
        let purl = purl::build("pypi", "", &package.name, package.version.as_deref());
        let place = match purl {
            Some(purl) => Place::Package { purl, manifest: None },
            None => Place::Target { name: package.name },
        };
        package.vulns.into_iter().try_for_each(|vulnerability| push(vulnerability, &place, intake))
    })
}

fn push(vulnerability: Vulnerability<'_>, place: &Place, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let mut finding = intake.finding(NAME, &vulnerability.id, Technique::Sca);
    finding.severity = severity::UNRATED;
    finding.message = vulnerability.description.unwrap_or_default().into_owned();
    finding.aliases = [vec![vulnerability.id], vulnerability.aliases].concat();
    finding.fix = match vulnerability.fix_versions.as_slice() {
        [] => None,
        versions => Some(format!("update to {}", versions.join(" or "))),
    };
    finding.place = place.clone();
    intake.push(finding)
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::read;

    /// Shape of pip-audit 2.10: `pip-audit -f json -r requirements.txt`
    const REPORT: &str = r#"{"dependencies": [
        {"name": "Flask_Login", "version": "2.2.2", "vulns": [{"id": "PYSEC-2023-62",
         "fix_versions": ["2.2.5", "2.3.2"], "aliases": ["CVE-2023-30861"], "description": "Cached cookie."}]},
        {"name": "safe", "version": "1.0", "vulns": []},
        {"name": "local", "skip_reason": "not found on the index"}], "fixes": []}"#;

    #[test]
    fn vulnerabilities_name_package_aliases_and_fix() {
        let (findings, info) = read("pip-audit", REPORT);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].place.label(), "pkg:pypi/flask-login@2.2.2");
        assert_eq!(findings[0].aliases, ["PYSEC-2023-62", "CVE-2023-30861"]);
        assert_eq!(findings[0].fix.as_deref(), Some("update to 2.2.5 or 2.3.2"));
        assert_eq!((info.coverage.seen, info.coverage.scanned), (3, 2));
        assert!(info.coverage.is_complete());
    }
}
