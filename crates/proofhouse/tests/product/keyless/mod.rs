//! Signing with a Fulcio, a Rekor v2 and a time-stamping authority of others, through the binary, and what
//! other people's verifiers say about the bundles.

mod services;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use services::{IDENTITY, ISSUER, Services, token};

use crate::{
    interop::folder,
    support::{Answer, Site},
};

const BUNDLE: &str = "file.bin.sigstore.json";

struct Scene {
    site: Site,
    services: Services,
}

impl Scene {
    fn new() -> Self {
        let site = Site::new();
        let services = Services::start(site.path());
        site.write("root.json", &services.root);
        site.write("file.bin", "some bytes\n");
        site.write("token", token(IDENTITY, ISSUER, 600));
        let digest = model::Sha256::of("some bytes\n").hex();
        let subject = json!([{ "name": "file.bin", "digest": { "sha256": digest } }]);
        let said = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": subject,
            "predicateType": "https://example.com/review/v1", "predicate": { "by": "me" },
        });
        // Laid out for people: what is signed are these bytes, not others that mean the same.
        site.write("said.json", serde_json::to_string_pretty(&said).unwrap());
        Self { site, services }
    }

    fn configured(&self, config: &Value) {
        self.site.write("services.json", config.to_string());
    }

    fn sign(&self, more: &[&str], file: &str) -> Answer {
        let start = ["sign", file, "--services", "services.json", "--trusted-root", "root.json"];
        self.site.proofhouse(&[&start[..], &["--bundle", BUNDLE], more].concat())
    }

    /// Signs with services of which one lies; nothing may be written.
    #[track_caller]
    fn refused(&self, lies: [&str; 3], code: &str) -> Answer {
        self.configured(&self.services.config(lies));
        let answer = self.sign(&["--identity-token-file", "token"], "file.bin");
        assert!(answer.code != 0 && answer.err.contains(&format!("[{code}]")), "{lies:?}: {}", answer.text());
        assert!(!self.site.project().join(BUNDLE).exists());
        assert!(!answer.text().contains("c2lnbmVkLWJ5LW5vYm9keQ"), "the token is not repeated");
        answer
    }

    /// Whether sigstore-python, @sigstore/verify and sigstore-rust take the bundle.
    fn others_accept(&self) {
        let (project, folder) = (self.site.project(), folder());
        let path = |name: &str| project.join(name);
        let bundle: Value = serde_json::from_slice(&std::fs::read(path(BUNDLE)).unwrap()).unwrap();
        let question = json!({
            "bundle": path(BUNDLE), "artifact": path("file.bin"), "root": path("root.json"),
            "identity": IDENTITY, "issuer": ISSUER,
            "certificate": bundle["verificationMaterial"]["certificate"]["rawBytes"],
        });
        let drivers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop");
        let mut python = Command::new(folder.join("python/bin/python"));
        python.arg(drivers.join("verify_python.py"));
        let mut node = Command::new(folder.join("python/bin/node"));
        node.arg(drivers.join("verify_node.mjs")).arg(&folder);
        for mut command in [python, node, Command::new(folder.join("rust/debug/verify-rust"))] {
            command.env_clear().env("HOME", &project).env("https_proxy", "http://127.0.0.1:9");
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            writeln!(child.stdin.take().unwrap(), "{question}").unwrap();
            let told = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
            let verdict: Value = serde_json::from_str(told.lines().nth(1).unwrap_or("null")).unwrap();
            assert_eq!(verdict["verdict"], "ok", "{command:?}: {told}");
        }
    }

    fn ours_accepts(&self) {
        let who = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER];
        let start = ["conformance", "verify-bundle", "--bundle", BUNDLE, "--trusted-root", "root.json"];
        self.site.proofhouse(&[&start[..], &who, &["file.bin"]].concat()).expect(0);
    }
}

#[test]
fn a_file_and_a_statement_are_signed_with_services_of_others_and_everybody_accepts_them() {
    let scene = Scene::new();
    scene.configured(&scene.services.config([""; 3]));
    let told =
        scene.sign(&["--identity-token-file", "token", "--format", "json"], "file.bin").expect(0).json();
    assert_eq!((&told["identity"], &told["index"]), (&json!(IDENTITY), &json!(0)));
    scene.ours_accepts();
    scene.others_accept();

    // The token from the environment.
    let start = ["sign", "said.json", "--in-toto", "--services", "services.json", "--bundle", BUNDLE];
    let mut command = scene.site.command(&[&start[..], &["--trusted-root", "root.json"]].concat());
    let secret = token(IDENTITY, ISSUER, 600);
    let signed = Answer::of(command.env("SIGSTORE_ID_TOKEN", &secret).output().unwrap()).expect(0);
    assert!(signed.out.contains(IDENTITY) && signed.out.contains("entry 1"), "{}", signed.text());
    scene.ours_accepts();
    scene.others_accept();
    let bundle: Value =
        serde_json::from_slice(&std::fs::read(scene.site.project().join(BUNDLE)).unwrap()).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).unwrap();
    assert_eq!(payload, std::fs::read(scene.site.project().join("said.json")).unwrap());

    // The shared protocol.
    for (more, file) in [(&[][..], "file.bin"), (&["--in-toto"][..], "said.json")] {
        let start = ["conformance", "sign-bundle", "--identity-token", &secret, "--bundle", BUNDLE];
        let with = ["--signing-config", "services.json", "--trusted-root", "root.json"];
        scene.site.proofhouse(&[&start[..], &with, more, &[file]].concat()).expect(0);
        scene.ours_accepts();
    }
    // What plays the services here speaks what a client of other people expects.
    let mut python = Command::new(folder().join("python/bin/python"));
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/sign_python.py"));
    python.args(["services.json", "root.json", "token", "file.bin", BUNDLE]).env_clear();
    python.env("HOME", scene.site.project()).current_dir(scene.site.project());
    Answer::of(python.output().unwrap()).expect(0);
    scene.ours_accepts();
    assert_eq!(scene.services.entries.lock().unwrap().len(), 5);
    assert!(!scene.site.home().exists(), "our own keys and ledger are not touched");
    // A statement that was signed elsewhere can be taken in.
    scene.sign(&["--identity-token-file", "token", "--in-toto"], "said.json").expect(0);
    let who = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER];
    let import = ["attest", "import", BUNDLE, "--trusted-root", "root.json", "--project", "shop"];
    scene.site.proofhouse(&[&import[..], &who].concat()).expect(0);
}

#[test]
fn a_service_that_lies_gets_nothing_signed() {
    let scene = Scene::new();
    let entries = || scene.services.entries.lock().unwrap().len();
    scene.refused(["other-issuer", "", ""], "fulcio-answer");
    scene.configured(&scene.services.config(["other-key", "", ""]));
    scene.sign(&["--identity-token-file", "token"], "file.bin").expect(0);
    std::fs::remove_file(scene.site.project().join(BUNDLE)).unwrap();
    assert_eq!(entries(), 1);
    let refused = scene.refused(["other-key", "", ""], "fulcio-answer");
    assert!(refused.err.contains("for another key"), "{}", refused.err);
    for (lie, code) in [
        ("refuse", "fulcio-refused"),
        ("unknown-issuer", "fulcio-refused"),
        ("elsewhere", "fulcio-refused"),
        ("large", "fulcio-refused"),
        ("no-certificate", "fulcio-answer"),
        ("detached", "fulcio-answer"),
        ("without-log", "bundle-sct"),
    ] {
        let refused = scene.refused([lie, "", ""], code);
        assert!(!refused.err.contains('\u{1b}'), "{:?}", refused.err);
    }
    for (lie, code) in [
        ("refuse", "timestamp-refused"),
        ("garbage", "timestamp-answer"),
        ("other-signature", "timestamp-answer"),
    ] {
        scene.refused(["", lie, ""], code);
    }
    assert_eq!(entries(), 1, "a log hears only of what was verified before");
    for (lie, code) in [
        ("refuse", "rekor-refused"),
        ("version-1", "rekor-answer"),
        ("other-digest", "rekor-answer"),
        ("other-signature", "rekor-answer"),
        ("other-entry", "rekor-answer"),
        ("second-entry", "rekor-answer"),
        ("no-proof", "verify-not-logged"),
        ("other-root", "verify-inclusion-proof"),
        ("other-place", "verify-inclusion-proof"),
        ("other-log", "verify-wrong-log"),
    ] {
        scene.refused(["", "", lie], code);
    }
    // Under the root of another instance.
    let mut root: Value = serde_json::from_slice(&scene.services.root).unwrap();
    root["certificateAuthorities"] = root["timestampAuthorities"].clone();
    scene.site.write("root.json", root.to_string());
    let before = entries();
    scene.refused([""; 3], "bundle-certificate-path");
    assert_eq!(entries(), before);
}

#[test]
fn a_signing_config_or_token_that_cannot_be_used_is_refused_before_anybody_is_asked() {
    let scene = Scene::new();
    let good = scene.services.config([""; 3]);
    let with = |pointer: &str, value: Value, code: &str| {
        let mut config = good.clone();
        *config.pointer_mut(pointer).unwrap() = value;
        scene.configured(&config);
        let answer = scene.sign(&["--identity-token-file", "token"], "file.bin");
        assert!(
            answer.code == 2 && answer.err.contains(&format!("[{code}]")),
            "{pointer}: {}",
            answer.text()
        );
    };
    with("/rekorTlogUrls/0/majorApiVersion", json!(1), "rekor-version");
    with(
        "/mediaType",
        json!("application/vnd.dev.sigstore.signingconfig.v0.1+json"),
        "signing-config-malformed",
    );
    with("/rekorTlogConfig/selector", json!("SERVICE_SELECTOR_UNDEFINED"), "signing-config-malformed");
    with("/tsaConfig", json!({ "selector": "EXACT", "count": 0 }), "signing-config-malformed");
    with("/tsaConfig", json!({ "selector": "EXACT", "count": 2 }), "signing-config-service");
    with("/tsaUrls", json!([]), "signing-config-service");
    with("/caUrls/0/validFor", json!({ "start": "2999-01-01T00:00:00Z" }), "signing-config-service");
    let ended = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
    with("/rekorTlogUrls/0/validFor", ended, "signing-config-service");
    for url in ["http://fulcio.example", "file:///etc/passwd", "https://user:word@fulcio.example"] {
        with("/caUrls/0/url", json!(url), "signing-config-address");
        with("/tsaUrls/0/url", json!(url), "signing-config-address");
    }
    let mut second = good["rekorTlogUrls"][0].clone();
    second["operator"] = "another".into();
    let mut both = good.clone();
    both["rekorTlogUrls"].as_array_mut().unwrap().push(second);
    both["rekorTlogConfig"] = json!({ "selector": "ALL" });
    scene.configured(&both);
    let answer = scene.sign(&["--identity-token-file", "token"], "file.bin").expect(2);
    assert!(answer.err.contains("signing-config-logs"), "{}", answer.err);

    scene.configured(&good);
    assert!(scene.sign(&[], "file.bin").expect(2).err.contains("identity-token-missing"));
    for (text, status, code) in [
        (token(IDENTITY, ISSUER, -1), 1, "identity-token-expired"),
        ("e30.e30.e30".into(), 2, "identity-token-malformed"),
        ("e30.e30".into(), 2, "identity-token-malformed"),
        ("a".repeat(20_000), 2, "identity-token-malformed"),
    ] {
        scene.site.write("bad-token", text);
        let answer = scene.sign(&["--identity-token-file", "bad-token"], "file.bin").expect(status);
        assert!(answer.err.contains(code), "{}", answer.err);
    }
    let said = ["--identity-token-file", "token", "--in-toto"];
    assert!(scene.sign(&said, "file.bin").expect(2).err.contains("statement-malformed"));
    assert!(scene.services.entries.lock().unwrap().is_empty());
}
