//! Measures the product against its targets, side by side in one run, and prints one table.
//!
//! Small parts are measured by the examples of their crates (JSON lines), the rest through the real
//! binary. `cargo xtask bench write` also writes `docs/evidence/bench.md`.

mod monitor;
mod pages;
mod product;
mod verify;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{ask, command, run, watch};

/// One measured figure.
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// What came out, with its unit.
    pub value: String,
    /// What is wanted, with its unit.
    pub target: &'static str,
    /// Whether it is; `None` for figures that only put others in proportion.
    pub met: Option<bool>,
}

impl Figure {
    /// A figure that must not be above `most`.
    pub fn at_most(what: &str, value: f64, unit: &str, most: f64, target: &'static str) -> Self {
        Self { what: what.into(), value: format!("{value:.2} {unit}"), target, met: Some(value <= most) }
    }

    /// A figure that must not be below `least`.
    pub fn at_least(what: &str, value: f64, unit: &str, least: f64, target: &'static str) -> Self {
        Self { what: what.into(), value: format!("{value:.0} {unit}"), target, met: Some(value >= least) }
    }

    /// A figure for comparison.
    pub fn beside(what: &str, value: f64, unit: &str) -> Self {
        Self { what: what.into(), value: format!("{value:.2} {unit}"), target: "", met: None }
    }
}

/// Runs the benchmarks; with `write` as the argument the table is also written to the documents.
pub fn bench(root: &Path, argument: Option<&str>) -> Result<()> {
    let mut build = command(root, "cargo", &["build", "--release", "--quiet", "-p", "proofhouse"]);
    run("build the release", &mut build)?;
    let mut figures = Vec::new();
    figures.extend(start_up(root)?);
    figures.extend(builds(root)?);
    figures.extend(product::unchanged_run(root)?);
    figures.extend(imports(root)?);
    figures.extend(product::import(root)?);
    figures.extend(projections(root)?);
    figures.extend(ledger(root)?);
    figures.extend(verify::bundles(root)?);
    figures.extend(monitor::million(root)?);
    figures.extend(product::idle_server(root)?);
    figures.extend(pages::million_findings(root)?);
    let table = table(&figures);
    println!("{table}");
    if argument == Some("write") {
        let path = root.join("docs/evidence/bench.md");
        fs::write(&path, document(&table)).context("write the table")?;
    }
    Ok(())
}

/// JSON lines that an example prints.
fn example(root: &Path, package: &str, name: &str, arguments: &[&str]) -> Result<Vec<Value>> {
    let mut all = vec!["run", "--release", "--quiet", "-p", package, "--example", name, "--"];
    all.extend(arguments);
    let mut lines = Vec::new();
    watch(&format!("{package} {name}"), &mut command(root, "cargo", &all), |line| {
        lines.extend(serde_json::from_str::<Value>(line));
    })?;
    Ok(lines)
}

/// Values of lines `{"name": …, KEY: …}` by name.
fn named(lines: &[Value], key: &str) -> BTreeMap<String, f64> {
    lines.iter().filter_map(|l| Some((l["name"].as_str()?.to_owned(), l[key].as_f64()?))).collect()
}

fn start_up(root: &Path) -> Result<Vec<Figure>> {
    let lines = example(root, "proofhouse-sandbox", "startup", &[])?;
    let all = named(&lines, "value_ms");
    let mut figures = Vec::new();
    for kind in ["root", "rootless"] {
        let Some(theirs) = all.get(&format!("start-bubblewrap-{kind}")) else { continue };
        figures.push(Figure::beside(&format!("bubblewrap: start of /bin/true, {kind}"), *theirs, "ms"));
        for (variant, told) in [("", ""), ("-traced", ", traced"), ("-limited", ", memory limit")] {
            let Some(ours) = all.get(&format!("start-sandbox{variant}-{kind}")) else { continue };
            let what = format!("sandbox: start of /bin/true, {kind}{told}");
            figures.push(Figure::at_most(&what, *ours, "ms", theirs + 5.0, "bubblewrap + 5 ms"));
        }
    }
    Ok(figures)
}

fn builds(root: &Path) -> Result<Vec<Figure>> {
    let lines = example(root, "proofhouse-sandbox", "build", &[])?;
    let ratios = named(&lines, "ratio");
    let figure = |(name, ratio): (String, f64)| {
        let what =
            format!("200-file C build: {}", name.trim_start_matches("build-").trim_end_matches("-ratio"));
        match name.contains("files") {
            true => Figure::beside(&what, ratio, "x outside"),
            false => Figure::at_most(&what, ratio, "x outside", 1.10, "at most 1.10 x"),
        }
    };
    Ok(ratios.into_iter().map(figure).collect())
}

fn imports(root: &Path) -> Result<Vec<Figure>> {
    let lines = example(root, "proofhouse-findings", "import_bench", &["300"])?;
    let mut figures = Vec::new();
    for line in &lines {
        let name = format!(
            "{} ({})",
            line["measure"].as_str().unwrap_or_default(),
            line["order"].as_str().unwrap_or_default()
        );
        let (rate, peak) = (line["megabytes_per_second"].as_f64(), line["peak_rss_megabytes"].as_f64());
        if let (Some(rate), Some(peak)) = (rate, peak)
            && line["measure"] != "read-blob"
        {
            let what = format!("300 MB SARIF, {name}");
            figures.push(Figure::at_least(&what, rate, "MB/s", 100.0, "at least 100 MB/s"));
            figures.push(Figure::at_most(&format!("{what}: memory"), peak, "MB", 100.0, "under 100 MB"));
        }
    }
    Ok(figures)
}

fn projections(root: &Path) -> Result<Vec<Figure>> {
    let lines = example(root, "proofhouse-store", "project_bench", &[])?;
    let mut figures = Vec::new();
    for line in &lines {
        if let (Some(scan), Some(rate)) = (line["scan"].as_str(), line["findings_per_second"].as_f64()) {
            let what = format!("SQLite: projection of a scan, findings {scan}");
            figures.push(Figure::at_least(&what, rate, "findings/s", 20_000.0, "at least 20,000/s"));
        }
    }
    Ok(figures)
}

fn ledger(root: &Path) -> Result<Vec<Figure>> {
    let lines = example(root, "proofhouse-attest", "ledger_bench", &[])?;
    let value =
        |bench: &str, key: &str| lines.iter().find(|l| l["bench"] == bench).and_then(|l| l[key].as_f64());
    let mut figures = Vec::new();
    if let Some(rate) = value("ledger-batched", "perSecond") {
        figures.push(Figure::at_least(
            "ledger: signed, time-stamped, logged, durable statements, batched",
            rate,
            "/s",
            5000.0,
            "at least 5,000/s",
        ));
    }
    if let Some(p99) = value("ledger-single", "p99Ms") {
        figures.push(Figure::at_most(
            "ledger: one such append, acknowledged, p99",
            p99,
            "ms",
            50.0,
            "under 50 ms",
        ));
    }
    if let Some(p50) = value("ledger-single", "p50Ms") {
        figures.push(Figure::beside("ledger: one such append, acknowledged, median", p50, "ms"));
    }
    Ok(figures)
}

fn table(figures: &[Figure]) -> String {
    let mut text = String::from("| measured | value | target | met |\n|---|---|---|---|\n");
    for figure in figures {
        let met = match figure.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        text += &format!("| {} | {} | {} | {met} |\n", figure.what, figure.value, figure.target);
    }
    text
}

fn document(table: &str) -> String {
    let machine = ask("uname", &["-sm"]).unwrap_or_default();
    let cores = ask("nproc", &[]).unwrap_or_default();
    format!(
        "# Benchmarks\n\nMade by `cargo xtask bench write` in one run, on {} with {} noisy cores. Absolute figures are of \
         that machine; the ratios and the distance to the target are what counts.\n\n{table}",
        machine.trim(),
        cores.trim()
    )
}
