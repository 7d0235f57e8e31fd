//! Findings by people in our own form: see `manual/schema.json`, which `proofhouse import manual --schema`
//! prints. Unlike reports of tools it is read strictly: an unknown key is a mistake of its writer.
//!
//! - Coverage: `scope`; without it the report is not complete.

use model::Coverage;
use serde::Deserialize;

use super::{Adapter, Read, Shape, open};
use crate::{
    ImportError, Source,
    intake::Intake,
    manual::{self, Assessment, Field, Record},
};

const NAME: &str = "manual-json";
const MARK: &str = "proofhouseManualReport";

pub(super) struct ManualJson;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Option<String>,
    title: String,
    severity: Option<String>,
    cvss: Option<Score>,
    #[serde(default)]
    cwe: Vec<u32>,
    description: Option<String>,
    impact: Option<String>,
    evidence: Option<String>,
    fix: Option<String>,
    confidence: Option<String>,
    status: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    help: Option<String>,
    #[serde(default)]
    place: At,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Score {
    Number(f64),
    Vector(String),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    file: Option<String>,
    line: Option<u32>,
    symbol: Option<String>,
    url: Option<String>,
    method: Option<String>,
    parameter: Option<String>,
    package: Option<String>,
    version: Option<String>,
    target: Option<String>,
}

impl Adapter for ManualJson {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, shape: &Shape) -> bool {
        shape.object(&[MARK])
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let mut scanner = open(source, intake.options, NAME)?;
        let (mut assessment, mut coverage) = (Assessment::default(), Coverage::default());
        let (mut marked, mut listed) = (false, false);
        let mut seen = Vec::new();
        scanner.entries(|s, key| {
            if seen.iter().any(|known| known == key) {
                return Err(ImportError::DuplicateKey { key: key.chars().take(60).collect(), at: s.at() });
            }
            seen.push(key.chars().take(60).collect::<String>());
            match key {
                MARK => {
                    marked = s.value::<u32>()? == 1;
                    if marked { Ok(()) } else { Err(s.wrong("it is of a newer version of this form than 1")) }
                }
                "assessment" => s.value().map(|name| assessment.name = name),
                "tester" => s.value().map(|name| assessment.tester = name),
                "tested" => s.value().map(|day| assessment.tested = day),
                "scope" => s.elements(|s| s.value::<String>().map(|what| assessment.looked_at(&what))),
                "findings" => {
                    listed = true;
                    s.elements(|s| {
                        let at = s.at();
                        let entry: Entry = s.value()?;
                        manual::push(&record(&entry, at), NAME, &mut coverage, intake)
                    })
                }
                other => {
                    let known = "assessment, tester, tested, scope, findings";
                    let other: String = other.chars().take(60).filter(|c| !c.is_control()).collect();
                    Err(s.wrong(format!("it has no key `{other}`; it has {MARK}, {known}")))
                }
            }
        })?;
        scanner.finish()?;
        match (marked, listed) {
            (true, true) => Ok(manual::told(assessment, coverage, intake)),
            (false, _) => Err(scanner.wrong(format!("`\"{MARK}\": 1` is missing"))),
            _ => Err(scanner.wrong("`findings` is missing")),
        }
    }
}

fn record(entry: &Entry, at: crate::At) -> Record {
    let mut record = Record::at(at);
    let place = &entry.place;
    for (field, value) in [
        (Field::Id, &entry.id),
        (Field::Severity, &entry.severity),
        (Field::Description, &entry.description),
        (Field::Impact, &entry.impact),
        (Field::Evidence, &entry.evidence),
        (Field::Fix, &entry.fix),
        (Field::Confidence, &entry.confidence),
        (Field::Status, &entry.status),
        (Field::Help, &entry.help),
        (Field::File, &place.file),
        (Field::Symbol, &place.symbol),
        (Field::Url, &place.url),
        (Field::Method, &place.method),
        (Field::Parameter, &place.parameter),
        (Field::Package, &place.package),
        (Field::Version, &place.version),
        (Field::Target, &place.target),
    ] {
        value.iter().for_each(|value| record.add(field, value));
    }
    record.add(Field::Title, &entry.title);
    place.line.iter().for_each(|line| record.add(Field::Line, &line.to_string()));
    entry.cwe.iter().for_each(|number| record.add(Field::Cwe, &number.to_string()));
    entry.aliases.iter().for_each(|alias| record.add(Field::Aliases, alias));
    match &entry.cvss {
        Some(Score::Number(score)) => record.add(Field::Cvss, &score.to_string()),
        Some(Score::Vector(vector)) => record.add(Field::Cvss, vector),
        None => {}
    }
    record
}

#[cfg(test)]
mod tests {
    use crate::{ImportOptions, adapters::tests::read, import};
    use model::{Confidence, Place, Severity};

    #[test]
    fn our_own_form_is_read_whole() {
        let report = r#"{"proofhouseManualReport":1,"assessment":"yearly","tester":"Ann","tested":"2026-05-01",
            "scope":["shop.example","src/"],"findings":[
            {"title":"Path traversal","cvss":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H","cwe":[22],
             "place":{"file":"src/a.py","line":4,"symbol":"send"},"evidence":"GET ../"},
            {"title":"Gone","severity":"high","status":"fixed in retest"}]}"#;
        let (findings, info) = read("manual-json", report);
        let [one] = findings.as_slice() else { panic!("{findings:?}") };
        assert_eq!(
            (one.severity, one.confidence, one.rule.as_str()),
            (Severity::Critical, Confidence::High, "CWE-22")
        );
        assert!(matches!(&one.place, Place::Code { path, line: Some(4), .. } if path == "src/a.py"));
        assert_eq!((info.suppressed, info.coverage.seen), (1, 2));
        assert!(info.coverage.is_complete());
        let assessment = info.assessment.unwrap();
        assert_eq!(
            (assessment.name.as_deref(), assessment.tested.as_deref()),
            (Some("yearly"), Some("2026-05-01"))
        );
    }

    #[test]
    fn its_schema_names_the_same_keys() {
        let schema: serde_json::Value = serde_json::from_str(crate::MANUAL_SCHEMA).unwrap();
        let said = |report: String| {
            import(&report.as_bytes(), Some("manual-json"), &ImportOptions::default(), &mut Vec::new())
                .map_or_else(|error| error.to_string(), |_| String::new())
        };
        for key in schema["$defs"]["finding"]["properties"].as_object().unwrap().keys() {
            let told = said(format!(r#"{{"proofhouseManualReport":1,"findings":[{{"{key}":{{}}}}]}}"#));
            assert!(!told.contains("unknown field"), "{told}");
        }
        for key in schema["$defs"]["finding"]["properties"]["place"]["properties"].as_object().unwrap().keys()
        {
            let place = format!(r#"{{"title":"t","severity":"low","place":{{"{key}":null}}}}"#);
            assert_eq!(said(format!(r#"{{"proofhouseManualReport":1,"findings":[{place}]}}"#)), "");
        }
        let typo = said(r#"{"proofhouseManualReport":1,"findings":[{"titel":"t"}]}"#.into());
        assert!(typo.contains("titel"), "{typo}");
    }
}
