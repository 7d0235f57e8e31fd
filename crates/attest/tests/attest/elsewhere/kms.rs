//! AWS KMS as moto has it: real keys, and botocore checks the signature of every request. What moto lacks
//! (signing a digest) is added by `kms.py`; AWS itself is not asked.

use serde_json::{Value, json};

use super::{Keys, Server, http, peer, refusal};

/// The requests that set the server up; from then on it wants to be asked properly.
const SETUP: usize = 8;

struct Kms {
    server: Server,
    id: String,
    secret: String,
    keys: Vec<String>,
}

impl Kms {
    fn start() -> Self {
        let command = std::fs::read_link(peer("moto_server")).unwrap_or_else(|_| peer("moto_server"));
        let server = Server::start(&command.with_file_name("python3"), |command, port| {
            command.args([
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/attest/elsewhere/kms.py"),
                "-H",
                "127.0.0.1",
                "-p",
                &port.to_string(),
            ]);
            command.env("INITIAL_NO_AUTH_ACTION_COUNT", SETUP.to_string()).env("NO_PROXY", "*");
        });
        let port = server.port;
        iam(port, "Action=CreateUser&UserName=signer");
        let policy = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["kms:GetPublicKey", "kms:Sign"], "Resource": "*",
        }]});
        let policy = policy.to_string().replace('"', "%22").replace(' ', "");
        iam(port, &format!("Action=PutUserPolicy&UserName=signer&PolicyName=p&PolicyDocument={policy}"));
        let made = iam(port, "Action=CreateAccessKey&UserName=signer");
        let field = |name: &str| {
            let rest = made.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{made}")).1;
            rest.split_once('<').unwrap().0.to_owned()
        };
        let specs = [
            ("ECC_NIST_P256", "SIGN_VERIFY"),
            ("ECC_NIST_P256", "SIGN_VERIFY"),
            ("ECC_NIST_P384", "SIGN_VERIFY"),
        ];
        let make = |(spec, usage): (&str, &str)| {
            let made = kms(port, "CreateKey", &json!({ "KeySpec": spec, "KeyUsage": usage }));
            made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned()
        };
        let keys: Vec<_> = specs.into_iter().map(make).collect();
        kms(port, "CreateAlias", &json!({ "AliasName": "alias/release", "TargetKeyId": keys[0] }));
        kms(port, "CreateAlias", &json!({ "AliasName": "alias/other", "TargetKeyId": keys[1] }));
        Self { id: field("AccessKeyId"), secret: field("SecretAccessKey"), keys, server }
    }

    fn keys(&self) -> Keys {
        Keys::start(&[("AWS_ACCESS_KEY_ID", &self.id), ("AWS_SECRET_ACCESS_KEY", &self.secret)])
    }

    fn place(&self, key: &str) -> Value {
        let endpoint = format!("http://127.0.0.1:{}", self.server.port);
        json!({ "kind": "aws-kms", "region": "us-east-1", "key": key, "endpoint": endpoint })
    }
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

fn iam(port: u16, form: &str) -> String {
    let headers =
        [("authorization", &*authorization("iam")), ("content-type", "application/x-www-form-urlencoded")];
    super::http_text(port, "POST", "/", &headers, form)
}

fn kms(port: u16, action: &str, body: &Value) -> Value {
    let target = format!("TrentService.{action}");
    let headers = [
        ("authorization", &*authorization("kms")),
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", &target),
    ];
    http(port, "POST", "/", &headers, &body.to_string())
}

#[test]
fn a_key_signs_by_id_and_by_alias_and_requests_are_signed_as_aws_wants_it() {
    let kms = Kms::start();
    let mut keys = kms.keys();
    let public = keys.open(&kms.place("alias/release"));
    assert_eq!(keys.open(&kms.place(&kms.keys[0])), public);
    for n in 0..16 {
        keys.signs(&public, &format!("message {n}"));
    }
    let places = vec![kms.place("alias/release"); 4];
    assert_eq!(keys.ask(&json!({ "do": "together", "places": places }))["signed"], 80);
    // An alias that leads to another key now.
    let moved = json!({ "do": "open", "place": kms.place("alias/other"), "expected": public.pem() });
    assert_eq!(refusal(&keys.ask(&moved)).0, "key-mismatch");
}

#[test]
fn what_does_not_fit_is_told_apart() {
    let kms = Kms::start();
    let mut keys = kms.keys();
    let cases = [
        (kms.place("alias/none"), "key-not-found"),
        (kms.place(&kms.keys[2]), "key-unsuitable"),
        (json!({ "kind": "aws-kms", "region": "us-east-1/..", "key": "k" }), "key-place-invalid"),
        (
            json!({ "kind": "aws-kms", "region": "eu-west-1", "key": "k", "endpoint": "https://h/x" }),
            "key-place-invalid",
        ),
    ];
    for (place, expected) in cases {
        let (code, _, message) = keys.refused(&place);
        assert_eq!(code, expected, "{place}: {message}");
    }
    let place = kms.place("alias/release");
    assert_eq!(Keys::start(&[]).refused(&place).0, "key-secret-missing");
    // A wrong secret and an unknown access key: the server checks the signature of the request.
    let wrong = [("AWS_ACCESS_KEY_ID", &*kms.id), ("AWS_SECRET_ACCESS_KEY", "wrong")];
    assert_eq!(Keys::start(&wrong).refused(&place).0, "key-service-denied");
    let unknown = [("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN"), ("AWS_SECRET_ACCESS_KEY", &*kms.secret)];
    assert_eq!(Keys::start(&unknown).refused(&place).0, "key-service-denied");
}
