//! Arguments of `proofhouse import`, also of results by people, and of `proofhouse findings add`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::requirement::Date;

use super::severity;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ImportArgs {
    /// The report
    #[arg(required = true)]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub about: ImportAbout,
    #[command(subcommand)]
    pub command: Option<ImportCommand>,
}

#[derive(Args)]
pub struct ImportAbout {
    /// Its format [default: found out]
    #[arg(long, value_name = "NAME")]
    pub report_format: Option<String>,
    /// Project it is about [default: from proofhouse.yaml]
    #[arg(long)]
    pub project: Option<String>,
    /// Commit it is about [default: HEAD]
    #[arg(long)]
    pub commit: Option<String>,
    /// Largest number of findings accepted
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub most: u64,
    /// Exit with 1 if a finding is at or above this severity
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<model::Severity>,
}

#[derive(Subcommand)]
pub enum ImportCommand {
    /// Import the result of a test by people (penetration test, review): CSV, JSON, Markdown or HTML
    Manual(Box<ManualArgs>),
}

#[derive(Args)]
pub struct ManualArgs {
    /// The report
    #[arg(required_unless_present = "schema")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub test: TestArgs,
    /// What was looked at; a result that says so is complete, and what it does not list is fixed
    #[arg(long, value_name = "WHAT")]
    pub scope: Vec<String>,
    /// A column or label of the report that stands for a usual one: `Risk class=severity`
    #[arg(long, value_name = "NAME=FIELD", value_parser = column)]
    pub column: Vec<(String, String)>,
    /// Print the JSON Schema of the JSON form
    #[arg(long)]
    pub schema: bool,
    #[command(flatten)]
    pub about: ImportAbout,
}

/// Who tested, when, and what shows it.
#[derive(Args)]
pub struct TestArgs {
    /// Who tested [default: from the report]
    #[arg(long, value_name = "NAME")]
    pub tester: Option<String>,
    /// Last day of the test, YYYY-MM-DD [default: from the report]
    #[arg(long, value_name = "DAY")]
    pub date: Option<Date>,
    /// Name under which the test is repeated; its next result replaces this one [default: from the report, or
    /// `review`]
    #[arg(long, value_name = "NAME")]
    pub assessment: Option<String>,
    /// A file that shows the result; it is kept
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
}

#[derive(Args)]
pub struct AddFindingArgs {
    /// What is wrong, in one line
    pub title: String,
    /// How bad: info, low, medium, high, critical
    #[arg(long, value_parser = severity)]
    pub severity: model::Severity,
    /// CVSS base score or vector
    #[arg(long, value_name = "SCORE")]
    pub cvss: Option<String>,
    /// Weakness: CWE-89
    #[arg(long, value_name = "CWE", value_delimiter = ',')]
    pub cwe: Vec<String>,
    /// Id by which it is known again [default: made of weakness and place, or of the title]
    #[arg(long)]
    pub id: Option<String>,
    /// File it is in: src/app.py:12
    #[arg(long, value_name = "PATH[:LINE]", group = "place")]
    pub file: Option<String>,
    /// Route it is at: "POST /search"
    #[arg(long, value_name = "ROUTE", group = "place")]
    pub url: Option<String>,
    /// Parameter, header or cookie of the route
    #[arg(long, value_name = "NAME", requires = "url")]
    pub parameter: Option<String>,
    /// Package it is in, as package URL
    #[arg(long, value_name = "PURL", group = "place")]
    pub package: Option<String>,
    /// What happens, and how to see it
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// How to fix it
    #[arg(long, value_name = "TEXT")]
    pub fix: Option<String>,
    #[command(flatten)]
    pub test: TestArgs,
    /// Project it is about [default: from proofhouse.yaml]
    #[arg(long)]
    pub project: Option<String>,
    /// Commit it is about [default: HEAD]
    #[arg(long)]
    pub commit: Option<String>,
}

fn column(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((name, field)) if !name.trim().is_empty() => Ok((name.to_owned(), field.to_owned())),
        _ => Err("expected NAME=FIELD, such as `Risk class=severity`".to_owned()),
    }
}
