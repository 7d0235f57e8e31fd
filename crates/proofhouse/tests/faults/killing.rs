//! `kill -9` at random moments: of the whole process group, as a machine that goes down does, and of
//! the main process alone, as somebody with a process list does.
//!
//! The moments come from a seed that a failure prints; `PROOFHOUSE_SEED` repeats it.

use std::{
    fs,
    os::unix::process::CommandExt,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    kit::{SARIF, Tiny, entries, entries_of, files, intact, no_process_left},
    support::{Answer, Site},
};

/// Moments tried for each command, over all sites.
const MOMENTS: usize = 100;
/// Installations per command; in a new one the ledger is short and looked through quickly.
const SITES: usize = 10;
/// Strikes of this process that met their victim alive.
static HIT: AtomicUsize = AtomicUsize::new(0);
/// Threads per command.
const THREADS: usize = 2;

/// One installation in which a command is killed again and again.
struct Victim {
    tiny: Tiny,
    rng: StdRng,
    seed: u64,
    /// How long the command takes when it is let alone.
    usual: Duration,
    known: Vec<(u64, String, String)>,
}

/// What is seen after one kill.
struct After {
    /// What the killed command had printed on stdout.
    printed: String,
    /// What the next command said.
    told: Answer,
    /// Statements that were not there before.
    new: Vec<(u64, String, String)>,
}

impl Victim {
    /// Kills `arguments` at a random moment, and checks what holds for every command.
    fn strike(&mut self, arguments: &[&str]) -> After {
        let site = &self.tiny.site;
        let moment = self.usual.mul_f64(self.rng.random_range(0.0..1.1));
        let everybody: bool = self.rng.random();
        let context = format!("seed {}, {arguments:?} after {moment:?}, group {everybody}", self.seed);
        let (out, err) = (site.path().join("out"), site.path().join("err"));
        let mut command: Command = site.command(arguments);
        command
            .process_group(0)
            .stdout(fs::File::create(&out).unwrap())
            .stderr(fs::File::create(&err).unwrap());
        let mut child = command.spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        std::thread::sleep(moment);
        // It may have ended by itself.
        let _ = if everybody { killpg(pid, Signal::SIGKILL) } else { kill(pid, Signal::SIGKILL) };
        let ended = child.wait().unwrap();
        HIT.fetch_add(usize::from(ended.code().is_none()), Ordering::Relaxed);
        no_process_left(site);
        let told = site.proofhouse(&["ledger", "show", "--most", "1000000", "--format", "json"]);
        assert_eq!(told.code, 0, "{context}: {}", told.text());
        let now = entries_of(&told.out);
        assert_eq!(
            now.get(..self.known.len()),
            Some(&self.known[..]),
            "{context}: something acknowledged is gone"
        );
        let verified = site.proofhouse(&["ledger", "verify"]);
        assert_eq!(verified.code, 0, "{context}: {}", verified.text());
        let waiting = files(&site.home().join("active"));
        assert!(waiting.is_empty(), "{context}: nothing is left to recover");
        let new = now[self.known.len()..].to_vec();
        self.known = now;
        After { printed: fs::read_to_string(out).unwrap(), told, new }
    }

    fn count(&self, kind: &str) -> usize {
        self.known.iter().filter(|(_, _, found)| found.ends_with(kind)).count()
    }
}

/// Kills in many sites. `prepare` makes an installation and gives it back with the time that the
/// command usually takes; `act` strikes once; `end` looks at the site when all strikes are over.
fn everywhere(prepare: fn() -> (Tiny, Duration), act: fn(&mut Victim, usize), end: fn(&mut Victim)) {
    let given = std::env::var("PROOFHOUSE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(rand::random);
    eprintln!("PROOFHOUSE_SEED={seed}");
    let hit = HIT.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in (thread..SITES).step_by(THREADS) {
                    let (tiny, usual) = prepare();
                    let known = entries(&tiny.site);
                    let rng = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
                    let mut victim = Victim { tiny, rng, seed, usual, known };
                    (0..MOMENTS / SITES).for_each(|strike| act(&mut victim, strike));
                    end(&mut victim);
                    intact(&victim.tiny.site);
                }
            });
        }
    });
    // Other commands are struck at the same time, so this is a lower bound for all together.
    assert!(
        HIT.load(Ordering::Relaxed) - hit >= MOMENTS / 2,
        "most commands had ended before they were struck"
    );
}

fn timed(site: &Site, arguments: &[&str]) -> Duration {
    let start = Instant::now();
    site.proofhouse(arguments).expect(0);
    start.elapsed()
}

const RUN: [&str; 4] = ["run", "--no-cache", "--format", "json"];

#[test]
fn runs() {
    fn prepare() -> (Tiny, Duration) {
        let tiny = Tiny::new();
        let config = fs::read_to_string(tiny.site.project().join("proofhouse.yaml")).unwrap();
        tiny.site.write(
            "proofhouse.yaml",
            config.replace("run: cat app.pl", "run: sleep 0.1 & sleep 0.1; cat app.pl"),
        );
        tiny.site.proofhouse(&RUN).expect(0);
        let usual = timed(&tiny.site, &RUN);
        (tiny, usual)
    }
    fn act(victim: &mut Victim, _: usize) {
        let after = victim.strike(&RUN);
        assert_eq!(
            victim.count("run:v1") % 2,
            0,
            "seed {}: a run has no end: {}",
            victim.seed,
            after.told.err
        );
        let kinds: Vec<_> = after.new.iter().map(|(_, _, kind)| kind.as_str()).collect();
        if kinds.len() == 2 && kinds.iter().all(|kind| kind.ends_with("run:v1")) {
            assert!(after.told.err.contains("was interrupted"), "seed {}: {}", victim.seed, after.told.err);
        }
        if let Ok(run) = serde_json::from_str::<serde_json::Value>(&after.printed) {
            assert_eq!(run["result"], "passed");
            assert!(after.new.len() > 2, "seed {}: what was printed is there", victim.seed);
        }
    }
    fn end(victim: &mut Victim) {
        let site = &victim.tiny.site;
        site.proofhouse(&RUN).expect(0);
        let work = fs::read_dir(site.home().join("cache/work")).unwrap().count();
        assert_eq!(work, 0, "seed {}: work folders of dead runs are gone", victim.seed);
        nothing_half_written(victim);
    }
    everywhere(prepare, act, end);
}

#[test]
fn imports() {
    fn prepare() -> (Tiny, Duration) {
        let tiny = Tiny::new();
        let result = SARIF.find("{\"ruleId\"").unwrap();
        let many: Vec<String> =
            (0..200).map(|n| SARIF[result..SARIF.len() - 4].replace("r1", &format!("r{n}"))).collect();
        let text = format!("{}{}]}}]}}", &SARIF[..result], many.join(","));
        fs::write(tiny.site.home().with_file_name("report.sarif"), text).unwrap();
        let arguments = ["import", "../report.sarif", "--format", "json"];
        tiny.site.proofhouse(&arguments).expect(0);
        let usual = timed(&tiny.site, &arguments);
        (tiny, usual)
    }
    fn act(victim: &mut Victim, _: usize) {
        let after = victim.strike(&["import", "../report.sarif", "--format", "json"]);
        assert!(after.new.len() <= 1, "seed {}: all or nothing", victim.seed);
        if let Ok(imported) = serde_json::from_str::<serde_json::Value>(&after.printed) {
            let index = imported["index"].as_u64().unwrap();
            assert!(
                after.new.iter().any(|entry| entry.0 == index),
                "seed {}: {imported} was acknowledged",
                victim.seed
            );
        }
    }
    fn end(victim: &mut Victim) {
        victim.tiny.site.proofhouse(&["import", "../report.sarif"]).expect(0);
        nothing_half_written(victim);
    }
    everywhere(prepare, act, end);
}

#[test]
fn deployments() {
    fn prepare() -> (Tiny, Duration) {
        let tiny = Tiny::new();
        tiny.site.proofhouse(&["run"]).expect(0);
        tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
        tiny.answer("two");
        tiny.site.proofhouse(&["run"]).expect(0);
        let usual = timed(&tiny.site, &["deploy", "staging"]);
        (tiny, usual)
    }
    fn act(victim: &mut Victim, strike: usize) {
        // The older and the newer release in turn, so that each deployment changes what runs.
        let runs = victim.tiny.site.home().join("runs");
        let mut ids: Vec<_> = fs::read_dir(runs).unwrap().flatten().map(|entry| entry.file_name()).collect();
        ids.sort();
        let id = ids[strike % 2].to_str().unwrap().to_owned();
        victim.strike(&["deploy", "staging", "--run", &id, "--format", "json"]);
        let says = victim.tiny.comes_to_say();
        let runs = says.as_deref().is_some_and(|word| ["one", "two"].contains(&word));
        assert!(runs, "seed {}: nothing runs after strike {strike}", victim.seed);
    }
    fn end(victim: &mut Victim) {
        let site = &victim.tiny.site;
        let journal = site.path().join("environments/tiny/staging/journal.json");
        let interrupted = journal.exists();
        if interrupted {
            let told = site.proofhouse(&["env", "status"]).expect(0);
            assert!(told.text().contains("interrupted"), "seed {}: {}", victim.seed, told.text());
        }
        let told = site.proofhouse(&["deploy", "staging"]).expect(0);
        assert_eq!(told.err.contains("recovery"), interrupted, "seed {}: {}", victim.seed, told.err);
        assert_eq!(victim.tiny.says().as_deref(), Some("two"));
        assert!(!journal.exists());
        nothing_half_written(victim);
    }
    everywhere(prepare, act, end);
}

/// What dead commands left half-written is gone after a good one.
fn nothing_half_written(victim: &Victim) {
    let all = files(victim.tiny.site.path());
    let left: Vec<_> = all
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str().to_string_lossy().starts_with(".tmp")))
        .collect();
    assert!(left.is_empty(), "seed {}: {left:#?}", victim.seed);
}
