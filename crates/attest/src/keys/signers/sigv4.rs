//! AWS Signature Version 4 for one POST with headers only, no query: what key services ask for.

use std::fmt::Write;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use jiff::{Timestamp, tz::TimeZone};
use model::Sha256;
use zeroize::Zeroizing;

/// Who asks. From the environment of the signer.
pub(super) struct Credentials {
    pub access_key: String,
    pub secret_key: Zeroizing<String>,
    pub session_token: Option<Zeroizing<String>>,
}

/// What the signature is bound to.
pub(super) struct Scope<'a> {
    pub region: &'a str,
    pub service: &'a str,
    pub now: Timestamp,
}

impl Scope<'_> {
    /// `20150830T123600Z`: the header `x-amz-date`.
    pub fn moment(&self) -> String {
        self.now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}

/// The `authorization` header of `POST /`. `headers` are all that are signed: lower-case names in
/// order, with `host` and `x-amz-date` among them.
pub(super) fn authorization(
    who: &Credentials,
    scope: &Scope<'_>,
    headers: &[(&str, &str)],
    body: &[u8],
) -> String {
    let moment = scope.moment();
    let day = &moment[..8];
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut canonical = "POST\n/\n\n".to_owned();
    for (name, value) in headers {
        let _ = writeln!(canonical, "{name}:{}", value.trim());
    }
    let _ = write!(canonical, "\n{names}\n{}", Sha256::of(body));
    let credential = format!("{day}/{}/{}/aws4_request", scope.region, scope.service);
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{credential}\n{}", Sha256::of(canonical));
    let first = Zeroizing::new(format!("AWS4{}", who.secret_key.as_str()).into_bytes());
    let step = |key: Zeroizing<Vec<u8>>, part: &str| Zeroizing::new(hmac(&key, part));
    let key = [day, scope.region, scope.service, "aws4_request"].into_iter().fold(first, step);
    let signature = hmac(&key, &text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let access = &who.access_key;
    format!("AWS4-HMAC-SHA256 Credential={access}/{credential}, SignedHeaders={names}, Signature={signature}")
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `post-vanilla` of the test suite that AWS publishes for Signature Version 4.
    #[test]
    fn the_published_example_has_the_published_signature() {
        let who = Credentials {
            access_key: "AKIDEXAMPLE".into(),
            secret_key: Zeroizing::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into()),
            session_token: None,
        };
        let now = "2015-08-30T12:36:00Z".parse().unwrap();
        let scope = Scope { region: "us-east-1", service: "service", now };
        let headers = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
        assert_eq!(
            authorization(&who, &scope, &headers, b""),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }
}
