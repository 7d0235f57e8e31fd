//! Driver `host`: a release folder named by digest, an atomic link, a supervised process.
//!
//! ```text
//! ROOT/releases/<sha256>/{NAME, evidence.jsonl, service.json}   read-only
//! ROOT/current -> releases/<sha256>                             switched by rename
//! ROOT/data/                                                    the application's own, kept
//! ROOT/logs/{app.log,supervisor.log}
//! ROOT/trust.json, journal.json, lock, control.sock
//! ```
//! The trust file is written when the environment is made and never replaced by a deployment: the
//! target decides by what it knew before.

mod confine;
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

pub use confine::launch;
pub use control::{Status, status, stop};
pub use layout::Layout;
pub use service::{Account, Service};
pub use supervisor::supervise;

use crate::{
    driver::{Driver, Release},
    error::DeployError,
    health::{self, HealthCheck},
    journal::Journal,
};

/// How an environment is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The environment's folder.
    pub root: PathBuf,
    /// Port that the application serves on loopback.
    pub port: u16,
    /// Account to run as.
    pub account: Option<Account>,
    /// How to see that the application is up.
    pub health: HealthCheck,
    /// Releases kept.
    pub keep: usize,
    /// The `proofhouse` executable, which is also the target's verifier and supervisor.
    pub executable: PathBuf,
}

/// A `host` environment.
pub struct Host {
    settings: Settings,
    layout: Layout,
    service: Option<Service>,
    journal: Journal,
}

impl Host {
    /// Opens the environment, making its folders, and pins `trust` if it has none yet.
    ///
    /// # Errors
    /// The folders cannot be made, or the application's account cannot reach them.
    pub fn open(settings: Settings, trust: &[u8]) -> Result<Self, DeployError> {
        let layout = Layout::make(settings.root.clone(), settings.account)?;
        layout.pin_trust(trust)?;
        let journal = Journal::at(layout.journal());
        Ok(Self { settings, layout, service: None, journal })
    }

    /// Says how the next release is run.
    pub fn with_service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// The environment's folders.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    fn socket(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.settings.port))
    }

    /// Starts whatever `current` points to, in place of what runs.
    fn start(&self, digest: Sha256) -> Result<String, DeployError> {
        // The new supervisor ends the old one: were it done here, a crash between would leave nothing.
        if control::status(&self.layout.root).is_none_or(|status| status.pid.is_none()) {
            let port = self.layout.read_service(&digest)?.port;
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|_| DeployError::PortTaken(port))?;
        }
        let pid = control::start(&self.settings.executable, &self.layout, digest)?;
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
        if let Some(service) = &self.service {
            self.layout.write_service(&release.digest, service)?;
        }
        self.layout.switch(release.digest)?;
        self.start(release.digest)
    }

    fn health(&self) -> HealthRecord {
        let root = &self.layout.root;
        // The release that is active may be an older one, with a port and a path of its own.
        let active = self.layout.current().ok().flatten();
        let service = active.and_then(|digest| self.layout.read_service(&digest).ok());
        let port = service.as_ref().map_or(self.settings.port, |service| service.port);
        let check = service.and_then(|service| service.health).unwrap_or(self.settings.health.clone());
        health::wait(&check, SocketAddr::from((Ipv4Addr::LOCALHOST, port)), || match control::status(root) {
            None => Err("the supervisor is gone".to_owned()),
            Some(status) if status.gave_up => Err(status.detail),
            Some(_) => Ok(()),
        })
    }

    fn restore(&self, previous: Option<Sha256>) -> Result<String, DeployError> {
        match previous {
            Some(digest) => {
                self.layout.restore_service(&digest)?;
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
        if let Some(current) = self.layout.current()? {
            self.layout.keep_service(&current);
        }
        self.layout.remove_old(self.settings.keep, previous)
    }
}

impl Host {
    /// Runs the verifier as a process of its own, with the target's trust file and nothing else.
    fn ask_verifier(&self, release: &Release) -> Result<Vec<Check>, DeployError> {
        let folder = self.layout.release(&release.digest);
        let output = Command::new(&self.settings.executable)
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
