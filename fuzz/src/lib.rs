//! What several fuzz targets share: how inputs are read, and what must hold of everything that
//! comes out of a parser.

pub mod edit;
pub mod ledger;

/// The first line of an input names something (a file, a format); the rest is its content.
pub fn named(input: &[u8]) -> Option<(&str, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&input[..end]).ok()?, &input[end + 1..]))
}

/// The files of an input, each as [`named`], separated by NUL bytes.
pub fn files(input: &[u8]) -> Vec<(String, Vec<u8>)> {
    let files = input.split(|byte| *byte == 0).filter_map(named);
    files.take(8).map(|(name, content)| (name.to_owned(), content.to_vec())).collect()
}

/// Whether a path is relative and names something below the folder it is relative to.
pub fn is_inside(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether a text is one line without anything that a terminal would act on.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// A folder for one run of a target. `cargo xtask fuzz` puts it into memory and removes it.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Number of lines of a text, at least 1. A lone carriage return ends a line too, as in YAML.
pub fn lines(text: &[u8]) -> u32 {
    let ends = |at: &usize| text[*at] == b'\n' || text[*at] == b'\r' && text.get(at + 1) != Some(&b'\n');
    (0..text.len()).filter(ends).count() as u32 + 1
}

/// Whether a link `depth` folders below the root of a tree without other links stays in the tree.
pub fn stays_inside(depth: usize, target: &str) -> bool {
    let step = |depth: usize, part: &str| match part {
        "" | "." => Some(depth),
        ".." => depth.checked_sub(1),
        _ => Some(depth + 1),
    };
    !target.starts_with('/') && target.split('/').try_fold(depth, step).is_some()
}
