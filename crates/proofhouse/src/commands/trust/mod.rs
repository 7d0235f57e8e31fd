//! `proofhouse trust`: the keys of this installation, and what others need to believe them.

mod place;

use attest::{
    keys::{Purpose, Settings},
    signer::{Ceremony, KeyInfo},
    sigstore::trusted_root,
};
use engine::home::cannot;
use jiff::SignedDuration;
use model::{Exit, Problem, Timestamp, predicate::KeyAction};

use super::ledger::print_bytes;
use crate::{
    app::{App, actor},
    args::{Global, RevokeArgs, RotateArgs, TrustCommand, TrustInitArgs},
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

/// So long the key before goes on signing: also the statement that hands over to the new one, by which
/// others who know only the old key can follow.
const HAND_OVER: SignedDuration = SignedDuration::from_secs(30);

pub fn trust(global: &Global, command: &TrustCommand) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    match command {
        TrustCommand::Init(arguments) => init(&app, arguments),
        TrustCommand::Show => {
            let keys = app.recorder.ceremony(&Ceremony::Show)?;
            show(&app, &keys);
            Ok(Exit::Success)
        }
        TrustCommand::File => print_bytes(&app.recorder.trust()?.to_json()),
        TrustCommand::Root { to } => {
            let bytes = trusted_root(&app.recorder.trust()?);
            match to {
                None => print_bytes(&bytes),
                Some(to) => {
                    std::fs::write(to, bytes).map_err(|e| cannot(to, "write", &e))?;
                    Ok(Exit::Success)
                }
            }
        }
        TrustCommand::Key => key(&app),
        TrustCommand::Rotate(arguments) => rotate(&app, arguments),
        TrustCommand::Revoke(arguments) => revoke(&app, arguments),
    }
}

/// Every key of the organisation that is valid now.
fn key(app: &App) -> Result<Exit, Problem> {
    let now = app.now();
    let trust = app.recorder.trust()?;
    let valid = trust.keys.iter().filter(|key| {
        key.valid_from.is_none_or(|from| from <= now) && key.valid_until.is_none_or(|until| now < until)
    });
    if app.json() {
        let told = |key: &attest::trust::TrustedKey| {
            serde_json::json!({
                "keyid": key.public_key.hint(), "algorithm": key.public_key.algorithm().name(),
                "fingerprint": key.public_key.fingerprint().hex(), "pem": key.public_key.pem(),
            })
        };
        ui::json(&valid.map(told).collect::<Vec<_>>());
        return Ok(Exit::Success);
    }
    print_bytes(valid.map(|key| key.public_key.pem()).collect::<String>().as_bytes())
}

fn init(app: &App, arguments: &TrustInitArgs) -> Result<Exit, Problem> {
    let settings = Settings {
        organisation: arguments.organisation.clone().unwrap_or_default(),
        host: arguments.host.clone().unwrap_or_default(),
        root_key: arguments.root_key.clone(),
        keys: arguments.keys.as_deref().map(place::keys).transpose()?.unwrap_or_default(),
    };
    app.recorder.make_keys(settings)?;
    let keys = app.recorder.ceremony(&Ceremony::Show)?;
    let every: Vec<_> = keys.iter().map(|key| key.fingerprint.clone()).collect();
    if !arguments.for_others {
        record(app, KeyAction::Made, "", &keys, &every)?;
    }
    show(app, &keys);
    let file = match &arguments.root_key {
        Some(file) => file.display().to_string(),
        None => app.home.root().join("keys/root.json").display().to_string(),
    };
    ui::note(&format!("keep {file} offline: it is needed only to exchange authorities"));
    Ok(Exit::Success)
}

fn rotate(app: &App, arguments: &RotateArgs) -> Result<Exit, Problem> {
    let purpose = purpose(&arguments.purpose)?;
    let before = app.recorder.ceremony(&Ceremony::Show)?;
    let from = arguments.from.unwrap_or_else(|| app.now() + HAND_OVER);
    let key = Box::new(arguments.key.as_deref().map(place::key).transpose()?.unwrap_or_default());
    let asked = Ceremony::Rotate { purpose, key, from, root_key: arguments.root_key.clone() };
    let keys = app.recorder.ceremony(&asked)?;
    let changed: Vec<_> = keys.iter().filter(|key| !before.contains(key)).collect();
    let changed: Vec<_> = changed.into_iter().map(|key| key.fingerprint.clone()).collect();
    record(app, KeyAction::Rotated, "", &keys, &changed)?;
    show(app, &keys);
    ui::note("give `proofhouse trust file` and `trust root` to whoever verifies, before the old key ends");
    Ok(Exit::Success)
}

fn revoke(app: &App, arguments: &RevokeArgs) -> Result<Exit, Problem> {
    let now = app.now();
    let known = app.recorder.ceremony(&Ceremony::Show)?;
    let found: Vec<_> = known.iter().filter(|key| key.fingerprint.starts_with(&arguments.key)).collect();
    if let [key] = found.as_slice()
        && key.purpose != Purpose::Root
        && !known.iter().any(|other| other != *key && other.purpose == key.purpose && valid(other, now))
    {
        // Without another one nothing could be signed any more, not even this.
        let asked = Ceremony::Rotate {
            purpose: key.purpose,
            key: Box::default(),
            from: now,
            root_key: arguments.root_key.clone(),
        };
        app.recorder.ceremony(&asked)?;
    }
    let asked = Ceremony::Revoke {
        fingerprint: arguments.key.clone(),
        from: arguments.from.unwrap_or(now),
        reason: arguments.reason.clone(),
    };
    let keys = app.recorder.ceremony(&asked)?;
    let changed: Vec<_> = keys.iter().filter(|key| !known.contains(key)).collect();
    let changed: Vec<_> = changed.into_iter().map(|key| key.fingerprint.clone()).collect();
    record(app, KeyAction::Revoked, &arguments.reason, &keys, &changed)?;
    show(app, &keys);
    ui::note(
        "give `proofhouse trust file` and `trust root` to whoever verifies, and run `proofhouse env trust` for \
         each environment; `proofhouse ledger verify` names what no longer counts",
    );
    Ok(Exit::Success)
}

fn purpose(name: &str) -> Result<Purpose, Problem> {
    Purpose::WORKING.into_iter().find(|purpose| purpose.name() == name).ok_or_else(|| {
        let names = Purpose::WORKING.map(Purpose::name).join(", ");
        Problem::new("key-setting", Exit::Input, format!("there is no key for `{name}`"))
            .with_hint(format!("one of {names}"))
    })
}

fn valid(key: &KeyInfo, now: Timestamp) -> bool {
    key.valid_from <= now && key.valid_until.is_none_or(|until| now < until)
}

/// What is done to keys is itself in the ledger that they sign; where that is another home's, it says so
/// itself the next time that it has something signed.
fn record(
    app: &App,
    action: KeyAction,
    reason: &str,
    keys: &[KeyInfo],
    changed: &[String],
) -> Result<(), Problem> {
    if action != KeyAction::Made && app.recorder.size() == 0 {
        return Ok(());
    }
    let trust = app.recorder.trust()?;
    let statement = engine::keys::event(action, &actor(), reason, keys, changed, &trust)?;
    let (_, warning) = app.recorder.record(&[statement])?;
    warning.iter().for_each(ui::warning);
    Ok(())
}

fn show(app: &App, keys: &[KeyInfo]) {
    if app.json() {
        return ui::json(&keys);
    }
    let now = app.now();
    for key in keys {
        let (style, word) = match &key.revoked {
            Some(_) => (BAD, "revoked"),
            None if now < key.valid_from => (WARN, "announced"),
            None if valid(key, now) => (GOOD, "valid"),
            None => (DIM, "ended"),
        };
        let until = key.valid_until.map_or("on".to_owned(), |until| format!("to {until}"));
        println!(
            "{BOLD}{:<13}{BOLD:#} {} {style}{word:<9}{style:#} {DIM}{} from {} {until}{DIM:#} {}",
            key.purpose.name(),
            key.fingerprint.chars().take(16).collect::<String>(),
            key.algorithm,
            key.valid_from,
            key.revoked.as_deref().map(ui::one_line).unwrap_or_default()
        );
    }
}
