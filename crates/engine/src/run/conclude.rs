//! The end of a run: evidence is kept, reports are read, and everything is recorded in one append.

use findings::{BlobWriter, ImportOptions};
use model::{
    Exit, Problem, ScanReport, Statement, Subject, ToolRef,
    predicate::{CodeCoverage, Origin, OutputRecord, Run, RunPhase, RunResult, Sbom, ScanTarget, StepResult},
    problem::erase,
    requirement::Requirements,
};
use pipeline::{Globs, PlannedStep, StepKind};
use runner::{Folder, tree::Entry};
use serde_json::{Value, json};

use super::{Checked, Event, Outcome, Prepared, Request, Watch, made, seen::seen, steps::Ended};
use crate::{
    coverage,
    home::cannot,
    junit,
    record::Recorder,
    scans::{self, About},
    statements::{self, Inputs, RunFacts, statement},
};

/// Records the run. Nothing of it is in the ledger but its start until this succeeds.
pub(super) fn conclude(
    request: &Request<'_>,
    prepared: &Prepared,
    started: Run,
    mut ended: Vec<Ended>,
    checked: Checked,
    recorder: &Recorder,
    watch: &dyn Watch,
) -> Result<Outcome, Problem> {
    let facts = prepared.facts(&started);
    let work = Conclusion { prepared, facts: &facts, recorder, requirements: &request.project.requirements };
    // The run names it by digest: whoever sees the run later can read what was demanded.
    if let Some(text) = &request.project.requirements_text {
        recorder.put(text)?;
    }
    let mut statements = Vec::new();
    let mut reports = Vec::new();
    for step in &mut ended {
        work.list_folders(step)?;
        work.keep(step)?;
        if step.step.kind == StepKind::Scan && step.record.result == StepResult::Passed {
            match work.scan(step) {
                Ok(Some((statement, report))) => {
                    let known = |id: &str| work.requirements.contains_key(id);
                    if let Some(problem) = crate::requirements::unknown(&report.coverage, &known) {
                        watch.event(Event::Warning(&problem));
                    }
                    watch.event(Event::Scanned(&report, step.record.cached));
                    statements.push(statement);
                    reports.push(report);
                }
                Ok(None) => {}
                // A report that cannot be read is a failed scan, not an empty one.
                Err(problem) => {
                    watch.event(Event::Warning(&problem));
                    step.record.result = StepResult::Failed;
                    step.record.message = Some(format!("its report cannot be used: {problem}"));
                }
            }
        }
    }
    for step in ended.iter_mut().filter(|step| step.step.kind == StepKind::Test) {
        match work.test_report(step) {
            // Tests that did not run have not passed.
            Err(why) if step.record.result == StepResult::Passed => {
                let problem =
                    Problem::new("junit-unusable", Exit::Input, format!("{}: {why}", step.step.name));
                watch.event(Event::Warning(&problem));
                step.record.result = StepResult::Failed;
                step.record.message = Some(format!("its report cannot be used: {why}"));
            }
            Ok(Some(results)) if !results.unknown.is_empty() => {
                let problem = crate::requirements::unchosen(&step.step.name, results.unknown.iter());
                watch.event(Event::Warning(&problem));
            }
            _ => {}
        }
        if let (Err(why), StepResult::Passed) = (work.coverage(step), step.record.result) {
            let problem = Problem::new(
                "coverage-unusable",
                Exit::Input,
                format!("{}: {why}", step.step.name),
            )
            .with_hint(
                "name what the tool wrote: `coverage: { format: cobertura, jacoco or lcov, path: … }`",
            );
            watch.event(Event::Warning(&problem));
            step.record.result = StepResult::Failed;
            step.record.message = Some(format!("its coverage report cannot be used: {why}"));
        }
    }
    let bom = checked.result.bom.map(|bom| work.bom(bom));
    for step in &ended {
        statements.extend(work.of_step(step, &ended, bom.as_ref())?);
    }
    let source = facts.source();
    for report in checked.result.reports {
        let about = work.about(Origin::BuiltIn, checked.begun, vec![source.clone()]);
        statements.push(scans::statement_of(&report, &about, recorder)?);
        reports.push(report);
    }
    let begun = recorder.clock().now();
    if let Some((report, binaries)) = made::check(&ended, &request.project.config.steps, &prepared.cas)? {
        let mut subjects = vec![source.clone()];
        subjects.extend(ended.iter().flat_map(artifacts));
        let about = work.about(Origin::BuiltIn, begun, subjects);
        let target = ScanTarget { stream: "artifact".to_owned(), ..about.target };
        let about = About { target, binaries, ..about };
        statements.push(scans::statement_of(&report, &about, recorder)?);
        watch.event(Event::Scanned(&report, false));
        reports.push(report);
    }
    if let Some(bom) = bom {
        let mut subjects = vec![source.clone()];
        subjects.extend(ended.iter().flat_map(artifacts));
        statements.push(statement(subjects, &bom)?);
    }
    let found = (checked.result.technologies, checked.result.technology_gaps);
    let uses = statements::technologies(&facts.project, Some(facts.run), found, recorder.clock().now());
    statements.push(statement(vec![source.clone()], &uses)?);
    let _ = checked.kept;
    let passed = ended.iter().all(|step| step.record.result == StepResult::Passed);
    let result = if passed { RunResult::Passed } else { RunResult::Failed };
    let steps = ended.into_iter().map(|step| step.record).collect();
    let run =
        Run { phase: RunPhase::Finished, at: recorder.clock().now(), steps, result: Some(result), ..started };
    statements.push(statement(vec![source], &run)?);
    request.project.config_digest.eq(&run.config).then_some(()).ok_or_else(|| {
        Problem::new("config-changed", Exit::Input, "the configuration changed during the run")
    })?;
    let (logged, warning) = recorder.record(&statements)?;
    if let Some(warning) = warning {
        watch.event(Event::Warning(&warning));
    }
    watch.event(Event::Recorded(logged.len() + 1));
    Ok(Outcome { run, scans: reports, from: 0 })
}

/// Folders with more files than this are known as a whole only: nobody hands out one of their files.
const MOST_LISTED: usize = 100;

/// Files that a build or package step made.
fn artifacts(step: &Ended) -> Vec<Subject> {
    match (step.step.kind, step.record.result) {
        (StepKind::Build | StepKind::Package, StepResult::Passed) => {
            statements::outputs(&step.record.outputs)
        }
        _ => vec![],
    }
}

struct Conclusion<'a> {
    prepared: &'a Prepared,
    facts: &'a RunFacts,
    recorder: &'a Recorder,
    requirements: &'a Requirements,
}

impl Conclusion<'_> {
    /// Adds the files of small output folders to the outputs: each of them is an artifact that can be
    /// deployed, fetched and verified by itself. What a step with a network makes is material, not product.
    fn list_folders(&self, step: &mut Ended) -> Result<(), Problem> {
        if !step.step.network.is_empty() {
            return Ok(());
        }
        let mut files = Vec::new();
        for output in step.record.outputs.iter().filter(|output| output.directory) {
            let folder = Folder::load(&self.prepared.cas, &output.digest).map_err(|e| erase(&e))?;
            let mut inside = Vec::new();
            folder.walk(&mut |path, entry| {
                if let Entry::File { digest, .. } = entry {
                    let path = format!("{}/{path}", output.path);
                    inside.push(OutputRecord { path, digest: *digest, directory: false });
                }
            });
            if inside.len() <= MOST_LISTED {
                files.extend(inside);
            }
        }
        step.record.outputs.extend(files);
        step.record.outputs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }

    /// Copies the log and the output files from the cache, which may be pruned, to the evidence.
    fn keep(&self, step: &Ended) -> Result<(), Problem> {
        let files = step.record.outputs.iter().filter(|o| !o.directory).map(|o| o.digest);
        for digest in files.chain(step.record.log) {
            if self.recorder.blobs().open(&digest.hash).is_ok() {
                continue;
            }
            let mut source = self.prepared.cas.open_blob(&digest).map_err(|e| erase(&e))?;
            let blobs = self.recorder.home().blobs();
            let kept = self
                .recorder
                .blobs()
                .put_from(&mut source)
                .map_err(|e| cannot(&blobs, "store an output in", &e))?;
            if kept != digest {
                let message = format!("the output {} changed while it was kept", digest.hash.short());
                return Err(Problem::new("output-changed", Exit::Integrity, message));
            }
        }
        Ok(())
    }

    /// Provenance, trace and test result of a step.
    fn of_step(&self, ended: &Ended, all: &[Ended], bom: Option<&Sbom>) -> Result<Vec<Statement>, Problem> {
        let mut out = Vec::new();
        if ended.record.action.is_none() {
            return Ok(out);
        }
        let subjects = artifacts(ended);
        if !subjects.is_empty() {
            let inputs = self.inputs(ended, all, bom);
            let provenance = statements::provenance(self.facts, &ended.step, inputs, &ended.record)?;
            out.push(statement(subjects.clone(), &provenance)?);
        }
        if let Some(seen) = ended.evidence.as_ref().and_then(|e| seen(e, &self.prepared.cas)) {
            let subjects = if subjects.is_empty() { vec![self.facts.source()] } else { subjects };
            out.push(statement(subjects, &statements::trace(self.facts, &ended.record, seen))?);
        }
        if ended.step.kind == StepKind::Test {
            let passed = ended.record.result == StepResult::Passed;
            let results = self.test_report(ended).ok().flatten().unwrap_or_default();
            let coverage = self.coverage(ended).ok().flatten();
            let passed = passed && results.failed.is_empty();
            let mut subjects = vec![self.facts.source()];
            subjects
                .extend(all.iter().filter(|e| ended.step.needs.contains(&e.step.name)).flat_map(artifacts));
            out.push(statement(
                subjects,
                &statements::test_result(self.facts, &ended.record, results, coverage, passed),
            )?);
        }
        Ok(out)
    }

    /// What went into a step besides source and tools.
    fn inputs(&self, ended: &Ended, all: &[Ended], bom: Option<&Sbom>) -> Inputs {
        let needed = all.iter().filter(|e| ended.step.needs.contains(&e.step.name));
        let globs: Vec<&Globs> = with_needs(&ended.step, all).into_iter().map(|step| &step.inputs).collect();
        let mut fetched = bom.map(|bom| statements::packages(&bom.0, &globs)).unwrap_or_default();
        fetched.extend(ended.evidence.iter().flat_map(|evidence| statements::hosts(&evidence.egress)));
        Inputs { needed: needed.flat_map(|e| statements::outputs(&e.record.outputs)).collect(), fetched }
    }

    /// What the report of a test step says; nothing when it declares none.
    fn test_report(&self, ended: &Ended) -> Result<Option<junit::Results>, String> {
        let Some(report) = ended.step.report.as_ref().filter(|r| r.format == "junit") else {
            return Ok(None);
        };
        let output = ended.record.outputs.iter().find(|o| o.path == report.path);
        let output = output.ok_or_else(|| format!("there is no {}", report.path))?;
        let bytes = self.prepared.cas.get(&output.digest, junit::LARGEST).map_err(|e| e.to_string())?;
        let results = junit::parse(&bytes, &|id| self.requirements.contains_key(id))
            .map_err(|why| format!("{}: {why}", report.path))?;
        match results.ran() {
            0 => Err(format!("{}: no test ran", report.path)),
            _ => Ok(Some(results)),
        }
    }

    /// How much of the code the tests of a step run; nothing when it declares no report of that.
    fn coverage(&self, ended: &Ended) -> Result<Option<CodeCoverage>, String> {
        let Some(report) = &ended.step.coverage else { return Ok(None) };
        let output = ended.record.outputs.iter().find(|o| o.path == report.path);
        let output = output.ok_or_else(|| format!("there is no {}", report.path))?;
        let bytes = self.prepared.cas.get(&output.digest, coverage::LARGEST).map_err(|e| e.to_string())?;
        let figures =
            coverage::parse(&report.format, &bytes).map_err(|why| format!("{}: {why}", report.path))?;
        Ok(Some(CodeCoverage { format: report.format.clone(), report: output.digest, figures }))
    }

    /// Reads the report of a scan step.
    fn scan(&self, ended: &Ended) -> Result<Option<(Statement, ScanReport)>, Problem> {
        let Some(report) = &ended.step.report else { return Ok(None) };
        let missing = || {
            Problem::new(
                "report-missing",
                Exit::Verdict,
                format!("{} made no {}", ended.step.name, report.path),
            )
        };
        let output = ended.record.outputs.iter().find(|o| o.path == report.path).ok_or_else(missing)?;
        let tree = self.prepared.tree(&Globs::nothing());
        let options = ImportOptions {
            tool: report.tool.as_ref().map(|tool| pinned(tool, &ended.record.tools)),
            technique: report.technique,
            roots: vec!["/work".to_owned()],
            source: Some(&tree),
            requirements: Some(self.requirements),
            ..ImportOptions::default()
        };
        let cache = self.recorder.home().cache();
        let mut writer = BlobWriter::new(&cache);
        let source = findings::BlobSource { blobs: self.recorder.blobs(), hash: output.digest.hash };
        let info =
            findings::import(&source, Some(&report.format), &options, &mut writer).map_err(|e| erase(&e))?;
        let blob = writer
            .finish(self.recorder.blobs())
            .map_err(|e| cannot(&self.recorder.home().blobs(), "store findings in", &e))?;
        let origin = Origin::Step { step: ended.step.name.clone(), format: report.format.clone() };
        let about = self.about(origin, ended.record.started, vec![self.facts.source()]);
        let summary = ScanReport {
            tool: info.tool,
            technique: info.technique,
            findings: vec![],
            coverage: info.coverage,
        };
        let statement = scans::with_blob(&summary, blob.clone(), &about, ended.record.ended)?;
        let findings = crate::import::read_blob(&blob, self.recorder)?;
        Ok(Some((statement, ScanReport { findings, ..summary })))
    }

    fn about(&self, origin: Origin, started: model::Timestamp, subjects: Vec<Subject>) -> About {
        About {
            project: self.facts.project.clone(),
            run: Some(self.facts.run),
            deployment: None,
            subjects,
            target: ScanTarget { stream: "source".to_owned(), commit: self.facts.commit.clone() },
            origin,
            manual: None,
            binaries: vec![],
            started,
        }
    }

    /// The document with the properties that link it to this run.
    fn bom(&self, mut bom: Value) -> Sbom {
        if let Some(properties) = bom.pointer_mut("/metadata/properties").and_then(Value::as_array_mut) {
            properties.push(json!({ "name": "proofhouse:run", "value": self.facts.run.to_string() }));
        }
        Sbom(bom)
    }
}

/// The tool a report must come from: as the step used it, or by its name alone.
fn pinned(name: &str, used: &[ToolRef]) -> ToolRef {
    let found = used.iter().find(|tool| tool.name == name).cloned();
    found.unwrap_or_else(|| ToolRef { name: name.to_owned(), version: String::new(), digest: None })
}

/// The step and every step that it needs.
fn with_needs<'a>(step: &'a PlannedStep, all: &'a [Ended]) -> Vec<&'a PlannedStep> {
    let mut found = vec![step];
    let mut next = 0;
    while let Some(step) = found.get(next).copied() {
        let new = all.iter().map(|ended| &ended.step).filter(|other| step.needs.contains(&other.name));
        let new: Vec<_> = new.filter(|other| found.iter().all(|known| known.name != other.name)).collect();
        found.extend(new);
        next += 1;
    }
    found
}
