//! cargo-audit, `--json`: RustSec advisories about the crates of a lock file.
//!
//! - Severity: from the advisory's CVSS vector; without one a vulnerability is unrated. Warnings:
//!   `unsound` medium, `unmaintained` and `yanked` low, `notice` info.
//! - Aliases: `aliases` only; `related` advisories are about something else.
//! - Coverage: `lockfile.dependency-count` crates against `database.advisory-count` advisories,
//!   as of `database.last-updated`.
//! - The report does not name the lock file, so no finding has a manifest.

use std::borrow::Cow;

use model::{Coverage, Place, Severity, Technique};
use serde::Deserialize;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::Intake,
    json::lenient,
    normalise::{purl, severity},
};

const NAME: &str = "cargo-audit";

pub(super) struct CargoAudit;

#[derive(Deserialize)]
struct Hit<'a> {
    #[serde(default)]
    kind: Option<String>,
    #[serde(borrow)]
    advisory: Option<Advisory<'a>>,
    #[serde(default)]
    versions: Option<Versions>,
    package: Package,
}

#[derive(Deserialize)]
struct Advisory<'a> {
    id: String,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    title: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::many")]
    aliases: Vec<String>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    cvss: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    url: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default, deserialize_with = "lenient::many")]
    patched: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct Database {
    #[serde(default, rename = "advisory-count", deserialize_with = "lenient::count")]
    advisories: Option<u64>,
    #[serde(default, rename = "last-updated")]
    updated: Option<String>,
}

#[derive(Deserialize)]
struct Lockfile {
    #[serde(default, rename = "dependency-count", deserialize_with = "lenient::count")]
    dependencies: Option<u64>,
}

impl Adapter for CargoAudit {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.object(&["database", "lockfile"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let (mut coverage, mut listed) = (Coverage::default(), false);
        scanner.fields(&["database", "lockfile", "vulnerabilities", "warnings"], |s, key| match key {
            "database" => {
                let database: Database = s.value()?;
                coverage.rules = database.advisories;
                coverage.data_as_of = database.updated.and_then(|moment| moment.parse().ok());
                Ok(())
            }
            "lockfile" => {
                let lockfile: Lockfile = s.value()?;
                coverage.stated = lockfile.dependencies.is_some();
                coverage.seen = lockfile.dependencies.unwrap_or(0);
                coverage.scanned = coverage.seen;
                Ok(())
            }
            "vulnerabilities" => s.fields(&["list"], |s, _| {
                listed = true;
                s.elements(|s| push(s.value()?, "", intake))
            }),
            // Before 0.13 the warnings were one list, now they are one list per kind.
            _ if s.peek()? == b'[' => s.elements(|s| {
                let hit: Hit<'_> = s.value()?;
                let kind = hit.kind.clone().unwrap_or_else(|| "notice".into());
                push(hit, &kind, intake)
            }),
            _ => s.entries(|s, kind| s.elements(|s| push(s.value()?, kind, intake))),
        })?;
        scanner.finish()?;
        if !listed {
            return Err(scanner.wrong("`vulnerabilities.list` is missing"));
        }
        Ok(Read { tool: tool(NAME, None), technique: Technique::Sca, coverage })
    }
}

/// `kind` is empty for a vulnerability, else the kind of warning.
fn push(hit: Hit<'_>, kind: &str, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let rule = hit.advisory.as_ref().map_or(kind, |advisory| &advisory.id).to_owned();
    let mut finding = intake.finding(NAME, &rule, Technique::Sca);
    finding.severity = match kind {
        "unmaintained" | "yanked" => Severity::Low,
        "notice" => Severity::Info,
        _ => severity::UNRATED,
    };
    let Package { name, version } = hit.package;
    match hit.advisory {
        Some(advisory) => {
            finding.cvss = advisory.cvss.as_deref().and_then(severity::cvss_score);
            if let Some(score) = finding.cvss {
                finding.severity = Severity::from_cvss(score);
            }
            finding.title = advisory.title.unwrap_or_default().into_owned();
            finding.message = advisory.description.unwrap_or_default().into_owned();
            finding.aliases = [vec![advisory.id], advisory.aliases].concat();
            finding.help = advisory.url.map(Cow::into_owned);
        }
        None => finding.title = format!("{name} {version}: {kind}"),
    }
    let patched = hit.versions.map(|versions| versions.patched).unwrap_or_default();
    finding.fix = (!patched.is_empty()).then(|| format!("update to {}", patched.join(" or ")));
    let purl = purl::build("cargo", "", &name, Some(&version));
    finding.place = Place::Package { purl: purl.unwrap_or(name), manifest: None };
    intake.push(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::tests::{find, read};

    /// Shape of cargo-audit 0.22: `cargo audit --json`
    const REPORT: &str = r#"{"database":{"advisory-count":1098,"last-commit":null,
        "last-updated":"2026-05-27T17:33:53+02:00"},"lockfile":{"dependency-count":36},"settings":{},
        "vulnerabilities":{"found":true,"count":1,"list":[{"advisory":{"id":"RUSTSEC-2021-0079","package":"hyper",
          "title":"Integer overflow","description":"Details","aliases":["CVE-2021-32714"],"related":["CVE-1"],
          "cvss":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H","url":"https://advisories.example/1"},
          "versions":{"patched":[">=0.14.10"],"unaffected":[]},"package":{"name":"hyper","version":"0.14.9"}}]},
        "warnings":{"yanked":[{"kind":"yanked","package":{"name":"old","version":"1.0.0"},"advisory":null,
          "affected":null,"versions":null}]}}"#;

    #[test]
    fn vulnerabilities_and_warnings_are_findings() {
        let (findings, info) = read("cargo-audit", REPORT);
        let overflow = find(&findings, "RUSTSEC-2021-0079");
        assert_eq!((overflow.severity, overflow.cvss), (Severity::Critical, Some(9.1)));
        assert_eq!(overflow.aliases, ["RUSTSEC-2021-0079", "CVE-2021-32714"]);
        assert_eq!(overflow.fix.as_deref(), Some("update to >=0.14.10"));
        assert_eq!(find(&findings, "yanked").place.label(), "pkg:cargo/old@1.0.0");
        assert_eq!((info.coverage.scanned, info.coverage.rules), (36, Some(1098)));
        assert!(info.coverage.is_complete() && info.coverage.data_as_of.is_some());
    }
}
