//! Arguments of commands that make evidence for others.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub struct ReproduceArgs {
    /// The run to reproduce [default: the newest run of this commit that passed]
    #[arg(long)]
    pub run: Option<model::RunId>,
    /// What another installation built: its evidence, one bundle a line
    #[arg(long, value_name = "FILE", requires = "trust")]
    pub with: Option<PathBuf>,
    /// The trust file of that installation
    #[arg(long, value_name = "FILE", requires = "with")]
    pub trust: Option<PathBuf>,
    /// The build platform that this machine is part of, as in `run`
    #[arg(long, value_name = "URI", env = "PROOFHOUSE_PLATFORM", value_parser = uri)]
    pub platform: Option<String>,
}

#[derive(Args)]
pub struct VsaArgs {
    /// The artifact: a file, or its SHA-256
    pub artifact: String,
    /// Environment that it was admitted to
    #[arg(long, value_name = "ENV")]
    pub environment: String,
    /// Project whose decision it is [default: that of this folder]
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Write it to a file instead
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// As a Sigstore bundle instead of a DSSE envelope
    #[arg(long)]
    pub bundle: bool,
}

#[derive(Args)]
pub struct StatementArgs {
    /// Which
    pub kind: String,
    /// The artifact: a file, or its SHA-256
    pub artifact: String,
    /// Project whose run it is of [default: that of this folder]
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// Write the bundles to a file instead
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// An absolute URI (RFC 3986), as far as that can be seen from its scheme.
pub fn uri(text: &str) -> Result<String, String> {
    let scheme = text.split_once(':').map(|(scheme, rest)| !rest.is_empty() && !scheme.is_empty());
    match scheme == Some(true) && text.len() <= 1000 && text.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err("a URI, for example https://ci.example.org/linux".to_owned()),
    }
}
