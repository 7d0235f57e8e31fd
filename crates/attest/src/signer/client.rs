//! The ledger's side of the connection.

use std::{
    ffi::OsStr,
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use model::{Sha256, statement::PAYLOAD_TYPE};

use super::{
    LogSigner, SignerError, SignerKeys,
    protocol::{MAX_BATCH, MAX_FRAME, Reply, Request, read_frame, write_frame},
};
use crate::{keys::UNLOCK_VARIABLES, log::SignedCheckpoint, trust::Trust};

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
    /// `PROOFHOUSE_HOME` and [`UNLOCK_VARIABLES`]; it ends when this client is dropped or dies.
    ///
    /// # Errors
    /// [`SignerError::Spawn`], or what the signer says about its keys.
    pub fn spawn<S: AsRef<OsStr>>(exe: &Path, args: &[S], home: &Path) -> Result<Self, SignerError> {
        let mut command = Command::new(exe);
        // A group of its own: Ctrl-C is for the command, which still needs its signatures to end well.
        command.process_group(0);
        command.args(args).env_clear().env("PROOFHOUSE_HOME", home);
        command.envs(UNLOCK_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(SignerError::Spawn)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(output), Some(input)) => Self::connect(Box::new(input), Box::new(output), Some(child)),
            _ => Err(SignerError::Protocol("no pipes")),
        }
    }

    /// Talks to a signer that serves the other end of these streams.
    ///
    /// # Errors
    /// As [`Self::spawn`].
    pub fn over(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> Result<Self, SignerError> {
        Self::connect(Box::new(input), Box::new(output), None)
    }

    fn connect(
        input: Box<dyn Read + Send>,
        output: Box<dyn Write + Send>,
        child: Option<Child>,
    ) -> Result<Self, SignerError> {
        let mut connection =
            Connection { input: Box::new(BufReader::new(input)), output: Box::new(BufWriter::new(output)) };
        let keys = connection.call(&Request::Hello).and_then(keys_of);
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

    /// The trust file for verifiers.
    ///
    /// # Errors
    /// Any [`SignerError`].
    pub fn trust(&mut self) -> Result<Trust, SignerError> {
        match self.call(&Request::Trust)? {
            Reply::Trust(text) => Trust::parse(&text).map_err(|_| SignerError::Protocol("the trust file")),
            _ => Err(SignerError::Protocol("another reply than expected")),
        }
    }

    /// Process id of the signer, when it is a child.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    fn call(&mut self, request: &Request) -> Result<Reply, SignerError> {
        let gone = || SignerError::Gone(io::ErrorKind::BrokenPipe.into());
        exchange(&mut *self.input, &mut **self.output.as_mut().ok_or_else(gone)?, request)
    }

    fn sign_batch(&mut self, statements: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, SignerError> {
        let count = statements.len();
        let request = Request::SignStatements { payload_type: PAYLOAD_TYPE.to_owned(), statements };
        match self.call(&request)? {
            Reply::Signatures(signatures) if signatures.len() == count => Ok(signatures),
            _ => Err(SignerError::Protocol("another reply than expected")),
        }
    }

    fn note(&mut self, request: &Request) -> Result<SignedCheckpoint, SignerError> {
        let Reply::Checkpoint(note) = self.call(request)? else {
            return Err(SignerError::Protocol("another reply than expected"));
        };
        let note = SignedCheckpoint::parse(&note).ok().filter(|note| note.verify(&self.keys.log).is_ok());
        note.ok_or(SignerError::Protocol("a checkpoint without a good signature"))
    }
}

impl LogSigner for SignerClient {
    fn keys(&self) -> &SignerKeys {
        &self.keys
    }

    fn sign_statements(&mut self, statements: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, SignerError> {
        let mut signatures = Vec::with_capacity(statements.len());
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for statement in statements {
            let cost = statement.len() + 8;
            if batch.len() == MAX_BATCH || bytes + cost > MAX_FRAME / 2 && !batch.is_empty() {
                signatures.extend(self.sign_batch(std::mem::take(&mut batch))?);
                bytes = 0;
            }
            bytes += cost;
            batch.push(statement.clone());
        }
        if !batch.is_empty() {
            signatures.extend(self.sign_batch(batch)?);
        }
        Ok(signatures)
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
        let origin = self.keys.log.name.clone();
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
    write_frame(output, &request.encode()).map_err(SignerError::Gone)?;
    let ended = || SignerError::Gone(io::ErrorKind::UnexpectedEof.into());
    let frame = read_frame(input).map_err(SignerError::Gone)?.ok_or_else(ended)?;
    match Reply::decode(&frame)? {
        Reply::Refused { code, message } => Err(SignerError::from_wire(&code, message)),
        reply => Ok(reply),
    }
}

fn keys_of(reply: Reply) -> Result<SignerKeys, SignerError> {
    let strange = || SignerError::Protocol("the trust file");
    let Reply::Trust(text) = reply else { return Err(strange()) };
    let trust = Trust::parse(&text).map_err(|_| strange())?;
    let (key, log) = trust.keys.first().zip(trust.logs.first()).ok_or_else(strange)?;
    let created = key.valid_from.ok_or_else(strange)?;
    let log = log.note_key().ok_or_else(strange)?;
    Ok(SignerKeys { organisation: key.public_key.clone(), log, created })
}
