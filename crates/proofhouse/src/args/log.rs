//! Arguments of the commands that concern the ledger and others: publishing, witnesses, monitoring.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand};

#[derive(Args)]
pub struct ConsistencyArgs {
    /// The older state: a file with a signed checkpoint, or (to make a proof) a number of entries
    #[arg(long, value_name = "CHECKPOINT")]
    pub from: String,
    /// Check this proof instead of making one; needs no installation
    #[arg(long, value_name = "FILE", requires = "key")]
    pub check: Option<PathBuf>,
    /// Key of the log: a note verifier key, a file of them, or a trust file
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

#[derive(Args)]
pub struct AskArgs {
    /// Address of a witness (its submission prefix) [default: those that were saved]
    #[arg(long = "ask", value_name = "URL", requires = "witness_key")]
    pub urls: Vec<String>,
    /// Key of that witness; one for each --ask, in the same order
    #[arg(long, value_name = "KEY", requires = "urls")]
    pub witness_key: Vec<String>,
    /// How many must cosign [default: all]
    #[arg(long, value_name = "N", requires = "urls")]
    pub quorum: Option<usize>,
    /// Keep these witnesses for the next time
    #[arg(long, requires = "urls")]
    pub save: bool,
}

#[derive(Args)]
pub struct MonitorArgs {
    /// Address or folder of the log: what has `checkpoint` in it
    #[arg(value_name = "URL")]
    pub log: String,
    /// Key of the log: a note verifier key, a file of them, or a trust file
    #[arg(long, value_name = "KEY")]
    pub key: String,
    /// Folder for what was seen
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
    /// Key of a witness that is believed, or a file of them
    #[arg(long, value_name = "KEY")]
    pub witness_key: Vec<String>,
    /// How many of the witnesses must have cosigned [default: all that are given]
    #[arg(long, value_name = "N", requires = "witness_key")]
    pub quorum: Option<usize>,
    /// Name in certificates that is expected; `*` stands for anything
    #[arg(long, value_name = "PATTERN", requires = "expect_issuer")]
    pub expect_identity: Vec<String>,
    /// Issuer of such certificates; `*` stands for anything
    #[arg(long, value_name = "PATTERN", requires = "expect_identity")]
    pub expect_issuer: Vec<String>,
    /// Key that is expected: SHA-256 of its SubjectPublicKeyInfo, a PEM file, or a trust file (whose
    /// certificates are expected too)
    #[arg(long, value_name = "KEY")]
    pub expect_key: Vec<String>,
    /// Another source of the same log, to see whether both tell one history
    #[arg(long, value_name = "URL")]
    pub compare: Option<String>,
    /// Look once (the default)
    #[arg(long, conflicts_with = "every")]
    pub once: bool,
    /// Look again and again, with so many seconds in between, until stopped
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub every: Option<u64>,
}

#[derive(Subcommand)]
pub enum WitnessCommand {
    /// Make the key of a witness; prints the line that others need
    Key {
        /// Name of the witness, e.g. witness.example.org/w1
        #[arg(long)]
        name: String,
        /// File for the private key; it must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Cosign checkpoints of known logs (C2SP tlog-witness)
    Serve(WitnessServeArgs),
}

#[derive(Args)]
pub struct WitnessServeArgs {
    /// File of the private key
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:7879")]
    pub listen: SocketAddr,
    /// File with the keys of the logs to vouch for, one note verifier key a line
    #[arg(long, value_name = "FILE")]
    pub logs: PathBuf,
    /// Folder for what was cosigned; whoever restores it from an older copy lets logs fork
    #[arg(long, value_name = "DIR")]
    pub state: PathBuf,
}
