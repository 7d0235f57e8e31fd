//! in-toto `vulns` v0.2: what scanners of components found, with the age of their data.

use model::{
    Exit, Finding, Place, Problem, Statement,
    predicate::{
        Scan, Vulns,
        standards::{ScanTimes, Scanner, ScannerData, Score, Vulnerability},
    },
};
use serde_json::{Map, Value};

use super::{Material, generic, names};
use crate::{import::read_blob, record::Recorder, statements::statement};

pub(super) fn write(material: &Material, recorder: &Recorder) -> Result<Vec<Statement>, Problem> {
    let scans = material.component_scans()?;
    scans.iter().map(|scan| statement(material.subject(), &vulns(material, scan, recorder)?)).collect()
}

fn vulns(material: &Material, scan: &Scan, recorder: &Recorder) -> Result<Vulns, Problem> {
    let last_update = scan.coverage.data_as_of.ok_or_else(|| {
        let message = format!("the scan of {} does not say how old its data is", scan.tool.name);
        Problem::new("scan-without-data", Exit::Verdict, message)
            .with_hint("`proofhouse feeds import` brings in data; without components there is nothing to say")
    })?;
    let found = read_blob(&scan.findings, recorder)?;
    Ok(Vulns {
        scanner: Scanner {
            uri: generic(&scan.tool.name, &scan.tool.version),
            version: Some(scan.tool.version.clone()),
            db: ScannerData { uri: None, version: None, last_update },
            result: found.iter().map(vulnerability).collect(),
        },
        metadata: ScanTimes { scan_started_on: scan.started, scan_finished_on: scan.ended },
        proofhouse: material.context(),
    })
}

fn vulnerability(finding: &Finding) -> Vulnerability {
    let (id, aliases) = names(finding);
    let score = |method: &str, score: String| Score { method: method.to_owned(), score };
    let mut severity = vec![score("proofhouse", finding.severity.name().to_owned())];
    severity.extend(finding.cvss.map(|cvss| score("cvss", format!("{cvss:.1}"))));
    let mut facts = Map::from_iter([("title".to_owned(), Value::from(finding.title.clone()))]);
    if let Place::Package { purl, .. } = &finding.place {
        facts.insert("purl".to_owned(), Value::from(purl.clone()));
    }
    if !aliases.is_empty() {
        facts.insert("aliases".to_owned(), Value::from(aliases));
    }
    if let Some(fix) = &finding.fix {
        facts.insert("fix".to_owned(), Value::from(fix.clone()));
    }
    Vulnerability { id, severity, annotations: vec![facts] }
}
