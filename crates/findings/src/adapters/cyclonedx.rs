//! CycloneDX 1.4 to 1.7 in JSON with `vulnerabilities`: what many component scanners write.
//!
//! - One finding per vulnerability and affected component. A reference that leads to no component is
//!   kept as a target, so that nothing is lost.
//! - Severity: of the best rating (CVSS 4, 3.1, 3, 2, other; among equals the first that is rated),
//!   by its word, else its score, else its vector.
//! - VEX: `analysis.state` resolved, not_affected or false_positive, and `affects[].versions` all
//!   unaffected, are suppressed.
//! - Coverage: components listed. A BOM whose `vulnerabilities` are absent or empty may have been
//!   made without any scan (generators write an empty list too), so it does not state coverage.
//! - Components may stand after the vulnerabilities, so the text is read twice.

use std::{borrow::Cow, collections::HashMap};

use model::{Coverage, Place, Severity, Technique};
use serde::Deserialize;
use serde_json::Value;

use super::{Adapter, Read, Shape, open, shape::xml, tool};
use crate::{
    ImportError, Source,
    intake::Intake,
    json::{Scanner, lenient},
    normalise::{cwe, purl, severity, text},
};

const NAME: &str = "cyclonedx";

pub(super) struct CycloneDx;

#[derive(Deserialize)]
struct Component {
    #[serde(default, rename = "bom-ref")]
    bom_ref: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    purl: Option<String>,
    #[serde(default)]
    evidence: Option<Evidence>,
    #[serde(default, deserialize_with = "lenient::list")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Evidence {
    #[serde(default, deserialize_with = "lenient::list")]
    occurrences: Vec<Occurrence>,
}

#[derive(Deserialize)]
struct Occurrence {
    #[serde(default)]
    location: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    id: Option<Cow<'a, str>>,
    #[serde(default)]
    source: Option<Link>,
    #[serde(default, deserialize_with = "lenient::list")]
    references: Vec<Reference>,
    #[serde(default, deserialize_with = "lenient::list")]
    ratings: Vec<Rating>,
    #[serde(default, deserialize_with = "lenient::many")]
    cwes: Vec<String>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    recommendation: Option<Cow<'a, str>>,
    #[serde(default)]
    analysis: Option<Analysis>,
    #[serde(default, deserialize_with = "lenient::list")]
    affects: Vec<Affected>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize)]
struct Rating {
    #[serde(default, deserialize_with = "lenient::number")]
    score: Option<f64>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    vector: Option<String>,
}

#[derive(Deserialize)]
struct Analysis {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    justification: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default, deserialize_with = "lenient::list")]
    versions: Vec<Range>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    status: Option<String>,
}

/// What the first reading collects.
#[derive(Default)]
struct Outline {
    places: HashMap<String, Place>,
    table: usize,
    components: u64,
    scanned: bool,
    tool: Option<(String, String)>,
    version: Option<String>,
}

impl Adapter for CycloneDx {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        ["bomFormat", "specVersion", "components"].iter().any(|key| shape.object(&[key]))
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut outline = Outline::default();
        let mut scanner = open(source, intake.options, NAME)?;
        if scanner.peek()? == b'<' {
            let reason = xml(&mut scanner)?;
            return Err(scanner.wrong(reason));
        }
        survey(&mut scanner, &mut outline, intake)?;
        scanner.finish()?;
        check_version(&scanner, outline.version.as_deref())?;
        let mut coverage = Coverage {
            seen: outline.components,
            scanned: if outline.scanned { outline.components } else { 0 },
            stated: outline.scanned && outline.components > 0,
            ..Coverage::default()
        };
        let (name, version) = outline.tool.unwrap_or_else(|| (NAME.into(), String::new()));
        let places = outline.places;
        let mut scanner = open(source, intake.options, NAME)?;
        scanner.fields(&["vulnerabilities"], |s, _| {
            s.elements(|s| push(&s.value()?, &name, &places, intake, &mut coverage))
        })?;
        Ok(Read { tool: tool(&name, Some(&version)), technique: Technique::Sca, coverage })
    }
}

fn check_version(scanner: &Scanner<'_>, version: Option<&str>) -> Result<(), ImportError> {
    let minor =
        version.and_then(|version| version.strip_prefix("1.")).and_then(|minor| minor.parse::<u32>().ok());
    match (version, minor) {
        (_, Some(4..)) => Ok(()),
        (Some(version), _) => {
            Err(scanner.wrong(format!("version {version:.20} has no vulnerabilities; 1.4 or later is read")))
        }
        (None, _) => Err(scanner.wrong("`specVersion` is missing")),
    }
}

fn survey(
    scanner: &mut Scanner<'_>,
    outline: &mut Outline,
    intake: &mut Intake<'_>,
) -> Result<(), ImportError> {
    let names = ["bomFormat", "specVersion", "metadata", "components", "vulnerabilities"];
    scanner.fields(&names, |s, key| match key {
        "bomFormat" => match s.value::<String>()?.as_str() {
            "CycloneDX" => Ok(()),
            _ => Err(s.wrong("`bomFormat` is not CycloneDX")),
        },
        "specVersion" => s.value().map(|version: String| outline.version = Some(version)),
        "metadata" => {
            let metadata: Value = s.value()?;
            outline.tool = tool_of(&metadata);
            if let Ok(target) = Component::deserialize(&metadata["component"]) {
                let before = outline.components;
                note(target, outline, intake)?;
                outline.components = before;
            }
            Ok(())
        }
        "components" => s.elements(|s| note(s.value()?, outline, intake)),
        _ => s.elements(|s| {
            outline.scanned = true;
            s.skip()
        }),
    })
}

/// `metadata.tools`: a list (1.4) or an object with `components` (1.5).
fn tool_of(metadata: &Value) -> Option<(String, String)> {
    let tools = &metadata["tools"];
    let first = tools.get(0).or_else(|| tools.pointer("/components/0"))?;
    let name = text::line(first["name"].as_str()?, 100).to_lowercase();
    (!name.is_empty()).then(|| (name, first["version"].as_str().unwrap_or_default().to_owned()))
}

fn note(component: Component, outline: &mut Outline, intake: &mut Intake<'_>) -> Result<(), ImportError> {
    outline.components += 1;
    component.components.into_iter().try_for_each(|inner| note(inner, outline, intake))?;
    let own = component.purl.as_deref().and_then(purl::clean);
    let name = component.name.as_deref().unwrap_or_default();
    let group = component.group.as_deref().unwrap_or_default();
    let generic = || purl::build("generic", group, name, component.version.as_deref());
    let Some((key, purl)) = component.bom_ref.zip(own.or_else(generic)) else { return Ok(()) };
    let found_in =
        component.evidence.and_then(|evidence| evidence.occurrences.into_iter().find_map(|o| o.location));
    let manifest = found_in.map(|path| intake.path(&path)).filter(|path| !path.is_empty());
    outline.table += key.len() + purl.len() + manifest.as_ref().map_or(0, String::len) + 100;
    if outline.table > intake.options.limits.tables {
        let limit = intake.options.limits.tables as u64;
        return Err(ImportError::TooLarge { what: "the table of components", limit });
    }
    outline.places.insert(key, Place::Package { purl, manifest });
    Ok(())
}

fn push(
    vulnerability: &Vulnerability<'_>,
    scanner: &str,
    places: &HashMap<String, Place>,
    intake: &mut Intake<'_>,
    coverage: &mut Coverage,
) -> Result<(), ImportError> {
    let id = vulnerability.id.as_deref().unwrap_or("unknown");
    let (score, severity) = rate(&vulnerability.ratings);
    let nowhere = [Affected { reference: intake.target(), versions: Vec::new() }];
    let affects = if vulnerability.affects.is_empty() { &nowhere } else { vulnerability.affects.as_slice() };
    for affected in affects {
        let place = locate(&affected.reference, places);
        if let Some(why) = withdrawn(vulnerability, affected) {
            intake.suppress(coverage, &format!("{} ({id})", place.label()), &why);
            continue;
        }
        let mut finding = intake.finding(scanner, id, Technique::Sca);
        finding.severity = severity;
        finding.cvss = score;
        finding.message = vulnerability.description.as_deref().unwrap_or_default().to_owned();
        finding.cwe = cwe::parse_all(vulnerability.cwes.iter().map(String::as_str));
        finding.aliases = vec![id.to_owned()];
        finding.aliases.extend(vulnerability.references.iter().filter_map(|reference| reference.id.clone()));
        finding.fix = vulnerability.recommendation.as_deref().map(str::to_owned);
        finding.help = vulnerability.source.as_ref().and_then(|source| source.url.clone());
        finding.place = place;
        intake.push(finding)?;
    }
    Ok(())
}

fn locate(reference: &str, places: &HashMap<String, Place>) -> Place {
    // A BOM-Link (urn:cdx:serial/version#ref) names the component after its `#`.
    let inner =
        reference.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#')).map(|(_, inner)| inner);
    let known = places.get(reference).or_else(|| places.get(inner?)).cloned();
    known.unwrap_or_else(|| match purl::clean(reference) {
        Some(purl) => Place::Package { purl, manifest: None },
        None => Place::Target { name: reference.to_owned() },
    })
}

fn withdrawn(vulnerability: &Vulnerability<'_>, affected: &Affected) -> Option<String> {
    let ranges = &affected.versions;
    if !ranges.is_empty() && ranges.iter().all(|range| range.status.as_deref() == Some("unaffected")) {
        return Some("the report says that this version is not affected".into());
    }
    let analysis = vulnerability.analysis.as_ref()?;
    let state = analysis.state.as_deref()?;
    let closed = matches!(state, "resolved" | "resolved_with_pedigree" | "not_affected" | "false_positive");
    let reason = analysis.justification.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    closed.then(|| format!("{state}{reason}").replace('_', " "))
}

fn rate(ratings: &[Rating]) -> (Option<f64>, Severity) {
    let score = |rating: &Rating| rating.score.or_else(|| severity::cvss_score(rating.vector.as_deref()?));
    let word = |rating: &Rating| rating.severity.as_deref().and_then(severity::from_word);
    let rank = |rating: &&Rating| match rating.method.as_deref() {
        Some("CVSSv4") => 0,
        Some("CVSSv31") => 1,
        Some("CVSSv3") => 2,
        Some("CVSSv2") => 3,
        _ => 4,
    };
    let scored = ratings.iter().filter(|r| score(r).is_some() && rank(r) < 4).min_by_key(rank);
    let best = scored
        .or_else(|| ratings.iter().filter(|r| word(r).is_some() || score(r).is_some()).min_by_key(rank));
    let Some(best) = best else { return (None, severity::UNRATED) };
    let cvss = score(best).filter(|_| rank(&best) < 4);
    let severity = word(best).or_else(|| score(best).map(Severity::from_cvss)).unwrap_or(severity::UNRATED);
    (cvss, severity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::tests::{find, read};

    const REPORT: &str = r#"{"vulnerabilities": [
        {"id": "CVE-2019-11358", "cwes": [1321, 79], "description": "Prototype pollution.",
         "references": [{"id": "GHSA-6c3j-c64m-qhgq"}], "source": {"url": "https://advisories.example/1"},
         "ratings": [{"severity": "high"}, {"score": 6.1, "method": "CVSSv31"}],
         "affects": [{"ref": "a"}, {"ref": "urn:cdx:0/1#b"}, {"ref": "gone"}]},
        {"id": "CVE-2", "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
         "affects": [{"ref": "a"}]}],
        "bomFormat": "CycloneDX", "specVersion": "1.6",
        "metadata": {"tools": {"components": [{"name": "retire", "version": "5.7.0"}]}},
        "components": [{"type": "library", "bom-ref": "a", "name": "jquery", "purl": "pkg:npm/jquery@3.2.1",
          "evidence": {"occurrences": [{"location": "web/jquery.js"}]},
          "components": [{"type": "library", "bom-ref": "b", "name": "inner", "version": "1"}]}]}"#;

    #[test]
    fn each_affected_component_is_a_finding_whatever_the_order_of_keys() {
        let (findings, info) = read("cyclonedx", REPORT);
        let places: Vec<String> = findings.iter().map(|f| f.place.label()).collect();
        assert_eq!(places, ["pkg:npm/jquery@3.2.1", "pkg:generic/inner@1", "gone"]);
        let first = find(&findings, "CVE-2019-11358");
        assert_eq!((first.cvss, first.severity), (Some(6.1), Severity::Medium));
        assert_eq!(first.place.path(), Some("web/jquery.js"));
        assert_eq!((first.scanner.as_str(), info.tool.version.as_str()), ("retire", "5.7.0"));
        assert!(info.coverage.is_complete());
    }

    #[test]
    fn what_the_report_calls_not_affected_is_counted_as_suppressed() {
        let (_, info) = read("cyclonedx", REPORT);
        assert_eq!(
            (info.suppressed, info.coverage.skipped[0].why.as_str()),
            (1, "not affected: code not reachable")
        );
    }

    #[test]
    fn a_bom_without_vulnerabilities_is_not_a_scan() {
        let bom =
            r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"a","name":"x"}]}"#;
        let (findings, info) = read("cyclonedx", bom);
        assert!(findings.is_empty() && !info.coverage.is_complete());
    }
}
