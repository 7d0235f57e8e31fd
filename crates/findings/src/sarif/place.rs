//! Locations: URIs with bases and indices into tables, down to a path in the repository.

use std::borrow::Cow;

use super::{
    tables::{Artifact, Run},
    types::{ArtifactLocation, Location, SarifResult},
};
use crate::normalise::path::{Uri, uri};

/// A table that the location refers to has not been read yet.
#[derive(Debug)]
pub(super) struct NeedsMore;

/// Bases may name bases; longer chains than this are circular.
const LONGEST_CHAIN: u32 = 8;

/// Where a file is: a path as the report knows it, or a route of a web application.
pub(super) fn file(location: &ArtifactLocation<'_>, run: &Run, last: bool) -> Result<Option<Uri>, NeedsMore> {
    let own = location.uri.as_deref().filter(|uri| !uri.is_empty());
    match (own, location.index) {
        (Some(uri), _) => resolve(uri, location.uri_base_id.as_deref(), run, last).map(Some),
        (None, None) => Ok(None),
        (None, Some(_)) if !run.seen_artifacts && !last => Err(NeedsMore),
        (None, Some(index)) => match usize::try_from(index).ok().and_then(|n| run.artifacts.get(n)) {
            Some(Artifact { uri, base }) => resolve(uri, base.as_deref(), run, last).map(Some),
            None => Ok(None),
        },
    }
}

/// Puts relative bases before a relative URI. The outermost base, when it is absolute, is the root
/// of the scanned tree on the scanner's machine and says nothing about the repository.
fn resolve(text: &str, base: Option<&str>, run: &Run, last: bool) -> Result<Uri, NeedsMore> {
    let (mut path, absolute) = match uri(text) {
        Uri::File { path, absolute } => (path, absolute),
        web => return Ok(web),
    };
    let mut next = base.filter(|_| !absolute);
    for _ in 0..LONGEST_CHAIN {
        let Some(name) = next else { break };
        if !run.seen_bases && !last {
            return Err(NeedsMore);
        }
        let Some(base) = run.bases.get(name) else { break };
        match uri(&base.uri) {
            Uri::File { path: before, absolute: false } if !before.is_empty() => {
                path = format!("{before}/{path}");
            }
            Uri::File { absolute: true, .. } => break,
            Uri::Web { route } if base.base.is_none() && !route.is_empty() => {
                return Ok(Uri::Web { route: format!("{}/{path}", route.trim_end_matches('/')) });
            }
            _ => {}
        }
        next = base.base.as_deref();
    }
    Ok(Uri::File { path, absolute })
}

/// The name of the function, type or resource that a location is in.
pub(super) fn symbol<'r>(
    location: &'r Location<'_>,
    run: &'r Run,
    last: bool,
) -> Result<Option<&'r str>, NeedsMore> {
    let Some(logical) = location.logical_locations.first() else { return Ok(None) };
    let own = logical.fully_qualified_name.as_deref().or(logical.name.as_deref());
    match (own, logical.index) {
        (Some(name), _) => Ok(Some(name)),
        (None, Some(_)) if !run.seen_logical && !last => Err(NeedsMore),
        (None, Some(index)) => {
            Ok(usize::try_from(index).ok().and_then(|n| run.logical.get(n)).map(String::as_str))
        }
        (None, None) => Ok(None),
    }
}

/// Keys of fingerprints that are no fingerprints: they change with every commit or edit above.
const VOLATILE: [&str; 7] = [
    "commitsha",
    "email",
    "author",
    "date",
    "commitmessage",
    "primarylocationstartcolumnfingerprint",
    "commitmessagesha",
];

/// The tool's own fingerprints as one text; nothing when there is none worth it.
pub(super) fn fingerprint(result: &SarifResult<'_>) -> Option<String> {
    let all =
        [result.fingerprints.as_ref(), result.partial_fingerprints.as_ref()].into_iter().flatten().flatten();
    let mut parts: Vec<(&str, Cow<'_, str>)> = Vec::new();
    for (key, value) in all {
        let Some(value) = value.clone().text() else { continue };
        let useful = !value.trim().is_empty() && !crate::normalise::secret::is_withheld(&value);
        if key == "primaryLocationLineHash" && useful {
            return Some(value.into_owned());
        }
        if useful && !VOLATILE.contains(&key.to_ascii_lowercase().as_str()) {
            parts.push((key, value));
        }
    }
    let texts: Vec<String> = parts.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}
