//! SLSA provenance v1 of a step: everything that the project decided, everything that this machine decided,
//! and what went in.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Problem, Sha256, Subject,
    predicate::{
        BuildDefinition, BuildMetadata, Builder, ExternalParameters, InternalParameters, Provenance,
        RunDetails, StepRecord,
        provenance::{
            BUILD_TYPE, BUILDER_PREFIX, ROLE, ROLE_NETWORK, ROLE_OUTPUT, ROLE_PACKAGE, ROLE_SOURCE, ROLE_TOOL,
        },
    },
};
use pipeline::{Globs, PlannedStep};
use runner::proxy::EgressLog;
use serde_json::Value;

use super::RunFacts;
use crate::source::CONFIG;

/// Most packages that a provenance lists; of more it lists these and names the SBOM by its digest.
const MOST_PACKAGES: usize = 500;
/// Most hosts that a provenance lists.
const MOST_HOSTS: usize = 200;

/// What went into a step besides source and tools.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Outputs of needed steps.
    pub needed: Vec<Subject>,
    /// Packages that lock files name, and what was reached; see [`packages`] and [`hosts`].
    pub fetched: Vec<Subject>,
}

/// SLSA provenance v1 of a step's outputs.
///
/// # Errors
/// A bug: parameters that cannot be written as JSON.
pub fn provenance(
    facts: &RunFacts,
    planned: &PlannedStep,
    inputs: Inputs,
    step: &StepRecord,
) -> Result<Provenance, Problem> {
    let json = |value: serde_json::Result<Value>| {
        value.map_err(|e| Problem::new("statement", model::Exit::Environment, e.to_string()))
    };
    let internal = InternalParameters {
        isolation: step.isolation.clone(),
        platform: facts.platform.clone(),
        action: step.action,
        cached: step.cached,
    };
    let external = external(facts, planned);
    Ok(Provenance {
        build_definition: BuildDefinition {
            build_type: BUILD_TYPE.to_owned(),
            external_parameters: json(external.and_then(serde_json::to_value))?,
            internal_parameters: json(serde_json::to_value(internal))?,
            resolved_dependencies: dependencies(facts, inputs, step),
        },
        run_details: RunDetails {
            builder: Builder {
                id: format!("{BUILDER_PREFIX}{}", step.isolation),
                version: BTreeMap::from([("proofhouse".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
            },
            metadata: BuildMetadata {
                invocation_id: invocation(facts, &step.name),
                started_on: step.started,
                finished_on: step.ended,
            },
            byproducts: step.log.iter().map(|log| Subject::sha256("log", log.hash)).collect(),
        },
        proofhouse: Some(facts.context(Some(&step.name))),
    })
}

/// Identifies one execution of a step.
pub(super) fn invocation(facts: &RunFacts, step: &str) -> String {
    format!("{}/{step}", facts.run)
}

fn external(facts: &RunFacts, step: &PlannedStep) -> serde_json::Result<ExternalParameters> {
    // As the plan writes itself: a setting that is new there cannot be forgotten here (see the test).
    let plan = serde_json::to_value(step)?;
    let part = |name: &str| plan.get(name).cloned().unwrap_or_default();
    Ok(ExternalParameters {
        source: facts.source(),
        claimed_repository: facts.repository.clone(),
        config: Subject::sha256(CONFIG, facts.config),
        step: step.name.clone(),
        kind: step.kind.name().to_owned(),
        command: step.argv.clone(),
        environment: step.env.clone(),
        inputs: step.inputs.patterns().to_vec(),
        outputs: step.outputs.clone(),
        needs: step.needs.clone(),
        tools: step.tools.clone(),
        network: step.network.iter().map(ToString::to_string).collect(),
        secrets: step.secrets.clone(),
        limits: part("limits"),
        timeout: part("timeout"),
        attempts: step.attempts,
        cache: step.cache,
        trace: part("trace"),
        report: part("report"),
        coverage: part("coverage"),
        trigger: facts.trigger.clone(),
    })
}

fn with_role(mut subject: Subject, role: &str) -> Subject {
    subject.annotations.insert(ROLE.to_owned(), Value::from(role));
    subject
}

fn dependencies(facts: &RunFacts, inputs: Inputs, step: &StepRecord) -> Vec<Subject> {
    let mut all = vec![with_role(facts.source(), ROLE_SOURCE), Subject::sha256(CONFIG, facts.config)];
    all.extend(step.tools.iter().map(|tool| {
        let mut subject = match tool.digest {
            Some(digest) => Subject::named(&tool.name, "sha256Tree", digest.hex()),
            None => Subject { name: tool.name.clone(), ..Subject::default() },
        };
        subject.annotations.insert("version".to_owned(), Value::from(tool.version.clone()));
        with_role(subject, ROLE_TOOL)
    }));
    all.extend(inputs.needed.into_iter().map(|needed| with_role(needed, ROLE_OUTPUT)));
    all.extend(inputs.fetched);
    all
}

/// The packages that those lock files name which any of `seen` matches, by package URL and digest. `bom` is a
/// CycloneDX document of the whole source.
pub fn packages(bom: &Value, seen: &[&Globs]) -> Vec<Subject> {
    let components = bom["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut named = components.iter().filter(|component| locked_by(component, seen)).filter_map(package);
    let mut listed: Vec<Subject> = named.by_ref().take(MOST_PACKAGES).collect();
    let more = named.count();
    if more > 0 {
        let bytes = serde_json::to_vec(bom).unwrap_or_default();
        let mut rest = with_role(Subject::sha256("sbom", Sha256::of(&bytes)), ROLE_PACKAGE);
        rest.annotations.insert("notListed".to_owned(), Value::from(more));
        listed.push(rest);
    }
    listed
}

fn locked_by(component: &Value, seen: &[&Globs]) -> bool {
    let properties = component["properties"].as_array().map(Vec::as_slice).unwrap_or_default();
    let value = |property: &Value, name: &str| match property["name"] == name {
        true => property["value"].as_str().map(str::to_owned),
        false => None,
    };
    let own = properties.iter().any(|property| value(property, "proofhouse:local").is_some());
    let mut files = properties.iter().filter_map(|property| value(property, "proofhouse:manifest"));
    !own && files.any(|file| seen.iter().any(|globs| globs.matches(&file)))
}

/// A component as a resource descriptor. Digest names are those of in-toto: `SHA-256` is `sha256`.
fn package(component: &Value) -> Option<Subject> {
    let uri = component["purl"].as_str()?.to_owned();
    let hashes = component["hashes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let digest = hashes.iter().filter_map(|hash| {
        let algorithm = hash["alg"].as_str()?.replace("SHA-", "sha").to_ascii_lowercase();
        Some((algorithm, hash["content"].as_str()?.to_ascii_lowercase()))
    });
    let digest = digest.collect();
    Some(with_role(Subject { uri, digest, ..Subject::default() }, ROLE_PACKAGE))
}

/// The hosts that a step reached through the proxy. What came from there is opaque: it has no digest.
pub fn hosts(egress: &EgressLog) -> Vec<Subject> {
    let reached = egress.attempts.iter().filter(|attempt| attempt.allowed);
    let hosts: BTreeSet<String> = reached.map(|a| format!("tcp://{}:{}", a.host, a.port)).collect();
    let descriptor =
        |uri: &String| with_role(Subject { uri: uri.clone(), ..Subject::default() }, ROLE_NETWORK);
    let mut listed: Vec<Subject> = hosts.iter().take(MOST_HOSTS).map(descriptor).collect();
    let more = hosts.len().saturating_sub(MOST_HOSTS) as u64 + egress.dropped;
    if let (Some(last), true) = (listed.last_mut(), more > 0) {
        last.annotations.insert("notListed".to_owned(), Value::from(more));
    }
    listed
}

#[cfg(test)]
mod tests {
    use model::RunId;
    use serde_json::json;

    use super::*;

    fn facts() -> RunFacts {
        RunFacts {
            project: "shop".into(),
            run: RunId::new(model::Timestamp::UNIX_EPOCH, [7; 10]),
            commit: Some("c".repeat(40)),
            dirty: false,
            tree: Sha256::of(b"tree"),
            config: Sha256::of(b"config"),
            repository: None,
            platform: None,
            trigger: "command-line".into(),
        }
    }

    fn step() -> PlannedStep {
        let text =
            "version: 1\nproject: shop\nsteps:\n  pack: { kind: package, run: make, outputs: [out] }\n";
        let known = pipeline::Known { report_formats: &[], providers: &[], registries: &[] };
        let config = pipeline::parse(text, CONFIG, &known).unwrap();
        pipeline::plan(&config).steps.remove(0)
    }

    #[test]
    fn every_setting_of_a_planned_step_is_an_external_parameter() {
        let planned = step();
        let external = serde_json::to_value(external(&facts(), &planned).unwrap()).unwrap();
        let names = [("name", "step"), ("argv", "command"), ("env", "environment")];
        for name in serde_json::to_value(&planned).unwrap().as_object().unwrap().keys() {
            let known = names.iter().find(|(plan, _)| plan == name).map_or(name.as_str(), |(_, ours)| ours);
            assert!(external.get(known).is_some(), "{name} is not told");
        }
    }

    #[test]
    fn a_source_that_was_changed_is_not_said_to_be_its_commit() {
        assert!(facts().source().digest.contains_key("gitCommit"));
        let dirty = RunFacts { dirty: true, ..facts() };
        assert!(!dirty.source().digest.contains_key("gitCommit"));
    }

    #[test]
    fn locked_packages_are_listed_to_a_bound_and_only_of_lock_files_that_the_step_sees() {
        let component = |n: usize, file: &str| {
            json!({
                "purl": format!("pkg:pypi/p{n}@1"),
                "hashes": [{ "alg": "SHA-256", "content": "AB" }],
                "properties": [{ "name": "proofhouse:manifest", "value": file }],
            })
        };
        let some = json!({ "components": [component(0, "a/lock"), component(1, "b/lock")] });
        let globs = Globs::new(&["a/**".to_owned()]).unwrap();
        let listed = packages(&some, &[&globs]);
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].uri.as_str(), listed[0].digest["sha256"].as_str()), ("pkg:pypi/p0@1", "ab"));
        let many: Vec<Value> = (0..MOST_PACKAGES + 3).map(|n| component(n, "a/lock")).collect();
        let many = json!({ "components": many });
        let listed = packages(&many, &[&globs]);
        assert_eq!(listed.len(), MOST_PACKAGES + 1);
        assert_eq!(listed.last().unwrap().annotations["notListed"], 3);
        assert_eq!(
            listed.last().unwrap().sha256_digest(),
            Some(Sha256::of(serde_json::to_vec(&many).unwrap()))
        );
    }
}
