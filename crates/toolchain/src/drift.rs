//! Comparing pinned tools with the machine.

use std::{collections::BTreeMap, fmt};

use model::{Exit, Problem, Sha256};

use crate::{
    cache,
    lock::{Lock, LockedTool},
    resolve::{Host, ResolvedTool},
    tree::{Entry, Listing},
};

/// Most files named in one drift.
pub const MOST_NAMED: usize = 100;

/// A tool is not what it was pinned to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Declared name.
    pub tool: String,
    /// What is different.
    pub change: Change,
}

/// What is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Declared and found, but not in the lock file.
    Unpinned,
    /// In the lock file, but not declared or not found any more.
    Missing,
    /// Found by another provider or command than pinned.
    Declaration {
        /// `provider command`, pinned.
        was: String,
        /// `provider command`, now.
        is: String,
    },
    /// Another version (and so another content).
    Version {
        /// Pinned.
        was: String,
        /// Now.
        is: String,
    },
    /// The same version, other content.
    Content {
        /// Pinned.
        was: Sha256,
        /// Now.
        is: Sha256,
        /// Which files, when the listing of the pinned tree is known here; at most [`MOST_NAMED`].
        files: Option<Vec<FileChange>>,
    },
}

/// One file of a tool that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// New.
    Added(String),
    /// Gone.
    Removed(String),
    /// Other content, kind or executable bit.
    Modified(String),
}

/// Every difference between the lock file and the tools as they are now, by name.
pub fn verify(lock: &Lock, resolved: &[ResolvedTool], host: &Host) -> Vec<Drift> {
    let mut drifts = vec![];
    for tool in resolved {
        let change = match lock.tool(&tool.name) {
            None => Some(Change::Unpinned),
            Some(pinned) => difference(pinned, tool, host),
        };
        drifts.extend(change.map(|change| Drift { tool: tool.name.clone(), change }));
    }
    let here = |pinned: &&LockedTool| !resolved.iter().any(|tool| tool.name == pinned.name);
    let missing = lock.tools.iter().filter(here);
    drifts.extend(missing.map(|pinned| Drift { tool: pinned.name.clone(), change: Change::Missing }));
    drifts.sort_by(|a, b| a.tool.cmp(&b.tool));
    drifts
}

fn difference(pinned: &LockedTool, tool: &ResolvedTool, host: &Host) -> Option<Change> {
    if pinned.sha256 == tool.digest && pinned.version == tool.version {
        let was = format!("{} {}", pinned.provider, pinned.command);
        let is = format!("{} {}", tool.provider, tool.declared);
        return (was != is).then_some(Change::Declaration { was, is });
    }
    if pinned.version != tool.version {
        return Some(Change::Version { was: pinned.version.clone(), is: tool.version.clone() });
    }
    let lists = cache::kept_listing(&host.cache_dir, &pinned.sha256)
        .zip(cache::kept_listing(&host.cache_dir, &tool.digest));
    let files = lists.map(|(was, is)| changed_files(&was, &is, tool));
    Some(Change::Content { was: pinned.sha256, is: tool.digest, files })
}

fn changed_files(was: &Listing, is: &Listing, tool: &ResolvedTool) -> Vec<FileChange> {
    let by_place = |listing: &'_ Listing| -> BTreeMap<(usize, String), Entry> {
        listing.entries().iter().map(|entry| ((entry.root, entry.path.clone()), entry.clone())).collect()
    };
    let (was, is) = (by_place(was), by_place(is));
    let name = |(root, path): &(usize, String)| match tool.roots.get(*root) {
        Some(root) if path.is_empty() => root.display().to_string(),
        Some(root) => root.join(path).display().to_string(),
        None => path.clone(),
    };
    let mut changes = vec![];
    for (place, entry) in &is {
        match was.get(place) {
            None => changes.push(FileChange::Added(name(place))),
            Some(before) if before != entry => changes.push(FileChange::Modified(name(place))),
            Some(_) => {}
        }
    }
    changes.extend(was.keys().filter(|place| !is.contains_key(*place)).map(|p| FileChange::Removed(name(p))));
    changes.truncate(MOST_NAMED);
    changes
}

impl fmt::Display for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(path) => write!(f, "{path} is new"),
            Self::Removed(path) => write!(f, "{path} is gone"),
            Self::Modified(path) => write!(f, "{path} changed"),
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool = &self.tool;
        match &self.change {
            Change::Unpinned => write!(f, "the tool `{tool}` is not in proofhouse.lock"),
            Change::Missing => write!(f, "the tool `{tool}` is in proofhouse.lock but not declared any more"),
            Change::Declaration { was, is } => {
                write!(f, "the tool `{tool}` was pinned as `{was}` and is declared as `{is}`")
            }
            Change::Version { was, is } => write!(f, "the tool `{tool}` was pinned at {was} and is {is}"),
            Change::Content { was, is, files } => {
                write!(f, "the tool `{tool}` changed: pinned {}, now {}", was.short(), is.short())?;
                let files = files.as_deref().unwrap_or_default();
                let shown: Vec<String> = files.iter().take(3).map(ToString::to_string).collect();
                if !shown.is_empty() {
                    write!(f, " ({}", shown.join(", "))?;
                    f.write_str(if files.len() > 3 { ", …)" } else { ")" })?;
                }
                Ok(())
            }
        }
    }
}

impl Drift {
    /// Stable code: `lock-unpinned-tool`, `lock-unused-tool`, `lock-outdated`, `tool-version-mismatch`,
    /// `tool-changed`.
    pub fn code(&self) -> &'static str {
        match self.change {
            Change::Unpinned => "lock-unpinned-tool",
            Change::Missing => "lock-unused-tool",
            Change::Declaration { .. } => "lock-outdated",
            Change::Version { .. } => "tool-version-mismatch",
            Change::Content { .. } => "tool-changed",
        }
    }

    /// As the edges print it.
    pub fn problem(&self) -> Problem {
        let (exit, hint) = match self.change {
            Change::Content { .. } => (
                Exit::Integrity,
                "find out who changed it; if that was meant, accept it with `proofhouse run --update-lock`",
            ),
            Change::Version { .. } => (
                Exit::Environment,
                "install the pinned version, or accept this one with `proofhouse run --update-lock`",
            ),
            _ => (Exit::Input, "run `proofhouse run --update-lock` and commit proofhouse.lock"),
        };
        Problem::new(self.code(), exit, self.to_string()).with_hint(hint)
    }
}
