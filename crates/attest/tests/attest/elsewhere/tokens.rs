//! PKCS#11 with SoftHSM.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Keys, key, refusal};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A token `proof` with the PIN 4711, in a folder of its own.
struct Token {
    folder: TempDir,
}

impl Token {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tokens = folder.path().join("tokens");
        fs::create_dir(&tokens).unwrap();
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        fs::write(folder.path().join("conf"), text).unwrap();
        let token = Self { folder };
        token.softhsm(&[
            "--init-token",
            "--free",
            "--label",
            "proof",
            "--pin",
            "4711",
            "--so-pin",
            "12345678",
        ]);
        token
    }

    fn conf(&self) -> String {
        self.folder.path().join("conf").display().to_string()
    }

    fn softhsm(&self, arguments: &[&str]) {
        let output = Command::new("softhsm2-util").args(arguments).env("SOFTHSM2_CONF", self.conf()).output();
        let output = output.expect("softhsm2-util; `cargo xtask test` installs it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn keys(&self, pin: &str) -> Keys {
        Keys::start(&[("SOFTHSM2_CONF", &self.conf()), ("PROOFHOUSE_KEY_PIN", pin)])
    }

    /// Brings a key from outside, as `softhsm2-util --import` does: OpenSSL makes it.
    fn import(&self, label: &str, id: &str, curve: &str) {
        let file = self.folder.path().join(format!("{label}-{id}.pem"));
        let (file, option) = (file.to_str().unwrap(), format!("ec_paramgen_curve:{curve}"));
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "EC", "-pkeyopt", &option, "-out", file])
            .stderr(std::process::Stdio::null())
            .status();
        assert!(made.unwrap().success());
        self.softhsm(&["--import", file, "--token", "proof", "--label", label, "--id", id, "--pin", "4711"]);
    }

    /// Makes a key with the tool of OpenSC.
    fn tool(&self, label: &str, id: &str, more: &[&str]) {
        let made = Command::new("pkcs11-tool")
            .args(["--module", MODULE, "--token-label", "proof", "--login", "--pin", "4711", "--keypairgen"])
            .args(["--usage-sign", "--label", label, "--id", id])
            .args(more)
            .env("SOFTHSM2_CONF", self.conf())
            .output()
            .expect("pkcs11-tool; `cargo xtask test` installs it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn folder_of_the_token(&self) -> PathBuf {
        fs::read_dir(self.folder.path().join("tokens")).unwrap().next().unwrap().unwrap().path()
    }
}

fn place(label: &str) -> Value {
    json!({
        "kind": "pkcs11", "module": MODULE, "token": "proof", "label": label,
        "pin": { "env": "PROOFHOUSE_KEY_PIN" },
    })
}

fn with(mut place: Value, name: &str, value: Value) -> Value {
    place[name] = value;
    place
}

fn generate(keys: &mut Keys, label: &str, algorithm: &str) -> Value {
    keys.ask(&json!({ "do": "generate", "place": place(label), "algorithm": algorithm }))
}

#[test]
fn keys_made_on_a_token_sign_and_open_again_by_what_was_returned() {
    let token = Token::new();
    for algorithm in ["ecdsa-p256-sha256", "ed25519"] {
        let mut keys = token.keys("4711");
        let made = generate(&mut keys, algorithm, algorithm);
        let public = key(&made);
        assert_eq!(public.algorithm().name(), algorithm);
        drop(keys);
        let mut keys = token.keys("4711");
        assert_eq!(keys.open(&made["place"]), public);
        // Enough of them that r and s are now and then shorter, or have their first bit set.
        for n in 0..64 {
            keys.signs(&public, &format!("message {n}"));
        }
        // The label alone, the id alone, and the expected key pinned.
        assert_eq!(keys.open(&place(algorithm)), public);
        let by_id = with(made["place"].clone(), "label", Value::Null);
        let pinned = keys.ask(&json!({ "do": "open", "place": by_id, "expected": public.pem() }));
        assert_eq!(key(&pinned), public);
        assert_eq!(refusal(&generate(&mut keys, algorithm, algorithm)).0, "key-exists");
    }
}

#[test]
fn a_key_that_could_leave_the_token_is_refused_unless_that_is_allowed() {
    let token = Token::new();
    let mut keys = token.keys("4711");
    // As docs/keys.md says.
    token.tool("kept", "06", &["--key-type", "EC:prime256v1", "--sensitive"]);
    token.tool("edwards", "05", &["--key-type", "EC:edwards25519", "--sensitive"]);
    for label in ["kept", "edwards"] {
        let public = keys.open(&place(label));
        keys.signs(&public, "kept");
    }
    token.tool("loose", "07", &["--key-type", "EC:prime256v1", "--extractable"]);
    let (code, exit, message) = keys.refused(&place("loose"));
    assert_eq!((code.as_str(), exit), ("key-exportable", 2), "{message}");
    let public = keys.open(&with(place("loose"), "allow_exportable", json!(true)));
    keys.signs(&public, "allowed");
}

#[test]
fn what_does_not_fit_is_told_apart() {
    let token = Token::new();
    token.import("twin", "01", "P-256");
    token.import("twin", "02", "P-256");
    token.import("large", "03", "P-384");
    let mut keys = token.keys("4711");
    let cases = [
        (with(place("twin"), "module", json!("/nowhere/module.so")), "key-hsm-module-missing"),
        (with(place("twin"), "module", json!("module.so")), "key-place-invalid"),
        (with(place("twin"), "module", json!("/etc/os-release")), "key-hsm-module-missing"),
        (with(place("twin"), "token", json!("other")), "key-hsm-token-missing"),
        (place("none"), "key-not-found"),
        (with(place("twin"), "id", json!("03")), "key-not-found"),
        (place("twin"), "key-ambiguous"),
        (place("large"), "key-unsuitable"),
        (with(place("twin"), "label", Value::Null), "key-place-invalid"),
        (with(place("twin"), "id", json!("0x")), "key-place-invalid"),
        (with(place("twin"), "pin", Value::Null), "key-place-invalid"),
        (with(place("twin"), "pin", json!({ "env": "PROOFHOUSE_KEY_NONE" })), "key-secret-missing"),
        (with(place("twin"), "pin", json!({ "env": "PATH" })), "key-place-invalid"),
        (with(place("twin"), "pin", json!({ "file": "/nowhere/pin" })), "key-secret-missing"),
    ];
    for (place, expected) in cases {
        // Once logged in, a process stays so, whatever the next PIN is: each case gets its own.
        let (code, _, message) = token.keys("4711").refused(&place);
        assert_eq!(code, expected, "{place}: {message}");
    }
    let first = keys.open(&with(place("twin"), "id", json!("01")));
    let wrong =
        json!({ "do": "open", "place": with(place("twin"), "id", json!("02")), "expected": first.pem() });
    let (code, exit, _) = refusal(&keys.ask(&wrong));
    assert_eq!((code.as_str(), exit), ("key-mismatch", 4));
}

#[test]
fn a_module_that_others_can_write_or_replace_is_not_loaded() {
    let token = Token::new();
    let (folder, link) = (token.folder.path().join("modules"), token.folder.path().join("link.so"));
    let copy = folder.join("module.so");
    fs::create_dir(&folder).unwrap();
    fs::copy(MODULE, &copy).unwrap();
    std::os::unix::fs::symlink(&copy, &link).unwrap();
    let mode = |path: &PathBuf, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (folder_mode, module_mode, expected) in [
        (0o755, 0o666, "key-hsm-module-writable"),
        (0o777, 0o644, "key-hsm-module-writable"),
        (0o775, 0o644, "key-hsm-module-writable"),
        (0o1777, 0o644, "key-not-found"),
        (0o755, 0o644, "key-not-found"),
    ] {
        mode(&folder, folder_mode);
        mode(&copy, module_mode);
        for path in [&copy, &link] {
            let (code, _, message) = token.keys("4711").refused(&with(place("any"), "module", json!(path)));
            assert_eq!(code, expected, "{folder_mode:o} {module_mode:o}: {message}");
        }
    }
}

#[test]
fn the_pin_comes_from_a_private_file_too_and_a_wrong_one_is_tried_once() {
    let token = Token::new();
    generate(&mut token.keys("4711"), "k", "ecdsa-p256-sha256");
    let file = token.folder.path().join("pin");
    fs::write(&file, "4711\n").unwrap();
    let place = with(place("k"), "pin", json!({ "file": file }));
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    assert_eq!(token.keys("").refused(&place).0, "key-permissions");
    mode(0o600);
    let public = token.keys("").open(&place);
    fs::write(&file, "0000").unwrap();
    let (code, exit, message) = token.keys("").refused(&place);
    assert_eq!((code.as_str(), exit), ("key-hsm-pin-wrong", 2));
    assert!(!message.contains("0000"), "{message}");
    fs::write(&file, "4711").unwrap();
    assert_eq!(token.keys("").open(&place), public);
}

#[test]
fn many_threads_sign_with_two_keys_of_one_token_at_once() {
    let token = Token::new();
    let mut keys = token.keys("4711");
    let made = ["ecdsa-p256-sha256", "ed25519"].map(|name| generate(&mut keys, name, name)["place"].clone());
    let places: Vec<_> = made.iter().cycle().take(8).collect();
    let answer = keys.ask(&json!({ "do": "together", "places": places }));
    assert_eq!(answer["signed"], 160, "{answer}");
}

#[test]
fn a_token_that_vanishes_is_named_and_found_again_when_it_is_back() {
    let token = Token::new();
    let mut keys = token.keys("4711");
    let public = ["a", "b"].map(|label| {
        key(&generate(&mut keys, label, "ecdsa-p256-sha256"));
        key(&keys.ask(&json!({ "do": "open", "place": place(label), "as": label })))
    });
    let sign = |keys: &mut Keys, n: usize| {
        let name = if n == 0 { "a" } else { "b" };
        let answer = keys.ask(&json!({ "do": "sign", "message": "m", "as": name }));
        let bytes: Vec<u8> =
            serde_json::from_value(answer["signature"].clone()).map_err(|_| refusal(&answer))?;
        assert!(public[n].verify(b"m", &bytes));
        Ok(())
    };
    sign(&mut keys, 0).unwrap();
    let (there, away) = (token.folder_of_the_token(), token.folder.path().join("away"));
    for _ in 0..2 {
        fs::rename(&there, &away).unwrap();
        let (code, exit, message) = sign(&mut keys, 0).unwrap_err();
        assert_eq!((code.as_str(), exit), ("key-hsm-token-missing", 3), "{message}");
        fs::rename(&away, &there).unwrap();
        // The other key's session ended with the module; its handle must not be taken for a new one.
        for n in [0, 1, 0, 1] {
            sign(&mut keys, n).unwrap();
        }
    }
}

#[test]
fn a_pin_that_is_refused_at_a_new_login_is_not_tried_again() {
    let token = Token::new();
    generate(&mut token.keys("4711"), "k", "ecdsa-p256-sha256");
    let file = token.folder.path().join("pin");
    fs::write(&file, "4711").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut keys = token.keys("");
    keys.open(&with(place("k"), "pin", json!({ "file": file })));
    let (there, away) = (token.folder_of_the_token(), token.folder.path().join("away"));
    fs::rename(&there, &away).unwrap();
    assert_eq!(refusal(&keys.sign("gone")).0, "key-hsm-token-missing");
    fs::rename(&away, &there).unwrap();
    for pin in ["0000", "4711"] {
        fs::write(&file, pin).unwrap();
        // The second would be right: that it is refused, too, shows that nobody asked the token.
        assert_eq!(refusal(&keys.sign("back")).0, "key-hsm-pin-wrong");
    }
}

#[test]
fn the_signer_process_gets_what_keys_need_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let given =
        [("SOFTHSM2_CONF", "/c"), ("PROOFHOUSE_KEY_PIN", "1"), ("LD_LIBRARY_PATH", "/x"), ("SECRET", "s")];
    let answer = Keys::start(&given).ask(&json!({ "do": "environment", "home": home.path() }));
    let mut names: Vec<_> = answer["environment"]
        .as_str()
        .unwrap()
        .split('\0')
        .filter_map(|v| Some(v.split_once('=')?.0))
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["PROOFHOUSE_HOME", "PROOFHOUSE_KEY_PIN", "SOFTHSM2_CONF"]);
}
