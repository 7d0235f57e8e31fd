//! The arguments of `proofhouse attest`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(override_usage = "proofhouse attest [OPTIONS] -- COMMAND [ARGUMENTS]...\n       \
                            proofhouse attest import [OPTIONS] FILE...")]
#[command(
    after_help = "The command gets the terminal, signals, working folder and environment as they are, \
but for Proofhouse's own secrets; its exit status is passed on. With --format json the result follows on stdout. Of the environment only the \
names of variables are recorded. Nothing isolates \
the command, and its evidence says so."
)]
pub struct AttestArgs {
    #[command(subcommand)]
    pub command: Option<AttestCommand>,
    /// Name of the step
    #[arg(long, value_name = "STEP", default_value = "command")]
    pub name: String,
    /// Project [default: from proofhouse.yaml, else the folder's name]
    #[arg(long)]
    pub project: Option<String>,
    /// What the command makes: a file, folder or pattern, relative to the working folder
    #[arg(long = "output", value_name = "GLOB")]
    pub outputs: Vec<String>,
    /// Also say this about the outputs: type of the statement
    #[arg(long, value_name = "URI", requires = "predicate")]
    pub predicate_type: Option<String>,
    /// … and its content, JSON; the command may write it
    #[arg(long, value_name = "FILE", requires = "predicate_type", requires = "outputs")]
    pub predicate: Option<PathBuf>,
    /// Write the evidence here, one bundle a line
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Identity token of the CI job [default: PROOFHOUSE_IDENTITY_TOKEN, or fetched in GitHub Actions]
    #[arg(long, value_name = "FILE")]
    pub identity_token: Option<PathBuf>,
    /// Use no identity token, even when there is one
    #[arg(long, conflicts_with = "identity_token")]
    pub no_identity: bool,
    /// Refuse to run without an identity token
    #[arg(long, conflicts_with = "no_identity")]
    pub require_identity: bool,
    /// For whom the token must be made
    #[arg(long, value_name = "NAME", default_value = "proofhouse")]
    pub audience: String,
    /// Issuers that are trusted [default: those of github.com and gitlab.com]
    #[arg(long = "issuer", value_name = "URL", env = "PROOFHOUSE_ISSUERS", value_delimiter = ',')]
    pub issuers: Vec<String>,
    /// The issuer's keys, instead of asking it: a JSON Web Key Set
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// Where issuers may be
    #[arg(long, value_enum, default_value_t = IssuerNetwork::Public)]
    pub issuer_network: IssuerNetwork,
    /// The command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub argv: Vec<String>,
}

/// Addresses that issuers may have.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IssuerNetwork {
    /// Public addresses only
    Public,
    /// Private networks, too: for a forge of your own
    Private,
    /// This machine only, also without https: for trying things out
    Loopback,
}

#[derive(Subcommand)]
pub enum AttestCommand {
    /// Take in attestations of others, each verified under its own root
    Import(AttestImportArgs),
}

#[derive(Args)]
pub struct AttestImportArgs {
    /// Sigstore bundles (v0.3) or DSSE envelopes, one in a file or one a line
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Authorities and logs to believe: a trusted_root.json
    #[arg(long, value_name = "FILE", required_unless_present_any = ["key", "trust"])]
    pub trusted_root: Option<PathBuf>,
    /// Identity that must have signed
    #[arg(long, value_name = "NAME", requires = "certificate_oidc_issuer", requires = "trusted_root")]
    pub certificate_identity: Option<String>,
    /// Issuer that must vouch for the identity
    #[arg(long, value_name = "URL", requires = "certificate_identity")]
    pub certificate_oidc_issuer: Option<String>,
    /// Public key that must have signed: PEM
    #[arg(long, value_name = "FILE", conflicts_with = "certificate_identity")]
    pub key: Option<PathBuf>,
    /// The trust file of another Proofhouse
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trusted_root", "key"])]
    pub trust: Option<PathBuf>,
    /// Project they belong to [default: from proofhouse.yaml, else the folder's name]
    #[arg(long)]
    pub project: Option<String>,
}
