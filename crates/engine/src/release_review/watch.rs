//! Gathers from the ledger what is said of a release review and what changed under it.
//!
//! Only statements that verify count, and all of them from the run's first one on are looked at: a database
//! that hides a rejection hides nothing from a gate.

use govern::release_review::{Answered, Later, Put, Standing, judge};
use model::{
    FindingId, Predicate, Problem, Sha256, Timestamp,
    ports::LoggedStatement,
    predicate::{
        Deployment, DeploymentResult, Exception, ManualTest, ReleaseReview, ReviewAnswer, ReviewVerdict, Run,
        Scan,
    },
};

use crate::{gate::About, record::Recorder};

/// Most new findings that are told one by one.
const MOST_TOLD: usize = 5;

/// What decides about a run: the built-in rules, its configuration, and the project's own rules and requirements.
pub fn policy(run: &Run) -> Sha256 {
    let parts = (policy::RuleSet::built_in().digest(), run.config, &run.rules);
    // Digests by path always serialise.
    Sha256::of(serde_json::to_vec(&parts).unwrap_or_default())
}

/// Watches one run on its way into one environment.
pub(crate) struct Watch<'a> {
    run: &'a Run,
    environment: &'a str,
    artifact: Sha256,
    reviews: Vec<Put>,
    answers: Vec<Answered>,
    scans: Vec<(u64, Scan)>,
    exceptions: Vec<u64>,
    tests: Vec<(u64, ManualTest)>,
    deployed: Vec<(u64, Timestamp)>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(run: &'a Run, environment: &'a str, artifact: Sha256) -> Self {
        Self {
            run,
            environment,
            artifact,
            reviews: vec![],
            answers: vec![],
            scans: vec![],
            exceptions: vec![],
            tests: vec![],
            deployed: vec![],
        }
    }

    /// Takes note of a statement, in the order of the ledger.
    pub(crate) fn see(&mut self, logged: &LoggedStatement, recorder: &Recorder, now: Timestamp) {
        const LOOKED_AT: [&str; 6] = [
            ReleaseReview::TYPE,
            ReviewAnswer::TYPE,
            Scan::TYPE,
            Exception::TYPE,
            ManualTest::TYPE,
            Deployment::TYPE,
        ];
        let statement = &logged.statement;
        if !LOOKED_AT.contains(&statement.predicate_type.as_str()) {
            return;
        }
        let holds = || recorder.check(logged.index, now) == (true, true);
        if let Some(Ok(review)) = statement.decode::<ReleaseReview>() {
            let mine = review.run == self.run.run
                && review.project == self.run.project
                && review.environment == self.environment;
            if mine && holds() {
                self.reviews.push(Put { index: logged.index, envelope: logged.envelope, review });
            }
        } else if let Some(Ok(answer)) = statement.decode::<ReviewAnswer>() {
            let mine = self.reviews.iter().any(|put| put.envelope == answer.review);
            if mine && holds() {
                self.answers.push(Answered { index: logged.index, answer });
            }
        } else if self.reviews.is_empty() {
            // Nothing is under review yet that it could change; what a review looked at, it knows.
            self.pending(logged);
        } else if holds() {
            self.pending(logged);
        }
    }

    /// What may come after a review's evidence was read, even if the review itself was recorded later.
    fn pending(&mut self, logged: &LoggedStatement) {
        let (statement, index) = (&logged.statement, logged.index);
        if let Some(Ok(scan)) = statement.decode::<Scan>() {
            let artifact = statement.subject.iter().any(|s| s.sha256_digest() == Some(self.artifact));
            if crate::gate::concerns(&scan, self.run, About { artifact, by_people: true }) {
                self.scans.push((index, scan));
            }
        } else if let Some(Ok(exception)) = statement.decode::<Exception>() {
            let here = exception.environment.as_deref().is_none_or(|name| name == self.environment);
            if exception.project == self.run.project && here {
                self.exceptions.push(index);
            }
        } else if let Some(Ok(test)) = statement.decode::<ManualTest>()
            && crate::requirements::counts(&test, self.run)
        {
            self.tests.push((index, test));
        } else if let Some(Ok(one)) = statement.decode::<Deployment>() {
            let place = one.project == self.run.project && one.environment == self.environment;
            if place && one.digest == self.artifact && one.result == DeploymentResult::Deployed {
                self.deployed.push((index, one.ended));
            }
        }
    }

    /// Rejections of all reviews of the run so far, one sentence each.
    pub(crate) fn rejected(&self) -> Vec<String> {
        let all = self.answers.iter().map(|one| &one.answer).filter(|a| a.verdict == ReviewVerdict::Reject);
        all.map(|answer| format!("{} on {}: {}", answer.by.name, answer.at.strftime("%Y-%m-%d"), answer.text))
            .collect()
    }

    /// Judges one review, or the newest one; `None` when there is none.
    pub(crate) fn judge(
        &self,
        which: Option<u64>,
        recorder: &Recorder,
        now: Timestamp,
    ) -> Result<Option<(Put, Standing)>, Problem> {
        let newest = self.reviews.last();
        let put = match which {
            None => newest,
            Some(index) => self.reviews.iter().find(|put| put.index == index),
        };
        let Some(put) = put else { return Ok(None) };
        let mut later = self.later(put, recorder)?;
        later.superseded = newest.map(|newest| newest.index).filter(|index| *index > put.index);
        let answers: Vec<Answered> =
            self.answers.iter().filter(|one| one.answer.review == put.envelope).cloned().collect();
        Ok(Some((put.clone(), judge(put, &answers, &later, now))))
    }

    fn later(&self, put: &Put, recorder: &Recorder) -> Result<Later, Problem> {
        let basis = &put.review.basis;
        let through = basis.through;
        let scans: Vec<&(u64, Scan)> = self.scans.iter().filter(|(index, _)| *index >= through).collect();
        let mut later = Later {
            artifact: Some(self.artifact),
            policy: Some(policy(self.run)),
            deployed: self.deployed.iter().copied().find(|(index, _)| *index > put.index),
            accepted: self.exceptions.iter().copied().filter(|index| *index >= through).collect(),
            ..Later::default()
        };
        for (index, scan) in scans {
            let count = scan.findings.count;
            let told = format!("{} by {} with {count} findings", scan.technique, scan.tool.name);
            later.scans.push((*index, told));
            later.blocking.extend(self.blocking(scan, put, recorder)?);
        }
        later.blocking.truncate(MOST_TOLD);
        for (index, test) in self.tests.iter().filter(|(index, test)| *index >= through && !test.passed) {
            if basis.requirements.iter().any(|met| met.id == test.requirement) {
                later.broken.push((test.requirement.clone(), *index));
            }
        }
        Ok(later)
    }

    /// Findings of a scan that deny and that the review does not show.
    fn blocking(&self, scan: &Scan, put: &Put, recorder: &Recorder) -> Result<Vec<String>, Problem> {
        let basis = &put.review.basis;
        let Some(block) = basis.block else { return Ok(vec![]) };
        let severities = model::Severity::ALL.into_iter().filter(|severity| *severity >= block);
        if severities.map(|severity| scan.findings.by_severity.get(severity)).sum::<u64>() == 0 {
            return Ok(vec![]);
        }
        let known = |id: &FindingId| basis.findings.binary_search(id).is_ok();
        let all = crate::import::read_blob(&scan.findings, recorder)?;
        let new = all.into_iter().filter(|finding| finding.severity >= block && !known(&finding.id));
        Ok(new
            .take(MOST_TOLD)
            .map(|f| format!("{}, {} ({})", f.title, f.severity, f.place.label()))
            .collect())
    }
}
