//! Keys on tokens and hardware modules (PKCS#11 v2.40 and v3.0).
//!
//! The module is code of somebody else that runs inside the signer process. One thread owns the session
//! with it, so that calls never overlap and one that hangs does not hang the signer for ever.

mod generate;
mod key;
mod token;

use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{Opened, PlaceError, SecretSource, Signer, place::Provider};
use crate::keys::{KeyError, PublicKey};

pub use generate::generate;
use key::OpenKey;
use token::{Calls, calls};

/// Longest wait for the module; some ask a person to touch the token.
const PATIENCE: Duration = Duration::from_secs(60);

/// `{"kind":"pkcs11", …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11 {
    /// The module (`.so`), absolute; only root or the user of the signer may be able to change it.
    pub module: PathBuf,
    /// Label or serial number of the token.
    pub token: String,
    /// `CKA_LABEL` of the key; label, id or both are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// `CKA_ID` of the key in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The user PIN; missing for tokens that ask for it themselves (a pad, a touch).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<SecretSource>,
    /// Accept a key that could be read out of the token.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_exportable: bool,
}

impl Pkcs11 {
    /// Token and key for people.
    fn name(&self) -> String {
        let part = |name: &str, value: &Option<String>| value.as_ref().map(|v| format!(" {name} {v}"));
        let parts = [part("label", &self.label), part("id", &self.id)];
        format!("on the token {}{}", self.token, parts.into_iter().flatten().collect::<String>())
    }

    fn failed(&self, why: impl Into<String>) -> PlaceError {
        PlaceError::Token { token: self.token.clone(), why: why.into() }
    }
}

/// A message to sign, and where the signature goes.
type Request = (Vec<u8>, SyncSender<Result<Vec<u8>, KeyError>>);

struct TokenSigner {
    public: PublicKey,
    requests: Sender<Request>,
    place: Pkcs11,
}

impl Provider for Pkcs11 {
    /// What well-known modules read: SoftHSM, TPM 2.0, YubiHSM, Utimaco, Entrust, Thales.
    const VARIABLES: &'static [&'static str] = &[
        "SOFTHSM2_CONF",
        "TPM2_PKCS11_STORE",
        "YUBIHSM_PKCS11_CONF",
        "CS_PKCS11_R3_CFG",
        "NFAST_HOME",
        "ChrystokiConfigurationPath",
    ];

    fn open(&self, expected: Option<&PublicKey>) -> Opened {
        let (requests, queue) = channel();
        let (opened, answer) = sync_channel(1);
        let (place, expected) = (self.clone(), expected.cloned());
        let work = move || match Worker::open(place, expected) {
            Ok(worker) => {
                let _ = opened.send(Ok(worker.public.clone()));
                worker.serve(&queue);
            }
            Err(error) => {
                let _ = opened.send(Err(error));
            }
        };
        let spawned = thread::Builder::new().name("pkcs11".into()).spawn(work);
        spawned.map_err(|error| KeyError::Io(self.module.clone(), error))?;
        let public =
            answer.recv_timeout(PATIENCE).map_err(|_| self.failed("the module does not answer"))??;
        Ok(Box::new(TokenSigner { public, requests, place: self.clone() }))
    }
}

impl Signer for TokenSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (reply, answer) = sync_channel(1);
        let gone = || self.place.failed("the module does not answer");
        self.requests.send((message.to_vec(), reply)).map_err(|_| gone())?;
        answer.recv_timeout(PATIENCE).map_err(|_| gone())?
    }
}

/// The thread's side. It ends when the signer is dropped.
struct Worker {
    place: Pkcs11,
    public: PublicKey,
    key: Option<OpenKey>,
    /// Set when the token refused the PIN: tokens lock, so it is not tried again.
    refused: Option<PlaceError>,
}

impl Worker {
    fn open(place: Pkcs11, expected: Option<PublicKey>) -> Result<Self, KeyError> {
        let key = OpenKey::open(&calls(&place)?, &place, expected.as_ref())?;
        Ok(Self { place, public: key.public.clone(), key: Some(key), refused: None })
    }

    fn serve(mut self, queue: &Receiver<Request>) {
        for (message, reply) in queue {
            let _ = reply.send(self.sign(&message));
        }
        if let Ok(calls) = calls(&self.place) {
            self.close(&calls);
        }
    }

    /// Signs; when the session is lost, logs in again once.
    fn sign(&mut self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let calls = calls(&self.place)?;
        let generation = calls.generation(&self.place);
        if let Some(key) = self.key.as_ref().filter(|key| key.generation == generation) {
            match key.sign(message) {
                Ok(signature) => return Ok(signature),
                Err(error) if !token::is_lost(&error) => return Err(token::told(&self.place, &error).into()),
                Err(_) => {}
            }
        }
        self.close(&calls);
        let (calls, key) = self.again(calls, generation)?;
        let signature = key.sign(message).map_err(|error| token::told(&self.place, &error));
        self.key = Some(key);
        drop(calls);
        Ok(signature?)
    }

    /// Ends the session, unless the module has been started again since: then it has ended, and its
    /// handle may be that of another one.
    fn close(&mut self, calls: &Calls) {
        match self.key.take() {
            Some(key) if key.generation != calls.generation(&self.place) => std::mem::forget(key),
            key => drop(key),
        }
    }

    /// A new session. When the token is not seen, the module is started again, to look anew.
    fn again(&mut self, calls: Calls, generation: u64) -> Result<(Calls, OpenKey), KeyError> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone().into());
        }
        match self.once_more(&calls) {
            Err(KeyError::Place(PlaceError::TokenMissing(_) | PlaceError::Token { .. })) => {
                drop(calls);
                token::restart(&self.place, generation)?;
                let calls = token::calls(&self.place)?;
                let key = self.once_more(&calls)?;
                Ok((calls, key))
            }
            opened => Ok((calls, opened?)),
        }
    }

    fn once_more(&mut self, calls: &Calls) -> Result<OpenKey, KeyError> {
        let opened = OpenKey::open(calls, &self.place, Some(&self.public));
        if let Err(KeyError::Place(error @ (PlaceError::PinWrong(_) | PlaceError::PinLocked(_)))) = &opened {
            self.refused = Some(error.clone());
        }
        let key = opened?;
        match key.public == self.public {
            true => Ok(key),
            false => Err(PlaceError::Mismatch(self.place.name()).into()),
        }
    }
}
