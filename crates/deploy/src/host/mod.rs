//! Driver `host`: a release folder named by digest, an atomic link, a supervised process.
//!
//! ```text
//! ROOT/releases/<sha256>/{NAME, evidence.jsonl, release.json}   read-only
//! ROOT/current -> releases/<sha256>                             switched by rename
//! ROOT/data/                                                    the application's own, kept
//! ROOT/logs/{app.log,supervisor.log}
//! ROOT/service.json, trust.json, journal.json, lock, control.sock
//! ```
//! The trust file is written when the environment is made and never replaced by a deployment: the
//! target decides by what it knew before.

mod control;
mod layout;
mod service;
mod supervisor;
mod transfer;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Command, Stdio},
};

use model::{
    Sha256,
    predicate::{Check, HealthRecord, ReceiptPhase},
};

pub use control::{Status, status, stop};
pub use layout::Layout;
pub use service::Service;
pub use supervisor::supervise;

use crate::{
    driver::{Driver, Release},
    error::DeployError,
    health::{self, HealthCheck},
    journal::Journal,
};

/// A `host` environment.
pub struct Host {
    layout: Layout,
    service: Service,
    health: HealthCheck,
    keep: usize,
    journal: Journal,
    /// The `proofhouse` executable, which is also the target's verifier and supervisor.
    executable: PathBuf,
}

impl Host {
    /// Opens the environment at `root`, making its folders, and pins `trust` if it has none yet.
    ///
    /// # Errors
    /// The folders cannot be made, or the application's account cannot reach them.
    pub fn open(
        root: PathBuf,
        service: Service,
        health: HealthCheck,
        keep: usize,
        executable: PathBuf,
        trust: &[u8],
    ) -> Result<Self, DeployError> {
        let layout = Layout::make(root, service.account())?;
        layout.pin_trust(trust)?;
        let journal = Journal::at(layout.journal());
        Ok(Self { layout, service, health, keep, journal, executable })
    }

    /// The environment's folders.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    fn socket(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.service.port))
    }

    /// Starts whatever `current` points to, by a running supervisor or a new one.
    fn start(&self, digest: Sha256) -> Result<String, DeployError> {
        self.layout.write_service(&self.service)?;
        control::stop(&self.layout.root)?;
        TcpListener::bind(self.socket()).map_err(|_| DeployError::PortTaken(self.service.port))?;
        let pid = control::start(&self.executable, &self.layout, digest)?;
        Ok(format!("release {} active as process {pid}", digest.short()))
    }
}

impl Driver for Host {
    fn address(&self) -> Option<String> {
        Some(format!("http://{}", self.socket()))
    }

    fn lock(&self) -> Result<Box<dyn Send>, DeployError> {
        self.layout.lock().map(|file| Box::new(file) as Box<dyn Send>)
    }

    fn journal(&self) -> &Journal {
        &self.journal
    }

    fn current(&self) -> Result<Option<Sha256>, DeployError> {
        self.layout.current()
    }

    fn transfer(&self, release: &Release) -> Result<String, DeployError> {
        transfer::transfer(&self.layout, release)
    }

    fn verify(&self, release: &Release, phase: ReceiptPhase) -> Result<Vec<Check>, DeployError> {
        let mut checks = self.ask_verifier(release)?;
        if phase == ReceiptPhase::AfterActivation {
            let current = self.layout.current()?;
            let running = control::status(&self.layout.root).and_then(|s| s.digest);
            let ok = current == Some(release.digest) && running == Some(release.digest);
            let detail = if ok { "the running release is this one" } else { "another release is active" };
            checks.push(Check { name: "active".into(), ok, detail: detail.into() });
        }
        Ok(checks)
    }

    fn activate(&self, release: &Release) -> Result<String, DeployError> {
        self.layout.switch(release.digest)?;
        self.start(release.digest)
    }

    fn health(&self) -> HealthRecord {
        let root = &self.layout.root;
        health::wait(&self.health, self.socket(), || match control::status(root) {
            None => Err("the supervisor is gone".to_owned()),
            Some(status) if status.gave_up => Err(status.detail),
            Some(_) => Ok(()),
        })
    }

    fn restore(&self, previous: Option<Sha256>) -> Result<String, DeployError> {
        match previous {
            Some(digest) => {
                self.layout.switch(digest)?;
                self.start(digest).map(|detail| format!("back to the previous release: {detail}"))
            }
            None => {
                control::stop(&self.layout.root)?;
                self.layout.unlink_current()?;
                Ok("there was no previous release; the application is stopped".to_owned())
            }
        }
    }

    fn tidy(&self, previous: Option<Sha256>) -> Result<(), DeployError> {
        self.layout.remove_old(self.keep, previous)
    }
}

impl Host {
    /// Runs the verifier as a process of its own, with the target's trust file and nothing else.
    fn ask_verifier(&self, release: &Release) -> Result<Vec<Check>, DeployError> {
        let folder = self.layout.release(&release.digest);
        let output = Command::new(&self.executable)
            .env_clear()
            .arg("target-verify")
            .arg("--release")
            .arg(&folder)
            .args(["--artifact", &release.artifact, "--digest", &release.digest.hex()])
            .args(["--project", &release.project, "--environment", &release.environment])
            .arg("--trust")
            .arg(self.layout.trust())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .output()
            .map_err(|e| DeployError::Verifier(e.to_string()))?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            DeployError::Verifier(String::from_utf8_lossy(&output.stderr).trim().chars().take(500).collect())
        })
    }
}
