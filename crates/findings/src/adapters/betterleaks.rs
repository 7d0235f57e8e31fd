//! Betterleaks, JSON schema 1: credentials; the successor of Gitleaks with its own format.
//!
//! - Severity: as Gitleaks, high; confidence as the report says.
//! - Fingerprint: the credential, or `match.fingerprint`, which is the SHA-256 of the credential also
//!   when it is redacted, so that it joins with other scanners' findings.
//! - Coverage: `scan.state` must be `complete`; bytes are counted but files are not, so the scan does
//!   not state its coverage.

use std::borrow::Cow;

use model::{Coverage, Place, Severity, Technique};
use serde::Deserialize;

use super::{Adapter, Read, Shape, open, tool};
use crate::{
    ImportError, Source,
    intake::Intake,
    json::lenient,
    normalise::{secret, severity, text},
};

const NAME: &str = "betterleaks";

pub(super) struct Betterleaks;

#[derive(Deserialize)]
struct Leak<'a> {
    rule_id: String,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    confidence: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "match")]
    matched: Match<'a>,
    #[serde(borrow)]
    location: Location<'a>,
}

#[derive(Default, Deserialize)]
struct Match<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    full: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    value: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    fingerprint: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    path: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::position")]
    start_line: Option<u32>,
}

#[derive(Deserialize)]
struct Scan {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    betterleaks_version: Option<String>,
}

impl Adapter for Betterleaks {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.object(&["schema_version", "findings"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let (mut coverage, mut version, mut listed) = (Coverage::default(), None, false);
        scanner.fields(&["findings", "scan"], |s, key| match key {
            "findings" => {
                listed = true;
                s.elements(|s| push(s.value()?, intake))
            }
            _ => {
                let scan: Scan = s.value()?;
                version = scan.betterleaks_version;
                if let Some(state) = scan.state.filter(|state| state != "complete") {
                    coverage.error(text::line(&format!("the scan ended in state {state}"), 200));
                }
                Ok(())
            }
        })?;
        scanner.finish()?;
        if !listed {
            return Err(scanner.wrong("`findings` is missing"));
        }
        Ok(Read { tool: tool(NAME, version.as_deref()), technique: Technique::Secrets, coverage })
    }
}

fn push(leak: Leak<'_>, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let description = leak.description.unwrap_or_default();
    let mut finding = intake.finding(NAME, &leak.rule_id, Technique::Secrets);
    finding.severity = Severity::High;
    finding.confidence = severity::confidence(leak.confidence.as_deref());
    finding.cwe = vec![798];
    let shown = leak.matched.value.unwrap_or_default();
    let description = secret::hide(&description, &shown);
    finding.title = description.split_once(", ").map_or(&*description, |(first, _)| first).to_owned();
    finding.message = description.into_owned();
    finding.fix = Some("revoke the credential where it was issued, then remove it from the code".into());
    let path = intake.path(leak.location.path.as_deref().unwrap_or_default());
    let own = leak.matched.fingerprint.as_deref().and_then(|hex| hex.parse().ok());
    let fingerprint = match own {
        _ if !secret::is_redacted(&shown) => secret::fingerprint(&shown),
        Some(digest) => digest,
        None => secret::substitute(&[NAME, &leak.rule_id, &path, &leak.matched.full.unwrap_or_default()]),
    };
    finding.place = Place::Secret { path, line: leak.location.start_line, fingerprint };
    intake.push(finding)
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::read;
    use model::{Place, Sha256};

    #[test]
    fn a_redacted_credential_is_known_by_its_digest() {
        let digest = Sha256::of("tok-Zx81qq");
        let report = format!(
            r#"{{"schema_version":"1","findings":[{{"rule_id":"jwt","description":"Uncovered a token.",
            "confidence":"high","match":{{"full":"REDACTED'","value":"REDACTED","fingerprint":"{digest}"}},
            "location":{{"path":"api.yml","start_line":193}}}}],"scan":{{"state":"interrupted"}}}}"#
        );
        let (findings, info) = read("betterleaks", &report);
        assert_eq!(
            findings[0].place,
            Place::Secret { path: "api.yml".into(), line: Some(193), fingerprint: digest }
        );
        assert_eq!(info.coverage.errors, ["the scan ended in state interrupted"]);
    }
}
