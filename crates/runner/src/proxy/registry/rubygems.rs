//! Ruby: `gem sources` lists them.

use super::{Ask, Endpoint, RegistryError};

pub(super) fn endpoints(ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
    let listed = ask.run("rubygems", "gem", &["sources", "--list"])?;
    Ok(listed.lines().filter_map(Endpoint::of_url).collect())
}
