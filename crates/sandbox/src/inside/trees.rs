//! The parts of the host that are visible inside, taken as detached mount trees.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Spec;
use crate::sys::mount::{Attributes, Tree};
use crate::wire::{Failure, Stage};

/// A host tree and where it goes.
pub struct Part {
    /// The detached mount.
    pub tree: Tree,
    /// Absolute path inside.
    pub inside: PathBuf,
    /// Whether the place to attach it is a directory.
    pub directory: bool,
}

/// Everything taken from the host, in the order it is attached.
pub struct Parts {
    /// Mounted trees.
    pub mounts: Vec<Part>,
    /// Symbolic links of the root directory: name and target.
    pub links: Vec<(PathBuf, PathBuf)>,
}

/// Devices that are the same for everyone.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// Root entries that are links into `/usr` on most systems and directories on others.
const ROOT_ENTRIES: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// Parts of `/etc` that programs in `/usr` need and that hold no secrets.
const ETC: [&str; 8] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
];

/// Interpreters whose parts in `/usr` are links to `/etc/<prefix>…` on Debian.
const ETC_PREFIXES: [&str; 2] = ["java-", "python3"];

/// Clones all parts. Needs the right to mount in the current mount namespace.
pub fn collect(spec: &Spec) -> Result<Parts, Failure> {
    let mut parts = Parts { mounts: Vec::new(), links: Vec::new() };
    parts.take(Path::new("/usr"), Path::new("/usr"), Attributes::READ_ONLY)?;
    for entry in ROOT_ENTRIES.map(Path::new) {
        match fs::read_link(entry) {
            Ok(target) => parts.links.push((entry.to_owned(), target)),
            Err(_) if entry.is_dir() => parts.take(entry, entry, Attributes::READ_ONLY)?,
            Err(_) => {}
        }
    }
    for path in etc_paths() {
        parts.take(&path, &path, Attributes::READ_ONLY)?;
    }
    for name in DEVICES {
        let device = Path::new("/dev").join(name);
        parts.take(&device, &device, Attributes::DEVICE)?;
    }
    parts.take(&spec.work, Path::new(crate::WORK), Attributes::WRITABLE)?;
    for bind in &spec.read_only {
        parts.take(&bind.host, &bind.inside, Attributes::READ_ONLY)?;
    }
    Ok(parts)
}

fn etc_paths() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = ETC.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    for entry in fs::read_dir("/etc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        if ETC_PREFIXES.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            paths.push(entry.path());
        }
    }
    paths
}

impl Parts {
    fn take(&mut self, host: &Path, inside: &Path, attributes: Attributes) -> Result<(), Failure> {
        let what = || format!("show {} at {}", host.display(), inside.display());
        let directory = fs::metadata(host).stage(what())?.is_dir();
        let tree = Tree::clone(host, attributes).stage(what())?;
        self.mounts.push(Part { tree, inside: inside.to_owned(), directory });
        Ok(())
    }
}
