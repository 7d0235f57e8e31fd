//! What columns, headings and labels in reports by people are called, and what they mean.

use std::collections::HashMap;

/// A piece of what a report says of a finding, or of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Field {
    Id,
    Title,
    Severity,
    Cvss,
    Cwe,
    Description,
    Impact,
    Evidence,
    Fix,
    File,
    Line,
    Symbol,
    Url,
    Method,
    Parameter,
    Package,
    Version,
    Target,
    /// A place of whichever kind.
    Location,
    Aliases,
    Help,
    Status,
    Confidence,
    /// Of the report: its name.
    Assessment,
    Tester,
    Tested,
    Scope,
    /// Of the report: `none` says that there is nothing to tell.
    Findings,
}

/// Usual name of each field, and its other spellings in lower case without punctuation.
const NAMES: &[(Field, &str, &[&str])] = &[
    (
        Field::Id,
        "id",
        &[
            "finding id",
            "issue id",
            "identifier",
            "ref",
            "reference number",
            "finding number",
            "no",
            "nr",
            "number",
            "vulnerability id",
            "key",
        ],
    ),
    (
        Field::Title,
        "title",
        &[
            "name",
            "finding",
            "issue",
            "vulnerability",
            "summary",
            "finding title",
            "issue title",
            "finding name",
            "vulnerability name",
            "issue name",
            "headline",
        ],
    ),
    (
        Field::Severity,
        "severity",
        &[
            "risk",
            "risk rating",
            "risk level",
            "rating",
            "criticality",
            "priority",
            "severity rating",
            "overall risk",
            "severity level",
            "risk severity",
            "level",
        ],
    ),
    (
        Field::Cvss,
        "cvss",
        &[
            "cvss score",
            "cvss vector",
            "cvss base score",
            "cvss v3",
            "cvss v31",
            "cvss v40",
            "cvss 31",
            "cvss 40",
            "cvssv3",
            "base score",
            "score",
            "cvss string",
            "cvss 31 vector",
            "cvss rating",
        ],
    ),
    (
        Field::Cwe,
        "cwe",
        &["cwe id", "cwe ids", "weakness", "weakness class", "cwes", "cwe number", "classification"],
    ),
    (
        Field::Description,
        "description",
        &[
            "details",
            "detail",
            "observation",
            "technical description",
            "technical details",
            "overview",
            "issue description",
            "finding description",
            "vulnerability description",
            "background",
            "finding details",
        ],
    ),
    (
        Field::Impact,
        "impact",
        &[
            "business impact",
            "consequence",
            "consequences",
            "risk description",
            "potential impact",
            "technical impact",
        ],
    ),
    (
        Field::Evidence,
        "evidence",
        &[
            "proof of concept",
            "poc",
            "steps to reproduce",
            "reproduction",
            "reproduction steps",
            "how to reproduce",
            "steps",
            "request",
            "response",
            "exploitation",
            "demonstration",
        ],
    ),
    (
        Field::Fix,
        "fix",
        &[
            "remediation",
            "recommendation",
            "recommendations",
            "solution",
            "mitigation",
            "countermeasure",
            "countermeasures",
            "suggested fix",
            "resolution",
            "remediation advice",
            "recommended action",
            "how to fix",
        ],
    ),
    (Field::File, "file", &["path", "filename", "file name", "file path", "source file", "affected file"]),
    (Field::Line, "line", &["line number", "start line", "lineno", "lines"]),
    (Field::Symbol, "symbol", &["function", "class", "affected function"]),
    (
        Field::Url,
        "url",
        &[
            "uri",
            "route",
            "endpoint",
            "affected url",
            "affected endpoint",
            "affected urls",
            "affected endpoints",
            "vulnerable url",
        ],
    ),
    (Field::Method, "method", &["http method", "verb"]),
    (
        Field::Parameter,
        "parameter",
        &["param", "affected parameter", "parameters", "input", "header", "cookie"],
    ),
    (
        Field::Package,
        "package",
        &["purl", "component", "library", "dependency", "affected package", "affected component"],
    ),
    (Field::Version, "version", &["package version", "affected version", "component version"]),
    (
        Field::Target,
        "target",
        &[
            "host",
            "hostname",
            "ip",
            "ip address",
            "system",
            "affected host",
            "affected system",
            "application",
        ],
    ),
    (
        Field::Location,
        "location",
        &[
            "affected",
            "affects",
            "where",
            "place",
            "affected asset",
            "affected assets",
            "asset",
            "affected resource",
            "affected resources",
            "affected systems",
            "affected locations",
            "instances",
        ],
    ),
    (Field::Aliases, "aliases", &["cve", "cves", "cve id", "cve ids", "alias"]),
    (
        Field::Help,
        "help",
        &["references", "reference", "link", "links", "more information", "see also", "further reading"],
    ),
    (
        Field::Status,
        "status",
        &["state", "retest", "retest status", "retest result", "remediation status", "finding status"],
    ),
    (Field::Confidence, "confidence", &["certainty"]),
    (Field::Assessment, "assessment", &["engagement", "project name", "test name", "report name"]),
    (
        Field::Tester,
        "tester",
        &[
            "testers",
            "tested by",
            "author",
            "authors",
            "auditor",
            "reviewer",
            "reviewed by",
            "consultant",
            "performed by",
            "prepared by",
        ],
    ),
    (
        Field::Tested,
        "tested",
        &[
            "date",
            "test date",
            "date of test",
            "tested on",
            "assessment date",
            "report date",
            "date tested",
            "performed on",
        ],
    ),
    (
        Field::Scope,
        "scope",
        &[
            "in scope",
            "scope of work",
            "test scope",
            "assessment scope",
            "targets in scope",
            "scope of the test",
            "scope of the assessment",
        ],
    ),
    (Field::Findings, "findings", &["number of findings", "total findings"]),
];

impl Field {
    /// Whether it is about the report and not about one finding.
    pub(crate) fn is_of_report(self) -> bool {
        matches!(self, Self::Assessment | Self::Tester | Self::Tested | Self::Scope | Self::Findings)
    }

    /// Whether it places a finding.
    pub(crate) fn is_place(self) -> bool {
        matches!(self, Self::File | Self::Url | Self::Package | Self::Target | Self::Location)
    }
}

/// The names that one import understands.
pub(crate) struct Fields(HashMap<String, Field>);

impl Fields {
    /// The usual names, and those that the caller told; what it told for no field is an error text.
    pub(crate) fn with(told: &[(String, String)]) -> Result<Self, String> {
        let all = NAMES.iter().flat_map(|(field, name, others)| {
            std::iter::once(name).chain(*others).map(|name| ((*name).to_owned(), *field))
        });
        let mut fields = Self(all.collect());
        for (name, means) in told {
            let known = NAMES.iter().find(|(_, usual, _)| *usual == means.trim());
            let Some((field, ..)) = known else {
                let names: Vec<&str> = NAMES.iter().map(|(_, usual, _)| *usual).collect();
                return Err(format!("a column cannot mean {means:?}; it can mean {}", names.join(", ")));
            };
            fields.0.insert(folded(name), *field);
        }
        Ok(fields)
    }

    /// The field of this name.
    pub(crate) fn of(&self, name: &str) -> Option<Field> {
        if name.len() > 60 {
            return None;
        }
        self.0.get(&folded(name)).copied()
    }
}

/// Lower case, single blanks, no punctuation: `Risk-Rating:` is `risk rating`.
fn folded(name: &str) -> String {
    let clean: String = name
        .chars()
        .filter(|c| !matches!(c, '.' | '\'' | '#'))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_folded_and_can_be_added_to() {
        let count: usize = NAMES.iter().map(|(_, _, others)| 1 + others.len()).sum();
        let fields = Fields::with(&[]).unwrap();
        assert_eq!(fields.0.len(), count, "a name stands for two fields");
        assert!(fields.0.keys().all(|name| folded(name) == *name));
        assert_eq!(fields.of("**Risk-Rating:** "), Some(Field::Severity));
        assert_eq!(fields.of("Gefährdung"), None);
        let more = Fields::with(&[("Gefährdung".into(), "severity".into())]).unwrap();
        assert_eq!(more.of("GEFÄHRDUNG"), Some(Field::Severity));
        assert!(Fields::with(&[("x".into(), "y".into())]).is_err());
    }
}
