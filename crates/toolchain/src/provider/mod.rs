//! Providers: ways to find a tool. One file or folder each, one line in [`PROVIDERS`].

mod host;

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    error::ToolError,
    resolve::{Session, ToolDecl},
};

/// Finds tools in one way.
pub trait Provider: Sync {
    /// Name, as in `tools.NAME.provider`.
    fn name(&self) -> &'static str;

    /// Finds a tool and says what it consists of.
    ///
    /// # Errors
    /// When it is not there, does not answer, or lies in the project.
    fn locate(&self, tool: &ToolDecl, session: &Session<'_>) -> Result<Located, ToolError>;

    /// The version of what was located: a dotted number where there is one, `unknown` when it does
    /// not say. Asked once per digest.
    ///
    /// # Errors
    /// When it has to answer and does not.
    fn version(&self, tool: &ToolDecl, located: &Located, session: &Session<'_>)
    -> Result<String, ToolError>;
}

/// A tool that was found, not yet measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// The program, by the path it is to be started with.
    pub command: PathBuf,
    /// Files and folders that make it what it is.
    pub roots: Vec<PathBuf>,
    /// Links outside `/usr` on the way to it, which must be visible but are not content.
    pub links: Vec<PathBuf>,
    /// Folders to put before PATH.
    pub path_dirs: Vec<PathBuf>,
    /// Environment variables it needs.
    pub env: BTreeMap<String, String>,
}

/// All providers.
static PROVIDERS: &[&dyn Provider] = &[&host::HostProvider];

/// The provider of this name.
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|provider| provider.name() == name)
}

/// Names of all providers.
pub fn provider_names() -> Vec<&'static str> {
    PROVIDERS.iter().map(|provider| provider.name()).collect()
}
