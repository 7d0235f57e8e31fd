//! Gitleaks, `-f json`: credentials in files and in git history. Version 8, and the older keys of
//! versions 4 to 7. A scan without result is `[]`, in old versions `null`.
//!
//! - Severity: the report has none; a leaked credential is high.
//! - Fingerprint: the credential when it is not redacted, else rule, path and the redacted match.
//!   Gitleaks' own `Fingerprint` holds the line, so it is not used.
//! - A credential only in history keeps its path; the commit is in the message.
//! - The report is silent about coverage.

use std::borrow::Cow;

use model::{Confidence, Coverage, Place, Severity, Technique};
use serde::Deserialize;

use super::{Adapter, Read, Shape, open, tool};
use crate::{ImportError, Source, intake::Intake, json::lenient, normalise::secret};

const NAME: &str = "gitleaks";

pub(super) struct Gitleaks;

#[derive(Deserialize)]
struct Leak<'a> {
    #[serde(borrow, alias = "RuleID", alias = "rule", default, deserialize_with = "lenient::text")]
    rule_id: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "Description", default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
    #[serde(alias = "StartLine", alias = "lineNumber", default, deserialize_with = "lenient::position")]
    start_line: Option<u32>,
    #[serde(borrow, alias = "Match", alias = "line", default, deserialize_with = "lenient::text")]
    matched: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "Secret", alias = "offender", default, deserialize_with = "lenient::text")]
    secret: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "File", default, deserialize_with = "lenient::text")]
    file: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "Commit", default, deserialize_with = "lenient::text")]
    commit: Option<Cow<'a, str>>,
}

impl Adapter for Gitleaks {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.list_of(&["RuleID", "File"]) || shape.list_of(&["rule", "offender"])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        scanner.elements(|s| {
            let leak: Leak<'_> = s.value()?;
            if leak.rule_id.is_none() || leak.file.is_none() {
                return Err(s.wrong("a leak without rule or file"));
            }
            push(leak, intake)
        })?;
        scanner.finish()?;
        Ok(Read { tool: tool(NAME, None), technique: Technique::Secrets, coverage: Coverage::default() })
    }
}

fn push(leak: Leak<'_>, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    let rule = leak.rule_id.unwrap_or_default();
    let description = leak.description.unwrap_or_else(|| rule.clone());
    let mut finding = intake.finding(NAME, &rule, Technique::Secrets);
    finding.severity = Severity::High;
    finding.confidence = Confidence::Medium;
    finding.cwe = vec![798];
    finding.title = description.split_once(", ").map_or(&*description, |(first, _)| first).to_owned();
    let path = intake.path(leak.file.as_deref().unwrap_or_default());
    let (shown, matched) = (leak.secret.unwrap_or_default(), leak.matched.unwrap_or_default());
    let visible = !secret::is_redacted(&shown);
    let fingerprint = match visible {
        true => secret::fingerprint(&shown),
        false => secret::substitute(&[NAME, &rule, &path, &matched]),
    };
    let commit = leak.commit.filter(|commit| !commit.is_empty());
    let message = match commit {
        Some(commit) => format!("{description} In commit {}.", commit.get(..12).unwrap_or(&commit)),
        None => description.into_owned(),
    };
    finding.message = secret::hide(&message, &shown).into_owned();
    finding.title = secret::hide(&finding.title, &shown).into_owned();
    finding.fix = Some("revoke the credential where it was issued, then remove it from the code".into());
    finding.place = Place::Secret { path, line: leak.start_line, fingerprint };
    intake.push(finding)
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::read;
    use model::{Place, Sha256};

    /// Shape of gitleaks 8: `gitleaks dir -f json`; the credential is made up.
    fn report(secret: &str, line: u32) -> String {
        format!(
            r#"[{{"RuleID":"generic-api-key","Description":"Detected a Generic API Key, exposing {secret}.",
            "StartLine":{line},"Match":"token = '{secret}'","Secret":"{secret}","File":"web/index.js",
            "Commit":"c300e2bc404937458308545ec1ea944972f2e865","Fingerprint":"web/index.js:generic-api-key:{line}"}}]"#
        )
    }

    #[test]
    fn the_credential_becomes_its_digest_and_never_leaves() {
        let (findings, _) = read("gitleaks", &report("tok-Zx81qq", 8));
        let Place::Secret { fingerprint, path, line } = &findings[0].place else { panic!() };
        assert_eq!((*fingerprint, path.as_str(), *line), (Sha256::of("tok-Zx81qq"), "web/index.js", Some(8)));
        assert!(!serde_json::to_string(&findings).unwrap().contains("tok-Zx81qq"));
    }

    #[test]
    fn a_redacted_credential_keeps_its_identity_when_it_moves() {
        let (before, _) = read("gitleaks", &report("REDACTED", 8));
        let (after, _) = read("gitleaks", &report("REDACTED", 80));
        assert_eq!(before[0].id, after[0].id);
    }

    #[test]
    fn nothing_found_is_a_report_that_says_nothing_about_coverage() {
        for report in ["[]", "null\n"] {
            let (findings, info) = read("gitleaks", report);
            assert!(findings.is_empty() && !info.coverage.is_complete());
        }
    }
}
