//! Whether building again gives the same bytes: here once more, or by somebody else.
//!
//! Only provenance counts: what two executions say they made, each signed by who executed. A difference is
//! recorded like a match.

use std::collections::BTreeMap;

use attest::{Bundle, Trust, verify::Verifier};
use model::{
    Exit, Problem, RunId, Sha256, Statement, Subject, Timestamp, ToolRef,
    predicate::{
        Differing, Provenance, Rebuilder, Reproduction, Run,
        provenance::{ROLE, ROLE_SOURCE},
        reproduction::MOST_DIFFERING,
    },
    problem::erase,
};

use crate::{record::Recorder, statements::statement};

/// A verified provenance with the digest of its envelope.
struct Built {
    provenance: Provenance,
    outputs: Vec<Subject>,
    envelope: Sha256,
    signer: String,
    log: String,
}

/// Compares a run with another of this installation, of the same source, and records the result.
///
/// # Errors
/// One of them is not what it should be, or nothing can be recorded.
pub fn again(run: &Run, second: &Run, recorder: &Recorder) -> Result<Reproduction, Problem> {
    same(run.tree == second.tree && run.config == second.config && tools(run) == tools(second))?;
    let (first, other) = (own(run.run, recorder)?, own(second.run, recorder)?);
    compare(run, &first, &other, Rebuilder::Again { run: second.run }, recorder)
}

/// Compares a run with what another installation says that it built from the same source, and records the
/// result. `trust` is what that installation is believed by; it must have nothing in common with ours.
///
/// # Errors
/// The evidence does not verify, it is not of another installation, or it is about another source.
pub fn with_other(
    run: &Run,
    bundles: &[Bundle],
    trust: &Trust,
    recorder: &Recorder,
) -> Result<Reproduction, Problem> {
    independent(trust, &recorder.trust()?)?;
    let now = recorder.clock().now();
    let first = own(run.run, recorder)?;
    let other = foreign(bundles, trust, run, now)?;
    let Some(one) = other.first() else {
        let message = format!("the evidence holds no provenance of the source that run {} built", run.run);
        return Err(Problem::new("reproduction-other-source", Exit::Verdict, message)
            .with_hint("both must build the same files with the same proofhouse.yaml"));
    };
    let by = Rebuilder::Other {
        log: one.log.clone(),
        signer: one.signer.clone(),
        builder: one.provenance.run_details.builder.id.clone(),
        trust: Sha256::of(trust.to_json()),
    };
    compare(run, &first, &other, by, recorder)
}

fn same(holds: bool) -> Result<(), Problem> {
    let message = "the source, its tools or proofhouse.yaml have changed since that run";
    match holds {
        true => Ok(()),
        false => Err(Problem::new("reproduction-other-source", Exit::Input, message).with_hint(
            "check out the commit of that run; after a first run, commit proofhouse.lock and run again",
        )),
    }
}

/// The tools that each step that makes something was given.
fn tools(run: &Run) -> BTreeMap<&str, &[ToolRef]> {
    let making = run.steps.iter().filter(|step| matches!(step.kind.as_str(), "build" | "package"));
    making.map(|step| (step.name.as_str(), step.tools.as_slice())).collect()
}

/// Whoever shares a key, an authority or a log with us is no independent witness.
fn independent(other: &Trust, ours: &Trust) -> Result<(), Problem> {
    let keys = |trust: &Trust| {
        let keys = trust.keys.iter().chain(&trust.certificate_logs).map(|key| key.public_key.spki());
        let logs = trust.logs.iter().map(|log| log.public_key.spki());
        let chains = trust.authorities.iter().chain(&trust.time_stampers).flat_map(|a| &a.chain);
        let chains = chains.map(|certificate| certificate.0.clone());
        keys.chain(logs).chain(chains).collect::<Vec<_>>()
    };
    let ours_all = keys(ours);
    let origin = |origin: &String| ours.logs.iter().any(|log| log.origin == *origin);
    if keys(other).iter().any(|key| ours_all.contains(key))
        || other.logs.iter().any(|log| origin(&log.origin))
    {
        let message = "the trust file has keys or a log of this installation: that is no other builder";
        return Err(Problem::new("reproduction-not-independent", Exit::Input, message)
            .with_hint("give the trust file of the installation that built it independently"));
    }
    Ok(())
}

/// The provenance of a run of ours.
fn own(run: RunId, recorder: &Recorder) -> Result<Vec<Built>, Problem> {
    let start = recorder.projection().run_start(run)?.unwrap_or_default();
    let (now, mut found) = (recorder.clock().now(), Vec::new());
    for logged in recorder.from(start)? {
        let logged = logged?;
        let Some(Ok(provenance)) = logged.statement.decode::<Provenance>() else { continue };
        if provenance.proofhouse.as_ref().is_none_or(|context| context.run != run) {
            continue;
        }
        if recorder.check(logged.index, now) != (true, true) {
            let message = format!("the provenance in ledger entry {} does not verify", logged.index);
            return Err(Problem::new("provenance-unproven", Exit::Integrity, message)
                .with_hint("see `proofhouse ledger verify`"));
        }
        let (outputs, envelope) = (logged.statement.subject, logged.envelope);
        found.push(Built { provenance, outputs, envelope, signer: String::new(), log: String::new() });
    }
    match found.is_empty() {
        true => Err(Problem::new("provenance-missing", Exit::Verdict, format!("run {run} built nothing"))
            .with_hint("only steps of kind `build` and `package` make something that can be reproduced")),
        false => Ok(found),
    }
}

/// The provenance of another installation about the source of `run`; of several runs, of the newest.
fn foreign(bundles: &[Bundle], trust: &Trust, run: &Run, now: Timestamp) -> Result<Vec<Built>, Problem> {
    let verifier = Verifier::new(trust);
    let mut found: Vec<(u64, Built)> = Vec::new();
    for bundle in bundles {
        let verified = verifier.verify(bundle, now).map_err(|e| erase(&e))?;
        let Some(Ok(provenance)) = verified.statement.decode::<Provenance>() else { continue };
        if source(&provenance, run) && configured(&provenance, run.config) {
            let outputs = verified.statement.subject;
            let (envelope, signer, log) = (verified.envelope, verified.key, verified.log);
            found.push((verified.index, Built { provenance, outputs, envelope, signer, log }));
        }
    }
    found.sort_by_key(|(index, _)| *index);
    let newest = found.last().and_then(|(_, built)| invocation(&built.provenance));
    let of_newest = found.into_iter().map(|(_, built)| built);
    Ok(of_newest.filter(|built| invocation(&built.provenance) == newest).collect())
}

/// Whether it was built from the same tree, or both exactly from the same commit.
fn source(provenance: &Provenance, run: &Run) -> bool {
    let commit = run.commit.as_ref().filter(|_| !run.dirty);
    let dependencies = &provenance.build_definition.resolved_dependencies;
    let mut sources = dependencies.iter().filter(|d| d.annotations.get(ROLE) == Some(&ROLE_SOURCE.into()));
    sources.any(|source| {
        let same_commit = commit.is_some() && source.digest.get("gitCommit") == commit;
        source.sha256_digest() == Some(run.tree) || same_commit
    })
}

fn configured(provenance: &Provenance, config: Sha256) -> bool {
    let config = config.hex();
    let told = provenance.build_definition.external_parameters.pointer("/config/digest/sha256");
    told.and_then(|value| value.as_str()) == Some(&config)
}

/// The run that an execution was part of.
fn invocation(provenance: &Provenance) -> Option<String> {
    let id = &provenance.run_details.metadata.invocation_id;
    id.split_once('/').map(|(run, _)| run.to_owned())
}

/// `algorithm:hex` of every output by its path.
fn digests(built: &[Built]) -> BTreeMap<String, (String, Subject)> {
    let outputs = built.iter().flat_map(|built| &built.outputs);
    let told = |output: &Subject| output.digest.iter().map(|(a, hex)| format!("{a}:{hex}")).collect();
    outputs.map(|output| (output.name.clone(), (told(output), output.clone()))).collect()
}

fn compare(
    run: &Run,
    first: &[Built],
    second: &[Built],
    by: Rebuilder,
    recorder: &Recorder,
) -> Result<Reproduction, Problem> {
    let (ours, theirs) = (digests(first), digests(second));
    let (mut same, mut differing) = (Vec::new(), Vec::new());
    for (name, (digest, subject)) in &ours {
        match theirs.get(name) {
            Some((other, _)) if other == digest => same.push(subject.clone()),
            other => differing.push(Differing {
                name: name.clone(),
                first: Some(digest.clone()),
                second: other.map(|(digest, _)| digest.clone()),
            }),
        }
    }
    let extra = theirs.iter().filter(|(name, _)| !ours.contains_key(*name));
    differing.extend(extra.map(|(name, (digest, _))| Differing {
        name: name.clone(),
        first: None,
        second: Some(digest.clone()),
    }));
    let reproduced = differing.is_empty() && !same.is_empty();
    differing.truncate(MOST_DIFFERING);
    let envelopes = first.iter().map(|b| ("first", b)).chain(second.iter().map(|b| ("second", b)));
    let provenances = envelopes.map(|(which, built)| {
        let id = &built.provenance.run_details.metadata.invocation_id;
        Subject::sha256(format!("{which} provenance {id}"), built.envelope)
    });
    let result = Reproduction {
        project: run.project.clone(),
        run: run.run,
        by,
        source: run.source(),
        provenances: provenances.collect(),
        reproduced,
        same,
        differing,
        at: recorder.clock().now(),
    };
    recorder.record(&[about(&result, ours.into_values().map(|(_, subject)| subject))?])?;
    Ok(result)
}

/// About everything that the first execution made: also of what did not come out alike it must be known.
fn about(result: &Reproduction, made: impl Iterator<Item = Subject>) -> Result<Statement, Problem> {
    statement(made.collect(), result)
}
