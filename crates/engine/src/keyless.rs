//! Signing with a Fulcio, a Rekor v2 and time-stamping authorities of others: the network around
//! [`attest::keyless`].
//!
//! Requests go to the addresses of the signing config only, by https (http on this machine), without proxy and
//! redirects, each with an answer of at most 1 MiB in bounded time. Every address is checked before the
//! first is asked. The token goes to Fulcio and nowhere else, also not into a message that repeats what
//! Fulcio says.

use attest::{
    Bundle,
    keyless::{
        IdentityToken, KeylessError, Request, Service as Kind, Services, SigningConfig, Stamped, Thing,
    },
    keys::{
        KeyError,
        signers::{Answer, PlaceError, Service, StampService, repeated},
    },
    sigstore::{Accepted, TrustedRoot},
};
use model::{Clock, Problem, problem::erase};
use serde_json::Value;

/// Seconds for an answer of Fulcio, and of Rekor, which answers only when its next checkpoint is there.
const FULCIO: u16 = 30;
const REKOR: u16 = 60;

/// With what something is signed.
pub struct Order<'a> {
    /// The bytes of a `signing_config.json`.
    pub services: &'a [u8],
    /// The bytes of an identity token.
    pub token: &'a [u8],
    /// Under which the finished bundle must hold.
    pub root: &'a TrustedRoot,
}

/// Signs, and verifies the finished bundle for the identity and issuer that its certificate names.
///
/// # Errors
/// Any [`KeylessError`].
pub fn sign(order: &Order<'_>, thing: Thing, clock: &dyn Clock) -> Result<(Bundle, Accepted), Problem> {
    signed(order, thing, clock).map_err(|error| erase(&error))
}

fn signed(order: &Order<'_>, thing: Thing, clock: &dyn Clock) -> Result<(Bundle, Accepted), KeylessError> {
    let token = IdentityToken::parse(order.token, clock.now())?;
    let services = SigningConfig::parse(order.services)?.services(clock.now())?;
    let Services { authority, log, stampers } = &services;
    let fulcio = Place::new(Kind::Fulcio, authority, FULCIO)?;
    let rekor = Place::new(Kind::Rekor, log, REKOR)?;
    let stampers: Vec<_> =
        stampers.iter().map(|url| Place::new(Kind::Stamper, url, FULCIO)).collect::<Result<_, _>>()?;
    let request = Request::new(&token)?;
    let answer = fulcio.post(Request::PATH, &request.body()?, &token)?;
    let signed = request.certified(&answer)?.sign(thing)?;
    let stamps = stampers.iter().map(|stamper| stamper.stamp(signed.signature()));
    let stamps = stamps.collect::<Result<_, _>>()?;
    let stamped = signed.stamped(stamps, order.root, clock.now())?;
    let answer = rekor.post(Stamped::PATH, &stamped.entry(), &token)?;
    stamped.logged(&answer, order.root, clock.now())
}

/// One service.
struct Place<'a> {
    kind: Kind,
    url: &'a str,
    service: Service,
}

impl<'a> Place<'a> {
    fn new(kind: Kind, url: &'a str, seconds: u16) -> Result<Self, KeylessError> {
        let wrong = |error: KeyError| KeylessError::Address(format!("{} ({})", repeated(url), error));
        Ok(Self { kind, url, service: Service::new(url, None, Some(seconds)).map_err(wrong)? })
    }

    /// The body of a good answer.
    fn post(&self, path: &str, body: &[u8], token: &IdentityToken) -> Result<Vec<u8>, KeylessError> {
        let json = [("content-type", "application/json"), ("accept", "application/json")];
        let answer = self.service.call("POST", path, &json, body).map_err(|error| self.failed(error))?;
        match answer.status {
            200 | 201 => Ok(answer.body),
            _ => Err(self.refused(said(&answer, token))),
        }
    }

    fn stamp(&self, signature: &[u8]) -> Result<Vec<u8>, KeylessError> {
        let stamper = StampService::Rfc3161 { url: self.url.to_owned(), ca: None };
        stamper.ask(signature).map_err(|error| match error {
            KeyError::Place(error) => self.failed(error),
            error => error.into(),
        })
    }

    fn failed(&self, error: PlaceError) -> KeylessError {
        let (service, url) = (self.kind, self.url.to_owned());
        match error {
            PlaceError::Unreachable { why, .. } => KeylessError::Unreachable { service, url, why },
            PlaceError::Answer { why, .. } => self.refused(why),
            error => self.refused(error.to_string()),
        }
    }

    fn refused(&self, why: String) -> KeylessError {
        KeylessError::Refused { service: self.kind, url: self.url.to_owned(), why }
    }
}

/// Status, and the message of an error document, unless that repeats the token.
fn said(answer: &Answer, token: &IdentityToken) -> String {
    let status = format!("HTTP status {}", answer.status);
    let text = String::from_utf8_lossy(&answer.body);
    let document = attest::check_json(&answer.body, answer.body.len()).ok();
    let document = document.and_then(|()| serde_json::from_slice::<Value>(&answer.body).ok());
    let message = document.as_ref().and_then(|document| document.get("message")?.as_str());
    match message.filter(|message| !token.is_in(message) && !token.is_in(&text)) {
        Some(message) => format!("{status}, {}", repeated(message)),
        None => status,
    }
}
