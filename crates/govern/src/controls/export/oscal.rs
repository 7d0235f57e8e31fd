//! OSCAL assessment results (NIST OSCAL 1.1.3, JSON): one result for each catalogue, one observation for each rule,
//! one finding for each control.
//!
//! Identifiers follow from content, so that the same ledger and moment give the same file. An objective is
//! `satisfied` only when its control is met and nothing of it is left unmeasured; a reader of this file must not
//! take "met as far as measured" for more than it is.

use model::{Hasher, Timestamp};
use serde::Serialize;
use serde_json::Value;

use crate::controls::{CatalogueReport, ControlReport, Report, RuleReport, Status};

/// Version of OSCAL that is written.
pub const OSCAL_VERSION: &str = "1.1.3";
/// Namespace of our properties.
pub const NAMESPACE: &str = "urn:proofhouse:oscal";
/// Most evidence and gaps of one observation; the ledger has the rest.
const MOST: usize = 200;

/// The document (`assessment-results` model).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Document {
    assessment_results: AssessmentResults,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct AssessmentResults {
    uuid: String,
    metadata: Metadata,
    import_ap: Href,
    results: Vec<ResultSet>,
    back_matter: BackMatter,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    title: String,
    last_modified: Timestamp,
    version: String,
    oscal_version: &'static str,
    props: Vec<Property>,
    remarks: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Property {
    name: &'static str,
    ns: &'static str,
    value: String,
}

#[derive(Clone, Debug, Serialize)]
struct Href {
    href: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ResultSet {
    uuid: String,
    title: String,
    description: String,
    start: Timestamp,
    end: Timestamp,
    props: Vec<Property>,
    reviewed_controls: ReviewedControls,
    observations: Vec<Observation>,
    findings: Vec<Finding>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ReviewedControls {
    control_selections: Vec<Selection>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Selection {
    include_controls: Vec<ControlId>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ControlId {
    control_id: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Observation {
    uuid: String,
    title: String,
    description: String,
    props: Vec<Property>,
    methods: [&'static str; 1],
    types: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relevant_evidence: Vec<RelevantEvidence>,
    collected: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct RelevantEvidence {
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    description: String,
    props: Vec<Property>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Finding {
    uuid: String,
    title: String,
    description: String,
    props: Vec<Property>,
    target: Target,
    related_observations: Vec<Related>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Target {
    r#type: &'static str,
    target_id: String,
    status: ObjectiveStatus,
}

#[derive(Clone, Debug, Serialize)]
struct ObjectiveStatus {
    state: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remarks: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Related {
    observation_uuid: String,
}

#[derive(Clone, Debug, Serialize)]
struct BackMatter {
    resources: Vec<Resource>,
}

#[derive(Clone, Debug, Serialize)]
struct Resource {
    uuid: String,
    title: &'static str,
    description: &'static str,
}

/// The report as an OSCAL document. `address` is where people reach the dashboard; with it evidence has links.
pub fn document(report: &Report, address: Option<&str>) -> Document {
    let ids = Ids::of(report, address);
    let plan = ids.make(&["plan"]);
    let results =
        report.catalogues.iter().map(|catalogue| result(report, catalogue, address, &ids)).collect();
    Document {
        assessment_results: AssessmentResults {
            uuid: ids.make(&["document"]),
            metadata: Metadata {
                title: "Controls computed from the ledger".to_owned(),
                last_modified: report.moment,
                version: format!("ledger-{}", report.statements),
                oscal_version: OSCAL_VERSION,
                props: vec![
                    property("ledger-entries", report.statements.to_string()),
                    property("projects", report.projects.len().to_string()),
                ],
                remarks: "Computed by Proofhouse from signed statements in its ledger, without a person's judgement. \
                          Statuses speak of what is measured; each finding says what is not.",
            },
            import_ap: Href { href: format!("#{plan}") },
            results,
            back_matter: BackMatter {
                resources: vec![Resource {
                    uuid: plan,
                    title: "Continuous computation",
                    description: "There is no assessment plan besides the rules that each observation names: every \
                                  rule is evaluated over the whole ledger each time.",
                }],
            },
        },
    }
}

/// The same as text: JSON, indented, with a line break at the end.
pub fn text(report: &Report, address: Option<&str>) -> String {
    // Plain structs with text keys always become JSON.
    let json = serde_json::to_value(document(report, address)).unwrap_or(Value::Null);
    format!("{json:#}\n")
}

fn result(report: &Report, catalogue: &CatalogueReport, address: Option<&str>, ids: &Ids) -> ResultSet {
    let named = catalogue.controls.iter().flat_map(|control| report.rules_of(control));
    let rules: std::collections::BTreeMap<_, _> = named.map(|rule| (rule.id, rule)).collect();
    let observation_id = |rule: &str| ids.make(&[&catalogue.id, "observation", rule]);
    ResultSet {
        uuid: ids.make(&[&catalogue.id, "result"]),
        title: line(&catalogue.title),
        description: format!("Edition: {}. Source: {}.", catalogue.edition, catalogue.source),
        start: report.moment,
        end: report.moment,
        props: Status::ALL
            .into_iter()
            .map(|status| {
                let name = ["controls-met", "controls-partly", "controls-not-met", "controls-no-data"];
                property(name[status as usize], catalogue.count(status).to_string())
            })
            .collect(),
        reviewed_controls: ReviewedControls {
            control_selections: vec![Selection {
                include_controls: catalogue
                    .controls
                    .iter()
                    .map(|control| ControlId { control_id: token(&control.id) })
                    .collect(),
            }],
        },
        observations: rules
            .values()
            .map(|rule| observation(report, rule, address, observation_id(rule.id)))
            .collect(),
        findings: catalogue
            .controls
            .iter()
            .map(|control| Finding {
                uuid: ids.make(&[&catalogue.id, "finding", &control.id]),
                related_observations: (report.rules_of(control))
                    .map(|rule| Related { observation_uuid: observation_id(rule.id) })
                    .collect(),
                ..finding(control)
            })
            .collect(),
    }
}

fn observation(report: &Report, rule: &RuleReport, address: Option<&str>, uuid: String) -> Observation {
    let evidence = rule.evidence.iter().take(MOST).map(|one| RelevantEvidence {
        href: address.map(|address| format!("{}/ledger/{}", address.trim_end_matches('/'), one.index)),
        description: match &one.project {
            Some(project) => format!("Ledger entry {} of project {project}", one.index),
            None => format!("Ledger entry {}", one.index),
        },
        props: vec![property("ledger-index", one.index.to_string())],
    });
    let missing = rule.missing.iter().take(MOST).map(|one| match &one.project {
        Some(project) => format!("{project}: {}", one.why),
        None => format!("The organisation: {}", one.why),
    });
    let missing: Vec<String> = missing.collect();
    let more = rule.missing.len().saturating_sub(MOST);
    let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
    Observation {
        uuid,
        title: rule.id.to_owned(),
        description: format!("{}: holds for {} of {}.", rule.title, rule.holds, rule.of),
        props: vec![
            property("rule-status", rule.status.name().to_owned()),
            property("holds", rule.holds.to_string()),
            property("of", rule.of.to_string()),
        ],
        methods: ["TEST"],
        types: ["control-objective"],
        relevant_evidence: evidence.collect(),
        collected: report.moment,
        remarks: (!missing.is_empty())
            .then(|| format!("Missing:\n{}{more}\nClosed by: {}", missing.join("\n"), rule.close)),
    }
}

/// Without its links, which the caller knows.
fn finding(control: &ControlReport) -> Finding {
    let part = control.does_not_measure.as_deref();
    let (state, reason) = match (control.status, part) {
        (Status::Met, None) => ("satisfied", "pass"),
        (Status::Met, Some(_)) | (Status::NoData, _) => ("not-satisfied", "other"),
        _ => ("not-satisfied", "fail"),
    };
    let remarks = match (control.status, part) {
        (Status::NoData, _) => Some("There is no data to judge it by.".to_owned()),
        (status, Some(part)) => Some(format!("{status} as far as measured. Not measured: {part}")),
        _ => None,
    };
    let mut props = vec![
        property("status", control.status.name().to_owned()),
        property("projects-covered", control.covered.to_string()),
        property("projects", control.of.to_string()),
    ];
    if let Some(level) = control.level {
        props.push(property("answer", level.name().to_owned()));
        props.push(property("answer-score", level.score().to_string()));
    }
    Finding {
        uuid: String::new(),
        title: line(&format!("{}: {}", control.id, control.title)),
        description: format!("{} Measured: {}", control.text, control.measures),
        props,
        target: Target {
            r#type: "objective-id",
            target_id: token(&control.id),
            status: ObjectiveStatus { state, reason, remarks },
        },
        related_observations: vec![],
    }
}

fn property(name: &'static str, value: String) -> Property {
    Property { name, ns: NAMESPACE, value }
}

/// Titles are one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// OSCAL's tokens begin with a letter or `_`; ids of catalogues have only what may follow.
fn token(id: &str) -> String {
    if id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        id.to_owned()
    } else {
        format!("_{id}")
    }
}

/// Makes UUIDs from what the report says and what they stand for.
struct Ids {
    report: model::Sha256,
}

impl Ids {
    fn of(report: &Report, address: Option<&str>) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(&serde_json::to_vec(report).unwrap_or_default());
        hasher.update(address.unwrap_or_default().as_bytes());
        Self { report: hasher.finish() }
    }

    /// Of version 5 in form (RFC 9562, section 5.5), but from SHA-256: OSCAL knows versions 4 and 5 only.
    fn make(&self, parts: &[&str]) -> String {
        let mut hasher = Hasher::new();
        hasher.update(self.report.as_bytes());
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let hex = hasher.finish().hex();
        let variant = ["8", "9", "a", "b"][usize::from(hex.as_bytes()[16] % 4)];
        format!("{}-{}-5{}-{variant}{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
    }
}
