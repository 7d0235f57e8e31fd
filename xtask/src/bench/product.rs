//! Figures of the whole product, through its release binary.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::Figure;

/// A folder with a home and a project, removed in the end.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) binary: PathBuf,
}

impl Place {
    pub(super) fn new(root: &Path, name: &str) -> Result<Self> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let binary = target.join("release/proofhouse");
        let folder = std::env::temp_dir().join(format!("proofhouse-bench-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("project"))?;
        Ok(Self { folder, binary })
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--quiet").current_dir(self.folder.join("project"));
        command.env("PROOFHOUSE_HOME", self.folder.join("home")).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn git(&self, arguments: &[&str]) -> Result<()> {
        let author = ["-c", "user.name=Bench", "-c", "user.email=bench@localhost"];
        let project = self.folder.join("project");
        let output = Command::new("git").current_dir(project).args(author).args(arguments).output()?;
        ensure!(output.status.success(), "git {arguments:?}");
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        self.git(&["init", "--quiet"])?;
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "-m", "Bench"])
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const CONFIG: &str = "version: 1\nproject: bench\ntools:\n  cc: { provider: host, command: cc }\nsteps:\n  build:\n    \
                      kind: build\n    run: cat src/0/0.c > out.txt\n    outputs: [out.txt]\n    tools: [cc]\n";

/// `proofhouse run` with nothing changed on 5,000 files.
pub fn unchanged_run(root: &Path) -> Result<Vec<Figure>> {
    println!("== unchanged run, 5,000 files");
    let place = Place::new(root, "run")?;
    let project = place.folder.join("project");
    fs::write(project.join("proofhouse.yaml"), CONFIG)?;
    for folder in 0..50 {
        let path = project.join(format!("src/{folder}"));
        fs::create_dir_all(&path)?;
        for file in 0..100 {
            let text = format!("int f_{folder}_{file}(int x) {{ return x + {file}; }}\n").repeat(20);
            fs::write(path.join(format!("{file}.c")), text)?;
        }
    }
    place.commit()?;
    for _ in 0..2 {
        ensure!(place.command(&["run"]).status()?.success(), "the first runs failed");
    }
    place.commit()?;
    ensure!(place.command(&["run"]).status()?.success(), "the committed run failed");
    // Files must be older than the granularity of their times before their status is believed.
    std::thread::sleep(Duration::from_secs(4));
    ensure!(place.command(&["run"]).status()?.success(), "the run failed");
    let mut times = Vec::new();
    for _ in 0..9 {
        let start = Instant::now();
        ensure!(place.command(&["run"]).status()?.success(), "the run failed");
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    Ok(vec![Figure::at_most(
        "proofhouse run, nothing changed, 5,000 files",
        median,
        "ms",
        300.0,
        "under 300 ms",
    )])
}

/// `proofhouse import` of a 300 MB report, everything included: identity, blob, ledger, projection.
pub fn import(root: &Path) -> Result<Vec<Figure>> {
    println!("== import of 300 MB through the binary");
    let place = Place::new(root, "import")?;
    let project = place.folder.join("project");
    fs::write(project.join("proofhouse.yaml"), CONFIG)?;
    let report = place.folder.join("report.sarif");
    let count = sarif(&report, 300 << 20)?;
    let most = (count + 1).to_string();
    let start = Instant::now();
    let mut child = place.command(&["import", "--most", &most]).arg(&report).spawn()?;
    let (peak, ok) = watch_memory(&mut child)?;
    ensure!(ok, "the import failed");
    let seconds = start.elapsed().as_secs_f64();
    Ok(vec![
        Figure::beside("proofhouse import, 300 MB SARIF, all included", 300.0 / seconds, "MB/s"),
        Figure::at_least(
            "proofhouse import: findings into SQLite, all included",
            count as f64 / seconds,
            "findings/s",
            20_000.0,
            "at least 20,000/s",
        ),
        Figure::at_most("proofhouse import: memory", peak, "MB", 100.0, "under 100 MB"),
    ])
}

/// Writes a SARIF file of about `size` bytes; returns its number of results.
fn sarif(path: &Path, size: u64) -> Result<u64> {
    let mut file = std::io::BufWriter::new(fs::File::create(path)?);
    write!(
        file,
        "{{\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{{\"name\":\"bench\",\"version\":\"1\"}}}},\"results\":["
    )?;
    let (mut written, mut count) = (0, 0_u64);
    while written < size {
        let comma = if count > 0 { "," } else { "" };
        let text = format!(
            "{comma}{{\"ruleId\":\"rule-{}\",\"level\":\"warning\",\"message\":{{\"text\":\"{}\"}},\"locations\":[{{\
             \"physicalLocation\":{{\"artifactLocation\":{{\"uri\":\"src/{}/{}.c\"}},\"region\":{{\"startLine\":{},\
             \"snippet\":{{\"text\":\"call_{count}(value);\"}}}}}}}}]}}",
            count % 97,
            "a value reaches a place it should not reach; ".repeat(12),
            count % 50,
            count % 1000,
            count % 5000 + 1
        );
        file.write_all(text.as_bytes())?;
        written += text.len() as u64;
        count += 1;
    }
    file.write_all(b"]}]}")?;
    file.flush()?;
    Ok(count)
}

/// Waits for a process; its peak memory in MB, and whether it succeeded.
pub(super) fn watch_memory(child: &mut Child) -> Result<(f64, bool)> {
    let mut peak: f64 = 0.0;
    loop {
        if let Some(memory) = memory(child.id(), "VmHWM:") {
            peak = peak.max(memory);
        }
        if let Some(status) = child.try_wait()? {
            return Ok((peak, status.success()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A memory figure of a process, in MB.
fn memory(pid: u32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// Resident memory of a server that has answered and is idle.
pub fn idle_server(root: &Path) -> Result<Vec<Figure>> {
    println!("== idle server");
    let place = Place::new(root, "serve")?;
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let mut child = place.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]).spawn()?;
    let result = (|| {
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(50));
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                std::thread::sleep(Duration::from_secs(3));
                return memory(child.id(), "VmRSS:").context("the server is gone");
            }
        }
        bail!("the server does not answer")
    })();
    let _ = child.kill();
    let _ = child.wait();
    Ok(vec![Figure::at_most("server, idle: resident memory", result?, "MB", 60.0, "under 60 MB")])
}
