//! What happens around a deployment: receipts are recorded, the running application is checked.

use deploy::{Observer, Verdict};
use model::{
    Problem, ScanReport, Severity, Subject, Technique,
    predicate::{Check, Deployment, DeploymentStage, Origin, Receipt, ReceiptPhase, ScanTarget},
    problem::erase,
};
use pipeline::config::Environment;

use super::Watch;
use crate::{
    project::{Project, read_bounded},
    record::Recorder,
    scans::{self, About},
    statements::statement,
};

/// Largest OpenAPI document.
const LARGEST_OPENAPI: u64 = 4 << 20;

pub(super) struct Observed<'a> {
    deployment: Deployment,
    environment: &'a Environment,
    project: &'a Project,
    recorder: &'a Recorder,
    runtime: &'a tokio::runtime::Handle,
    watch: &'a mut dyn Watch,
    failed: Option<Problem>,
}

impl<'a> Observed<'a> {
    pub(super) fn new(
        deployment: Deployment,
        environment: &'a Environment,
        project: &'a Project,
        recorder: &'a Recorder,
        runtime: &'a tokio::runtime::Handle,
        watch: &'a mut dyn Watch,
    ) -> Self {
        Self { deployment, environment, project, recorder, runtime, watch, failed: None }
    }

    /// The first thing that could not be recorded.
    pub(super) fn finish(self) -> Option<Problem> {
        self.failed
    }

    fn subject(&self) -> Subject {
        Subject::sha256(&self.deployment.artifact, self.deployment.digest)
    }

    fn record_receipt(&self, phase: ReceiptPhase, checks: &[Check]) -> Result<(), Problem> {
        let receipt = Receipt {
            project: self.deployment.project.clone(),
            deployment: self.deployment.deployment,
            environment: self.deployment.environment.clone(),
            phase,
            checks: checks.to_vec(),
            at: self.recorder.clock().now(),
        };
        self.recorder.record(&[statement(vec![self.subject()], &receipt)?]).map(drop)
    }

    /// Scans the deployed address and records the result.
    fn check(&self, address: &str) -> Result<ScanReport, Problem> {
        let settings = &self.environment.dast;
        let address = |e: &dyn std::fmt::Display| {
            Problem::new("dast-address", model::Exit::Input, format!("{address} is not an address: {e}"))
        };
        let base = self.base().parse().map_err(|e: url::ParseError| address(&e))?;
        let mut target = dast::Target::new(base);
        target.budget.max_requests = settings.max_requests;
        target.budget.max_time = settings.max_time;
        if let Some(path) = &settings.openapi {
            target.openapi = Some(read_bounded(&self.project.root.join(path), LARGEST_OPENAPI)?);
        }
        let started = self.recorder.clock().now();
        let report = self.runtime.block_on(dast::scan(&target)).map_err(|e| erase(&e))?;
        let about = About {
            project: self.deployment.project.clone(),
            run: None,
            deployment: Some(self.deployment.deployment),
            subjects: vec![self.subject()],
            target: ScanTarget { stream: format!("environment:{}", self.environment.name), commit: None },
            origin: Origin::BuiltIn,
            manual: None,
            binaries: vec![],
            started,
        };
        let scan = scans::statement_of(&report, &about, self.recorder)?;
        self.recorder.record(&[scan])?;
        Ok(report)
    }

    fn base(&self) -> String {
        format!("http://127.0.0.1:{}/", self.environment.port)
    }

    fn judge(&self, report: &ScanReport) -> Verdict {
        let worst = report.findings.iter().map(|f| f.severity).max();
        let count = report.findings.iter().filter(|f| f.severity > Severity::Info).count();
        let many =
            |count: u64, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
        let summary = format!(
            "{} found on {}",
            many(count as u64, "weakness", "weaknesses"),
            many(report.coverage.scanned, "route", "routes")
        );
        let first = worst.and_then(|worst| report.findings.iter().find(|f| f.severity == worst));
        let worst_is = first.map(|f| format!("{}: {} at {}", f.severity, f.title, f.place.label()));
        match (self.environment.dast.reverse_at, worst, worst_is) {
            (Some(limit), Some(worst), Some(what)) if worst >= limit => {
                Verdict::Reverse(format!("{what}; {summary}"))
            }
            (_, Some(worst), Some(what)) if worst >= Severity::High => Verdict::Keep(format!(
                "{summary}, the worst is {what}; the environment's settings let it stay"
            )),
            _ => Verdict::Keep(summary),
        }
    }
}

impl Observer for Observed<'_> {
    fn stage(&mut self, stage: &DeploymentStage) {
        self.watch.stage(stage);
    }

    fn receipt(&mut self, phase: ReceiptPhase, checks: &[Check]) {
        if let Err(problem) = self.record_receipt(phase, checks) {
            self.watch.warning(&problem);
            self.failed.get_or_insert(problem);
        }
    }

    fn running(&mut self, address: Option<&str>) -> Verdict {
        // A deployment whose receipts cannot be recorded does not stay.
        if let Some(problem) = &self.failed {
            return Verdict::Reverse(format!("a receipt could not be recorded: {problem}"));
        }
        let Some(address) = address.filter(|_| self.environment.dast.enabled) else {
            return Verdict::Keep(format!("{} is off for this environment", Technique::Dast));
        };
        match self.check(address) {
            Ok(report) => {
                self.watch.checked(&report);
                self.judge(&report)
            }
            // Checks that could not be made do not count as passed.
            Err(problem) if self.environment.dast.reverse_at.is_some() => {
                Verdict::Reverse(format!("the dynamic checks could not be made: {problem}"))
            }
            Err(problem) => {
                self.watch.warning(&problem);
                Verdict::Keep(format!("the dynamic checks could not be made: {problem}"))
            }
        }
    }
}
