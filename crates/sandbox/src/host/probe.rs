//! What this machine can give: each thing is tried, not looked up.

use std::fs;
use std::path::PathBuf;

use model::UserError;
use serde::Serialize;

use super::spawn::spawn;
use crate::{Limits, SandboxError, Spec, Trace, prepare_work_dir};

/// One thing that the sandbox uses, and whether it works here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capability {
    /// Stable name, kebab-case.
    pub name: &'static str,
    /// Works here.
    pub available: bool,
    /// What was found.
    pub detail: String,
    /// What to do when it does not work.
    pub hint: Option<String>,
}

/// Tries the sandbox on this machine. Takes some tens of milliseconds.
pub fn probe() -> Vec<Capability> {
    probe_with(None)
}

/// [`probe`] with another executable as the launcher, see [`Spec::launcher`].
pub fn probe_with(launcher: Option<PathBuf>) -> Vec<Capability> {
    let base = tried(&launcher, |_| {});
    let mut found = vec![capability("sandbox", &base, sandbox_hint())];
    let Ok(outcome) = base else { return found };
    let confined = outcome.warnings.iter().find(|warning| warning.starts_with("Landlock"));
    found.push(Capability {
        name: "landlock",
        available: confined.is_none(),
        detail: confined.cloned().unwrap_or_else(|| "files, abstract sockets and signals".into()),
        hint: confined.map(|_| "use Linux 6.12 or newer with landlock among `lsm=`".into()),
    });
    let traced = tried(&launcher, |spec| spec.trace = Trace::Processes);
    found.push(capability("trace", &traced, "use Linux 5.9 or newer"));
    let limited = tried(&launcher, |spec| {
        spec.limits = Limits { memory_bytes: Some(256 << 20), cpu_percent: Some(100), ..Limits::default() };
    });
    found.push(limits(limited));
    found
}

fn tried(launcher: &Option<PathBuf>, change: impl FnOnce(&mut Spec)) -> Result<crate::Outcome, SandboxError> {
    let work = std::env::temp_dir().join(format!("proofhouse-probe-{}", std::process::id()));
    let failed = |source| SandboxError::WorkDir { path: work.clone(), source };
    fs::create_dir_all(&work).map_err(failed)?;
    let mut spec = Spec::new(&work, ["/usr/bin/true"]);
    spec.launcher.clone_from(launcher);
    change(&mut spec);
    let outcome = prepare_work_dir(&work, spec.identity).and_then(|()| spawn(&spec)).and_then(|r| r.wait());
    fs::remove_dir_all(&work).map_err(failed)?;
    outcome
}

fn capability(name: &'static str, tried: &Result<crate::Outcome, SandboxError>, hint: &str) -> Capability {
    match tried {
        Ok(outcome) if outcome.status.success() => {
            Capability { name, available: true, detail: outcome.isolation.name().into(), hint: None }
        }
        Ok(outcome) => Capability {
            name,
            available: false,
            detail: format!("/usr/bin/true ended with {:?}", outcome.status),
            hint: Some(hint.into()),
        },
        Err(error) => Capability {
            name,
            available: false,
            detail: model::problem::erase(error as &dyn UserError).message,
            hint: Some(hint.into()),
        },
    }
}

fn limits(tried: Result<crate::Outcome, SandboxError>) -> Capability {
    let warning = match tried {
        Ok(outcome) => outcome.warnings.into_iter().find(|warning| warning.contains("control group")),
        Err(error) => Some(error.to_string()),
    };
    Capability {
        name: "limits",
        available: warning.is_none(),
        detail: warning
            .clone()
            .unwrap_or_else(|| "memory and processor time of all processes together".into()),
        hint: warning.map(|_| {
            "run as root, or in a delegated group: `systemd-run --user --scope -p Delegate=yes …`".into()
        }),
    }
}

/// The usual reasons, looked up where the kernel tells them.
fn sandbox_hint() -> &'static str {
    let setting = |name: &str| fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
    if setting("kernel/unprivileged_userns_clone").trim() == "0" {
        "allow user namespaces: `sysctl -w kernel.unprivileged_userns_clone=1`"
    } else if setting("user/max_user_namespaces").trim() == "0" {
        "allow user namespaces: `sysctl -w user.max_user_namespaces=10000`"
    } else if setting("kernel/apparmor_restrict_unprivileged_userns").trim() == "1" {
        "allow user namespaces to this binary by an AppArmor profile with `userns,`"
    } else {
        "Linux 5.12 or newer is needed, and a container must show all of /proc"
    }
}
