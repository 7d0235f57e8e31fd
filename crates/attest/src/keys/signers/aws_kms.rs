//! Keys in AWS KMS (JSON protocol 1.1, target `TrentService`): ECDSA P-256 over our own digest.
//!
//! The library of AWS is far larger than the two calls that are needed, so they are made here.

use model::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Opened, PlaceError, Signer,
    error::repeated,
    https::{Answer, Service, nonsense, parsed},
    place::Provider,
    sigv4::{Credentials, Scope, authorization},
};
use crate::{
    b64,
    keys::{Algorithm, KeyError, PublicKey},
};

const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// `{"kind":"aws-kms", …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AwsKms {
    /// Such as `eu-central-1`.
    pub region: String,
    /// Id, ARN or alias of the key.
    pub key: String,
    /// Another address than the region's own: a private endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Most seconds for an answer; 10 when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u16>,
}

struct KmsSigner {
    place: AwsKms,
    service: Service,
    public: PublicKey,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyData {
    #[serde(with = "b64", rename = "PublicKey")]
    spki: Vec<u8>,
    key_usage: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Signed {
    #[serde(with = "b64")]
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(alias = "Message", default)]
    message: String,
}

impl Provider for AwsKms {
    const VARIABLES: &'static [&'static str] = &[ACCESS_KEY, SECRET_KEY, SESSION_TOKEN];

    fn open(&self, _: Option<&PublicKey>) -> Opened {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if self.region.is_empty() || !self.region.chars().all(plain) {
            return Err(PlaceError::Invalid(format!("{:?} is not a region", self.region)).into());
        }
        // Regions in China have a domain of their own.
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let usual = || format!("https://kms.{}.{domain}", self.region);
        let service = Service::new(&self.endpoint.clone().unwrap_or_else(usual), None, self.seconds)?;
        if service.has_path() {
            return Err(PlaceError::Invalid("the endpoint of AWS KMS has no path".into()).into());
        }
        let public = self.key_in(&self.call(&service, "GetPublicKey", &json!({ "KeyId": self.key }))?)?;
        Ok(Box::new(KmsSigner { place: self.clone(), service, public }))
    }
}

impl AwsKms {
    /// The public key in the answer to `GetPublicKey`.
    ///
    /// # Errors
    /// There is none, or it is not for us.
    pub fn key_in(&self, answer: &[u8]) -> Result<PublicKey, PlaceError> {
        let data: KeyData = parsed("AWS KMS", answer)?;
        let unsuitable = |why: &str| PlaceError::Unsuitable { key: self.key.clone(), why: why.to_owned() };
        if data.key_usage != "SIGN_VERIFY" {
            return Err(unsuitable("it is not for signing"));
        }
        let public = PublicKey::from_spki(&data.spki).ok();
        let public = public.filter(|key| key.algorithm() == Algorithm::EcdsaP256);
        public.ok_or_else(|| unsuitable("it is not of the kind ECC_NIST_P256"))
    }

    /// The signature in the answer to `Sign`.
    ///
    /// # Errors
    /// There is none.
    pub fn signature_in(&self, answer: &[u8]) -> Result<Vec<u8>, PlaceError> {
        Ok(parsed::<Signed>("AWS KMS", answer)?.signature)
    }

    fn call(&self, service: &Service, action: &str, body: &Value) -> Result<Vec<u8>, KeyError> {
        let who = credentials()?;
        let scope = Scope { region: &self.region, service: "kms", now: Timestamp::now() };
        let (moment, target, body) = (scope.moment(), format!("TrentService.{action}"), body.to_string());
        let mut headers =
            vec![("content-type", CONTENT_TYPE), ("host", service.authority()), ("x-amz-date", &moment)];
        headers.extend(who.session_token.as_ref().map(|token| ("x-amz-security-token", token.as_str())));
        headers.push(("x-amz-target", &target));
        let authorization = authorization(&who, &scope, &headers, body.as_bytes());
        headers.push(("authorization", &authorization));
        let answer = service.call("POST", "/", &headers, body.as_bytes())?;
        match answer.status {
            200 => Ok(answer.body),
            _ => Err(self.refusal(service, &answer).into()),
        }
    }

    fn refusal(&self, service: &Service, answer: &Answer) -> PlaceError {
        let Ok(Refusal { kind, message }) = parsed(service.authority(), &answer.body) else {
            return match answer.status {
                401 | 403 => service.denied(&format!("status {}", answer.status)),
                500..=599 => service.not_ready(&format!("status {}", answer.status)),
                status => nonsense(service.authority(), &format!("status {status} without a reason")),
            };
        };
        let said = format!("{kind}: {message}");
        match kind.rsplit('#').next().unwrap_or_default() {
            "NotFoundException" => PlaceError::NotFound(self.key.clone()),
            "DisabledException" | "KMSInvalidStateException" | "InvalidKeyUsageException" => {
                PlaceError::Unsuitable { key: self.key.clone(), why: repeated(&message) }
            }
            "KMSInternalException" | "DependencyTimeoutException" | "ThrottlingException" => {
                service.not_ready(&said)
            }
            _ if matches!(answer.status, 400 | 401 | 403) => service.denied(&said),
            _ if answer.status >= 500 => service.not_ready(&said),
            _ => nonsense(service.authority(), &said),
        }
    }
}

fn credentials() -> Result<Credentials, PlaceError> {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let need =
        |name: &str| get(name).ok_or_else(|| PlaceError::SecretMissing(format!("the variable {name}")));
    Ok(Credentials {
        access_key: need(ACCESS_KEY)?,
        secret_key: Zeroizing::new(need(SECRET_KEY)?),
        session_token: get(SESSION_TOKEN).map(Zeroizing::new),
    })
}

impl Signer for KmsSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let request = json!({
            "KeyId": self.place.key,
            "Message": b64::encode(Sha256::of(message).as_bytes()),
            "MessageType": "DIGEST",
            "SigningAlgorithm": "ECDSA_SHA_256",
        });
        Ok(self.place.signature_in(&self.place.call(&self.service, "Sign", &request)?)?)
    }
}
