//! Whatever stage fails, the environment ends up on the new release or back on the previous one.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::cell::{Cell, RefCell};

use deploy::{DeployError, Driver, Observer, Release, Verdict, journal::Journal};
use model::{
    DeploymentId, FixedClock, Sha256,
    predicate::{Check, DeploymentResult, DeploymentStage, HealthRecord, ReceiptPhase},
};

/// A target in memory that fails where it is told to.
struct Memory {
    active: Cell<Option<Sha256>>,
    running: Cell<Option<Sha256>>,
    fails: &'static str,
    journal: Journal,
    _folder: tempfile::TempDir,
}

impl Memory {
    fn new(fails: &'static str, active: Option<Sha256>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal.json"));
        Self { active: Cell::new(active), running: Cell::new(active), fails, journal, _folder: folder }
    }

    fn step(&self, name: &str) -> Result<String, DeployError> {
        if self.fails == name { Err(DeployError::Verifier(name.to_owned())) } else { Ok(name.to_owned()) }
    }
}

impl Driver for Memory {
    fn address(&self) -> Option<String> {
        None
    }
    fn lock(&self) -> Result<Box<dyn Send>, DeployError> {
        Ok(Box::new(()))
    }
    fn journal(&self) -> &Journal {
        &self.journal
    }
    fn current(&self) -> Result<Option<Sha256>, DeployError> {
        Ok(self.active.get())
    }
    fn transfer(&self, _: &Release) -> Result<String, DeployError> {
        self.step("transfer")
    }
    fn verify(&self, _: &Release, phase: ReceiptPhase) -> Result<Vec<Check>, DeployError> {
        let name = if phase == ReceiptPhase::BeforeActivation { "verify" } else { "reverify" };
        Ok(vec![Check { name: "signature".into(), ok: self.fails != name, detail: name.into() }])
    }
    fn activate(&self, release: &Release) -> Result<String, DeployError> {
        self.active.set(Some(release.digest));
        self.running.set(None);
        self.step("activate")?;
        self.running.set(Some(release.digest));
        Ok("active".into())
    }
    fn health(&self) -> HealthRecord {
        HealthRecord { healthy: self.fails != "health", attempts: 1, after_ms: 1, detail: "asked".into() }
    }
    fn restore(&self, previous: Option<Sha256>) -> Result<String, DeployError> {
        self.active.set(previous);
        self.running.set(previous);
        Ok("back".into())
    }
    fn tidy(&self, _: Option<Sha256>) -> Result<(), DeployError> {
        Ok(())
    }
}

#[derive(Default)]
struct Watch {
    stages: RefCell<Vec<String>>,
    critical: bool,
}

impl Observer for Watch {
    fn stage(&mut self, stage: &DeploymentStage) {
        self.stages.borrow_mut().push(stage.name.clone());
    }
    fn receipt(&mut self, _: ReceiptPhase, _: &[Check]) {}
    fn running(&mut self, _: Option<&str>) -> Verdict {
        if self.critical { Verdict::Reverse("critical".into()) } else { Verdict::Keep("clean".into()) }
    }
}

fn release() -> Release {
    Release {
        project: "shop".into(),
        environment: "staging".into(),
        deployment: DeploymentId::new("2026-11-01T00:00:00Z".parse().unwrap(), [1; 10]),
        artifact: "app".into(),
        digest: Sha256::of("new"),
        source: "/nonexistent".into(),
        evidence: vec![],
        trust: vec![],
    }
}

fn attempt(driver: &Memory, critical: bool) -> deploy::Attempt {
    let clock = FixedClock("2026-11-01T00:00:00Z".parse().unwrap());
    let mut watch = Watch { critical, ..Watch::default() };
    deploy::deploy(driver, &release(), Sha256::of("decision"), "sam", &clock, &mut watch).unwrap()
}

#[test]
fn whatever_fails_the_target_runs_the_new_or_the_previous_release() {
    use DeploymentResult::*;
    let cases = [
        ("", Deployed),
        ("transfer", Failed),
        ("verify", Failed),
        ("activate", RolledBack),
        ("health", RolledBack),
        ("reverify", RolledBack),
        ("dast", Reversed),
    ];
    for previous in [None, Some(Sha256::of("old"))] {
        for (fails, expected) in cases {
            let driver = Memory::new(fails, previous);
            let result = attempt(&driver, fails == "dast").result;
            assert_eq!(result, expected, "when {fails:?} fails");
            let runs = if result == Deployed { Some(Sha256::of("new")) } else { previous };
            assert_eq!((driver.active.get(), driver.running.get()), (runs, runs), "when {fails:?} fails");
        }
    }
}

#[test]
fn an_interrupted_activation_is_undone_and_told_until_it_is_recorded() {
    let old = Some(Sha256::of("old"));
    let driver = Memory::new("", old);
    attempt(&driver, false);
    // The process dies before it recorded the deployment: the journal is still there.
    let now = "2026-11-01T00:01:00Z".parse().unwrap();
    let recovered = deploy::recover(&driver, now).unwrap().unwrap();
    assert_eq!(recovered.note.previous, old);
    assert_eq!(driver.running.get(), old, "never confirmed, so it does not stay");
    driver.journal().clear().unwrap();
    assert!(deploy::recover(&driver, now).unwrap().is_none());
}
