//! Keys live and die, and what they signed in time goes on holding.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use attest::{
    Bundle, Ledger, LogSigner, SignerClient, Trust,
    bundle::Material,
    keys::{Purpose, Settings},
    signer::{By, Ceremony},
    sigstore::{TrustedRoot, trusted_root},
    verify::{follow, verify_bundle},
};
use model::{
    Statement, Subject, Timestamp, UserError,
    predicate::{KeyAction, KeyEvent},
};

use crate::support::{CHILD, Home, statement};

fn log_one(home: &Home, name: &str) -> Bundle {
    let mut ledger = home.ledger();
    let logged = ledger.append(&mut home.signer(), &[statement(name)], Timestamp::now()).unwrap();
    ledger.bundle(logged[0].index, &home.trust()).unwrap()
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second() + seconds).unwrap()
}

/// As if it were asked ten years later.
fn verdict(bundle: &Bundle, trust: &Trust) -> Result<(), &'static str> {
    verify_bundle(bundle, trust, later(10 * 365 * 86_400)).map(drop).map_err(|failure| failure.code())
}

fn rotate(home: &Home, purpose: Purpose, from: Timestamp) {
    home.signer().ceremony(&Ceremony::Rotate { purpose, key: Box::default(), from, root_key: None }).unwrap();
}

fn newest(home: &Home, purpose: Purpose) -> String {
    let keys = home.signer().ceremony(&Ceremony::Show).unwrap();
    keys.into_iter().rfind(|key| key.purpose == purpose).unwrap().fingerprint
}

#[test]
fn every_key_can_be_exchanged_and_old_bundles_go_on_holding() {
    let home = Home::new();
    let before = (log_one(&home, "before"), home.trust());
    for purpose in Purpose::WORKING {
        let old = newest(&home, purpose);
        rotate(&home, purpose, Timestamp::now());
        assert_ne!(newest(&home, purpose), old, "{purpose}");
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let after = log_one(&home, purpose.name());
        let trust = home.trust();
        assert_eq!(verdict(&after, &trust), Ok(()), "{purpose}");
        assert_eq!(verdict(&before.0, &trust), Ok(()), "{purpose}");
        assert_eq!(verdict(&before.0, &before.1), Ok(()), "{purpose}");
        let unknown = match purpose {
            Purpose::Authority => Err("bundle-certificate-path"),
            Purpose::Transparency => Err("bundle-certificate-path"),
            Purpose::Time => Err("bundle-timestamp-authority"),
            // The plain key signed nothing here; while log keys overlap, both sign.
            _ => Ok(()),
        };
        assert_eq!(verdict(&after, &before.1), unknown, "a {purpose} key nobody knew");
        assert!(home.ledger().verify(&trust).unwrap().ok(), "{purpose}");
    }
    // While log keys overlap both sign, so those who know only the old one can go on.
    let note = home.ledger().checkpoint().unwrap().clone();
    assert_eq!(note.note.signatures.len(), 2);
    assert!(note.verify(&before.1.logs[0].note_key().unwrap()).is_ok());
}

#[test]
fn an_announced_key_is_trusted_before_it_is_used() {
    let home = Home::new();
    home.signer();
    let old = newest(&home, Purpose::Authority);
    rotate(&home, Purpose::Authority, later(3600));
    let announced = home.trust();
    assert_eq!(announced.authorities.len(), 2);
    let bundle = log_one(&home, "still the old one");
    let mut only_old = announced.clone();
    only_old.authorities.truncate(1);
    assert_eq!(verdict(&bundle, &only_old), Ok(()));
    assert_ne!(newest(&home, Purpose::Authority), old);
}

/// The drill: somebody had the authority's key since a moment in the past.
#[test]
fn what_was_stamped_before_a_key_was_lost_stays_and_what_came_after_falls() {
    let home = Home::new();
    let good = log_one(&home, "before the loss");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let lost = Timestamp::now();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let bad = log_one(&home, "after the loss");
    assert_eq!(verdict(&bad, &home.trust()), Ok(()), "nobody knows yet");
    let key = newest(&home, Purpose::Authority);
    rotate(&home, Purpose::Authority, Timestamp::now());
    let revoke = Ceremony::Revoke { fingerprint: key[..12].into(), from: lost, reason: "stolen".into() };
    let keys = home.signer().ceremony(&revoke).unwrap();
    assert_eq!(keys.iter().find(|k| k.fingerprint == key).unwrap().revoked.as_deref(), Some("stolen"));
    let trust = home.trust();
    assert_eq!(verdict(&good, &trust), Ok(()));
    assert_eq!(verdict(&bad, &trust), Err("bundle-certificate-path"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(verdict(&log_one(&home, "with the new key"), &trust), Ok(()));
    let report = home.ledger().verify(&trust).unwrap();
    assert_eq!(
        report.damages.iter().filter_map(|damage| damage.index).collect::<Vec<_>>(),
        [1],
        "{report:?}"
    );
}

#[test]
fn a_revoked_key_signs_no_more() {
    let home = Home::new();
    let mut signer = home.signer();
    let mut ledger = home.ledger();
    ledger.append(&mut signer, &[statement("one")], Timestamp::now()).unwrap();
    let key = newest(&home, Purpose::Authority);
    let revoke = |fingerprint: &str| {
        let asked =
            Ceremony::Revoke { fingerprint: fingerprint.into(), from: Timestamp::now(), reason: "x".into() };
        home.signer().ceremony(&asked).map_err(|error| error.code())
    };
    assert_eq!(revoke("abc"), Err("key-setting"));
    assert_eq!(revoke("ffffffffffff"), Err("key-setting"));
    revoke(&key).unwrap();
    // Also in a signer that was running all the time.
    let refused = ledger.append(&mut signer, &[statement("two")], Timestamp::now()).unwrap_err();
    assert_eq!((refused.code(), ledger.size()), ("key-not-valid", 1));
    assert!(refused.hint().unwrap().contains("trust rotate"), "{refused:?}");
    rotate(&home, Purpose::Authority, Timestamp::now());
    std::thread::sleep(std::time::Duration::from_millis(1100));
    ledger.append(&mut signer, &[statement("two")], Timestamp::now()).unwrap();
}

#[test]
fn the_root_may_be_elsewhere() {
    let home = Home::new();
    let safe = tempfile::tempdir().unwrap();
    let file = safe.path().join("root.json");
    let settings = Settings {
        organisation: "Acme \"Widgets\", Inc.".into(),
        host: "ph.acme.example".into(),
        root_key: Some(file.clone()),
        keys: vec![],
    };
    let start = |settings: Settings| SignerClient::init(Path::new(CHILD), &["sign"], home.path(), settings);
    for (name, host) in [("x\n", ""), (" x", ""), ("", "Acme"), ("", "a..b"), ("", "-a.b")] {
        let wrong = Settings { organisation: name.into(), host: host.into(), ..Settings::default() };
        assert_eq!(start(wrong).err().unwrap().code(), "key-setting", "{name:?} {host:?}");
    }
    let signer = start(settings.clone()).unwrap();
    assert_eq!(signer.keys().origin, "log.ph.acme.example");
    assert_eq!(signer.keys().trust.issuers, ["https://ph.acme.example"]);
    assert_eq!(start(settings).err().unwrap().code(), "key-exists");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!home.path().join("keys/root.json").exists());
    let bundle = log_one(&home, "x");
    let Material::Certificate(leaf) = &bundle.material else { panic!() };
    let text = String::from_utf8_lossy(leaf).into_owned();
    assert!(text.contains("https://ph.acme.example/statement") && text.contains("Acme \"Widgets\", Inc."));
    TrustedRoot::parse(&trusted_root(&home.trust())).unwrap();

    let rotate = |root_key: Option<&Path>| {
        let root_key = root_key.map(Path::to_owned);
        let key = Box::default();
        let asked = Ceremony::Rotate { purpose: Purpose::Time, key, from: Timestamp::now(), root_key };
        home.signer().ceremony(&asked).map(drop).map_err(|error| error.code())
    };
    assert_eq!(rotate(None), Err("key-root-away"));
    let stranger = Home::new();
    stranger.signer();
    fs::copy(stranger.path().join("keys/unlock.key"), home.path().join("keys/other.key")).unwrap();
    assert_eq!(rotate(Some(&stranger.path().join("keys/root.json"))), Err("key-vault-sealed"));
    assert_eq!(rotate(Some(&file)), Ok(()));
}

#[test]
fn an_installation_of_the_first_version_goes_on() {
    let home = Home::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/first");
    copy(&from, home.path());
    let trust = home.trust();
    assert_eq!(trust.keys.len(), 1);
    let (ledger, recovery) = Ledger::open(&home.ledger_dir()).unwrap();
    assert!(recovery.is_clean(), "{recovery:?}");
    let old = ledger.bundle(0, &trust).unwrap();
    assert!(matches!(old.material, Material::PublicKey(_)) && old.timestamps.is_empty());
    drop(ledger);
    let new = log_one(&home, "new");
    assert!(matches!(new.material, Material::Certificate(_)));
    assert_eq!(new.tlog[0].log_index, 1);
    for bundle in [old, new] {
        assert_eq!(verdict(&bundle, &trust), Ok(()));
    }
    assert!(home.ledger().verify(&trust).unwrap().ok());
    let plain = &[statement("with the same key")];
    home.ledger().append_by(&mut home.signer(), By::OrganisationKey, plain, Timestamp::now()).unwrap();
    assert!(home.ledger().verify(&trust).unwrap().ok());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => {
                fs::copy(entry.path(), &target).unwrap();
                fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
            }
        }
    }
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn hand_over_statements_lead_across_an_exchange_of_the_log_key_too() {
    let home = Home::new();
    log_one(&home, "first");
    let (first, mut said) = (home.trust(), Vec::new());
    for purpose in [Purpose::Log, Purpose::Authority] {
        rotate(&home, purpose, later(5));
        let next = home.trust();
        said.push(handed_over(&home, &next));
        let bundles = said.iter().map(|index| home.ledger().bundle(*index, &next).unwrap());
        let reached = follow(&first, &bundles.collect::<Vec<_>>(), Timestamp::now());
        assert_eq!(reached.map(|trust| trust.serial), Some(next.serial), "{purpose}");
    }
}

/// Records that the keys are now those of `trust`; where.
fn handed_over(home: &Home, trust: &Trust) -> u64 {
    let event = KeyEvent {
        action: KeyAction::Rotated,
        actor: "somebody".into(),
        reason: String::new(),
        keys: vec![],
        trust: serde_json::to_value(trust).unwrap(),
    };
    let said = Statement::new(vec![Subject::named("key", "sha256", "00")], &event).unwrap();
    home.ledger().append(&mut home.signer(), &[said], Timestamp::now()).unwrap()[0].index
}
