//! Gathers the facts of a release review: the candidate as the gate sees it, what runs now, and what is between
//! them. What cannot be found out is said to be unknown, with the reason.

use govern::{
    catalogue::Bill,
    release_review::{
        Before, Commit, Commits, Facts, Known, MOST_LISTED, NO_COVERAGE, Plan, Release, RequirementLine,
        TestLine,
    },
};
use model::{
    Problem, Timestamp,
    evidence::FindingFacts,
    predicate::{CoverageFigures, Deployment, Run, TestResult},
};
use pipeline::config::Environment;

use crate::{
    gate::{self, Answer, Collected, Question},
    project::Project,
    record::Recorder,
    requirements::standings,
    source,
};

/// Everything but the standing of earlier reviews.
pub(super) fn facts(
    question: &Question<'_>,
    environment: &Environment,
    (answer, collected): (Answer, Collected),
    made_by: String,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Facts, Problem> {
    let run = question.run;
    let before = before(question, environment, recorder, now)?;
    let old = match &before {
        Known::Known(before) => before.as_ref().map(|before| before.release.commit.clone()),
        Known::Unknown(_) => None,
    };
    let requirements = &question.project.requirements;
    let told = standings(requirements, &collected.requirements, &collected.said, now);
    let lines = requirements.iter().filter_map(|(id, one)| {
        let standing = told.get(id)?;
        let (title, because) = (one.title.clone(), standing.because.clone());
        Some(RequirementLine { id: id.clone(), title, state: standing.state, because })
    });
    Ok(Facts {
        made_by,
        candidate: Release {
            run: Some(run.run),
            commit: run.commit.clone().filter(|_| !run.dirty),
            artifact: answer.evidence.artifact.name.clone(),
            digest: answer.evidence.artifact.digest,
            at: run.at,
            by: run.actor.clone(),
        },
        bill: bill(&collected),
        commits: commits(question.project, old, run),
        before,
        tests: tests(question, recorder, now)?,
        requirements: Known::Known(lines.collect()),
        controls: vec![],
        plan: plan(environment),
        rejected_before: vec![],
        evidence: answer.evidence,
        verdict: answer.verdict,
    })
}

fn bill(collected: &Collected) -> Known<Bill> {
    let mut whole = Bill::default();
    for (_, bill) in &collected.bills {
        whole.components.extend(bill.components.iter().cloned());
        whole.gaps.extend(bill.gaps.iter().cloned());
    }
    match collected.bills.is_empty() {
        true => Known::Unknown("its run has no bill of materials".to_owned()),
        false => Known::Known(whole),
    }
}

/// What is deployed now. The database says where to look; only a statement that verifies counts.
fn before(
    question: &Question<'_>,
    environment: &Environment,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Known<Option<Before>>, Problem> {
    let project = &question.run.project;
    let Some(index) = recorder.projection().current_deployment(project, &environment.name)? else {
        return Ok(Known::Known(None));
    };
    let found = recorder.row(index)?.statement.decode::<Deployment>().and_then(Result::ok);
    let mine = found.filter(|found| found.project == *project && found.environment == environment.name);
    let Some(deployment) = mine.filter(|_| recorder.check(index, now) == (true, true)) else {
        return Ok(Known::Unknown(format!("the deployment in ledger entry {index} does not verify")));
    };
    let mut release = Release {
        run: deployment.run,
        commit: None,
        artifact: deployment.artifact.clone(),
        digest: deployment.digest,
        at: deployment.ended,
        by: deployment.actor.clone(),
    };
    let before = match of_run(question, environment, &deployment, recorder, now) {
        Ok((run, collected, tests)) => {
            release.commit = run.commit.clone().filter(|_| !run.dirty);
            let measured = CoverageFigures::sum(tests.iter().filter_map(|test| test.coverage));
            let coverage = measured.map_or_else(|| Known::Unknown(NO_COVERAGE.to_owned()), Known::Known);
            Before { release, findings: Known::Known(findings(&collected)), bill: bill(&collected), coverage }
        }
        Err(problem) => {
            let why = problem.message;
            let findings = Known::Unknown(why.clone());
            Before { release, findings, bill: Known::Unknown(why.clone()), coverage: Known::Unknown(why) }
        }
    };
    Ok(Known::Known(Some(before)))
}

/// What the ledger has of the run that was deployed.
fn of_run(
    question: &Question<'_>,
    environment: &Environment,
    deployment: &Deployment,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<(Run, Collected, Vec<TestLine>), Problem> {
    let (run, from) = match deployment.run {
        Some(run) => gate::find_run(&deployment.project, Some(run), recorder)?,
        None => {
            let message = "the deployment names no run".to_owned();
            return Err(Problem::new("run-unknown", model::Exit::Input, message));
        }
    };
    let environment = Environment { artifact: deployment.artifact.clone(), ..environment.clone() };
    let question = Question { run: &run, from, ..*question };
    let collected = gate::collect(&question, &environment, recorder, now)?;
    if !collected.statements.iter().any(|fact| fact.kind == "scan" && fact.signed && fact.logged) {
        let message = format!("the ledger has no scan of run {} that still counts", run.run);
        return Err(Problem::new("evidence-missing", model::Exit::Verdict, message));
    }
    let tests = tests(&question, recorder, now)?;
    Ok((run, collected, tests))
}

fn findings(collected: &Collected) -> Vec<FindingFacts> {
    collected.findings.iter().map(gate::finding).collect()
}

/// Commits that the candidate has and what runs now has not; `old` is the commit of the latter, where there is one.
fn commits(project: &Project, old: Option<Option<String>>, run: &Run) -> Known<Commits> {
    let (old, new) = match (old, &run.commit) {
        (None, _) => return Known::Unknown("there is nothing known to compare with".to_owned()),
        (Some(None), _) => return Known::Unknown("what is deployed now was not exactly a commit".to_owned()),
        (_, None) => return Known::Unknown("the run was not of a commit".to_owned()),
        (Some(Some(old)), Some(new)) => (old, new),
    };
    match source::between(&project.root, &old, new, MOST_LISTED) {
        Ok((total, newest)) => {
            Known::Known(Commits { total, newest: newest.into_iter().map(commit).collect() })
        }
        Err(problem) => Known::Unknown(problem.message),
    }
}

fn commit(told: source::Told) -> Commit {
    Commit { id: told.id, author: told.author, email: told.email, subject: told.subject }
}

/// Who took part in the change, as far as is known: who started the run, and the authors of its commits.
pub(super) fn authors(project: &Project, run: &Run, commits: &Known<Commits>) -> Vec<String> {
    let mut all = vec![run.actor.clone()];
    for commit in commits.get().into_iter().flat_map(|commits| &commits.newest) {
        all.extend([commit.author.clone(), commit.email.clone()]);
    }
    let own = run.commit.as_ref().and_then(|commit| source::told(&project.root, commit).ok());
    all.extend(own.into_iter().flat_map(|told| [told.author, told.email]));
    all.retain(|name| !name.is_empty());
    all.sort();
    all.dedup();
    all
}

/// What the test steps of the run said, of statements that verify.
fn tests(question: &Question<'_>, recorder: &Recorder, now: Timestamp) -> Result<Vec<TestLine>, Problem> {
    let mut lines = Vec::new();
    for logged in recorder.from(question.from)? {
        let logged = logged?;
        let Some(Ok(test)) = logged.statement.decode::<TestResult>() else { continue };
        if test.proofhouse.context.run == question.run.run
            && recorder.check(logged.index, now) == (true, true)
        {
            lines.push(TestLine {
                step: test.proofhouse.context.step.unwrap_or_default(),
                ok: test.result == "PASSED",
                passed: test.passed_tests.len() as u64,
                failed: test.failed_tests.len() as u64,
                skipped: test.warned_tests.len() as u64,
                coverage: test.proofhouse.coverage.map(|coverage| coverage.figures),
            });
        }
    }
    Ok(lines)
}

fn plan(environment: &Environment) -> Plan {
    let health = &environment.health;
    let dynamic = match (environment.dast.enabled, environment.dast.reverse_at) {
        (false, _) => "No dynamic checks are made after it.".to_owned(),
        (true, Some(severity)) => format!(
            "The running application is then checked from outside; a finding that is {severity} or worse brings \
             the release before it back."
        ),
        (true, None) => {
            "The running application is then checked from outside; what is found is told.".to_owned()
        }
    };
    let steps = vec![
        format!(
            "It goes to {} by the driver {}, port {}.",
            environment.name, environment.driver, environment.port
        ),
        "The target verifies the release and its evidence by itself before it starts it.".to_owned(),
        format!(
            "It must answer {} with status {} within {} seconds; otherwise the release before it comes back, where \
             there is one.",
            health.path,
            health.status,
            health.timeout.as_secs()
        ),
        dynamic,
        format!("The last {} releases are kept for roll-back.", environment.keep),
    ];
    Plan { driver: environment.driver.clone(), steps }
}
