//! Why the server could not start.

use std::net::SocketAddr;

use model::{Exit, UserError};

use crate::access::{accounts::AccountError, tokens::TokenError};

/// Why the server could not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is reachable from elsewhere, and something that protects it is missing.
    #[error("{address} can be reached from other machines, but {missing}")]
    InsecureListen {
        /// The address.
        address: SocketAddr,
        /// What is missing, as one phrase.
        missing: &'static str,
    },
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("TLS: {file}: {why}")]
    Tls {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// The token file cannot be used.
    #[error(transparent)]
    Tokens(#[from] TokenError),
    /// The account file cannot be used.
    #[error(transparent)]
    Accounts(#[from] AccountError),
    /// Listening stopped with an error.
    #[error("the server stopped")]
    Stopped(#[source] std::io::Error),
}

impl UserError for ServerError {
    fn code(&self) -> &'static str {
        match self {
            Self::InsecureListen { .. } => "server-insecure-listen",
            Self::Listen { .. } => "server-listen",
            Self::Tls { .. } => "server-tls",
            Self::Tokens(error) => error.code(),
            Self::Accounts(error) => error.code(),
            Self::Stopped(_) => "server-stopped",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::InsecureListen { .. } => {
                "listen on 127.0.0.1, or give a certificate, its key, a host name and an access token".into()
            }
            Self::Listen { .. } => "choose another port, or 0 for any free one".into(),
            Self::Tls { .. } => "give a PEM certificate chain and its PEM private key".into(),
            Self::Tokens(error) => return error.hint(),
            Self::Accounts(error) => return error.hint(),
            Self::Stopped(_) => return None,
        })
    }

    fn exit(&self) -> Exit {
        match self {
            Self::InsecureListen { .. } => Exit::Input,
            Self::Tokens(error) => error.exit(),
            Self::Accounts(error) => error.exit(),
            _ => Exit::Environment,
        }
    }
}
