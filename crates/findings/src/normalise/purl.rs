//! Package URLs (ECMA-427) in one spelling, so that two scanners' packages are the same text.
//!
//! Beyond the standard, names of Python packages are folded as pip itself does it (PEP 503: runs of
//! `-`, `_` and `.` are one `-`): some scanners write the folded name, others the package's own.

/// Qualifiers that say where a scanner found a package, not which package it is.
const NOISE: [&str; 2] = ["package-id", "bom-ref"];

/// `text` as a clean package URL, or nothing when it is none.
pub fn clean(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
    let (rest, subpath) = rest.split_once('#').map_or((rest, None), |(rest, sub)| (rest, Some(sub)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (kind, path) = rest.split_once('/')?;
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    let version_at = path[name_at..].rfind('@').filter(|at| *at > 0).map(|at| name_at + at);
    let (path, version) = version_at.map_or((path, None), |at| (&path[..at], Some(&path[at + 1..])));
    let (namespace, name) = path.rsplit_once('/').map_or(("", path), |(space, name)| (space, name));
    let mut purl = build(kind, &decode(namespace), &decode(name), version.map(decode).as_deref())?;
    let mut pairs: Vec<&str> = query.into_iter().flat_map(|query| query.split('&')).map(str::trim).collect();
    pairs.retain(|pair| pair.split_once('=').is_some_and(|(k, v)| !v.is_empty() && !NOISE.contains(&k)));
    pairs.sort_unstable();
    if !pairs.is_empty() {
        purl.push('?');
        purl.push_str(&pairs.join("&"));
    }
    let segments = subpath.into_iter().flat_map(|path| path.split('/')).map(decode);
    for (index, segment) in segments.filter(|s| !matches!(s.as_str(), "" | "." | "..")).enumerate() {
        purl.push(if index == 0 { '#' } else { '/' });
        encode(&segment, &mut purl);
    }
    Some(purl)
}

/// A package URL from its parts, each plain (not percent-encoded). `namespace` may be empty or hold
/// several segments. Nothing when type or name cannot be.
pub fn build(kind: &str, namespace: &str, name: &str, version: Option<&str>) -> Option<String> {
    let kind = kind.to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    if kind.is_empty() || !kind.bytes().all(plain) || name.trim().is_empty() {
        return None;
    }
    let (namespace, name) = fold(&kind, namespace, name.trim());
    let mut purl = format!("pkg:{kind}/");
    for segment in namespace.split('/').filter(|s| !s.is_empty() && *s != "." && *s != "..") {
        encode(segment, &mut purl);
        purl.push('/');
    }
    encode(&name, &mut purl);
    if let Some(version) = version.map(str::trim).filter(|v| !v.is_empty()) {
        purl.push('@');
        encode(version, &mut purl);
    }
    Some(purl)
}

/// The type of package URL for the name that tools give an ecosystem, e.g. `pip`, `gomod`, `jar`.
pub fn kind_of(ecosystem: &str) -> Option<&'static str> {
    Some(match ecosystem.to_ascii_lowercase().as_str() {
        "pip" | "pypi" | "pipenv" | "poetry" | "uv" | "python-pkg" | "pylock" | "conda-pkg-pip" => "pypi",
        "npm" | "yarn" | "pnpm" | "bun" | "node-pkg" => "npm",
        "cargo" | "rust-binary" | "rustbinary" => "cargo",
        "go" | "gomod" | "golang" | "gobinary" => "golang",
        "maven" | "jar" | "pom" | "gradle" | "sbt" => "maven",
        "gem" | "gemspec" | "bundler" | "rubygems" => "gem",
        "nuget" | "dotnet-core" | "packages-props" => "nuget",
        "composer" | "packagist" | "composer-vendor" => "composer",
        "hex" | "mix-lock" => "hex",
        "pub" => "pub",
        "swift" => "swift",
        "cocoapods" => "cocoapods",
        "conan" => "conan",
        "conda-pkg" | "conda-environment" => "conda",
        "debian" | "ubuntu" => "deb",
        "alpine" | "wolfi" | "chainguard" => "apk",
        "redhat" | "centos" | "rocky" | "alma" | "amazon" | "oracle" | "fedora" | "photon" | "suse" => "rpm",
        _ => return None,
    })
}

fn fold(kind: &str, namespace: &str, name: &str) -> (String, String) {
    let lower = |text: &str| text.to_lowercase();
    match kind {
        "pypi" => (lower(namespace), pep503(name)),
        "npm" | "github" | "bitbucket" | "gitlab" | "composer" | "golang" | "apk" | "deb" | "alpm"
        | "hex" => (lower(namespace), lower(name)),
        "rpm" => (lower(namespace), name.to_owned()),
        _ => (namespace.to_owned(), name.to_owned()),
    }
}

fn pep503(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn decode(text: &str) -> String {
    super::path::decode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_package_has_one_url() {
        for (raw, expected) in [
            ("pkg:PyPI/Flask_SQLAlchemy@3.0.3", "pkg:pypi/flask-sqlalchemy@3.0.3"),
            ("pkg:pypi/zope.interface@5", "pkg:pypi/zope-interface@5"),
            ("pkg:npm/@babel/Core@7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            ("pkg:npm/%40babel/core@7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            ("pkg:maven/org.a/b@1?type=jar&package-id=5f", "pkg:maven/org.a/b@1?type=jar"),
            (
                "pkg:deb/Debian/curl@7.88.1-10+deb12u5?distro=debian-12&arch=amd64",
                "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=amd64&distro=debian-12",
            ),
            ("pkg:cargo/Inflector@0.11.4", "pkg:cargo/Inflector@0.11.4"),
            ("pkg:golang/a.b/c@1#/./cmd//x y /", "pkg:golang/a.b/c@1#cmd/x%20y%20"),
        ] {
            assert_eq!(clean(raw).as_deref(), Some(expected));
        }
        assert_eq!(clean("flask"), None);
        assert_eq!(clean("pkg:pypi/"), None);
    }

    proptest::proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(tail: String) {
            if let Some(once) = clean(&format!("pkg:{tail}")) {
                proptest::prop_assert_eq!(clean(&once), Some(once));
            }
        }
    }
}
