//! Reads and verifies the statements that count for one artifact.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use govern::requirements::Said;
use model::{
    Finding, FindingId, Problem, Role, Sha256, Statement, Technique, Timestamp,
    evidence::{
        BuildFacts, ExceptionFacts, JudgementFacts, ReleaseReviewFacts, ReviewDueFacts, StatementFacts,
        TestFacts,
    },
    ports::LoggedStatement,
    predicate::{
        Exception, ManualTest, Provenance, Reproduction, RequirementTests, Run, RuntimeTrace, Sbom, Scan,
        Technologies, TestResult,
    },
};
use pipeline::{
    Config,
    config::{Environment, Expect, Step},
};

use super::{Question, levels::Basis};
use crate::{record::Recorder, release_review::Watch, statements::age_seconds};

/// Most findings that are read into memory; about 2 GB. Nobody can decide on more.
const MOST_FINDINGS: u64 = 1_000_000;

/// What was found in the ledger.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// The statements, verified.
    pub statements: Vec<StatementFacts>,
    /// Open findings: of the newest scan of each stream.
    pub findings: Vec<Finding>,
    /// Test steps.
    pub tests: Vec<TestFacts>,
    /// What tests of the run say about security requirements; only of statements that verify.
    pub requirements: BTreeMap<String, RequirementTests>,
    /// The build of the artifact.
    pub build: Option<BuildFacts>,
    /// What people decided about security requirements; only of statements that verify.
    pub said: Said,
    /// Exceptions, also expired ones.
    pub exceptions: Vec<ExceptionFacts>,
    /// Roles whose exceptions and waivers count; `None`: those of everybody.
    pub accepting: Option<Vec<Role>>,
    /// What people judged open findings to be, where the environment honours it.
    pub judged: HashMap<FindingId, JudgementFacts>,
    /// Bills of materials of the run that verify, with their ledger indices.
    pub bills: Vec<(u64, govern::catalogue::Bill)>,
    /// What the run's source uses besides packages; only of a statement that verifies.
    pub besides: Vec<model::predicate::TechnologyUse>,
    /// The newest release review of the run for the environment.
    pub review: Option<ReleaseReviewFacts>,
    /// When periodic reviews are due, where the environment demands that none is overdue.
    pub reviews: Vec<ReviewDueFacts>,
    /// What the SLSA level depends on.
    pub basis: Basis,
    /// Release review and its signatures, comparisons with other builds and what these stand on.
    pub witnesses: Vec<model::Subject>,
    /// Steps that the artifact is made by, its own and all that these needed.
    steps: Vec<Step>,
    /// Destinations that these steps tried and were refused.
    refused: BTreeSet<String>,
}

impl Collected {
    /// Ledger indices of the statements.
    pub fn indices(&self) -> Vec<u64> {
        self.statements.iter().map(|s| s.index).collect()
    }
}

impl Collected {
    /// What a step fetched is in what later steps made of it: the build is as open as its most open step.
    /// Packages that an earlier step downloaded from registries are told apart: every project with
    /// dependencies has them, and the component scan looks at them.
    fn widen(&mut self, run: &Run) {
        let Some(build) = &mut self.build else { return };
        let (mut allowed, mut downloads) = (BTreeSet::new(), BTreeSet::new());
        for (n, step) in self.steps.iter().enumerate() {
            for rule in &step.network {
                // The first one is the step that made the artifact.
                let download = n > 0 && matches!(rule, pipeline::NetworkRule::Registry(_));
                if download { &mut downloads } else { &mut allowed }.insert(rule.to_string());
            }
        }
        build.network_allowed = allowed.into_iter().collect();
        build.downloaded_from = downloads.into_iter().collect();
        build.network_refused = std::mem::take(&mut self.refused).into_iter().collect();
        let ran = run.steps.iter().filter(|ran| self.steps.iter().any(|step| step.name == ran.name));
        let open = ran.map(|ran| &ran.isolation).find(|isolation| !ISOLATED.contains(&isolation.as_str()));
        build.isolation = open.unwrap_or(&build.isolation).clone();
    }
}

impl Collected {
    /// Takes note of a comparison of this artifact's build with another. One that does not verify counts for
    /// nothing, and one with a difference takes nothing away from what another showed.
    fn compare(&mut self, compared: &Reproduction, artifact: Sha256, logged: &LoggedStatement, holds: bool) {
        if !holds || !compared.covers(artifact) {
            return;
        }
        match compared.independent() {
            true => self.basis.reproduced = true,
            false => self.basis.repeated = true,
        }
        self.witnesses
            .push(model::Subject::sha256(format!("ledger entry {}", logged.index), logged.envelope));
        self.witnesses.extend(compared.provenances.iter().cloned());
    }
}

impl Collected {
    /// Takes note of the newest release review. A decision that it let something pass names it.
    fn review(&mut self, watch: &Watch<'_>, recorder: &Recorder, now: Timestamp) -> Result<(), Problem> {
        let Some((put, standing)) = watch.judge(None, recorder, now)? else { return Ok(()) };
        let entry = |index: u64, envelope| model::Subject::sha256(format!("ledger entry {index}"), envelope);
        self.witnesses.push(entry(put.index, put.envelope));
        for signature in &standing.facts.signatures {
            self.witnesses.push(entry(signature.index, recorder.entry(signature.index)?.envelope));
        }
        self.review = Some(standing.facts);
        Ok(())
    }
}

/// How a step runs in the sandbox.
pub(super) const ISOLATED: [&str; 2] = ["root", "rootless"];

/// The step that makes an artifact, and every step that it needs.
fn made_by(config: &Config, artifact: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = config.maker(artifact).into_iter().cloned().collect();
    let mut next = 0;
    while let Some(step) = steps.get(next) {
        let needs = step.needs.iter().filter_map(|need| config.step(need));
        let new: Vec<Step> =
            needs.filter(|need| steps.iter().all(|s| s.name != need.name)).cloned().collect();
        steps.extend(new);
        next += 1;
    }
    steps
}

/// Collects everything about the artifact of `question`.
///
/// # Errors
/// The ledger, a findings blob or the database cannot be read, or the ledger was changed.
pub fn collect(
    question: &Question<'_>,
    environment: &Environment,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Collected, Problem> {
    let artifact = super::artifact(question.run, &environment.artifact)?;
    let steps = made_by(&question.project.config, &environment.artifact);
    let mut found = Collected { steps, ..Collected::default() };
    let mut scans = Scans::new();
    // Scans of the same commit or artifact count as long as other evidence does, also from before the
    // run: running once more makes nobody forget what they found.
    let usual = recorder.since(super::oldest(question.project, now))?.min(question.from);
    let by_people = question.project.config.gate.expect.contains(&Expect::Scan(Technique::Manual));
    let from = match by_people {
        true => recorder.since(super::oldest_manual(question.project, now))?.min(usual),
        false => usual,
    };
    let statements = recorder.from(from)?;
    recorder.confirm(from)?;
    found.basis.commit = question.run.commit.is_some() && !question.run.dirty;
    let mut found_besides = vec![];
    let mut requirements = crate::requirements::Collector::of(question.run, recorder)?;
    let mut watch = Watch::new(question.run, question.environment, artifact);
    for logged in statements {
        let logged = logged?;
        if logged.index >= usual {
            watch.see(&logged, recorder, now);
        } else if !is_manual(&logged.statement) {
            continue;
        }
        if logged.index >= usual {
            requirements.add(&logged, || recorder.check(logged.index, now) == (true, true));
        }
        let about = logged.statement.subject.iter().any(|s| s.sha256_digest() == Some(artifact));
        if about && let Some(Ok(compared)) = logged.statement.decode::<Reproduction>() {
            found.compare(&compared, artifact, &logged, recorder.check(logged.index, now) == (true, true));
        }
        let counts = About { artifact: about, by_people };
        let Some(fact) = classify(&logged, question.run, counts, now, &mut found, &mut scans) else {
            continue;
        };
        let (signed, included) = recorder.check(logged.index, now);
        if fact.kind == "provenance" {
            found.basis.authentic = signed && included;
            found.basis.certified = signed && recorder.certified(logged.index);
        }
        if signed
            && included
            && let Some(Ok(found)) = logged.statement.decode::<Technologies>()
        {
            found_besides.extend(found.uses);
        }
        if fact.kind == "sbom" && !(signed && included) {
            found.bills.pop();
        }
        found.statements.push(StatementFacts { signed, logged: included, ..fact });
    }
    found.requirements = requirements.finish().0;
    found.besides = found_besides;
    found.review(&watch, recorder, now)?;
    if environment.gate.reviews_current {
        let all = crate::reviews::scheduled(recorder, now)?;
        let due = |one: govern::reviews::Scheduled| ReviewDueFacts {
            kind: one.kind.name().to_owned(),
            due: one.due,
            overdue: one.overdue,
        };
        found.reviews = all.into_iter().map(due).collect();
    }
    found.widen(question.run);
    let number: u64 = scans.values().flatten().map(|scan| scan.findings.count).sum();
    if number > MOST_FINDINGS {
        let message =
            format!("the scans have {number} findings, more than the {MOST_FINDINGS} that a gate reads");
        return Err(Problem::new("findings-too-many", model::Exit::Verdict, message)
            .with_hint("leave out what is not yours to mend, and scan or import again"));
    }
    let mut known = HashSet::new();
    for scan in scans.values().flatten() {
        let all = crate::import::read_blob(&scan.findings, recorder)?;
        found.findings.extend(all.into_iter().filter(|finding| known.insert(finding.id)));
    }
    found.findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    let narrowed = Some(environment.gate.accepting.as_slice()).filter(|roles| !roles.is_empty());
    found.said = crate::requirements::said(&question.run.project, narrowed, recorder)?;
    found.accepting = found.said.accepting.clone();
    if environment.gate.honour_triage {
        found.judged = crate::triage::judged(&question.run.project, &found.findings, recorder, now)?;
    }
    for index in recorder.projection().exceptions(&question.run.project)? {
        if let Some(exception) = exception(index, question, found.accepting.as_deref(), recorder, now)? {
            found.exceptions.push(exception);
        }
    }
    Ok(found)
}

/// What a statement may count for.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// The artifact is among its subjects.
    pub(crate) artifact: bool,
    /// Results of people count for every commit: the gate asks for them, and they are not repeated for each.
    pub(crate) by_people: bool,
}

fn is_manual(statement: &Statement) -> bool {
    statement.decode::<Scan>().is_some_and(|scan| scan.is_ok_and(|scan| scan.manual.is_some()))
}

/// The fact a statement is, when it is one for this run or artifact.
fn classify(
    logged: &LoggedStatement,
    run: &Run,
    about: About,
    now: Timestamp,
    found: &mut Collected,
    scans: &mut Scans,
) -> Option<StatementFacts> {
    let statement = &logged.statement;
    let fact = |kind: &str, name: Option<String>| StatementFacts {
        kind: kind.to_owned(),
        predicate_type: statement.predicate_type.clone(),
        index: logged.index,
        digest: logged.envelope,
        signed: false,
        logged: false,
        // What is signed counts too: the time that the ledger notes beside a statement is not.
        age_seconds: age_seconds(now, logged.logged_at.min(run.at)),
        technique: None,
        name,
        origin: None,
        tool: None,
        complete: true,
        incomplete_because: None,
        remark: None,
    };
    if let Some(Ok(provenance)) = statement.decode::<Provenance>() {
        let context = provenance.proofhouse.as_ref().filter(|c| c.run == run.run)?;
        if !about.artifact {
            return None;
        }
        let step = run.steps.iter().find(|s| Some(&s.name) == context.step.as_ref());
        found.build = Some(build_facts(&provenance, step));
        let definition = &provenance.build_definition;
        found.basis.complete = super::levels::complete(&definition.external_parameters);
        found.basis.platform = definition.internal_parameters["platform"].as_str().map(str::to_owned);
        return Some(fact("provenance", context.step.clone()));
    }
    if let Some(Ok(test)) = statement.decode::<TestResult>() {
        let context = test.proofhouse.context;
        if context.run != run.run {
            return None;
        }
        let name = context.step;
        found
            .tests
            .push(TestFacts { name: name.clone().unwrap_or_default(), passed: test.result == "PASSED" });
        return Some(fact("test", name));
    }
    if let Some(Ok(test)) = statement.decode::<ManualTest>() {
        return crate::requirements::counts(&test, run).then(|| fact("manual-test", Some(test.requirement)));
    }
    if let Some(Ok(trace)) = statement.decode::<RuntimeTrace>() {
        let context = &trace.proofhouse.context;
        if context.run != run.run {
            return None;
        }
        if about.artifact || found.steps.iter().any(|step| Some(&step.name) == context.step.as_ref()) {
            note_refused(&trace, found);
        }
        return Some(fact("trace", context.step.clone()));
    }
    if let Some(Ok(bom)) = statement.decode::<Sbom>() {
        let own = bom.property("proofhouse:run") == Some(run.run.to_string().as_str());
        if own {
            found.bills.push((logged.index, govern::catalogue::bill(&bom.0)));
        }
        return own.then(|| fact("sbom", None));
    }
    if let Some(Ok(uses)) = statement.decode::<Technologies>() {
        return (uses.run == Some(run.run)).then(|| fact("technologies", None));
    }
    if let Some(Ok(scan)) = statement.decode::<Scan>() {
        if !concerns(&scan, run, about) {
            return None;
        }
        let complete = scan.coverage.is_complete();
        let made = match &scan.manual {
            Some(manual) => manual.tested,
            None if scan.run == Some(run.run) => run.at,
            None => scan.ended,
        };
        let facts = StatementFacts {
            age_seconds: age_seconds(now, logged.logged_at.min(made)),
            technique: Some(scan.technique),
            origin: Some(origin(&scan).to_owned()),
            tool: Some(scan.tool.clone()),
            complete,
            incomplete_because: (!complete).then(|| why_incomplete(&scan)),
            remark: scan.coverage.nothing_of_its_kind().then(|| {
                format!("{} files searched, none is of its kind", scan.coverage.searched.unwrap_or(0))
            }),
            ..fact("scan", Some(step_or_tool(&scan)))
        };
        let known = scans.entry(source(&scan)).or_default();
        // What did not look everywhere says nothing about what it did not find.
        if complete {
            known.clear();
        }
        known.push(scan);
        return Some(facts);
    }
    None
}

/// A scan counts when it was part of the run, of the same clean commit, or of this very artifact.
pub(crate) fn concerns(scan: &Scan, run: &Run, about: About) -> bool {
    let same_commit = scan.run.is_none()
        && scan.deployment.is_none()
        && scan.project == run.project
        && scan.target.commit.is_some()
        && scan.target.commit == run.commit
        && !run.dirty;
    scan.run == Some(run.run) && scan.deployment.is_none()
        || same_commit
        || (about.artifact && scan.deployment.is_some())
        || (about.by_people && scan.manual.is_some() && scan.project == run.project)
}

/// The newest complete scan of each source, and those after it.
type Scans = HashMap<[String; 5], Vec<Scan>>;

/// What a scan replaces: an older one that came about in the same way. A report names its own tool, so
/// that alone must not let it stand in for what the run itself found, nor one step for another.
pub(crate) fn source(scan: &Scan) -> [String; 5] {
    let step = match &scan.origin {
        model::predicate::Origin::Step { step, .. } => step.as_str(),
        model::predicate::Origin::Imported { .. } => "imported",
        model::predicate::Origin::BuiltIn => "",
    };
    // Those of one test belong together, also what is added to it later.
    let origin = if scan.manual.is_some() { "manual" } else { origin(scan) };
    [origin, step, scan.technique.name(), &scan.tool.name, &scan.target.stream].map(str::to_owned)
}

/// Where a scan came from, as [`StatementFacts::origin`] tells it.
fn origin(scan: &Scan) -> &'static str {
    match &scan.origin {
        _ if scan.deployment.is_some() => "deployment",
        // A single finding is no test of everything: only what says what was looked at can be expected.
        _ if scan.manual.is_some() && scan.coverage.is_complete() => "manual",
        model::predicate::Origin::BuiltIn if scan.run.is_some() => "built-in",
        model::predicate::Origin::Step { .. } if scan.run.is_some() => "step",
        _ => "outside",
    }
}

fn step_or_tool(scan: &Scan) -> String {
    match &scan.origin {
        model::predicate::Origin::Step { step, .. } => step.clone(),
        _ => scan.tool.name.clone(),
    }
}

fn why_incomplete(scan: &Scan) -> String {
    let coverage = &scan.coverage;
    match coverage.errors.first() {
        Some(error) => error.clone(),
        None if !coverage.stated => format!("the report of {} does not say what it covered", scan.tool.name),
        None if coverage.seen == 0 => nothing_seen(scan),
        None => match coverage.skipped.first() {
            Some(skipped) => format!("nothing was examined to the end; {}: {}", skipped.what, skipped.why),
            None => "nothing was examined to the end".to_owned(),
        },
    }
}

/// Why a scan without candidates is not a result.
fn nothing_seen(scan: &Scan) -> String {
    let own = matches!(scan.origin, model::predicate::Origin::BuiltIn);
    match scan.coverage.skipped.first() {
        Some(skipped) => format!("nothing was looked at; {}: {}", skipped.what, skipped.why),
        None if own && scan.technique == model::Technique::Sast => {
            "no file is in a language it knows: add a scan step for yours, or set `scans: { sast: false }`"
                .to_owned()
        }
        None => "there was nothing it could look at".to_owned(),
    }
}

fn build_facts(provenance: &Provenance, step: Option<&model::predicate::StepRecord>) -> BuildFacts {
    let definition = &provenance.build_definition;
    BuildFacts {
        isolation: definition.internal_parameters["isolation"].as_str().unwrap_or("none").to_owned(),
        builder: provenance.run_details.builder.id.clone(),
        network_allowed: vec![],
        downloaded_from: vec![],
        network_refused: vec![],
        tools: step.map(|s| s.tools.clone()).unwrap_or_default(),
    }
}

fn note_refused(trace: &RuntimeTrace, found: &mut Collected) {
    let refused = trace.monitor_log.network.iter().filter(|attempt| attempt["allowed"] == false);
    found.refused.extend(refused.filter_map(|a| Some(a["destination"].as_str()?.to_owned())));
}

fn exception(
    index: u64,
    question: &Question<'_>,
    accepting: Option<&[Role]>,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Option<ExceptionFacts>, Problem> {
    let logged = recorder.entry(index)?;
    let Some(Ok(found)) = logged.statement.decode::<Exception>() else { return Ok(None) };
    if found.project != question.run.project || recorder.check(index, now) != (true, true) {
        return Ok(None);
    }
    Ok(Some(ExceptionFacts {
        index,
        finding: found.finding,
        rule: found.rule,
        environment: found.environment,
        reason: found.reason,
        unentitled: !found.by.is_among(accepting),
        by: found.by.name,
        roles: found.by.roles,
        expires: found.expires,
    }))
}

/// Envelope digests of statements, for `inputAttestations`.
pub fn inputs(collected: &[StatementFacts]) -> Vec<model::Subject> {
    let digest = |s: &StatementFacts| {
        let mut input = model::Subject::sha256(format!("ledger entry {}", s.index), s.digest);
        input.uri = format!("urn:proofhouse:envelope:sha256:{}", s.digest);
        input
    };
    collected.iter().map(digest).collect()
}
