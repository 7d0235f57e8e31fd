//! Paths relative to the repository, whatever a report calls them.

use std::borrow::Cow;

/// Longest path kept, in bytes. Linux allows 4,096.
const LONGEST: usize = 4096;

/// `raw` as a path inside the repository: `/` between components, never absolute, never `.` or
/// `..`, no control characters. `roots` are cut from the front (the longest that fits). Back-slashes
/// are separators (a report from Windows); so is a drive letter's colon. Empty when nothing is left.
pub fn clean(raw: &str, roots: &[String]) -> String {
    let path = simplify(raw);
    let cut = roots.iter().filter_map(|root| strip(&path, &simplify(root))).min_by_key(|rest| rest.len());
    cut.map(str::to_owned).unwrap_or_else(|| path.into_owned())
}

fn strip<'p>(path: &'p str, root: &str) -> Option<&'p str> {
    if root.is_empty() {
        return None;
    }
    let rest = path.strip_prefix(root)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Most paths need no work; a report has one per finding.
fn is_simple(raw: &str) -> bool {
    let plain = |b: u8| (0x20..0x7f).contains(&b) && b != b'\\' && b != b':';
    let named = |part: &str| !matches!(part, "" | "." | "..");
    raw.len() <= LONGEST && raw.bytes().all(plain) && raw.split('/').all(named)
}

fn simplify(raw: &str) -> Cow<'_, str> {
    if is_simple(raw) {
        return Cow::Borrowed(raw);
    }
    let raw = raw.strip_prefix(r"\\?\").unwrap_or(raw);
    let mut parts: Vec<String> = Vec::new();
    for part in raw.split(['/', '\\']) {
        let part: String = part.chars().filter(|c| !super::text::is_unwanted(*c)).collect();
        match part.as_str() {
            "" | "." => {}
            ".." => drop(parts.pop()),
            drive if parts.is_empty() && drive.len() == 2 && drive.ends_with(':') => {}
            _ => parts.push(part),
        }
    }
    let mut path = parts.join("/");
    while path.len() > LONGEST {
        path.pop();
    }
    // Cutting may leave a separator, or dots, at the end.
    while path.ends_with(['/', '.']) && path.len() + 4 > LONGEST {
        path.pop();
    }
    Cow::Owned(path)
}

/// A URI reference (RFC 3986) split into what tells places apart.
#[derive(Debug, PartialEq, Eq)]
pub enum Uri {
    /// A file: absolute (`file:` scheme or a leading `/`) or relative path, percent-decoded.
    File {
        /// Decoded path; not cleaned.
        path: String,
        /// Whether it stands on its own, without a base.
        absolute: bool,
    },
    /// A place on the web: path without host, query and fragment.
    Web {
        /// Path with its leading `/`.
        route: String,
    },
}

/// Reads a URI reference leniently: tools write plain paths with blanks and percent signs too.
pub fn uri(text: &str) -> Uri {
    let text = text.trim();
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        let route = rest.find('/').map_or("/", |slash| &rest[slash..]);
        let end = route.find(['?', '#']).unwrap_or(route.len());
        return Uri::Web { route: decode(&route[..end]) };
    }
    if lower.starts_with("file:") {
        let rest = &text[5..];
        let path = match rest.strip_prefix("//") {
            Some(with_host) => with_host.find('/').map_or(with_host, |slash| &with_host[slash..]),
            None => rest,
        };
        return Uri::File { path: decode(path).trim_start_matches("/").to_owned(), absolute: true };
    }
    let windows = text.as_bytes().get(1) == Some(&b':') || text.starts_with('\\');
    Uri::File { path: decode(text), absolute: windows || text.starts_with('/') }
}

/// Decodes `%41` escapes once; what is not an escape stays. Bytes that are no UTF-8 become `�`.
pub fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let digit = |n: usize| bytes.get(n).and_then(|b| char::from(*b).to_digit(16));
    let (mut out, mut n) = (Vec::with_capacity(bytes.len()), 0);
    while n < bytes.len() {
        match (bytes[n], digit(n + 1), digit(n + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                n += 3;
            }
            (byte, ..) => {
                out.push(byte);
                n += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_path_becomes_the_one_in_the_repository() {
        let roots = ["/build/src".to_owned(), "checkout/app".to_owned(), "/build".to_owned()];
        for (raw, expected) in [
            ("src/app.py", "src/app.py"),
            ("./src//app.py", "src/app.py"),
            ("/build/src/a/b.c", "a/b.c"),
            ("/build/other/b.c", "other/b.c"),
            ("checkout/app/x.js", "x.js"),
            ("checkout/apple/x.js", "checkout/apple/x.js"),
            (r"C:\build\src\a.cs", "a.cs"),
            (r"dir\file.txt", "dir/file.txt"),
            ("../../etc/passwd", "etc/passwd"),
            ("a/../../b", "b"),
            ("/", ""),
            ("a\u{0}\u{7}b", "ab"),
            (".\u{0}./x", "x"),
        ] {
            assert_eq!(clean(raw, &roots), expected, "{raw}");
        }
    }

    #[test]
    fn uris_are_files_or_routes() {
        let file = |path: &str, absolute| Uri::File { path: path.into(), absolute };
        assert_eq!(uri("file:///srv/my%20app/a.py"), file("srv/my app/a.py", true));
        assert_eq!(uri("src/100%.py"), file("src/100%.py", false));
        assert_eq!(uri("https://shop.example/items/1?q=2#x"), Uri::Web { route: "/items/1".into() });
        assert_eq!(uri("http://shop.example"), Uri::Web { route: "/".into() });
    }

    proptest::proptest! {
        #[test]
        fn no_path_leaves_the_tree(raw: String, root: String) {
            let path = clean(&raw, &[root]);
            let inside = path.is_empty()
                || path.split('/').all(|part| !matches!(part, "" | "." | ".."));
            proptest::prop_assert!(inside && !path.contains('\\') && path.len() <= LONGEST, "{}", path);
            proptest::prop_assert_eq!(clean(&path, &[]), path);
        }
    }
}
