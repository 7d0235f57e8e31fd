//! Arguments of `proofhouse ledger retain`.

use clap::Args;

#[derive(Args)]
pub struct RetainArgs {
    /// Age from which on content goes, in days, weeks or years: 90d, 52w, 3y
    #[arg(long, value_name = "AGE")]
    pub older_than: String,
    /// Types of statements: a word of our own types (scan, run, receipt …) or a whole URI
    #[arg(long, value_delimiter = ',', required = true, value_name = "TYPE")]
    pub types: Vec<String>,
    /// Why; it stays in the ledger
    #[arg(long, required_unless_present = "dry_run", default_value = "")]
    pub reason: String,
    /// Only show what would go
    #[arg(long)]
    pub dry_run: bool,
}
