//! Where a log's public files are: at an address, or in a folder.

use std::path::PathBuf;

use attest::log::{MAX_NOTE, TileId, monitor::TileSource};
use model::{Exit, Problem};
use url::Url;

use super::{fetch::Fetch, files};
use crate::home::cannot;

/// A log (C2SP tlog-tiles) that can be read.
pub enum Source {
    /// A folder with `checkpoint` and `tile/` in it.
    Folder(PathBuf),
    /// An address below which they are, ending in a slash.
    Http(Box<Fetch>, Url),
}

impl Source {
    /// `http:` and `https:` addresses, `file:` addresses, and paths of folders.
    ///
    /// # Errors
    /// `log-address` when it is neither.
    pub fn open(place: &str) -> Result<Self, Problem> {
        let wrong = |why: &str| {
            Problem::new("log-address", Exit::Input, format!("`{place}` is no address of a log: {why}"))
                .with_hint("give the http(s) address or the folder that has `checkpoint` in it")
        };
        let with_scheme = ["http:", "https:", "file:"].iter().any(|scheme| place.starts_with(scheme));
        if !with_scheme {
            return match place.contains("://") {
                true => Err(wrong("only http, https and file are read")),
                false => Ok(Self::Folder(place.into())),
            };
        }
        let mut url: Url = place.parse().map_err(|error: url::ParseError| wrong(&error.to_string()))?;
        if url.scheme() == "file" {
            return url.to_file_path().map(Self::Folder).map_err(|()| wrong("it has no local path"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or fragment"));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self::Http(Box::new(Fetch::new()?), url))
    }

    /// The checkpoint as it is served.
    ///
    /// # Errors
    /// `log-unreachable` when it cannot be had.
    pub fn checkpoint(&self) -> Result<Vec<u8>, Problem> {
        let found = self.read(&[("checkpoint".to_owned(), MAX_NOTE as u64)])?.pop().flatten();
        found.ok_or_else(|| {
            let place = match self {
                Self::Folder(folder) => folder.display().to_string(),
                Self::Http(_, url) => url.to_string(),
            };
            Problem::new("log-unreachable", Exit::Environment, format!("there is no checkpoint at {place}"))
                .with_hint("give the address or folder that has `checkpoint` in it")
        })
    }

    fn read(&self, wanted: &[(String, u64)]) -> Result<Vec<Option<Vec<u8>>>, Problem> {
        match self {
            Self::Folder(folder) => {
                let one = |(path, most): &(String, u64)| {
                    let path = folder.join(path);
                    let bytes = files::read(&path, *most);
                    bytes.map_err(|error| Problem {
                        code: "log-unreachable",
                        exit: Exit::Environment,
                        ..cannot(&path, "read", &error)
                    })
                };
                wanted.iter().map(one).collect()
            }
            Self::Http(fetch, base) => {
                let address = |(path, most): &(String, u64)| {
                    let mut url = base.clone();
                    url.set_path(&format!("{}{path}", base.path()));
                    (url, *most)
                };
                fetch.get(&wanted.iter().map(address).collect::<Vec<_>>())
            }
        }
    }
}

impl TileSource for Source {
    type Error = Problem;

    fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Option<Vec<u8>>>, Problem> {
        let path = |tile: &TileId| (tile.path().display().to_string(), tile.most_bytes());
        self.read(&wanted.iter().map(path).collect::<Vec<_>>())
    }
}
