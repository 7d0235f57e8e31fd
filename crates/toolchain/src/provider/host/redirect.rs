//! Proxies of tool managers: the program that is pinned is the one they would start.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::search;
use crate::{ask::ask, error::ToolError, resolve::Session};

/// The real program behind `path`, which is itself for most; `None` when a manager has none.
pub(super) fn follow(tool: &str, path: PathBuf, session: &Session<'_>) -> Result<Option<PathBuf>, ToolError> {
    if is_rustup_proxy(&path) {
        return rustup(tool, &path, session).map(Some);
    }
    match shims_root(&path) {
        Some(root) => Ok(shimmed(&root, &path, session)),
        None => Ok(Some(path)),
    }
}

/// rustup installs `cargo`, `rustc` … as links (hard or symbolic) to itself.
fn is_rustup_proxy(path: &Path) -> bool {
    let rustup = path.with_file_name("rustup");
    let same = |a: fs::Metadata, b: fs::Metadata| a.dev() == b.dev() && a.ino() == b.ino();
    let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    !file_name.starts_with("rustup")
        && fs::metadata(path).ok().zip(fs::metadata(&rustup).ok()).is_some_and(|(a, b)| same(a, b))
}

fn rustup(tool: &str, path: &Path, session: &Session<'_>) -> Result<PathBuf, ToolError> {
    let name = path.file_name().unwrap_or_default();
    let rustup = path.with_file_name("rustup");
    let answer = ask(tool, &rustup, &["which".as_ref(), name], session)?;
    let program = PathBuf::from(answer.trim());
    // The toolchain may be reached through a link; its real place is what is mounted.
    let real = program.parent().and_then(|folder| folder.canonicalize().ok()).map(|folder| folder.join(name));
    Ok(real.unwrap_or(program))
}

/// `~/.pyenv` of `~/.pyenv/shims/python3` (rbenv and nodenv are laid out alike).
fn shims_root(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    let root = folder.parent()?;
    let is = folder.file_name().is_some_and(|name| name == "shims") && root.join("versions").is_dir();
    is.then(|| root.to_owned())
}

/// The program in the global version (file `version`, one per line); else the next one in PATH.
fn shimmed(root: &Path, path: &Path, session: &Session<'_>) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let versions = fs::read_to_string(root.join("version")).unwrap_or_default();
    let inside = |version: &str| root.join("versions").join(version).join("bin").join(name);
    let plain = |version: &&str| !version.is_empty() && !version.contains(['/', '\0']) && *version != "..";
    let mut global = versions.lines().map(str::trim).filter(plain).map(inside);
    let system = || search::candidates(name, session).find(|path| !path.starts_with(root.join("shims")));
    global.find(|path| path.is_file()).or_else(system)
}
