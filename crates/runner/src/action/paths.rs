//! Which names, relative paths and link targets may occur in a tree.

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Starts with `/`.
    #[error("is absolute")]
    Absolute,
    /// Has a `.`, `..` or empty segment.
    #[error("has a `.`, `..` or empty segment")]
    Segment,
    /// Has a NUL byte.
    #[error("has a NUL byte")]
    Nul,
    /// Longer than 4,096 bytes, a name longer than 255, or more than 256 segments.
    #[error("is too long")]
    TooLong,
}

/// Most segments of a path.
pub const MAX_DEPTH: usize = 256;

/// Checks one path segment.
///
/// # Errors
/// The reason it cannot be a file name in a tree.
pub fn check_name(name: &str) -> Result<(), BadPath> {
    match name {
        "" => Err(BadPath::Empty),
        "." | ".." => Err(BadPath::Segment),
        _ if name.contains('/') => Err(BadPath::Segment),
        _ if name.contains('\0') => Err(BadPath::Nul),
        _ if name.len() > 255 => Err(BadPath::TooLong),
        _ => Ok(()),
    }
}

/// Whether a path segment is the place of a git repository, also on a file system that ignores case.
pub fn is_git(name: &str) -> bool {
    name.eq_ignore_ascii_case(".git")
}

/// Checks a relative path: `/`-separated, no `.`, `..` or empty segment.
///
/// # Errors
/// The reason it does not name a place strictly inside a tree.
pub fn check_relative(path: &str) -> Result<(), BadPath> {
    if path.is_empty() {
        return Err(BadPath::Empty);
    }
    if path.starts_with('/') {
        return Err(BadPath::Absolute);
    }
    if path.len() > 4096 || path.split('/').count() > MAX_DEPTH {
        return Err(BadPath::TooLong);
    }
    path.split('/').try_for_each(|segment| match check_name(segment) {
        Err(BadPath::Empty) => Err(BadPath::Segment),
        other => other,
    })
}

/// Whether a link that lies `depth` folders below the root of its tree provably stays inside.
///
/// `..` is accepted only at the front of the target: there it climbs real folders, which is exact.
/// After a name it could climb out of wherever another link leads, so it is not accepted.
pub fn link_stays_inside(depth: usize, target: &str) -> bool {
    if target.is_empty() || target.starts_with('/') || target.contains('\0') || target.len() > 4096 {
        return false;
    }
    let segments = || target.split('/').filter(|segment| !matches!(*segment, "" | "."));
    let climbs = segments().take_while(|segment| *segment == "..").count();
    climbs <= depth && segments().skip(climbs).all(|segment| segment != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_provably_inner_links_are_accepted() {
        assert!(link_stays_inside(0, "a/b"));
        assert!(link_stays_inside(2, "../../a"));
        assert!(!link_stays_inside(1, "../../a"));
        assert!(!link_stays_inside(0, "a/../../b"));
        assert!(!link_stays_inside(3, "a/.."), "`a` may be a link itself");
        assert!(!link_stays_inside(3, "/etc/passwd"));
        assert!(!link_stays_inside(3, ""));
    }

    #[test]
    fn relative_paths() {
        assert_eq!(check_relative("a/b c/é"), Ok(()));
        for (path, why) in [
            ("", BadPath::Empty),
            ("/a", BadPath::Absolute),
            ("a//b", BadPath::Segment),
            ("a/../b", BadPath::Segment),
            ("a/", BadPath::Segment),
            ("a\0b", BadPath::Nul),
        ] {
            assert_eq!(check_relative(path), Err(why), "{path:?}");
        }
    }
}
