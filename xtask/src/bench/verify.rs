//! How fast bundles are verified: ours beside other people's verifiers, on one bundle, in one run.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Figure, example, product::Place};
use crate::{
    run::{command, run},
    verifiers::verifiers,
};

const ISSUER: &str = "https://bench.example";
/// How often each is asked; the median counts.
const TIMES: usize = 100;

/// In-process and as whole processes.
pub fn bundles(root: &Path) -> Result<Vec<Figure>> {
    println!("== verification of bundles");
    let folder = verifiers(root)?;
    let mut build = command(root, "cargo", &["build", "--quiet", "--locked", "--release"]);
    build.arg("--manifest-path").arg(root.join("interop/rust/Cargo.toml"));
    run("cargo build interop/rust", build.env("CARGO_TARGET_DIR", folder.join("rust")))?;
    let place = Place::new(root, "verify")?;
    let question = mint(&place)?;
    let mut figures = Vec::new();
    let program = |path: &Path, arguments: &[&Path]| {
        let mut command = Command::new(path);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", &place.folder)
            .env("https_proxy", "http://127.0.0.1:9");
        // What introduces itself is heard at once.
        command.env("PYTHONUNBUFFERED", "1");
        command
    };
    let (rust, python, node) = ("rust/release/verify-rust", "python/bin/python", "python/bin/node");
    let drivers = root.join("interop");
    for (name, mut asked) in [
        ("sigstore-python", program(&folder.join(python), &[&drivers.join("verify_python.py")])),
        ("@sigstore/verify", program(&folder.join(node), &[&drivers.join("verify_node.mjs"), &folder])),
        ("sigstore-rust", program(&folder.join(rust), &[])),
    ] {
        figures.push(Figure::beside(
            &format!("{name}: one bundle, in-process"),
            answers(&mut asked, &question)?,
            "ms",
        ));
    }
    let lines = example(root, "proofhouse-attest", "ledger_bench", &["verify"])?;
    let value =
        |bench: &str, key: &str| lines.iter().find(|l| l["bench"] == bench).and_then(|l| l[key].as_f64());
    if let Some(ms) = value("verify-bundle", "ms") {
        figures.push(Figure::at_most("verify: one bundle, in-process", ms, "ms", 1.0, "under 1 ms"));
    }
    if let Some(seconds) = value("verify-release", "seconds") {
        let what = "verify: release of 10,000 statements, one core";
        figures.push(Figure::at_most(what, seconds, "s", 3.0, "under 3 s"));
    }
    let ask = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ours = || {
        let mut command = Command::new(&place.binary);
        command.env_clear().args(["conformance", "verify-bundle", "--bundle"]).arg(ask(&question["bundle"]));
        command.arg("--trusted-root").arg(ask(&question["root"])).args(["--certificate-oidc-issuer", ISSUER]);
        command.arg("--certificate-identity").arg(ask(&question["identity"])).arg(ask(&question["artifact"]));
        command
    };
    let line = place.folder.join("question");
    fs::write(&line, format!("{question}\n"))?;
    let theirs = || {
        let mut command = program(&folder.join(rust), &[]);
        command.stdin(fs::File::open(&line).map_or_else(|_| Stdio::null(), Stdio::from));
        command
    };
    figures.push(Figure::beside("/bin/true: whole process", process(&|| Command::new("/bin/true"))?, "ms"));
    figures.push(Figure::beside("sigstore-rust: one bundle, whole process", process(&theirs)?, "ms"));
    let ms = process(&ours)?;
    figures.push(Figure::at_most("verify: one bundle, whole process", ms, "ms", 6.0, "under 6 ms"));
    Ok(figures)
}

/// A signed file of a new installation, and the question about it.
fn mint(place: &Place) -> Result<Value> {
    let project = place.folder.join("project");
    fs::write(project.join("artifact"), "what was made\n")?;
    for arguments in [
        &["trust", "init", "--host", "bench.example"][..],
        &["sign", "artifact", "--project", "bench"],
        &["trust", "root", "--to", "root.json"],
    ] {
        ensure!(place.command(arguments).status()?.success(), "proofhouse {arguments:?}");
    }
    let bundle = project.join("artifact.sigstore.json");
    let place_of = bundle.to_string_lossy();
    let told = ["verify", "--statements", "--bundle", &place_of, "--format", "json"];
    let told = place.command(&told).stdout(Stdio::piped()).output()?;
    let told: Value = serde_json::from_slice(&told.stdout).context("who signed it")?;
    Ok(json!({
        "bundle": bundle, "artifact": project.join("artifact"), "root": project.join("root.json"),
        "identity": told["statements"][0]["signer"], "issuer": ISSUER,
    }))
}

/// Milliseconds from the question to the answer, in a process that was asked before.
fn answers(command: &mut Command, question: &Value) -> Result<f64> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    lines.next().context("it does not introduce itself")??;
    let mut times = Vec::new();
    for n in 0..TIMES + 5 {
        let start = Instant::now();
        writeln!(input, "{question}")?;
        let answer: Value = serde_json::from_str(&lines.next().context("no answer")??)?;
        ensure!(answer["verdict"] == "ok", "{answer}");
        if n >= 5 {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    drop(input);
    child.wait()?;
    Ok(median(times))
}

/// Milliseconds of a whole process.
fn process(command: &dyn Fn() -> Command) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let mut command = command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        ensure!(command.status()?.success(), "{command:?}");
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(times))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
