//! Where to listen and under which conditions.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use model::Clock;

/// Certificate chain and private key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, leaf first.
    pub certificate: PathBuf,
    /// Private key (PKCS#8, SEC1 or PKCS#1), not readable by everybody.
    pub key: PathBuf,
}

/// Configuration of one server.
#[derive(Clone)]
pub struct Config {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Names by which browsers reach it, besides the loopback names (no port).
    pub names: Vec<String>,
    /// TLS; needed for every address that is not loopback.
    pub tls: Option<TlsFiles>,
    /// Folder of the server's own state: `tokens.json`. Made with mode 0700.
    pub folder: PathBuf,
    /// Whether everybody may read the log (checkpoints, tiles, entries) below `/log/`, without signing in.
    pub public_log: bool,
    /// Name of whoever starts the server, for what they do by its link.
    pub owner: String,
    /// Source of the current time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
