//! Other users of the machine, and the deployed application itself, against an environment.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink},
};

use super::{config, service};
use crate::support::{Site, get};

/// Somebody else on the machine.
const STRANGER: u32 = 65534;

fn port(site: &Site) -> u16 {
    let text = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let line = text.lines().find(|line| line.trim_start().starts_with("port:")).unwrap();
    line.split(':').nth(1).unwrap().trim().parse().unwrap()
}

/// As [`config`], with the environment in a folder of its own and these further settings.
fn placed(site: &Site, settings: &str) {
    let root = site.path().join("shared/place");
    let text = config("").replace(
        "    driver: host\n",
        &format!("    driver: host\n    root: {}\n{settings}", root.display()),
    );
    site.write("proofhouse.yaml", text);
    site.commit("Placed");
}

#[test]
fn a_folder_that_somebody_else_prepared_is_not_deployed_into() {
    if !nix::unistd::geteuid().is_root() {
        return println!("only root can play two users");
    }
    let site = service("");
    placed(&site, "");
    site.proofhouse(&["run"]).expect(0);
    let (shared, proof) = (site.path().join("shared"), site.path().join("proof"));
    // The stranger was there first, with an interrupted deployment whose repair runs a program as root.
    let place = shared.join("place");
    let digest = model::Sha256::of("old").hex();
    let release = place.join("releases").join(&digest);
    fs::create_dir_all(&release).unwrap();
    let run = ["/bin/sh", "-c", &format!("id > {}; sleep 60", proof.display())];
    let how = serde_json::json!({ "argv": run, "port": port(&site), "env": {}, "account": null });
    fs::write(release.join("service.json"), how.to_string()).unwrap();
    let note = serde_json::json!({
        "deployment": "dep_01JDZZZZZZZZZZZZZZZZZZZZZZ", "artifact": "app", "digest": digest, "previous": digest,
        "decision": digest, "actor": "a", "started": "2026-01-01T00:00:00Z", "activating": true });
    fs::write(place.join("journal.json"), note.to_string()).unwrap();
    chown(&place, Some(STRANGER), None).unwrap();
    let refused = site.proofhouse(&["deploy", "production"]).expect(3);
    assert!(refused.err.contains("deploy-folder-open"), "{}", refused.err);
    assert!(!proof.exists(), "a program of somebody else ran as root");
    // Nor is one where a folder above is theirs, and everything below can be exchanged.
    fs::remove_dir_all(&place).unwrap();
    chown(&shared, Some(STRANGER), None).unwrap();
    assert!(site.proofhouse(&["deploy", "production"]).expect(3).err.contains("deploy-folder-open"));
    chown(&shared, Some(0), None).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    assert!(site.proofhouse(&["deploy", "production"]).expect(3).err.contains("deploy-folder-open"));
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o755)).unwrap();
    // The owner of what a planted link leads to does not change.
    fs::create_dir_all(&place).unwrap();
    let victim = site.path().join("victim");
    fs::write(&victim, "v").unwrap();
    symlink(&victim, place.join("data")).unwrap();
    site.proofhouse(&["deploy", "production"]);
    assert_eq!(fs::metadata(&victim).unwrap().uid(), 0);
}

#[test]
fn no_application_runs_as_root() {
    if !nix::unistd::geteuid().is_root() {
        return println!("only root could try");
    }
    let site = service("");
    placed(&site, "    user: root\n");
    site.proofhouse(&["run"]).expect(0);
    let refused = site.proofhouse(&["deploy", "production"]).expect(2);
    assert!(refused.err.contains("deploy-as-root"), "{}", refused.err);
}

#[test]
fn a_release_that_was_changed_is_not_started_again_by_a_roll_back_or_a_restart() {
    let site = service("");
    placed(&site, "");
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "production"]).expect(0);
    assert!(get(port(&site), "/").is_some());
    let lock = fs::metadata(site.path().join("shared/place/lock")).unwrap();
    assert_eq!(lock.mode() & 0o077, 0, "who can open the lock can hold it");
    let release = site.path().join("shared/place/current").canonicalize().unwrap();
    let artifact = release.join("app");
    let good = fs::read_to_string(&artifact).unwrap();
    fs::remove_file(&artifact).unwrap();
    fs::write(&artifact, format!("{good}# changed\n")).unwrap();
    fs::set_permissions(&artifact, fs::Permissions::from_mode(0o555)).unwrap();
    // The next release is not healthy, so the one before would come back.
    site.write("app.sh", "#!/bin/sh\nexit 1\n");
    site.commit("Sick");
    site.proofhouse(&["run"]).expect(0);
    let failed = site.proofhouse(&["deploy", "production", "--format", "json"]).expect(1).json();
    assert_ne!(failed["result"], "deployed");
    assert!(get(port(&site), "/").is_none(), "the changed release runs: {failed}");
    let status = site.proofhouse(&["env", "status", "--format", "json"]).expect(0).out;
    assert!(status.contains("does not hold the bytes"), "{status}");
}

#[test]
fn an_artifact_cannot_take_the_place_of_what_a_release_keeps_beside_it() {
    let site = service("");
    site.write("proofhouse.yaml", config("").replace("dist/app", "dist/service.before"));
    site.commit("A chosen name");
    site.proofhouse(&["run"]).expect(0);
    let refused = site.proofhouse(&["deploy", "production"]).expect(3);
    assert!(refused.err.contains("deploy-name-reserved"), "{}", refused.err);
}

#[test]
fn the_deployed_application_cannot_get_at_the_keys_nor_change_what_it_is() {
    let site = service("");
    // What an attacker would do who has taken the application over.
    let tries = format!(
        "#!/bin/sh
cat {home}/keys/* > \"$2/keys\"; cat /proc/*/environ > /dev/null
echo x >> \"$0\"; echo x > \"$(dirname \"$0\")/service.json\"; echo x > \"$2/../trust.json\"; ln -s / \"$2/../current.new\"
{binary} sign --home {home} < /dev/null > \"$2/signer\"
kill -STOP $PPID && echo stopped > \"$2/stopped\"
echo tried > \"$2/tried\"
exec python3 -m http.server --bind 127.0.0.1 --directory \"$2\" \"$1\"
",
        home = site.home().display(),
        binary = crate::support::PROOFHOUSE,
    );
    site.write("app.sh", tries);
    site.commit("Taken over");
    site.proofhouse(&["run"]).expect(0);
    let deployed = site.proofhouse(&["deploy", "production", "--format", "json"]);
    let tried = |name: &str| get(port(&site), &format!("/{name}")).unwrap_or_default();
    assert_eq!(tried("tried").trim(), "tried", "{}", deployed.text());
    deployed.expect(0);
    assert!(tried("keys").is_empty(), "it read the keys");
    assert_ne!(tried("stopped").trim(), "stopped", "it stopped its supervisor");
    site.proofhouse(&["deploy", "production"]).expect(0);
    assert!(site.proofhouse(&["env", "status"]).expect(0).out.contains("running"));
}

#[test]
fn an_environment_of_another_installation_is_neither_stopped_nor_taken_for_ours() {
    let site = service("");
    placed(&site, "");
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "production"]).expect(0);
    let other = |arguments: &[&str]| {
        let mut command = site.command(arguments);
        crate::support::Answer::of(
            command.env("PROOFHOUSE_HOME", site.path().join("other")).output().unwrap(),
        )
    };
    let refused = other(&["env", "stop", "production"]).expect(3);
    assert!(refused.err.contains("environment-foreign"), "{}", refused.err);
    let status = other(&["env", "status"]).expect(0);
    assert!(status.err.contains("another installation"), "{}", status.err);
    assert!(site.proofhouse(&["env", "status"]).expect(0).out.contains("running"));
    site.proofhouse(&["env", "stop", "production"]).expect(0);
}
