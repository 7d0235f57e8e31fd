//! What these tests have in common: a tiny deployable project, a look at memory and at processes.

use std::{
    fs,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::support::{Answer, Site, free_port};

/// A web server that starts in milliseconds and answers with one word. Perl is in every Debian.
const APP: &str = r#"#!/usr/bin/perl
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 16, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
    while (<$client>) { last if /^\r?\n$/ }
    print $client "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nWORD";
    close $client;
}
"#;

/// What it answers before it is changed.
pub const FIRST: &str = "one";

/// Configuration without built-in checks: what is tested is not what they find.
pub const NO_CHECKS: &str =
    "scans: { sast: false, sca: false, secrets: false, config: false, sbom: false }\n";

/// A project that builds and deploys a tiny server into `staging`.
pub struct Tiny {
    pub site: Site,
    pub port: u16,
}

impl Tiny {
    /// Committed, not yet run.
    pub fn new() -> Self {
        Self::with(Site::new())
    }

    /// The same in a given site.
    pub fn with(site: Site) -> Self {
        let port = free_port();
        let tiny = Self { site, port };
        tiny.configure("");
        tiny.answer(FIRST);
        tiny.site.commit("Tiny");
        tiny
    }

    /// Stops what is deployed: before the disk goes on which that is noted.
    pub fn stop(&self) {
        self.site.proofhouse(&["env", "stop", "staging"]).expect(0);
    }

    /// Writes the configuration; `more` goes into the environment.
    pub fn configure(&self, more: &str) {
        self.site.write(
            "proofhouse.yaml",
            format!(
                "version: 1\nproject: tiny\n{NO_CHECKS}steps:\n  \
                 build: {{ kind: build, run: cat app.pl > app; chmod +x app, inputs: [app.pl], outputs: [app] }}\n\
                 gate: {{ expect: [provenance] }}\n\
                 environments:\n  staging:\n    driver: host\n    artifact: app\n    \
                 run: [\"{{artifact}}\", \"{{port}}\"]\n    port: {}\n    \
                 health: {{ path: /, timeout: 30s, interval: 100ms }}\n    dast: {{ enabled: false }}\n    \
                 gate: {{ require-clean-source: false }}\n{more}",
                self.port
            ),
        );
    }

    /// The server answers `word` (three letters) from the next run on.
    pub fn answer(&self, word: &str) {
        assert_eq!(word.len(), 3);
        self.site.write("app.pl", APP.replace("WORD", word));
    }

    /// What the environment answers now.
    pub fn says(&self) -> Option<String> {
        crate::support::get(self.port, "/").filter(|word| word.len() == 3)
    }

    /// What it answers within a few seconds: a release that is being switched is down for a moment.
    pub fn comes_to_say(&self) -> Option<String> {
        eventually(|| self.says())
    }
}

/// A project with the given steps (YAML lines, indented by two) and no built-in checks.
pub fn project(steps: &str) -> Site {
    let site = Site::new();
    site.write("proofhouse.yaml", format!("version: 1\nproject: faulty\n{NO_CHECKS}steps:\n{steps}"));
    site.commit("Faulty");
    site
}

/// A SARIF report with one harmless result.
pub const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"looker","version":"1"}},
"results":[{"ruleId":"r1","level":"note","message":{"text":"see"},"locations":[{"physicalLocation":
{"artifactLocation":{"uri":"app.pl"},"region":{"startLine":2}}}]}]}]}"#;

/// Asks again for ten seconds.
pub fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    for _ in 0..200 {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    None
}

/// Everything in the ledger: index and envelope digest of each statement, and its type.
pub fn entries(site: &Site) -> Vec<(u64, String, String)> {
    entries_of(&site.proofhouse(&["ledger", "show", "--most", "1000000", "--format", "json"]).expect(0).out)
}

/// The same from what `ledger show --format json` printed.
pub fn entries_of(text: &str) -> Vec<(u64, String, String)> {
    let parse = |line: &str| -> (u64, String, String) {
        let value: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| value[key].as_str().unwrap().to_owned();
        (value["index"].as_u64().unwrap(), text("envelope"), text("predicateType"))
    };
    text.lines().map(parse).collect()
}

/// Fails unless the command did what is expected of an error: exit status, code, no panic, and
/// whatever `words` it must name.
#[track_caller]
pub fn refused(answer: Answer, exit: i32, code: &str, words: &[&str]) {
    let answer = answer.expect(exit);
    let text = answer.text();
    assert!(text.contains(code), "no {code} in\n{text}");
    assert!(!text.contains("panicked"), "{text}");
    for word in words {
        assert!(text.contains(word), "no {word:?} in\n{text}");
    }
}

/// Fails unless everything stored is whole.
#[track_caller]
pub fn intact(site: &Site) {
    let told = site.proofhouse(&["ledger", "verify"]).expect(0);
    assert!(told.out.contains("intact"), "{}", told.text());
}

/// A command's answer and the most memory it had, in KiB (`VmHWM`, looked at while it ran).
pub fn measured(command: &mut Command) -> (Answer, u64) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let readers = [reader(child.stdout.take()), reader(child.stderr.take())];
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let status = loop {
        let now = fs::read_to_string(&path).unwrap_or_default();
        let line = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let [stdout, stderr] = readers.map(|reader| reader.join().unwrap());
    (Answer::of(std::process::Output { status, stdout, stderr }), peak)
}

fn reader(stream: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    let mut stream = stream.unwrap();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Processes that have to do with the site: by command line, environment, working folder or mounts.
/// An environment's supervisor and its application are meant to stay and are not listed.
pub fn processes_of(site: &Site) -> Vec<String> {
    let place = site.path().to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if pid == std::process::id() {
            continue;
        }
        let read = |name: &str| {
            String::from_utf8_lossy(&fs::read(entry.path().join(name)).unwrap_or_default()).into_owned()
        };
        let command = read("cmdline").replace('\0', " ");
        let folder = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        // The mounts of this test's own namespace are everybody's; only those inside sandboxes count.
        let mounts = read("mountinfo");
        let sandboxed = mounts.contains(&place) && mounts.contains("/cache/work");
        let ours = command.contains(&place)
            || read("environ").contains(&place)
            || folder.starts_with(site.path())
            || sandboxed;
        if ours && !command.contains("/environments/") && !command.is_empty() {
            found.push(format!("{pid}: {command}"));
        }
    }
    found
}

/// Fails unless all processes of the site are gone within a few seconds.
#[track_caller]
pub fn no_process_left(site: &Site) {
    let gone = eventually(|| processes_of(site).is_empty().then_some(()));
    assert!(gone.is_some(), "left: {:#?}", processes_of(site));
}

/// Processes whose command line has `marker`.
pub fn processes_with(marker: &str) -> Vec<String> {
    let lines = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        entry.file_name().to_str()?.parse::<u32>().ok()?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.filter(|line| line.contains(marker)).collect()
}

/// Bytes on disk below a folder.
pub fn disk_use(folder: &Path) -> u64 {
    files(folder).iter().filter_map(|path| path.symlink_metadata().ok()).map(|meta| meta.blocks() * 512).sum()
}

/// All files below a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut stack = vec![folder.to_owned()];
    while let Some(path) = stack.pop() {
        match fs::read_dir(&path) {
            Ok(entries) if !path.is_symlink() => stack.extend(entries.flatten().map(|entry| entry.path())),
            _ => found.push(path),
        }
    }
    found.sort();
    found
}

/// Changes one bit in the middle of a file, as a bad disk or a clumsy editor would; gives what was there.
pub fn flip(path: &Path) -> Vec<u8> {
    let before = fs::read(path).unwrap();
    let mut after = before.clone();
    let middle = after.len() / 2;
    after[middle] ^= 1;
    fs::write(path, after).unwrap();
    before
}

/// Fails with a sentence unless this is root.
pub fn require_root(why: &str) {
    assert!(nix::unistd::geteuid().is_root(), "this test needs root: {why}");
}

/// A file system of its own in memory, unmounted at the end.
pub struct Disk {
    pub path: PathBuf,
}

impl Disk {
    /// Mounts `size` (as `mount` takes it) at `path`.
    pub fn new(path: &Path, size: &str) -> Self {
        require_root("it mounts a small file system");
        fs::create_dir_all(path).unwrap();
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={size},mode=755"))
            .arg("none")
            .arg(path));
        Self { path: path.to_owned() }
    }

    /// Free bytes.
    pub fn free(&self) -> u64 {
        let stat = nix::sys::statvfs::statvfs(&self.path).unwrap();
        stat.blocks_available() * stat.fragment_size()
    }

    /// Fills it but for `left` bytes.
    pub fn fill_but(&self, left: u64) {
        let _ = fs::remove_file(self.path.join("filler"));
        let bytes = vec![1; usize::try_from(self.free().saturating_sub(left)).unwrap()];
        // The last page may not fit; what fits is there.
        let _ = fs::write(self.path.join("filler"), bytes);
    }

    /// Makes room again.
    pub fn clear(&self) {
        fs::remove_file(self.path.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.path).status();
    }
}

/// Runs a helper program; it must succeed.
#[track_caller]
pub fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
