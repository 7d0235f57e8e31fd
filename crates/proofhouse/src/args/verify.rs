//! Arguments of `verify`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

#[derive(Args)]
#[command(group = ArgGroup::new("place").args(["environment", "deployment"]))]
pub struct VerifyArgs {
    /// The artifact's file
    #[arg(required_unless_present_any = ["deployment", "statements"])]
    pub artifact: Option<PathBuf>,
    /// Its evidence, one bundle a line [default: from this installation's ledger]
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// The trust file [default: this installation's own]; several with --threshold
    #[arg(long, value_name = "FILE")]
    pub trust: Vec<PathBuf>,
    /// Demand a decision that admits it to this environment
    #[arg(long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Verify a deployment: by its id, or what is active in an environment
    #[arg(long, value_name = "ENV")]
    pub deployment: Option<String>,
    /// The project whose decision or deployment it must be, where several have the same bytes or environment
    #[arg(long, value_name = "NAME", requires = "place")]
    pub project: Option<String>,
    /// Verify the statements of --bundle, whatever they are about
    #[arg(long, requires = "bundle", conflicts_with_all = ["artifact", "place", "threshold"])]
    pub statements: bool,
    /// Demand that so many distinct organisations or keys say the same of the artifact
    #[arg(long, value_name = "N", requires = "bundle", requires = "trust", conflicts_with = "place")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub threshold: Option<u16>,
    /// What they must say: a predicate type
    #[arg(long, value_name = "TYPE", requires = "threshold")]
    #[arg(default_value = "https://slsa.dev/provenance/v1")]
    pub predicate_type: String,
    /// Only this one counts: an issuer (`https://HOST`), or the name of a key in a trust file
    #[arg(long, value_name = "NAME", requires = "threshold")]
    pub by: Vec<String>,
}
