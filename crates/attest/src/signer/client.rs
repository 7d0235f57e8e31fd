//! The ledger's side of the connection.

use std::{
    ffi::OsStr,
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::{net::UnixStream, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
};

use model::Sha256;

use super::{
    Act, By, Ceremony, KeyInfo, LogSigner, SignerError, SignerKeys,
    protocol::{MAX_BATCH, MAX_FRAME, Reply, Request, read_frame, write_frame},
};
use crate::{
    json,
    keys::{Settings, UNLOCK_VARIABLES, signers::is_passed_on},
    log::SignedCheckpoint,
    trust::Trust,
};

/// A connection to a signer, usually a child process that ends with it.
pub struct SignerClient {
    // Declared before the child: closing them is what lets it end.
    output: Option<Box<dyn Write + Send>>,
    input: Box<dyn Read + Send>,
    child: Option<Child>,
    keys: SignerKeys,
}

impl SignerClient {
    /// Starts `exe args` as the signer of the installation `home`. Its environment holds only
    /// `PROOFHOUSE_HOME`, [`UNLOCK_VARIABLES`] and what keys elsewhere need ([`is_passed_on`]); it ends when this client is dropped or dies.
    ///
    /// # Errors
    /// [`SignerError::Spawn`], or what the signer says about its keys.
    pub fn spawn<S: AsRef<OsStr>>(exe: &Path, args: &[S], home: &Path) -> Result<Self, SignerError> {
        Self::start(exe, args, home, None)
    }

    fn start<S: AsRef<OsStr>>(
        exe: &Path,
        args: &[S],
        home: &Path,
        first: Option<Ceremony>,
    ) -> Result<Self, SignerError> {
        let mut command = Command::new(exe);
        // A group of its own: Ctrl-C is for the command, which still needs its signatures to end well.
        command.process_group(0);
        command.args(args).env_clear().env("PROOFHOUSE_HOME", home);
        command.envs(UNLOCK_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.envs(std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_passed_on)));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(SignerError::Spawn)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(output), Some(input)) => {
                Self::connect(Box::new(input), Box::new(output), Some(child), first)
            }
            _ => Err(SignerError::Protocol("no pipes")),
        }
    }

    /// Talks to a signer that serves a socket ([`super::listen`]).
    ///
    /// # Errors
    /// Nobody serves it, or as [`Self::spawn`].
    pub fn connect_to(socket: &Path) -> Result<Self, SignerError> {
        let stream = UnixStream::connect(socket)
            .map_err(|error| SignerError::Unreachable(socket.to_owned(), error))?;
        let input = stream.try_clone().map_err(SignerError::Spawn)?;
        Self::over(input, stream)
    }

    /// Talks to a signer that serves the other end of these streams.
    ///
    /// # Errors
    /// As [`Self::spawn`].
    pub fn over(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> Result<Self, SignerError> {
        Self::connect(Box::new(input), Box::new(output), None, None)
    }

    fn connect(
        input: Box<dyn Read + Send>,
        output: Box<dyn Write + Send>,
        child: Option<Child>,
        first: Option<Ceremony>,
    ) -> Result<Self, SignerError> {
        let mut connection =
            Connection { input: Box::new(BufReader::new(input)), output: Box::new(BufWriter::new(output)) };
        let made = first.map(|first| connection.call(&Request::Ceremony(first.to_json())));
        let keys = made.transpose().and_then(|_| connection.call(&Request::Hello)).and_then(keys_of);
        let Connection { input, output } = connection;
        match keys {
            Ok(keys) => Ok(Self { output: Some(output), input, child, keys }),
            Err(error) => {
                drop((output, input));
                child.map(|mut child| child.wait());
                Err(error)
            }
        }
    }

    /// Starts a signer as [`Self::spawn`] does, which first makes the keys of this installation.
    ///
    /// # Errors
    /// There are keys already, or as [`Self::spawn`].
    pub fn init<S: AsRef<OsStr>>(
        exe: &Path,
        args: &[S],
        home: &Path,
        settings: Settings,
    ) -> Result<Self, SignerError> {
        Self::start(exe, args, home, Some(Ceremony::Init(settings)))
    }

    /// Does something about the keys themselves; all keys afterwards.
    ///
    /// # Errors
    /// Any [`SignerError`]; then nothing changed.
    pub fn ceremony(&mut self, asked: &Ceremony) -> Result<Vec<KeyInfo>, SignerError> {
        let Reply::Keys(text) = self.call(&Request::Ceremony(asked.to_json()))? else {
            return Err(SignerError::Protocol("another reply than expected"));
        };
        self.hello()?;
        json::parse(&text, MAX_FRAME).map_err(|_| SignerError::Protocol("a list of keys"))
    }

    /// The trust file for verifiers, as it is now.
    ///
    /// # Errors
    /// Any [`SignerError`].
    pub fn trust(&mut self) -> Result<Trust, SignerError> {
        self.hello()?;
        Ok(self.keys.trust.clone())
    }

    /// Asks for the public keys again: another process may have exchanged some.
    fn hello(&mut self) -> Result<(), SignerError> {
        let reply = self.call(&Request::Hello)?;
        self.keys = keys_of(reply)?;
        Ok(())
    }

    /// Process id of the signer, when it is a child.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    fn call(&mut self, request: &Request) -> Result<Reply, SignerError> {
        let gone = || SignerError::Gone(io::ErrorKind::BrokenPipe.into());
        exchange(&mut *self.input, &mut **self.output.as_mut().ok_or_else(gone)?, request)
    }

    fn acts(&mut self, request: &Request, count: usize) -> Result<Vec<Act>, SignerError> {
        match self.call(request)? {
            Reply::Acts(acts) if acts.len() == count => Ok(acts),
            _ => Err(SignerError::Protocol("another reply than expected")),
        }
    }

    fn note(&mut self, request: &Request) -> Result<SignedCheckpoint, SignerError> {
        let Reply::Checkpoint(note) = self.call(request)? else {
            return Err(SignerError::Protocol("another reply than expected"));
        };
        let bad = SignerError::Protocol("a checkpoint without a good signature");
        let Ok(note) = SignedCheckpoint::parse(&note) else { return Err(bad) };
        if !self.keys.signed(&note) {
            // The key may have been exchanged since.
            self.hello()?;
        }
        if self.keys.signed(&note) { Ok(note) } else { Err(bad) }
    }
}

impl LogSigner for SignerClient {
    fn keys(&self) -> &SignerKeys {
        &self.keys
    }

    fn sign_statements(&mut self, by: By, statements: &[Vec<u8>]) -> Result<Vec<Act>, SignerError> {
        let mut acts = Vec::with_capacity(statements.len());
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for statement in statements {
            let cost = statement.len() + 8;
            if batch.len() == MAX_BATCH || bytes + cost > MAX_FRAME / 2 && !batch.is_empty() {
                let request = Request::SignStatements { by, statements: std::mem::take(&mut batch) };
                acts.extend(self.acts(&request, statements_of(&request))?);
                bytes = 0;
            }
            bytes += cost;
            batch.push(statement.clone());
        }
        if !batch.is_empty() {
            let request = Request::SignStatements { by, statements: batch };
            acts.extend(self.acts(&request, statements_of(&request))?);
        }
        Ok(acts)
    }

    fn sign_artifact(&mut self, project: &str, digest: Sha256) -> Result<Act, SignerError> {
        let request = Request::SignArtifact { project: project.to_owned(), digest };
        self.acts(&request, 1)?.pop().ok_or(SignerError::Protocol("another reply than expected"))
    }

    fn last_checkpoint(&mut self) -> Result<SignedCheckpoint, SignerError> {
        self.note(&Request::LastCheckpoint)
    }

    fn sign_checkpoint(
        &mut self,
        size: u64,
        root: Sha256,
        proof: &[Sha256],
    ) -> Result<SignedCheckpoint, SignerError> {
        let origin = self.keys.origin.clone();
        let note = self.note(&Request::SignCheckpoint { origin, size, root, proof: proof.to_vec() })?;
        match note.checkpoint.size == size && note.checkpoint.root == root {
            true => Ok(note),
            false => Err(SignerError::Protocol("a checkpoint that was not asked for")),
        }
    }
}

impl Drop for SignerClient {
    fn drop(&mut self) {
        self.output = None;
        if let Some(child) = &mut self.child {
            // Its input has ended, so it ends too; waiting leaves no zombie.
            let _ = child.wait();
        }
    }
}

struct Connection {
    input: Box<dyn Read + Send>,
    output: Box<dyn Write + Send>,
}

impl Connection {
    fn call(&mut self, request: &Request) -> Result<Reply, SignerError> {
        exchange(&mut *self.input, &mut *self.output, request)
    }
}

fn exchange(input: &mut dyn Read, output: &mut dyn Write, request: &Request) -> Result<Reply, SignerError> {
    match write_frame(output, &request.encode()) {
        // Who refuses a connection answers before it is asked, and leaves.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(SignerError::Gone(error)),
        _ => {}
    }
    let ended = || SignerError::Gone(io::ErrorKind::UnexpectedEof.into());
    let frame = read_frame(input).map_err(SignerError::Gone)?.ok_or_else(ended)?;
    match Reply::decode(&frame)? {
        Reply::Refused { code, message } => Err(SignerError::from_wire(&code, message)),
        reply => Ok(reply),
    }
}

fn statements_of(request: &Request) -> usize {
    if let Request::SignStatements { statements, .. } = request { statements.len() } else { 0 }
}

fn keys_of(reply: Reply) -> Result<SignerKeys, SignerError> {
    let strange = || SignerError::Protocol("the trust file");
    let Reply::Trust(text) = reply else { return Err(strange()) };
    let trust = Trust::parse(&text).map_err(|_| strange())?;
    let origin = trust.logs.first().ok_or_else(strange)?.origin.clone();
    Ok(SignerKeys { origin, trust })
}
