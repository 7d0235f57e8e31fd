//! Arguments of `sign` and `trust`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
pub struct SignArgs {
    /// The file
    #[arg(required_unless_present_any = ["stdio", "listen"])]
    pub file: Option<PathBuf>,
    /// Where the bundle goes [default: beside the file, with .sigstore.json added]
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<PathBuf>,
    /// Project that the file is of [default: that of this folder]
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Sign with a Fulcio, a Rekor v2 and time-stamping authorities of others: a signing_config.json
    #[arg(long, value_name = "FILE", requires_all = ["file", "trusted_root"], conflicts_with = "project")]
    pub services: Option<PathBuf>,
    /// Under which the bundle must hold before it is written: a trusted_root.json
    #[arg(long, value_name = "FILE", requires = "services")]
    pub trusted_root: Option<PathBuf>,
    /// Identity token to show to Fulcio [default: SIGSTORE_ID_TOKEN]
    #[arg(long, value_name = "FILE", requires = "services")]
    pub identity_token_file: Option<PathBuf>,
    /// The file is a statement (in-toto JSON): sign it in an envelope
    #[arg(long, requires = "services")]
    pub in_toto: bool,
    /// Hold the keys of this home and sign for others, at this socket
    #[arg(long, value_name = "SOCKET", conflicts_with = "file")]
    pub listen: Option<PathBuf>,
    /// User who may have things signed at the socket [default: the one who starts it]
    #[arg(long, value_name = "USER", requires = "listen")]
    pub allow: Vec<String>,
    /// Hold the keys and sign (started by other commands)
    #[arg(long, hide = true, conflicts_with_all = ["file", "listen"])]
    pub stdio: bool,
}

#[derive(Subcommand)]
pub enum TrustCommand {
    /// Make the keys, before anything else, with names of your own
    Init(TrustInitArgs),
    /// List the keys
    Show,
    /// Print the trust file that `proofhouse verify` and deployment targets believe
    File,
    /// Print the trusted_root.json that Sigstore clients believe
    Root {
        /// Write it to a file instead
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Print the organisation's public keys that are valid now, as PEM
    Key,
    /// Exchange the key for a purpose: organisation, log, authority, transparency or time
    Rotate(RotateArgs),
    /// End a key, also from a moment in the past on
    Revoke(RevokeArgs),
}

#[derive(Args)]
pub struct TrustInitArgs {
    /// Name in certificates [default: Proofhouse]
    #[arg(long, value_name = "NAME")]
    pub organisation: Option<String>,
    /// Host that identities and log are named after; it need not exist [default: made from a key]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Where the root's key goes, e.g. a disk that is taken away [default: keys/root.json in the home]
    #[arg(long, value_name = "FILE")]
    pub root_key: Option<PathBuf>,
    /// Another home's ledger is signed with these keys, through `proofhouse sign --listen`
    #[arg(long)]
    pub for_others: bool,
    /// Keys that are not simply made here, by purpose: see docs/keys.md
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
}

#[derive(Args)]
pub struct RotateArgs {
    /// What the key is for
    pub purpose: String,
    /// Where the new key is, if it is not simply made here: see docs/keys.md
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// From when on the new key counts, e.g. 2027-01-01T00:00:00Z [default: in 30 seconds]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<model::Timestamp>,
    /// File of the root's key; needed for authority and time [default: keys/root.json in the home]
    #[arg(long, value_name = "FILE")]
    pub root_key: Option<PathBuf>,
}

#[derive(Args)]
pub struct RevokeArgs {
    /// Beginning of the key's fingerprint
    pub key: String,
    /// From when on what it signs no longer counts, e.g. when it was lost [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<model::Timestamp>,
    /// Why
    #[arg(long)]
    pub reason: String,
    /// File of the root's key, when a new authority has to be made [default: keys/root.json in the home]
    #[arg(long, value_name = "FILE")]
    pub root_key: Option<PathBuf>,
}

/// A moment as the ledger and certificates write it.
fn moment(text: &str) -> Result<model::Timestamp, String> {
    text.parse().map_err(|_| "expected is a time with its zone, as in 2027-01-01T00:00:00Z".to_owned())
}
