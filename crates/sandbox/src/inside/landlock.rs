//! Landlock: a second, independent opinion on which files may be touched.

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use crate::wire::{Failure, Stage};

/// Newest set of rights that is asked for; older kernels give what they have.
const NEWEST: ABI = ABI::V6;
const STAGE: &str = "restrict files by Landlock";
/// Version that has everything this module asks for.
const COMPLETE: i32 = 6;

/// Confines this process and its descendants. Returns a warning where the kernel cannot do all
/// of it: namespaces and seccomp still hold, so this is less depth, not an open door.
pub fn restrict() -> Result<Option<String>, Failure> {
    let status = build()?.restrict_self().stage(STAGE)?;
    let version = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
        _ => 0,
    };
    Ok(match status.ruleset {
        RulesetStatus::NotEnforced => {
            Some("Landlock is not available in this kernel: files are protected by mounts alone".into())
        }
        _ if version < COMPLETE => Some(format!(
            "Landlock is at version {version} of {COMPLETE}: abstract sockets and signals are confined by namespaces alone"
        )),
        _ => None,
    })
}

fn build() -> Result<RulesetCreated, Failure> {
    let mut ruleset = handled().stage(STAGE)?;
    let data = AccessFs::from_all(NEWEST) & !(AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
    let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::ReadDir | AccessFs::IoctlDev;
    let own = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::ReadDir | AccessFs::Execute;
    let rules = [
        ("/", AccessFs::from_read(NEWEST)),
        (crate::WORK, data),
        ("/tmp", data),
        ("/dev/shm", data),
        ("/dev", device),
        ("/proc", own),
    ];
    for (path, access) in rules {
        let path = PathFd::new(path).stage(STAGE)?;
        ruleset = ruleset.add_rule(PathBeneath::new(path, access)).stage(STAGE)?;
    }
    Ok(ruleset)
}

/// Everything that is forbidden unless a rule allows it.
fn handled() -> Result<RulesetCreated, RulesetError> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()
}
