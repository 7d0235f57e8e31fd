//! OpenVEX 0.2.0: how the vulnerabilities of components concern the artifact.
//!
//! What is recorded here shows two answers only: `under_investigation` where a component has a vulnerability
//! and nobody has said what that means, and `affected` where somebody accepted the risk until a date.
//! `not_affected` needs a justification in the words of OpenVEX, which no statement of ours carries.

use std::collections::BTreeMap;

use model::{
    Exit, Finding, Place, Problem, Sha256, Statement,
    predicate::{
        Exception, OpenVex,
        openvex::{CONTEXT, Product, VexStatement, VexStatus, VexVulnerability},
    },
};

use super::{Material, generic, names};
use crate::{import::read_blob, record::Recorder, statements::statement};

pub(super) fn write(material: &Material, recorder: &Recorder) -> Result<Vec<Statement>, Problem> {
    let exceptions = exceptions(material, recorder)?;
    let mut answers: BTreeMap<(String, bool), VexStatement> = BTreeMap::new();
    for scan in material.component_scans()? {
        for finding in read_blob(&scan.findings, recorder)? {
            answer(material, &finding, &exceptions, &mut answers);
        }
    }
    if answers.is_empty() {
        let message = format!("no component of {} has a known vulnerability", material.name);
        return Err(Problem::new("vex-empty", Exit::Verdict, message)
            .with_hint("`proofhouse ledger statement vulns` says so in a form that can be empty"));
    }
    let statements: Vec<VexStatement> = answers.into_values().collect();
    let told = serde_json::to_vec(&statements).unwrap_or_default();
    let document = OpenVex {
        context: CONTEXT.to_owned(),
        id: format!(
            "urn:proofhouse:vex:sha256:{}",
            Sha256::of([material.artifact.0.as_slice(), &told].concat())
        ),
        author: recorder.trust()?.issuers.first().cloned().unwrap_or_else(|| "proofhouse".to_owned()),
        timestamp: material.now,
        version: 1,
        tooling: Some(format!("proofhouse {}", env!("CARGO_PKG_VERSION"))),
        statements,
    };
    Ok(vec![statement(material.subject(), &document)?])
}

/// Exceptions of the project for single findings, in force, verified, for every environment: an exception for
/// one environment says nothing about the artifact elsewhere.
fn exceptions(material: &Material, recorder: &Recorder) -> Result<Vec<Exception>, Problem> {
    let mut found = Vec::new();
    for index in recorder.projection().exceptions(&material.run.project)? {
        let logged = recorder.entry(index)?;
        let Some(Ok(exception)) = logged.statement.decode::<Exception>() else { continue };
        let counts = exception.project == material.run.project
            && exception.environment.is_none()
            && exception.expires > material.now
            && recorder.check(index, material.now) == (true, true);
        if counts {
            found.push(exception);
        }
    }
    Ok(found)
}

/// Adds what is known of one finding; one statement for each vulnerability and answer.
fn answer(
    material: &Material,
    finding: &Finding,
    exceptions: &[Exception],
    answers: &mut BTreeMap<(String, bool), VexStatement>,
) {
    let Place::Package { purl, .. } = &finding.place else { return };
    let (name, aliases) = names(finding);
    let accepted = exceptions.iter().find(|exception| exception.finding == Some(finding.id));
    let statement = answers.entry((name.clone(), accepted.is_some())).or_insert_with(|| VexStatement {
        vulnerability: VexVulnerability { name, aliases },
        products: vec![product(material)],
        status: if accepted.is_some() { VexStatus::Affected } else { VexStatus::UnderInvestigation },
        status_notes: accepted.map(|exception| exception.reason.clone()),
        action_statement: accepted.map(|exception| {
            format!("The risk is accepted by {} until {}.", exception.by.name, exception.expires)
        }),
    });
    let component = Product {
        id: purl.clone(),
        hashes: BTreeMap::new(),
        identifiers: BTreeMap::from([("purl".to_owned(), purl.clone())]),
        subcomponents: vec![],
    };
    for product in statement.products.iter_mut().filter(|p| !p.subcomponents.contains(&component)) {
        product.subcomponents.push(component.clone());
    }
}

fn product(material: &Material) -> Product {
    Product {
        id: generic(&material.run.project, &format!("sha256-{}", material.artifact)),
        hashes: BTreeMap::from([("sha-256".to_owned(), material.artifact.hex())]),
        identifiers: BTreeMap::new(),
        subcomponents: vec![],
    }
}
