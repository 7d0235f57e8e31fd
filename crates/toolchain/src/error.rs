//! What can go wrong while a tool is found and measured.

use std::{io, path::PathBuf};

use model::{Exit, UserError};

/// Finding or measuring a tool failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// Not in PATH, or the absolute path does not exist or is not executable.
    #[error("the tool `{tool}` was not found: there is no program `{command}`{}", in_path(.absolute))]
    NotFound {
        /// Declared name.
        tool: String,
        /// Declared command.
        command: String,
        /// Whether the command is an absolute path.
        absolute: bool,
    },
    /// The program lies in the project.
    #[error("the tool `{tool}` is {path}, a file of the project itself")]
    InProject {
        /// Declared name.
        tool: String,
        /// Where it is.
        path: PathBuf,
    },
    /// Another version is wanted.
    #[error("the tool `{tool}` has version {found}, but `{wanted}` is asked for")]
    VersionMismatch {
        /// Declared name.
        tool: String,
        /// What the program says.
        found: String,
        /// The requirement.
        wanted: String,
    },
    /// It runs, but does not say what it is.
    #[error("the tool `{tool}` could not be asked with `{question}`: {why}")]
    NoAnswer {
        /// Declared name.
        tool: String,
        /// Command line.
        question: String,
        /// What happened.
        why: String,
    },
    /// A provider that does not exist.
    #[error("the tool `{tool}` wants the provider `{provider}`, which does not exist")]
    UnknownProvider {
        /// Declared name.
        tool: String,
        /// Wanted provider.
        provider: String,
    },
    /// A file or folder of the tool cannot be read.
    #[error("{path} of the tool `{tool}` cannot be read")]
    Unreadable {
        /// Declared name.
        tool: String,
        /// File or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More files than a tool can reasonably have.
    #[error("the tool `{tool}` has more than {most} files, starting at {path}")]
    TooLarge {
        /// Declared name.
        tool: String,
        /// Root.
        path: PathBuf,
        /// Limit.
        most: u64,
    },
}

fn in_path(absolute: &bool) -> &'static str {
    if *absolute { "" } else { " in PATH" }
}

impl UserError for ToolError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "tool-not-found",
            Self::InProject { .. } => "tool-in-project",
            Self::VersionMismatch { .. } => "tool-version-mismatch",
            Self::NoAnswer { .. } => "tool-no-answer",
            Self::UnknownProvider { .. } => "tool-unknown-provider",
            Self::Unreadable { .. } => "tool-unreadable",
            Self::TooLarge { .. } => "tool-too-large",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { tool, absolute: false, .. } => {
                format!("install it, or give its absolute path as `tools.{tool}.command`")
            }
            Self::NotFound { tool, .. } => format!("correct `tools.{tool}.command` in proofhouse.yaml"),
            Self::InProject { .. } => {
                "programs of the project run in steps, in the sandbox; a tool comes from outside".into()
            }
            Self::VersionMismatch { tool, .. } => {
                format!("install another version, or change `tools.{tool}.version`")
            }
            Self::NoAnswer { question, .. } => format!("run `{question}` yourself to see what is wrong"),
            Self::UnknownProvider { .. } => {
                format!("known: {}", crate::provider_names().join(", "))
            }
            Self::Unreadable { .. } => "let the user who runs Proofhouse read it".into(),
            Self::TooLarge { tool, .. } => format!("declare a narrower folder in `tools.{tool}.paths`"),
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::UnknownProvider { .. } | Self::InProject { .. } => Exit::Input,
            _ => Exit::Environment,
        }
    }
}
