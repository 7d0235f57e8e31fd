//! A deployment as one transaction, the same for every driver.

use model::{
    Clock, Sha256, Timestamp,
    predicate::{Check, DeploymentResult, DeploymentStage, HealthRecord, ReceiptPhase},
};

use crate::{
    driver::{Driver, Release},
    error::DeployError,
    journal::Note,
};

/// What a check against the running application means for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may stay.
    Keep(String),
    /// It must go.
    Reverse(String),
}

/// What happens around a deployment that is not the driver's business.
pub trait Observer {
    /// A stage ended.
    fn stage(&mut self, stage: &DeploymentStage);
    /// The target checked what it got; called before and after activation.
    fn receipt(&mut self, phase: ReceiptPhase, checks: &[Check]);
    /// The application is up at `address`: check it.
    fn running(&mut self, address: Option<&str>) -> Verdict;
}

/// How a deployment went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Result.
    pub result: DeploymentResult,
    /// Stages in order.
    pub stages: Vec<DeploymentStage>,
    /// Digest that was active before.
    pub previous: Option<Sha256>,
    /// Health as last seen.
    pub health: Option<HealthRecord>,
    /// What the target lacked before anything active was touched; says nothing about the release.
    pub lacking: Option<Lacking>,
}

/// An error of the target as users are told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// Stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// Next step.
    pub hint: Option<String>,
}

/// Deploys `release`. `decision` is the envelope digest of the gate's decision.
///
/// The journal stays until the caller has recorded the attempt and calls `driver.journal().clear()`.
///
/// # Errors
/// Only when the environment is busy or its journal cannot be kept; everything else is a result.
pub fn deploy(
    driver: &dyn Driver,
    release: &Release,
    decision: Sha256,
    actor: &str,
    clock: &dyn Clock,
    observer: &mut dyn Observer,
) -> Result<Attempt, DeployError> {
    let _lock = driver.lock()?;
    let previous = driver.current()?;
    let note = Note {
        deployment: release.deployment,
        artifact: release.artifact.clone(),
        digest: release.digest,
        previous,
        decision,
        actor: actor.to_owned(),
        started: clock.now(),
        activating: false,
    };
    driver.journal().write(&note)?;
    let attempt =
        Attempt { result: DeploymentResult::Failed, stages: vec![], previous, health: None, lacking: None };
    let mut flow = Flow { driver, release, clock, observer, note, attempt };
    flow.go();
    Ok(flow.attempt)
}

/// Why a flow stopped before its end.
struct Stopped(DeploymentResult);

struct Flow<'a> {
    driver: &'a dyn Driver,
    release: &'a Release,
    clock: &'a dyn Clock,
    observer: &'a mut dyn Observer,
    note: Note,
    attempt: Attempt,
}

impl Flow<'_> {
    fn go(&mut self) {
        match self.bring().and_then(|()| self.switch()) {
            Ok(()) => self.attempt.result = DeploymentResult::Deployed,
            Err(Stopped(result)) if self.note.activating => self.go_back(result),
            Err(Stopped(result)) => self.attempt.result = result,
        }
        if self.attempt.result == DeploymentResult::Deployed
            && let Err(error) = self.driver.tidy(self.attempt.previous)
        {
            self.record("tidy", false, error.to_string());
        }
    }

    /// Everything before the active release is touched.
    fn bring(&mut self) -> Result<(), Stopped> {
        let transferred = self.driver.transfer(self.release);
        self.stage("transfer", transferred)?;
        self.verify(ReceiptPhase::BeforeActivation, "verify")
    }

    /// From here on a failure goes back to the previous release.
    fn switch(&mut self) -> Result<(), Stopped> {
        self.note.activating = true;
        let noted = self.driver.journal().write(&self.note);
        if let Err(error) = noted {
            self.note.activating = false;
            return self.stage("activate", Err(error));
        }
        let activated = self.driver.activate(self.release);
        self.stage("activate", activated).map_err(|_| Stopped(DeploymentResult::RolledBack))?;
        let health = self.driver.health();
        let (healthy, detail) = (health.healthy, health.detail.clone());
        self.attempt.health = Some(health);
        self.check("health", healthy, detail, DeploymentResult::RolledBack)?;
        self.verify(ReceiptPhase::AfterActivation, "reverify")
            .map_err(|_| Stopped(DeploymentResult::RolledBack))?;
        match self.observer.running(self.driver.address().as_deref()) {
            Verdict::Keep(detail) => self.check("dast", true, detail, DeploymentResult::Reversed),
            Verdict::Reverse(detail) => self.check("dast", false, detail, DeploymentResult::Reversed),
        }
    }

    fn go_back(&mut self, result: DeploymentResult) {
        let restored = self.driver.restore(self.attempt.previous);
        let went_back = self.stage("rollback", restored).is_ok();
        self.attempt.result = if went_back { result } else { DeploymentResult::Failed };
        if went_back && self.attempt.previous.is_some() {
            let health = self.driver.health();
            self.record("rollback-health", health.healthy, health.detail.clone());
            self.attempt.health = Some(health);
        }
    }

    fn verify(&mut self, phase: ReceiptPhase, name: &str) -> Result<(), Stopped> {
        match self.driver.verify(self.release, phase) {
            Err(error) => self.stage(name, Err(error)),
            Ok(checks) => {
                self.observer.receipt(phase, &checks);
                let failed: Vec<_> = checks.iter().filter(|c| !c.ok).collect();
                let names = |list: &[&Check]| {
                    list.iter().map(|c| format!("{}: {}", c.name, c.detail)).collect::<Vec<_>>().join("; ")
                };
                let ok = failed.is_empty() && !checks.is_empty();
                let detail = if ok { format!("{} checks passed", checks.len()) } else { names(&failed) };
                self.check(name, ok, detail, DeploymentResult::Failed)
            }
        }
    }

    fn stage(&mut self, name: &str, outcome: Result<String, DeployError>) -> Result<(), Stopped> {
        let (ok, detail) = match outcome {
            Ok(detail) => (true, detail),
            Err(error) => {
                let problem = model::problem::erase(&error);
                if !self.note.activating {
                    let lacking =
                        Lacking { code: problem.code, message: problem.message.clone(), hint: problem.hint };
                    self.attempt.lacking = Some(lacking);
                }
                (false, problem.message)
            }
        };
        self.check(name, ok, detail, DeploymentResult::Failed)
    }

    fn check(
        &mut self,
        name: &str,
        ok: bool,
        detail: String,
        otherwise: DeploymentResult,
    ) -> Result<(), Stopped> {
        self.record(name, ok, detail);
        if ok { Ok(()) } else { Err(Stopped(otherwise)) }
    }

    fn record(&mut self, name: &str, ok: bool, detail: String) {
        let stage = DeploymentStage { name: name.to_owned(), ok, detail, at: self.clock.now() };
        self.observer.stage(&stage);
        self.attempt.stages.push(stage);
    }
}

/// A deployment that a crash interrupted, after repair.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// What was under way.
    pub note: Note,
    /// What was done about it.
    pub stage: DeploymentStage,
}

/// Repairs what an interrupted deployment left: a release that was never confirmed healthy does not
/// stay. The journal stays until the caller has recorded it.
///
/// # Errors
/// The environment is busy (then nothing was interrupted) or cannot be read.
pub fn recover(driver: &dyn Driver, now: Timestamp) -> Result<Option<Recovered>, DeployError> {
    let Some(_) = driver.journal().read()? else { return Ok(None) };
    let _lock = driver.lock()?;
    let Some(note) = driver.journal().read()? else { return Ok(None) };
    let (ok, detail) = if !note.activating {
        (true, "interrupted before activation; the active release was not touched".to_owned())
    } else {
        match driver.restore(note.previous) {
            Ok(detail) => (true, format!("interrupted during activation; {detail}")),
            Err(error) => (false, format!("interrupted during activation; roll-back failed: {error}")),
        }
    };
    Ok(Some(Recovered { note, stage: DeploymentStage { name: "recovery".into(), ok, detail, at: now } }))
}
