//! `proofhouse.lock`: which tools a project was pinned to. TOML, sorted, meant to be committed.

use std::path::Path;

use model::{Exit, Sha256, UserError};
use serde::{Deserialize, Serialize};

use crate::resolve::{Host, ResolvedTool};

const VERSION: u32 = 1;
/// Largest lock file in bytes.
const MOST_BYTES: usize = 1 << 20;
const HEADER: &str = "\
# The tools this project is pinned to: every run checks them before its first step.
# Written by `proofhouse run`. Commit this file; do not edit it.
";

/// A lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    /// Tools, sorted by name.
    #[serde(default, rename = "tool")]
    pub tools: Vec<LockedTool>,
}

/// One pinned tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedTool {
    /// Name in `proofhouse.yaml`.
    pub name: String,
    /// Provider that found it.
    pub provider: String,
    /// Declared command.
    pub command: String,
    /// Where it was; `~` is the home folder. For people: another place with the same digest is fine.
    pub path: String,
    /// Version as the tool printed it.
    pub version: String,
    /// Digest of its trees.
    pub sha256: Sha256,
    /// Number of files, links and folders.
    pub files: u64,
    /// Sum of sizes in bytes.
    pub bytes: u64,
}

/// A difference between two lock files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockChange {
    /// New tool.
    Added(LockedTool),
    /// Tool no longer there.
    Removed(LockedTool),
    /// Same name, other content.
    Changed {
        /// Before.
        was: LockedTool,
        /// After.
        is: LockedTool,
    },
}

/// The text is not a lock file that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// More than a mebibyte.
    #[error("proofhouse.lock has {0} bytes; at most {MOST_BYTES} are read")]
    TooLarge(usize),
    /// Not TOML, or not of this shape.
    #[error("proofhouse.lock cannot be read: {0}")]
    Syntax(String),
    /// Written by a newer Proofhouse.
    #[error("proofhouse.lock has version {0}; this Proofhouse knows version {VERSION}")]
    Version(u32),
    /// Two entries of one name.
    #[error("proofhouse.lock pins the tool `{0}` twice")]
    Twice(String),
}

impl UserError for LockError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "lock-too-large",
            Self::Syntax(_) => "lock-syntax",
            Self::Version(_) => "lock-version",
            Self::Twice(_) => "lock-duplicate-tool",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Version(_) => "use the Proofhouse that wrote it, or a newer one".into(),
            _ => "restore it from git, or write it anew with `proofhouse run --update-lock`".into(),
        })
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

impl Lock {
    /// Pins these tools.
    pub fn of(tools: &[ResolvedTool], host: &Host) -> Self {
        let mut tools: Vec<LockedTool> = tools.iter().map(|tool| locked(tool, &host.home)).collect();
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        Self { version: VERSION, tools }
    }

    /// Reads a lock file.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn parse(text: &str) -> Result<Self, LockError> {
        /// Read first, so that a newer file is told apart from a broken one.
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        if text.len() > MOST_BYTES {
            return Err(LockError::TooLarge(text.len()));
        }
        let syntax = |error: toml::de::Error| LockError::Syntax(error.to_string().trim_end().to_owned());
        let head: Head = toml::from_str(text).map_err(syntax)?;
        if head.version != VERSION {
            return Err(LockError::Version(head.version));
        }
        let mut lock: Self = toml::from_str(text).map_err(syntax)?;
        lock.tools.sort_by(|a, b| a.name.cmp(&b.name));
        match lock.tools.windows(2).find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(LockError::Twice(pair[0].name.clone())),
            None => Ok(lock),
        }
    }

    /// The text of the file; equal locks give equal texts.
    pub fn render(&self) -> String {
        // Strings, numbers and a list of flat tables always have a TOML form.
        format!("{HEADER}{}", toml::to_string(self).unwrap_or_default())
    }

    /// The pinned tool of this name.
    pub fn tool(&self, name: &str) -> Option<&LockedTool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// What a newer lock changes, by name.
    pub fn diff(&self, newer: &Self) -> Vec<LockChange> {
        let removed = self.tools.iter().filter(|tool| newer.tool(&tool.name).is_none());
        let mut changes: Vec<LockChange> = removed.cloned().map(LockChange::Removed).collect();
        changes.extend(newer.tools.iter().filter_map(|is| match self.tool(&is.name) {
            None => Some(LockChange::Added(is.clone())),
            Some(was) if was != is => Some(LockChange::Changed { was: was.clone(), is: is.clone() }),
            Some(_) => None,
        }));
        changes.sort_by(|a, b| a.name().cmp(b.name()));
        changes
    }
}

impl LockChange {
    /// Name of the tool.
    pub fn name(&self) -> &str {
        match self {
            Self::Added(tool) | Self::Removed(tool) | Self::Changed { is: tool, .. } => &tool.name,
        }
    }
}

fn locked(tool: &ResolvedTool, home: &Path) -> LockedTool {
    let path = match tool.command.strip_prefix(home) {
        Ok(below) => Path::new("~").join(below),
        Err(_) => tool.command.clone(),
    };
    LockedTool {
        name: tool.name.clone(),
        provider: tool.provider.clone(),
        command: tool.declared.clone(),
        path: path.display().to_string(),
        version: tool.version.clone(),
        sha256: tool.digest,
        files: tool.files,
        bytes: tool.bytes,
    }
}
