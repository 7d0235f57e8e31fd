//! Looking up commands in PATH, links on the way, and interpreters of scripts.

use std::{
    env, fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::resolve::Session;

/// The program that `command` means: an absolute path, or the first match in PATH.
pub(super) fn find(command: &str, session: &Session<'_>) -> Option<PathBuf> {
    if command.starts_with('/') {
        return Some(PathBuf::from(command)).filter(|path| is_program(path));
    }
    candidates(command, session).next()
}

/// Every match in PATH, in order. Relative entries of PATH depend on the caller's folder and do not
/// count.
pub(super) fn candidates(command: &str, session: &Session<'_>) -> impl Iterator<Item = PathBuf> {
    let folders: Vec<PathBuf> =
        env::split_paths(&session.host.path_env).filter(|folder| folder.is_absolute()).collect();
    let plain = !command.is_empty() && !command.contains('/');
    folders.into_iter().map(move |folder| folder.join(command)).filter(move |path| plain && is_program(path))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Debian's folder of links that choose between programs: `cc`, `java`, `awk` …
const ALTERNATIVES: &str = "/etc/alternatives";

/// Links outside `/usr` that lead from `path` to the program. Of Debian's alternatives it is the whole
/// folder: a link that is mounted by itself becomes the file it leads to, and a compiler that is started
/// as `/etc/alternatives/cc` looks for its parts beside that.
pub(super) fn outside_links(path: &Path) -> Vec<PathBuf> {
    let mut links = vec![];
    let mut at = path.to_owned();
    for _ in 0..16 {
        let Ok(target) = fs::read_link(&at) else { break };
        at = at.parent().unwrap_or(Path::new("/")).join(target);
        if at.is_symlink() && at.is_absolute() && !at.components().any(|part| part.as_os_str() == "..") {
            let chosen = at.starts_with(ALTERNATIVES);
            links.push(if chosen { PathBuf::from(ALTERNATIVES) } else { at.clone() });
        }
    }
    links.retain(|link| !link.starts_with("/usr"));
    links
}

/// The interpreter that a script names in its first line.
pub(super) fn interpreter(script: &Path, session: &Session<'_>) -> Option<PathBuf> {
    let mut head = [0; 256];
    let mut file = fs::File::open(script).ok()?;
    let read = file.read(&mut head).ok()?;
    let line = std::str::from_utf8(head[..read].split(|byte| *byte == b'\n').next()?).ok()?;
    let mut words = line.strip_prefix("#!")?.split_ascii_whitespace();
    let program = words.next()?;
    if program.rsplit('/').next() == Some("env") {
        let name = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        return find(name, session);
    }
    Some(PathBuf::from(program)).filter(|path| path.is_absolute() && is_program(path))
}
