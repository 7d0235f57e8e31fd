//! Witnesses: ours cosigns what only grew, and nothing else.

use std::{fs, path::PathBuf, process::Command};

use super::kit::{Log, Running};
use crate::support::{Answer, PROOFHOUSE, free_port};

/// A witness with its own key and state.
struct Witness {
    key: String,
    folder: PathBuf,
}

impl Witness {
    fn new(log: &Log, name: &str) -> Self {
        let folder = log.path(&name.replace('/', "-"));
        fs::create_dir(&folder).unwrap();
        let out = folder.join("key");
        let mut command = Command::new(PROOFHOUSE);
        command.env_clear().args(["witness", "key", "--name", name, "--out"]).arg(&out);
        let key = Answer::of(command.output().unwrap()).expect(0).out.trim().to_owned();
        fs::copy(log.path("key"), folder.join("logs")).unwrap();
        Self { key, folder }
    }

    fn command(&self, port: u16) -> Command {
        let mut command = Command::new(PROOFHOUSE);
        command.env_clear().args(["witness", "serve", "--listen", &format!("127.0.0.1:{port}")]);
        for (option, file) in [("--key", "key"), ("--logs", "logs"), ("--state", "state")] {
            command.arg(option).arg(self.folder.join(file));
        }
        command
    }

    fn serve(&self) -> Running {
        let port = free_port();
        Running::start(self.command(port), port)
    }
}

fn ask(log: &Log, home: &str, witnesses: &[(&Running, &Witness)], more: &[&str]) -> Answer {
    let mut arguments = vec!["ledger".to_owned(), "witness".to_owned()];
    for (running, witness) in witnesses {
        arguments.extend(["--ask".into(), running.url(), "--witness-key".into(), witness.key.clone()]);
    }
    arguments.extend(more.iter().map(|more| (*more).to_owned()));
    log.command(home, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The status line, content type and body of an answer to any body.
fn post(port: u16, body: &str) -> (String, String) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length:";
    write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn witnesses_cosign_what_grows_and_monitors_count_them() {
    let log = Log::new(2);
    let (one, two) = (Witness::new(&log, "w.example/one"), Witness::new(&log, "w.example/two"));
    let (first, second) = (one.serve(), two.serve());
    let both = [(&first, &one), (&second, &two)];
    ask(&log, "home", &both, &["--save"]).expect(0);
    log.grow("home", 3);
    // From what was kept: they are asked with a proof from where they are.
    log.command("home", &["ledger", "witness"]).expect(0);
    assert_eq!(log.publish("home", "public")["cosignatures"], 2);
    let keys = ["--witness-key", &one.key, "--witness-key", &two.key];
    let told = log.monitor(&log.text("public"), "state", &keys).expect(0).out;
    assert!(told.contains("cosigned by w.example/one, w.example/two"), "{told}");

    // One of them is away: enough for a quorum of one, not for two.
    log.grow("home", 1);
    drop(second);
    assert!(log.command("home", &["ledger", "witness"]).expect(3).out.contains("log-unreachable"));
    ask(&log, "home", &[(&first, &one)], &[]).expect(0);
    log.publish("home", "public");
    let told = log.monitor(&log.text("public"), "state", &keys).expect(1);
    assert!(told.err.contains("log-witness-quorum"), "{}", told.err);
    log.monitor(&log.text("public"), "state", &[&keys[..], &["--quorum", "1"]].concat()).expect(0);
    // A key under two names is one witness; one that did not sign is none.
    let key = one.key.rsplit('+').next().unwrap();
    let stranger = Witness::new(&log, "w.example/stranger").key;
    let twice = ["--witness-key", &one.key, "--witness-key", &stranger, "--quorum", "2"];
    assert!(log.monitor(&log.text("public"), "state", &twice).expect(1).err.contains("log-witness-quorum"));
    assert!(!stranger.ends_with(key));
    // Cosignatures of an older checkpoint are not put on a newer one.
    log.grow("home", 1);
    assert_eq!(log.publish("home", "public")["cosignatures"], 0);
}

#[test]
fn a_witness_refuses_a_fork_and_a_rollback_also_after_it_was_killed() {
    let log = Log::new(2);
    log.copy_home("older");
    log.grow("home", 2);
    let witness = Witness::new(&log, "w.example/w");
    let running = witness.serve();
    ask(&log, "home", &[(&running, &witness)], &[]).expect(0);
    let rolled_back = ask(&log, "older", &[(&running, &witness)], &[]).expect(4).out;
    assert!(rolled_back.contains("witness-contradicts"), "{rolled_back}");
    // Nothing but this process may use the state.
    let busy = Answer::of(witness.command(free_port()).output().unwrap()).expect(3);
    assert!(busy.err.contains("witness-busy"), "{}", busy.err);
    drop(running);
    let running = witness.serve();
    for _ in 0..2 {
        log.grow("older", 2);
        // The same size with another root, then a longer tree that does not continue.
        let forked = ask(&log, "older", &[(&running, &witness)], &[]).expect(4).out;
        assert!(forked.contains("witness-contradicts"), "{forked}");
    }
    log.grow("home", 1);
    ask(&log, "home", &[(&running, &witness)], &[]).expect(0);
    drop(running);
    // A damaged state is never taken for none.
    let state = fs::read_dir(witness.folder.join("state")).unwrap().flatten().next().unwrap().path();
    fs::write(state, "").unwrap();
    let damaged = Answer::of(witness.command(free_port()).output().unwrap()).expect(4);
    assert!(damaged.err.contains("witness-state-damaged"), "{}", damaged.err);
}

#[test]
fn a_witness_answers_as_the_protocol_says() {
    let log = Log::new(3);
    let witness = Witness::new(&log, "w.example/w");
    let running = witness.serve();
    let checkpoint = fs::read_to_string(log.path("public/checkpoint")).unwrap();
    let status = |body: &str| post(running.port, body).0.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(status("old 1\n"), "400");
    assert_eq!(status(&format!("old 9\n\n{checkpoint}")), "400", "older than new");
    let origin = checkpoint.lines().next().unwrap();
    assert_eq!(status(&format!("old 0\n\n{}", checkpoint.replace(origin, "log.example"))), "404");
    assert_eq!(status(&format!("old 0\n\n{}", checkpoint.replace("\n3\n", "\n4\n"))), "403");
    assert_eq!(status(&"x".repeat(100_000)), "413");
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(status(&format!("old 0\n{hash}\n\n{checkpoint}")), "422", "a proof from nothing is empty");
    let (head, size) = post(running.port, &format!("old 2\n\n{checkpoint}"));
    assert!(head.contains(" 409 ") && head.contains("content-type: text/x.tlog.size"), "{head}");
    assert_eq!(size, "0\n");
    let (head, line) = post(running.port, &format!("old 0\n\n{checkpoint}"));
    assert!(
        head.contains(" 200 ") && line.starts_with("\u{2014} w.example/w ") && line.ends_with('\n'),
        "{head}"
    );
    let (head, size) = post(running.port, &format!("old 0\n\n{checkpoint}"));
    assert!(head.contains(" 409 ") && size == "3\n", "{head}");
    assert_eq!(status(&format!("old 3\n\n{checkpoint}")), "200", "the same again is cosigned again");
}
