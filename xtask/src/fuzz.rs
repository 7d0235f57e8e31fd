//! Builds the fuzz targets of `fuzz/` and runs them with libFuzzer, on the stable compiler.
//!
//! Coverage guidance needs only LLVM's sancov pass, which `-C passes` reaches without nightly flags.
//! What the fuzzer learns is kept in the cache folder, so that the next run goes on from there; the
//! seeds in `fuzz/seeds` are where a new machine begins. Targets run side by side, one a processor.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    bootstrap,
    run::{command, run},
};

const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions";
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
/// Lines of a target's output that are shown when it fails.
const SHOWN: usize = 40;

/// Builds and runs every target for `seconds`, all of them even when one fails.
pub fn fuzz(root: &Path, seconds: u32) -> Result<()> {
    let (folder, cache) = (root.join("fuzz"), bootstrap::cache()?);
    let target = cache.join("fuzz-target");
    let mut build = command(root, "cargo", &["build", "--quiet", "--release", "--bins", "--target", TRIPLE]);
    build.arg("--manifest-path").arg(folder.join("Cargo.toml"));
    build.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", FLAGS);
    run("build fuzz targets", &mut build)?;
    let (names, scratch) = (names(&folder)?, Scratch::new()?);
    let binaries = target.join(TRIPLE).join("release");
    let all = Session { folder, cache, binaries, scratch: &scratch.0, seconds };
    println!("== fuzz {} targets for {seconds} s each", names.len());
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = all.one(name) {
                println!("fuzz {name}: {error:#}");
                failures.lock().unwrap_or_else(PoisonError::into_inner).push(name.as_str());
            }
        }
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| (0..processors).for_each(|_| drop(scope.spawn(work))));
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    ensure!(failures.is_empty(), "{} fuzz targets failed: {}", failures.len(), failures.join(", "));
    Ok(())
}

/// The targets; each must have a seed, without which it would learn the format by chance only.
fn names(folder: &Path) -> Result<Vec<String>> {
    let name = |entry: fs::DirEntry| Some(entry.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> =
        fs::read_dir(folder.join("fuzz_targets"))?.flatten().filter_map(name).collect();
    names.sort();
    for name in &names {
        let seeds = folder.join("seeds").join(name);
        let count = fs::read_dir(&seeds).map_or(0, Iterator::count);
        ensure!(count > 0, "the fuzz target {name} has no seed in {}", seeds.display());
    }
    Ok(names)
}

/// A folder for the targets' own files, in memory where that is possible; removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { env::temp_dir() };
        let folder = parent.join(format!("proofhouse-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Session<'a> {
    folder: PathBuf,
    cache: PathBuf,
    binaries: PathBuf,
    scratch: &'a Path,
    seconds: u32,
}

impl Session<'_> {
    fn one(&self, name: &str) -> Result<()> {
        let corpus = self.cache.join("corpus").join(name);
        let artifacts = self.cache.join("corpus/artifacts").join(name);
        let scratch = self.scratch.join(name);
        for folder in [&corpus, &artifacts, &scratch] {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let binary = self.binaries.join(name);
        let mut fuzz = command(&self.folder, &binary.to_string_lossy(), &[]);
        fuzz.arg(&corpus).arg(self.folder.join("seeds").join(name)).env("TMPDIR", &scratch);
        fuzz.arg(format!("-max_total_time={}", self.seconds));
        fuzz.arg(format!("-artifact_prefix={}/", artifacts.display()));
        // The time limit of one input is generous: other things may run on the machine.
        fuzz.args(["-timeout=25", "-rss_limit_mb=2048", "-max_len=65536"]);
        fuzz.args(["-verbosity=0", "-print_final_stats=1"]);
        let output = fuzz.output().with_context(|| format!("{} cannot be started", binary.display()))?;
        // What it left there would be in the way of the others.
        let _ = fs::remove_dir_all(&scratch);
        judge(name, &binary, &output)
    }
}

/// Prints one line on what was done, or fails with the way to see it again.
fn judge(name: &str, binary: &Path, output: &Output) -> Result<()> {
    let text = String::from_utf8_lossy(&output.stderr);
    let number = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim_start_matches(':').trim().parse::<u64>().ok()
    };
    let runs = number("stat::number_of_executed_units").unwrap_or(0);
    if output.status.success() && runs > 0 {
        let speed = number("stat::average_exec_per_sec").unwrap_or(0);
        let memory = number("stat::peak_rss_mb").unwrap_or(0);
        println!("   fuzz {name}: {runs} inputs, {speed} a second, {memory} MB");
        return Ok(());
    }
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(SHOWN)..] {
        println!("   {name} | {line}");
    }
    let artifact = text.lines().find_map(|line| Some(line.split_once("Test unit written to ")?.1.trim()));
    let Some(artifact) = artifact else { bail!("it ended with {} and left no input", output.status) };
    bail!("it failed; the input is {artifact}\n   reproduce: {} {artifact}", binary.display())
}
