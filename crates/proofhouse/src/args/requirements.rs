//! Arguments of `proofhouse requirements`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use govern::requirements::threats::Form;
use model::requirement::{Date, Source};

#[derive(Subcommand)]
pub enum RequirementsCommand {
    /// Take requirements from a standard; each is pending until a test of it passes
    Choose(ChooseArgs),
    /// Write down a requirement of your own
    Add(AddArgs),
    /// Take the open threats of a threat model, or a list of abuse cases; again, and it brings them up to date
    Import(ImportThreatsArgs),
    /// Record the result of a test by hand, for the commit that this folder is at
    Attest(AttestRequirementArgs),
    /// Accept until a day that a requirement has no passing test; signed, and only by a role that accepts risks
    Waive {
        /// Id of the requirement
        id: String,
        /// Why, and what protects you meanwhile
        #[arg(long)]
        reason: String,
        /// Last day on which it holds (UTC), at most a year ahead
        #[arg(long, value_name = "DATE")]
        until: Date,
    },
    /// Say that a requirement means nothing in this project; signed, as a waiver
    NotApplicable {
        /// Id of the requirement
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Take a waiver, or that it does not apply, back
    Withdraw {
        /// Id of the requirement
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Propose a requirement for each fixed vulnerability that no passing test covers
    Suggest {
        /// Add them to the file
        #[arg(long)]
        write: bool,
    },
    /// List what is in the file
    List {
        /// Only of this milestone
        #[arg(long)]
        milestone: Option<String>,
    },
    /// How far each one is, by the tests of the newest run
    Status {
        /// Only of this milestone
        #[arg(long)]
        milestone: Option<String>,
        /// Exit with 1 unless all that are listed are met
        #[arg(long)]
        fail: bool,
    },
}

#[derive(Args)]
pub struct ChooseArgs {
    /// The OWASP ASVS 5.0 in its flat JSON form, as published
    #[arg(long, value_name = "FILE")]
    pub asvs: PathBuf,
    /// Up to this level: 1, 2 or 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub level: u8,
    /// Only these chapters: V1,V6
    #[arg(long, value_delimiter = ',', value_name = "CHAPTER")]
    pub chapter: Vec<String>,
}

#[derive(Args)]
pub struct AddArgs {
    /// Its id, by which tests name it
    pub id: String,
    /// What must hold
    #[arg(long)]
    pub title: String,
    /// Where it comes from: own, abuse-case, threat
    #[arg(long, default_value = "own", value_parser = source)]
    pub source: Source,
    /// Level: 1 is needed first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub level: Option<u8>,
    /// A milestone of your own that it belongs to
    #[arg(long)]
    pub milestone: Vec<String>,
}

#[derive(Args)]
pub struct ImportThreatsArgs {
    /// Model of OWASP Threat Dragon 2, what `pytm --json` writes, or a CSV or Markdown list
    pub file: PathBuf,
    /// Its form: threat-dragon, pytm, csv, markdown; otherwise found out
    #[arg(long)]
    pub form: Option<Form>,
    /// Level of those that are new: 1 is needed first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub level: Option<u8>,
    /// A milestone of your own that those that are new belong to
    #[arg(long)]
    pub milestone: Vec<String>,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("result").required(true).args(["passed", "failed"]))]
pub struct AttestRequirementArgs {
    /// Id of the requirement
    pub id: String,
    /// It holds
    #[arg(long)]
    pub passed: bool,
    /// It does not hold
    #[arg(long)]
    pub failed: bool,
    /// The file that shows it; it is kept
    #[arg(long, value_name = "FILE")]
    pub evidence: PathBuf,
    /// What was tested, and how
    #[arg(long)]
    pub reason: String,
}

fn source(text: &str) -> Result<Source, String> {
    let own = Source::from_name(text).filter(|source| *source != Source::Asvs5);
    own.ok_or_else(|| "expected own, abuse-case or threat".to_owned())
}
