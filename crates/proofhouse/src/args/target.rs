//! Arguments of commands that deployments start.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub struct TargetVerifyArgs {
    /// Folder of the release
    #[arg(long)]
    pub release: PathBuf,
    /// File name of the artifact
    #[arg(long)]
    pub artifact: String,
    /// Its SHA-256
    #[arg(long)]
    pub digest: model::Sha256,
    /// Project
    #[arg(long)]
    pub project: String,
    /// Environment
    #[arg(long)]
    pub environment: String,
    /// Trust file of the target
    #[arg(long)]
    pub trust: PathBuf,
}
