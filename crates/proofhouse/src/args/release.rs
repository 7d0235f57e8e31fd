//! Arguments of `proofhouse release`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::{Role, RunId};

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
    /// Put a release before the people who answer for it, and see what they said
    #[command(subcommand)]
    Review(ReleaseReviewCommand),
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

#[derive(Subcommand)]
pub enum ReleaseReviewCommand {
    /// Make a review of what a run built, for an environment
    Make {
        /// Environment
        environment: String,
        /// What this run built [default: the newest run of this commit that passed]
        #[arg(long)]
        run: Option<RunId>,
        /// Roles that are asked to sign: manager,security [default: those that the environment demands, or manager]
        #[arg(long, value_delimiter = ',', value_name = "ROLE", value_parser = role)]
        role: Vec<Role>,
        /// How long it counts [default: as long as the environment allows, or 14d]
        #[arg(long, value_name = "TIME", value_parser = duration)]
        within: Option<std::time::Duration>,
    },
    /// Print a review: what changes, risk, tests, requirements, and what people said
    Show {
        /// Environment, for its newest review, or a review's ledger entry
        which: String,
        /// As Markdown
        #[arg(long)]
        markdown: bool,
    },
    /// Write a review as a PDF
    Pdf {
        /// Environment, for its newest review, or a review's ledger entry
        which: String,
        /// The file to write
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Say something about a review
    Comment {
        /// Environment, for its newest review, or a review's ledger entry
        which: String,
        /// What
        #[arg(long)]
        text: String,
    },
    /// Stand for a release, in a role
    Sign(AnswerArgs),
    /// Refuse a release, in a role, with a reason
    Reject(AnswerArgs),
    /// List reviews, how each stands, and when it ends
    List {
        /// Of this project [default: from proofhouse.yaml; `*` for all]
        #[arg(long)]
        project: Option<String>,
        /// Exit with 1 if one is waiting, rejected, void or expired
        #[arg(long)]
        fail: bool,
    },
}

#[derive(Args)]
pub struct AnswerArgs {
    /// Environment, for its newest review, or a review's ledger entry
    pub which: String,
    /// Role that you answer for
    #[arg(long, value_parser = role)]
    pub role: Role,
    /// In words; a rejection needs them
    #[arg(long, alias = "reason", default_value = "")]
    pub text: String,
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    let names = Role::ALL.map(Role::name).join(", ");
    text.parse().map_err(|()| format!("expected one of {names}"))
}

pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let found = pipeline::parse_duration(text).filter(|time| !time.is_zero());
    found.ok_or_else(|| "expected a length of time such as 14d".to_owned())
}
