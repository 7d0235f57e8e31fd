//! Sets of path patterns: `["src/**", "!src/generated/**"]`.
//!
//! A path matches when one pattern matches it or a folder above it, and no `!` pattern does. `*` and
//! `?` stop at `/`, `**` does not. Without any positive pattern everything is in.

use std::fmt;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Serialize, Serializer};

use crate::path::{BadPath, normalise};

/// Longest pattern in bytes.
pub const LONGEST_PATTERN: usize = 1024;

/// A compiled set of patterns.
#[derive(Clone)]
pub struct Globs {
    patterns: Vec<String>,
    include: Option<GlobSet>,
    exclude: GlobSet,
}

/// Why a pattern is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGlob {
    /// Syntax.
    #[error("{0}")]
    Syntax(String),
    /// Outside the tree.
    #[error("{0}")]
    Path(#[from] BadPath),
    /// Too long.
    #[error("it is longer than {LONGEST_PATTERN} bytes")]
    TooLong,
    /// The set as a whole compiles to something too large.
    #[error("the patterns together are too large: {0}")]
    TooLarge(String),
}

impl Globs {
    /// Compiles patterns; the index of the first bad one comes with the reason.
    ///
    /// # Errors
    /// See [`BadGlob`].
    pub fn new(patterns: &[impl AsRef<str>]) -> Result<Self, (usize, BadGlob)> {
        let (mut include, mut exclude) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut positive = false;
        for (n, pattern) in patterns.iter().enumerate() {
            let pattern = pattern.as_ref();
            let (set, body) = match pattern.strip_prefix('!') {
                Some(body) => (&mut exclude, body),
                None => (&mut include, pattern),
            };
            positive |= !pattern.starts_with('!');
            add(set, body).map_err(|error| (n, error))?;
        }
        let build = |set: GlobSetBuilder| {
            set.build().map_err(|error| (0, BadGlob::TooLarge(error.kind().to_string())))
        };
        let include = if positive { Some(build(include)?) } else { None };
        let patterns = patterns.iter().map(|pattern| pattern.as_ref().to_owned()).collect();
        Ok(Self { patterns, include, exclude: build(exclude)? })
    }

    /// The set that everything is in.
    pub fn everything() -> Self {
        Self { patterns: vec!["**".into()], include: None, exclude: GlobSet::empty() }
    }

    /// The set that nothing is in.
    pub fn nothing() -> Self {
        Self { patterns: vec![], include: Some(GlobSet::empty()), exclude: GlobSet::empty() }
    }

    /// Whether a path (relative, `/` between components) is in the set.
    pub fn matches(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(path)) && !self.exclude.is_match(path)
    }

    /// The patterns as written.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether no path can match, because there are no patterns.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

fn add(set: &mut GlobSetBuilder, pattern: &str) -> Result<(), BadGlob> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(BadGlob::TooLong);
    }
    let pattern = match normalise(pattern) {
        // Patterns may talk about `.git` (to exclude it); the snapshot never contains it anyway.
        Err(BadPath::Git) => pattern.trim_end_matches('/').to_owned(),
        other => other?,
    };
    for glob in [pattern.clone(), format!("{pattern}/**")] {
        let glob = GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build();
        set.add(glob.map_err(|error| BadGlob::Syntax(error.kind().to_string()))?);
    }
    Ok(())
}

impl fmt::Debug for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.patterns.fmt(f)
    }
}

impl PartialEq for Globs {
    fn eq(&self, other: &Self) -> bool {
        self.patterns == other.patterns
    }
}

impl Serialize for Globs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.patterns.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusions_win_and_folders_mean_what_is_in_them() {
        let globs = Globs::new(&["src", "*.toml", "!src/gen/**"]).unwrap();
        assert!(globs.matches("src/a/b.rs") && globs.matches("Cargo.toml"));
        assert!(!globs.matches("src/gen/x.rs") && !globs.matches("a/Cargo.toml"));
    }

    #[test]
    fn only_exclusions_leave_the_rest_in() {
        let globs = Globs::new(&["!docs/**"]).unwrap();
        assert!(globs.matches("a.txt") && !globs.matches("docs/a.txt"));
        assert!(Globs::everything().matches("docs/a.txt") && !Globs::nothing().matches("a"));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        assert!(matches!(Globs::new(&["a", "b["]), Err((1, BadGlob::Syntax(_)))));
        assert!(matches!(Globs::new(&["../a"]), Err((0, BadGlob::Path(BadPath::Parent)))));
    }
}
