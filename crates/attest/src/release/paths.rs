//! Under which names artifacts may be written to somebody's disk.

use std::collections::BTreeSet;

use super::ReleaseError;

/// Longest path of an artifact, in bytes.
const MAX_PATH: usize = 1024;

/// Whether files of these names can be written below one folder: relative, nothing but names, of which no
/// two are the same file on any disk, and none lies inside another.
///
/// Letters that look like others or are made of several characters are told apart by some disks and not by
/// others, and by no eye; in the names of a release that comes from elsewhere they are refused.
///
/// # Errors
/// [`ReleaseError::Artifact`] for the first that cannot be used.
pub fn usable<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), ReleaseError> {
    let mut known = BTreeSet::new();
    for name in names {
        let refuse = |why| Err(ReleaseError::Artifact(name.chars().take(200).collect(), why));
        let plain = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= 255;
        if name.len() > MAX_PATH || !name.split('/').all(plain) {
            return refuse("it does not lead to a file below a folder");
        }
        if !name.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\') {
            return refuse("it holds other characters than printable ASCII");
        }
        if !known.insert(name.to_ascii_lowercase()) {
            return refuse("on some disks it is the same as another");
        }
    }
    for name in &known {
        let mut folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        if folders.any(|folder| known.contains(folder)) {
            return Err(ReleaseError::Artifact(name.clone(), "another is the folder that it lies in"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::UserError;

    use super::*;

    #[test]
    fn only_names_that_are_safe_everywhere_are_written() {
        assert!(usable(["dist/a", "dist/b.tar.gz", "c", "dist/with blank"].into_iter()).is_ok());
        for names in [
            &["/etc/passwd"][..],
            &["../x"],
            &["a/../../x"],
            &["a//b"],
            &["a/."],
            &[""],
            &["a\\b"],
            &["a\nb"],
            &["dist/\u{430}pp"],
            &["caf\u{e9}"],
            &["App", "app"],
            &["dist", "dist-x", "dist/a"],
        ] {
            let error = usable(names.iter().copied()).unwrap_err();
            assert_eq!(error.code(), "release-artifact-name", "{names:?}");
        }
    }
}
