//! The signer's side of the connection.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
};

use model::{Clock, Timestamp, UserError};
use nix::sys::{prctl, resource};

use super::{
    SignerError,
    acts::Acts,
    ceremony::{self, Ceremony},
    memory::Memory,
    notes,
    protocol::{By, Reply, Request, read_frame, write_frame},
};
use crate::keys::{Unlock, Vault, lock};

/// Serves standard input and output until the input ends: the body of `proofhouse sign --stdio`.
/// The process first makes itself undumpable, so that no other process of the user can read its
/// memory. `home` is the installation; keys are in its `keys` folder.
///
/// # Errors
/// The connection broke. Trouble with the keys is told to the client and is not an error here.
pub fn run_stdio(home: &Path, clock: &dyn Clock) -> Result<(), SignerError> {
    harden()?;
    let keys = home.join("keys");
    let unlock = Unlock::from_env(&|name| std::env::var_os(name), &keys);
    serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &keys, unlock?, clock)
}

/// Closes this process to other processes of the same user.
pub(super) fn harden() -> Result<(), SignerError> {
    let closed =
        prctl::set_dumpable(false).and_then(|()| resource::setrlimit(resource::Resource::RLIMIT_CORE, 0, 0));
    closed.map_err(|errno| SignerError::Spawn(errno.into()))
}

/// Serves one connection until it ends. `keys` is the folder of the vault, made on first use.
///
/// # Errors
/// The connection broke. Trouble with the keys is told to the client and is not an error here.
pub fn serve(
    input: &mut dyn Read,
    output: &mut dyn Write,
    keys: &Path,
    unlock: Unlock,
    clock: &dyn Clock,
) -> Result<(), SignerError> {
    Desk::new(keys, unlock).serve(input, output, clock)
}

/// Opens the vault when it is first needed: making keys may be what is asked.
pub(super) struct Desk {
    dir: PathBuf,
    unlock: Unlock,
    open: Option<Service>,
    /// Keys are shown and not changed.
    guarded: bool,
}

pub(super) struct Service {
    pub vault: Vault,
    pub memory: Memory,
    pub acts: Acts,
}

impl Desk {
    pub fn new(keys: &Path, unlock: Unlock) -> Self {
        Self { dir: keys.to_owned(), unlock, open: None, guarded: false }
    }

    /// For clients who may not change keys.
    pub fn guarded(self) -> Self {
        Self { guarded: true, ..self }
    }

    pub fn serve(
        mut self,
        input: &mut dyn Read,
        output: &mut dyn Write,
        clock: &dyn Clock,
    ) -> Result<(), SignerError> {
        while let Some(frame) = read_frame(input).map_err(SignerError::Gone)? {
            let answer = Request::decode(&frame).and_then(|request| self.answer(request, clock.now()));
            let reply = answer.unwrap_or_else(|error| Reply::Refused {
                code: error.code().to_owned(),
                message: error.to_string(),
            });
            write_frame(output, &reply.encode()).map_err(SignerError::Gone)?;
        }
        Ok(())
    }

    fn answer(&mut self, request: Request, now: Timestamp) -> Result<Reply, SignerError> {
        if let Request::Ceremony(text) = request {
            let asked = Ceremony::parse(&text)?;
            if self.guarded && asked != Ceremony::Show {
                let message = "keys are changed where the signer runs, not over its socket";
                return Err(SignerError::refused("signer-guarded", message));
            }
            if let Ceremony::Init(settings) = asked {
                let vault = Vault::init(&self.dir, &self.unlock, &settings, now)?;
                let keys = ceremony::list(&vault);
                self.open = Some(Service::new(vault, &self.dir)?);
                return Ok(Reply::Keys(keys));
            }
            let (unlock, dir) = (&self.unlock, self.dir.clone());
            let service = Self::service(&mut self.open, &self.dir, unlock, now)?;
            service.acts = Acts::default();
            return Ok(Reply::Keys(asked.perform(&mut service.vault, &dir, unlock, now)?));
        }
        Self::service(&mut self.open, &self.dir, &self.unlock, now)?.answer(request, &self.dir, now)
    }

    fn service<'a>(
        open: &'a mut Option<Service>,
        dir: &Path,
        unlock: &Unlock,
        now: Timestamp,
    ) -> Result<&'a mut Service, SignerError> {
        let service = match open.take() {
            Some(mut service) => {
                // Another process may have exchanged or ended keys.
                if service.vault.refresh(unlock)? {
                    service.acts = Acts::default();
                }
                service
            }
            None => Service::new(Vault::open_or_create(dir, unlock, now)?.0, dir)?,
        };
        Ok(open.insert(service))
    }
}

impl Service {
    fn new(vault: Vault, dir: &Path) -> Result<Self, SignerError> {
        Ok(Self { vault, memory: Memory::open(dir)?, acts: Acts::default() })
    }

    fn answer(&mut self, request: Request, dir: &Path, now: Timestamp) -> Result<Reply, SignerError> {
        match request {
            Request::Hello => Ok(Reply::Trust(super::trust_of(&self.vault).to_json())),
            Request::SignStatements { by, statements } => {
                let now = ceremony::not_before_keys(&self.vault, now);
                let sign = |statement| match by {
                    By::Identity => self.acts.sign_statement(&self.vault, statement, now),
                    By::OrganisationKey => self.acts.sign_with_key(&self.vault, statement, now),
                };
                let acts = statements.into_iter().map(sign).collect::<Result<Vec<_>, _>>()?;
                Ok(Reply::Acts(acts))
            }
            Request::SignArtifact { project, digest } => {
                let now = ceremony::not_before_keys(&self.vault, now);
                Ok(Reply::Acts(vec![self.acts.sign_artifact(&self.vault, &project, &digest, now)?]))
            }
            Request::LastCheckpoint => {
                let _lock = lock(dir)?;
                Ok(Reply::Checkpoint(notes::last(self, now)?.to_text()))
            }
            Request::SignCheckpoint { origin, size, root, proof } => {
                let _lock = lock(dir)?;
                Ok(Reply::Checkpoint(notes::sign(self, origin, size, root, &proof, now)?.to_text()))
            }
            Request::Ceremony(_) => Err(SignerError::Protocol("a ceremony in the wrong place")),
        }
    }
}
