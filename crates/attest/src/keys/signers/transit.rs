//! Keys in the transit engine of OpenBao or HashiCorp Vault (HTTP API, `/v1/MOUNT/sign/KEY`).
//!
//! The version is pinned: rotating the key there changes nothing here until the new public key is
//! trusted. Only the digest travels for ECDSA; Ed25519 signs messages, so there the message does.

use std::{collections::BTreeMap, path::PathBuf};

use model::Sha256;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Opened, PlaceError, SecretSource, Signer,
    https::{Answer, Service, nonsense, parsed},
    place::Provider,
};
use crate::{
    b64,
    keys::{Algorithm, KeyError, PublicKey},
};

/// `{"kind":"transit", …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transit {
    /// `https://HOST:PORT`.
    pub url: String,
    /// Where the engine is mounted: usually `transit`.
    pub mount: String,
    /// Name of the key.
    pub key: String,
    /// Version of the key, from 1.
    pub version: u32,
    /// The service's token. A file is read anew for each signature, so that an agent can renew it.
    pub token: SecretSource,
    /// Namespace, where the service has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Certificates (PEM) of the authorities to trust instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Most seconds for an answer; 10 when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u16>,
    /// Accept a key that its service would hand out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_exportable: bool,
}

struct TransitSigner {
    place: Transit,
    service: Service,
    public: PublicKey,
}

/// The answer's envelope.
#[derive(Deserialize)]
struct Enveloped<T> {
    data: T,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct KeyData {
    #[serde(rename = "type")]
    kind: String,
    keys: BTreeMap<String, Version>,
    exportable: bool,
    allow_plaintext_backup: bool,
    #[serde(default)]
    derived: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Asymmetric { public_key: String },
    Other(#[allow(dead_code, reason = "symmetric keys have only a time here")] serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Signed {
    signature: String,
}

impl Provider for Transit {
    const VARIABLES: &'static [&'static str] = &["BAO_TOKEN", "VAULT_TOKEN"];

    fn open(&self, _: Option<&PublicKey>) -> Opened {
        self.check()?;
        let service = Service::new(&self.url, self.ca.as_deref(), self.seconds)?;
        let path = format!("/v1/{}/keys/{}", self.mount, self.key);
        let public = self.key_in(&self.call(&service, "GET", &path, &[])?)?;
        Ok(Box::new(TransitSigner { place: self.clone(), service, public }))
    }
}

impl Transit {
    fn name(&self) -> String {
        format!("{}/{} version {}", self.mount, self.key, self.version)
    }

    /// Names become parts of a path, so they may not step out of it.
    fn check(&self) -> Result<(), PlaceError> {
        let part = |text: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !text.is_empty() && text.chars().all(allowed) && !matches!(text, "." | "..")
        };
        match part(&self.key) && self.mount.split('/').all(part) && self.version > 0 {
            true => Ok(()),
            false => Err(PlaceError::Invalid(format!("{} names no transit key", self.name().escape_debug()))),
        }
    }

    /// The public key of the pinned version in the answer about a key.
    ///
    /// # Errors
    /// There is none, it is not for us, or its private half could leave the service.
    pub fn key_in(&self, answer: &[u8]) -> Result<PublicKey, PlaceError> {
        let Enveloped::<KeyData> { data } = parsed(&self.url, answer)?;
        let unsuitable = |why: &str| PlaceError::Unsuitable { key: self.name(), why: why.to_owned() };
        if (data.exportable || data.allow_plaintext_backup) && !self.allow_exportable {
            return Err(PlaceError::Exportable(self.name()));
        }
        if data.derived {
            return Err(unsuitable("it is derived"));
        }
        let version = data.keys.get(&self.version.to_string());
        let Version::Asymmetric { public_key: text } =
            version.ok_or_else(|| PlaceError::NotFound(self.name()))?
        else {
            return Err(unsuitable("it has no public key"));
        };
        let key = match data.kind.as_str() {
            "ecdsa-p256" => PublicKey::from_text(text).ok(),
            // The raw key in base64, without the structure around it.
            "ed25519" => b64::decode(text).and_then(|raw| PublicKey::from_raw(Algorithm::Ed25519, &raw).ok()),
            _ => return Err(unsuitable("it is neither ecdsa-p256 nor ed25519")),
        };
        key.ok_or_else(|| unsuitable("its public key cannot be read"))
    }

    /// The signature, of the pinned version, in the answer to a request for one.
    ///
    /// # Errors
    /// There is none.
    pub fn signature_in(&self, answer: &[u8]) -> Result<Vec<u8>, PlaceError> {
        let Enveloped::<Signed> { data } = parsed(&self.url, answer)?;
        let signature =
            data.signature.strip_prefix(&format!("vault:v{}:", self.version)).and_then(b64::decode);
        signature.ok_or_else(|| nonsense(&self.url, "it holds no signature of the pinned version"))
    }

    fn call(&self, service: &Service, method: &str, path: &str, body: &[u8]) -> Result<Vec<u8>, KeyError> {
        let token = self.token.read()?;
        let mut headers = vec![("x-vault-token", token.as_str()), ("x-vault-request", "true")];
        headers.extend(self.namespace.as_deref().map(|namespace| ("x-vault-namespace", namespace)));
        let answer = service.call(method, path, &headers, body)?;
        match answer.status {
            200 => Ok(answer.body),
            _ => Err(self.refusal(service, &answer).into()),
        }
    }

    fn refusal(&self, service: &Service, answer: &Answer) -> PlaceError {
        let said = parsed::<Refusal>(&self.url, &answer.body)
            .map(|refusal| refusal.errors.join("; "))
            .unwrap_or_default();
        match answer.status {
            401 | 403 => service.denied(&said),
            404 => PlaceError::NotFound(self.name()),
            429 | 500..=599 => service.not_ready(&format!("status {}: {said}", answer.status)),
            status => nonsense(&self.url, &format!("status {status}: {said}")),
        }
    }
}

impl Signer for TransitSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let Transit { mount, key, version, .. } = &self.place;
        let (path, body) = match self.public.algorithm() {
            Algorithm::EcdsaP256 => (
                format!("/v1/{mount}/sign/{key}/sha2-256"),
                json!({
                    "input": b64::encode(Sha256::of(message).as_bytes()),
                    "prehashed": true,
                    "marshaling_algorithm": "asn1",
                    "key_version": version,
                }),
            ),
            Algorithm::Ed25519 => (
                format!("/v1/{mount}/sign/{key}"),
                json!({ "input": b64::encode(message), "key_version": version }),
            ),
        };
        let answer = self.place.call(&self.service, "POST", &path, body.to_string().as_bytes())?;
        Ok(self.place.signature_in(&answer)?)
    }
}
