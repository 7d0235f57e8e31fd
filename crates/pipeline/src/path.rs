//! Paths inside the tree, as text: relative, `/` between components, no `.` and `..`.

/// Why a path does not name something inside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// Nothing, or only `.`.
    #[error("it names the whole tree")]
    Empty,
    /// Starts with `/`.
    #[error("it is absolute")]
    Absolute,
    /// Leaves the tree.
    #[error("`..` leaves the tree")]
    Parent,
    /// Inside `.git`.
    #[error("`.git` belongs to git")]
    Git,
    /// NUL or another control character.
    #[error("it has a control character")]
    Control,
    /// A pattern where a path is wanted.
    #[error("it is a pattern, not a path")]
    Pattern,
}

/// The path without `.` components, doubled and trailing slashes.
///
/// # Errors
/// When it is empty, absolute, leaves the tree, or is inside `.git`.
pub fn normalise(path: &str) -> Result<String, BadPath> {
    if path.starts_with('/') {
        return Err(BadPath::Absolute);
    }
    if path.chars().any(char::is_control) {
        return Err(BadPath::Control);
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err(BadPath::Parent);
    }
    // Case folded: on a case-insensitive file system `.GIT` is git's folder as well.
    if parts.iter().any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err(BadPath::Git);
    }
    if parts.is_empty() { Err(BadPath::Empty) } else { Ok(parts.join("/")) }
}

/// As [`normalise_literal`], but the path may begin with `../`, also several times.
///
/// # Errors
/// As [`normalise_literal`].
pub fn normalise_beside(path: &str) -> Result<String, BadPath> {
    let (mut above, mut rest) = (String::new(), path);
    while let Some(after) = rest.strip_prefix("../") {
        above.push_str("../");
        rest = after.trim_start_matches('/');
    }
    Ok(above + &normalise_literal(rest)?)
}

/// As [`normalise`], and refuses `*` and `?`.
///
/// # Errors
/// As [`normalise`], and for a pattern.
pub fn normalise_literal(path: &str) -> Result<String, BadPath> {
    if path.contains(['*', '?']) { Err(BadPath::Pattern) } else { normalise(path) }
}

/// Whether `inner` is `outer` or below it; both normalised.
pub fn contains(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_or_refused() {
        assert_eq!(normalise("./dist//app/"), Ok("dist/app".into()));
        let bad = [("", BadPath::Empty), ("./", BadPath::Empty), ("/etc", BadPath::Absolute)];
        let bad = bad.into_iter().chain([("a/../../b", BadPath::Parent), ("x/.Git/hooks", BadPath::Git)]);
        for (path, why) in bad {
            assert_eq!(normalise(path), Err(why), "{path}");
        }
        assert_eq!(normalise_literal("dist/*.whl"), Err(BadPath::Pattern));
    }

    #[test]
    fn a_shared_file_may_be_above_but_the_way_there_only_at_the_beginning() {
        assert_eq!(normalise_beside("../..//a/./b"), Ok("../../a/b".into()));
        assert_eq!(normalise_beside("a"), Ok("a".into()));
        assert_eq!(normalise_beside("../a/../b"), Err(BadPath::Parent));
        assert_eq!(normalise_beside("../"), Err(BadPath::Empty));
        assert_eq!(normalise_beside("/etc/a"), Err(BadPath::Absolute));
    }

    #[test]
    fn a_path_contains_itself_and_what_is_below() {
        assert!(contains("dist", "dist") && contains("dist", "dist/a"));
        assert!(!contains("dist", "dist2") && !contains("dist/a", "dist"));
    }
}
