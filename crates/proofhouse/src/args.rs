//! The command line as its users see it.

mod attest;
mod awareness;
mod conformance;
mod controls;
mod evidence;
mod log;
mod manual;
mod people;
mod radar;
mod release;
mod requirements;
mod retain;
mod review;
mod target;
mod triage;
mod trust;
mod verify;

use std::path::PathBuf;

pub use attest::{AttestArgs, AttestCommand, AttestImportArgs, IssuerNetwork};
pub use awareness::{DigestArgs, DigestForm, GuidanceArgs, MailTls, MailWay, RemindArgs};
use clap::{Args, Parser, Subcommand, ValueEnum};
pub use conformance::{ConformanceCommand, SignBundleArgs, VerifyBundleArgs};
pub use controls::{ControlsArgs, ControlsForm};

pub use evidence::{ReproduceArgs, StatementArgs, VsaArgs};
pub use log::{AskArgs, ConsistencyArgs, MonitorArgs, WitnessCommand, WitnessServeArgs};
pub use manual::{AddFindingArgs, ImportAbout, ImportArgs, ImportCommand, ManualArgs, TestArgs};
pub use people::{AccountCommand, OrganisationCommand, TokenCreateArgs};
pub use radar::{AssessArgs, CatalogueArg, RadarCommand, RadarImportArgs, SignEntryArgs, WhoArgs};
pub use release::{ReleaseCommand, ReleaseReviewCommand};
pub use requirements::{AddArgs, AttestRequirementArgs, ChooseArgs, ImportThreatsArgs, RequirementsCommand};
pub use retain::RetainArgs;
pub use review::ReviewCommand;
pub use target::TargetVerifyArgs;
pub use triage::{FindingSaid, FindingsCommand};
pub use trust::{RevokeArgs, RotateArgs, SignArgs, TrustCommand, TrustInitArgs};
pub use verify::VerifyArgs;

use evidence::uri;

/// Takes a commit to a verified deployment, and can prove every step.
#[derive(Parser)]
#[command(name = "proofhouse", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Exit status: 0 yes, 1 no (failed, denied, not verified), 2 wrong input, \
3 wrong surroundings, 4 something stored was changed. Data goes to stdout, talk to stderr.")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command. They have a part of the help to themselves, so that a command's own come first.
#[derive(Args, Clone)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Home of this installation: ledger, keys, database [default: the user's data folder]
    #[arg(long, global = true, env = "PROOFHOUSE_HOME", value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Database, `sqlite:PATH` or `postgres://…` [default: db.sqlite in the home]
    #[arg(long, global = true, env = "PROOFHOUSE_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// Socket of a signer that holds the keys, started with `proofhouse sign --listen` [default: keys are in
    /// the home]
    #[arg(long, global = true, env = "PROOFHOUSE_SIGNER", value_name = "SOCKET")]
    pub signer: Option<PathBuf>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Folder to work in
    #[arg(long, short = 'C', global = true, value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// Say less
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

/// Output form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Subcommand)]
pub enum Command {
    /// Write a proofhouse.yaml for this project
    Init,
    /// Show what a run would do
    Plan,
    /// Build, test, scan, sign and record
    Run(RunArgs),
    /// List what a run built, or write it to a folder
    Outputs(OutputsArgs),
    /// Build again, or take what another installation built, and compare it byte by byte
    Reproduce(ReproduceArgs),
    /// Run the built-in checks on this folder and record the results
    Scan,
    /// Run a command of another pipeline and attest what it made, or import attestations of others
    Attest(Box<AttestArgs>),
    /// Import a scanner's report, or the result of a test by people
    Import(ImportArgs),
    /// List findings, judge them, or record one that a person found
    Findings(FindingsArgs),
    /// What a weakness is, how to find, fix and test it; the most common causes
    Guidance(GuidanceArgs),
    /// What is new, fixed, learned and open for too long, to print or to send by mail
    Digest(DigestArgs),
    /// What waits for whom: reviews to sign, accepted risks that end, technologies to look at again
    Remind(RemindArgs),
    /// Security requirements that tests must prove: choose, write, see how far they are
    #[command(subcommand)]
    Requirements(RequirementsCommand),
    /// Ask a gate
    #[command(subcommand)]
    Gate(GateCommand),
    /// Deploy what the last run built into an environment
    Deploy(DeployArgs),
    /// Look at or stop deployed environments
    #[command(subcommand)]
    Env(EnvCommand),
    /// Verify an artifact offline, by its evidence and a trust file
    Verify(VerifyArgs),
    /// Take a whole release elsewhere in one file, and verify or import one
    #[command(subcommand)]
    Release(ReleaseCommand),
    /// Review how things are done, by schedule: what the data suggests, and what people answered
    #[command(subcommand)]
    Review(ReviewCommand),
    /// Speak the command-line protocol of the Sigstore conformance suite
    #[command(subcommand)]
    Conformance(ConformanceCommand),
    /// Sign a file: a bundle that other verifiers accept
    Sign(SignArgs),
    /// The keys of this installation, and what others need to believe them
    #[command(subcommand)]
    Trust(TrustCommand),
    /// Look at, check and export the ledger
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Be a witness of other people's logs
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// The technologies that are used, and the catalogue of those that are recommended
    #[command(subcommand)]
    Radar(RadarCommand),
    /// What standards ask for, held against what the ledger covers
    Controls(ControlsArgs),
    /// Bring in vulnerability data
    #[command(subcommand)]
    Feeds(FeedsCommand),
    /// Serve the dashboard and the API
    Serve(ServeArgs),
    /// Who has which role, as code
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Accounts of people who sign in with a password
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manage access tokens of the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Check this machine and installation
    Doctor,
    /// Print the JSON Schema of proofhouse.yaml
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Take a bundled application from commit to deployment
    Demo(DemoArgs),
    /// Verify a release on the target (started by deployments)
    #[command(hide = true)]
    TargetVerify(TargetVerifyArgs),
    /// Start an environment's application, confined (started by its supervisor)
    #[command(hide = true)]
    Launch {
        /// Folder of the environment
        root: PathBuf,
        /// Release
        digest: model::Sha256,
    },
    /// Supervise an environment's application (started by deployments)
    #[command(hide = true)]
    Supervise {
        /// Folder of the environment
        root: PathBuf,
    },
}

#[derive(Args)]
pub struct RunArgs {
    /// Run only these steps and what they need
    pub steps: Vec<String>,
    /// Steps at one time
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<usize>,
    /// Run every step even if its result is cached
    #[arg(long)]
    pub no_cache: bool,
    /// Accept tools that differ from proofhouse.lock, and write the new lock
    #[arg(long)]
    pub update_lock: bool,
    /// The build platform that this machine is part of. Its operator says so: without it a build counts as
    /// made on somebody's workstation
    #[arg(long, value_name = "URI", env = "PROOFHOUSE_PLATFORM", value_parser = uri)]
    pub platform: Option<String>,
}

#[derive(Args)]
pub struct OutputsArgs {
    /// What this run built [default: the newest run that passed]
    #[arg(long)]
    pub run: Option<model::RunId>,
    /// Write the files below this folder
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct FindingsArgs {
    #[command(subcommand)]
    pub command: Option<FindingsCommand>,
    /// Only these states: new, existing, fixed, reopened [default: all that are open]
    #[arg(long, value_delimiter = ',')]
    pub status: Vec<String>,
    /// Only this severity and worse
    #[arg(long, value_parser = severity)]
    pub severity: Option<model::Severity>,
    /// Only this family: sast, secrets, sca, config, hardening, dast, iast, manual
    #[arg(long)]
    pub technique: Option<String>,
    /// Only this scanner
    #[arg(long)]
    pub scanner: Option<String>,
    /// Only with this text in title, rule, place or aliases
    #[arg(long)]
    pub text: Option<String>,
    /// Of this project [default: from proofhouse.yaml; `*` for all]
    #[arg(long)]
    pub project: Option<String>,
    /// Only as judged: false-positive, confirmed, wont-fix, duplicate-of, none (not judged)
    #[arg(long, value_name = "STATE", value_parser = triage::state)]
    pub triage: Option<model::predicate::TriageState>,
    /// Only those that this person deals with
    #[arg(long, value_name = "PERSON")]
    pub assignee: Option<String>,
    /// Most lines
    #[arg(long, default_value_t = 200)]
    pub most: u32,
    /// Exit with 1 if any is listed
    #[arg(long)]
    pub fail: bool,
}

#[derive(Subcommand)]
pub enum GateCommand {
    /// Show each rule, what it looked at and its reasons, without deploying
    Explain {
        /// Environment
        environment: String,
    },
    /// Print the newest decision as a plain SLSA verification summary, signed with the organisation's key
    Vsa(VsaArgs),
    /// Accept a finding or a rule's denial for a while, with a reason
    Except {
        /// A finding's id (or its beginning), or a rule's id
        what: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Until when: a date (2026-12-31) or a time from now (30d)
        #[arg(long)]
        until: String,
        /// Only in this environment
        #[arg(long)]
        environment: Option<String>,
    },
    /// List accepted risks: those that have ended although what they covered is still there come first
    Exceptions {
        /// Of this project [default: from proofhouse.yaml; `*` for all]
        #[arg(long)]
        project: Option<String>,
        /// Exit with 1 if one has been missed
        #[arg(long)]
        fail: bool,
    },
}

#[derive(Args)]
pub struct DeployArgs {
    /// Environment
    pub environment: String,
    /// Deploy what this run built [default: the newest run of this commit that passed]
    #[arg(long)]
    pub run: Option<model::RunId>,
}

#[derive(Subcommand)]
pub enum EnvCommand {
    /// What is active in each environment, and whether it runs
    Status,
    /// Stop the application of an environment
    Stop {
        /// Environment
        environment: String,
    },
    /// Print the application's log
    Logs {
        /// Environment
        environment: String,
    },
    /// Give an environment this installation's trust file of today: after a key was lost
    Trust {
        /// Environment
        environment: String,
    },
}

#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Re-hash everything: statements, tree, checkpoint, blobs and database
    Verify,
    /// Show entries, or one of them
    Show {
        /// Entry
        index: Option<u64>,
        /// Newest entries shown
        #[arg(long, default_value_t = 20)]
        most: u64,
    },
    /// Print the inclusion proof of an entry as a bundle
    Prove {
        /// Entry
        index: u64,
    },
    /// Make the database anew from the ledger
    Rebuild,
    /// Write the evidence of an artifact, or the whole public ledger, to a file or folder
    Export {
        /// Where to
        to: PathBuf,
        /// Only what concerns this artifact (a file, or its SHA-256)
        #[arg(long)]
        artifact: Option<String>,
    },
    /// Say what is known about an artifact in the words of a standard: vulns, release, svr, scai, spdx or openvex
    Statement(StatementArgs),
    /// Remove the content of old statements; the removal is recorded and every proof stays good
    Retain(RetainArgs),
    /// Print the trust file that others verify with
    Trust {
        /// Print the note verifier key of the log instead, as monitors and witnesses want it
        #[arg(long)]
        log_key: bool,
    },
    /// Write the log's public files (checkpoint, tiles, entries) for a static web server
    Publish {
        /// Folder; what is there already is continued
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Prove that the ledger continues an older state of it, or check such a proof
    Consistency(ConsistencyArgs),
    /// Ask witnesses to cosign the newest checkpoint
    Witness(AskArgs),
    /// Follow the log of somebody: forks, rollbacks, changed tiles, unexpected identities
    Monitor(MonitorArgs),
}

#[derive(Subcommand)]
pub enum FeedsCommand {
    /// Import advisories: OSV JSON or YAML (file, folder, zip, tar.gz), RustSec or PyPA databases
    Import {
        /// File or folder
        path: PathBuf,
        /// Name of the feed [default: the file's name]
        #[arg(long)]
        name: Option<String>,
    },
    /// What is there, and how old it is
    List,
}

#[derive(Args)]
pub struct ServeArgs {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:7878")]
    pub listen: std::net::SocketAddr,
    /// TLS certificate chain (PEM); needed for any address but loopback
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,
    /// TLS private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,
    /// Host name that browsers may use, besides loopback
    #[arg(long = "host", value_name = "NAME")]
    pub hosts: Vec<String>,
    /// Let everybody read the log (checkpoints, tiles, entries; no statements) below /log/
    #[arg(long)]
    pub public_log: bool,
    /// Technology catalogue that the pages show; people sign its entries there [default: the one that proofhouse.yaml
    /// names]
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, once
    Create(TokenCreateArgs),
    /// List tokens
    List,
    /// Revoke a token
    Revoke {
        /// Its id
        id: String,
    },
}

#[derive(Args)]
pub struct DemoArgs {
    /// A whole organisation: its projects in many languages, teams, gates, exceptions (a minute or two)
    #[arg(long)]
    pub organisation: bool,
    /// Stop after the verdict
    #[arg(long)]
    pub no_serve: bool,
    /// Address of the dashboard
    #[arg(long, default_value = "127.0.0.1:7878")]
    pub listen: std::net::SocketAddr,
}

fn severity(text: &str) -> Result<model::Severity, String> {
    model::Severity::from_name(text).ok_or_else(|| "info, low, medium, high or critical".to_owned())
}
