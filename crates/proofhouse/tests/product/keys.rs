//! The keys of an installation, as the people who look after them meet them.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use attest::{SignerClient, keys::Purpose, signer::Ceremony};
use serde_json::{Value, json};

use crate::support::{Answer, PROOFHOUSE, Site};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Signs a file and asks the verifier for other people's bundles about it.
fn signs_and_verifies(site: &Site, sign: impl Fn(&[&str]) -> Answer) -> Value {
    site.write("file.bin", "some bytes\n");
    sign(&["sign", "file.bin", "--project", "shop"]).expect(0);
    site.proofhouse(&["trust", "root", "--to", "root.json"]).expect(0);
    let shown = site.proofhouse(&["ledger", "trust"]).expect(0).json();
    let issuer = shown["issuers"][0].as_str().unwrap();
    let identity = format!("{issuer}/shop/artifact");
    let verify = [
        "conformance",
        "verify-bundle",
        "--bundle",
        "file.bin.sigstore.json",
        "--trusted-root",
        "root.json",
        "--certificate-identity",
        &identity,
        "--certificate-oidc-issuer",
        issuer,
        "file.bin",
        "--format",
        "json",
    ];
    site.proofhouse(&verify).expect(0).json()
}

fn write_json(site: &Site, name: &str, value: &Value) -> String {
    let path = site.path().join(name);
    fs::write(&path, value.to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn names_and_the_place_of_the_root_are_decided_before_the_first_key_is_made() {
    let site = Site::new();
    let root = site.path().join("root.json");
    let init = ["trust", "init", "--organisation", "Acme", "--host", "ph.acme.example", "--root-key"];
    let init: Vec<_> = init.iter().copied().chain([root.to_str().unwrap()]).collect();
    let made = site.proofhouse(&init).expect(0);
    assert!(made.err.contains("offline") && made.err.contains("root.json"), "{}", made.err);
    assert!(site.proofhouse(&init).expect(2).err.contains("key-exists"));
    let accepted = signs_and_verifies(&site, |arguments| site.proofhouse(arguments));
    assert_eq!(accepted["identity"], "https://ph.acme.example/shop/artifact");
    let text = fs::read_to_string(site.project().join("root.json")).unwrap();
    assert!(text.contains("https://log.ph.acme.example") && text.contains("Acme signing authority"));

    let away = site.proofhouse(&["trust", "rotate", "authority"]).expect(3).err;
    assert!(away.contains("key-root-away") && away.contains("--root-key"), "{away}");
    let wrong = site.proofhouse(&["trust", "rotate", "paper"]).expect(2).err;
    assert!(wrong.contains("authority"), "{wrong}");
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn an_exchange_that_a_crash_kept_from_the_ledger_is_put_down_by_the_next_command() {
    let site = Site::new();
    site.proofhouse(&["trust", "init"]).expect(0);
    // The command dies as soon as the signer has exchanged the key.
    let mut signer = SignerClient::spawn(Path::new(PROOFHOUSE), &["sign", "--stdio"], &site.home()).unwrap();
    let (purpose, from) = (Purpose::Authority, jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60));
    signer.ceremony(&Ceremony::Rotate { purpose, key: Box::default(), from, root_key: None }).unwrap();
    drop(signer);
    site.write("file.bin", "some bytes\n");
    for _ in 0..2 {
        site.proofhouse(&["sign", "file.bin"]).expect(0);
    }
    let told = site.proofhouse(&["ledger", "show", "--format", "json"]).expect(0).out;
    let about_keys: Vec<_> = told.lines().filter(|line| line.contains("predicate:key:")).collect();
    assert_eq!(about_keys.len(), 2, "{told}");
    let said = site.proofhouse(&["ledger", "show", "1"]).expect(0).json();
    assert_eq!(said["statement"]["predicate"]["action"], "noticed", "{said}");
    assert_eq!(said["statement"]["predicate"]["trust"]["serial"], 2);
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn who_knows_the_trust_file_of_before_follows_to_the_keys_of_today() {
    let site = Site::bookshelf();
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    let before = site.path().join("before.json");
    fs::write(&before, site.proofhouse(&["trust", "file"]).expect(0).out).unwrap();
    for purpose in ["authority", "time", "transparency", "log", "organisation"] {
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
        site.proofhouse(&["trust", "rotate", purpose, "--from", &soon.to_string()]).expect(0);
        thread::sleep(std::time::Duration::from_millis(3100));
    }
    site.write("notes.txt", "changed\n");
    site.commit("After the keys were exchanged");
    let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    // The target has only ever been given the first trust file.
    site.proofhouse(&["deploy", "staging"]).expect(0);

    let outputs = site.path().join("outputs");
    site.proofhouse(&["outputs", "--to", outputs.to_str().unwrap()]).expect(0);
    let name = run["outputs"][0]["path"].as_str().unwrap_or("dist/bookshelf.pyz").to_owned();
    let artifact = outputs.join(&name);
    let evidence = site.path().join("evidence.jsonl");
    let export = ["ledger", "export", "--artifact", artifact.to_str().unwrap(), evidence.to_str().unwrap()];
    site.proofhouse(&export).expect(0);
    let verify = |evidence: &Path| {
        let (bundle, trust) = (evidence.to_str().unwrap(), before.to_str().unwrap());
        site.proofhouse(&["verify", artifact.to_str().unwrap(), "--bundle", bundle, "--trust", trust])
    };
    verify(&evidence).expect(0);
    // What is stamped in the second of the loss falls as well.
    thread::sleep(std::time::Duration::from_millis(1100));
    // A lost key hands nothing over: the target is told by whoever runs it.
    let keys = site.proofhouse(&["trust", "show", "--format", "json"]).expect(0).json();
    for key in keys.as_array().unwrap().iter().filter(|key| key["purpose"] == "time") {
        let key = key["fingerprint"].as_str().unwrap();
        site.proofhouse(&["trust", "revoke", key, "--reason", "lost"]).expect(0);
    }
    site.write("notes.txt", "changed again\n");
    site.commit("After a key was lost");
    site.proofhouse(&["run"]).expect(0);
    let refused = site.proofhouse(&["deploy", "staging"]).expect(1);
    assert!(refused.text().contains("time-stamp"), "{}", refused.text());
    site.proofhouse(&["env", "trust", "staging"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);
    // Without what hands over, nothing of the new keys counts.
    let text = fs::read_to_string(&evidence).unwrap();
    let key_event = |line: &&str| {
        use base64::Engine;
        let line: Value = serde_json::from_str(line).unwrap();
        let payload = line["dsseEnvelope"]["payload"].as_str().unwrap_or_default();
        let payload = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
        String::from_utf8(payload).unwrap().contains("urn:proofhouse:predicate:key:v1")
    };
    let handed_over = text.lines().filter(key_event).count();
    assert_eq!(handed_over, 5);
    let rest: String = text.lines().filter(|line| !key_event(line)).map(|line| format!("{line}\n")).collect();
    let bare = site.path().join("bare.jsonl");
    fs::write(&bare, rest).unwrap();
    assert!(verify(&bare).expect(1).out.contains("bundle-"), "keys nobody vouched for");
}

/// A token with the PIN 4711.
fn token(site: &Site) -> String {
    let folder = site.path().join("tokens");
    fs::create_dir(&folder).unwrap();
    let conf = site.path().join("softhsm.conf");
    fs::write(&conf, format!("directories.tokendir = {}\nobjectstore.backend = file\n", folder.display()))
        .unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "proof", "--pin", "4711", "--so-pin", "12345678"])
        .env("SOFTHSM2_CONF", &conf)
        .output()
        .expect("softhsm2-util; `cargo xtask test` installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    conf.display().to_string()
}

#[test]
fn every_working_key_can_be_on_a_token_and_never_leaves_it() {
    let site = Site::new();
    let conf = token(&site);
    let on_token = |label: &str| {
        json!({ "kind": "pkcs11", "module": MODULE, "token": "proof", "label": label,
                "pin": { "env": "PROOFHOUSE_KEY_PIN" }, "make": true })
    };
    let purposes = ["organisation", "log", "authority", "transparency", "time"];
    let keys: Value = purposes.map(|purpose| (purpose.to_owned(), on_token(purpose))).into_iter().collect();
    let keys = write_json(&site, "keys.json", &keys);
    let with_token = |arguments: &[&str]| {
        let mut command = site.command(arguments);
        command.env("SOFTHSM2_CONF", &conf).env("PROOFHOUSE_KEY_PIN", "4711");
        Answer::of(command.output().unwrap())
    };
    with_token(&["trust", "init", "--keys", &keys]).expect(0);
    let accepted = signs_and_verifies(&site, with_token);
    assert_eq!(accepted["verified"], true);
    let vault = fs::read_to_string(site.home().join("keys/vault.json")).unwrap();
    assert_eq!(vault.matches("\"kind\": \"pkcs11\"").count(), 5, "{vault}");

    // Without the PIN nothing is signed, and what there is can still be read and verified.
    let without = site.command(&["sign", "file.bin"]).env("SOFTHSM2_CONF", &conf).output().unwrap();
    let refused = Answer::of(without).expect(2).err;
    assert!(refused.contains("PROOFHOUSE_KEY_PIN"), "{refused}");
    let gone = site.proofhouse(&["sign", "file.bin"]).expect(3).err;
    assert!(gone.contains("key-hsm-token-missing"), "{gone}");
    site.proofhouse(&["ledger", "verify"]).expect(0);
    // A key of a token gives way to one that is made here, and back.
    with_token(&["trust", "rotate", "transparency"]).expect(0);
    with_token(&["ledger", "verify"]).expect(0);
}

/// Runs OpenSSL in a folder.
fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let done = done.expect("openssl; `cargo xtask test` installs it");
    assert!(done.status.success(), "openssl {arguments}\n{}", String::from_utf8_lossy(&done.stderr));
}

/// A certificate authority of the organisation, made with OpenSSL: root, issuing authority, time-stamper.
fn organisation(site: &Site) -> PathBuf {
    let folder = site.path().join("ca");
    fs::create_dir(&folder).unwrap();
    let config = "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
        subjectKeyIdentifier=hash\n[leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
        [tsa]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n\
        [stamper]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\n\
        default_policy=1.2.3.4.1\ndigests=sha256\naccuracy=secs:1\ness_cert_id_alg=sha256\n";
    fs::write(folder.join("conf"), config).unwrap();
    fs::write(folder.join("serial"), "01\n").unwrap();
    let key = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out";
    for name in ["root", "ca", "tsa", "leaf"] {
        openssl(&folder, &format!("{key} {name}.key"));
    }
    openssl(
        &folder,
        "req -x509 -new -key root.key -subj /O=Acme/CN=Root -days 30 -config conf -extensions ca -out root.pem",
    );
    for (name, extensions) in [("ca", "ca"), ("tsa", "tsa"), ("leaf", "leaf")] {
        openssl(
            &folder,
            &format!("req -new -key {name}.key -subj /O=Acme/CN={name} -config conf -out {name}.csr"),
        );
        openssl(
            &folder,
            &format!(
                "x509 -req -in {name}.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile conf \
             -extensions {extensions} -out {name}.pem"
            ),
        );
        let chain = [
            fs::read(folder.join(format!("{name}.pem"))).unwrap(),
            fs::read(folder.join("root.pem")).unwrap(),
        ];
        fs::write(folder.join(format!("{name}-chain.pem")), chain.concat()).unwrap();
    }
    folder
}

#[test]
fn an_organisation_signs_with_the_authority_it_has_and_another_s_time_stamps() {
    let site = Site::new();
    let ca = organisation(&site);
    let at = |name: &str| ca.join(name).display().to_string();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://127.0.0.1:{}/tsa", listener.local_addr().unwrap().port());
    let folder = ca.clone();
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| stamp(stream, &folder)));

    let authority = |key: &str, chain: &str| json!({ "kind": "pem", "file": at(key), "chain": at(chain) });
    fs::set_permissions(ca.join("root.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    let service = |chain: &str| json!({ "kind": "rfc3161", "url": url, "chain": at(chain) });
    let init =
        |keys: Value| site.proofhouse(&["trust", "init", "--keys", &write_json(&site, "keys.json", &keys)]);
    for (keys, told) in [
        (json!({ "authority": authority("ca.key", "tsa-chain.pem") }), "another key"),
        (json!({ "authority": authority("leaf.key", "leaf-chain.pem") }), "does not verify"),
        (json!({ "authority": authority("root.pem", "ca-chain.pem") }), "BEGIN PRIVATE KEY"),
        (json!({ "time": service("ca-chain.pem") }), "certificates are needed"),
        (json!({ "time": { "kind": "rfc3161", "url": url } }), "certificates are needed"),
        (json!({ "paper": {} }), "paper"),
        (json!({ "authority": { "kind": "paper" } }), "paper"),
    ] {
        let refused = init(keys.clone());
        assert!([2, 3].contains(&refused.code) && refused.err.contains(told), "{keys}: {}", refused.err);
        assert!(!site.home().join("keys/vault.json").exists(), "{keys}");
    }
    init(json!({ "authority": authority("ca.key", "ca-chain.pem"), "time": service("tsa-chain.pem") }))
        .expect(0);
    let accepted = signs_and_verifies(&site, |arguments| site.proofhouse(arguments));
    assert_eq!(accepted["verified"], true);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    let root: Value = serde_json::from_slice(&fs::read(site.project().join("root.json")).unwrap()).unwrap();
    assert_eq!(root["certificateAuthorities"][0]["subject"]["commonName"], "ca");
    assert_eq!(root["timestampAuthorities"][0]["subject"]["commonName"], "tsa");
}

/// Answers one request for a time-stamp, as OpenSSL stamps.
fn stamp(mut stream: TcpStream, folder: &Path) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    let body = loop {
        let read = stream.read(&mut part).unwrap_or(0);
        request.extend_from_slice(&part[..read]);
        let head = request.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let length: Option<usize> =
            text.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
        match (head, length) {
            (Some(head), Some(length)) if request.len() >= head + length => {
                break request[head..head + length].to_vec();
            }
            _ if read == 0 => return,
            _ => {}
        }
    };
    fs::write(folder.join("query"), body).unwrap();
    openssl(folder, "ts -reply -config conf -section stamper -queryfile query -out reply");
    let reply = fs::read(folder.join("reply")).unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        reply.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&reply));
}

#[test]
fn a_lost_key_is_ended_from_the_day_it_was_lost() {
    let site = Site::new();
    site.write("file.bin", "some bytes\n");
    site.proofhouse(&["sign", "file.bin", "--bundle", "good.json"]).expect(0);
    thread::sleep(std::time::Duration::from_millis(2100));
    let lost = jiff::Timestamp::now().to_string();
    thread::sleep(std::time::Duration::from_millis(1100));
    site.proofhouse(&["sign", "file.bin", "--bundle", "bad.json"]).expect(0);
    let keys = site.proofhouse(&["trust", "show", "--format", "json"]).expect(0).json();
    let key = keys.as_array().unwrap().iter().find(|key| key["purpose"] == "authority").unwrap();
    let key = key["fingerprint"].as_str().unwrap()[..12].to_owned();
    let shown =
        site.proofhouse(&["trust", "revoke", &key, "--from", &lost, "--reason", "stolen disk"]).expect(0);
    assert!(shown.out.contains("revoked") && shown.out.contains("stolen disk"), "{}", shown.out);
    site.proofhouse(&["trust", "root", "--to", "root.json"]).expect(0);
    let issuer =
        site.proofhouse(&["ledger", "trust"]).expect(0).json()["issuers"][0].as_str().unwrap().to_owned();
    let verify = |bundle: &str| {
        let identity = format!("{issuer}/artifact");
        let who = ["--certificate-identity", &identity, "--certificate-oidc-issuer", &issuer];
        let what =
            ["conformance", "verify-bundle", "--bundle", bundle, "--trusted-root", "root.json", "file.bin"];
        site.proofhouse(&what.iter().chain(&who).copied().collect::<Vec<_>>())
    };
    verify("good.json").expect(0);
    assert!(verify("bad.json").expect(1).err.contains("bundle-certificate-path"));
    // It goes on with a new key, and the loss itself is in the ledger.
    thread::sleep(std::time::Duration::from_millis(1100));
    site.proofhouse(&["sign", "file.bin", "--bundle", "new.json"]).expect(0);
    verify("new.json").expect(0);
    let entries = site.proofhouse(&["ledger", "show", "--format", "json"]).expect(0).out;
    assert!(entries.contains("predicate:key:v1"), "{entries}");
    let told = site.proofhouse(&["ledger", "verify"]).expect(4).out;
    assert!(told.contains("record 1") && told.matches("damaged").count() == 1, "{told}");
}

/// A signer with a home of its own; stopped when dropped.
struct Listening(std::process::Child);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_keys_can_be_held_by_a_signer_with_a_home_of_its_own() {
    let (keeper, site) = (Site::new(), Site::new());
    keeper.proofhouse(&["trust", "init", "--host", "ph.acme.example", "--for-others"]).expect(0);
    let socket = keeper.path().join("signer.sock");
    let socket_text = socket.to_str().unwrap().to_owned();
    let asking = |arguments: &[&str]| {
        Answer::of(site.command(arguments).env("PROOFHOUSE_SIGNER", &socket).output().unwrap())
    };
    let away = asking(&["ledger", "trust"]).expect(3).err;
    assert!(away.contains("signer-unreachable") && away.contains("sign --listen"), "{away}");

    let listening = Listening(keeper.command(&["sign", "--listen", &socket_text]).spawn().unwrap());
    for _ in 0..100 {
        if std::os::unix::net::UnixStream::connect(&socket).is_ok() {
            break;
        }
        thread::sleep(std::time::Duration::from_millis(50));
    }
    site.write("file.bin", "some bytes\n");
    asking(&["sign", "file.bin", "--project", "shop"]).expect(0);
    asking(&["ledger", "verify"]).expect(0);
    assert!(!site.home().join("keys").exists(), "no key is in this home");
    let told = asking(&["trust", "rotate", "log"]).expect(3).err;
    assert!(told.contains("signer-guarded"), "{told}");
    let told = asking(&["trust", "init"]).expect(3).err;
    assert!(told.contains("signer-guarded"), "{told}");
    // Keys that are exchanged where the signer is are used at once.
    keeper.proofhouse(&["trust", "rotate", "log", "--from", "2000-01-01T00:00:00Z"]).expect(0);
    asking(&["sign", "file.bin"]).expect(0);
    asking(&["ledger", "verify"]).expect(0);
    let entries = asking(&["ledger", "show", "--format", "json"]).expect(0).out;
    assert_eq!(entries.matches("predicate:key:v1").count(), 2, "{entries}");
    let second = keeper.proofhouse(&["sign", "--listen", &socket_text]).expect(3).err;
    assert!(second.contains("another signer"), "{second}");
    if nix_is_root() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(keeper.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let home = folder.path().join("home");
        let program = folder.path().join("proofhouse");
        fs::copy(crate::support::PROOFHOUSE, &program).unwrap();
        let stranger = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program)
            .args(["--home", home.to_str().unwrap(), "--signer", &socket_text, "ledger", "trust"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let told = Answer::of(stranger).expect(3).err;
        assert!(told.contains("signer-foreign-user"), "{told}");
    }
    drop(listening);
    let gone = asking(&["sign", "file.bin"]).expect(3).err;
    assert!(gone.contains("signer-unreachable"), "{gone}");
    asking(&["ledger", "show"]).expect(0);
}

fn nix_is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0)
}
