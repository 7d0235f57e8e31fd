//! Development tasks: `cargo xtask test | tidy | bench | fuzz | interop`.

mod bench;
mod bootstrap;
mod fuzz;
mod run;
mod test;
mod tidy;
mod verifiers;

use std::{path::PathBuf, process::ExitCode};

const HELP: &str = "\
cargo xtask test    everything: what it lacks is installed first, then format, clippy, tidy, tests, fuzz
cargo xtask tidy    the invariants of ARCHITECTURE.md that a text search can check
cargo xtask bench   measures, ratios side by side; takes minutes and a release build
cargo xtask fuzz S  every fuzz target for S seconds
cargo xtask interop asks other people's verifiers about our bundles; writes docs/evidence/interop.md";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("test") => test::test(&root()),
        Some("tidy") => tidy::tidy(&root()).map(|checks| println!("tidy: {checks} checks passed")),
        Some("bench") => bench::bench(&root(), arguments.get(1).map(String::as_str)),
        Some("fuzz") => fuzz::fuzz(&root(), arguments.get(1).and_then(|s| s.parse().ok()).unwrap_or(30)),
        Some("interop") => verifiers::interop(&root()),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    // Asked at run time: a target folder may be shared by several checkouts.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(env!("CARGO_MANIFEST_DIR").into());
    let manifest = PathBuf::from(manifest);
    manifest.parent().map_or_else(|| manifest.clone(), std::path::Path::to_owned)
}
