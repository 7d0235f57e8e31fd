//! `proofhouse findings triage`, `assign`, `comment`.

use clap::{Args, Subcommand};
use model::predicate::TriageState;

use super::AddFindingArgs;

/// What can be done about findings.
#[derive(Subcommand)]
pub enum FindingsCommand {
    /// Record one finding of a person
    Add(Box<AddFindingArgs>),
    #[command(flatten)]
    Say(FindingSaid),
}

/// What can be said about a finding.
#[derive(Subcommand)]
pub enum FindingSaid {
    /// Judge a finding; a gate decides on it as before
    Triage(TriageArgs),
    /// Say who deals with a finding
    Assign {
        /// The finding's id, or its beginning
        id: String,
        /// Who; an empty name takes it back
        person: String,
        /// Of this project [default: from proofhouse.yaml]
        #[arg(long)]
        project: Option<String>,
    },
    /// Say something about a finding
    Comment {
        /// The finding's id, or its beginning
        id: String,
        /// What
        text: String,
        /// Of this project [default: from proofhouse.yaml]
        #[arg(long)]
        project: Option<String>,
    },
}

#[derive(Args)]
pub struct TriageArgs {
    /// The finding's id, or its beginning
    pub id: String,
    /// false-positive, confirmed, wont-fix, duplicate-of, or none to take a judgement back
    #[arg(long = "as", value_name = "STATE", value_parser = state)]
    pub state: TriageState,
    /// Why: at least 10 characters
    #[arg(long)]
    pub reason: String,
    /// The finding that it repeats; only with `--as duplicate-of`
    #[arg(long, value_name = "ID")]
    pub of: Option<String>,
    /// Of this project [default: from proofhouse.yaml]
    #[arg(long)]
    pub project: Option<String>,
}

pub fn state(name: &str) -> Result<TriageState, String> {
    let names = TriageState::ALL.map(TriageState::name).join(", ");
    TriageState::from_name(name).ok_or_else(|| format!("it is one of {names}"))
}
