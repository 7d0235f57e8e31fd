//! Arguments of the commands about people.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub enum OrganisationCommand {
    /// Print the organisation's file that holds now, or who has which role
    Show {
        /// Print who has which role instead
        #[arg(long)]
        roles: bool,
    },
    /// Check a file and say what applying it would change; needs no rights
    Check {
        /// The file
        #[arg(default_value = "organisation.yaml")]
        file: PathBuf,
    },
    /// Make a file the organisation's from now on; recorded in the ledger
    Apply {
        /// The file
        #[arg(default_value = "organisation.yaml")]
        file: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum AccountCommand {
    /// Invite somebody to set a password; prints the secret of the invitation, once
    Invite {
        /// Name of the account, new or there already
        name: String,
    },
    /// List accounts
    List,
    /// Let an account no longer sign in, and end its sessions and tokens
    Disable {
        /// Its name
        name: String,
    },
    /// Let an account sign in again
    Enable {
        /// Its name
        name: String,
    },
}

#[derive(Args)]
pub struct TokenCreateArgs {
    /// What it is for
    pub name: String,
    /// Days it lives
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// What it may do; may be given several times [default: see everything, change nothing]
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// Only in this project; may be given several times [default: all]
    #[arg(long, value_name = "PROJECT", requires = "role")]
    pub project: Vec<String>,
}
