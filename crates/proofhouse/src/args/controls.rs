//! Arguments of `proofhouse controls`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args)]
pub struct ControlsArgs {
    /// Only this catalogue, by its id [default: all: sss-02-02-07, ssdf, samm, ism]
    #[arg(value_name = "CATALOGUE")]
    pub only: Option<String>,
    /// A catalogue of your own besides; may be repeated
    #[arg(long = "catalogue", value_name = "FILE")]
    pub own: Vec<PathBuf>,
    /// The ledger as it was then: a moment (2026-03-01T12:00:00Z), or a day until its end (UTC)
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// Only this project
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Everything about this control: rules, evidence, what is missing
    #[arg(long, value_name = "ID")]
    pub control: Option<String>,
    /// List the rules that a catalogue of your own may name
    #[arg(long, conflicts_with_all = ["only", "own", "as_of", "project", "control", "export", "fail"])]
    pub rules: bool,
    /// Write the report in another form
    #[arg(long, value_name = "FORM", value_enum)]
    pub export: Option<ControlsForm>,
    /// Where to [default: stdout, except for pdf]
    #[arg(long, short, value_name = "FILE", requires = "export")]
    pub output: Option<PathBuf>,
    /// Address of the dashboard; evidence in OSCAL gets links to it
    #[arg(long, value_name = "URL", requires = "export")]
    pub address: Option<String>,
    /// Exit with 1 unless every control that is shown is met
    #[arg(long)]
    pub fail: bool,
}

/// Forms of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ControlsForm {
    /// OSCAL assessment results, JSON
    Oscal,
    /// One line for each rule of each control
    Csv,
    /// A page
    Markdown,
    /// A document to print or sign
    Pdf,
}
