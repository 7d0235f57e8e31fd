//! Runs the fuzz targets of `fuzz/` with libFuzzer, on the stable compiler.
//!
//! Coverage guidance needs only LLVM's sancov pass, which `-C passes` reaches without nightly flags.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::{
    bootstrap,
    run::{command, run},
};

const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1 -Cdebug-assertions";

/// Builds and runs every target for `seconds`. Finds stay in `artifacts` of the target's corpus.
pub fn fuzz(root: &Path, seconds: u32) -> Result<()> {
    let folder = root.join("fuzz");
    let target = bootstrap::cache()?.join("fuzz-target");
    let manifest = folder.join("Cargo.toml");
    let triple = "x86_64-unknown-linux-gnu";
    let mut build = command(root, "cargo", &["build", "--quiet", "--release", "--bins", "--target", triple]);
    build.arg("--manifest-path").arg(&manifest).env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", FLAGS);
    run("build fuzz targets", &mut build)?;
    let mut names: Vec<String> = fs::read_dir(folder.join("fuzz_targets"))?
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    for name in names {
        let corpus = bootstrap::cache()?.join("corpus").join(&name);
        fs::create_dir_all(&corpus)?;
        let seeds = folder.join("seeds").join(&name);
        let binary = target.join(triple).join("release").join(&name);
        let time = format!("-max_total_time={seconds}");
        let artifacts = format!("-artifact_prefix={}/", corpus.parent().context("no parent")?.display());
        let mut fuzz = command(root, &binary.to_string_lossy(), &[]);
        fuzz.arg(&corpus);
        if seeds.exists() {
            fuzz.arg(&seeds);
        }
        fuzz.args([&time, &artifacts, "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536", "-verbosity=0"]);
        run(&format!("fuzz {name}"), &mut fuzz)?;
    }
    Ok(())
}
