//! Arguments of `conformance`: the protocol that Sigstore clients share.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub enum ConformanceCommand {
    /// Verify a Sigstore bundle; the exit status is the verdict
    VerifyBundle(VerifyBundleArgs),
    /// Sign a file and write the bundle, with this installation's own authority or with --signing-config
    SignBundle(SignBundleArgs),
}

#[derive(Args)]
pub struct SignBundleArgs {
    /// Where the bundle goes
    #[arg(long, value_name = "FILE")]
    pub bundle: PathBuf,
    /// Token of an identity provider; used with --signing-config only
    #[arg(long, value_name = "TOKEN")]
    pub identity_token: Option<String>,
    /// The file is a statement (in-toto JSON): sign it in an envelope
    #[arg(long)]
    pub in_toto: bool,
    /// Verify the bundle under this trusted_root.json before it is written
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Sign with the services that this signing_config.json names
    #[arg(long, value_name = "FILE", requires = "trusted_root")]
    pub signing_config: Option<PathBuf>,
    /// Sign with Sigstore's staging services; not possible, as no address of theirs is built in
    #[arg(long, hide = true)]
    pub staging: bool,
    /// The file
    pub artifact: PathBuf,
}

#[derive(Args)]
pub struct VerifyBundleArgs {
    /// The bundle
    #[arg(long, value_name = "FILE")]
    pub bundle: PathBuf,
    /// Authorities and logs to believe: a trusted_root.json
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// Believe Sigstore's own staging instance; none is built in, so it needs --trusted-root
    #[arg(long, hide = true)]
    pub staging: bool,
    /// Identity that must have signed
    #[arg(long, value_name = "NAME", requires = "certificate_oidc_issuer", required_unless_present = "key")]
    pub certificate_identity: Option<String>,
    /// Issuer that must vouch for the identity
    #[arg(long, value_name = "URL", requires = "certificate_identity")]
    pub certificate_oidc_issuer: Option<String>,
    /// Public key that must have signed, instead of an identity: PEM
    #[arg(long, value_name = "FILE", conflicts_with = "certificate_identity")]
    pub key: Option<PathBuf>,
    /// A file, or the digest of one: sha256: and 64 hexadecimal digits
    pub artifact: String,
}
