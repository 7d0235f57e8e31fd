//! Publishing, serving and following.

use std::{collections::BTreeMap, fs, path::Path};

use super::kit::{Log, Running};
use crate::support::free_port;

/// Every file below a folder, by its name there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut all, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => {
                    let name = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                    all.insert(name, fs::read(entry.path()).unwrap());
                }
            }
        }
    }
    all
}

#[test]
fn a_published_ledger_has_no_statement_in_it_and_is_followed_wherever_it_is() {
    let log = Log::new(3);
    let public = files(&log.path("public"));
    let names: Vec<&str> = public.keys().map(String::as_str).collect();
    assert_eq!(names, ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"]);
    let entries = String::from_utf8_lossy(&public["tile/entries/000.p/3"]);
    assert!(
        entries.contains("hashedRekordV002") && !entries.contains("in-toto") && !entries.contains("payload")
    );

    // Over somebody else's web server, from the folder, and from our own server.
    let (python, trust) = (Running::python(&log.path("public")), log.text("trust.json"));
    let port = free_port();
    let serve = ["serve", "--public-log", "--listen", &format!("127.0.0.1:{port}")];
    let own = Running::start(log.site.command(&serve), port);
    let places =
        [python.url(), log.text("public"), format!("file://{}", log.text("public")), own.url() + "/log"];
    for (n, place) in places.iter().enumerate() {
        let first = log.monitor(place, &format!("state-{n}"), &["--expect-key", &trust]).expect(0);
        assert!(first.out.contains("3 entries (0 at the last look)"), "{}", first.text());
    }
    log.grow("home", 2);
    let published = log.publish("home", "public");
    assert_eq!(
        (&published["before"], &published["size"], &published["tiles"]),
        (&3.into(), &5.into(), &2.into())
    );
    for (n, place) in places.iter().enumerate() {
        let told = log.monitor(place, &format!("state-{n}"), &["--compare", &places[0], "--format", "json"]);
        let told = told.expect(0).out;
        let done = r#"{"event":"done","examined":2,"size":5,"unexpected":0}"#;
        assert!(told.lines().any(|line| line == done) && told.contains(r#""event":"compared""#), "{told}");
    }
    // Nothing new is nothing to do.
    let again = log.publish("home", "public");
    assert_eq!(again["tiles"], 0);

    let closed = free_port();
    let serve = ["serve", "--listen", &format!("127.0.0.1:{closed}")];
    let _own = Running::start(log.site.command(&serve), closed);
    let told = log.monitor(&format!("http://127.0.0.1:{closed}/log"), "state-9", &[]).expect(3);
    assert!(told.err.contains("log-unreachable"), "the log is not public by itself: {}", told.err);
}

#[test]
fn someone_who_is_not_expected_is_told_once_and_the_log_goes_on() {
    let log = Log::new(2);
    let nobody = "0".repeat(64);
    let who = ["--expect-key", nobody.as_str(), "--format", "json"];
    let told = log.monitor(&log.text("public"), "state", &who).expect(1).out;
    assert_eq!(told.lines().filter(|line| line.contains("unexpected-entry")).count(), 2, "{told}");
    assert!(log.monitor(&log.text("public"), "state", &who).expect(0).out.contains(r#""examined":0"#));
}

#[test]
fn a_monitor_that_goes_on_tells_what_comes_and_ends_with_the_worst_it_saw() {
    use std::io::{BufRead, BufReader};
    let log = Log::new(2);
    let mut command = std::process::Command::new(crate::support::PROOFHOUSE);
    command.env_clear().args(["ledger", "monitor", "--every", "1", "--format", "json", "--quiet"]);
    command.arg(log.path("public")).arg("--state").arg(log.path("state"));
    command.arg("--key").arg(log.path("key")).stdout(std::process::Stdio::piped());
    let mut monitor = command.spawn().unwrap();
    let mut lines = BufReader::new(monitor.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(r#""examined":2"#)));
    let busy = log.monitor(&log.text("public"), "state", &[]).expect(3);
    assert!(busy.err.contains("monitor-busy"), "{}", busy.err);
    log.grow("home", 1);
    log.publish("home", "public");
    assert!(lines.any(|line| line.contains(r#""examined":1"#)));
    let tile = log.path("public/tile/0/000.p/3");
    let bytes = fs::read(&tile).unwrap();
    fs::remove_file(&tile).unwrap();
    assert!(lines.any(|line| line.contains("log-tile-missing")), "a problem is told and the loop goes on");
    fs::write(&tile, bytes).unwrap();
    assert!(lines.any(|line| line.contains(r#""event":"done""#)));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(monitor.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert_eq!(lines.filter(|line| line.contains("problem")).count(), 0);
    assert_eq!(monitor.wait().unwrap().code(), Some(4));
}

#[test]
fn a_fork_a_rollback_and_a_split_view_are_seen_and_kept_as_evidence() {
    let log = Log::new(2);
    log.copy_home("other");
    let state = || fs::read(log.path("state/state.json")).unwrap();
    let (public, other) = (log.text("public"), log.text("elsewhere"));
    log.monitor(&public, "state", &[]).expect(0);
    log.publish("other", "elsewhere");
    log.grow("home", 2);
    log.publish("home", "public");
    log.monitor(&public, "state", &[]).expect(0);

    // The same past, but shorter.
    let before = state();
    assert!(log.monitor(&other, "state", &[]).expect(4).err.contains("log-rolled-back"));
    // As long, with another past.
    log.grow("other", 2);
    log.publish("other", "elsewhere");
    assert!(log.monitor(&other, "state", &[]).expect(4).err.contains("log-fork"));
    // Longer, with another past; and the other way round, by comparing.
    log.grow("other", 1);
    log.publish("other", "elsewhere");
    let told = log.monitor(&other, "state", &["--format", "json"]).expect(4);
    assert!(told.err.contains("log-fork") && told.err.contains("contradicts-5-"), "{}", told.err);
    assert_eq!(state(), before, "what was seen is kept");
    for (here, there, state) in [(&public, &other, "a"), (&other, &public, "b")] {
        let told = log.monitor(here, state, &["--compare", there]).expect(4);
        assert!(told.err.contains("log-split-view"), "{}", told.err);
    }
    let kept = fs::read_dir(log.path("state")).unwrap().flatten();
    let kept = kept.filter(|file| file.file_name().to_string_lossy().starts_with("contradicts-"));
    assert_eq!(kept.count(), 3, "each contradicting checkpoint is kept");
    log.monitor(&public, "state", &[]).expect(0);

    // The publisher itself refuses to put one history on top of another.
    let refused = log.command("other", &["ledger", "publish", "--to", &public]).expect(4);
    assert!(refused.err.contains("log-fork"), "{}", refused.err);
    let refused = log.command("home", &["ledger", "publish", "--to", &other]).expect(4);
    assert!(refused.err.contains("log-rolled-back"), "{}", refused.err);
}

#[test]
fn every_changed_or_missing_file_has_its_own_code_and_repair_is_noticed() {
    let log = Log::new(3);
    let server = Running::python(&log.path("public"));
    log.monitor(&server.url(), "state", &[]).expect(0);
    log.grow("home", 2);
    log.publish("home", "public");
    let original = files(&log.path("public"));
    let flipped = |name: &str| {
        let mut bytes = original[name].clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        Some(bytes)
    };
    let (tile, entries) = ("tile/0/000.p/5", "tile/entries/000.p/5");
    let cases = [
        (tile, flipped(tile), "log-root-wrong", 4),
        (tile, Some(original[tile][..64].to_vec()), "log-tile-wrong", 4),
        (tile, None, "log-tile-missing", 4),
        (entries, flipped(entries), "log-entries-wrong", 4),
        (entries, Some(original["tile/entries/000.p/3"].clone()), "log-entries-wrong", 4),
        (entries, None, "log-tile-missing", 4),
        ("checkpoint", flipped("checkpoint"), "log-checkpoint-", 4),
        ("checkpoint", Some(b"<html>moved</html>".to_vec()), "log-checkpoint-malformed", 4),
        ("checkpoint", None, "log-unreachable", 3),
    ];
    for (name, bytes, code, exit) in cases {
        let path = log.path("public").join(name);
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let told = log.monitor(&server.url(), "state", &[]).expect(exit);
        assert!(told.err.contains(code), "{name}: {code} is wanted, {}", told.err);
        fs::write(&path, &original[name]).unwrap();
    }
    // The two new entries were never skipped.
    let told = log.monitor(&server.url(), "state", &["--format", "json"]).expect(0).out;
    assert!(told.contains(r#""examined":2"#), "{told}");

    // The key is another log's; nothing answers; the state is damaged.
    let other = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    log.save("other", other);
    let key = fs::read_to_string(log.path("key")).unwrap();
    log.save("key", other);
    assert!(log.monitor(&server.url(), "new", &[]).expect(4).err.contains("log-checkpoint-signature"));
    log.save("key", &key);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    assert!(log.monitor(&nobody, "state", &[]).expect(3).err.contains("log-unreachable"));
    fs::write(log.path("state/state.json"), "{}").unwrap();
    assert!(log.monitor(&server.url(), "state", &[]).expect(4).err.contains("monitor-state-damaged"));
}

#[test]
fn a_consistency_proof_is_made_and_checked_elsewhere() {
    let log = Log::new(2);
    let old = log.text("old");
    fs::copy(log.path("public/checkpoint"), &old).unwrap();
    log.grow("home", 3);
    log.save("proof", &log.command("home", &["ledger", "consistency", "--from", &old]).expect(0).out);
    let by_size = log.command("home", &["ledger", "consistency", "--from", "2"]).expect(0).out;
    assert_eq!(by_size, fs::read_to_string(log.path("proof")).unwrap());
    let (proof, key, trust) = (log.text("proof"), log.text("key"), log.text("trust.json"));
    let check = |old: &str, key: &str| {
        log.command("nowhere", &["ledger", "consistency", "--from", old, "--check", &proof, "--key", key])
    };
    for key in [&key, &trust] {
        assert!(check(&old, key).expect(0).out.contains("continue the 2"));
    }
    assert!(!log.path("nowhere").exists(), "checking needs no installation");
    log.command("home", &["ledger", "consistency", "--from", "9"]).expect(2);

    let good = fs::read_to_string(log.path("proof")).unwrap();
    let hash = serde_json::from_str::<serde_json::Value>(&good).unwrap()["hashes"][0].to_string();
    log.save("proof", &good.replace(&hash, &format!("\"{}\"", "0".repeat(64))));
    assert!(check(&old, &key).expect(1).err.contains("consistency-wrong"));
    log.save("proof", &good.replace("\"oldSize\": 2", "\"oldSize\": 1"));
    assert!(check(&old, &key).expect(1).err.contains("consistency-other-start"));
    log.save("proof", "{}");
    assert!(check(&old, &key).expect(2).err.contains("consistency-malformed"));
    // A fork cannot be proven away.
    log.copy_home("other");
    log.grow("other", 1);
    log.publish("other", "elsewhere");
    log.grow("home", 2);
    let forked = log.text("elsewhere/checkpoint");
    let refused = log.command("home", &["ledger", "consistency", "--from", &forked]).expect(1);
    assert!(refused.err.contains("consistency-other-start"), "{}", refused.err);
}
