//! Without root the application runs as the user who deploys, to whom the installation's keys belong.
//! Landlock keeps it away from them: it reads everything but the installation and what lies beside
//! its own release, writes its data folder and the usual places for temporary files, and sends signals
//! to its own processes only.

use std::{
    convert::Infallible,
    fs, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use model::Sha256;

use super::layout::Layout;

/// Newest set of rights that is asked for; older kernels give what they have.
const NEWEST: ABI = ABI::V6;
/// Where programs may write besides their data folder.
const TEMPORARY: [&str; 4] = ["/tmp", "/var/tmp", "/dev", "/run"];
/// Most entries of a folder above the installation that are looked at.
const MOST: usize = 20_000;

/// Confines this process and becomes the application of the environment at `root`. Its variables are
/// set only then: some of them make programs load others. A kernel without Landlock is told on stderr,
/// which is the application's log.
///
/// # Errors
/// The application cannot be started, or Landlock refuses what it announced.
pub fn launch(root: &Path, digest: &Sha256) -> io::Result<Infallible> {
    let layout = Layout { root: root.to_owned() };
    let service = layout.read_service(digest).map_err(io::Error::other)?;
    let (program, arguments) = service.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let status = rules(&layout, digest, &service.hidden)
        .and_then(RulesetCreated::restrict_self)
        .map_err(io::Error::other)?;
    if status.ruleset == RulesetStatus::NotEnforced {
        eprintln!("proofhouse: this kernel has no Landlock: the application can read the keys");
    }
    Err(Command::new(program).args(arguments).envs(&service.env).exec())
}

fn rules(layout: &Layout, digest: &Sha256, hidden: &[PathBuf]) -> Result<RulesetCreated, RulesetError> {
    let (read, all) = (AccessFs::from_read(NEWEST), AccessFs::from_all(NEWEST));
    let hidden = [hidden, std::slice::from_ref(&layout.root)].concat();
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::Signal)?
        .create()?;
    let roots = [("/", read), ("/proc", read | AccessFs::WriteFile)];
    for (path, access) in roots.into_iter().chain(TEMPORARY.map(|path| (path, all))) {
        rules = allow(rules, Path::new(path), access, &hidden)?;
    }
    rules = rules.add_rules(path_beneath_rules([layout.release(digest)], read))?;
    rules.add_rules(path_beneath_rules([layout.data()], all))
}

/// Allows `path` and everything in it but what is hidden. Rules only ever add, so a folder above a
/// hidden one is allowed piece by piece; links are left out, for they may lead to it.
fn allow(
    mut rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
    hidden: &[PathBuf],
) -> Result<RulesetCreated, RulesetError> {
    if hidden.iter().any(|hidden| path.starts_with(hidden)) {
        return Ok(rules);
    }
    if !hidden.iter().any(|hidden| hidden.starts_with(path)) {
        return rules.add_rules(path_beneath_rules([path], access));
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten().take(MOST) {
        if entry.file_type().is_ok_and(|kind| !kind.is_symlink()) {
            rules = allow(rules, &entry.path(), access, hidden)?;
        }
    }
    Ok(rules)
}
