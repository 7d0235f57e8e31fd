//! Arguments of `proofhouse release`.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum ReleaseCommand {
    /// Write what a run made, with all evidence about it, to one file
    Export {
        /// A run's id, or an artifact (a file, or its SHA-256): then the newest run that made it
        what: String,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// Leave out logs, findings and other blobs that the statements name; artifacts are always there
        #[arg(long)]
        without_blobs: bool,
    },
    /// Verify a release file offline: every byte of it, every statement, every artifact
    Verify {
        /// The release
        file: PathBuf,
        /// The trust file of whoever made it
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
        /// Demand a decision that admits each artifact to this environment
        #[arg(long, value_name = "ENV")]
        environment: Option<String>,
    },
    /// Verify a release file of another installation and keep it in this one
    Import {
        /// The release
        file: PathBuf,
        /// The trust file of whoever made it
        #[arg(long, value_name = "FILE")]
        trust: PathBuf,
        /// Write the artifacts to this new folder
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
}
