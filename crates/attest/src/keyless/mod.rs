//! Signing with services of others: a certificate of a Fulcio for an identity that an OpenID provider vouches
//! for, time-stamps (RFC 3161), and one entry in a Rekor v2 log.
//!
//! The pure half: what is asked and what an answer may say. Somebody else carries both ([`IdentityToken`]
//! and [`SigningConfig`] in, a [`Request`] to Fulcio, [`Certified`], [`Signed`], [`Stamped`], a bundle out),
//! and each step can only follow the one before. No answer is believed: the certificate must be for our key
//! and for the token's issuer, everything is verified under the trusted root *before* the log is asked, as its
//! entries are public for ever, and the finished bundle is verified as anybody would.
//!
//! Sources: `fulcio.proto` (v2) of Fulcio, `rekor_service.proto` and `CLIENTS.md` of rekor-tiles,
//! `sigstore_trustroot.proto` of the Sigstore protobuf specifications, RFC 2986 (certificate requests).

mod config;
mod error;
mod request;
mod sign;
mod token;

pub use config::{MAX_CONFIG, Services, SigningConfig};
pub use error::{KeylessError, Service};
pub use request::{Certified, Request};
pub use sign::{Signed, Stamped, Thing};
pub use token::IdentityToken;

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use model::{Timestamp, UserError};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 946_684_800;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }

    fn token(claims: &[u8]) -> Result<IdentityToken, KeylessError> {
        IdentityToken::parse(format!("e30.{}.AAAA\n", URL_SAFE_NO_PAD.encode(claims)).as_bytes(), now())
    }

    fn service(url: &str, version: u64, operator: &str, start: &str) -> Value {
        let window = json!({ "start": start });
        json!({ "url": url, "majorApiVersion": version, "operator": operator, "validFor": window })
    }

    #[test]
    fn one_service_of_each_operator_is_taken_as_many_as_are_wanted() {
        let (old, new, future) = ("1990-01-01T00:00:00Z", "1999-01-01T00:00:00Z", "2001-01-01T00:00:00Z");
        let services = |selection: Value| {
            let config = json!({
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service("https://v9", 9, "a", old), service("https://ca", 1, "a", old)],
                "rekorTlogUrls": [
                    service("https://later", 2, "a", future), service("https://newest", 2, "a", new),
                    service("https://older", 2, "a", old), service("https://first", 1, "a", old),
                ],
                "rekorTlogConfig": { "selector": "ALL" },
                "tsaUrls": [
                    service("https://t1", 1, "a", old), service("https://t2", 1, "a", old),
                    service("https://t3", 1, "b", old),
                ],
                "tsaConfig": selection,
            });
            SigningConfig::parse(config.to_string().as_bytes())?.services(now())
        };
        let any = services(json!({ "selector": "ANY" })).unwrap();
        assert_eq!((any.authority.as_str(), any.log.as_str()), ("https://ca", "https://newest"));
        assert_eq!(any.stampers, ["https://t1"]);
        assert_eq!(services(json!({ "selector": "ALL" })).unwrap().stampers, ["https://t1", "https://t3"]);
        let exact = |count: u64| services(json!({ "selector": "EXACT", "count": count }));
        assert_eq!(exact(2).unwrap().stampers.len(), 2);
        assert_eq!(exact(3).unwrap_err().code(), "signing-config-service");
        assert_eq!(exact(u64::MAX).unwrap_err().code(), "signing-config-malformed");
    }

    #[test]
    fn a_token_names_somebody_until_a_time_and_gives_its_secret_away_nowhere() {
        let claims = |exp: i64| json!({ "iss": "https://i", "email": "a@b", "exp": exp }).to_string();
        let good = token(claims(NOW + 1).as_bytes()).unwrap();
        assert!(
            good.is_by("https://i") && good.is_of("a@b") && good.is_in("it said AAAA") && !good.is_in("x")
        );
        assert_eq!(token(claims(NOW).as_bytes()).err().unwrap().code(), "identity-token-expired");
        let twice = br#"{"iss":"https://i","iss":"https://j","sub":"s","exp":4102444800}"#;
        assert_eq!(token(twice).err().unwrap().code(), "identity-token-malformed");
        let behind = json!({
            "iss": "https://broker", "sub": "s", "exp": NOW + 9, "federated_claims": { "connector_id": "https://i" },
        });
        let behind = token(behind.to_string().as_bytes()).unwrap();
        assert!(behind.is_by("https://broker") && behind.is_by("https://i") && !behind.is_by("https://j"));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = SigningConfig::parse(&bytes).map(|config| config.services(now()));
            let _ = IdentityToken::parse(&bytes, now());
            let _ = token(&bytes);
            let good = token(br#"{"iss":"https://i","sub":"s","exp":4102444800}"#).unwrap();
            proptest::prop_assert!(Request::new(&good).unwrap().certified(&bytes).is_err());
        }
    }
}
