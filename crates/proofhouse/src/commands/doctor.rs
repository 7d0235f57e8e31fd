//! `proofhouse doctor`: is this machine and this installation in order?

use std::{os::unix::fs::MetadataExt, path::Path, process::Command};

use model::{Exit, Problem};
use serde::Serialize;

use crate::{
    app::App,
    args::Global,
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Good,
    /// Works, but less than it could.
    Weak,
    Bad,
}

#[derive(Serialize)]
struct Finding {
    what: String,
    state: State,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

pub fn doctor(global: &Global) -> Result<Exit, Problem> {
    let mut all = machine();
    match App::open(global) {
        Ok(app) => all.extend(installation(&app)),
        Err(problem) => all.push(Finding {
            what: "installation".into(),
            state: State::Bad,
            detail: format!("{} [{}]", problem.message, problem.code),
            hint: problem.hint,
        }),
    }
    match global.format {
        crate::args::Format::Json => ui::json(&all),
        crate::args::Format::Text => all.iter().for_each(tell),
    }
    let worst = all.iter().map(|finding| finding.state).max();
    Ok(if worst == Some(State::Bad) { Exit::Environment } else { Exit::Success })
}

fn tell(finding: &Finding) {
    let (style, word) = match finding.state {
        State::Good => (GOOD, "good"),
        State::Weak => (WARN, "weak"),
        State::Bad => (BAD, "bad"),
    };
    println!("{style}{word}{style:#}  {BOLD}{}{BOLD:#} {DIM}{}{DIM:#}", finding.what, finding.detail);
    if let Some(hint) = &finding.hint {
        println!("      hint: {hint}");
    }
}

/// What the sandbox can give here, and the programs that are needed.
fn machine() -> Vec<Finding> {
    let mut all: Vec<Finding> = sandbox::probe()
        .into_iter()
        .map(|capability| Finding {
            what: format!("sandbox: {}", capability.name),
            state: if capability.available { State::Good } else { State::Weak },
            detail: capability.detail,
            hint: capability.hint.filter(|_| !capability.available),
        })
        .collect();
    let git = Command::new("git").arg("--version").output().ok().filter(|output| output.status.success());
    all.push(Finding {
        what: "git".into(),
        state: if git.is_some() { State::Good } else { State::Bad },
        detail: git.map_or("not found".into(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned()),
        hint: None,
    });
    all
}

fn installation(app: &App) -> Vec<Finding> {
    let mut all = vec![private(app.home.root(), "home"), keys(app)];
    let size = app.recorder.size();
    all.push(Finding {
        what: "ledger".into(),
        state: State::Good,
        detail: format!("{} statements; `proofhouse ledger verify` hashes all of them again", size),
        hint: None,
    });
    let feeds = app.database.wait(app.store.feeds()).unwrap_or_default();
    let oldest = feeds.iter().map(|feed| feed.as_of).min();
    let age = oldest.map(|as_of| (app.now().as_second() - as_of.as_second()) / 86400);
    all.push(match age {
        None => Finding {
            what: "advisories".into(),
            state: State::Weak,
            detail: "none imported: composition analysis cannot find anything".into(),
            hint: Some(
                "`proofhouse feeds import` takes OSV archives and the RustSec and PyPA databases".into(),
            ),
        },
        Some(days) => Finding {
            what: "advisories".into(),
            state: if days > 30 { State::Weak } else { State::Good },
            detail: format!("{} feeds, the oldest of {days} days ago", feeds.len()),
            hint: (days > 30).then(|| "import a newer one".into()),
        },
    });
    all
}

/// Only the owner may look inside.
fn private(path: &Path, what: &str) -> Finding {
    let mode = std::fs::metadata(path).map(|meta| meta.mode() & 0o777).unwrap_or(0o777);
    let closed = mode & 0o077 == 0;
    Finding {
        what: what.into(),
        state: if closed { State::Good } else { State::Weak },
        detail: format!("{} (mode {mode:o})", path.display()),
        hint: (!closed).then(|| format!("chmod 700 {}", path.display())),
    }
}

fn keys(app: &App) -> Finding {
    let folder = app.home.keys();
    if !folder.exists() {
        return Finding {
            what: "keys".into(),
            state: State::Good,
            detail: "will be made when something is first signed".into(),
            hint: None,
        };
    }
    let mut finding = private(&folder, "keys");
    let beside = folder.join("unlock.key").exists();
    if finding.state == State::Good && beside {
        finding.state = State::Weak;
        finding.detail = "encrypted, but the key that opens them lies beside them".into();
        finding.hint = Some("set a passphrase: see SECURITY.md, Keys".into());
    }
    finding
}
